"""JSON as a stream of the objects that may be papers: line by line, or out of arrays and whatever wraps them.

Answers of web services wrap their papers: `{"meta": ..., "results": [...]}`, `{"message": {"items": [...]}}`. Arrays
below such names are taken apart, and so are objects that hold papers by their ids, and lists of papers under names of
one's own (`{"lamps": [...], "walls": [...]}`) in an object that is no paper itself; memory holds one paper at a time.
YAML, which says the same in other signs, is read by the same rules.
"""

from __future__ import annotations

import io
import itertools
import json
import math
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TextIO

import ijson  # type: ignore[import-untyped]

from assistant.types import Problem

LARGEST_VALUE = 10_000_000  # characters of one object
DEEPEST_NESTING = 500
MOST_WRAPPERS = 50  # within each other
MOST_OWN_NAMES = 4  # within each other
PIECE = 1 << 16  # characters

STARTS = frozenset({"start_map", "start_array"})
ENDS = frozenset({"end_map", "end_array"})
WRAPPERS = frozenset(
    "articles collection data docs documents entries entry group hit hits items message papers publications "
    "pubmedarticle pubmedarticleset records response result resultlist results rows search-results work-summary "
    "works".split()
)
OUTERMOST_WRAPPERS = WRAPPERS | {"notes", "references"}  # which are a paper's own further in
ENVELOPES = frozenset(
    "article attributes bibjson citedpaper citingpaper content coredata data doc document fields info medlinecitation "
    "message metadata paper publication record source work".split()
)
"""What one paper may be wrapped in, beside what else is known of it; without regard to case and punctuation."""

TITLES = frozenset("articletitle documenttitle papertitle title titles".split())
SIGNS_OF_A_PAPER = frozenset(
    "abstract abstracts author authorlist authors creator creators date description doi journal publicationdate "
    "publicationyear published pubdate summary venue year".split()
)
NO_HEADING = frozenset("abstract author authors creators doi summary".split())
OF_A_LIST = frozenset(("date", "description"))  # which a list of papers has, too
PARTS_OF_A_PAPER = frozenset("conference container event hostvenue ispartof journal parent proceeding venue".split())
FIRST_ITEMS = 10  # of a list, by which it is told what it lists
COLLECTIONS = "collections"

PUNCTUATION = re.compile(r"[^a-z0-9]+")
VOCABULARY = re.compile(r"^(?:bib|bibo|ce|dc|dcterms|prism|schema):")
NO_NUMBER = re.compile(
    r"((?<!\\)\"\s*:\s*)(?:NaN|-?Infinity)(?=\s*[,}]|\s*$)"
)  # which is no JSON, and Python writes it
AT_THE_END = "parse error: premature EOF"  # as the parser says it
_TOO_LARGE = object()
"""Stands in the place of a value that is larger, or nests more deeply, than any paper."""

_TAKEN_APART = object()
"""Stands in the place of a value whose elements were yielded."""


@dataclass(frozen=True, slots=True)
class JsonValue:
    """A value that may be a paper, the line on which it begins, and the collections that the file named before.

    It is the outermost where neither a list nor an object was around it.
    """

    value: Any
    line: int
    collections: Any = None
    is_outermost: bool = False


class Progress:
    """How far a document has been read, in lines from 1 and in characters."""

    def __init__(self) -> None:
        self.line = 1
        self.position = 0


class EndlessTextError(Exception):
    """A single text or number is larger than any paper."""


class CutError(ValueError):
    """The document ends where something in it has not."""


Events = Callable[[TextIO, Progress], Iterator[tuple[str, Any]]]
"""Gives a document as the events of ijson ("start_map", "map_key", "string" ...) and says how far it is."""


def text_of(value: Any) -> str:
    """Return a text or a number of JSON as text, "" for anything else."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float):
        value = int(value) if value.is_integer() else value if math.isfinite(value) else None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def object_of(value: Any) -> Mapping[str, Any]:
    """Return the value if it is an object of JSON, else an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """Return the value if it is an array of JSON, else an empty one."""
    return value if isinstance(value, list) else []


def values_by_line(stream: TextIO, file: str, lenient: Events) -> Iterator[JsonValue | Problem]:
    """Yield what each line holds, by `lenient` events where it is not quite JSON; a broken line costs only itself."""
    for line, text in enumerate(stream, start=1):
        if text.isspace():
            continue
        try:
            found = [json.loads(text.rstrip().removesuffix(","))]
        except (ValueError, RecursionError) as error:
            try:
                found = list(_values(lenient(io.StringIO(text), Progress())))
            except (ValueError, EndlessTextError):
                why = _why(error)
                yield Problem(file, line, f"This line is not valid JSON ({why}). Mend the line and add the file again.")
                continue
        for value in found:
            collections = object_of(value).get(COLLECTIONS)
            yield from (
                JsonValue(inner, line, collections, is_outermost=inner is value)
                for inner in _unwrapped(value, OUTERMOST_WRAPPERS)
            )


