"""The vectors kept in the library into the vector index; an index that fails gives its place to a fresh one."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from assistant.library import Library
from assistant.protocols import Vectors
from assistant.types import Paper
from vectorstore import Match, Metadata, VectorIndex, VectorIndexError

FINGERPRINT = "embedder"
"""Name of the library's fact that says which embedding model made its vectors."""

_FOLDER = "index"
"""Name of the first index's folder, and of the library's fact that names the present one."""

_VECTORS_AT_ONCE = 1000
_PROBES = 5
_SAME = 0.99
"""Least cosine of a vector with itself, whatever the index rounds."""


def fill_index(library: Library, index: VectorIndex) -> None:
    """Put every kept vector that the index lacks into it. Raises VectorIndexError."""
    while True:
        ids, vectors = library.unindexed(_VECTORS_AT_ONCE)
        if not ids:
            return
        papers = library.papers_by_id(ids)
        index.upsert(ids, vectors, [paper.abstract for paper in papers], [_metadata(paper) for paper in papers])
        library.mark_indexed(ids)


class KeptIndex:
    """The vector index of one library, in a folder below the library's; opened, and filled, when it is first used.

    A folder that failed once is never opened again: the library names a fresh one, and the next use fills that from the
    vectors kept in the library. (A probe in a process of its own, for folders that crash the interpreter, is to come.)
    """

    def __init__(self, library: Library, open_folder: Callable[[Path], VectorIndex]) -> None:
        self._library = library
        self._open_folder = open_folder
        self._lock = threading.RLock()
        self._index: VectorIndex | None = None
        self._trusted = True

    def upsert(
        self, ids: Sequence[str], vectors: Vectors, documents: Sequence[str], metadata: Sequence[Metadata]
    ) -> None:
        """Put vectors in, replacing those of known ids."""
        with self._working() as index:
            index.upsert(ids, vectors, documents, metadata)

    def query(self, vector: Vectors, limit: int, among: Collection[str] | None = None) -> list[Match]:
        """Return the nearest ids, most similar first; an index that fails is made anew once, and that one is asked."""
        with suppress(VectorIndexError), self._working() as index:
            return index.query(vector, limit, among)
        with self._working() as index:
            return index.query(vector, limit, among)

    def count(self) -> int:
        """Return how many vectors the index holds."""
        with self._working() as index:
            return index.count()

    def renew(self, fingerprint: str = "") -> None:
        """Leave the present folder for good; the next use makes a fresh one.

        With a `fingerprint` the vectors in the library are dropped too, for those of that embedding model. Both happen
        in one transaction, so that a kill at any moment leaves no wrong vector.
        """
        with self._lock:
            self._trusted = False
            self.close()
            fresh = f"{_FOLDER}-{datetime.now():%Y%m%d-%H%M%S-%f}"
            if fingerprint:
                self._library.forget_vectors(**{_FOLDER: fresh, FINGERPRINT: fingerprint})
            else:
                self._library.forget_index(**{_FOLDER: fresh})
            self._trusted = True

    def close(self) -> None:
        """Close the folder; the next use opens it again."""
        with self._lock:
            index, self._index = self._index, None
            if index is not None:
                with suppress(VectorIndexError):
                    index.close()

    @contextmanager
    def _working(self) -> Iterator[VectorIndex]:
        """Hold the open index, alone; it is left for good when it fails."""
        with self._lock:
            try:
                yield self._open() if self._index is None else self._index
            except VectorIndexError:
                self.renew()
                raise

    def _open(self) -> VectorIndex:
        """Open the folder that the library names, put in what it lacks, and delete the folders left behind."""
        if not self._trusted:
            self.renew()
        self._index = index = self._open_folder(self._folder)
        if not self._is_whole(index):
            self.renew()
            self._index = index = self._open_folder(self._folder)
        fill_index(self._library, index)
        if index.count() < self._library.indexed_count():  # papers were marked for the former index meanwhile
            self._library.forget_index()
            fill_index(self._library, index)
        for folder in self._library.folder.glob(f"{_FOLDER}*"):
            if folder != self._folder:
                shutil.rmtree(folder, ignore_errors=True)
        return index

    @property
    def _folder(self) -> Path:
        return self._library.folder / (self._library.fact(_FOLDER) or _FOLDER)

    def _is_whole(self, index: VectorIndex) -> bool:
        """Tell whether the index holds as many vectors as it should, and whether a few of them find themselves."""
        if index.count() < self._library.indexed_count():
            return False
        return all(_finds(index, *kept) for kept in self._library.indexed_sample(_PROBES).items())


def _finds(index: VectorIndex, paper_id: str, vector: Vectors) -> bool:
    """Search for a vector by itself; it may hide behind as many of its like as are returned."""
    same = [match.id for match in index.query(vector, _PROBES) if match.similarity > _SAME]
    return paper_id in same or len(same) == _PROBES


def _metadata(paper: Paper) -> Metadata:
    """Return the scalars for the index; every paper carries every key, because Chroma keeps keys not written again."""
    return {
        "title": paper.title,
        "authors": "; ".join(paper.authors),
        "date": paper.date,
        "year": paper.year or 0,
        "categories": " ".join(paper.categories),
        "has_code": "" if paper.has_code is None else str(paper.has_code).lower(),
    }
