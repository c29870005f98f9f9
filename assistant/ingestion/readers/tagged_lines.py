"""Cuts files of tagged lines (RIS and its kin) into records, a line at a time, so that no file is too long."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

LONGEST_RECORD = 2_000_000  # characters of the tags that are wanted
PIECE = 1 << 16  # characters read at once of a line that is too long


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one kind of file writes its records.

    `start` matches the line that begins a record; `tag` gives tag and value of any tagged line; `end` is the tag that
    closes a record. Lines without a tag go on with the value above them, except those that are `noise`; below a tag
    in `listed` each of them is a value of its own. Where `is_parted_by_blanks`, a tag after an empty line begins a
    record too.
    """

    start: re.Pattern[str]
    tag: re.Pattern[str]
    end: str
    noise: re.Pattern[str]
    listed: frozenset[str] = frozenset()
    is_parted_by_blanks: bool = False


@dataclass(frozen=True, slots=True)
class TaggedRecord:
    """One record: the line it starts in, its tags with their values in order, and whether it is too long to keep."""

    line: int
    fields: tuple[tuple[str, str], ...]
    dialect: Dialect
    is_too_long: bool = False


class _Draft:
    """A record as it grows; only the wanted tags are kept, and nothing of a record that is too long."""

    def __init__(self, line: int, dialect: Dialect, wanted: Collection[str]) -> None:
        self.line = line
        self.dialect = dialect
        self._wanted = wanted
        self._fields: list[tuple[str, list[str]]] = []
        self._is_kept = False
        self._size = 0

    def add(self, tag: str, value: str) -> None:
        self._is_kept = tag in self._wanted
        if self._is_kept and self._has_room(value):
            self._fields.append((tag, [value.strip()]))

    def go_on(self, text: str) -> None:
        if not self._is_kept or not self._has_room(text):
            return
        tag = self._fields[-1][0]
        if tag in self.dialect.listed:
            self._fields.append((tag, [text.strip()]))
        else:
            self._fields[-1][1].append(text.strip())

    def finish(self) -> TaggedRecord:
        is_too_long = self._size > LONGEST_RECORD
        fields = () if is_too_long else tuple((tag, " ".join(filter(None, lines))) for tag, lines in self._fields)
        return TaggedRecord(self.line, fields, self.dialect, is_too_long)

    def _has_room(self, text: str) -> bool:
        self._size += len(text)
        if self._size > LONGEST_RECORD:
            self._fields.clear()
            self._is_kept = False
        return self._size <= LONGEST_RECORD


def tagged_records(stream: TextIO, dialects: Sequence[Dialect], wanted: Collection[str]) -> Iterator[TaggedRecord]:
    """Yield each record; one that is never closed ends where the next begins, and what stands between them is left out.

    The line that starts a record says which dialect it is in. Of each record only the tags in `wanted` are kept.
    """
    draft: _Draft | None = None
    is_after_blank = True
    for number, line in numbered_lines(stream):
        starting = next((dialect for dialect in dialects if _is_start(line, dialect, is_after_blank)), None)
        is_after_blank = not line.strip()
        if starting:
            if draft:
                yield draft.finish()
            draft = _Draft(number, starting, wanted)
        if not draft:
            continue
        found = draft.dialect.tag.match(line)
        if found and found[1] == draft.dialect.end:
            yield draft.finish()
            draft = None
        elif found:
            draft.add(found[1], found[2] or "")
        elif not draft.dialect.noise.fullmatch(line.strip()):
            draft.go_on(line)
    if draft:
        yield draft.finish()


def _is_start(line: str, dialect: Dialect, is_after_blank: bool) -> bool:
    after_blank = is_after_blank and dialect.is_parted_by_blanks and dialect.tag.match(line)
    return bool(after_blank or dialect.start.match(line))


def numbered_lines(stream: TextIO) -> Iterator[tuple[int, str]]:
    """Yield the number and the text of each line without its end; a line too long for any record is cut there."""
    number = 0
    while line := stream.readline(LONGEST_RECORD + 2):
        number += 1
        yield number, line.rstrip("\n")
        while not line.endswith("\n") and (line := stream.readline(PIECE)):
            pass
