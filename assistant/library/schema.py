"""Tables and migrations of the library's file.

The migrations define the tables; what stands here are the columns by which queries are written.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Engine, ForeignKey, Integer, LargeBinary, MetaData, Table, Text, create_engine, event

from assistant.errors import LibraryError, LibraryLocked, StorageFull
from assistant.text import fold

_PATIENCE = 5.0
"""Seconds to wait for another process that writes."""

metadata = MetaData()


def _texts(names: str) -> list[Column[str]]:
    return [Column(name, Text) for name in names.split()]


def _numbers(names: str) -> list[Column[int]]:
    return [Column(name, Integer) for name in names.split()]


def _of_paper() -> Column[str]:
    return Column("paper_id", Text, ForeignKey("papers.id"))


papers = Table(
    "papers",
    metadata,
    *_numbers("number year has_code authors_complete"),
    *_texts("id title abstract date venue doi arxiv_id pmid url digest added"),
)

authorships = Table("authorships", metadata, _of_paper(), *_numbers("ordinal position"), *_texts("name folded"))

name_words = Table("name_words", metadata, *_texts("word folded"))
"""Each word of each folded name that an author has, or had."""

categories = Table("categories", metadata, _of_paper(), *_numbers("ordinal"), *_texts("category folded"))

labels = Table("labels", metadata, _of_paper(), *_texts("label folded origin"))
"""Collections and tags of papers; `origin` is the source that states one, "" where a person does."""

identifiers = Table("identifiers", metadata, *_texts("value"), _of_paper())

records = Table(
    "records",
    metadata,
    *_numbers("number"),
    _of_paper(),
    *_texts("origin digest statement citation_key"),
    Column("own_id", Text, key="source_key"),
)
"""What each source says of each paper, word for word; `statement` is "" where it was not saved."""

aliases = Table("aliases", metadata, *_texts("id paper_id"))
"""Ids that papers had before they were merged into another. They outlive the paper, so that it is remembered."""

kept_apart = Table("kept_apart", metadata, *_texts("one other"))
"""Pairs of ids, the lesser first, that a person said are two papers."""

removals = Table("removals", metadata, *_texts("paper_id"))
"""Ids that left the library and that the vector index may still hold."""

profiles = Table("profiles", metadata, *_texts("name origin category statistics as_of"))

vectors = Table("vectors", metadata, _of_paper(), Column("vector", LargeBinary), *_numbers("indexed"))

author_decisions = Table(
    "author_decisions", metadata, *_numbers("number"), *_texts("kind person_id one other spellings")
)
"""What a person said of authors, in order: "merge" or "split" of `one` and `other`, JSON lists of [paper id, name].

`person_id` is the id that the first keeps; `spellings`, a JSON list, are names that are split off wherever they stand.
"""

paper_lines = Table("paper_lines", metadata, *_texts("digest model line"))
"""What a model said of a paper in one sentence, by the digest of what it read."""

papers_read = Table("papers_read", metadata, _of_paper(), *_texts("model digest"))
"""Papers that a model has read as they are now; one that is reworded leaves."""

abstracts_sought = Table("abstracts_sought", metadata, _of_paper(), *_texts("day asked"))
"""Papers whose abstract was asked for in vain: on which day, and by which ids."""

themes = Table("themes", metadata, *_texts("scope id name paper_ids"))
"""Themes found before: `paper_ids` is a JSON list, `name` what a model called the theme ("" for none)."""

kept_summaries = Table("kept_summaries", metadata, *_texts("scope length made answer"), Column("papers", LargeBinary))
"""Summaries that were asked for, with the papers as they were then."""

rosters = Table("rosters", metadata, *_texts("version names"), Column("figures", LargeBinary))
"""The people of the library in figures, at most one row; see `authors.roster`."""

conversations = Table(
    "conversations", metadata, *_texts("id owner title words begun changed leaf"), Column("removed", Text)
)
"""`leaf` is the turn shown last; `removed` is NULL for those that are not. `words` is the folded title."""

kept_trends = Table("kept_trends", metadata, *_numbers("number"), *_texts("asked state"), Column("found", LargeBinary))
"""Trends found before, by what was asked and the state of the papers then."""

turns = Table(
    "turns",
    metadata,
    *_numbers("number rating"),
    *_texts("id conversation_id parent asked state question words scope remark error draft answer"),
)
"""Nodes of a tree: `parent` is the turn before, NULL for a first one. `words` are question and answer, folded."""

origins_read = Table("origins_read", metadata, *_texts("origin state items"))
"""Sources that say themselves what changed, as they were when they were last read to their end."""
files_read = Table(
    "files_read", metadata, *_texts("origin digest columns version"), *_numbers("size modified problems gone")
)
"""Files that were read to their end, as they were then; `gone` is 1 where one has been missed since."""

users = Table("users", metadata, *_texts("name hash made"), *_numbers("is_admin"))
"""Who may use the page; nobody has to log in where there is none."""

sessions = Table("sessions", metadata, *_texts("token user made last_seen"))
"""Where users are logged in: `token` is the hash of what the browser holds."""

facts = Table("facts", metadata, *_texts("name value"))
"""What the library notes about itself."""


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
    patience = f"busy_timeout = {_PATIENCE * 1000:.0f}"
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", patience, "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


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
        _write_ahead(connection)
        connection.execute("BEGIN IMMEDIATE")
        _run(connection, steps[_version(connection) :])
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")


def _run(connection: sqlite3.Connection, steps: Sequence[str]) -> None:
    connection.create_function("fold", 1, fold, deterministic=True)
    for script in steps:
        for statement in _statements(script):
            connection.execute(statement)


def versions(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the version of a file's tables, and the newest that this program knows."""
    return _version(connection), len(_migrations())


def misfit(connection: sqlite3.Connection) -> str:
    """Return how a file's tables are not those of the version that it says it has, "" where they are.

    What a newer version would make, and a file of an older one has already, keeps it from being brought up to date.
    """
    steps = _migrations()
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        version = _version(connection)
        _run(made, steps[:version])
        usual = _names(made)
        _run(made, steps[version:])
        later = _names(made) - usual
    there = _names(connection)
    if lacking := usual - there:
        return f"it lacks the {max(lacking)}"  # triggers and tables go before indexes
    return f"it has the {min(later & there)} of a later version" if later & there else ""


def _names(connection: sqlite3.Connection) -> set[str]:
    return {
        f"{kind} {name}"
        for kind, name in connection.execute(
            "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite^_%' ESCAPE '^'"
        )
    }


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Have the file written ahead. SQLite waits for no other program there, so it is asked again."""
    from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

    def is_busy(error: BaseException) -> bool:
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY

    again = Retrying(
        retry=retry_if_exception(is_busy), stop=stop_after_delay(_PATIENCE), wait=wait_fixed(0.05), reraise=True
    )
    again(connection.execute, "PRAGMA journal_mode = WAL")


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
    files = (resources.files("assistant.library") / "migrations").iterdir()
    scripts = sorted((entry for entry in files if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return [entry.read_text(encoding="utf-8") for entry in scripts]
