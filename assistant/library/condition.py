"""Condition of a library's file: read without taking the lock, opening the library or changing anything."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from assistant.errors import LibraryError
from assistant.library import schema
from assistant.library.store import FILE_NAME


@dataclass(frozen=True, slots=True)
class Condition:
    """What a library's file says of itself.

    `version` is that of its tables, `newest` the one that this program knows; the rest is read only where both are the
    same. `damage` is the first fault in its structure, "" where there is none or it was not looked for. `added` is when
    the newest paper came in (UTC), `facts` what the library notes about itself.
    """

    version: int
    newest: int
    damage: str = ""
    papers: int = 0
    with_abstract: int = 0
    without_vector: int = 0
    unindexed: int = 0
    users: int = 0
    added: str = ""
    last_year: int = 0
    facts: Mapping[str, str] | None = None

    @property
    def is_known(self) -> bool:
        """Tell whether the tables are those that this program knows."""
        return self.version == self.newest


def condition(folder: Path, *, damage: bool = False) -> Condition:
    """Return the condition of the library in a folder. Raises LibraryError where its file cannot be read.

    With `damage` every page of the file is read, and its tables are compared with those of its version.
    """
    file = folder / FILE_NAME
    how = "mode=ro" if os.access(folder, os.W_OK) else "immutable=1"  # else SQLite wants to make files beside it
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file.resolve()))}?{how}", uri=True)) as connection:
            version, newest = schema.versions(connection)
            fault = _fault(connection) if damage else ""
            if fault or version != newest:
                return Condition(version, newest, fault)

            def number(query: str) -> int:
                return int(connection.execute(query).fetchone()[0] or 0)

            return Condition(
                version,
                newest,
                papers=number("SELECT count(*) FROM papers"),
                with_abstract=number("SELECT count(*) FROM papers WHERE abstract != ''"),
                without_vector=number("SELECT count(*) FROM papers WHERE id NOT IN (SELECT paper_id FROM vectors)"),
                unindexed=number("SELECT count(*) FROM vectors WHERE indexed = 0"),
                users=number("SELECT count(*) FROM users"),
                added=str(connection.execute("SELECT max(added) FROM papers").fetchone()[0] or ""),
                last_year=number("SELECT max(year) FROM papers"),
                facts=dict(connection.execute("SELECT name, value FROM facts").fetchall()),
            )
    except sqlite3.Error as error:
        raise LibraryError(f"The library file {file} cannot be read ({error}).") from error


def _fault(connection: sqlite3.Connection) -> str:
    found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    return schema.misfit(connection) if found == "ok" else " ".join(found.strip("* ").split())


def refusal_to_write(folder: Path) -> str:
    """Return why SQLite would not begin to write into a library's file, "" where it would; nothing is written."""
    place = quote(str((folder / FILE_NAME).resolve()))
    try:
        with closing(sqlite3.connect(f"file:{place}?mode=rw", uri=True, isolation_level=None, timeout=1)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        return str(error)
    return ""
