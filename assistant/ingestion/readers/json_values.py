"""JSON as a stream of the objects that may be papers: line by line, or out of arrays and whatever wraps them.

Answers of web services wrap their papers: `{"meta": ..., "results": [...]}`, `{"message": {"items": [...]}}`. Arrays
below such names, and only those, are taken apart; memory holds one of their elements at a time.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

import ijson  # type: ignore[import-untyped]

from assistant.types import Problem

LARGEST_VALUE = 10_000_000  # characters of one object
DEEPEST_NESTING = 500
MOST_WRAPPERS = 50  # within each other
PIECE = 1 << 16  # characters

STARTS = frozenset({"start_map", "start_array"})
ENDS = frozenset({"end_map", "end_array"})
WRAPPERS = frozenset(
    "articles data docs documents entries hits items message papers publications records response result resultlist "
    "results works".split()
)
_TOO_LARGE = object()
"""Stands in the place of a value that is larger, or nests more deeply, than any paper."""

_TAKEN_APART = object()
"""Stands in the place of a value whose elements were yielded."""


@dataclass(frozen=True, slots=True)
class JsonValue:
    """A value that may be a paper, and the line of the file on which it begins."""

    value: Any
    line: int


def text_of(value: Any) -> str:
    """Return a text or a number of JSON as text, "" for anything else."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def object_of(value: Any) -> Mapping[str, Any]:
    """Return the value if it is an object of JSON, else an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """Return the value if it is an array of JSON, else an empty one."""
    return value if isinstance(value, list) else []


def values_by_line(stream: TextIO, file: str) -> Iterator[JsonValue | Problem]:
    """Yield what each line holds; a broken line costs only itself."""
    for line, text in enumerate(stream, start=1):
        if text.isspace():
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            why = _why(error)
            yield Problem(file, line, f"This line is not valid JSON ({why}). Mend the line and add the file again.")
        else:
            yield from (JsonValue(inner, line) for inner in _unwrapped(value))


def values_of_document(stream: TextIO, file: str) -> Iterator[JsonValue | Problem]:
    """Yield each element of an array, wrapped or not, and each of several objects that follow one another."""
    document = _Document(stream, file)
    try:
        yield from document.values()
    except (ijson.JSONError, ValueError) as error:
        why = str(error).split("\n")[0].strip().removesuffix(".")
        reason = f"This is not valid JSON ({why}), so nothing after it could be read. Mend it and try again."
        yield Problem(file, document.line, reason)
    except _EndlessTextError:
        yield document.standing_alone(_TOO_LARGE, document.line)


def _unwrapped(value: Any) -> Iterator[Any]:
    """Yield the objects inside `value` if it only wraps them, else `value`."""
    if isinstance(value, dict) and "title" not in value:
        for name in WRAPPERS.intersection(map(str.lower, value)):
            inner = next(content for key, content in value.items() if key.lower() == name)
            if isinstance(inner, list) and inner and isinstance(inner[0], dict):
                for element in inner:
                    yield from _unwrapped(element)
                return
            if isinstance(inner, dict):
                yield from _unwrapped(inner)
                return
    yield value


class _EndlessTextError(Exception):
    """A single text or number is larger than any paper."""


class _Document:
    """A document that is read once from front to back, and how far it has been read."""

    def __init__(self, stream: TextIO, file: str) -> None:
        self.events = self._parsed(stream)
        self.line = 1
        self._position = 0
        self._file = file

    def _parsed(self, stream: TextIO) -> Iterator[tuple[str, Any]]:
        """Yield the events of the parser, those before an error too. Raises what it raises, and _EndlessTextError."""
        events = ijson.sendable_list()
        parser = ijson.basic_parse_coro(events, multiple_values=True, use_float=True)
        waiting = 0
        try:
            while piece := stream.readline(PIECE):
                parser.send(piece.encode())
                waiting = 0 if events else waiting + len(piece)
                if waiting > LARGEST_VALUE:
                    raise _EndlessTextError
                yield from events
                events.clear()
                self._position += len(piece)
                self.line += piece.endswith("\n")
            parser.close()
        except (ijson.JSONError, ValueError):
            yield from events
            raise
        yield from events

    def values(self) -> Iterator[JsonValue | Problem]:
        """Yield every value that stands alone once what wraps it is taken off."""
        for name, content in self.events:
            line, start = self.line, self._position
            value = (yield from self._opened(name, start, 0)) if name in STARTS else self._whole(name, content, start)
            if value is not _TAKEN_APART:
                yield self.standing_alone(value, line)

    def standing_alone(self, value: Any, line: int) -> JsonValue | Problem:
        """Return a value that nothing wraps, or the Problem that it is too large."""
        if value is not _TOO_LARGE:
            return JsonValue(value, line)
        limit = LARGEST_VALUE // 1_000_000
        reason = f"This value is larger than {limit} MB or nests too deeply for a paper. Take it out."
        return Problem(self._file, line, reason)

    def _opened(self, kind: str, start: int, depth: int) -> Generator[JsonValue | Problem, None, Any]:
        """Yield the papers that an array or object wraps and return _TAKEN_APART, or return the array or object.

        `start` is where the value began that is too large for a paper if this one is; `depth` counts what wraps it.
        """
        is_object = kind == "start_map"
        members: dict[str, Any] = {}
        elements: list[Any] = []
        is_wrapper, is_too_large = not is_object and depth == 0, False
        for name, content in self.events:
            if name in ENDS:
                break
            key = ""
            if is_object:
                key = content
                name, content = next(self.events)
            line = self.line
            stands_alone = not is_object and (depth == 0 or name == "start_map")
            is_open = key.lower() in WRAPPERS and "title" not in members if is_object else name == "start_map"
            began = self._position if stands_alone else start
            if is_open and name in STARTS and depth < MOST_WRAPPERS:
                value = yield from self._opened(name, began, depth + 1)
            else:
                value = self._whole(name, content, began)
            if stands_alone and value is not _TAKEN_APART:
                yield self.standing_alone(value, line)
            is_wrapper = is_wrapper or stands_alone or value is _TAKEN_APART
            is_too_large = is_too_large or value is _TOO_LARGE
            if is_wrapper or is_too_large:
                members.clear()
                elements.clear()
            elif is_object:
                members[key] = value
            else:
                elements.append(value)
        return _TAKEN_APART if is_wrapper else _TOO_LARGE if is_too_large else members if is_object else elements

    def _whole(self, name: str, content: Any, start: int) -> Any:
        """Return the value that begins with this event, _TOO_LARGE where it is."""
        if name not in STARTS:
            return content if self._position - start <= LARGEST_VALUE else _TOO_LARGE
        builder, depth = ijson.ObjectBuilder(), 0
        while True:
            if depth > DEEPEST_NESTING or self._position - start > LARGEST_VALUE:
                builder = None
            if builder:
                builder.event(name, content)
            depth += (name in STARTS) - (name in ENDS)
            if not depth:
                return builder.value if builder else _TOO_LARGE
            name, content = next(self.events)


def _why(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} at column {error.colno}"
    return "values nest too deeply" if isinstance(error, RecursionError) else "a number is too long"
