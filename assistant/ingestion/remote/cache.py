"""What is remembered between runs: the answers of the services for a week, and when each host was last asked."""

from __future__ import annotations

import hashlib
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

_FORMAT = 1
_WEEK_S = 7 * 24 * 3600.0
_LARGEST = 200_000_000  # bytes, compressed
_LONGEST_QUEUE_S = 120.0
"""A turn further ahead comes from a clock that was set back, not from other processes that wait."""

_TABLES = """
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, stored REAL NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS turns (host TEXT PRIMARY KEY, at REAL NOT NULL);
"""


def cache_key(url: str, parameters: Mapping[str, str]) -> str:
    """Return the key of a GET request. Keys and other secrets must not be among its parameters."""
    parts = ["GET", url, *(f"{name}={value}" for name, value in sorted(parameters.items()))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Cache:
    """A small SQLite file in a folder. A file that is damaged is thrown away; one that cannot be used is gone without.

    Nothing here raises: the worst that can happen is that an answer is fetched again. A connection lasts as long as one
    call, so that any thread and several processes may use it.
    """

    def __init__(
        self, folder: Path, *, clock: Callable[[], float] = time.time, largest: int = _LARGEST, keep_s: float = _WEEK_S
    ) -> None:
        self._file = folder / "answers.sqlite3"
        self._clock = clock
        self._largest = largest
        self._keep_s = keep_s
        self._turns: dict[str, float] = {}

    def get(self, key: str) -> bytes | None:
        """Return the answer that was kept under the key, or None when there is none or it is too old."""
        row = self._in_file(
            lambda file: file.execute("SELECT stored, body FROM answers WHERE key = ?", (key,)).fetchone()
        )
        if row is None:
            return None
        try:
            stored, body = float(row[0]), zlib.decompress(row[1])
        except (TypeError, ValueError, zlib.error):
            return None
        return body if abs(self._clock() - stored) < self._keep_s else None

    def put(self, key: str, body: bytes) -> None:
        """Keep an answer; what is too old goes, and the oldest beyond the size bound."""
        now, packed = self._clock(), zlib.compress(body, 1)

        def write(file: sqlite3.Connection) -> None:
            file.execute("DELETE FROM answers WHERE stored < ? OR stored > ?", (now - self._keep_s, now + self._keep_s))
            file.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (key, now, packed))
            file.execute(
                "DELETE FROM answers WHERE key IN (SELECT key FROM (SELECT key, sum(length(body)) OVER "
                "(ORDER BY stored DESC, rowid DESC) AS size FROM answers) WHERE size > ?)",
                (self._largest,),
            )

        self._in_file(write)

    def take_turn(self, host: str, interval_s: float) -> float:
        """Take the next turn to ask a host, and return how many seconds are left until then."""
        now = self._clock()

        def write(file: sqlite3.Connection) -> float:
            row = file.execute("SELECT at FROM turns WHERE host = ?", (host,)).fetchone()
            at = _next_turn(row[0] if row else None, now, interval_s)
            file.execute("INSERT OR REPLACE INTO turns VALUES (?, ?)", (host, at))
            return at

        at = self._in_file(write)
        if at is None:
            at = self._turns[host] = _next_turn(self._turns.get(host), now, interval_s)
        return max(0.0, at - now)

    def _in_file(self, use: Callable[[sqlite3.Connection], Result]) -> Result | None:
        for _ in range(2):
            try:
                with self._open() as file:
                    return use(file)
            except sqlite3.OperationalError:  # locked, read-only, full disk, no such folder
                return None
            except sqlite3.DatabaseError:
                if not self._throw_away():
                    return None
            except OSError:
                return None
        return None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._file, timeout=5.0, isolation_level=None)) as file:
            file.execute("PRAGMA synchronous = OFF")  # what a power cut damages is fetched again
            file.execute("BEGIN IMMEDIATE")
            found = file.execute("PRAGMA user_version").fetchone()[0]
            if found not in (0, _FORMAT):
                raise sqlite3.DatabaseError("written by another version")
            for statement in filter(str.strip, _TABLES.split(";")):
                file.execute(statement)
            file.execute(f"PRAGMA user_version = {_FORMAT}")
            yield file
            file.execute("COMMIT")

    def _throw_away(self) -> bool:
        try:
            self._file.unlink(missing_ok=True)
            self._file.with_name(f"{self._file.name}-journal").unlink(missing_ok=True)
        except OSError:
            return False
        return True


def _next_turn(last: object, now: float, interval_s: float) -> float:
    if not isinstance(last, float) or last > now + _LONGEST_QUEUE_S:
        return now
    return max(now, last + interval_s)
