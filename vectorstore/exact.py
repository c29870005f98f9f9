"""Exact search over a matrix in memory: the reference that other indexes are measured against."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from vectorstore.matrix import VectorMatrix
from vectorstore.protocol import Match, Metadata


class ExactIndex:
    """Keeps unit vectors in memory and compares the query with each of them."""

    def __init__(self) -> None:
        self._matrix = VectorMatrix()
        self._numbers = count()

    def upsert(
        self,
        ids: Sequence[str],
        vectors: NDArray[np.float32],
        documents: Sequence[str],
        metadata: Sequence[Metadata],
    ) -> None:
        """Put vectors in, replacing those of known ids; texts and metadata are not needed here."""
        self._matrix.put([next(self._numbers) for _ in ids], ids, vectors)

    def delete(self, ids: Sequence[str]) -> None:
        """Take vectors out; unknown ids are passed over."""
        self._matrix.drop(ids)

    def query(self, vector: NDArray[np.float32], limit: int) -> list[Match]:
        """Return the nearest ids, most similar first; equal ones in the order in which they came."""
        return self._matrix.nearest(vector, limit)

    def count(self) -> int:
        """Return how many vectors the index holds."""
        return len(self._matrix)

    def settle(self) -> None:
        """Do nothing: memory has no rest."""

    def close(self) -> None:
        """Do nothing: there is only memory to let go of."""