def json_events(stream: TextIO, progress: Progress) -> Iterator[tuple[str, Any]]:
    """Yield the events of JSON, those before an error too. Raises what the parser raises, and EndlessTextError."""
    events = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events, multiple_values=True, use_float=True)
    waiting = 0
    try:
        while piece := stream.readline(PIECE):
            parser.send((NO_NUMBER.sub(r"\1null", piece) if "N" in piece or "I" in piece else piece).encode())
            waiting = 0 if events else waiting + len(piece)
            if waiting > LARGEST_VALUE:
                raise EndlessTextError
            yield from events
            events.clear()
            progress.position += len(piece)
            progress.line += piece.endswith("\n")
        parser.close()
    except (ijson.JSONError, ValueError):
        yield from events
        raise
    yield from events


def values_of_document(
    stream: TextIO, file: str, events: Events = json_events, language: str = "JSON", lenient: Events | None = None
) -> Iterator[JsonValue | Problem]:
    """Yield each element of an array, wrapped or not, and each of several objects that follow one another.

    Where the events break off, and not because the document is cut, it is read again by the `lenient` ones.
    """
    progress = Progress()
    document = _Document(events(stream, progress), progress, file)
    yielded = 0
    try:
        for value in document.values():
            yielded += 1
            yield value
    except (ijson.JSONError, ValueError) as error:
        why = str(error).split("\n")[0].strip().removesuffix(".")
        if isinstance(error, CutError) or why == AT_THE_END:
            reason = "The JSON ends here in the middle of a value, which was left out. Fetch it again, whole."
        elif lenient:
            stream.seek(0)
            yield from itertools.islice(values_of_document(stream, file, lenient), yielded, None)
            return
        else:
            reason = f"This is not valid {language} ({why}), so nothing after it could be read. Mend it and try again."
        yield Problem(file, progress.line, reason)
    except EndlessTextError:
        yield document.standing_alone(_TOO_LARGE, progress.line)


def _values(events: Iterator[tuple[str, Any]]) -> Iterator[Any]:
    """Yield the values that these events make, one behind the other."""
    builder, depth = ijson.ObjectBuilder(), 0
    for name, content in events:
        builder.event(name, content)
        depth += (name in STARTS) - (name in ENDS)
        if not depth:
            yield builder.value
            builder = ijson.ObjectBuilder()


def _unwrapped(value: Any, wrappers: frozenset[str] = WRAPPERS, depth: int = 0) -> Iterator[Any]:
    """Yield the objects inside `value` if it only wraps them, else `value`."""
    if isinstance(value, dict) and (not any(map(_is_title, value)) or _is_heading(value)) and depth < MOST_WRAPPERS:
        wrapped = [inner for key, inner in value.items() if key.lower() in wrappers]
        lists = [inner for inner in wrapped if isinstance(inner, list) and inner and isinstance(inner[0], dict)]
        inner = [one for each in lists for one in each] or [one for one in wrapped if isinstance(one, dict)][:1]
        if inner:
            for one in inner:
                yield from _unwrapped(one, depth=depth + 1)
            yield from _papers_under_own_names(
                {key: inner for key, inner in value.items() if key.lower() not in wrappers and not _is_title(key)}
            )
            return
        if papers := _papers_under_own_names({key: inner for key, inner in value.items() if not _is_title(key)}):
            yield from papers
            return
    yield value


def _is_heading(value: Mapping[str, Any]) -> bool:
    """Tell whether the title of an object is that of a list of papers which it holds."""
    if NO_HEADING.intersection(map(str.lower, value)):
        return False
    lists = (inner for key, inner in value.items() if key.lower() in OUTERMOST_WRAPPERS and isinstance(inner, list))
    if any(any(isinstance(one, dict) and any(map(_is_title, one)) for one in inner[:FIRST_ITEMS]) for inner in lists):
        return True
    says_more = not (SIGNS_OF_A_PAPER - OF_A_LIST).isdisjoint(map(plain_name, value))
    return not says_more and any(
        any(map(_is_paper, inner[:FIRST_ITEMS])) for inner in value.values() if isinstance(inner, list)
    )


def _is_title(key: str) -> bool:
    return "title" in key.lower() or "display_name" in key.lower()


def _is_paper(value: Any) -> bool:
    """Tell whether this object names a title, in one language or several, and something else that a paper has."""
    if not isinstance(value, dict):
        return False
    names = {plain_name(key) for key, inner in value.items() if inner}
    return not names.isdisjoint(TITLES) and not names.isdisjoint(SIGNS_OF_A_PAPER)


