"""PubMed's XML: a set of articles and books, or a single one, read one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from assistant.ingestion.readers.citations import abstract_of, most_precise, person, title_of
from assistant.ingestion.readers.fields import (
    authorships,
    find_arxiv_id,
    find_date,
    find_doi,
    find_pmid,
    first_of,
    record,
)
from assistant.ingestion.readers.latex import to_text
from assistant.ingestion.readers.xml_elements import BrokenXmlError, Element, elements, local_name, root_of, text_of
from assistant.types import Authorship, Paper, Problem, ReaderItem, Record

NAME = "PubMed XML"

ROOTS = {"PubmedArticleSet", "PubmedBookArticleSet", "PubmedArticle", "PubmedBookArticle"}
NO_LABELS = {"", "UNLABELLED", "UNLABELED"}


def start(head: str) -> int | None:
    """Return where the set, or the single article, begins; None if the document is something else."""
    root = root_of(head)
    return root[0] if root and root[1] in ROOTS else None


def parse(stream: BinaryIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each article and book, in the file's order, holding no more than one in memory.

    Of a document that breaks off, what stood before the break is read, and one Problem says where it is.
    """
    found = False
    try:
        for element in elements(stream, "PubmedArticle", "PubmedBookArticle"):
            found = True
            is_book = local_name(element) == "PubmedBookArticle"
            yield _read_book(element, file) if is_book else _read_article(element, file)
    except BrokenXmlError as error:
        yield error.problem(file)
        return
    if not found:
        yield Problem(file, 0, "There is no article in this PubMed file. Fetch it again, in the format “PubMed XML”.")


def _read_article(element: Element, file: str) -> Record | Problem:
    article = element.find("MedlineCitation/Article")
    number = text_of(element.find("MedlineCitation/PMID"))
    if article is None:
        article = element.makeelement("Article")
    listed, complete = _authors(article.findall("AuthorList"))
    issue = _date(article.find("Journal/JournalIssue/PubDate"))
    online = [_date(date) for date in article.findall("ArticleDate")]
    locations = [*article.findall("ELocationID"), *element.findall("PubmedData/ArticleIdList/ArticleId")]
    paper = Paper(
        title=title_of(text_of(article.find("ArticleTitle")), text_of(article.find("VernacularTitle"))),
        abstract=abstract_of(_abstract(article), *map(_sections, _other_abstracts(element))),
        authorships=listed,
        authors_complete=complete,
        date=most_precise([issue, *online]),
        venue=first_of(
            *(text_of(article.find(path)) for path in ("Journal/Title", "Journal/ISOAbbreviation")),
            text_of(element.find("MedlineCitation/MedlineJournalInfo/MedlineTA")),
        ),
        doi=_doi(locations),
        arxiv_id=first_of(*(find_arxiv_id(text_of(location)) for location in locations)),
        pmid=find_pmid(number, bare=True),
    )
    return record(paper, file=file, line=element.sourceline or 0, own_id=number)


def _read_book(element: Element, file: str) -> Record | Problem:
    """Read a book, or a chapter, which has a title of its own beside the book's."""
    document = element.find("BookDocument")
    if document is None:
        document = element.makeelement("BookDocument")
    number = text_of(document.find("PMID"))
    chapter, book = title_of(text_of(document.find("ArticleTitle"))), title_of(text_of(document.find("Book/BookTitle")))
    lists = document.findall("AuthorList") or document.findall("Book/AuthorList")
    listed, complete = _authors(lists)
    dates = [document.find(path) for path in ("Book/PubDate", "ContributionDate")]
    identifiers = [
        *document.findall("ELocationID"),
        *document.findall("ArticleIdList/ArticleId"),
        *element.findall("PubmedBookData/ArticleIdList/ArticleId"),
    ]
    paper = Paper(
        title=chapter or book,
        abstract=abstract_of(_abstract(document), *map(_sections, document.findall("OtherAbstract"))),
        authorships=listed,
        authors_complete=complete,
        date=most_precise([_date(date) for date in dates]),
        venue=book if chapter and chapter != book else "",
        doi=_doi(identifiers),
        pmid=find_pmid(number, bare=True),
    )
    return record(paper, file=file, line=element.sourceline or 0, own_id=number)


def _abstract(article: Element) -> str:
    abstract = article.find("Abstract")
    return "" if abstract is None else _sections(abstract)


def _sections(abstract: Element) -> str:
    """Return the parts of an abstract, each after its label; what stands outside of them is copyright."""
    parts: list[str] = []
    for part in abstract.findall("AbstractText"):
        label, text = (part.get("Label") or "").strip(), text_of(part)
        if text:
            parts.append(text if label.upper() in NO_LABELS else f"{label.rstrip(':')}: {text}")
    return " ".join(parts)


def _other_abstracts(element: Element) -> list[Element]:
    """Return the abstracts that are not the journal's own, English ones first."""
    others = element.findall("MedlineCitation/OtherAbstract")
    return sorted(others, key=lambda other: other.get("Language", "eng") != "eng")


def _authors(lists: list[Element]) -> tuple[tuple[Authorship, ...], bool]:
    """Return who wrote it, without editors and without spellings that were corrected, and whether these are all."""
    of_authors = [one for one in lists if one.get("Type", "authors") == "authors"]
    authors = [author for one in of_authors for author in one.findall("Author") if author.get("ValidYN") != "N"]
    listed, complete = authorships(_name(author) for author in authors)
    return listed, complete and all(one.get("CompleteYN") != "N" for one in of_authors)


def _name(author: Element) -> str:
    group, family, given, initials, suffix = (
        text_of(author.find(part)) for part in ("CollectiveName", "LastName", "ForeName", "Initials", "Suffix")
    )
    return to_text(group) or person(given or initials, family, suffix)


def _date(element: Element | None) -> str:
    if element is None:
        return ""
    year, month, day, loose = (text_of(element.find(part)) for part in ("Year", "Month", "Day", "MedlineDate"))
    return find_date(year, month=month, day=day) or find_date(loose)


def _doi(locations: Iterable[Element]) -> str:
    """Return the article's own DOI; those of its references stand elsewhere in the document."""
    valid = (one for one in locations if one.get("ValidYN") != "N" and "doi" in (one.get("EIdType"), one.get("IdType")))
    return first_of(*(find_doi(text_of(one)) for one in valid))
