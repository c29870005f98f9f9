"""JSON and JSON Lines: each object is read by the names of its fields, wherever in the file it stands."""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TextIO

from assistant.ingestion.readers import exported
from assistant.ingestion.readers.fields import NO_COLUMNS, names_of
from assistant.ingestion.readers.objects import csl_json, named_fields
from assistant.ingestion.readers.objects.json_values import (
    WRAPPERS,
    JsonValue,
    list_of,
    object_of,
    plain_name,
    text_of,
    values_by_line,
    values_of_document,
)
from assistant.ingestion.readers.objects.lenient_json import lenient_events
from assistant.ingestion.readers.zotero import zotero_items
from assistant.text import shortened
from assistant.types import Notice, Problem, ReaderItem, Record

NAME = "JSON"
NOTHING_FOUND = "There is no paper in this JSON file. Put one object a paper into it."

COMMENT = re.compile(r"\s*(?://|#|/\*)")
BEGINNING = re.compile(
    r"[\s\ufeff]*(?:(?://|#)[^\n]*\n\s*|/\*.*?\*/\s*)*"
    r"(?:(?:export\s+default|(?:(?:var|let|const)\s+)?[A-Za-z_$][\w.$]*\s*[=(])\s*)?"  # as JavaScript holds it
    r"(?:\[\s*[{\]]|\{\s*(?:[\"}]|'[^'\n]{1,60}'\s*:))",
    re.DOTALL,
)
ONE_LINE = re.compile(r"\{.*\}\s*", re.DOTALL)
LONG_LINE = 1 << 18  # characters
COUNTS = frozenset({"total", "start", "pageLength", "recordsDisplayed"})  # what Springer says of its list
MOST_NAMES = 8  # of fields that a message shows
MOST_TITLES = 10  # of one paper, in other languages and before it was renamed
PART = re.compile(r"([^\W\d_]{3,})[ _-]?\d")  # "level1", "line 2", while "item1" is one of several items
ONCE_IN_A_PAPER = frozenset("abstract doi publicationyear pubyear summary year".split())


def start(head: str) -> int | None:
    """Return 0 if the text begins as JSON does, else None. Below an object on a line, if untitled, is another."""
    if not BEGINNING.match(head):
        return None
    first, *others = (line for line in head.removeprefix("\ufeff").split("\n", 100)[:100] if line.strip())
    if not ONE_LINE.fullmatch(first.strip()) or not others or others[0].lstrip()[:1] in "{[":
        return 0
    return 0 if '"title"' in first.lower() and _is_json(first) else None


def parse(stream: TextIO, file: str, columns: Mapping[str, Sequence[str]] = NO_COLUMNS) -> Iterator[ReaderItem]:
    """Yield one item for each object; `columns` maps a field of ours to the name that the file has for it."""
    lines = (line for line in iter(lambda: stream.readline(LONG_LINE), "") if not line.isspace())
    first = next((line for line in lines if not COMMENT.match(line)), "")
    is_document = _is_document(first) or (next(lines, None) is None and not _is_json(first))
    stream.seek(0)
    if is_document:
        values = values_of_document(stream, file, lenient=lenient_events)
    else:
        values = values_by_line(stream, file, lenient_events)
    yield from read_values(values, file, columns)


def read_values(
    values: Iterable[JsonValue | Problem], file: str, columns: Mapping[str, Sequence[str]] = NO_COLUMNS
) -> Iterator[ReaderItem]:
    """Yield the papers that these values are, and how many notes and attachments of Zotero were passed over."""
    passed_over, unmet = 0, dict(columns)
    labels: Mapping[str, Sequence[str]] = {}
    collections: Any = None
    first_two = list(itertools.islice(values := iter(values), 2))
    for value in itertools.chain(first_two, values):
        if not isinstance(value, JsonValue):
            yield value
            continue
        if isinstance(value.value, dict) and value.value and value.value.keys() <= COUNTS:
            continue
        if value.collections is not collections:
            collections = value.collections
            labels = _labels_of_items(collections)
        is_alone = len(first_two) == 1 and value.is_outermost
        for row in _rows(value.value) if is_alone else (value.value,):
            item = _read_value(JsonValue(row, value.line), file, columns, labels)
            passed_over += item is None
            if unmet and isinstance(row, dict):
                unmet = {field: names for field, names in unmet.items() if row.keys().isdisjoint(names_of(names))}
            if item:
                yield item
    if unmet:
        named = ", ".join(f"“{name}”" for names in unmet.values() for name in names_of(names))
        yield Notice(file, f"No object has a field called {named}, so the fields were told from their names.")
    if passed_over:
        yield Notice(file, f"{passed_over} note(s), attachment(s) or deleted item(s) of Zotero are no papers")


def _rows(value: Any) -> Iterable[Any]:
    """Return the rows of a file that is one table, column by column, as pandas and datasets write it; else the value.

    Each column is an object with the numbers or the ids of the rows as its keys, or a list as long as the others; or
    the names of the columns stand in a list beside the rows. One paper may have lists, too: of its titles, authors.
    """
    if not isinstance(value, dict):
        return (value,)
    names, rows = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(rows, list) and value.keys() <= {"columns", "data", "index"}:
        if all(isinstance(row, list) and len(row) == len(names) for row in rows):
            return [dict(zip(map(text_of, names), row, strict=True)) for row in rows]
        return (value,)
    columns = list(value.values())
    if len(columns) < 2 or not any("title" in name.lower() for name in value):
        return (value,)
    if all(isinstance(column, dict) and column and column.keys() == columns[0].keys() for column in columns):
        keys = list(columns[0])
        if not all(map(str.isdecimal, keys)):
            if not _are_ids(keys):
                return (value,)
            value = {"id": keys, **value}
        columns = [list(column.values()) if isinstance(column, dict) else column for column in value.values()]
    elif not _are_columns(value):
        columns = []
    return [dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True)] or (value,)


