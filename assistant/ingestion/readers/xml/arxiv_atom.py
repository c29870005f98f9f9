"""Atom feeds of arXiv, as its API answers queries; a saved answer is a file like any other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from assistant.ingestion.readers import fields
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_url
from assistant.ingestion.readers.names import split_names
from assistant.ingestion.readers.tex.latex import to_text
from assistant.ingestion.readers.xml.xml_elements import Element, read_elements, root_of, text_at, text_of
from assistant.types import Paper, Problem, ReaderItem, Record

NAME = "arXiv Atom"
NOTHING_FOUND = "There is no paper in this arXiv feed. Check the ids or the query that it answers."

ATOM = "http://www.w3.org/2005/Atom"
ARXIV = re.compile(r"arxiv\.org/", re.IGNORECASE)
ERRORS = re.compile(r"arxiv\.org/api/errors", re.IGNORECASE)
ANNOUNCEMENT = re.compile(r"arXiv:\S+ Announce Type: \S+ (?:Abstract: )?")  # what the daily feeds begin with
CATEGORY = re.compile(r"[a-z-]+(?:\.[A-Za-z-]{2,})?")


def start(head: str) -> int | None:
    """Return where the feed begins; None if this is not a feed, or that of another site."""
    root = root_of(head)
    return root[0] if root and root[1] == "feed" and ATOM in head and ARXIV.search(head) else None


def parse(stream: BinaryIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each entry, in order; an entry that reports an error is a Problem with its words."""
    return read_elements(stream, file, ("entry",), _read_entry)


def _read_entry(entry: Element, file: str) -> Record | Problem:
    address = text_at(entry, "{*}id")
    summary = ANNOUNCEMENT.sub("", text_at(entry, "{*}summary"), count=1)
    line = entry.sourceline or 0
    if ERRORS.search(address):
        said = to_text(summary) or "it does not say which"
        return Problem(file, line, f"arXiv reports an error: {said}. Check the ids or the query, and ask again.")
    links = entry.findall("{*}link")
    page = next((one.get("href") or "" for one in links if (one.get("rel") or "alternate") == "alternate"), "")
    doi_link = next((one.get("href") or "" for one in links if one.get("title") == "doi"), "")
    doi = find_doi(text_at(entry, "{*}doi"), doi_link)
    arxiv_id = find_arxiv_id(address, page, doi)
    names = [text_of(name) for name in entry.findall("{*}author/{*}name")]
    names = names or [name for one in entry.findall("{*}creator") for name in split_names(text_of(one))]
    paper = Paper(
        title=text_at(entry, "{*}title"),
        abstract=summary,
        date=find_date(text_at(entry, "{*}published")[:10]) or find_date(text_at(entry, "{*}updated")[:10]),
        categories=_categories(entry),
        venue=text_at(entry, "{*}journal_ref"),
        doi=doi,
        arxiv_id=arxiv_id,
        url=find_url(page, address),
    )
    return fields.record(paper, map(to_text, names), file=file, line=line, source_key=arxiv_id)


def _categories(entry: Element) -> tuple[str, ...]:
    """Return arXiv's own categories, the primary one first, without the codes of other classifications among them."""
    stated = [*entry.findall("{*}primary_category"), *entry.findall("{*}category")]
    return tuple(term for one in stated if CATEGORY.fullmatch(term := (one.get("term") or "").strip()))
