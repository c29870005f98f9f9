"""Tables as elements: of a web page, and of the XML that Excel wrote before 2007. Both are often called .xls."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from lxml import etree  # type: ignore[import-untyped]

from assistant.ingestion.readers.fields import NO_COLUMNS
from assistant.ingestion.readers.tables.columns import (
    ROWS_BEFORE_HEADER,
    Columns,
    Row,
    no_header,
    unknown_field,
)
from assistant.ingestion.readers.tables.rows import read_rows
from assistant.ingestion.readers.xml.xml_elements import Element, forget
from assistant.types import Problem, ReaderItem

NAME = "table of a web page"
NOTHING_FOUND = "This table names its columns, and there is no row below them. Put one row a paper into it."

PIECE = 1 << 16  # characters
MOST_COLUMNS = 1_000
LARGEST_ROW = 10_000_000  # characters between the ends of two rows
BEGINNING = re.compile(
    r"\ufeff?\s*<(?:!doctype html|html\b|head\b|meta\b|style\b|table\b|\?xml\b|(?:\w+:)?workbook\b)", re.I
)
ROWS = ("tr", "row")
BLOCKS = ("br", "div", "li", "p")
CELLS = ("td", "th", "cell")


def start(head: str, columns: Mapping[str, Sequence[str]] = NO_COLUMNS) -> int | None:
    """Return 0 where a page begins with a table that has a row which names the columns of papers, else None."""
    if not BEGINNING.match(head):
        return None
    first = itertools.islice(_rows(iter([head]), ""), ROWS_BEFORE_HEADER)
    return 0 if any(_is_sure(row, columns) for row in first if isinstance(row, Row)) else None


def parse(stream: TextIO, file: str, columns: Mapping[str, Sequence[str]] = NO_COLUMNS) -> Iterator[ReaderItem]:
    """Yield one item for each row; `columns` maps a field of ours to the name of its column."""
    problem = unknown_field(columns, file)
    if problem:
        yield problem
        return
    rows = _rows(iter(lambda: stream.read(PIECE), ""), file)
    first: list[Row] = []
    for row in itertools.islice(rows, ROWS_BEFORE_HEADER):
        if isinstance(row, Problem):
            yield row
            return
        found = Columns(row.cells, columns)
        if found.are_of_papers:
            yield from read_rows(rows, found, file)
            return
        first.append(row)
    yield no_header(first, columns, file)


def _is_sure(row: Row, columns: Mapping[str, Sequence[str]]) -> bool:
    return Columns(row.cells, columns).are_of_papers or Columns(row.cells).are_of_papers


def _rows(pieces: Iterator[str], file: str) -> Iterator[Row | Problem]:
    """Yield the rows of all tables."""
    parser = etree.HTMLPullParser(events=("end",), tag=ROWS, remove_comments=True, remove_pis=True)
    waiting = 0
    for piece in pieces:
        try:
            parser.feed(piece)
        except etree.ParserError as error:
            yield Problem(
                file, 0, f"The page is broken ({error}), so nothing after this could be read. Save it as CSV."
            )
            return
        waiting += len(piece)
        for _, element in parser.read_events():
            waiting = 0
            cells = _cells(element)
            if any(cells):
                yield Row(element.sourceline or 0, cells)
            forget(element)
        if waiting > LARGEST_ROW:
            limit = f"{LARGEST_ROW // 1_000_000} MB"
            yield Problem(file, 0, f"No row ends within {limit}, so nothing more could be read. Save the table as CSV.")
            return


def _cells(row: Element) -> list[str]:
    """Return the texts of a row's cells; those that are left out, or span columns, leave empty ones."""
    cells: list[str] = []
    for cell in row:
        if cell.tag not in CELLS:
            continue
        place, span = (_number(cell.get(name)) for name in ("ss:index", "colspan"))
        cells += [""] * min(place - 1 - len(cells), MOST_COLUMNS)
        for block in cell.iter(*BLOCKS):
            block.text, block.tail = f" {block.text or ''}", f" {block.tail or ''}"
        cells.append(" ".join("".join(cell.itertext()).split()))
        cells += [""] * min(span - 1, MOST_COLUMNS)
        if len(cells) > MOST_COLUMNS:
            break
    return cells


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0
