"""The vector index of a library: filled from the stored vectors, searched by Chroma, or exactly while it cannot be."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from assistant.errors import LibraryError
from assistant.library import Library
from assistant.protocols import Vectors
from assistant.types import Paper
from vectorstore import IndexPlace, IndexUnreachable, Match, Metadata, VectorIndex, VectorIndexError, VectorMatrix

FINGERPRINT = "embedder"
"""Name of the library's fact that says which embedding model made its vectors, and so those of its index."""

INDEX_FACTS = _NAME, _SERVER, _CHECKSUM = "index", "index server", "index checksum"
"""Names of the library's facts about its index: its name, which before the last hyphen is the library's own; the
address of the server that holds it, "" for a folder; the checksum of its files, "" while it is open or not made yet."""

_VECTORS_AT_ONCE = 1000
_PROBES = 5
_SAME = 0.99
"""Least cosine of a vector with itself, whatever the index rounds."""


class PersistentIndex:
    """The vector index of one library, which any number of threads may use.

    A search without a restriction goes to the index wherever that holds every vector of the library. A restricted one
    is exact, over a matrix of the library's vectors; so is any while the index is being filled, is damaged or fails.
    The library's vectors are the truth, and nothing of the index is trusted: files are opened only if they are, byte
    for byte, as they were left, and then some vectors have to find themselves. An index that was being written when the
    program was killed, that differs or that fails is never opened again: the library names a fresh one, which `update`
    fills. A server looks after its own files.
    """

    def __init__(self, library: Library, place: IndexPlace) -> None:
        self._library = library
        self._place = place
        self._index: VectorIndex | None = None
        self._index_lock = threading.RLock()
        self._opening: threading.Thread | None = None
        self._checksum = ""  # the library's fact of that name, while the index is open
        self._is_trusted = True  # whether the library knows what became of the index that it names
        self._matrix: VectorMatrix | None = None
        self._matrix_lock = threading.Lock()

    def query(self, vector: Vectors, limit: int, among: NDArray[np.int64] | None = None) -> list[Match]:
        """Return the ids of the nearest papers, most similar first; `among`: numbers of the papers to search in.

        Raises IndexUnreachable where the library's index is on a server that does not answer.
        """
        if among is None:
            if self._opening is not None:
                self._opening.join()
            if matches := self._search_index(lambda index: index.query(vector, limit)):
                return matches
        with self._matrix_lock:
            if self._matrix is None:
                self._matrix = VectorMatrix(*self._library.numbered_vectors())
            matrix = self._matrix
        return matrix.nearest(vector, limit, among)

    def prepare(self) -> None:
        """Begin to open the index in the background, once: starting Chroma takes a second or more."""
        if self._index is None and self._opening is None:
            self._opening = threading.Thread(target=self._open_ahead, name="opening the vector index", daemon=True)
            self._opening.start()

    def update(self) -> None:
        """Take out of the index what left the library, and put in every stored vector that it lacks.

        Raises VectorIndexError.
        """
        self._forget_matrix()
        while removed := self._library.removed_ids(_VECTORS_AT_ONCE):
            with self._opened() as index:
                self._note_checksum("")
                index.delete(removed)
                self._library.forget_removed(removed)
        while (unindexed := self._library.unindexed(_VECTORS_AT_ONCE))[0]:
            self._add(*unindexed)
        self._flush()

    def count(self) -> int:
        """Return how many vectors the index itself holds. Raises VectorIndexError."""
        with self._opened() as index:
            return index.count()

    def is_consistent(self) -> bool:
        """Tell whether the index holds every vector of the library and its files are as they were left; reads them all.

        Raises IndexUnreachable.
        """
        with self._index_lock:
            if self._library.unindexed(1)[0] or not self._is_unchanged():
                return False
            if self._place.server:
                with self._opened() as index:
                    return self._holds_its_vectors(index)
            return True

    def rebuild(self, fingerprint: str = "") -> None:
        """Give up the present index for good, and name a fresh one for `update` to fill.

        With a `fingerprint` the vectors in the library are dropped too, for those of that embedding model. Both happen
        in one transaction, so that a kill at any moment leaves no wrong vector.
        """
        with self._index_lock:
            self._is_trusted = False
            self._release()
            family = self._name.rpartition("-")[0] or f"index-{uuid.uuid4().hex[:12]}"
            name = f"{family}-{datetime.now():%Y%m%d%H%M%S%f}"
            facts = {_NAME: name, _CHECKSUM: "", _SERVER: self._place.server}
            if fingerprint:
                self._library.forget_vectors(**facts, **{FINGERPRINT: fingerprint})
            else:
                self._library.forget_index(**facts)
            self._is_trusted = True
        self._forget_matrix()

    def close(self) -> None:
        """Close the index; the next use opens it again."""
        if self._opening is not None:
            self._opening.join()
        with self._index_lock:
            with suppress(VectorIndexError):
                self._flush()
            self._release()

    def _open_ahead(self) -> None:
        with suppress(IndexUnreachable):  # the search that comes will raise it
            self._search_index(lambda _: [])

    def _search_index(self, search: Callable[[VectorIndex], list[Match]]) -> list[Match]:
        """Search in the index, or return nothing where it is busy, lacks vectors, or has just failed."""
        if not self._index_lock.acquire(blocking=False):
            return []
        try:
            if not self._name or self._library.removed_ids(1) or self._library.unindexed(1)[0]:
                return []
            with self._opened() as index:
                if not self._checksum:  # Chroma changes its files when it opens them or writes, and no more in a search
                    self._note_checksum(self._place.checksum(self._name))
                return search(index)
        except IndexUnreachable:
            raise
        except (LibraryError, VectorIndexError):  # the full disk, too, on which damage cannot be noted
            return []
        finally:
            self._index_lock.release()

    def _add(self, ids: Sequence[str], vectors: Vectors) -> None:
        rows = {paper_id: row for row, paper_id in enumerate(ids)}
        papers = [paper for paper in self._library.papers_by_id(ids) if paper.id in rows]  # some may just have left
        with self._opened() as index:
            self._note_checksum("")
            index.upsert(
                [paper.id for paper in papers],
                vectors[[rows[paper.id] for paper in papers]],
                [_metadata(paper) for paper in papers],
            )
            self._library.mark_indexed(ids)

    def _flush(self) -> None:
        """Note the checksum of the files after a run of writes, so that a later kill costs nothing.

        The indexes that this one replaced are deleted. Raises VectorIndexError.
        """
        with self._index_lock:
            if self._index is None or self._checksum:
                return
            with self._opened() as index:
                held, expected = index.count(), self._library.indexed_count()
                if held < expected:
                    raise VectorIndexError(f"The vector index holds only {held:,} of {expected:,} vectors.")
            self._note_checksum(self._place.checksum(self._name))
            with suppress(VectorIndexError):  # what is left behind takes room and does no harm
                self._place.delete_former(self._name)

    @contextmanager
    def _opened(self) -> Iterator[VectorIndex]:
        """Hold the open index, alone; it is given up for good when it fails."""
        with self._index_lock:
            try:
                yield self._index or self._open()
            except IndexUnreachable:  # the server may hold every vector; it is looked through when it is opened again
                self._release()
                raise
            except VectorIndexError:
                self.rebuild()
                raise

    def _open(self) -> VectorIndex:
        """Open the index that the library names, or a fresh one where that cannot be trusted."""
        if not (self._is_trusted and self._is_unchanged()):
            self.rebuild()
        while True:
            self._note_checksum("")
            self._index = self._place.open(self._name)
            if self._holds_its_vectors(self._index):
                return self._index
            self.rebuild()

    def _release(self) -> None:
        """Close the index, whatever it says to that."""
        index, self._index = self._index, None
        if index is not None:
            with suppress(VectorIndexError):
                index.close()

    def _forget_matrix(self) -> None:
        with self._matrix_lock:
            self._matrix = None

    @property
    def _name(self) -> str:
        return self._library.metadata(_NAME) or ""

    def _is_unchanged(self) -> bool:
        """Tell whether the index that the library names lies here, and is as it was left."""
        if not self._name or self._library.metadata(_SERVER) != self._place.server:
            return False
        return bool(self._place.server) or self._place.checksum(self._name) == self._library.metadata(_CHECKSUM)

    def _note_checksum(self, checksum: str) -> None:
        if self._index is None or checksum != self._checksum:
            self._library.set_metadata(_CHECKSUM, checksum)
            self._checksum = checksum

    def _holds_its_vectors(self, index: VectorIndex) -> bool:
        """Tell whether the index holds as many vectors as it should, and whether some of them find themselves."""
        if index.count() < self._library.indexed_count():
            return False
        for paper_id, vector in self._library.indexed_sample(_PROBES).items():
            same = [match.id for match in index.query(vector, _PROBES) if match.similarity > _SAME]
            if paper_id not in same and len(same) < _PROBES:  # it may hide behind as many of its like
                return False
        return True


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
