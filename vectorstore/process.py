"""A vector index in a process of its own: a crash there is an error here, and its work stops nobody else's."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from vectorstore.protocol import Match, Metadata, VectorIndex, VectorIndexError

_PATIENCE = 30.0
"""Seconds that a process has for closing its index before it is ended."""


class ProcessIndex:
    """The index that `opening(*arguments)` returns, used by way of a child process; `opening` must be importable.

    The child ends with its parent, however that ends. Raises VectorIndexError when it fails or dies.
    """

    def __init__(self, opening: Callable[..., VectorIndex], *arguments: Any) -> None:
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, opening, arguments), name="vector index", daemon=True
        )
        try:
            self._process.start()
        except OSError as error:
            raise VectorIndexError(f"The process for the vector index cannot be started: {error}") from error
        theirs.close()
        self._answer()

    @property
    def process_id(self) -> int:
        """Return the child's process id."""
        return cast(int, self._process.pid)

    def upsert(
        self,
        ids: Sequence[str],
        vectors: NDArray[np.float32],
        documents: Sequence[str],
        metadata: Sequence[Metadata],
    ) -> None:
        """Put vectors in with their text and metadata, replacing those of known ids."""
        self._ask("upsert", ids, vectors, documents, metadata)

    def delete(self, ids: Sequence[str]) -> None:
        """Take vectors out; unknown ids are passed over."""
        self._ask("delete", ids)

    def query(self, vector: NDArray[np.float32], limit: int) -> list[Match]:
        """Return the nearest ids, most similar first."""
        return cast(list[Match], self._ask("query", vector, limit))

    def count(self) -> int:
        """Return how many vectors the index holds."""
        return cast(int, self._ask("count"))

    def settle(self) -> None:
        """Bring what was written to rest."""
        self._ask("settle")

    def close(self) -> None:
        """Close the index and end its process."""
        try:
            self._ask("close")
        finally:
            self._connection.close()
            self._process.join(_PATIENCE)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()

    def _ask(self, method: str, *arguments: Any) -> Any:
        try:
            self._connection.send((method, arguments))
        except OSError as error:
            raise self._death() from error
        return self._answer()

    def _answer(self) -> Any:
        try:
            value, error = self._connection.recv()
        except (EOFError, OSError) as gone:
            raise self._death() from gone
        if error is not None:
            raise error
        return value

    def _death(self) -> VectorIndexError:
        self._process.join(_PATIENCE)
        return VectorIndexError(f"The process of the vector index ended with code {self._process.exitcode}.")


def _serve(connection: Connection, opening: Callable[..., VectorIndex], arguments: tuple[Any, ...]) -> None:
    """Answer the parent until it closes the index or is gone."""
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the index
    _be_silent()
    try:
        index = opening(*arguments)
    except VectorIndexError as error:
        connection.send((None, error))
        return
    connection.send((None, None))
    with suppress(EOFError, OSError):  # the parent is gone
        while True:
            method, values = connection.recv()
            try:
                value = getattr(index, method)(*values)
            except VectorIndexError as error:
                connection.send((None, error))
            else:
                connection.send((value, None))
            if method == "close":
                return


def _be_silent() -> None:
    """Send what native code prints, such as a panic's trace, nowhere: the parent reports errors in its own words."""
    sys.stdout.flush()
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
