"""Files that were read: as they were then, so that only what is new or changed is read again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Row, insert, select, update

from assistant.library.rows import delete_in, pages, rows_in
from assistant.library.schema import files_read, labels, profiles, records
from assistant.library.store import Library


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file as it was when it was read: bytes, nanoseconds of its last change, SHA-256, and how it was read.

    `columns` is what a person said of its columns, `version` the program's: a later one may read what was a problem.
    `gone` is 1 where the file has been missed since.
    """

    origin: str
    size: int
    modified: int
    digest: str
    columns: str
    version: str
    problems: int = 0
    gone: int = 0


def look(path: Path, columns: str, version: str) -> FileRead:
    """Return a file as it is now, before it is read. Raises OSError."""
    state = path.stat()
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return FileRead(str(path), state.st_size, state.st_mtime_ns, digest, columns, version)


def note(library: Library, files: Sequence[FileRead]) -> None:
    """Remember files as they were read."""
    with library.transaction() as connection:
        delete_in(connection, files_read, files_read.c.origin, (each.origin for each in files))
        if files:
            connection.execute(insert(files_read), [asdict(each) for each in files])


def note_gone(library: Library, origins: Sequence[str]) -> list[str]:
    """Remember that files are missed; return those of which the library holds papers, and that were not missed yet."""
    with library.transaction() as connection:
        rows = rows_in(connection, select(files_read).where(files_read.c.gone == 0), files_read.c.origin, origins)
        missed = sorted(row.origin for row in rows)
        for page in pages(missed):
            connection.execute(update(files_read).where(files_read.c.origin.in_(page)).values(gone=1))
        told = rows_in(connection, select(records.c.origin).distinct(), records.c.origin, missed)
        return sorted(row.origin for row in told)


def named(library: Library, origins: Iterable[str]) -> dict[str, FileRead]:
    """Return what is known of files by their paths."""
    with library.transaction() as connection:
        return {row.origin: _read(row) for row in rows_in(connection, select(files_read), files_read.c.origin, origins)}


def below(library: Library, folder: str) -> list[FileRead]:
    """Return what is known of the files in a folder and below it."""
    first = folder.rstrip(os.sep) + os.sep
    last = first[:-1] + chr(ord(os.sep) + 1)
    query = select(files_read).where(files_read.c.origin >= first, files_read.c.origin < last)
    with library.transaction() as connection:
        return [_read(row) for row in connection.execute(query)]


def alike(library: Library, size: int) -> list[FileRead]:
    """Return the files that were of a size."""
    with library.transaction() as connection:
        return [_read(row) for row in connection.execute(select(files_read).where(files_read.c.size == size))]


def rename(library: Library, origin: str, file: FileRead) -> bool:
    """Let what a file said be said by the same file under its new path; False where that has said something already."""
    with library.transaction() as connection:
        for table in (records, profiles):
            if connection.execute(select(table.c.origin).where(table.c.origin == file.origin).limit(1)).first():
                return False
        for each in (records, profiles, labels):
            connection.execute(update(each).where(each.c.origin == origin).values(origin=file.origin))
        delete_in(connection, files_read, files_read.c.origin, [origin, file.origin])
        connection.execute(insert(files_read), [asdict(file)])
        return True


def _read(row: Row[tuple[object, ...]]) -> FileRead:
    return FileRead(**row._mapping)
