"""The vector index in a folder, by Chroma's embedded client.

Chroma 1.5.9 must be held with care: no embedding function of its own (it would download one), no telemetry, one process
a folder (the caller's lock), batches below its largest, ids it knows when a search is restricted, and no retry after
an error, because a second call can succeed and lose vectors silently.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import chromadb
import numpy as np
from chromadb.config import Settings
from chromadb.errors import NotFoundError
from numpy.typing import NDArray

from vectorstore.protocol import Match, Metadata, VectorIndexError

_COLLECTION = "papers"
_BATCH = 1000
_PAGE = 5000


class ChromaIndex:
    """A Chroma collection of unit vectors in `folder`, made where it is absent.

    Raises VectorIndexError when Chroma cannot open or use the folder.
    """

    def __init__(self, folder: Path) -> None:
        with _chroma_errors():
            folder.mkdir(parents=True, exist_ok=True)
            self._client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
            self._open_collection()

    def _open_collection(self) -> None:
        try:
            self._collection = self._client.get_collection(_COLLECTION, embedding_function=None)
        except NotFoundError:
            self._collection = self._client.create_collection(
                _COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
            )
        self._ids = set(self._read_ids())

    def _read_ids(self) -> Iterator[str]:
        for offset in range(0, self._collection.count(), _PAGE):
            yield from self._collection.get(limit=_PAGE, offset=offset, include=[])["ids"]

    def upsert(
        self,
        ids: Sequence[str],
        vectors: NDArray[np.float32],
        documents: Sequence[str],
        metadata: Sequence[Metadata],
    ) -> None:
        """Put vectors in with their text and metadata, replacing those of known ids."""
        with _chroma_errors():
            for start in range(0, len(ids), _BATCH):
                part = slice(start, start + _BATCH)
                batch = list(ids[part])
                self._collection.upsert(
                    ids=batch,
                    embeddings=vectors[part],
                    documents=list(documents[part]),
                    metadatas=[dict(values) for values in metadata[part]],
                )
                self._ids.update(batch)

    def query(self, vector: NDArray[np.float32], limit: int, among: Collection[str] | None = None) -> list[Match]:
        """Return the nearest ids, most similar first."""
        ids = None if among is None else [vector_id for vector_id in among if vector_id in self._ids]
        limit = min(limit, len(self._ids) if ids is None else len(ids))
        if limit <= 0:
            return []
        with _chroma_errors():
            result = self._collection.query(
                query_embeddings=vector[None, :].astype(np.float32), n_results=limit, ids=ids, include=["distances"]
            )
        distances = result["distances"]
        if distances is None:
            raise VectorIndexError("Chroma answered a search without distances.")
        return [
            Match(vector_id, 1.0 - distance) for vector_id, distance in zip(result["ids"][0], distances[0], strict=True)
        ]

    def count(self) -> int:
        """Return how many vectors the index holds."""
        with _chroma_errors():
            return int(self._collection.count())

    def close(self) -> None:
        """Close Chroma's files; the index is not used afterwards."""
        with _chroma_errors():
            cast(Any, self._client).close()


@contextmanager
def _chroma_errors() -> Iterator[None]:
    """Turn whatever Chroma raises into one error of ours: its Rust core panics with a BaseException of its own."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise VectorIndexError(f"{type(error).__name__}: {error}") from error
        raise
