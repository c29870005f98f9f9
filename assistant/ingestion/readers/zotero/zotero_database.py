"""Zotero's own database (`zotero.sqlite`): the items of all its libraries, their collections and tags as labels.

Zotero locks its database as long as it runs, and would be kept waiting by whoever reads in it. So the file is copied
first, with the journals beside it that hold what was written last, and the copy is read.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assistant.ingestion.readers.fields import NO_COLUMNS
from assistant.ingestion.readers.zotero import zotero_items
from assistant.text import shortened
from assistant.types import EndOfSource, Notice, Problem, ReaderItem, Record

NAME = "Zotero"
NOTHING_FOUND = "There is no paper in this Zotero database."
FILE_NAME = "zotero.sqlite"

CITATION_KEYS = "better-bibtex.sqlite"
"""Database of the extension Better BibTeX, beside Zotero's own."""

FOLDERS = {"better-bibtex", "cache", "locate", "logs", "pipes", "storage", "styles", "tmp", "translators"}
BESIDE = (FILE_NAME, "better-bibtex.")
"""What Zotero and its extension keep beside the database, and how such files begin."""

SIGNATURE = b"SQLite format 3\0"
COMPANIONS = ("", "-wal", "-journal")
COPIES = 3
ITEMS_AT_ONCE = 500
LONGEST_VALUE = 100_000_000  # bytes
RETRACTIONS_SHOWN = 3

NEEDED = {
    "items": {"itemID", "itemTypeID", "libraryID", "key"},
    "itemTypesCombined": {"itemTypeID", "typeName"},
    "fieldsCombined": {"fieldID", "fieldName"},
    "itemData": {"itemID", "fieldID", "valueID"},
    "itemDataValues": {"valueID", "value"},
    "creators": {"creatorID", "firstName", "lastName", "fieldMode"},
    "creatorTypes": {"creatorTypeID", "creatorType"},
    "itemCreators": {"itemID", "creatorID", "creatorTypeID", "orderIndex"},
    "tags": {"tagID", "name"},
    "itemTags": {"itemID", "tagID"},
    "collections": {"collectionID", "collectionName", "parentCollectionID"},
    "collectionItems": {"itemID", "collectionID", "orderIndex"},
    "groups": {"libraryID", "name"},
    "deletedItems": {"itemID"},
    "feedItems": {"itemID"},
}

ITEMS = """
    SELECT items.itemID, items.key, items.libraryID, typeName FROM items JOIN itemTypesCombined USING (itemTypeID)
    WHERE items.itemID > ? AND typeName NOT IN ('attachment', 'note', 'annotation')
    AND items.itemID NOT IN (SELECT itemID FROM deletedItems) AND items.itemID NOT IN (SELECT itemID FROM feedItems)
    ORDER BY items.itemID LIMIT ?
"""
FIELDS = """
    SELECT itemID, fieldName, value
    FROM itemData JOIN fieldsCombined USING (fieldID) JOIN itemDataValues USING (valueID)
    WHERE itemID IN ({}) ORDER BY itemID
"""
CREATORS = """
    SELECT itemID, creatorType, firstName, lastName, fieldMode
    FROM itemCreators JOIN creators USING (creatorID) JOIN creatorTypes USING (creatorTypeID)
    WHERE itemID IN ({}) ORDER BY itemID, orderIndex
"""
TAGS = "SELECT itemID, name FROM itemTags JOIN tags USING (tagID) WHERE itemID IN ({}) ORDER BY itemID, name"
PLACES = "SELECT itemID, collectionID FROM collectionItems WHERE itemID IN ({}) ORDER BY itemID, collectionID"
COLLECTIONS = "SELECT collectionID, collectionName, parentCollectionID FROM collections"


def is_written(path: Path, head: bytes) -> bool:
    """Tell whether a file that begins so is a database of SQLite; `parse` says where it is not Zotero's."""
    return head.startswith(SIGNATURE)


