"""Sheets of a workbook, unpacked in a process of their own: what a hostile file does to the memory stays in it.

This is a program: `python -P workbook_process.py FILE BYTES` takes that much memory at most, where the system can bound
it, and writes lines of JSON. An object says which sheet comes next and, by column, how many formulas have no value and
the row of the first, or why none comes; a list is a row that holds something: its number, what its empty cells are
merged with and where its cells link to by their places, its cells. calamine lays a sheet out whole before it gives the
first row, and ends its process where the memory does not suffice. It knows neither links nor formulas; of .xlsx they
are read out of the XML.
"""

from __future__ import annotations

import datetime
import json
import re
import sys
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

from lxml import etree  # type: ignore[import-untyped]
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

LONGEST_TIME = 300  # seconds of processor
PIECE = 1 << 20  # bytes
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
LINK = re.compile(r'(?i)HYPERLINK\(\s*"([^"]*)"')
OF_TEXT = re.compile(r'(?i)HYPERLINK\(\s*"[^"]*"\s*[,;]\s*"[^"]*"\s*\)|"[^"]*"')  # which is read without its value

UNREADABLE = (
    EOFError, KeyError, NotImplementedError, RuntimeError, etree.LxmlError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip

Place = tuple[int, int]
"""A row and a column, from 0."""


@dataclass
class _Beside:
    """What stands beside the values of a sheet: where cells link to, and formulas whose value was not stored."""

    links: dict[Place, str] = field(default_factory=dict)
    formulas: dict[Place, str] = field(default_factory=dict)


def main(path: str, memory: int) -> None:
    """Write what the sheets of a workbook hold."""
    _bound(memory)
    try:
        with CalamineWorkbook.from_path(path) as book:
            every = enumerate(book.sheets_metadata)
            sheets = [(place, each) for place, each in every if each.typ is SheetTypeEnum.WorkSheet]
            for place, sheet in sheets:
                is_hidden = sheet.visible is not SheetVisibleEnum.Visible
                beside = _beside(path, sheet.name)
                cells = book.get_sheet_by_index(place)
                left = (cells.start or (0, 0))[1]  # rows begin at the first column that holds something
                lost: dict[int, list[int]] = {}
                for (row, column), formula in beside.formulas.items():
                    if not OF_TEXT.fullmatch(formula):
                        lost.setdefault(column - left, [0, row + 1])[0] += 1
                _say({"sheet": sheet.name, "hidden": is_hidden, "of": len(sheets), "lost": lost})
                _write_rows(cells, beside, left)
    except PasswordError:
        _say({"error": "it is locked with a password"})
    except (CalamineError, OSError, ValueError) as error:
        _say({"error": str(error)})
    _say({"end": True})


def _beside(path: str, name: str) -> _Beside:
    """Return what stands beside the values of the sheet with this name; nothing of what is no .xlsx."""
    found = _Beside()
    with suppress(*UNREADABLE), zipfile.ZipFile(path) as book:
        parts = _relations(book, "xl/_rels/workbook.xml.rels")
        with book.open("xl/workbook.xml") as stream:
            sheets = _elements(stream, "sheet")
            part = next((parts[sheet.get(RELATION)] for sheet in sheets if sheet.get("name") == name), "")
        part = part.removeprefix("/") if part.startswith("/") else f"xl/{part}"
        folder, _, file = part.rpartition("/")
        relations = f"{folder}/_rels/{file}.rels"
        addresses = _relations(book, relations, "/hyperlink") if relations in book.namelist() else {}
        if not addresses and not _holds(book, part, b"<f"):
            return found
        with book.open(part) as stream:
            for element in _elements(stream, "c", "row", "hyperlink"):
                formula = element.find("{*}f")
                if address := addresses.get(element.get(RELATION)):
                    if place := _place(element.get("ref")):
                        found.links[place] = address
                elif formula is not None and (place := _place(element.get("r"))):
                    link = LINK.match(formula.text or "")
                    if link:
                        found.links[place] = link[1]
                    is_empty = element.get("t") == "str" and not link  # its value is an empty text
                    if not (element.findtext("{*}v") or element.findtext("{*}is") or is_empty):
                        found.formulas[place] = formula.text or ""
    return found


def _relations(book: zipfile.ZipFile, part: str, kind: str = "") -> dict[str | None, str]:
    with book.open(part) as stream:
        every = _elements(stream, "Relationship")
        return {one.get("Id"): one.get("Target") or "" for one in every if (one.get("Type") or "").endswith(kind)}


def _elements(stream: IO[bytes], *names: str) -> Any:
    tags = [f"{{*}}{name}" for name in names]
    for _, element in etree.iterparse(stream, tag=tags, resolve_entities=False, no_network=True):
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _place(reference: str | None) -> Place | None:
    found = REFERENCE.match(reference or "")
    if not found:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def _holds(book: zipfile.ZipFile, part: str, sought: bytes) -> bool:
    with book.open(part) as stream:
        before = b""
        while piece := stream.read(PIECE):
            if sought in before[-len(sought) :] + piece:
                return True
            before = piece
    return False


def _write_rows(sheet: CalamineSheet, beside: _Beside, left: int) -> None:
    merged: dict[int, list[tuple[int, int]]] = {}  # of rows: by the first, the last and the column
    for (first, column), (last, _) in sheet.merged_cell_ranges or ():
        if last > first:
            merged.setdefault(first, []).append((last, column - left))
    begun: dict[int, tuple[int, Any]] = {}  # by the column, the last row and what stands in all of them
    links: dict[int, dict[int, str]] = {}
    for (number, column), address in beside.links.items():
        links.setdefault(number, {})[column - left] = address
    formulas: dict[int, dict[int, str]] = {}
    for (number, column), formula in beside.formulas.items():
        if OF_TEXT.fullmatch(formula):
            formulas.setdefault(number, {})[column - left] = f"={formula}"
    for number, values in enumerate(sheet.iter_rows()):
        row: list[Any] = list(values)
        for column, formula in formulas.get(number, {}).items():
            if 0 <= column < len(row):
                row[column] = row[column] if row[column] != "" else formula
        for last, column in merged.pop(number, ()):
            if 0 <= column < len(row):
                begun[column] = (last, row[column])
        if not any(cell != "" for cell in row):
            continue
        if begun:
            begun = {column: one for column, one in begun.items() if one[0] >= number}
        above = {column: _text(cell) for column, (_, cell) in begun.items() if row[column] == ""}
        _say([number + 1, above, links.get(number, {}), *map(_text, row)])


def _text(cell: Any) -> str:
    """Return a cell as a person reads it: whole numbers without a fraction, a day without an hour."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else str(cell)
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        cell = cell.date()
    return cell.isoformat() if isinstance(cell, datetime.date | datetime.time) else str(cell)


def _say(message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")


def _bound(memory: int) -> None:
    """Keep the memory and the time of this process within bounds, where the system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_TIME, LONGEST_TIME))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
