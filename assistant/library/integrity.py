"""Integrity check of the library, and repair of one part from another."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, func, select, text

from assistant.errors import LibraryDamaged
from assistant.library import fulltext
from assistant.library.curation import rebuild_from_sources
from assistant.library.field_provenance import digest
from assistant.library.rows import delete_in, read_papers
from assistant.library.schema import papers, records, vectors
from assistant.library.store import Library

_UNIT = 0.02
"""How far from 1 the length of a stored vector may be: float16 rounds, bfloat16 made it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written: which part, what of it, and whether it was put right."""

    part: str
    what: str
    repaired: bool


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was read, and what of it is not as it was written."""

    papers: int
    records: int
    vectors: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Tell whether nothing is wrong, or nothing any longer."""
        return all(finding.repaired for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return the report as the object that `check --json` prints."""
        value: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return {**value, "is_sound": self.is_sound}


def check(library: Library, *, repair: bool = False) -> CheckReport:
    """Read every row of the library. With `repair`, papers are made anew from what the sources said and the other way
    round, the search is built anew, and damaged vectors are dropped, so that their papers wait for new ones.

    Raises LibraryError where SQLite cannot read the file at all.
    """
    with library.transaction() as connection, _replacing_bad_letters(connection):
        broken = _broken(connection)
        reindexed = bool(broken) and repair
        if reindexed:
            connection.execute(text("REINDEX"))
            broken = _broken(connection)
        if broken:
            damage = Finding("file", f"its structure is broken ({broken[0]}); restore it from a copy", repaired=False)
            return CheckReport(0, 0, 0, (damage,))
        findings = [Finding("file", "an index of SQLite did not agree with its table", repaired=True)] * reindexed
        findings += [*_papers(connection, repair), *_search(connection, repair), *_vectors(connection, repair)]
        sizes = {
            name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
            for name, table in {"papers": papers, "records": records, "vectors": vectors}.items()
        }
        return CheckReport(**sizes, findings=tuple(findings))


@contextmanager
def _replacing_bad_letters(connection: Connection) -> Iterator[None]:
    """Let bytes that are not text be read, so that what is damaged can be named and repaired."""
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    usual, raw.text_factory = raw.text_factory, lambda data: data.decode("utf-8", "replace")
    try:
        yield
    finally:
        raw.text_factory = usual


def _broken(connection: Connection) -> list[str]:
    return [str(row) for row in connection.execute(text("PRAGMA integrity_check")).scalars() if row != "ok"]


def _papers(connection: Connection, repair: bool) -> Iterator[Finding]:
    """Compare papers and statements with their digests; each can be made from the other."""
    stated = connection.execute(select(records.c.number, records.c.paper_id, records.c.statement, records.c.digest))
    damaged = {row.number: row.paper_id for row in stated if row.statement and digest(row.statement) != row.digest}
    ids = connection.execute(select(papers.c.id).order_by(papers.c.number)).scalars().all()
    for paper_id in ids:
        if _is_sound(connection, paper_id):
            continue
        told = select(records.c.number).where(records.c.paper_id == paper_id, records.c.statement != "")
        sound = set(connection.execute(told).scalars()) - damaged.keys()
        if repair and sound:
            connection.execute(papers.update().where(papers.c.id == paper_id).values(digest=""))
            gone = [number for number, of in damaged.items() if of == paper_id]
            connection.execute(delete(records).where(records.c.number.in_(gone)))
            connection.execute(delete(vectors).where(vectors.c.paper_id == paper_id))
            rebuild_from_sources(connection, [paper_id], force=True)
        yield Finding("paper", f"{paper_id} is not what was written", repaired=repair and bool(sound))
    for number, paper_id in damaged.items():
        can = _is_sound(connection, paper_id)
        if repair and can:  # the paper as it stands speaks for the source
            connection.execute(records.update().where(records.c.number == number).values(statement="", digest=""))
        yield Finding("source", f"what one source says of {paper_id} is not what was written", repaired=repair and can)


def _is_sound(connection: Connection, paper_id: str) -> bool:
    try:
        return bool(read_papers(connection, [paper_id]))
    except LibraryDamaged:
        return False


def _search(connection: Connection, repair: bool) -> Iterator[Finding]:
    if fulltext.is_sound(connection):
        return
    if repair:
        fulltext.rebuild(connection)
    yield Finding("search", "the words do not agree with the papers", repaired=repair)


def _vectors(connection: Connection, repair: bool) -> Iterator[Finding]:
    """Look at length and norm of every vector: a flipped bit nearly always changes one of them."""
    rows = connection.execute(select(vectors.c.paper_id, vectors.c.vector)).all()
    lengths = Counter(len(row.vector) for row in rows if len(row.vector) % 2 == 0)
    usual = lengths.most_common(1)[0][0] if lengths else 0
    damaged = [row.paper_id for row in rows if len(row.vector) != usual or not _is_unit(row.vector)]
    if repair:
        delete_in(connection, vectors, vectors.c.paper_id, damaged)
    for paper_id in damaged:
        yield Finding("vector", f"the vector of {paper_id} does not have length 1", repaired=repair)


def _is_unit(blob: bytes) -> bool:
    with np.errstate(all="ignore"):
        norm = float(np.linalg.norm(np.frombuffer(blob, np.float16).astype(np.float32)))
    return abs(norm - 1.0) < _UNIT
