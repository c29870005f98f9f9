"""The vectors kept in the library into the vector index, and searches by either: exact where that is as quick."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from assistant.library import Library
from assistant.protocols import Vectors
from assistant.types import Paper
from vectorstore import IndexPlace, IndexUnreachable, Match, Metadata, VectorIndex, VectorIndexError, VectorMatrix

FINGERPRINT = "embedder"
"""Name of the library's fact that says which embedding model made its vectors."""

EXACT_UP_TO = 200_000
"""Vectors up to which a search compares the question with each of them; measured in docs/EXPERIMENTS.md."""

_NAME = "index"
"""Fact: the name of the present index."""
_SERVER = "index server"
"""Fact: the address of the server that holds it, "" for a folder of our own."""
_SEAL = "index seal"
"""Fact: the digest of its files since it was last closed well, "" while it is open."""
_FAMILY = "index family"
"""Fact: what the names of this library's indexes have in common and those of other libraries have not."""

_VECTORS_AT_ONCE = 1000
_PROBES = 5
_SAME = 0.99
"""Least cosine of a vector with itself, whatever the index rounds."""


def fill_index(library: Library, index: VectorIndex) -> None:
    """Take out of the index what left the library, and put in every kept vector that it lacks.

    Raises VectorIndexError.
    """
    while removed := library.removed_ids(_VECTORS_AT_ONCE):
        index.delete(removed)
        library.forget_removed(removed)
    while True:
        ids, vectors = library.unindexed(_VECTORS_AT_ONCE)
        if not ids:
            break
        papers = {paper.id: paper for paper in library.papers_by_id(ids)}
        rows = [row for row, paper_id in enumerate(ids) if paper_id in papers]  # others were removed a moment ago
        found = [papers[ids[row]] for row in rows]
        index.upsert(
            [paper.id for paper in found],
            vectors[rows],
            [paper.abstract for paper in found],
            [_metadata(paper) for paper in found],
        )
        library.mark_indexed(ids)
    index.settle()


