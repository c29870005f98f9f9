"""Databases of Zotero, made by tests in the shape that Zotero gives them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

KINDS = ["attachment", "note", "annotation", "journalArticle", "book", "preprint", "patent", "webpage"]
CREATORS = ["author", "editor", "inventor", "translator"]

OF_ALL = """
    CREATE TABLE version (schema TEXT PRIMARY KEY, version INT NOT NULL);
    CREATE TABLE itemTypes (itemTypeID INTEGER PRIMARY KEY, typeName TEXT, templateItemTypeID INT,
        display INT DEFAULT 1);
    CREATE TABLE itemTypesCombined (itemTypeID INT NOT NULL, typeName TEXT NOT NULL, display INT DEFAULT 1 NOT NULL,
        custom INT NOT NULL, PRIMARY KEY (itemTypeID));
    CREATE TABLE fields (fieldID INTEGER PRIMARY KEY, fieldName TEXT, fieldFormatID INT);
    CREATE TABLE fieldsCombined (fieldID INT NOT NULL, fieldName TEXT NOT NULL, label TEXT, fieldFormatID INT,
        custom INT NOT NULL, PRIMARY KEY (fieldID));
    CREATE TABLE creatorTypes (creatorTypeID INTEGER PRIMARY KEY, creatorType TEXT);
    CREATE TABLE itemData (itemID INT, fieldID INT, valueID, PRIMARY KEY (itemID, fieldID));
    CREATE TABLE itemTags (itemID INT NOT NULL, tagID INT NOT NULL, type INT NOT NULL, PRIMARY KEY (itemID, tagID));
    CREATE TABLE itemCreators (itemID INT NOT NULL, creatorID INT NOT NULL, creatorTypeID INT NOT NULL DEFAULT 1,
        orderIndex INT NOT NULL DEFAULT 0, PRIMARY KEY (itemID, creatorID, creatorTypeID, orderIndex));
    CREATE TABLE collectionItems (collectionID INT NOT NULL, itemID INT NOT NULL, orderIndex INT NOT NULL DEFAULT 0,
        PRIMARY KEY (collectionID, itemID));
    CREATE TABLE feedItems (itemID INTEGER PRIMARY KEY, guid TEXT NOT NULL UNIQUE, readTime TIMESTAMP,
        translatedTime TIMESTAMP);
    CREATE TABLE deletedItems (itemID INTEGER PRIMARY KEY, dateDeleted DEFAULT CURRENT_TIMESTAMP NOT NULL);
    CREATE TABLE groups (groupID INTEGER PRIMARY KEY, libraryID INT NOT NULL UNIQUE, name TEXT NOT NULL,
        description TEXT NOT NULL, version INT NOT NULL);