def _is_paper_by_id(key: str, value: Any) -> bool:
    """Tell whether this is a paper of its own, kept under its id, and nothing that is part of a paper."""
    return plain_name(key) not in ENVELOPES | PARTS_OF_A_PAPER and _is_paper(value)


def _is_beside_papers(key: str, value: Any) -> bool:
    """Tell whether this, among papers kept under their ids, is meant as one, be it whole or not."""
    if not isinstance(value, dict) or plain_name(key) in ENVELOPES | PARTS_OF_A_PAPER:
        return False
    return not (TITLES | NO_HEADING).isdisjoint(map(plain_name, value))


def _papers_under_own_names(value: Mapping[str, Any], depth: int = 0) -> list[Any]:
    """Return the papers that an object which is none holds under their ids and in lists, and what is meant as one."""
    if depth > MOST_OWN_NAMES or any(map(_may_be_of_a_paper, value.items())):
        return []
    papers: list[Any] = []
    is_map = any(_is_paper_by_id(key, inner) for key, inner in value.items())
    for key, inner in value.items():
        if is_map and _is_beside_papers(key, inner):
            papers.append({"id": key, **inner})
        elif isinstance(inner, list):
            papers += _papers_of_list(inner, depth)
        elif isinstance(inner, dict):
            papers += _papers_under_own_names(inner, depth + 1)
    return papers


def _papers_of_list(items: list[Any], depth: int = 0) -> list[Any]:
    objects = [one for one in items if isinstance(one, dict)]
    if any(map(_is_paper, objects[:FIRST_ITEMS])):
        return objects
    return [paper for one in objects for paper in _papers_under_own_names(one, depth + 1)]


def _may_be_of_a_paper(member: tuple[str, Any]) -> bool:
    """Tell whether a member of an object says that the object is a paper: a title, authors, a paper that it wraps."""
    key, value = member
    return (
        _is_title(key)
        or plain_name(key) in NO_HEADING
        or (plain_name(key) in ENVELOPES and _is_paper(value) and not NO_HEADING.isdisjoint(map(plain_name, value)))
    )


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """Return the name of a field in small letters without punctuation and without the prefix of a vocabulary."""
    return PUNCTUATION.sub("", VOCABULARY.sub("", name.lower()))


