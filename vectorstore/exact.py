"""Exact nearest neighbours in memory: one matrix, of which a part may be searched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vectorstore.protocol import Match

_GATHERED_SHARE = 0.2
"""Below this share of the rows, copying them out costs less than comparing the query with all."""


class VectorMatrix:
    """Rows of unit vectors, each with an id and a number by which a search can be restricted quickly.

    Shapes: numbers (n,), n ids, vectors (n, dimension). Nothing is copied.
    """

    def __init__(self, numbers: NDArray[np.int64], ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        self._numbers, self._ids, self._vectors = numbers, ids, vectors

    def nearest(self, vector: NDArray[np.float32], limit: int, among: NDArray[np.int64] | None = None) -> list[Match]:
        """Return the most similar rows, best first and equal ones by number; `among` restricts to these numbers."""
        if not len(self._ids):
            return []
        rows = np.arange(len(self._ids))
        if among is not None:
            rows = np.flatnonzero(np.isin(self._numbers, among, kind="table"))
        if len(rows) < _GATHERED_SHARE * len(self._ids):
            similarities = self._vectors[rows] @ vector
        else:
            similarities = (self._vectors @ vector)[rows]
        best = np.arange(len(rows))
        if 0 < limit < len(rows):  # without sorting the rest
            best = np.flatnonzero(similarities >= np.partition(similarities, -limit)[-limit])
        best = best[np.lexsort((self._numbers[rows[best]], -similarities[best]))][: max(limit, 0)]
        return [
            Match(self._ids[row], similarity)
            for row, similarity in zip(rows[best].tolist(), similarities[best].tolist(), strict=True)
        ]
