"""The interface of every vector index, and of the places where indexes lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Metadata = Mapping[str, str | int | float | bool]
"""Scalars stored beside a vector. Every vector of an index carries the same keys."""


class VectorIndexError(Exception):
    """The index cannot be opened or no longer works; its vectors must be put in again."""

    is_away = False
    """Whether it is only out of reach, and nothing is wrong with it."""


class IndexUnreachable(VectorIndexError):
    """The server that holds the index does not answer, or refuses; its vectors may all be there. Try again later."""

    is_away = True


class Match(NamedTuple):
    """An id and the cosine similarity of its vector to the query, in [-1, 1]."""

    id: str
    similarity: float


class VectorIndex(Protocol):
    """Unit vectors by id. Every method raises VectorIndexError when the store behind it fails."""

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32], metadata: Sequence[Metadata]) -> None:
        """Put vectors in, shape (len(ids), dimension), each with its metadata; known ids are replaced."""

    def delete(self, ids: Sequence[str]) -> None:
        """Take vectors out; ids that the index does not hold are passed over."""

    def query(self, vector: NDArray[np.float32], limit: int) -> list[Match]:
        """Return the nearest ids, most similar first, shape of `vector`: (dimension,)."""

    def count(self) -> int:
        """Return how many vectors the index holds."""

    def close(self) -> None:
        """Let go of files and memory; the index is not used afterwards."""


class IndexPlace(Protocol):
    """Where the indexes of a library lie, each under a name of its own, so that one can give its place to the next.

    A name consists of what is the library's own and, after the last hyphen, of what is the index's.
    """

    @property
    def server(self) -> str:
        """Return the address of the server that holds them, "" for files of our own."""

    def open(self, name: str) -> VectorIndex:
        """Open an index, empty where there was none of that name. Raises VectorIndexError."""

    def checksum(self, name: str) -> str:
        """Return a digest of the bytes of an index at rest: any change to them changes it; "" where there are none."""

    def delete_former(self, name: str) -> None:
        """Delete the indexes that this one replaced. Raises VectorIndexError."""
