"""JSON as a stream of the objects that may be papers: line by line, or out of arrays and whatever wraps them.

Answers of web services wrap their papers: `{"meta": ..., "results": [...]}`, `{"message": {"items": [...]}}`. Arrays
below such names, and only those, are taken apart; memory holds one of their elements at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

import ijson  # type: ignore[import-untyped]

from assistant.types import Problem

LARGEST_VALUE = 10_000_000  # characters of one object
DEEPEST_NESTING = 500
PIECE = 1 << 16  # characters

STARTS = frozenset({"start_map", "start_array"})
ENDS = frozenset({"end_map", "end_array"})
SCALARS = frozenset({"string", "number", "boolean", "null"})
WRAPPERS = frozenset(
    "articles data docs documents entries hits items message papers publications records response result resultlist "
    "results works".split()
)


@dataclass(frozen=True, slots=True)
class JsonValue:
    """A value that may be a paper, and the line of the file on which it begins."""

    value: Any
    line: int


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
    events = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events, multiple_values=True, use_float=True)
    builder = _Builder(file)
    line, waiting = 1, 0
    try:
        while piece := stream.readline(PIECE):
            parser.send(piece.encode())
            waiting = 0 if events else waiting + len(piece)
            if waiting > LARGEST_VALUE:
                yield builder.too_large(line)
                return
            yield from builder.add(events, line, len(piece))
            events.clear()
            line += piece.endswith("\n")
        parser.close()
        yield from builder.add(events, line, 0)
    except (ijson.JSONError, ValueError) as error:
        yield from builder.add(events, line, 0)
        why = str(error).split("\n")[0].strip().removesuffix(".")
        reason = f"This is not valid JSON ({why}), so nothing after it could be read. Mend it and try again."
        yield Problem(file, line, reason)


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


class _Frame:
    """An array or object that is open: what of it is kept, and whether papers were taken out of it."""

    __slots__ = ("container", "is_apart", "is_dropped", "is_plain", "is_stream", "is_wrapper", "key", "line", "start")

    def __init__(self, container: Any, line: int, start: int, *, is_apart: bool) -> None:
        self.container = container
        self.line = line
        self.start = start
        self.is_apart = is_apart  # an array whose elements are yielded, or an object that may wrap such an array
        self.is_wrapper = False
        self.is_dropped = False
        self.is_stream = is_apart and isinstance(container, list)
        self.is_plain = not self.is_stream  # whatever it holds is simply put into it
        self.key = ""

    def put(self, value: Any) -> None:
        """Put a value into the container."""
        if isinstance(self.container, list):
            self.container.append(value)
        else:
            self.container[self.key] = value

    def drop(self) -> None:
        """Forget what was put in, and put in nothing more."""
        self.is_dropped, self.is_plain = True, False
        self.container.clear()


class _Builder:
    """Makes values of events, and lets go of each as soon as it is whole."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._open: list[_Frame] = []
        self._position = 0
        self._too_deep = 0  # containers that are open below the deepest that is kept

    def add(self, events: list[tuple[str, Any]], line: int, length: int) -> Iterator[JsonValue | Problem]:
        """Yield what ends within this piece of the file, of `length` characters, on line number `line`."""
        frames = self._open
        for name, content in events:
            if self._too_deep or (len(frames) > DEEPEST_NESTING and name in STARTS):
                self._skip(name)
            elif name == "map_key":
                frames[-1].key = content
            elif name in SCALARS and frames and frames[-1].is_plain:
                frames[-1].put(content)
            elif name in STARTS:
                container: Any = {} if name == "start_map" else []
                frame = _Frame(container, line, self._position, is_apart=self._is_apart(container))
                if frames and frames[-1].is_dropped and not frames[-1].is_apart:
                    frame.drop()
                frames.append(frame)
            elif name in ENDS:
                frame = frames.pop()
                if frames and frames[-1].is_plain and not frame.is_apart:
                    frames[-1].put(frame.container)
                    continue
                yield from self._keep(frame.container, frame.line, frame)
            else:
                yield from self._keep(content, line, None)
        self._position += length
        root = next((frame for frame in frames if not frame.is_wrapper and not frame.is_stream), None)
        if root and self._position - root.start > LARGEST_VALUE:
            self._drop()

    def too_large(self, line: int) -> Problem:
        """Return the problem of a value, on line number `line`, that is too large to be a paper."""
        reason = (
            f"This value is larger than {LARGEST_VALUE // 1_000_000} MB or nests too deeply for a paper. Take it out."
        )
        return Problem(self._file, line, reason)

    def _is_apart(self, container: Any) -> bool:
        """Tell whether the elements of this array, or what this object wraps, are values of their own."""
        if not self._open:
            return True
        parent = self._open[-1]
        if not parent.is_apart:
            return False
        if parent.is_stream:
            return isinstance(container, dict)
        return parent.key.lower() in WRAPPERS and "title" not in parent.container

    def _skip(self, name: str) -> None:
        """Pass over an event that stands too deep, and forget the value that it stands in."""
        if not self._too_deep:
            self._drop()
        self._too_deep += (name in STARTS) - (name in ENDS)

    def _drop(self) -> None:
        """Forget what is being built: it is too large, or nests too deeply."""
        for frame in self._open:
            if not frame.is_wrapper:
                frame.drop()

    def _keep(self, value: Any, line: int, frame: _Frame | None) -> Iterator[JsonValue | Problem]:
        """Yield a value that ended, or put it where it belongs; what only wrapped others is forgotten."""
        parent = self._open[-1] if self._open else None
        if frame and frame.is_wrapper:
            return
        if frame and frame.is_stream and not self._open:
            return
        stands_alone = parent is None or parent.is_stream
        if stands_alone and (isinstance(value, dict) or len(self._open) < 2):
            for outer in self._open:
                outer.is_wrapper, outer.is_plain = True, False
            yield self.too_large(line) if frame and frame.is_dropped else JsonValue(value, line)
        elif parent is None or parent.is_dropped or parent.is_wrapper:
            return
        else:
            parent.put(value)


def _why(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} at column {error.colno}"
    return "values nest too deeply" if isinstance(error, RecursionError) else "a number is too long"
