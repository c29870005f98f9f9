"""Sizes of a library: how many papers it holds, in which state, and how much of the disk it takes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from sqlalchemy import func, select

from assistant.library.schema import papers_read
from assistant.library.store import Library
from assistant.types import PaperFilter


@dataclass(frozen=True, slots=True)
class LibrarySizes:
    """Numbers of papers (all, with a vector, in the vector index, without abstract, read ahead), and bytes on disk."""

    papers: int
    with_vector: int
    indexed: int
    without_abstract: int
    read_ahead: int
    disk: int

    @property
    def waiting(self) -> int:
        """Return how many papers have no vector yet."""
        return self.papers - self.with_vector


def sizes(library: Library, model: str = "") -> LibrarySizes:
    """Return the sizes of a library; `model` is the name of the chat model whose reading ahead counts."""
    with library.transaction() as connection:
        read = select(func.count()).select_from(papers_read).where(papers_read.c.model == model)
        read_ahead = connection.execute(read).scalar_one()
    count = library.count()
    return LibrarySizes(
        papers=count,
        with_vector=count - library.waiting_count(),
        indexed=library.indexed_count(),
        without_abstract=library.count(PaperFilter(has_abstract=False)),
        read_ahead=read_ahead,
        disk=_bytes_in(library),
    )


def _bytes_in(library: Library) -> int:
    total = 0
    for path in library.folder.rglob("*"):
        with contextlib.suppress(OSError):  # gone since
            total += path.stat().st_size if path.is_file() else 0
    return total
