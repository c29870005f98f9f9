"""Records of tagged lines, as RIS and its kin write them, read a line at a time."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from assistant.ingestion.readers import fields
from assistant.types import Problem

LONGEST_RECORD = 2_000_000  # characters of the tags that are wanted


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one kind of file writes its records.

    `start` matches the line that begins a record; `tag` gives tag and value of any tagged line; `end` is the tag that
    closes a record. Lines without a tag continue the value above them, except those that are `noise`; below a tag in
    `listed` each of them is a value of its own. Where `is_parted_by_blanks`, a tag after an empty line begins a record
    too.
    """

    start: re.Pattern[str]
    tag: re.Pattern[str]
    end: str
    noise: re.Pattern[str]
    listed: frozenset[str] = frozenset()
    is_parted_by_blanks: bool = False

    def is_start(self, line: str, *, is_after_blank: bool) -> bool:
        """Tell whether a record begins with this line."""
        after_blank = is_after_blank and self.is_parted_by_blanks and self.tag.match(line)
        return bool(after_blank or self.start.match(line))


@dataclass(frozen=True, slots=True)
class TaggedRecord:
    """One record: the line it starts in, its tags with their values in order, and the same values by tag."""

    line: int
    dialect: Dialect
    pairs: Sequence[tuple[str, str]]
    values: Mapping[str, Sequence[str]]

    def all_of(self, *tags: str) -> list[str]:
        """Return every value of these tags, tag by tag."""
        return [value for tag in tags for value in self.values.get(tag, ())]

    def first(self, *tags: str) -> str:
        """Return the first value that is not empty of the first of these tags that has one, else ""."""
        return fields.first_of(*self.all_of(*tags))

    def whole(self, *tags: str) -> str:
        """Return all values of the first of these tags that has one: a tag repeated for each paragraph is one text."""
        return fields.first_of(*(" ".join(dict.fromkeys(self.values.get(tag, ()))).strip() for tag in tags))


@dataclass(slots=True)
class _Draft:
    """A record as it grows: its wanted tags, each with the lines of its value, and their size in characters."""

    line: int
    dialect: Dialect
    values: list[tuple[str, list[str]]] = field(default_factory=list)
    size: int = 0

    def finished(self, file: str) -> TaggedRecord | Problem:
        if self.size > LONGEST_RECORD:
            limit = LONGEST_RECORD // 1_000_000
            where = "Check whether the line that ends it is missing"
            return Problem(file, self.line, f"This record is longer than {limit} MB and was left out. {where}.")
        pairs = [(tag, " ".join(filter(None, lines))) for tag, lines in self.values]
        values: dict[str, list[str]] = {}
        for tag, value in pairs:
            values.setdefault(tag, []).append(value)
        return TaggedRecord(self.line, self.dialect, pairs, values)


def tagged_records(
    stream: TextIO, file: str, dialects: Sequence[Dialect], wanted: Collection[str]
) -> Iterator[TaggedRecord | Problem]:
    """Yield each record with its tags in `wanted`; one that is never closed ends where the next one begins.

    The line that starts a record says which dialect it is in. What stands between records is left out. A record that is
    too long is a Problem.
    """
    draft: _Draft | None = None
    is_after_blank, tag = True, ""
    for number, line in enumerate(stream, start=1):
        starting = next((one for one in dialects if one.is_start(line, is_after_blank=is_after_blank)), None)
        is_after_blank = not line.strip()
        if starting:
            if draft:
                yield draft.finished(file)
            draft, tag = _Draft(number, starting), ""
        if not draft:
            continue
        found = draft.dialect.tag.match(line)
        if found and found[1] == draft.dialect.end:
            yield draft.finished(file)
            draft = None
            continue
        if not found and draft.dialect.noise.fullmatch(line.strip()):
            continue
        tag, text = (found[1], found[2] or "") if found else (tag, line)
        if tag not in wanted:
            continue
        draft.size += len(text)
        if draft.size > LONGEST_RECORD:
            draft.values.clear()  # nothing is stored of a record that is too long
        elif found or tag in draft.dialect.listed:
            draft.values.append((tag, [text.strip()]))
        else:
            draft.values[-1][1].append(text.strip())
    if draft:
        yield draft.finished(file)
