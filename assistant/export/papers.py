"""Papers of the library as a file or as text in any format that can be written."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import select

from assistant.errors import ExportError, UsageError
from assistant.export.writers.formats import FORMATS, named_by
from assistant.library import Library, pages, passing, read_papers
from assistant.library import papers as paper_table
from assistant.types import Paper, PaperFilter

NAMES = tuple(FORMATS)
"""What a person calls the formats."""


def text(papers: Iterable[Paper], format_name: str) -> Iterator[str]:
    """Yield papers as text of a format, piece by piece; one of `NAMES` is its name. Raises UsageError for others."""
    if format_name not in FORMATS:
        raise UsageError(f"“{format_name}” is no format that can be written. There are: {', '.join(NAMES)}.")
    return FORMATS[format_name].write(papers)


def format_for(name: str, file: Path | None) -> str:
    """Return the name of the format that is asked for, or that the file's ending stands for.

    Raises UsageError where neither says it.
    """
    chosen = name or (named_by(file.name) if file else "")
    if not chosen:
        what = f"the ending of {file.name} stands for none" if file else "no file says it by its ending"
        raise UsageError(f"Say the format with --format ({', '.join(NAMES)}): {what}.")
    if chosen not in FORMATS:
        raise UsageError(f"“{chosen}” is no format that can be written. There are: {', '.join(NAMES)}.")
    return chosen


def stream(library: Library, chosen: PaperFilter) -> Iterator[Paper]:
    """Yield the papers that pass a filter, newest first, then by title, as they are at one moment.

    A page of them is held at a time.
    """
    with library.transaction() as connection:
        order = (paper_table.c.date.desc(), paper_table.c.title, paper_table.c.number)
        ids = connection.execute(passing(connection, select(paper_table.c.id), chosen).order_by(*order)).scalars().all()
        for page in pages(ids):
            yield from read_papers(connection, page)


def save(pieces: Iterable[str], file: Path) -> None:
    """Write text to a file, which has it whole or stays as it was: it is written beside and then put in its place.

    What is no ordinary file (a pipe, a terminal) is simply written to. Raises ExportError, and UsageError for a folder.
    """
    if file.is_dir():
        raise UsageError(f"{file} is a folder. Name a file in it.")
    try:
        if file.exists() and not file.is_file():
            with file.open("w", encoding="utf-8", newline="") as written:
                written.writelines(pieces)
            return
        with _beside(file) as draft:
            with draft.open("w", encoding="utf-8", newline="") as written:
                written.writelines(pieces)
                written.flush()
                os.fsync(written.fileno())
            draft.replace(file.resolve())
    except OSError as error:
        raise ExportError(
            f"{file} cannot be written ({error.strerror or error}); it is as it was. Name another file, or make room."
        ) from error


@contextlib.contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """Make an empty file in the folder of another, with the rights that a new file gets, and remove it if it is left.

    Where the other file exists, its rights are taken over.
    """
    target = file.resolve()
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    os.close(descriptor)
    draft = Path(name)
    try:
        draft.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _umask() -> int:
    """Return the rights that new files do not get; there is no way to ask but to set."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
