"""A vector index in Chroma: in a folder, by the embedded client, or on a server.

Faults of Chroma 1.5.9 that this module works around: its default embedding function downloads a model, it sends
telemetry, two processes in one folder corrupt it (the caller holds a lock), large batches fail, and after an error a
second call can succeed and lose vectors silently, so nothing is tried again. Its embedded core holds Python's lock
while it writes and can end the interpreter over a torn file; hence `vectorstore.process`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
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

_BATCH = 500
_PAGE = 100
_SERVER_SECONDS = 60.0
_HNSW = {"space": "cosine", "ef_construction": 100, "max_neighbors": 16, "ef_search": 800}
"""See E6 in docs/experiments."""


class ChromaIndex:
    """A Chroma collection of unit vectors, made where it is absent, in the folder or on the server of a client.

    Every method raises VectorIndexError; IndexUnreachable where `server`, its address, does not answer.
    """

    def __init__(self, connect: Callable[[], ClientAPI], collection: str = "papers", server: str = "") -> None:
        self._server = server
        with _errors(server):
            self._client = connect()
            try:
                self._collection = self._client.get_collection(collection, embedding_function=None)
            except NotFoundError:
                self._collection = self._client.create_collection(
                    collection, embedding_function=None, configuration=cast(Any, {"hnsw": _HNSW})
                )

    @classmethod
    def in_folder(cls, folder: Path) -> ChromaIndex:
        """Open or make the index in `folder`. Raises VectorIndexError."""

        def connect() -> ClientAPI:
            folder.mkdir(parents=True, exist_ok=True)
            return chromadb.PersistentClient(folder, settings=_settings())

        return cls(connect)

    @classmethod
    def on_server(cls, url: str, headers: Mapping[str, str], collection: str) -> ChromaIndex:
        """Open or make a collection on the server at `url`. Raises IndexUnreachable, VectorIndexError."""
        return cls(lambda: _server_client(url, headers), collection, url)

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32], metadata: Sequence[Metadata]) -> None:
        """Put vectors in with their metadata, replacing those of known ids."""
        with _errors(self._server):
            for start in range(0, len(ids), _BATCH):
                part = slice(start, start + _BATCH)
                self._collection.upsert(
                    ids=list(ids[part]),
                    embeddings=vectors[part],
                    metadatas=[dict(values) for values in metadata[part]],
                )

    def delete(self, ids: Sequence[str]) -> None:
        """Take vectors out; unknown ids are passed over."""
        with _errors(self._server):
            for start in range(0, len(ids), _BATCH):
                self._collection.delete(ids=list(ids[start : start + _BATCH]))

    def query(self, vector: NDArray[np.float32], limit: int) -> list[Match]:
        """Return the nearest ids, most similar first."""
        if limit <= 0:
            return []
        with _errors(self._server):
            result = self._collection.query(
                query_embeddings=vector[None, :].astype(np.float32), n_results=limit, include=["distances"]
            )
        (ids,), (distances,) = result["ids"], cast(Any, result["distances"])
        return [Match(vector_id, 1.0 - distance) for vector_id, distance in zip(ids, distances, strict=True)]

    def count(self) -> int:
        """Return how many vectors the index holds."""
        with _errors(self._server):
            return int(self._collection.count())

    def close(self) -> None:
        """Close Chroma's files or connections; the index is not used afterwards."""
        with _errors(self._server):
            cast(Any, self._client).close()


def delete_collections(url: str, headers: Mapping[str, str], prefix: str, but: str) -> None:
    """Delete the server's collections whose names begin with `prefix`, except `but`. Raises IndexUnreachable."""
    with _errors(url), closing(cast(Any, _server_client(url, headers))) as client:
        names: list[str] = []
        while page := client.list_collections(limit=_PAGE, offset=len(names)):
            names += [collection.name for collection in page]
        for name in names:
            if name.startswith(prefix) and name != but:
                client.delete_collection(name)


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
def _errors(server: str) -> Iterator[None]:
    """Turn whatever Chroma raises into VectorIndexError: its Rust core panics with a BaseException of its own.

    A client raises bare ValueError and Exception where its server cannot be reached or refuses; what that, or a proxy
    before it, answers may be a whole page of HTML. A collection that is gone from a server has to be filled again.
    """
    try:
        yield
    except VectorIndexError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        kind, message = type(error).__name__, str(error)
        if not server:
            raise VectorIndexError(f"{kind}: {message}") from error
        if isinstance(error, NotFoundError):
            raise VectorIndexError(f"The index on the Chroma server {server} is gone: {message}") from error
        answer = " ".join(re.sub(r"<[^<>]*>", " ", message).split())[:200]
        raise IndexUnreachable(
            f"The Chroma server {server} cannot be used ({kind}: {answer}). "
            "Check that it runs, its address (--chroma-url) and its header (--chroma-header)."
        ) from error
