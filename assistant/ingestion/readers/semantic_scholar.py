"""Papers of Semantic Scholar: answers of its API, and lines of its data sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.ingestion.readers.fields import (
    authorships,
    find_arxiv_id,
    find_date,
    find_doi,
    find_pmid,
    find_url,
    record,
)
from assistant.ingestion.readers.latex import to_text
from assistant.types import Paper, Problem, Record

NAME = "Semantic Scholar"

CITED = ("citingPaper", "citedPaper", "citingpaper", "citedpaper")


def is_paper(value: Mapping[str, Any]) -> bool:
    """Tell whether this object is a paper of Semantic Scholar, or the paper at one end of a citation."""
    if any(isinstance(value.get(name), dict) for name in CITED):
        return True
    return "paperId" in value or ("corpusid" in value and "externalids" in value)


def read_paper(value: Mapping[str, Any], file: str, line: int) -> Record | Problem:
    """Return the paper; `paperId` is its own id. Without an abstract, which is often withheld, it is a problem."""
    value = next((value[name] for name in CITED if isinstance(value.get(name), dict)), value)
    identifiers = {
        str(name).lower(): _text(content)
        for name, content in _object(value.get("externalIds", value.get("externalids"))).items()
    }
    people = value.get("authors")
    names = [_text(_object(person).get("name")) for person in people] if isinstance(people, list) else []
    listed, complete = authorships(to_text(name) for name in names)
    year = find_date(_text(value.get("year")))
    date = find_date(_text(value.get("publicationDate", value.get("publicationdate"))))
    fields = value.get("fieldsOfStudy")
    address = find_url(_text(value.get("url")))
    paper = Paper(
        title=_text(value.get("title")),
        abstract=_text(value.get("abstract")),
        authorships=listed,
        authors_complete=complete,
        date=date if date.startswith(year) else year,
        categories=tuple(_text(field) for field in fields) if isinstance(fields, list) else (),
        venue=_venue(value),
        doi=find_doi(identifiers.get("doi", "")),
        arxiv_id=find_arxiv_id(identifiers.get("arxiv", ""), bare=True),
        pmid=find_pmid(identifiers.get("pubmed", ""), bare=True),
        url=address,
    )
    own_id = _text(value.get("paperId")) or _text(value.get("corpusid"))
    return record(paper, file=file, line=line, own_id=own_id)


def _venue(value: Mapping[str, Any]) -> str:
    """Return the venue's full name, where there is one."""
    place = _object(value.get("publicationVenue"))
    journal = _object(value.get("journal"))
    return _text(value.get("venue")) or _text(place.get("name")) or _text(journal.get("name"))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return ""
    return str(value).strip() if isinstance(value, str | int) else ""
