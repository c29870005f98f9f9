"""A vector index in Chroma: in a folder, by the embedded client, or on a server.

Faults of Chroma 1.5.9 that this module works around: its default embedding function downloads a model, it sends
telemetry, two processes in one folder corrupt it (the caller holds a lock), large batches fail, and after an error a
second call can succeed and lose vectors silently, so nothing is tried again. Its embedded core holds Python's lock
while it writes and can end the interpreter over a torn file; hence `vectorstore.process`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import chromadb
import numpy as np
from chromadb.api import ClientAPI
from chromadb.config import Settings
from chromadb.errors import NotFoundError
from numpy.typing import NDArray

from vectorstore.protocol import IndexUnreachable, Match, Metadata, VectorIndexError

_COLLECTION = "papers"
_BATCH = 500
_PAGE = 100
_SERVER_SECONDS = 60.0
_HNSW = {"space": "cosine", "ef_construction": 100, "max_neighbors": 16, "ef_search": 800}
"""Measured in docs/EXPERIMENTS.md."""

Guard = Callable[[], AbstractContextManager[None]]


class ChromaIndex:
    """A Chroma collection of unit vectors, made where it is absent. Made by `in_folder` or `on_server`."""

    def __init__(self, client: ClientAPI, collection: str, guard: Guard) -> None:
        self._client, self._guard = client, guard
        with guard():
            try:
                self._collection = client.get_collection(collection, embedding_function=None)
            except NotFoundError:
                self._collection = client.create_collection(
                    collection, embedding_function=None, configuration=cast(Any, {"hnsw": _HNSW})
                )

    @classmethod
    def in_folder(cls, folder: Path) -> ChromaIndex:
        """Open or make the index in `folder`. Raises VectorIndexError."""
        with _folder_errors():
            folder.mkdir(parents=True, exist_ok=True)
            client = chromadb.PersistentClient(folder, settings=_settings())
        return cls(client, _COLLECTION, _folder_errors)

    @classmethod
    def on_server(cls, url: str, headers: Mapping[str, str], collection: str) -> ChromaIndex:
        """Open or make a collection on the server at `url`. Raises IndexUnreachable, VectorIndexError."""

        def guard() -> AbstractContextManager[None]:
            return _server_errors(url)

        with guard():
            client = _server_client(url, headers)
        return cls(client, collection, guard)

    def upsert(
        self, ids: Sequence[str], vectors: NDArray[np.float32], documents: Sequence[str], metadata: Sequence[Metadata]
    ) -> None:
        """Put vectors in with their text and metadata, replacing those of known ids."""
        with self._guard():
            for start in range(0, len(ids), _BATCH):
                part = slice(start, start + _BATCH)
                self._collection.upsert(
                    ids=list(ids[part]),
                    embeddings=vectors[part],
                    documents=list(documents[part]),
                    metadatas=[dict(values) for values in metadata[part]],
                )

    def delete(self, ids: Sequence[str]) -> None:
        """Take vectors out; unknown ids are passed over."""
        with self._guard():
            for start in range(0, len(ids), _BATCH):
                self._collection.delete(ids=list(ids[start : start + _BATCH]))

    def query(self, vector: NDArray[np.float32], limit: int) -> list[Match]:
        """Return the nearest ids, most similar first."""
        if limit <= 0:
            return []
        with self._guard():
            result = self._collection.query(
                query_embeddings=vector[None, :].astype(np.float32), n_results=limit, include=["distances"]
            )
        distances = result["distances"]
        if distances is None:
            raise VectorIndexError("Chroma answered a search without distances.")
        return [
            Match(vector_id, 1.0 - distance) for vector_id, distance in zip(result["ids"][0], distances[0], strict=True)
        ]

    def count(self) -> int:
        """Return how many vectors the index holds."""
        with self._guard():
            return int(self._collection.count())

    def close(self) -> None:
        """Close Chroma's files or connections; the index is not used afterwards."""
        with self._guard():
            cast(Any, self._client).close()


def delete_collections(url: str, headers: Mapping[str, str], prefix: str, but: str) -> None:
    """Delete the server's collections whose names begin with `prefix`, except `but`. Raises IndexUnreachable."""
    with _server_errors(url):
        client = _server_client(url, headers)
        try:
            names: list[str] = []
            while page := client.list_collections(limit=_PAGE, offset=len(names)):
                names += [collection.name for collection in page]
            for name in names:
                if name.startswith(prefix) and name != but:
                    client.delete_collection(name)
        finally:
            cast(Any, client).close()


def _settings() -> Settings:
    """Return settings of our own, without those of an .env file in the working directory."""
    return Settings(anonymized_telemetry=False, **cast(Any, {"_env_file": None}))


def _server_client(url: str, headers: Mapping[str, str]) -> ClientAPI:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the address must look like http://host:port")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = parts.port or (443 if secure else 8000)
    client = chromadb.HttpClient(host, port, ssl=secure, headers=dict(headers), settings=_settings())
    session = getattr(getattr(client, "_server", None), "_session", None)
    if session is not None:  # Chroma waits for ever on a server that has stopped answering
        session.timeout = _SERVER_SECONDS
    return client


@contextmanager
def _folder_errors() -> Iterator[None]:
    """Turn whatever Chroma raises into VectorIndexError: its Rust core panics with a BaseException of its own."""
    try:
        yield
    except VectorIndexError:
        raise
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise VectorIndexError(f"{type(error).__name__}: {error}") from error
        raise


@contextmanager
def _server_errors(url: str) -> Iterator[None]:
    """Turn whatever the client raises into an error that names the server.

    A collection that is gone has to be filled again. The client raises bare ValueError and Exception where a server
    cannot be reached or refuses; its answer, or that of a proxy before it, may be a whole page of HTML.
    """
    try:
        yield
    except VectorIndexError:
        raise
    except NotFoundError as error:
        raise VectorIndexError(f"The index on the Chroma server {url} is gone: {error}") from error
    except Exception as error:
        answer = " ".join(re.sub(r"<[^<>]*>", " ", str(error)).split())[:200]
        raise IndexUnreachable(
            f"The Chroma server {url} cannot be used ({type(error).__name__}: {answer}). "
            "Check that it runs, its address (--chroma-url) and its header (--chroma-header)."
        ) from error
