"""What every vector index can do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Metadata = Mapping[str, str | int | float | bool]
"""Scalars kept beside a vector. Every vector of an index carries the same keys."""


class VectorIndexError(Exception):
    """The index cannot be opened or no longer works; its vectors must be put in again."""


class Match(NamedTuple):
    """An id and the cosine similarity of its vector to the query, in [-1, 1]."""

    id: str
    similarity: float


class VectorIndex(Protocol):
    """Unit vectors by id. Raises VectorIndexError when the store behind it fails."""

    def upsert(
        self,
        ids: Sequence[str],
        vectors: NDArray[np.float32],
        documents: Sequence[str],
        metadata: Sequence[Metadata],
    ) -> None:
        """Put vectors in, shape (len(ids), dimension), each with its text and metadata; known ids are replaced."""

    def query(self, vector: NDArray[np.float32], limit: int, among: Collection[str] | None = None) -> list[Match]:
        """Return the nearest ids, most similar first, shape of `vector`: (dimension,).

        `among` restricts the search to these ids; those the index does not hold are passed over.
        """

    def count(self) -> int:
        """Return how many vectors the index holds."""

    def close(self) -> None:
        """Let go of files and memory; the index is not used afterwards."""
