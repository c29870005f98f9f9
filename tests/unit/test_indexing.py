"""What becomes of a vector index that breaks: a fresh one, filled from the library, in the same process."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest

from assistant import ingestion, recording
from assistant.errors import IndexFailed, StorageFull
from assistant.indexing import FINGERPRINT, KeptIndex
from assistant.library import Library
from assistant.protocols import Vectors
from assistant.types import Record
from tests.conftest import make_paper
from tests.fakes import HashingEmbedder
from vectorstore import ExactIndex, Match, VectorIndex, VectorIndexError


class Folders:
    """Opens exact indexes by folder, each once, as Chroma would; `broken` ones fail like a torn one of Chroma's."""

    def __init__(self) -> None:
        self.opened: dict[str, Breakable] = {}

    def __call__(self, folder: Path) -> VectorIndex:
        folder.mkdir(exist_ok=True)
        index = self.opened.setdefault(folder.name, Breakable())
        index.uses_after_failure += index.failed
        return index


class Breakable(ExactIndex):
    def __init__(self) -> None:
        super().__init__()
        self.broken = self.failed = self.closed = False
        self.uses_after_failure = 0

    def _use(self) -> None:
        self.uses_after_failure += self.failed
        if self.broken:
            self.failed = True
            raise VectorIndexError("torn")

    def upsert(self, *arguments, **named) -> None:  # type: ignore[no-untyped-def]
        self._use()
        super().upsert(*arguments, **named)

    def query(self, vector: Vectors, limit: int, among: Collection[str] | None = None) -> list[Match]:
        self._use()
        return super().query(vector, limit, among)

    def close(self) -> None:
        self.closed = True

    def lose(self, *ids: str) -> None:
        for paper_id in ids:
            del self._vectors[paper_id]


@pytest.fixture
def folders() -> Folders:
    return Folders()


@pytest.fixture
def index(library: Library, folders: Folders, embedder: HashingEmbedder) -> KeptIndex:
    recording.keep(library, [Record(make_paper(f"Paper {number}"), 1) for number in range(8)], "x")
    kept = KeptIndex(library, folders)
    ingestion.embed_pending(library, kept, embedder)
    return kept


def nearest(index: KeptIndex, library: Library, embedder: HashingEmbedder) -> str:
    (match,) = index.query(embedder.embed(["Paper 3\nAbout Paper 3."])[0], 1)
    return library.papers_by_id([match.id])[0].title


def test_a_search_that_breaks_the_index_is_answered_by_a_fresh_one(
    index: KeptIndex, library: Library, folders: Folders, embedder: HashingEmbedder
) -> None:
    first = folders.opened["index"]
    first.broken = True
    assert nearest(index, library, embedder) == "Paper 3"
    assert (index.count(), library.indexed_count()) == (8, 8)
    assert (first.uses_after_failure, first.closed) == (0, True)
    assert [folder.name for folder in library.folder.glob("index*")] == [library.fact("index")]
    assert library.fact("index") != "index"


def test_adding_that_breaks_the_index_fails_once_and_the_next_use_is_whole(
    index: KeptIndex, library: Library, folders: Folders, embedder: HashingEmbedder
) -> None:
    folders.opened["index"].broken = True
    recording.keep(library, [Record(make_paper("Paper 9"), 1)], "x")
    with pytest.raises(IndexFailed, match=r"torn.*safe"):
        ingestion.embed_pending(library, index, embedder)
    assert (library.pending_count(), library.pending_ids()) == (9, [])
    assert nearest(index, library, embedder) == "Paper 3"
    assert (index.count(), library.pending_count()) == (9, 0)
    assert folders.opened["index"].uses_after_failure == 0


def test_an_index_that_broke_is_not_opened_by_the_next_process_either(
    index: KeptIndex, library: Library, folders: Folders, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.opened["index"].broken = True
    recording.keep(library, [Record(make_paper("Paper 9"), 1)], "x")
    with pytest.raises(IndexFailed):
        ingestion.embed_pending(library, index, embedder)
    assert nearest(KeptIndex(library, folders), library, embedder) == "Paper 3"
    assert folders.opened["index"].uses_after_failure == 0


def test_a_broken_index_stays_unused_while_the_disk_is_too_full_to_say_so(
    index: KeptIndex, library: Library, folders: Folders, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: str) -> None:
        raise StorageFull(library.folder)

    folders.opened["index"].broken = True
    with monkeypatch.context() as patched:
        patched.setattr(library, "forget_index", full)
        for _ in range(2):
            with pytest.raises(StorageFull):
                nearest(index, library, embedder)
    assert nearest(index, library, embedder) == "Paper 3"
    assert folders.opened["index"].uses_after_failure == 0


@pytest.mark.parametrize("damage", ["short", "swapped"])
def test_an_index_that_has_lost_vectors_is_closed_and_made_anew_when_it_is_opened(
    index: KeptIndex, library: Library, folders: Folders, embedder: HashingEmbedder, damage: str
) -> None:
    index.close()
    first = folders.opened["index"]
    first.closed = False
    (newest,) = library.indexed_sample(1)
    first.lose(newest)
    if damage == "swapped":  # the count is right again, as after Chroma has purged its log
        first.upsert(["stranger"], np.eye(1, 256, 7, dtype=np.float32), ["text"], [{}])
    assert nearest(index, library, embedder) == "Paper 3"
    assert first.closed
    assert index.count() == 8
    assert library.fact("index") in folders.opened
    assert library.fact("index") != "index"


def test_papers_that_are_exactly_alike_do_not_make_the_index_untrusted(
    library: Library, folders: Folders, embedder: HashingEmbedder
) -> None:
    recording.keep(library, [Record(make_paper("Same", doi=f"10.1/{n}"), 1) for n in range(20)], "x")
    index = KeptIndex(library, folders)
    ids = library.pending_ids()
    assert len(ids) == 20
    library.keep_vectors(ids, np.repeat(embedder.embed(["Same"]), len(ids), axis=0))
    assert index.count() == len(ids)
    index.close()
    assert index.count() == len(ids)
    assert list(folders.opened) == ["index"]


def test_leaving_an_index_for_another_embedding_model_drops_every_vector_at_once(
    index: KeptIndex, library: Library, folders: Folders
) -> None:
    index.renew("another")
    assert (len(library.pending_ids()), library.fact(FINGERPRINT)) == (8, "another")
    assert KeptIndex(library, folders).count() == 0


def test_an_index_marked_while_it_was_replaced_is_filled_again(
    index: KeptIndex, library: Library, folders: Folders, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = list(library.indexed_sample(8))
    index.renew()
    unindexed = library.unindexed

    def overtaken(limit: int):  # type: ignore[no-untyped-def]
        monkeypatch.setattr(library, "unindexed", unindexed)
        library.mark_indexed(ids)
        return unindexed(limit)

    monkeypatch.setattr(library, "unindexed", overtaken)
    assert (index.count(), library.indexed_count()) == (8, 8)