def _are_ids(keys: Sequence[str]) -> bool:
    """Tell whether the keys of columns are those of papers, and no languages, kinds and parts of one paper's title."""
    if len(keys) > MOST_TITLES:
        return True
    words = {found[1] if (found := PART.fullmatch(key)) else "" for key in keys}
    are_parts = len(words) == 1 and "" not in words and not any(f"{word.lower()}s" in WRAPPERS for word in words)
    return len(keys) > 1 and all(any(map(str.isdigit, key)) for key in keys) and not are_parts


def _are_columns(value: Mapping[str, Any]) -> bool:
    """Tell whether the lists of an object are columns of a table, and not what one paper has several of."""
    columns = list(value.values())
    if not all(isinstance(column, list) and len(column) == len(columns[0]) > 1 for column in columns):
        return False
    titles = (column for name, column in value.items() if "title" in name.lower())
    if not any(all(isinstance(title, str | None) for title in column) for column in titles):
        return False
    return len(columns[0]) > MOST_TITLES or len(ONCE_IN_A_PAPER.intersection(map(plain_name, value))) > 1


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _is_document(first_line: str) -> bool:
    """Tell whether values are spread over lines or fill very long ones, so that lines mean nothing."""
    beginning = first_line.strip()
    if beginning.endswith("},"):
        with suppress(ValueError, RecursionError):
            return not isinstance(json.loads(beginning[:-1]), dict)  # objects line by line, with commas between them
    is_cut = len(first_line) >= LONG_LINE and not first_line.endswith("\n")
    return is_cut or beginning.startswith("[") or beginning.endswith(("{", ",", "[", ":", "=", "("))


def _read_value(
    value: JsonValue, file: str, columns: Mapping[str, Sequence[str]], labels: Mapping[str, Sequence[str]]
) -> Record | Problem | None:
    """Return the paper that an object states; None for an item of Zotero that is no paper."""
    content, line = value.value, value.line
    if not isinstance(content, dict):
        reason = "This is not a JSON object. Give one object a paper: a title, authors, an abstract ..."
        return Problem(file, line, reason)
    named = {
        ours: content[name]
        for ours, theirs in columns.items()
        for name in reversed(names_of(theirs))
        if name in content
    }
    if named:
        return named_fields.read_fields({**content, **named}, file, line)
    if exported.is_own(content.get("exporter")):
        return exported.read(content, file, line)
    if csl_json.is_own(content):
        return csl_json.read_own(content, file, line)
    if zotero_items.is_item(content):
        names = labels.get(text_of(content.get("itemID")), ())
        return zotero_items.read_item(content, file, line, labels=names)
    item = named_fields.read_fields(content, file, line)
    return _explained(item, content) if isinstance(item, Problem) else item


def _labels_of_items(collections: Any) -> Mapping[str, Sequence[str]]:
    """Return the names of the collections in which an item lies, by its number, as Better BibTeX lists them."""
    stated = {key: object_of(one) for key, one in object_of(collections).items()}
    names = zotero_items.collection_labels(
        {key: (text_of(one.get("name")), text_of(one.get("parent"))) for key, one in stated.items()}
    )
    labels: dict[str, list[str]] = defaultdict(list)
    for key, one in stated.items():
        for item in list_of(one.get("items")):
            labels[text_of(item)] += names[key]
    return labels


def _explained(problem: Problem, content: Mapping[str, Any]) -> Problem:
    """Say of an object without a title what it is, as far as that can be told."""
    if isinstance(content.get("body"), str) and "status_code" in content:
        reason = "This is a recorded answer of a web service. Save its body to a file of its own and add that."
        return Problem(problem.file, problem.line, reason)
    if "interactions" in content and "version" in content:
        reason = "This is a recording of web requests, made for tests. Save an answer in it to a file of its own."
        return Problem(problem.file, problem.line, reason)
    empty = next((name for name in content if name.lower() in WRAPPERS and content[name] == []), "")
    if empty:
        reason = (
            f"“{empty}” is an empty list, so there is no paper. Check what was asked for, and save the answer again."
        )
        return Problem(problem.file, problem.line, reason)
    if " has no title" not in problem.reason or not content:
        return problem
    listed = next((name for name, inner in content.items() if isinstance(inner, list) and _have_titles(inner)), "")
    if listed:
        reason = f"What stands in the list “{shortened(listed)}” has titles, and nothing that makes papers of them: an "
        return Problem(problem.file, problem.line, f"{reason}abstract, authors, a year, a DOI. Complete them.")
    names = ", ".join(f"“{shortened(str(name))}”" for name in list(content)[:MOST_NAMES])
    more = " ..." if len(content) > MOST_NAMES else ""
    found = f" Its fields are {names}{more}; `--column title=NAME` says which one holds the title."
    return Problem(problem.file, problem.line, problem.reason + found)


def _have_titles(items: list[Any]) -> bool:
    return any(isinstance(one, dict) and any("title" in name.lower() for name in one) for one in items)
