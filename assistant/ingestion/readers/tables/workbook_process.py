"""Sheets of a workbook, unpacked in a process of their own: what a hostile file does to the memory stays in it.

This is a program: `python -P workbook_process.py FILE BYTES` takes that much memory at most, where the system can bound
it, and writes lines of JSON. An object says which sheet comes next, or why none does; a list is a row that holds
something: its number, what its empty cells are merged with by their places, its cells.
calamine lays a sheet out whole before it gives the first row, and ends its process
where the memory does not suffice.
"""

from __future__ import annotations

import datetime
import json
import sys
from contextlib import suppress
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

LONGEST_TIME = 300  # seconds of processor


def main(path: str, memory: int) -> None:
    """Write what the sheets of a workbook hold."""
    _bound(memory)
    try:
        with CalamineWorkbook.from_path(path) as book:
            every = enumerate(book.sheets_metadata)
            sheets = [(place, each) for place, each in every if each.typ is SheetTypeEnum.WorkSheet]
            for place, sheet in sheets:
                is_hidden = sheet.visible is not SheetVisibleEnum.Visible
                _say({"sheet": sheet.name, "hidden": is_hidden, "of": len(sheets)})
                _write_rows(book.get_sheet_by_index(place))
    except PasswordError:
        _say({"error": "it is locked with a password"})
    except (CalamineError, OSError, ValueError) as error:
        _say({"error": str(error)})
    _say({"end": True})


def _write_rows(sheet: CalamineSheet) -> None:
    left = (sheet.start or (0, 0))[1]  # rows begin at the first column that holds something
    merged: dict[int, list[tuple[int, int]]] = {}  # of rows: by the first, the last and the column
    for (first, column), (last, _) in sheet.merged_cell_ranges or ():
        if last > first:
            merged.setdefault(first, []).append((last, column - left))
    begun: dict[int, tuple[int, Any]] = {}  # by the column, the last row and what stands in all of them
    for number, row in enumerate(sheet.iter_rows()):
        for last, column in merged.pop(number, ()):
            if 0 <= column < len(row):
                begun[column] = (last, row[column])
        if not any(cell != "" for cell in row):
            continue
        if begun:
            begun = {column: one for column, one in begun.items() if one[0] >= number}
        above = {column: _text(cell) for column, (_, cell) in begun.items() if row[column] == ""}
        _say([number + 1, above, *map(_text, row)])


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
