"""The embedding queue: papers that have no vector yet get it, and the index what it lacks.

It is simply run again after an interruption.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

import numpy as np
from sqlalchemy import LargeBinary, Row, Text, bindparam, delete, insert, literal, select

from assistant.errors import IndexFailed
from assistant.library import Library, papers, vectors
from assistant.protocols import Embedder, Vectors
from assistant.search.vector_index import PersistentIndex
from assistant.types import Paper, Progress, ProgressListener
from vectorstore import VectorIndexError

_PAPERS_AT_ONCE = 500
"""Papers that are read in one query."""

_VECTORS_AT_ONCE = 256
"""Vectors that are written in one transaction: what a kill may cost."""

_GROUPS_AHEAD = 4
"""Groups of vectors that may wait to be written, so that a slow disk holds up the model and not the memory."""

_GROUPS_AN_UPDATE = 8
"""Groups of vectors after which the index takes them in, beside the model: what is left at its end takes longer."""


_Waiting = Row[Any, Any, Any, Any]
"""A paper that waits for its vector, as it was read: number, id, title, abstract."""


def embed_pending(
    library: Library,
    index: PersistentIndex,
    embedder: Embedder,
    *,
    on_progress: ProgressListener = lambda _: None,
) -> int:
    """Give every waiting paper its vector and put it into the index; return how many papers got one.

    While the model works, another thread writes. A vector is safe as soon as the transaction that holds it has ended;
    those made so far are written before an error or an interruption goes on to the caller. Vectors are stored in the
    library first, so a lost index is filled again without the embedding model. A paper whose text changes meanwhile
    goes on waiting. Raises IndexFailed, once every vector is stored.
    """
    total, done = library.waiting_count(), 0
    taken: dict[int, _Waiting] = {}
    if total:
        on_progress(Progress(0, total, "Embedding"))
    with _Writer(library, index) as writer, closing(embedder.embed_many(_texts(library, taken))) as batches:
        for positions, values in batches:
            writer.add([taken.pop(position) for position in positions], values)
            done += len(positions)
            if done < total:
                on_progress(Progress(done, total, "Embedding"))
    if done:
        on_progress(Progress(done, done, "Embedded"))
    try:
        index.update()
    except VectorIndexError as error:
        raise IndexFailed(error) from error
    return done


def embedded_text(paper: Paper | _Waiting) -> str:
    """Return the text whose vector stands for a paper; a change here needs a new name in the embedder's fingerprint."""
    return f"{paper.title}\n{paper.abstract}"


def _texts(library: Library, taken: dict[int, _Waiting]) -> Iterator[str]:
    """Yield the texts that wait for a vector, longest-standing first; note in `taken` which paper each is."""
    number, position = 0, 0
    query = (
        select(papers.c.number, papers.c.id, papers.c.title, papers.c.abstract)
        .outerjoin(vectors, vectors.c.paper_id == papers.c.id)
        .where(vectors.c.paper_id.is_(None), papers.c.number > bindparam("after"))
        .order_by(papers.c.number)
        .limit(_PAPERS_AT_ONCE)
    )
    while True:
        with library.transaction() as connection:
            rows = connection.execute(query, {"after": number}).all()
        if not rows:
            return
        for row in rows:
            taken[position] = row
            position += 1
            yield embedded_text(row)
        number = rows[-1].number


class _Writer:
    """Writes vectors in a thread of its own, in groups; an error there is raised by the next call, or at the end."""

    def __init__(self, library: Library, index: PersistentIndex) -> None:
        self._library = library
        self._index = index
        self._thread = ThreadPoolExecutor(1, "vectors")
        self._writing: deque[Future[None]] = deque()
        self._group: list[tuple[_Waiting, Vectors]] = []
        self._groups = 0
        self._index_works = True

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._submit()
            while self._writing:
                self._writing.popleft().result()
        finally:
            self._thread.shutdown()

    def add(self, waiting: Sequence[_Waiting], values: Vectors) -> None:
        """Take the vectors of some papers, shape (len(waiting), d); wait only where too many are unwritten."""
        self._group += zip(waiting, values, strict=True)
        if len(self._group) >= _VECTORS_AT_ONCE:
            self._submit()
        while self._writing and (len(self._writing) > _GROUPS_AHEAD or self._writing[0].done()):
            self._writing.popleft().result()

    def _submit(self) -> None:
        group, self._group = self._group, []
        if group:
            self._writing.append(self._thread.submit(self._write, group))

    def _write(self, group: Sequence[tuple[_Waiting, Vectors]]) -> None:
        _store(self._library, group)
        self._groups += 1
        if self._index_works and self._groups % _GROUPS_AN_UPDATE == 0:
            try:
                self._index.update()
            except VectorIndexError:  # the vectors matter more; the last update raises what is still wrong
                self._index_works = False


def _store(library: Library, group: Sequence[tuple[_Waiting, Vectors]]) -> None:
    """Store vectors as float16 in one transaction, for papers that are still there with the same text."""
    unchanged = select(bindparam("paper", type_=Text()), bindparam("vector", type_=LargeBinary()), literal(0)).where(
        papers.c.id == bindparam("paper"),
        papers.c.title == bindparam("title"),
        papers.c.abstract == bindparam("abstract"),
    )
    rows = [
        {
            "paper": paper.id,
            "title": paper.title,
            "abstract": paper.abstract,
            "vector": vector.astype(np.float16).tobytes(),
        }
        for paper, vector in group
    ]
    with library.transaction() as connection:
        connection.execute(delete(vectors).where(vectors.c.paper_id == bindparam("paper")), rows)
        connection.execute(insert(vectors).from_select(["paper_id", "vector", "indexed"], unchanged), rows)
