"""Exact nearest neighbours: one matrix in memory, of which a part may be searched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vectorstore.protocol import Match

_GROWTH = 1.25
_GATHERED_SHARE = 0.2
"""Below this share of the rows, copying them out costs less than comparing the query with all."""


class VectorMatrix:
    """Rows of unit vectors by id. Each has a number too, by which a search can be restricted quickly.

    Putting and dropping a row take constant time. Not for use by several threads at once.
    """

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._rows: dict[str, int] = {}
        self._numbers = np.empty(0, np.int64)
        self._vectors = np.empty((0, 0), np.float32)

    @classmethod
    def of(cls, numbers: NDArray[np.int64], ids: list[str], vectors: NDArray[np.float32]) -> VectorMatrix:
        """Take over rows that are all of different ids, without a copy: shapes (n,), n ids, (n, dimension)."""
        matrix = cls()
        matrix._ids, matrix._numbers, matrix._vectors = ids, numbers, vectors
        matrix._rows = dict(zip(ids, range(len(ids)), strict=True))
        return matrix

    def __len__(self) -> int:
        return len(self._ids)

    def put(self, numbers: Sequence[int], ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Put rows in, replacing those of known ids."""
        if not ids:
            return
        for paper_id in ids:
            if paper_id not in self._rows:
                self._rows[paper_id] = len(self._ids)
                self._ids.append(paper_id)
        self._make_room(vectors.shape[1])
        rows = [self._rows[paper_id] for paper_id in ids]
        self._vectors[rows] = vectors
        self._numbers[rows] = numbers

    def drop(self, ids: Sequence[str]) -> None:
        """Take rows out; unknown ids are passed over. The last row moves to the place that falls free."""
        for paper_id in ids:
            row = self._rows.pop(paper_id, None)
            if row is None:
                continue
            last = len(self._ids) - 1
            moved = self._ids.pop()
            if row != last:
                self._ids[row], self._rows[moved] = moved, row
                self._vectors[row], self._numbers[row] = self._vectors[last], self._numbers[last]

    def nearest(self, vector: NDArray[np.float32], limit: int, among: NDArray[np.int64] | None = None) -> list[Match]:
        """Return the most similar rows, best first and equal ones by number; `among` restricts to these numbers."""
        count = len(self._ids)
        if not count:
            return []
        vectors, numbers = self._vectors[:count], self._numbers[:count]
        if among is None:
            rows, similarities = None, vectors @ vector
        else:
            rows = _rows_of(numbers, among)
            few = len(rows) < _GATHERED_SHARE * count
            similarities = vectors[rows] @ vector if few else (vectors @ vector)[rows]
        found = _best(similarities, numbers if rows is None else numbers[rows], limit)
        places = found if rows is None else rows[found]
        return [
            Match(self._ids[row], float(similarity))
            for row, similarity in zip(places.tolist(), similarities[found].tolist(), strict=True)
        ]

    def _make_room(self, dimension: int) -> None:
        held, needed = self._vectors.shape[0], len(self._ids)
        if needed <= held and self._vectors.shape[1] == dimension:
            return
        room = max(needed, int(held * _GROWTH))
        vectors, numbers = np.empty((room, dimension), np.float32), np.empty(room, np.int64)
        if held:
            vectors[:held], numbers[:held] = self._vectors, self._numbers
        self._vectors, self._numbers = vectors, numbers


def _rows_of(numbers: NDArray[np.int64], among: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the rows whose number is in `among`, by a table over all numbers: faster than sorting."""
    if not len(numbers) or not len(among):
        return np.empty(0, np.intp)
    wanted = np.zeros(int(max(numbers.max(), among.max())) + 1, np.bool_)
    wanted[among] = True
    return np.flatnonzero(wanted[numbers])


def _best(similarities: NDArray[np.float32], numbers: NDArray[np.int64], limit: int) -> NDArray[np.intp]:
    """Return the places of the `limit` greatest, in order, without sorting the rest."""
    places = np.arange(len(similarities))
    if 0 < limit < len(similarities):
        least = np.partition(similarities, len(similarities) - limit)[len(similarities) - limit]
        places = np.flatnonzero(similarities >= least)
    return places[np.lexsort((numbers[places], -similarities[places]))][: max(limit, 0)]
