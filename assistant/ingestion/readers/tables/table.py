"""Tables written as text (CSV and its kin), in whose rows quotation marks may be wrong."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from assistant.ingestion.readers.fields import NO_COLUMNS
from assistant.ingestion.readers.tables.columns import (
    ROWS_BEFORE_HEADER,
    Columns,
    Row,
    likeliest,
    no_header,
    unknown_field,
)
from assistant.ingestion.readers.tables.rows import read_rows
from assistant.text import shortened
from assistant.types import Notice, Problem, ReaderItem

NAME = "CSV"
NOTHING_FOUND = "This table names its columns, and there is no row below them. Put one row a paper into it."

DELIMITERS = ",;\t|"
LONGEST_HEADER = 20_000  # characters
LINES_OF_HEADER = 5  # the names of columns may hold line breaks
LINES_AHEAD = 10  # in which a row may end whose marks are wrong in its first line
MOST_ENDS = 100  # of a row that is put right, so many places are tried

QUOTED = re.compile(r'"[^"]*"')
MARKS = re.compile(r'(?<!\\)"+')
ESCAPED = re.compile(r'""|\\"')


@dataclass(frozen=True, slots=True)
class Writing:
    """How a table is written: the character between cells, and whether a space follows it before quotation marks."""

    delimiter: str
    is_spaced: bool = False

    def read(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """Yield rows as they stand; raises csv.Error where a quotation mark is wrong."""
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.is_spaced, strict=True)


def start(head: str, columns: Mapping[str, Sequence[str]] = NO_COLUMNS) -> int | None:
    """Return where the row stands that names the columns, or None: a title is among them, and something besides."""
    position = 0
    lines = head.split("\n", ROWS_BEFORE_HEADER + LINES_OF_HEADER)
    if _outer(lines[0]) or _ends(lines[0]):
        return position
    for number, line in enumerate(lines[:ROWS_BEFORE_HEADER]):
        names = _names(lines[number : number + LINES_OF_HEADER])
        if names and (Columns(names, columns).are_of_papers or Columns(names).are_of_papers):
            return position
        position += len(line) + 1
    return None


def parse(stream: TextIO, file: str, columns: Mapping[str, Sequence[str]] = NO_COLUMNS) -> Iterator[ReaderItem]:
    """Yield one item for each row; `columns` maps a field of ours to the name of its column."""
    problem = unknown_field(columns, file)
    if problem:
        yield problem
        return
    blank, head = 0, next(stream, "")
    while head.isspace():
        blank, head = blank + 1, next(stream, "")
    first: list[str] = []
    all_lines = _unwrapped(head, stream)
    for line in all_lines:
        first.append(line)
        if len(first) == ROWS_BEFORE_HEADER + LINES_OF_HEADER:
            break
    candidates = [(number, _names(first[number : number + LINES_OF_HEADER])) for number in range(len(first))]
    rows = [
        (Row(blank + number + 1, names), Columns(names, columns)) for number, names in candidates[:ROWS_BEFORE_HEADER]
    ]
    header = likeliest(rows)
    if not header:
        yield no_header([row for row, _ in rows], columns, file)
        return
    row, found = header
    begins = row.line - blank - 1
    written = first[begins : begins + LINES_OF_HEADER]
    below = begins + _height(written)
    writing = _writing("".join(written[: _height(written)]))
    lines = itertools.chain(first[below:], all_lines)
    yield from read_rows(_rows(lines, file, blank + below, writing, found), found, file, separator=writing.delimiter)


def _unwrapped(head: str, stream: TextIO) -> Iterator[str]:
    """Yield the lines of a table that begins with `head`; of one whose rows are single cells, what is in the cells."""
    outer = _outer(head)
    if not outer:
        yield from _without_ends(itertools.chain([head], stream), _ends(head))
        return
    again = [head.lstrip("\ufeff")]  # lines to be read once more, the next one last
    taken: list[str] = []  # lines of the row that is read

    def feed() -> Iterator[str]:
        while (line := again.pop() if again else next(stream, None)) is not None:
            taken.append(line)
            yield line

    rows = csv.reader(feed(), delimiter=outer, strict=True)
    while True:
        taken.clear()
        try:
            first, *others = next(rows) or [""]
        except StopIteration:
            return
        except (
            csv.Error
        ):  # a mark that is never closed: the line stands as it is, and those below are read by themselves
            again.extend(reversed(taken[1:]))
            rows = csv.reader(feed(), delimiter=outer, strict=True)
            yield taken[0]
            continue
        if any(others):
            yield from taken
        else:
            yield from io.StringIO(f"{first}\n")


def _without_ends(lines: Iterator[str], behind: str) -> Iterator[str]:
    for line in lines:
        text = line.rstrip("\r\n")
        yield text.removesuffix(behind) + line[len(text) :]


def _outer(head: str) -> str:
    """Return what parts cells around the rows, where each row is the first cell of another table; "" where none is."""
    for outer in ";,\t" if head.lstrip("\ufeff")[:1] == '"' else "":
        first, *others = _cells_around(head, outer)
        if not any(others) and Columns(_names([first])).are_of_papers:
            return outer
    return ""


def _ends(head: str) -> str:
    """Return the separators that a spreadsheet put behind a header whose names something else parts; "" for none."""
    line = head.rstrip()
    names = line.rstrip(";")
    is_parted = len(names) < len(line) and _writing(names).delimiter != ";"
    return line[len(names) :] if is_parted and Columns(_names([names])).are_of_papers else ""


def _cells_around(line: str, outer: str) -> list[str]:
    try:
        return next(csv.reader([line.lstrip("\ufeff")], delimiter=outer, strict=True))
    except (csv.Error, StopIteration):
        return [""]


def _rows(
    lines: Iterator[str], file: str, number: int, writing: Writing, columns: Columns
) -> Iterator[Row | Problem | Notice]:
    """Yield the rows below line `number`; of one whose quotation marks are wrong, what was meant, or the problem."""
    width = len(columns.names)
    again: list[str] = []  # lines to be read once more, the next one last
    taken: list[str] = []  # lines of the row that is read
    opened, first_opened = 0, 0

    def feed() -> Iterator[str]:
        while (line := again.pop() if again else next(lines, None)) is not None:
            taken.append(line)
            yield line

    rows = writing.read(feed())
    while True:
        taken.clear()
        try:
            cells: Sequence[str] | None = next(rows)
            used = len(taken)
            if used > 1 and _swallows(taken, writing, columns):
                raise csv.Error
            if cells and len(cells) != width and any('"' in line for line in taken):
                loose = _cells("".join(taken), writing.delimiter) or cells
                cells = loose if len(loose) == width else cells
            if cells and len(cells) < width:
                for line in itertools.islice(feed(), LINES_AHEAD):
                    text = "".join(taken)
                    is_enough = text.count(writing.delimiter) >= width - 1
                    whole = (_cells(text, writing.delimiter) or []) if is_enough else []
                    if len(whole) > width or _is_row(line, writing, columns):
                        break
                    if len(whole) == width and columns.hold_numbers(whole):
                        cells, used = whole, len(taken)
                        break
                again.extend(reversed(taken[used:]))
        except StopIteration:
            break
        except csv.Error:
            if len(_cells("".join(taken), writing.delimiter, closes=False) or ()) < width:
                for line in itertools.islice(feed(), LINES_AHEAD):
                    if _is_row(line, writing, columns):
                        break
            cells, used, is_open = _mended(taken, writing, columns)
            again.extend(reversed(taken[used:]))
            rows = writing.read(feed())
            if cells is None:
                which = f"lines {number + 1} to {number + used}" if used > 1 else "this line"
                begin = shortened(taken[0].strip(), 60)
                reason = f"A quotation mark is never closed here, so {which} cannot be read: “{begin}”. Close it, and "
                yield Problem(file, number + 1, f"{reason}add the file again.")
            elif is_open:
                opened, first_opened = opened + 1, first_opened or number + 1
        if cells:
            yield Row(number + 1, cells)
        number += used
    if opened:
        told = (
            f"{opened} row(s) have a quotation mark that is never closed, the first in line {first_opened}. They were "
        )
        yield Notice(file, f"{told}read as if it were not there.")


def _mended(taken: Sequence[str], writing: Writing, columns: Columns) -> tuple[list[str] | None, int, bool]:
    """Return the cells of a row that begins with these lines, how many are its own, and whether a mark is left open.

    A row ends before a line that is a whole row by itself. It is as short as it can be with as many cells as there are
    columns. No cells: it cannot be told.
    """
    width = len(columns.names)
    others = (place for place in range(1, len(taken)) if _is_row(taken[place], writing, columns))
    end = next(others, len(taken))
    text, tries, closed = "", 0, (0, list[str]())
    for count, line in enumerate(taken[:end], 1):
        text += line
        if '"' not in line or tries == MOST_ENDS:
            continue
        tries += 1
        cells = _cells(text, writing.delimiter)
        if cells and len(cells) == width:
            return cells, count, False
        closed = (count, cells) if cells and not closed[0] else closed
    for count in (1, end):
        cells = _cells("".join(taken[:count]), writing.delimiter, closes=False)
        if cells and len(cells) == width:
            return cells, count, True
    return (closed[1], closed[0], False) if closed[0] else (None, end, True)


def _swallows(taken: Sequence[str], writing: Writing, columns: Columns) -> bool:
    """Tell whether a mark that opens in the first of these lines has taken in rows that stand in the others."""
    first = _cells(taken[0], writing.delimiter, closes=False) or ()
    return len(first) == len(columns.names) and columns.fit(first) and _is_row(taken[1], writing, columns)


def _is_row(line: str, writing: Writing, columns: Columns) -> bool:
    """Tell whether a line is a whole row by itself, with cells that fit their columns."""
    is_enough = line.count(writing.delimiter) >= len(columns.names) - 1
    cells = _cells(line, writing.delimiter) if is_enough else None
    return cells is not None and len(cells) == len(columns.names) > 1 and columns.fit(cells)


def _cells(text: str, delimiter: str, *, closes: bool = True) -> list[str] | None:
    """Return the cells of a text in which a quotation mark closes only before a delimiter or at the end.

    Other marks within a cell are part of it. A mark that opens a cell and is never closed gives None or, if not
    `closes`, is passed over.
    """
    text = text.removesuffix("\n")
    cells: list[str] = []
    position = 0
    end_of_list = re.compile(rf'\]"(?=\s*(?:{re.escape(delimiter)}|\n|$))')
    have_ends = True  # further on there is a mark that closes a cell
    while True:
        begin = position
        while text.startswith(" ", begin):
            begin += 1
        close = -1
        if have_ends and text.startswith('"', begin):
            # A list of JSON may stand between marks as it is: only the outermost are those of the cell.
            is_list = text.startswith('"["', begin) and (found := end_of_list.search(text, begin))
            close = found.end() - 1 if is_list and found else _closing(text, begin + 1, delimiter)
            have_ends = close >= 0
        if close >= 0:
            cells.append(ESCAPED.sub('"', text[begin + 1 : close]))
            position = text.find(delimiter, close)
        elif text.startswith('"', begin) and closes:
            return None
        else:
            position = text.find(delimiter, position)
            cell = text[begin : position if position >= 0 else None]
            cells.append(cell.removeprefix('"') if cell.count('"') == 1 else cell)  # in “"Late" work”, it is the text's
        if position < 0:
            return cells
        position += 1


def _closing(text: str, position: int, delimiter: str) -> int:
    """Return where the mark stands that closes a cell; -1 if none does."""
    for found in MARKS.finditer(text, position):
        after = found.end()
        while text.startswith(" ", after):
            after += 1
        if len(found[0]) % 2 and (after == len(text) or text.startswith(delimiter, after)):
            return found.end() - 1
    return -1


def _names(lines: Sequence[str]) -> list[str]:
    """Return the cells of the row that begins with the first of these lines, if it can name columns."""
    text = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines[: _height(lines)])
    if not text or len(text) > LONGEST_HEADER:
        return []
    return _cells(text, _writing(text).delimiter) or []


def _height(lines: Sequence[str]) -> int:
    """Return how many of these lines the first row takes: until its quotation marks are closed."""
    marks = 0
    for count, line in enumerate(lines, 1):
        marks += line.count('"')
        if marks % 2 == 0:
            return count
    return 1


def _writing(header: str) -> Writing:
    """Return how a table with this header is written: what parts cells stands most often outside of marks."""
    delimiter = max(DELIMITERS, key=QUOTED.sub("", header).count)
    return Writing(delimiter, f'"{delimiter} "' in header)
