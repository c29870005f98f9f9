"""Papers of Semantic Scholar: answers of its API, and lines of its data sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.ingestion.readers import fields
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, find_url, first_of
from assistant.ingestion.readers.json_values import list_of, object_of, text_of
from assistant.ingestion.readers.latex import to_text
from assistant.types import Paper, Problem, Record

NAME = "Semantic Scholar"

CITED = ("citingPaper", "citedPaper", "citingpaper", "citedpaper")


def is_paper(value: Mapping[str, Any]) -> bool:
    """Tell whether this object is a paper of Semantic Scholar, or the paper at one end of a citation."""
    is_citation = any(isinstance(value.get(name), dict) for name in CITED)
    return is_citation or "paperId" in value or ("corpusid" in value and "externalids" in value)


def read_paper(value: Mapping[str, Any], file: str, line: int) -> Record | Problem:
    """Return the paper; `paperId` is its key. Without an abstract, which is often withheld, it is a problem."""
    value = next((value[name] for name in CITED if isinstance(value.get(name), dict)), value)
    outside = object_of(value.get("externalIds", value.get("externalids")))
    identifiers = {str(name).lower(): text_of(content) for name, content in outside.items()}
    year = find_date(text_of(value.get("year")))
    date = find_date(text_of(value.get("publicationDate", value.get("publicationdate"))))
    places = (object_of(value.get(name)) for name in ("publicationVenue", "journal"))
    paper = Paper(
        title=text_of(value.get("title")),
        abstract=text_of(value.get("abstract")),
        date=date if date.startswith(year) else year,
        categories=tuple(map(text_of, list_of(value.get("fieldsOfStudy")))),
        venue=first_of(text_of(value.get("venue")), *(text_of(place.get("name")) for place in places)),
        doi=find_doi(identifiers.get("doi", "")),
        arxiv_id=find_arxiv_id(identifiers.get("arxiv", ""), bare=True),
        pmid=find_pmid(identifiers.get("pubmed", ""), bare=True),
        url=find_url(text_of(value.get("url"))),
    )
    names = [to_text(text_of(object_of(person).get("name"))) for person in list_of(value.get("authors"))]
    source_key = text_of(value.get("paperId")) or text_of(value.get("corpusid"))
    return fields.record(paper, names, file=file, line=line, source_key=source_key)