def is_beside(folder: Path, file: Path) -> bool:
    """Tell whether a file is what Zotero keeps beside its database: attachments, copies of it, styles."""
    if folder not in file.parents:
        return False
    first, *below = file.relative_to(folder).parts
    return first in FOLDERS if below else first != FILE_NAME and first.startswith(BESIDE)


def parse(path: Path, file: str, columns: Mapping[str, Sequence[str]] = NO_COLUMNS) -> Iterator[ReaderItem]:
    """Yield the papers of a Zotero database, every reason why one could not be read, and which are retracted."""
    with path.open("rb") as stream:
        if stream.read(len(SIGNATURE)) != SIGNATURE:  # what was told was the head of what is inside
            yield Problem(file, 0, "This database is compressed. Unpack it, and add the file that comes out.")
            return
    try:
        with _opened(path) as connection:
            if wrong := _wrong_with(connection):
                yield Problem(file, 0, wrong)
                return
            keys: Mapping[tuple[int, str], str] = {}
            try:
                keys = _citation_keys(path.with_name(CITATION_KEYS))
            except (OSError, sqlite3.Error) as error:
                yield Notice(
                    file, f"{CITATION_KEYS} beside it cannot be read ({error}), so its citation keys are missing."
                )
            yield from _Reading(connection, file, keys).items()
    except _BusyError:
        yield Problem(
            file,
            0,
            "Zotero is writing to this database. Add it again in a moment, or add zotero: to ask Zotero itself.",
        )
    except sqlite3.Error as error:
        yield Problem(
            file,
            0,
            f"The database is damaged ({error}); what stood before was read. Zotero repairs it: "
            "start it, close it, and add the file again.",
        )


class _BusyError(Exception):
    """The database was changed each time that it was copied."""


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a copy of a database, in which SQLite restores what only the journals hold. Raises _BusyError, OSError."""
    with TemporaryDirectory(prefix="zotero-") as folder:
        copy = Path(folder) / FILE_NAME
        _copy(path, copy)
        with closing(sqlite3.connect(copy)) as connection:
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
            connection.execute("PRAGMA trusted_schema = OFF")
            yield connection


def _copy(path: Path, copy: Path) -> None:
    """Copy a database with its journals, again where it changed meanwhile. Raises _BusyError, OSError."""
    for _ in range(COPIES):
        before = _states(path)
        for companion in COMPANIONS:
            target = copy.with_name(copy.name + companion)
            target.unlink(missing_ok=True)
            if before[companion]:
                try:
                    shutil.copyfile(path.with_name(path.name + companion), target)
                except FileNotFoundError:
                    if not companion:
                        raise
        if _states(path) == before:
            return
    raise _BusyError


def _states(path: Path) -> dict[str, tuple[int, int] | None]:
    """Return the size of a database and of each of its journals, and when it was written."""
    states: dict[str, tuple[int, int] | None] = {}
    for companion in COMPANIONS:
        try:
            found = path.with_name(path.name + companion).stat()
        except FileNotFoundError:
            states[companion] = None
        else:
            states[companion] = found.st_size, found.st_mtime_ns
    return states


def _wrong_with(connection: sqlite3.Connection) -> str:
    """Return why a database cannot be read as Zotero's, and what to do; "" where it can.

    Only tables count: a view of such a name may be made so that it never ends.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"items", "itemData"} <= tables:
        return "This is an SQLite database, but not Zotero's. Export the papers from the program that made it."
    for table, needed in NEEDED.items():
        held = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")} if table in tables else set()
        if not needed <= held:
            return (
                f"This Zotero database has no {table} of the kind that Zotero 5 and later make. Open it with a present "
                "Zotero, which brings it up to date, and add it again; or export the papers from there."
            )
    return ""


