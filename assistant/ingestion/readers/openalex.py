"""OpenAlex works, whose abstracts are written as an index: every word with its places in the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assistant.ingestion.readers.fields import (
    authorships,
    find_arxiv_id,
    find_date,
    find_doi,
    find_pmid,
    find_url,
    first_of,
    given_name_first,
    record,
)
from assistant.ingestion.readers.latex import to_text
from assistant.types import Paper, Problem, Record

NAME = "OpenAlex"

LONGEST_ABSTRACT = 50_000  # words; a place beyond it is a mistake
REPOSITORY = "arXiv (Cornell University)"


def is_work(value: Mapping[str, Any]) -> bool:
    """Tell whether this object is a work of OpenAlex; an answer may hold only the fields that were asked for."""
    own_id = value.get("id")
    is_own = isinstance(own_id, str) and own_id.startswith("https://openalex.org/W")
    return is_own or "abstract_inverted_index" in value or ("authorships" in value and "display_name" in value)


def read_work(value: Mapping[str, Any], file: str, line: int) -> Record | Problem:
    """Return the paper that a work is. The OpenAlex id ("W2099326003") is its own id, its names are the paper's own."""
    identifiers = _object(value.get("ids"))
    listed, complete = authorships(_names(value.get("authorships")))
    locations = list(_locations(value))
    landing = [_text(location.get("landing_page_url")) for location in locations]
    doi = find_doi(_text(value.get("doi")) or _text(identifiers.get("doi")))
    paper = Paper(
        title=_text(value.get("title")) or _text(value.get("display_name")),
        abstract=_abstract(value.get("abstract_inverted_index")) or _text(value.get("abstract")),
        authorships=listed,
        authors_complete=complete and value.get("is_authors_truncated") is not True,
        date=find_date(_text(value.get("publication_date"))) or find_date(_text(value.get("publication_year"))),
        venue=_venue(value),
        doi=doi,
        arxiv_id=first_of(
            find_arxiv_id(doi),
            *(find_arxiv_id(_text(content)) for content in identifiers.values()),
            *(find_arxiv_id(address) for address in landing),
            *(find_arxiv_id(_text(location.get("pdf_url"))) for location in locations),
        ),
        pmid=find_pmid(_text(identifiers.get("pmid")), bare=True) or first_of(*(find_pmid(text) for text in landing)),
        url=first_of(*(find_url(address) for address in landing)),
    )
    return record(paper, file=file, line=line, own_id=_text(value.get("id")).rpartition("/")[2])


def _abstract(index: Any) -> str:
    """Return the text that an inverted index spells; places may be missing."""
    words: dict[int, str] = {}
    for word, places in _object(index).items():
        for place in places if isinstance(places, list) else ():
            if isinstance(place, int) and 0 <= place < LONGEST_ABSTRACT:
                words[place] = str(word)
    return " ".join(words[place] for place in sorted(words))


def _names(value: Any) -> list[str]:
    """Return each author as the paper spells it, which keeps accents and initials that OpenAlex may change."""
    people = [_object(person) for person in value] if isinstance(value, list) else []
    names = [
        _text(person.get("raw_author_name")) or _text(_object(person.get("author")).get("display_name"))
        for person in people
    ]
    return [given_name_first(to_text(name)) for name in names]


def _locations(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield _object(value.get("primary_location"))
    yield _object(value.get("best_oa_location"))
    others = value.get("locations")
    yield from (_object(location) for location in others) if isinstance(others, list) else ()


def _venue(value: Mapping[str, Any]) -> str:
    """Return where the work was published: the primary source, or another one where that is only a repository."""
    names = [_text(_object(location.get("source")).get("display_name")) for location in _locations(value)]
    primary = names[0] or _text(_object(value.get("host_venue")).get("display_name"))
    return primary if primary != REPOSITORY else ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return ""
    return str(value).strip() if isinstance(value, str | int) else ""
