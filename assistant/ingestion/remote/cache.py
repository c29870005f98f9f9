"""Cache on disk: the answers of the services for a week, and when each host was last asked."""

from __future__ import annotations

import hashlib
import sqlite3
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

_FORMAT = 1
_WEEK_S = 7 * 24 * 3600.0
_LARGEST = 200_000_000  # bytes, compressed
_LONGEST_QUEUE_S = 120.0
"""A turn further ahead comes from a clock that was set back, not from other processes that wait."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, stored REAL NOT NULL, body BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS turns (host TEXT PRIMARY KEY, at REAL NOT NULL)",
    f"PRAGMA user_version = {_FORMAT}",
)
_DELETE_OLDEST = (
    "DELETE FROM answers WHERE key IN (SELECT key FROM (SELECT key, sum(length(body)) OVER "
    "(ORDER BY stored DESC, rowid DESC) AS size FROM answers) WHERE size > ?)"
)


def cache_key(url: str, parameters: Mapping[str, str]) -> str:
    """Return the key of a GET request. API keys and other secrets must not be among its parameters."""
    parts = ["GET", url, *(f"{name}={value}" for name, value in sorted(parameters.items()))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Cache:
    """A small SQLite file in a folder. A damaged file is deleted; without a file that can be used nothing is stored.

    Nothing here raises: the worst that can happen is that an answer is fetched again. A connection lasts as long as one
    call, so that any thread and several processes may use it. At most `largest` bytes are stored.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time, largest: int = _LARGEST) -> None:
        self._file = folder / "answers.sqlite3"
        self._clock = clock
        self._largest = largest
        self._turns: dict[str, float] = {}

    def get(self, key: str) -> bytes | None:
        """Return the answer that was stored under the key, or None when there is none or it is too old."""
        query = "SELECT stored, body FROM answers WHERE key = ?"
        row = self._in_file(lambda file: file.execute(query, (key,)).fetchone())
        try:
            return zlib.decompress(row[1]) if row and abs(self._clock() - float(row[0])) < _WEEK_S else None
        except (TypeError, ValueError, zlib.error):
            return None

    def put(self, key: str, body: bytes) -> None:
        """Store an answer; what is too old goes, and the oldest beyond the size bound."""
        now = self._clock()

        def write(file: sqlite3.Connection) -> None:
            file.execute("DELETE FROM answers WHERE abs(stored - ?) > ?", (now, _WEEK_S))
            file.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (key, now, zlib.compress(body, 1)))
            file.execute(_DELETE_OLDEST, (self._largest,))

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
        for _ in range(2):  # once more after a damaged file was deleted
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                with closing(sqlite3.connect(self._file, timeout=5.0, isolation_level=None)) as file:
                    file.execute("PRAGMA synchronous = OFF")  # what a power cut damages is fetched again
                    file.execute("BEGIN IMMEDIATE")
                    if file.execute("PRAGMA user_version").fetchone()[0] not in (0, _FORMAT):
                        raise sqlite3.DatabaseError("written by another version")
                    for statement in _SCHEMA:
                        file.execute(statement)
                    result = use(file)
                    file.execute("COMMIT")
                    return result
            except (sqlite3.OperationalError, OSError):  # locked, read-only, full disk, no such folder
                return None
            except sqlite3.DatabaseError:
                try:
                    for suffix in ("", "-journal"):
                        self._file.with_name(f"{self._file.name}{suffix}").unlink(missing_ok=True)
                except OSError:
                    return None
        return None


def _next_turn(last: object, now: float, interval_s: float) -> float:
    if not isinstance(last, float) or last > now + _LONGEST_QUEUE_S:
        return now
    return max(now, last + interval_s)
