"""The library's tables, and the connection that opens them at the newest version."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Engine, ForeignKey, Integer, LargeBinary, MetaData, Table, Text, create_engine, event

from assistant.errors import LibraryError, LibraryLocked, StorageFull

_PATIENCE = 5.0
"""Seconds to wait for another process that writes."""

metadata = MetaData()

papers = Table(
    "papers",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("date", Text, nullable=False),
    Column("year", Integer),
    Column("venue", Text, nullable=False),
    Column("doi", Text, nullable=False),
    Column("arxiv_id", Text, nullable=False),
    Column("pmid", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("has_code", Integer),
    Column("authors_complete", Integer, nullable=False),
    Column("digest", Text, nullable=False),
)


def _of_paper() -> Column[str]:
    return Column("paper_id", Text, ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True)


authorships = Table(
    "authorships",
    metadata,
    _of_paper(),
    Column("ordinal", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("position", Integer),
)

name_words = Table(
    "name_words", metadata, Column("word", Text, primary_key=True), Column("folded", Text, primary_key=True)
)
"""Each word of each folded name that an author has, or had."""

categories = Table(
    "categories",
    metadata,
    _of_paper(),
    Column("ordinal", Integer, primary_key=True),
    Column("category", Text, nullable=False),
    Column("folded", Text, nullable=False),
)

identifiers = Table("identifiers", metadata, Column("value", Text, primary_key=True), _of_paper())

records = Table(
    "records",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("paper_id", Text, ForeignKey("papers.id", ondelete="CASCADE"), nullable=False),
    Column("origin", Text, nullable=False),
    Column("own_id", Text, key="source_key", nullable=False),
    Column("digest", Text, nullable=False),
    Column("statement", Text, nullable=False),
)
"""What each source says of each paper, word for word; `statement` is "" for what was read before it was kept."""

aliases = Table("aliases", metadata, Column("id", Text, primary_key=True), Column("paper_id", Text, nullable=False))
"""Ids that papers had before they were merged into another. They outlive the paper, so that it is remembered."""

kept_apart = Table(
    "kept_apart", metadata, Column("one", Text, primary_key=True), Column("other", Text, primary_key=True)
)
"""Pairs of ids, the lesser first, that a person said are two papers."""

removals = Table("removals", metadata, Column("paper_id", Text, primary_key=True))
"""Ids that left the library and that the vector index may still hold."""

profiles = Table(
    "profiles",
    metadata,
    Column("name", Text, primary_key=True),
    Column("origin", Text, primary_key=True),
    Column("category", Text, nullable=False),
    Column("statistics", Text, nullable=False),
    Column("as_of", Text, nullable=False),
)

vectors = Table(
    "vectors",
    metadata,
    _of_paper(),
    Column("vector", LargeBinary, nullable=False),
    Column("indexed", Integer, nullable=False),
)

author_decisions = Table(
    "author_decisions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("one", Text, nullable=False),
    Column("other", Text, nullable=False),
    Column("spellings", Text, nullable=False),
)
"""What a person said of authors, in order: "merge" or "split" of `one` and `other`, JSON lists of [paper id, name].

`person_id` is the id that the first keeps; `spellings`, a JSON list, are names that are split off wherever they stand.
"""

paper_lines = Table(
    "paper_lines",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("line", Text, nullable=False),
)
"""What a model said of a paper in one sentence, by the digest of what it read."""

themes = Table(
    "themes",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("paper_ids", Text, nullable=False),
)
"""Themes found before: `paper_ids` is a JSON list, `name` what a model called the theme ("" for none)."""

chats = Table("chats", metadata, Column("id", Text, primary_key=True), Column("begun", Text, nullable=False))

answers = Table(
    "answers",
    metadata,
    Column("chat_id", Text, ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("answer", Text, nullable=False),
)

facts = Table("facts", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))


def connect(path: Path) -> Engine:
    """Open the SQLite file at `path`, make it where it is absent, and bring it to the newest version.

    Raises LibraryError when the file is not a library of ours or was written by a newer program, StorageFull when the
    disk is full, LibraryLocked when another process writes to it for seconds on end.
    """
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _configure)
    try:
        _migrate(path)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise StorageFull(path) from error
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise LibraryLocked(
                f"The library file {path} is being written by another process. Try again in a moment."
            ) from error
        raise LibraryError(
            f"The library file {path} cannot be opened ({error}). "
            "Restore it from a copy, or name another folder with --library."
        ) from error
    return engine


def _configure(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "foreign_keys = ON",
        f"busy_timeout = {_PATIENCE * 1000:.0f}",
        "synchronous = FULL",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(path: Path) -> None:
    """Apply every migration above the file's `user_version`, all in one transaction.

    The version is read again inside it: of two programs that start at once the second finds nothing left to do.
    """
    steps = _migrations()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE)) as connection:
        version = _version(connection)
        if version > len(steps):
            raise LibraryError(
                f"The library file {path} has version {version}; this program knows up to {len(steps)}. "
                "Upgrade abstract-assistant."
            )
        if version == len(steps):
            return
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        for script in steps[_version(connection) :]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """Cut a script into statements: sqlite3 would end the open transaction before it ran a whole script."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _migrations() -> list[str]:
    folder = resources.files("assistant.library") / "migrations"
    files = sorted(
        (entry for entry in folder.iterdir() if re.fullmatch(r"\d{4}_\w+\.sql", entry.name)),
        key=lambda entry: entry.name,
    )
    return [entry.read_text(encoding="utf-8") for entry in files]