class KeptIndex:
    """The vector index of one library. The library's own vectors are the truth, so nothing of the index is trusted.

    A search that is restricted, or over up to `exact_up_to` vectors, is exact, over a matrix read from the library at
    first use. So is any other while the index is behind, busy or broken; it is searched only when it is whole.
    Files of an index are opened only where they are, byte for byte, as they were when they were last closed. While they
    are open the library says so; where the program was killed then, or a file differs, the index is never opened again:
    the library names a fresh one, which `fill_index` fills. A server looks after its own files; there the numbers of
    vectors are compared, and some are searched for. Any number of threads may use it.
    """

    def __init__(self, library: Library, place: IndexPlace, exact_up_to: int = EXACT_UP_TO) -> None:
        self._library = library
        self._place = place
        self._exact_up_to = exact_up_to
        self._matrix: VectorMatrix | None = None
        self._matrix_lock = threading.RLock()
        self._index: VectorIndex | None = None
        self._index_lock = threading.RLock()
        self._large: bool | None = None
        self._trusted = True
        self._fresh = False
        """Whether the index that the library names was named by us and does not exist yet."""
        self._sealed = True
        """Whether the library may hold a seal, to be broken before the index is written to."""

    def upsert(
        self, ids: Sequence[str], vectors: Vectors, documents: Sequence[str], metadata: Sequence[Metadata]
    ) -> None:
        """Put vectors in, replacing those of known ids. Raises VectorIndexError."""
        with self._matrix_lock:
            self._large = None
            if self._matrix is not None:
                numbers = self._library.paper_numbers(ids)
                rows = [row for row, paper_id in enumerate(ids) if paper_id in numbers]
                known = [ids[row] for row in rows]
                self._matrix.put([numbers[paper_id] for paper_id in known], known, vectors[rows])
        with self._working() as index:
            self._break_seal()
            index.upsert(ids, vectors, documents, metadata)

    def delete(self, ids: Sequence[str]) -> None:
        """Take vectors out; unknown ids are passed over. Raises VectorIndexError."""
        with self._matrix_lock:
            if self._matrix is not None:
                self._matrix.drop(ids)
        with self._working() as index:
            self._break_seal()
            index.delete(ids)

    def query(self, vector: Vectors, limit: int, among: NDArray[np.int64] | None = None) -> list[Match]:
        """Return the ids of the nearest papers, most similar first; `among`: numbers of the papers to search in.

        Raises IndexUnreachable where the library's index is on a server that does not answer.
        """
        if among is None and self._is_large():
            found = self._ask_index(vector, limit)
            if found is not None:
                return found
        with self._matrix_lock:
            if self._matrix is None:
                self._matrix = VectorMatrix.of(*self._library.numbered_vectors())
            return self._matrix.nearest(vector, limit, among)

    def count(self) -> int:
        """Return how many vectors the index itself holds. Raises VectorIndexError."""
        with self._working() as index:
            return index.count()

    def settle(self) -> None:
        """Close the files after a run of writes and note what they are, so that a later kill costs nothing.

        The indexes that this one replaced are deleted. Raises VectorIndexError.
        """
        with self._index_lock:
            if self._index is None:
                return
            with self._renewed_on_failure():
                is_complete = self._index.count() >= self._library.indexed_count()
                index, self._index = self._index, None
                index.close()
            if is_complete:  # else papers were marked for the index that this one replaced
                self._note_seal()
            with suppress(VectorIndexError):  # what is left behind takes room and does no harm
                self._place.keep_only(self._name)

    def refresh(self) -> None:
        """Read the vectors of the library anew at the next search; for vectors kept without `fill_index`."""
        with self._matrix_lock:
            self._matrix, self._large = None, None

    def is_whole(self) -> bool:
        """Tell whether the index holds every vector of the library and its files are as it left them; reads them all.

        Raises IndexUnreachable.
        """
        with self._index_lock:
            if self._library.unindexed(1)[0] or not self._is_as_it_was():
                return False
            if not self._place.server:
                return True
            with self._working() as index:
                return self._holds_its_vectors(index)

    def renew(self, fingerprint: str = "") -> None:
        """Leave the present index for good; `fill_index` makes a fresh one.

        With a `fingerprint` the vectors in the library are dropped too, for those of that embedding model. Both happen
        in one transaction, so that a kill at any moment leaves no wrong vector.
        """
        with self._index_lock:
            self._trusted = False
            self._let_go()
            fresh = f"{self._family()}-{datetime.now():%Y%m%d%H%M%S%f}"
            known = {_NAME: fresh, _SEAL: "", _SERVER: self._place.server}
            self._sealed = False
            if fingerprint:
                self._library.forget_vectors(**known, **{FINGERPRINT: fingerprint})
            else:
                self._library.forget_index(**known)
            self._trusted = self._fresh = True
        self.refresh()

    def close(self) -> None:
        """Close the index; the next use opens it again."""
        with suppress(VectorIndexError):
            self.settle()
        with self._index_lock:
            self._let_go()

    def _let_go(self) -> None:
        """Close the index, whatever it says to that."""
        index, self._index = self._index, None
        if index is not None:
            with suppress(VectorIndexError):
                index.close()

    def _is_large(self) -> bool:
        """Tell whether searches that are not restricted should go to the index."""
        if self._large is None:
            self._large = bool(self._place.server) or self._library.indexed_count() > self._exact_up_to
        return self._large

    def _ask_index(self, vector: Vectors, limit: int) -> list[Match] | None:
        """Search in the index, or return None where it is busy, behind, or has just failed."""
        if not self._index_lock.acquire(blocking=False):
            return None
        try:
            if self._library.unindexed(1)[0] or self._library.removed_ids(1):
                return None
            with self._working() as index:
                if self._library.unindexed(1)[0]:  # it had to give its place to a fresh one
                    return None
                found = index.query(vector, limit)
                if not self._sealed:
                    self._note_seal()  # Chroma writes to its files when it opens them, and no more while it searches
                return found
        except IndexUnreachable:
            raise
        except VectorIndexError:
            return None
        finally:
            self._index_lock.release()

    @contextmanager
    def _working(self) -> Iterator[VectorIndex]:
        """Hold the open index, alone; it is left for good when it fails."""
        with self._index_lock, self._renewed_on_failure():
            yield self._open() if self._index is None else self._index

    @contextmanager
    def _renewed_on_failure(self) -> Iterator[None]:
        try:
            yield
        except IndexUnreachable:  # what the server holds may be whole; it is looked through when it is opened again
            self._let_go()
            raise
        except VectorIndexError:
            self.renew()
            raise

    def _open(self) -> VectorIndex:
        """Open the index that the library names, or a fresh one where that cannot be trusted."""
        if not self._trusted or not (self._fresh or self._is_as_it_was()):
            self.renew()
        self._break_seal()
        index = self._place.open(self._name)
        if not self._fresh and not self._holds_its_vectors(index):
            with suppress(VectorIndexError):
                index.close()
            self.renew()
            index = self._place.open(self._name)
        self._fresh = False
        self._index = index
        return index

    @property
    def _name(self) -> str:
        return self._library.fact(_NAME) or ""

    def _family(self) -> str:
        """Return what begins the names of this library's indexes, made once."""
        family = self._library.fact(_FAMILY)
        if family is None:
            family = f"{_NAME}-{uuid.uuid4().hex[:12]}"
            self._library.keep_fact(_FAMILY, family)
        return family

    def _is_as_it_was(self) -> bool:
        """Tell whether the index that the library names lies here, closed well and unchanged since."""
        if not self._name or self._library.fact(_SERVER) != self._place.server:
            return False
        return bool(self._place.server) or self._place.seal(self._name) == (self._library.fact(_SEAL) or None)

    def _note_seal(self) -> None:
        self._library.keep_fact(_SEAL, self._place.seal(self._name))
        self._sealed = True

    def _break_seal(self) -> None:
        if self._sealed:
            self._library.keep_fact(_SEAL, "")
            self._sealed = False

    def _holds_its_vectors(self, index: VectorIndex) -> bool:
        """Tell whether the index holds as many vectors as it should; on a server, too, whether some find themselves."""
        if index.count() < self._library.indexed_count():
            return False
        return not self._place.server or all(
            _finds(index, *kept) for kept in self._library.indexed_sample(_PROBES).items()
        )


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
