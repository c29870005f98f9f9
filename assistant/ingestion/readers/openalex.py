"""Works of OpenAlex, whose abstracts are written as an index: every word with its places in the text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.ingestion.readers import fields
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, find_url
from assistant.ingestion.readers.json_values import list_of, object_of, text_of
from assistant.ingestion.readers.latex import to_text
from assistant.types import Paper, Problem, Record

NAME = "OpenAlex"

LONGEST_ABSTRACT = 50_000  # words; a place beyond it is a mistake
REPOSITORY = "arXiv (Cornell University)"


def is_work(value: Mapping[str, Any]) -> bool:
    """Tell whether this object is a work of OpenAlex; an answer may hold only the fields that were asked for."""
    key = value.get("id")
    is_own = isinstance(key, str) and key.startswith("https://openalex.org/W")
    return is_own or "abstract_inverted_index" in value or ("authorships" in value and "display_name" in value)


def read_work(value: Mapping[str, Any], file: str, line: int) -> Record | Problem:
    """Return the paper that a work is. The OpenAlex id ("W2099326003") is its key, its names are the paper's own."""
    identifiers = object_of(value.get("ids"))
    locations = [value.get("primary_location"), value.get("best_oa_location"), *list_of(value.get("locations"))]
    places = [object_of(location) for location in locations]
    pages = [text_of(place.get("landing_page_url")) for place in places]
    doi = find_doi(text_of(value.get("doi")) or text_of(identifiers.get("doi")))
    venue = text_of(object_of(places[0].get("source")).get("display_name"))
    venue = venue or text_of(object_of(value.get("host_venue")).get("display_name"))
    paper = Paper(
        title=text_of(value.get("title")) or text_of(value.get("display_name")),
        abstract=_abstract(value.get("abstract_inverted_index")) or text_of(value.get("abstract")),
        authors_complete=value.get("is_authors_truncated") is not True,
        date=find_date(text_of(value.get("publication_date"))) or find_date(text_of(value.get("publication_year"))),
        venue=venue if venue != REPOSITORY else "",
        doi=doi,
        arxiv_id=find_arxiv_id(
            doi, *map(text_of, identifiers.values()), *pages, *(text_of(place.get("pdf_url")) for place in places)
        ),
        pmid=find_pmid(text_of(identifiers.get("pmid")), bare=True) or find_pmid(*pages),
        url=find_url(*pages),
    )
    names = [_name(object_of(person)) for person in list_of(value.get("authorships"))]
    return fields.record(paper, names, file=file, line=line, source_key=text_of(value.get("id")).rpartition("/")[2])


def _name(person: Mapping[str, Any]) -> str:
    """Return an author as the paper spells it, which keeps accents and initials that OpenAlex may change."""
    name = text_of(person.get("raw_author_name")) or text_of(object_of(person.get("author")).get("display_name"))
    return fields.given_name_first(to_text(name))


def _abstract(index: Any) -> str:
    """Return the text that an inverted index spells; places may be missing."""
    words: dict[int, str] = {}
    for word, places in object_of(index).items():
        for place in list_of(places):
            if isinstance(place, int) and 0 <= place < LONGEST_ABSTRACT:
                words[place] = str(word)
    return " ".join(words[place] for place in sorted(words))
