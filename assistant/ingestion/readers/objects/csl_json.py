"""CSL-JSON that this program wrote; that of others is read by the names of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.ingestion.readers import exported, fields
from assistant.ingestion.readers.fields import joined
from assistant.ingestion.readers.markup import visible
from assistant.ingestion.readers.objects import json_values
from assistant.ingestion.readers.objects.json_values import list_of, object_of
from assistant.types import Problem, Record


def is_own(value: Mapping[str, Any]) -> bool:
    """Tell whether this object is an item that this program wrote."""
    return exported.is_own(value.get("source")) and isinstance(value.get("type"), str)


def read_own(value: Mapping[str, Any], file: str, line: int) -> Record | Problem:
    """Return the paper of an item that this program wrote; CSL's own place for what it has no name for is `custom`."""
    names = [visible(name) for person in list_of(value.get("author")) if (name := _name(object_of(person)))]
    is_cut = names[-1:] == ["others"]
    ranges = list_of(object_of(value.get("issued")).get("date-parts"))
    parts = [json_values.text_of(part) for part in (list_of(ranges[0]) if ranges else [])[:3]]
    year, month, day = [*parts, "", "", ""][:3]
    stated = {
        **object_of(value.get("custom")),
        "title": value.get("title"),
        "abstract": value.get("abstract"),
        "authors": names[:-1] if is_cut else names,
        "authors_complete": not is_cut,
        "date": fields.find_date(year, month=month, day=day),
        "categories": value.get("categories"),
        "venue": value.get("container-title"),
        "doi": value.get("DOI"),
        "arxiv_id": value.get("number"),
        "pmid": value.get("PMID"),
        "url": value.get("URL"),
        "id": value.get("id"),
        "citation_key": value.get("id"),
    }
    return exported.read(stated, file, line)


def _name(person: Mapping[str, Any]) -> str:
    """Return a name as it is spoken, particles before the family name, suffix after a comma."""
    texts = {part: json_values.text_of(text) for part, text in person.items()}
    parts = ("given", "dropping-particle", "non-dropping-particle", "family")
    name = texts.get("literal") or joined([texts.get(part, "") for part in parts])
    return f"{name}, {texts['suffix']}" if texts.get("suffix") else name
