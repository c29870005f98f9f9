"""Papers of Semantic Scholar: answers of its API, and lines of its data sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.ingestion.readers import named_fields
from assistant.ingestion.readers.fields import first_of
from assistant.ingestion.readers.json_values import object_of, text_of
from assistant.types import Problem, Record

NAME = "Semantic Scholar"

CITED = ("citingPaper", "citedPaper", "citingpaper", "citedpaper")


def is_paper(value: Mapping[str, Any]) -> bool:
    """Tell whether this object is a paper of Semantic Scholar, or the paper at one end of a citation."""
    is_citation = any(isinstance(value.get(name), dict) for name in CITED)
    return is_citation or "paperId" in value or ("corpusid" in value and "externalids" in value)


def read_paper(value: Mapping[str, Any], file: str, line: int) -> Record | Problem:
    """Return the paper; `paperId` is its key. Its abstract is often withheld."""
    value = next((value[name] for name in CITED if isinstance(value.get(name), dict)), value)
    places = (object_of(value.get(name)) for name in ("publicationVenue", "journal"))
    stated = {
        **{name: value.get(name) for name in ("title", "abstract", "authors", "year", "url")},
        "id": text_of(value.get("paperId")) or text_of(value.get("corpusid")),
        "date": value.get("publicationDate", value.get("publicationdate")),
        "categories": value.get("fieldsOfStudy"),
        "venue": first_of(text_of(value.get("venue")), *(text_of(place.get("name")) for place in places)),
        "externalids": value.get("externalIds", value.get("externalids")),
    }
    return named_fields.read_fields(stated, file, line)
