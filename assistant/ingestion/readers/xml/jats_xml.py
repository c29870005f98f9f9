"""JATS, the XML of whole articles in PubMed Central (`.nxml`): of each article its front matter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from assistant.ingestion.readers import fields
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, find_url, first_of
from assistant.ingestion.readers.names import given_name_first
from assistant.ingestion.readers.tex.latex import to_text
from assistant.ingestion.readers.xml.xml_elements import Element, local_name, read_elements, root_of, text_at, text_of
from assistant.types import Paper, Problem, ReaderItem, Record

NAME = "JATS XML"
NOTHING_FOUND = "There is no article with front matter in this JATS file. Fetch the article again, as XML."

SETS = {"pmc-articleset", "articles", "OAI-PMH"}
FRONT_MATTER = ("<article-meta", ":article-meta", "<front", ":front")
NOT_THE_ABSTRACT = frozenset(
    "graphical graphical-abstract short teaser toc key-points highlights video-abstract web-summary".split()
)
IN_PRINT = ("ppub", "collection", "pub", "")
ONLINE = ("epub", "epub-ppub", "ecorrected", "preprint", "epreprint")
READ_OR_DROPPED = ("front", "body", "back", "floats-group", "sub-article", "response", "article")
HREF = "{http://www.w3.org/1999/xlink}href"


def start(head: str) -> int | None:
    """Return where the article, or the set of them, begins; None for other documents (DocBook has `<article>` too)."""
    root = root_of(head)
    if not root or root[1] not in {"article", *SETS}:
        return None
    is_set_of_articles = root[1] == "article" or "<article" in head or ":article" in head
    return root[0] if is_set_of_articles and any(sign in head for sign in FRONT_MATTER) else None


def parse(stream: BinaryIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each article, in order; bodies, reviews and replies are dropped as they are read."""
    return read_elements(stream, file, READ_OR_DROPPED, _read_front)


def _read_front(front: Element, file: str) -> Record | Problem | None:
    """Return the paper that the front matter of an article states; None for what is not front matter."""
    parent = front.getparent()
    if local_name(front) != "front" or parent is None or local_name(parent) != "article":
        return None
    identifiers = {
        (one.get("pub-id-type") or ""): text_of(one)
        for one in reversed(front.findall("{*}article-meta/{*}article-id"))
        if text_of(one)
    }
    groups = front.findall("{*}article-meta/{*}contrib-group")
    paper = Paper(
        title=_title(front),
        abstract=_abstract(front),
        authors_complete=not any(one.findall("{*}etal") or one.findall("{*}contrib/{*}etal") for one in groups),
        date=_date(front.findall("{*}article-meta/{*}pub-date")),
        venue=text_at(
            front, "{*}journal-meta/{*}journal-title-group/{*}journal-title", "{*}journal-meta/{*}journal-title"
        ),
        doi=find_doi(identifiers.get("doi", "")),
        arxiv_id=find_arxiv_id(identifiers.get("arxiv", ""), bare=True) or find_arxiv_id(identifiers.get("doi", "")),
        pmid=find_pmid(identifiers.get("pmid", ""), bare=True),
        labels=tuple(
            text_of(word)
            for group in front.findall("{*}article-meta/{*}kwd-group")
            if group.get("kwd-group-type") != "abbreviations"
            for word in group.findall("{*}kwd")
        ),
        url=find_url(*(one.get(HREF) or "" for one in front.findall("{*}article-meta/{*}self-uri"))),
    )
    contributors = [one for group in groups for one in group.findall("{*}contrib")]
    # Where no contributor says what they contributed, all are authors.
    authors = [one for one in contributors if one.get("contrib-type") == "author"]
    authors = authors or [one for one in contributors if not one.get("contrib-type")]
    source_key = first_of(*(identifiers.get(kind, "") for kind in ("pmid", "pmc", "pmcid", "doi", "publisher-id")))
    line = front.sourceline or 0
    return fields.record(paper, map(_name, authors), file=file, line=line, source_key=source_key)


def _title(front: Element) -> str:
    group = front.find("{*}article-meta/{*}title-group")
    if group is None:
        return ""
    title = fields.joined([text_at(group, "{*}article-title"), text_at(group, "{*}subtitle")])
    return fields.title_of(title, text_at(group, "{*}trans-title-group/{*}trans-title"))


def _abstract(front: Element) -> str:
    """Return the abstract itself, or what comes closest: one of another kind, or a translation."""
    meta = "{*}article-meta/"
    kinds = [(one.get("abstract-type") or "", one) for one in front.findall(f"{meta}{{*}}abstract")]
    proper = [one for kind, one in kinds if not kind]
    others = [one for kind, one in kinds if kind and kind not in NOT_THE_ABSTRACT]
    return first_of(*map(_sections, [*proper, *others, *front.findall(f"{meta}{{*}}trans-abstract")]))


def _sections(element: Element, depth: int = 0) -> str:
    """Return the text of an abstract, each section after its title; the word "Abstract" above it all is left out."""
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
    text = fields.joined([" ".join((element.text or "").split()), *parts])
    return f"{title}: {text}" if title and text else text


def _name(author: Element) -> str:
    name = author.find("{*}name")
    if name is None:
        name = author.find("{*}name-alternatives/{*}name")
    if name is not None:
        given, family, suffix = (text_at(name, f"{{*}}{part}") for part in ("given-names", "surname", "suffix"))
        return fields.spoken_name(given, family, suffix)
    written = text_at(author, "{*}string-name", "{*}name-alternatives/{*}string-name")
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
    return fields.most_precise(*ranked)


def _one_date(date: Element) -> str:
    year, month, day = (text_at(date, f"{{*}}{part}") for part in ("year", "month", "day"))
    return find_date(year, month=month, day=day) or find_date(date.get("iso-8601-date") or "")
