"""YAML: the references of pandoc (CSL YAML), lists of such, and single records such as Papis keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TextIO

import yaml  # type: ignore[import-untyped]

from assistant.ingestion.readers.objects.json_papers import read_values
from assistant.ingestion.readers.objects.json_values import Progress, values_of_document
from assistant.types import ReaderItem

NAME = "YAML"
NOTHING_FOUND = "There is no paper in this YAML file. Put its papers into a list called “references”."

BEGINNING = re.compile(
    r"(?:[ \t]*(?:#.*|---[ \t]*)?\n)*"  # blank lines, remarks, and the beginning of a document
    r"(?:references:[ \t]*(?:#.*)?\n[ \t]*-[ \t]"  # what pandoc and its filters read
    r"|-[ \t]+(?:id|title|type|author|issued|DOI|abstract|citation-key):[ \t])"
)
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def start(head: str) -> int | None:
    """Return 0 if the text begins as a list of references does, else None."""
    return 0 if BEGINNING.match(head) else None


def parse(stream: TextIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each reference, in order, holding no more than one in memory."""
    return read_values(values_of_document(stream, file, yaml_events, "YAML"), file)


def yaml_events(stream: TextIO, progress: Progress) -> Iterator[tuple[str, Any]]:
    """Yield the events of YAML as those of JSON; every value is a text or nothing. Raises ValueError.

    An alias stands for what was said elsewhere, and a few of them can stand for more than any memory holds; no program
    writes them into references, so they are refused.
    """
    expected: list[str] = []  # for each mapping and list around: "key" or "value" of a mapping, "" in a list
    try:
        for event in yaml.parse(stream, Loader=yaml.CSafeLoader):
            progress.line, progress.position = event.start_mark.line + 1, event.start_mark.index
            if type(event) is yaml.AliasEvent:
                raise ValueError(f"it uses the alias “*{event.anchor}”; write out what that stands for")
            is_key = expected[-1:] == ["key"]
            if isinstance(event, yaml.ScalarEvent):
                if is_key:
                    yield "map_key", event.value
                else:
                    is_nothing = event.style is None and event.value in NULLS
                    yield ("null", None) if is_nothing else ("string", event.value)
            elif isinstance(event, yaml.CollectionStartEvent):
                if is_key:
                    raise ValueError("the name of a field is a list")
                is_map = isinstance(event, yaml.MappingStartEvent)
                expected.append("key" if is_map else "")
                yield "start_map" if is_map else "start_array", None
                continue
            elif isinstance(event, yaml.CollectionEndEvent):
                expected.pop()
                yield "end_map" if isinstance(event, yaml.MappingEndEvent) else "end_array", None
            else:
                continue
            if expected and expected[-1]:
                expected[-1] = "value" if expected[-1] == "key" else "key"
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", "") or getattr(error, "reason", "") or "it is not YAML"
        raise ValueError(problem) from None
