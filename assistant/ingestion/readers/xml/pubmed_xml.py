"""PubMed's XML: a set of articles and books, or a single one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from assistant.ingestion.readers import fields
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, first_of
from assistant.ingestion.readers.tex.latex import to_text
from assistant.ingestion.readers.xml.xml_elements import Element, local_name, read_elements, root_of, text_at, text_of
from assistant.types import Paper, Problem, ReaderItem, Record

NAME = "PubMed XML"
NOTHING_FOUND = "There is no article in this PubMed file. Fetch it again, in the format “PubMed XML”."

ARTICLES = ("PubmedArticle", "PubmedBookArticle")
ROOTS = {"PubmedArticleSet", "PubmedBookArticleSet", *ARTICLES}
LABELS = (
    "MedlineCitation/KeywordList/Keyword",
    "KeywordList/Keyword",
    "MedlineCitation/MeshHeadingList/MeshHeading/DescriptorName",
)
NO_LABELS = {"", "UNLABELLED", "UNLABELED"}


def start(head: str) -> int | None:
    """Return where the set, or the single article, begins; None if the document is something else."""
    root = root_of(head)
    return root[0] if root and root[1] in ROOTS else None


def parse(stream: BinaryIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each article and book, in the file's order, holding no more than one in memory."""
    return read_elements(stream, file, ARTICLES, _read_article)


def _read_article(element: Element, file: str) -> Record | Problem:
    """Read an article or a book, or a chapter, which has a title of its own beside the book's."""
    is_book = local_name(element) == "PubmedBookArticle"
    article = element.find("BookDocument" if is_book else "MedlineCitation/Article")
    if article is None:
        article = element.makeelement("Article")
    number = text_at(element, "BookDocument/PMID" if is_book else "MedlineCitation/PMID")
    title = fields.title_of(*(text_at(article, path) for path in ("ArticleTitle", "VernacularTitle", "Book/BookTitle")))
    book = fields.title_of(text_at(article, "Book/BookTitle"))
    others = element.findall("MedlineCitation/OtherAbstract") or article.findall("OtherAbstract")
    others.sort(key=lambda other: other.get("Language", "eng") != "eng")
    dates = [
        *(article.find(path) for path in ("Journal/JournalIssue/PubDate", "Book/PubDate", "ContributionDate")),
        *article.findall("ArticleDate"),
    ]
    identifiers = [
        *article.findall("ELocationID"),
        *article.findall("ArticleIdList/ArticleId"),
        *element.findall("PubmedData/ArticleIdList/ArticleId"),
        *element.findall("PubmedBookData/ArticleIdList/ArticleId"),
    ]
    lists = article.findall("AuthorList") or article.findall("Book/AuthorList")
    lists = [one for one in lists if one.get("Type", "authors") == "authors"]  # not the editors
    paper = Paper(
        title=title,
        abstract=fields.abstract_of(*map(_sections, [*article.findall("Abstract")[:1], *others])),
        authors_complete=all(one.get("CompleteYN") != "N" for one in lists),
        date=fields.most_precise(*map(_date, dates)),
        venue=first_of(
            text_at(article, "Journal/Title", "Journal/ISOAbbreviation"),
            text_at(element, "MedlineCitation/MedlineJournalInfo/MedlineTA"),
            book if book != title else "",
        ),
        doi=find_doi(*map(text_of, filter(_is_own_doi, identifiers))),
        arxiv_id=find_arxiv_id(*map(text_of, identifiers)),
        pmid=find_pmid(number, bare=True),
        labels=tuple(text_of(one) for path in LABELS for part in (element, article) for one in part.findall(path)),
    )
    # An author who is not valid is the wrong spelling of the next one.
    names = [_name(one) for listed in lists for one in listed.findall("Author") if one.get("ValidYN") != "N"]
    return fields.record(paper, names, file=file, line=element.sourceline or 0, source_key=number)


def _sections(abstract: Element) -> str:
    """Return the parts of an abstract, each after its label; what stands outside of them is copyright."""
    parts: list[str] = []
    for part in abstract.findall("AbstractText"):
        label, text = (part.get("Label") or "").strip(), text_of(part)
        if text:
            parts.append(text if label.upper() in NO_LABELS else f"{label.rstrip(':')}: {text}")
    return " ".join(parts)


def _name(author: Element) -> str:
    group = text_at(author, "CollectiveName")
    given, family, suffix = (
        text_at(author, "ForeName", "Initials"),
        text_at(author, "LastName"),
        text_at(author, "Suffix"),
    )
    return to_text(group) or fields.spoken_name(given, family, suffix)


def _date(element: Element | None) -> str:
    if element is None:
        return ""
    year, month, day, loose = (text_at(element, part) for part in ("Year", "Month", "Day", "MedlineDate"))
    return find_date(year, month=month, day=day) or find_date(loose)


def _is_own_doi(identifier: Element) -> bool:
    """Tell whether this is the article's own DOI; those of its references stand elsewhere in the document."""
    return identifier.get("ValidYN") != "N" and "doi" in (identifier.get("EIdType"), identifier.get("IdType"))
