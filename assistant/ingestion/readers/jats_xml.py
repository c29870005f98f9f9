"""JATS, the XML of whole articles in PubMed Central (`.nxml`): of each article its front matter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from assistant.ingestion.readers.citations import most_precise, person, title_of
from assistant.ingestion.readers.fields import (
    authorships,
    find_arxiv_id,
    find_date,
    find_doi,
    find_pmid,
    find_url,
    first_of,
    given_name_first,
    joined,
    record,
)
from assistant.ingestion.readers.latex import to_text
from assistant.ingestion.readers.xml_elements import BrokenXmlError, Element, elements, local_name, root_of, text_of
from assistant.types import Authorship, Paper, Problem, ReaderItem, Record

NAME = "JATS XML"

SETS = {"pmc-articleset", "articles", "OAI-PMH"}
FRONT_MATTER = ("<article-meta", ":article-meta", "<front", ":front")
NOT_THE_ABSTRACT = frozenset(
    "graphical graphical-abstract short teaser toc key-points highlights video-abstract web-summary".split()
)
IN_PRINT = ("ppub", "collection", "pub", "")
ONLINE = ("epub", "epub-ppub", "ecorrected", "preprint", "epreprint")
HREF = "{http://www.w3.org/1999/xlink}href"


def start(head: str) -> int | None:
    """Return where the article, or the set of them, begins; None for other documents (DocBook has `<article>` too)."""
    root = root_of(head)
    if not root or root[1] not in {"article", *SETS}:
        return None
    is_set_of_articles = root[1] == "article" or "<article" in head or ":article" in head
    return root[0] if is_set_of_articles and any(sign in head for sign in FRONT_MATTER) else None


def parse(stream: BinaryIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each article, in the file's order; bodies, reviews and replies are dropped as they are read.

    Of a document that breaks off, what stood before the break is read, and one Problem says where it is.
    """
    found = False
    try:
        for element in elements(stream, "front", "body", "back", "floats-group", "sub-article", "response", "article"):
            parent = element.getparent()
            if local_name(element) == "front" and parent is not None and local_name(parent) == "article":
                found = True
                yield _read_front(element, file)
    except BrokenXmlError as error:
        yield error.problem(file)
        return
    if not found:
        reason = "There is no article with front matter in this JATS file. Fetch the article again, as XML."
        yield Problem(file, 0, reason)


def _read_front(front: Element, file: str) -> Record | Problem:
    identifiers = {
        (one.get("pub-id-type") or ""): text_of(one)
        for one in reversed(front.findall("{*}article-meta/{*}article-id"))
        if text_of(one)
    }
    listed, complete = _authors(front)
    addresses = [one.get(HREF) or "" for one in front.findall("{*}article-meta/{*}self-uri")]
    paper = Paper(
        title=_title(front),
        abstract=_abstract(front),
        authorships=listed,
        authors_complete=complete,
        date=_date(front.findall("{*}article-meta/{*}pub-date")),
        venue=first_of(
            text_of(front.find("{*}journal-meta/{*}journal-title-group/{*}journal-title")),
            text_of(front.find("{*}journal-meta/{*}journal-title")),
        ),
        doi=find_doi(identifiers.get("doi", "")),
        arxiv_id=first_of(
            find_arxiv_id(identifiers.get("arxiv", ""), bare=True), find_arxiv_id(identifiers.get("doi", ""))
        ),
        pmid=find_pmid(identifiers.get("pmid", ""), bare=True),
        url=first_of(*(find_url(address) for address in addresses)),
    )
    own_id = first_of(*(identifiers.get(kind, "") for kind in ("pmid", "pmc", "pmcid", "doi", "publisher-id")))
    return record(paper, file=file, line=front.sourceline or 0, own_id=own_id)


def _title(front: Element) -> str:
    group = front.find("{*}article-meta/{*}title-group")
    if group is None:
        return ""
    title = joined([text_of(group.find("{*}article-title")), text_of(group.find("{*}subtitle"))])
    return title_of(title, text_of(group.find("{*}trans-title-group/{*}trans-title")))


def _abstract(front: Element) -> str:
    """Return the abstract itself, or what comes closest: one of another kind, or a translation."""
    meta = "{*}article-meta/"
    kinds = [(one.get("abstract-type") or "", one) for one in front.findall(f"{meta}{{*}}abstract")]
    proper = [one for kind, one in kinds if not kind]
    others = [one for kind, one in kinds if kind and kind not in NOT_THE_ABSTRACT]
    return first_of(*map(_sections, [*proper, *others, *front.findall(f"{meta}{{*}}trans-abstract")]))


def _sections(element: Element, depth: int = 0) -> str:
    """Return the text of an abstract, each section after its title; the word "Abstract" above it all is no text."""
    parts: list[str] = []
    title = ""
    for child in element:
        name = local_name(child)
        if name == "title":
            title = text_of(child).rstrip(":.") if depth else ""
        elif name == "sec":
            parts.append(_sections(child, depth + 1))
        elif name != "label":
            parts.append(text_of(child))
    text = joined([" ".join((element.text or "").split()), *parts])
    return f"{title}: {text}" if title and text else text


def _authors(front: Element) -> tuple[tuple[Authorship, ...], bool]:
    """Return the authors; where no contributor says what they contributed, all are authors."""
    groups = front.findall("{*}article-meta/{*}contrib-group")
    contributors = [one for group in groups for one in group.findall("{*}contrib")]
    authors = [one for one in contributors if one.get("contrib-type") == "author"]
    if not authors:
        authors = [one for one in contributors if not one.get("contrib-type")]
    is_cut = any(len(group.findall("{*}etal")) + len(group.findall("{*}contrib/{*}etal")) for group in groups)
    listed, complete = authorships(_name(author) for author in authors)
    return listed, complete and not is_cut


def _name(author: Element) -> str:
    name = author.find("{*}name")
    if name is None:
        name = author.find("{*}name-alternatives/{*}name")
    if name is not None:
        given, family, suffix = (text_of(name.find(f"{{*}}{part}")) for part in ("given-names", "surname", "suffix"))
        return person(given, family, suffix)
    written = first_of(
        text_of(author.find("{*}string-name")), text_of(author.find("{*}name-alternatives/{*}string-name"))
    )
    return given_name_first(to_text(written)) if written else to_text(_group(author))


def _group(author: Element) -> str:
    """Return the name of a group without its members, who may be listed inside it."""
    group = author.find("{*}collab")
    if group is None:
        group = author.find("{*}collab-alternatives/{*}collab")
    if group is None:
        return ""
    parts = [group.text or ""]
    for child in group:
        inside = "" if local_name(child) in {"contrib-group", "xref", "address", "email"} else text_of(child)
        parts += [inside, child.tail or ""]
    return " ".join("".join(parts).split())


def _date(dates: list[Element]) -> str:
    """Return the date of the issue, made more precise by the day of the first edition where that is in it."""
    kinds = [(date.get("pub-type") or date.get("date-type") or "", _one_date(date)) for date in dates]
    ranked = [date for wanted in (IN_PRINT, ONLINE) for kind in wanted for one, date in kinds if one == kind]
    return most_precise(ranked)


def _one_date(date: Element) -> str:
    year, month, day = (text_of(date.find(f"{{*}}{part}")) for part in ("year", "month", "day"))
    return find_date(year, month=month, day=day) or find_date(date.get("iso-8601-date") or "")
