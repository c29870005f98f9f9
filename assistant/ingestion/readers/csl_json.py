"""CSL-JSON, as reference managers and Crossref write it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from assistant.ingestion.readers import exported, fields, json_values
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, find_url, first_of, joined
from assistant.ingestion.readers.json_values import list_of, object_of
from assistant.ingestion.readers.latex import to_text
from assistant.ingestion.readers.markup import visible
from assistant.types import Paper, Problem, Record

NAME = "CSL-JSON"

DATES = ("issued", "published", "published-print", "published-online", "available-date", "submitted", "created")
OWN_NAMES = frozenset({"issued", "container-title", "DOI", "URL", "ISSN", "ISBN", "citation-key", "event-place"})


def is_item(value: Mapping[str, Any]) -> bool:
    """Tell whether this object is an item of CSL: it has a type, and a field or a name that only CSL writes so."""
    if exported.is_own(value.get("source")):
        return isinstance(value.get("type"), str)
    people = value.get("author")
    person = people[0] if isinstance(people, list) and people else None
    has_parts = isinstance(person, dict) and bool(person.keys() & {"family", "literal"})
    is_dated = isinstance(value.get("issued"), dict) and "date-parts" in value["issued"]
    return is_dated or (isinstance(value.get("type"), str) and (has_parts or bool(value.keys() & OWN_NAMES)))


def read_item(value: Mapping[str, Any], file: str, line: int) -> Record | Problem:
    """Return the paper that an item is. Texts may be lists, as Crossref gives them; the first counts."""
    if exported.is_own(value.get("source")):
        return _read_own(value, file, line)
    doi, address, note = (_text(value.get(name)) for name in ("DOI", "URL", "note"))
    identifiers = joined([_text(value.get("archive")), _text(value.get("archive_location")), note, address])
    paper = Paper(
        title=_title(value),
        abstract=_text(value.get("abstract")),
        date=first_of(*(_date(value[name]) for name in DATES if name in value)),
        venue=first_of(*(_text(value.get(name)) for name in ("container-title", "event-title", "event", "publisher"))),
        doi=find_doi(doi, note),
        arxiv_id=find_arxiv_id(doi, _text(value.get("number")), identifiers),
        pmid=find_pmid(_text(value.get("PMID")), bare=True) or find_pmid(note, address),
        url=find_url(address),
    )
    source_key = first_of(*(_text(value.get(name)) for name in ("citation-key", "id", "DOI")))
    return fields.record(paper, _names(value.get("author")), file=file, line=line, source_key=source_key)


def _read_own(value: Mapping[str, Any], file: str, line: int) -> Record | Problem:
    """Return the paper of an item that this program wrote; CSL's own place for what it has no name for is `custom`."""
    names = _names(value.get("author"), visible)
    is_cut = names[-1:] == ["others"]
    stated = {
        **object_of(value.get("custom")),
        "title": value.get("title"),
        "abstract": value.get("abstract"),
        "authors": names[:-1] if is_cut else names,
        "authors_complete": not is_cut,
        "date": _date(value.get("issued")),
        "categories": value.get("categories"),
        "venue": value.get("container-title"),
        "doi": value.get("DOI"),
        "arxiv_id": value.get("number"),
        "pmid": value.get("PMID"),
        "url": value.get("URL"),
        "id": value.get("id"),
    }
    return exported.read(stated, file, line)


def _title(value: Mapping[str, Any]) -> str:
    """Return the title; Crossref keeps the subtitle apart, unless it stands in the title already."""
    title, subtitle = _text(value.get("title")), _text(value.get("subtitle"))
    if not subtitle or subtitle.casefold() in title.casefold():
        return title
    return f"{title.rstrip(' :')}: {subtitle}"


def _names(value: Any, readable: Callable[[str], str] = to_text) -> list[str]:
    return [name for person in list_of(value) if (name := _name(person, readable))]


def _name(value: Any, readable: Callable[[str], str]) -> str:
    """Return a name as it is spoken, particles before the family name, suffix after a comma."""
    if isinstance(value, str):
        return fields.given_name_first(readable(value))
    person = {key: _text(part) for key, part in object_of(value).items()}
    parts = ("given", "dropping-particle", "non-dropping-particle", "family")
    name = first_of(person.get("literal", ""), person.get("name", ""))
    if name:
        return readable(name)
    name = joined([person.get(part, "") for part in parts])
    return readable(f"{name}, {person['suffix']}" if person.get("suffix") else name)


def _date(value: Any) -> str:
    """Return a CSL date, of parts or of text, in ISO form; of a range its beginning."""
    if isinstance(value, str):
        return find_date(value)
    stated = object_of(value)
    ranges = list_of(stated.get("date-parts"))
    texts = [_text(part) for part in (list_of(ranges[0]) if ranges else [])[:3]]
    parts = [int(text) for text in texts if text.isdecimal() and len(text) <= 4]
    if parts and 1000 <= parts[0] <= 2999:
        return fields.date_text(*parts)
    return find_date(first_of(*(_text(stated.get(name)) for name in ("raw", "literal", "date-time"))))


def _text(value: Any) -> str:
    """Return a text or a number as text; of several texts, as Crossref writes them, the first."""
    if isinstance(value, list):
        value = next((one for one in value if isinstance(one, str)), "")
    return json_values.text_of(value)
