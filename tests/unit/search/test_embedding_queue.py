from __future__ import annotations

import threading
from collections.abc import Generator, Iterable

import pytest

from assistant.errors import IndexFailed, StorageFull
from assistant.library import Library
from assistant.library import upsert as recording
from assistant.protocols import Vectors
from assistant.search import PersistentIndex, embedding_queue
from assistant.types import Progress, Record
from tests.conftest import make_paper, pending_ids
from tests.fakes import ExactIndex, HashingEmbedder, MemoryPlace
from vectorstore import VectorIndexError


@pytest.fixture
def waiting(library: Library) -> Library:
    records = [Record(make_paper(f"Paper {number}"), number) for number in range(300)]
    recording.store(library, records, "test")
    return library


@pytest.fixture
def index(waiting: Library) -> PersistentIndex:
    return PersistentIndex(waiting, MemoryPlace())


def vectors_of(library: Library) -> dict[str, Vectors]:
    return library.vectors([paper.id for paper in library.papers()])


class Watched(HashingEmbedder):
    """Calls a function before every batch but the first."""

    def __init__(self, meanwhile) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.meanwhile = meanwhile

    def embed_many(self, texts: Iterable[str]) -> Generator[tuple[list[int], Vectors], None, None]:
        for number, batch in enumerate(super().embed_many(texts)):
            if number:
                self.meanwhile()
            yield batch


def test_every_paper_gets_the_vector_of_its_own_text(
    waiting: Library, index: PersistentIndex, embedder: HashingEmbedder
) -> None:
    assert embedding_queue.embed_pending(waiting, index, embedder) == 300
    kept = vectors_of(waiting)
    for paper in waiting.papers()[:20]:
        assert kept[paper.id] @ embedder.embed([embedding_queue.embedded_text(paper)])[0] > 0.999
    assert (index.count(), waiting.indexed_count(), waiting.pending_count()) == (300, 300, 0)


def test_nothing_waits_twice(waiting: Library, index: PersistentIndex, embedder: HashingEmbedder) -> None:
    embedding_queue.embed_pending(waiting, index, embedder)
    embedder.texts.clear()
    assert embedding_queue.embed_pending(waiting, index, embedder) == 0
    assert embedder.texts == []


def test_the_library_is_read_in_pages(
    waiting: Library, index: PersistentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_queue, "_PAPERS_AT_ONCE", 7)
    embedder = HashingEmbedder()
    assert embedding_queue.embed_pending(waiting, index, embedder) == 300
    assert len(embedder.texts) == len(set(embedder.texts)) == 300


def test_progress_counts_up_to_the_number_of_papers(
    waiting: Library, index: PersistentIndex, embedder: HashingEmbedder
) -> None:
    seen: list[Progress] = []
    embedding_queue.embed_pending(waiting, index, embedder, on_progress=seen.append)
    assert seen[0] == Progress(0, 300, "Embedding")
    assert seen[-1] == Progress(300, 300, "Embedded")
    assert [progress.done for progress in seen] == sorted({progress.done for progress in seen})
    assert len(seen) > 10


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_vectors_made_before_an_interruption_are_kept(
    waiting: Library, index: PersistentIndex, error: type[BaseException]
) -> None:
    batches = iter(range(9))

    def interrupt() -> None:
        if next(batches) == 5:
            raise error

    before = threading.active_count()
    with pytest.raises(error):
        embedding_queue.embed_pending(waiting, index, Watched(interrupt))
    assert threading.active_count() == before
    assert len(pending_ids(waiting)) == 300 - 6 * 16
    rest = HashingEmbedder()
    assert embedding_queue.embed_pending(waiting, index, rest) == len(rest.texts) == 300 - 6 * 16


def test_a_listener_may_end_it(waiting: Library, index: PersistentIndex, embedder: HashingEmbedder) -> None:
    def stop(progress: Progress) -> None:
        if progress.done:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        embedding_queue.embed_pending(waiting, index, embedder, on_progress=stop)
    assert len(pending_ids(waiting)) == 300 - 16


def test_a_paper_that_changes_while_it_is_embedded_goes_on_waiting(waiting: Library, index: PersistentIndex) -> None:
    changed, removed = pending_ids(waiting)[:2]
    calls = iter(range(100))

    def change() -> None:
        if next(calls) == 0:
            with waiting.transaction() as connection:
                connection.exec_driver_sql("UPDATE papers SET abstract = 'New.' WHERE id = ?", (changed,))
                connection.exec_driver_sql("DELETE FROM papers WHERE id = ?", (removed,))

    embedding_queue.embed_pending(waiting, index, Watched(change))
    assert pending_ids(waiting) == [changed]


def test_an_error_while_writing_reaches_the_caller(
    waiting: Library, index: PersistentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageFull(waiting.folder)

    monkeypatch.setattr(embedding_queue, "_store", full)
    monkeypatch.setattr(embedding_queue, "_VECTORS_AT_ONCE", 16)
    embedder = HashingEmbedder()
    before = threading.active_count()
    with pytest.raises(StorageFull):
        embedding_queue.embed_pending(waiting, index, embedder)
    assert threading.active_count() == before


def test_a_failing_index_costs_no_vector(waiting: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(ExactIndex):
        def upsert(self, *_: object) -> None:
            raise VectorIndexError("broken")

    class BrokenPlace(MemoryPlace):
        def open(self, name: str) -> ExactIndex:
            return Broken()

    monkeypatch.setattr(embedding_queue, "_VECTORS_AT_ONCE", 16)
    with pytest.raises(IndexFailed):
        embedding_queue.embed_pending(waiting, PersistentIndex(waiting, BrokenPlace()), HashingEmbedder())
    assert pending_ids(waiting) == []
    assert len(vectors_of(waiting)) == 300