"""
OF_5 = """
    CREATE TABLE items (itemID INTEGER PRIMARY KEY, itemTypeID INT NOT NULL, dateAdded TIMESTAMP,
        dateModified TIMESTAMP, clientDateModified TIMESTAMP, libraryID INT NOT NULL,
        key TEXT NOT NULL, version INT NOT NULL DEFAULT 0,
        synced INT NOT NULL DEFAULT 0, UNIQUE (libraryID, key));
    CREATE TABLE itemDataValues (valueID INTEGER PRIMARY KEY, value UNIQUE);
    CREATE TABLE tags (tagID INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE creators (creatorID INTEGER PRIMARY KEY, firstName TEXT, lastName TEXT, fieldMode INT,
        UNIQUE (lastName, firstName, fieldMode));
    CREATE TABLE collections (collectionID INTEGER PRIMARY KEY, collectionName TEXT NOT NULL, parentCollectionID INT,
        clientDateModified TIMESTAMP, libraryID INT NOT NULL, key TEXT NOT NULL, version INT NOT NULL DEFAULT 0,
        synced INT NOT NULL DEFAULT 0, UNIQUE (libraryID, key));
    CREATE TABLE libraries (libraryID INTEGER PRIMARY KEY, type TEXT NOT NULL, editable INT NOT NULL,
        filesEditable INT NOT NULL, version INT NOT NULL DEFAULT 0, storageVersion INT NOT NULL DEFAULT 0,
        lastSync INT NOT NULL DEFAULT 0, archived INT NOT NULL DEFAULT 0);
"""
OF_10 = """
    CREATE TABLE items (itemID INTEGER PRIMARY KEY, itemTypeID INT NOT NULL, dateAdded TIMESTAMP,
        dateModified TIMESTAMP, clientDateModified TIMESTAMP, libraryID INT NOT NULL,
        key TEXT NOT NULL, version INT NOT NULL DEFAULT 0,
        clientVersion INT NOT NULL DEFAULT 0, synced INT NOT NULL DEFAULT 0, UNIQUE (libraryID, key));
    CREATE TABLE itemDataValues (valueID INTEGER PRIMARY KEY, value UNIQUE, valueNormalized TEXT);
    CREATE TABLE tags (tagID INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, nameNormalized TEXT);
    CREATE TABLE creators (creatorID INTEGER PRIMARY KEY, firstName TEXT, lastName TEXT, fieldMode INT,
        firstNameNormalized TEXT, lastNameNormalized TEXT, UNIQUE (lastName, firstName, fieldMode));
    CREATE TABLE collections (collectionID INTEGER PRIMARY KEY, collectionName TEXT NOT NULL, parentCollectionID INT,
        clientDateModified TIMESTAMP, libraryID INT NOT NULL, key TEXT NOT NULL, version INT NOT NULL DEFAULT 0,
        clientVersion INT NOT NULL DEFAULT 0, synced INT NOT NULL DEFAULT 0, UNIQUE (libraryID, key));
    CREATE TABLE libraries (libraryID INTEGER PRIMARY KEY, type TEXT NOT NULL, editable INT NOT NULL,
        filesEditable INT NOT NULL, version INT NOT NULL DEFAULT 0, clientVersion INT NOT NULL DEFAULT 0,
        storageVersion INT NOT NULL DEFAULT 0, lastSync INT NOT NULL DEFAULT 0, archived INT NOT NULL DEFAULT 0,
        isAdmin INT NOT NULL DEFAULT 0);
    CREATE TABLE retractedItems (itemID INTEGER PRIMARY KEY, data TEXT, flag INT DEFAULT 0);
    CREATE TABLE deletedCollections (collectionID INTEGER PRIMARY KEY, dateDeleted DEFAULT CURRENT_TIMESTAMP NOT NULL);
"""
USER, GROUP = 1, 2


class ZoteroDatabase:
    """A database as Zotero 5 or 10 makes it, with the user's library and that of a group."""

    def __init__(self, path: Path, version: int = 10, journal: str = "delete") -> None:
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute(f"PRAGMA journal_mode = {journal}")
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.executescript(OF_ALL + (OF_5 if version == 5 else OF_10))
        for number, kind in enumerate(KINDS, 1):
            self.db.execute("INSERT INTO itemTypes (itemTypeID, typeName) VALUES (?, ?)", (number, kind))
            self.db.execute("INSERT INTO itemTypesCombined VALUES (?, ?, 1, 0)", (number, kind))
        for number, kind in enumerate(CREATORS, 1):
            self.db.execute("INSERT INTO creatorTypes VALUES (?, ?)", (number, kind))
        self.db.execute("INSERT INTO libraries (libraryID, type, editable, filesEditable) VALUES (1, 'user', 1, 1)")
        self.db.execute("INSERT INTO libraries (libraryID, type, editable, filesEditable) VALUES (2, 'group', 1, 1)")
        self.db.execute("INSERT INTO groups VALUES (77, 2, 'Lamp Group', '', 1)")

    def item(
        self,
        kind: str = "journalArticle",
        *,
        library: int = USER,
        creators: Sequence[tuple[str, ...]] = (),
        tags: Sequence[str] = (),
        collections: Sequence[int] = (),
        **fields: Any,
    ) -> int:
        """Add an item and return its id; a creator is (kind, first name, last name), or (kind, name)."""
        number = int(self.db.execute("SELECT coalesce(max(itemID), 0) + 1 FROM items").fetchone()[0])
        row = (number, KINDS.index(kind) + 1, library, f"KEY{number:05d}")
        self.db.execute("INSERT INTO items (itemID, itemTypeID, libraryID, key) VALUES (?, ?, ?, ?)", row)
        for name, value in fields.items():
            field = self._number("fields", "fieldID", "fieldName", name)
            self.db.execute("INSERT OR IGNORE INTO fieldsCombined VALUES (?, ?, NULL, NULL, 0)", (field, name))
            stored = self._number("itemDataValues", "valueID", "value", value)
            self.db.execute("INSERT INTO itemData VALUES (?, ?, ?)", (number, field, stored))
        for place, (role, *names) in enumerate(creators):
            given, family = names if len(names) == 2 else ("", names[0])
            person = self.db.execute(
                "INSERT OR REPLACE INTO creators (firstName, lastName, fieldMode) VALUES (?, ?, ?) RETURNING creatorID",
                (given, family, int(len(names) == 1)),
            ).fetchone()[0]
            held = (number, person, CREATORS.index(role) + 1, place)
            self.db.execute("INSERT INTO itemCreators VALUES (?, ?, ?, ?)", held)
        for tag in tags:
            self.db.execute(
                "INSERT INTO itemTags VALUES (?, ?, 0)", (number, self._number("tags", "tagID", "name", tag))
            )
        for collection in collections:
            self.db.execute("INSERT INTO collectionItems VALUES (?, ?, 0)", (collection, number))
        return number

    def collection(self, name: str, parent: int | None = None, library: int = USER) -> int:
        """Add a collection and return its id."""
        number = int(self.db.execute("SELECT coalesce(max(collectionID), 0) + 1 FROM collections").fetchone()[0])
        columns = "collectionID, collectionName, parentCollectionID, libraryID, key"
        row = (number, name, parent, library, f"COLL{number:04d}")
        self.db.execute(f"INSERT INTO collections ({columns}) VALUES (?, ?, ?, ?, ?)", row)
        return number

    def run(self, statement: str, *values: Any) -> None:
        """Run any statement."""
        self.db.execute(statement, values)

    def close(self) -> Path:
        """Close the database and return its path."""
        self.db.close()
        return self.path

    def _number(self, table: str, number: str, name: str, value: Any) -> int:
        self.db.execute(f"INSERT OR IGNORE INTO {table} ({name}) VALUES (?)", (value,))
        return int(self.db.execute(f"SELECT {number} FROM {table} WHERE {name} = ?", (value,)).fetchone()[0])
