"""arXiv's Atom feeds, as its API answers queries; a saved answer is a file like any other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from assistant.ingestion.readers.fields import (
    authorships,
    find_arxiv_id,
    find_date,
    find_doi,
    find_url,
    first_of,
    record,
    split_names,
)
from assistant.ingestion.readers.latex import to_text
from assistant.ingestion.readers.xml_elements import BrokenXmlError, Element, elements, root_of, text_of
from assistant.types import Paper, Problem, ReaderItem, Record

NAME = "arXiv Atom"

ATOM = "http://www.w3.org/2005/Atom"
ARXIV = re.compile(r"arxiv\.org/", re.IGNORECASE)
ERRORS = re.compile(r"arxiv\.org/api/errors", re.IGNORECASE)
ANNOUNCEMENT = re.compile(r"arXiv:\S+ Announce Type: \S+ (?:Abstract: )?")  # what the daily feeds begin with
CATEGORY = re.compile(r"[a-z-]+(?:\.[A-Za-z-]{2,})?")


def start(head: str) -> int | None:
    """Return where the feed begins; None if this is no feed, or one of another site."""
    root = root_of(head)
    return root[0] if root and root[1] == "feed" and ATOM in head and ARXIV.search(head) else None


def parse(stream: BinaryIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each entry, in the feed's order; an entry that reports an error is a Problem with its words.

    A feed without entries is one Problem. Of a feed that breaks off, what stood before the break is read, and one
    Problem says where it is.
    """
    found = False
    try:
        for entry in elements(stream, "entry"):
            found = True
            yield _read_entry(entry, file)
    except BrokenXmlError as error:
        yield error.problem(file)
        return
    if not found:
        yield Problem(file, 0, "There is no paper in this arXiv feed. Check the ids or the query that it answers.")


def _read_entry(entry: Element, file: str) -> Record | Problem:
    address = text_of(entry.find("{*}id"))
    summary = ANNOUNCEMENT.sub("", text_of(entry.find("{*}summary")), count=1)
    line = entry.sourceline or 0
    if ERRORS.search(address):
        said = to_text(summary) or "it does not say which"
        return Problem(file, line, f"arXiv reports an error: {said}. Check the ids or the query, and ask again.")
    links = [(link.get("rel") or "alternate", link.get("title") or "", link) for link in entry.findall("{*}link")]
    page = next((link.get("href") or "" for rel, _, link in links if rel == "alternate"), "")
    doi_link = next((link.get("href") or "" for _, title, link in links if title == "doi"), "")
    doi = first_of(find_doi(text_of(entry.find("{*}doi"))), find_doi(doi_link))
    arxiv_id = first_of(find_arxiv_id(address), find_arxiv_id(page), find_arxiv_id(doi))
    names = [text_of(name) for name in entry.findall("{*}author/{*}name")]
    names = names or [name for one in entry.findall("{*}creator") for name in split_names(text_of(one))]
    listed, complete = authorships(map(to_text, names))
    paper = Paper(
        title=text_of(entry.find("{*}title")),
        abstract=summary,
        authorships=listed,
        authors_complete=complete,
        date=find_date(text_of(entry.find("{*}published"))[:10]) or find_date(text_of(entry.find("{*}updated"))[:10]),
        categories=_categories(entry),
        venue=text_of(entry.find("{*}journal_ref")),
        doi=doi,
        arxiv_id=arxiv_id,
        url=first_of(find_url(page), find_url(address)),
    )
    return record(paper, file=file, line=line, own_id=arxiv_id)


def _categories(entry: Element) -> tuple[str, ...]:
    """Return arXiv's own categories, the primary one first, without the codes of other classifications among them."""
    stated = [*entry.findall("{*}primary_category"), *entry.findall("{*}category")]
    return tuple(term for one in stated if CATEGORY.fullmatch(term := (one.get("term") or "").strip()))
