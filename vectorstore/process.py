"""An embedded Chroma in a process of its own: a crash there is an error here, and its work stops nobody else's.

The child is `python -m vectorstore.process FOLDER`. A child of multiprocessing would import the caller's `__main__`,
and so run a script without a main guard once more. Requests and replies are pickles on its standard input and output;
it ends when its input does, so it never outlives its parent.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from vectorstore.protocol import Match, Metadata, VectorIndexError

_CLOSING_SECONDS = 30.0
_GONE = (OSError, EOFError, pickle.UnpicklingError)  # what reading from or writing to an ended process raises


class ProcessIndex:
    """The Chroma index in a folder, used by way of a child process. Not for use by several threads at once.

    Raises VectorIndexError when the child fails or dies.
    """

    def __init__(self, folder: Path) -> None:
        # The child finds modules where this process does; -P keeps its working directory out of that.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "vectorstore.process", str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise VectorIndexError(f"The process for the vector index cannot be started: {error}") from error
        self._requests, self._replies = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        self._unread = 0
        try:
            self.count()
        except VectorIndexError:
            self._end()
            raise

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32], metadata: Sequence[Metadata]) -> None:
        """Put vectors in with their metadata, replacing those of known ids."""
        self._ask("upsert", ids, vectors, metadata)

    def delete(self, ids: Sequence[str]) -> None:
        """Take vectors out; unknown ids are passed over."""
        self._ask("delete", ids)

    def query(self, vector: NDArray[np.float32], limit: int) -> list[Match]:
        """Return the nearest ids, most similar first."""
        return cast(list[Match], self._ask("query", vector, limit))

    def count(self) -> int:
        """Return how many vectors the index holds."""
        return cast(int, self._ask("count"))

    def close(self) -> None:
        """Close the index and end its process."""
        try:
            self._ask("close")
        finally:
            self._end()

    def _ask(self, method: str, *arguments: Any) -> Any:
        try:
            try:
                pickle.dump((method, arguments), self._requests)
                self._requests.flush()
            except BaseException:
                self._process.kill()  # half a request would leave it waiting for the rest
                raise
            self._unread += 1
            while self._unread:  # more than one where Ctrl-C came between a request and its reply
                value, error = pickle.load(self._replies)
                self._unread -= 1
        except _GONE as gone:
            raise VectorIndexError(f"The process of the vector index ended with code {self._wait()}.") from gone
        if error is not None:
            raise error
        return value

    def _end(self) -> None:
        for pipe in (self._requests, self._replies):
            with suppress(OSError):
                pipe.close()
        self._wait()

    def _wait(self) -> int:
        """Wait until the child has ended, for so long as it may take, and return its exit code."""
        try:
            return self._process.wait(_CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _serve(folder: Path) -> None:
    """Answer the parent until it closes the index or is gone. Where the index cannot be opened, one answer says so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the index
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what native code prints is not a reply

    def reply(value: Any, error: VectorIndexError | None = None) -> None:
        pickle.dump((value, error), replies)
        replies.flush()

    try:
        from vectorstore.chroma import ChromaIndex

        index = ChromaIndex.in_folder(folder)
    except (VectorIndexError, ImportError) as error:
        reply(None, VectorIndexError(str(error)))
        return
    method = ""
    while method != "close":
        method, arguments = pickle.load(sys.stdin.buffer)
        try:
            reply(getattr(index, method)(*arguments))
        except VectorIndexError as error:
            reply(None, error)


if __name__ == "__main__":
    with suppress(*_GONE):  # the parent is gone
        _serve(Path(sys.argv[1]))
