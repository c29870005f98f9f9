"""Exact search over a matrix in memory: the reference that other indexes are measured against."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from vectorstore.protocol import Match, Metadata


class ExactIndex:
    """Keeps unit vectors in memory and compares the query with each of them."""

    def __init__(self) -> None:
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def upsert(
        self,
        ids: Sequence[str],
        vectors: NDArray[np.float32],
        documents: Sequence[str],
        metadata: Sequence[Metadata],
    ) -> None:
        """Put vectors in, replacing those of known ids; texts and metadata are not needed here."""
        self._vectors.update(zip(ids, vectors, strict=True))

    def query(self, vector: NDArray[np.float32], limit: int, among: Collection[str] | None = None) -> list[Match]:
        """Return the nearest ids, most similar first."""
        wanted = self._vectors if among is None else set(among)
        ids = [vector_id for vector_id in self._vectors if vector_id in wanted]
        if not ids:
            return []
        similarities = np.stack([self._vectors[vector_id] for vector_id in ids]) @ vector
        best = np.argsort(-similarities, kind="stable")[:limit]
        return [Match(ids[row], float(similarities[row])) for row in best]

    def count(self) -> int:
        """Return how many vectors the index holds."""
        return len(self._vectors)

    def close(self) -> None:
        """Do nothing: there is only memory to let go of."""