class _Document:
    """A document that is read once from front to back."""

    def __init__(self, events: Iterator[tuple[str, Any]], progress: Progress, file: str) -> None:
        self._events = events
        self._progress = progress
        self._file = file
        self._collections: Any = None

    def values(self) -> Iterator[JsonValue | Problem]:
        """Yield every value that stands alone once what wraps it is taken off."""
        for name, content in self._events:
            line, start = self._progress.line, self._progress.position
            value = (yield from self._opened(name, start, 0)) if name in STARTS else self._whole(name, content, start)
            if isinstance(value, dict) and _is_heading(value):
                yield from (self.standing_alone(one, line) for one in _unwrapped(value, OUTERMOST_WRAPPERS))
            elif value is not _TAKEN_APART:
                yield self.standing_alone(value, line, is_outermost=True)

    def standing_alone(self, value: Any, line: int, *, is_outermost: bool = False) -> JsonValue | Problem:
        """Return a value that nothing wraps, or the Problem that it is too large."""
        if value is not _TOO_LARGE:
            return JsonValue(value, line, self._collections, is_outermost)
        limit = LARGEST_VALUE // 1_000_000
        reason = f"This value is larger than {limit} MB or nests too deeply for a paper. Take it out."
        return Problem(self._file, line, reason)

    def _opened(self, kind: str, start: int, depth: int) -> Generator[JsonValue | Problem, None, Any]:
        """Yield the papers that an array or object wraps and return _TAKEN_APART, or return the array or object.

        `start` is where the value began that is too large for a paper if this one is; `depth` counts what wraps it.
        """
        if kind != "start_map":
            return (yield from self._array(start, depth))
        wrappers = WRAPPERS if depth else OUTERMOST_WRAPPERS
        members: dict[str, Any] = {}
        listed: list[JsonValue | Problem] = []  # papers under their ids, until it is sure that they are such
        papers = 0
        is_wrapper = is_too_large = is_titled = is_map = is_paper = has_own_lists = False
        for name, key in self._events:
            if name in ENDS:
                break
            name, content = next(self._events)
            line = self._progress.line
            is_titled = is_titled or _is_title(key)
            is_paper = is_paper or _may_be_of_a_paper((key, None))
            began = self._progress.position if is_map or has_own_lists else start
            if name in STARTS and key.lower() in wrappers and not is_titled and depth < MOST_WRAPPERS:
                value = yield from self._opened(name, began, depth + 1)
            elif name == "start_array" and not depth and not is_paper:
                value = yield from self._own_list(began)
                has_own_lists = has_own_lists or value is _TAKEN_APART
            else:
                value = self._whole(name, content, began)
                is_paper = is_paper or _may_be_of_a_paper((key, value))
            if depth == 0 and key == COLLECTIONS and value is not _TOO_LARGE and value is not _TAKEN_APART:
                self._collections = value
            if not is_titled and _is_beside_papers(key, value):
                listed.append(self.standing_alone({"id": key, **value}, line))
                papers += _is_paper_by_id(key, value)
                is_map = is_map or papers > 1
            elif is_map and value is _TOO_LARGE:
                yield self.standing_alone(value, line)
            if is_map:
                yield from listed
                listed.clear()
            is_wrapper = is_wrapper or is_map or (value is _TAKEN_APART and not has_own_lists)
            is_too_large = is_too_large or value is _TOO_LARGE
            if is_wrapper or is_too_large:
                members.clear()
            elif value is not _TAKEN_APART:
                members[key] = value
        if papers and not (is_wrapper or is_too_large or is_titled):
            yield from listed
            is_wrapper = True
        if not is_wrapper and not is_too_large:
            if has_own_lists and _is_paper(members):  # its lists came before its title
                yield self.standing_alone(members, self._progress.line)
            elif not has_own_lists or members:
                inner = _papers_under_own_names(members)
                yield from (self.standing_alone(one, self._progress.line) for one in inner)
                is_wrapper = bool(inner)
        return _TAKEN_APART if is_wrapper or has_own_lists else _TOO_LARGE if is_too_large else members

    def _own_list(self, start: int) -> Generator[JsonValue | Problem, None, Any]:
        """Yield the papers of a list under a name of one's own and return _TAKEN_APART, or return the list."""
        elements: list[Any] = []
        is_of_papers = is_too_large = False
        for name, content in self._events:
            if name in ENDS:
                break
            line = self._progress.line
            value = self._whole(name, content, self._progress.position if is_of_papers else start)
            inner: list[Any] = []
            if isinstance(value, dict):
                inner = [value] if is_of_papers and _is_paper(value) else _papers_of_list([value])
            if (inner or is_of_papers) and not is_too_large:
                waiting = [one for one in elements if isinstance(one, dict)] if not is_of_papers else []
                alone = not inner and (value is _TOO_LARGE or isinstance(value, dict))
                inner = [*waiting, *inner, *([value] if alone else [])]
                yield from (self.standing_alone(one, line) for one in inner)
                is_of_papers = True
                elements.clear()
                continue
            is_too_large = is_too_large or value is _TOO_LARGE
            if is_too_large:
                elements.clear()
            else:
                elements.append(value)
        return _TAKEN_APART if is_of_papers else _TOO_LARGE if is_too_large else elements

    def _array(self, start: int, depth: int) -> Generator[JsonValue | Problem, None, Any]:
        """Yield the objects of an array, of the outermost all that it holds; return as `_opened` does."""
        elements: list[Any] = []
        is_wrapper, is_too_large = depth == 0, False
        for name, content in self._events:
            if name in ENDS:
                break
            line = self._progress.line
            stands_alone = depth == 0 or name == "start_map"
            began = self._progress.position if stands_alone else start
            if name == "start_map" and depth < MOST_WRAPPERS:
                value = yield from self._opened(name, began, depth + 1)
            else:
                value = self._whole(name, content, began)
            if stands_alone and value is not _TAKEN_APART:
                yield self.standing_alone(value, line)
            is_wrapper = is_wrapper or stands_alone or value is _TAKEN_APART
            is_too_large = is_too_large or value is _TOO_LARGE
            if is_wrapper or is_too_large:
                elements.clear()
            else:
                elements.append(value)
        return _TAKEN_APART if is_wrapper else _TOO_LARGE if is_too_large else elements

    def _whole(self, name: str, content: Any, start: int) -> Any:
        """Return the value that begins with this event, _TOO_LARGE where it is."""
        if name not in STARTS:
            return content if self._progress.position - start <= LARGEST_VALUE else _TOO_LARGE
        builder, depth = ijson.ObjectBuilder(), 0
        while True:
            if depth > DEEPEST_NESTING or self._progress.position - start > LARGEST_VALUE:
                builder = None
            if builder:
                builder.event(name, content)
            depth += (name in STARTS) - (name in ENDS)
            if not depth:
                return builder.value if builder else _TOO_LARGE
            name, content = next(self._events)


def _why(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} at column {error.colno}"
    return "values nest too deeply" if isinstance(error, RecursionError) else "a number is too long"