def _citation_keys(path: Path) -> dict[tuple[int, str], str]:
    """Return the citation keys that Better BibTeX keeps in a database of its own, by library and item."""
    if not path.is_file():
        return {}
    with _opened(path) as connection:
        is_known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'citationkey'"
        if not connection.execute(is_known).fetchone():
            return {}
        rows = connection.execute("SELECT libraryID, itemKey, citationKey FROM citationkey")
        return {(library, item): str(key) for library, item, key in rows}


@dataclass
class _Reading:
    """One reading of a Zotero database."""

    connection: sqlite3.Connection
    file: str
    citation_keys: Mapping[tuple[int, str], str]

    def items(self) -> Iterator[ReaderItem]:
        groups = {library: str(name) for library, name in self.connection.execute("SELECT libraryID, name FROM groups")}
        labels, retracted = self._labels(), self._ids("retractedItems")
        titles: list[str] = []
        last, number = -1, 0
        while page := self.connection.execute(ITEMS, (last, ITEMS_AT_ONCE)).fetchall():
            last = page[-1][0]
            values = self._values(page)
            for item, key, library, _ in page:
                number += 1
                value = values[item]
                if known := self.citation_keys.get((library, key)):
                    value.setdefault("citationKey", known)
                group = (groups[library],) if library in groups else ()
                read = zotero_items.read_item(value, self.file, number, collections=labels, labels=group)
                if item in retracted and isinstance(read, Record):
                    titles.append(read.paper.title)
                if read:
                    yield read
        if titles:
            yield Notice(self.file, _retracted(titles))
        if number:
            yield EndOfSource(self.file)

    def _values(self, page: Sequence[tuple[int, str, int, str]]) -> dict[int, dict[str, Any]]:
        """Return the items of a page in the shape in which exports write them."""
        values: dict[int, dict[str, Any]] = {
            item: {"itemType": kind, "key": key, "creators": [], "tags": [], "collections": []}
            for item, key, _, kind in page
        }
        for item, name, value in self._of(values, FIELDS):
            values[item].setdefault(name, value)
        for item, kind, given, family, mode in self._of(values, CREATORS):
            whole = {"name": family} if mode == 1 else {"firstName": given, "lastName": family}
            values[item]["creators"].append({"creatorType": kind, **whole})
        for item, tag in self._of(values, TAGS):
            values[item]["tags"].append(tag)
        for item, collection in self._of(values, PLACES):
            values[item]["collections"].append(str(collection))
        return values

    def _of(self, items: Mapping[int, Any], query: str) -> Iterator[tuple[Any, ...]]:
        return self.connection.execute(query.format(",".join("?" * len(items))), list(items))

    def _labels(self) -> zotero_items.Labels:
        """Return what is to be written on the papers of each collection; those in the bin write nothing."""
        binned = self._ids("deletedCollections")
        rows = self.connection.execute(COLLECTIONS).fetchall()
        tree = {str(one): (str(name), "" if parent is None else str(parent)) for one, name, parent in rows}
        inside: dict[Any, list[int]] = defaultdict(list)
        for one, _, parent in rows:
            inside[parent].append(one)
        gone = list(binned)
        for one in gone:
            if tree.pop(str(one), None):
                gone += inside[one]
        return zotero_items.collection_labels(tree)

    def _ids(self, table: str) -> set[int]:
        """Return the ids in a table that not every version of Zotero has."""
        exists = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        if not self.connection.execute(exists, (table,)).fetchone():
            return set()
        column = self.connection.execute(f"PRAGMA table_info({table})").fetchone()[1]
        return {row[0] for row in self.connection.execute(f"SELECT {column} FROM {table}")}


def _retracted(titles: Sequence[str]) -> str:
    shown = "; ".join(f"“{shortened(title)}”" for title in titles[:RETRACTIONS_SHOWN])
    more = f"; and {len(titles) - RETRACTIONS_SHOWN:,} more" if len(titles) > RETRACTIONS_SHOWN else ""
    return f"Zotero says that {len(titles):,} of these were retracted: {shown}{more}."
