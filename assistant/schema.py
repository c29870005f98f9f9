"""The library's tables, and the connection that opens them at the newest version."""

from __future__ import annotations

import re
import sqlite3
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Engine, ForeignKey, Integer, LargeBinary, MetaData, Table, Text, create_engine, event

from assistant.errors import LibraryError

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
    Column("url", Text, nullable=False),
    Column("has_code", Integer),
    Column("authors_complete", Integer, nullable=False),
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
    _of_paper(),
    Column("origin", Text, primary_key=True),
    Column("own_id", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("run", Text, nullable=False),
)

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

    Raises LibraryError when the file is not a library of ours or was written by a newer program.
    """
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _configure)
    try:
        _migrate(path)
    except sqlite3.DatabaseError as error:
        raise LibraryError(
            f"The library file {path} cannot be opened ({error}). "
            "Restore it from a copy, or name another folder with --library."
        ) from error
    return engine


def _configure(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", "busy_timeout = 5000", "synchronous = FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(path: Path) -> None:
    """Apply every migration above the file's `user_version`, each in one transaction."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        steps = _migrations()
        if version > len(steps):
            raise LibraryError(
                f"The library file {path} has version {version}; this program knows up to {len(steps)}. "
                "Upgrade abstract-assistant."
            )
        for number, script in enumerate(steps[version:], version + 1):
            connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
    finally:
        connection.close()


def _migrations() -> list[str]:
    folder = resources.files("assistant") / "migrations"
    files = sorted(
        (entry for entry in folder.iterdir() if re.fullmatch(r"\d{4}_\w+\.sql", entry.name)),
        key=lambda entry: entry.name,
    )
    return [entry.read_text(encoding="utf-8") for entry in files]
