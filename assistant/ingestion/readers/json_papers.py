"""JSON and JSON Lines: each object goes to the reader whose shape it has, wherever in the file it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TextIO

from assistant.ingestion.readers import csl_json, exported, named_fields, openalex, semantic_scholar
from assistant.ingestion.readers.fields import NO_COLUMNS
from assistant.ingestion.readers.json_values import JsonValue, values_by_line, values_of_document
from assistant.types import Problem, ReaderItem, Record

NAME = "JSON"
NOTHING_FOUND = "There is no paper in this JSON file. Put one object a paper into it."

BEGINNING = re.compile(r"[\s\ufeff]*(?:\[\s*[{\]]|\{\s*[\"}])")
JSON_LINE = re.compile(r"^\s*\{\s*\".*\}\s*$", re.MULTILINE)
LONG_LINE = 1 << 18  # characters


def start(head: str) -> int | None:
    """Return 0 if the text begins as JSON does, or where the first line stands that is an object; else None."""
    if BEGINNING.match(head):
        return 0
    found = JSON_LINE.search(head)
    return found.start() if found else None


def parse(stream: TextIO, file: str, columns: Mapping[str, str] = NO_COLUMNS) -> Iterator[ReaderItem]:
    """Yield one item for each object; `columns` maps a field of ours to the name that the file has for it."""
    first = next((line for line in iter(lambda: stream.readline(LONG_LINE), "") if not line.isspace()), "")
    stream.seek(0)
    values = values_of_document(stream, file) if _is_document(first) else values_by_line(stream, file)
    for value in values:
        yield _read_value(value, file, columns) if isinstance(value, JsonValue) else value


def _is_document(first_line: str) -> bool:
    """Tell whether values are spread over lines or fill very long ones, so that lines mean nothing."""
    beginning = first_line.strip()
    is_cut = len(first_line) >= LONG_LINE and not first_line.endswith("\n")
    return is_cut or beginning.startswith("[") or beginning.endswith(("{", ",", "[", ":"))


def _read_value(value: JsonValue, file: str, columns: Mapping[str, str]) -> Record | Problem:
    """Return the paper that an object states, by the reader of its shape."""
    content, line = value.value, value.line
    if not isinstance(content, dict):
        reason = "This is not a JSON object. Give one object a paper: a title, authors, an abstract ..."
        return Problem(file, line, reason)
    if columns:
        named = {ours: content.get(theirs) for ours, theirs in columns.items()}
        return named_fields.read_fields({**content, **named}, file, line)
    if exported.is_own(content.get("exporter")):
        return exported.read(content, file, line)
    if isinstance(content.get("body"), str) and "status_code" in content:
        reason = "This is a recorded answer of a web service. Save its body to a file of its own and add that."
        return Problem(file, line, reason)
    if openalex.is_work(content):
        return openalex.read_work(content, file, line)
    if semantic_scholar.is_paper(content):
        return semantic_scholar.read_paper(content, file, line)
    if csl_json.is_item(content):
        return csl_json.read_item(content, file, line)
    return named_fields.read_fields(content, file, line)
