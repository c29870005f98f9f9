"""Workbooks of spreadsheets (.xlsx, .xls, .xlsb, .ods): the sheets whose columns are those of papers."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

from assistant.ingestion.readers.tables.columns import (
    ROWS_BEFORE_HEADER,
    Columns,
    Row,
    likeliest,
    listed,
    no_header,
    unknown_field,
)
from assistant.ingestion.readers.tables.rows import read_rows
from assistant.types import Notice, Problem, ReaderItem

NAME = "Excel"
NOTHING_FOUND = "This table names its columns, and there is no row below them. Put one row a paper into it."

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what .xls lies in, and a workbook with a password
SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
LARGEST_MEMORY = 2 << 30  # bytes, of the process that unpacks
PROGRAM = Path(__file__).with_name("workbook_process.py")


def is_written(path: Path, head: bytes) -> bool:
    """Tell whether this is a workbook, or what might be one: other documents of old office programs begin alike."""
    if head.startswith(COMPOUND):
        return True
    if not head.startswith(b"PK"):
        return False
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if "[Content_Types].xml" in names:
            return any(name.lower().startswith("xl/") for name in names)
        try:
            with archive.open("mimetype") as mimetype:
                return mimetype.read(len(SPREADSHEET)) == SPREADSHEET
        except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
            return False


def parse(path: Path, file: str, columns: Mapping[str, Sequence[str]]) -> Iterator[ReaderItem]:
    """Yield one item for each row of every sheet that holds papers; a problem's line is the row."""
    problem = unknown_field(columns, file)
    if problem:
        yield problem
        return
    # The child finds modules where this process does; -P keeps the folder of the program out of that.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-P", str(PROGRAM), str(path), str(LARGEST_MEMORY)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    try:
        yield from _Sheets(cast(IO[bytes], process.stdout), file, columns).read()
    finally:
        process.kill()
        process.wait()
        cast(IO[bytes], process.stdout).close()


class _Sheets:
    """The sheets that the process writes, one after the other."""

    def __init__(self, lines: IO[bytes], file: str, columns: Mapping[str, Sequence[str]]) -> None:
        self._messages: Iterator[Any] = map(json.loads, lines)
        self._file = file
        self._columns = columns
        self._next: dict[str, Any] = {}

    def read(self) -> Iterator[ReaderItem]:
        """Yield what the sheets hold, and which of them hold no papers."""
        passed, hidden, found = list[str](), list[str](), False
        nothing: Problem | None = None
        for _ in self._rows():
            pass
        while "sheet" in self._next:
            name, is_hidden = self._next["sheet"], self._next["hidden"]
            lost = self._next["lost"]
            where = f" (Sheet “{name}”.)" if self._next["of"] > 1 else ""
            rows = self._rows()
            first = list(itertools.islice(rows, ROWS_BEFORE_HEADER))
            if not first:
                continue
            header = self._header(first)
            if is_hidden:
                hidden += [name] if header else []
            elif header:
                found = True
                place, columns = header
                if of_fields := [lost[str(each)] for each in columns.held if str(each) in lost]:
                    count, row = sum(count for count, _ in of_fields), min(row for _, row in of_fields)
                    told = f"{count:,} cell(s) hold a formula without its value, the first in row {row}, so they "
                    told += "were read as empty. Open the workbook in a spreadsheet, save it and add it again."
                    yield Notice(self._file, f"{told} (Sheet “{name}”.)")
                yield from read_rows(
                    itertools.chain(first[place + 1 :], rows), columns, self._file, f" (Sheet “{name}”.)"
                )
            else:
                passed.append(name)
                nothing = nothing or no_header(first, self._columns, self._file, where)
            for _ in rows:
                pass
        if "end" not in self._next or "error" in self._next:
            yield Problem(self._file, 0, _broken(self._next.get("error", "")))
        elif not found:
            yield nothing or Problem(self._file, 0, "The workbook holds no rows. Save it again, or add another one.")
        elif passed:
            yield Notice(
                self._file, f"Sheets whose columns are not those of papers were passed over: {listed(passed)}."
            )
        if hidden:
            yield Notice(
                self._file, f"Hidden sheets were passed over: {listed(hidden)}. Show them and add the file again."
            )

    def _header(self, rows: list[Row]) -> tuple[int, Columns] | None:
        """Return where the row stands that names the columns."""
        return likeliest([(place, Columns(row.cells, self._columns)) for place, row in enumerate(rows)])

    def _rows(self) -> Iterator[Row]:
        """Yield the rows up to the next sheet, or to the end."""
        self._next = {}
        with suppress(ValueError):  # a line that was cut when the process ended
            for message in self._messages:
                if isinstance(message, dict):
                    self._next = message
                    return
                above, links = ({int(place): text for place, text in each.items()} for each in message[1:3])
                yield Row(message[0], message[3:], True, above, links)


def _broken(why: str) -> str:
    if why:
        return (
            f"The workbook cannot be read: {why}. Open it in a spreadsheet and save it as .xlsx or CSV, then add that."
        )
    return (
        "The workbook takes more memory than is given to one, so the rest of it was not read. Save the sheet with the "
        "papers as CSV and add that."
    )
