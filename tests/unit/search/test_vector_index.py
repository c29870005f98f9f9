"""What becomes of a vector index that breaks: answers stay right, and a fresh one is filled from the library."""

import threading

import numpy as np
import pytest

from assistant.errors import IndexFailed, StorageFull
from assistant.library import Library, curation
from assistant.library import upsert as recording
from assistant.protocols import Vectors
from assistant.search import FINGERPRINT, PersistentIndex, embedding_queue
from assistant.types import PaperFilter, Record
from tests.conftest import make_paper, pending_ids, store_vectors
from tests.fakes import ExactIndex, HashingEmbedder
from vectorstore import IndexUnreachable, Match, VectorIndexError


class Breakable(ExactIndex):
    """Fails when it is told to, and counts the uses that come after that."""

    def __init__(self) -> None:
        super().__init__()
        self.error: VectorIndexError | None = None
        self.is_open = self.failed = False
        self.uses_after_failure = self.searches = self.bytes = 0

    def _use(self) -> None:
        assert self.is_open
        self.uses_after_failure += self.failed
        if self.error is not None:
            self.failed = True
            raise self.error

    def upsert(self, *arguments, **named) -> None:  # type: ignore[no-untyped-def]
        self._use()
        self.bytes += 1
        super().upsert(*arguments, **named)

    def delete(self, ids) -> None:  # type: ignore[no-untyped-def]
        self._use()
        self.bytes += 1
        super().delete(ids)

    def query(self, vector: Vectors, limit: int) -> list[Match]:
        self._use()
        self.searches += 1
        return super().query(vector, limit)

    def close(self) -> None:
        self.is_open = False


class Place:
    """Keeps breakable indexes by name; opening one changes its bytes, as Chroma does."""

    def __init__(self, server: str = "") -> None:
        self.server = server
        self.indexes: dict[str, Breakable] = {}
        self.opened: list[str] = []
        self.error: VectorIndexError | None = None

    def open(self, name: str) -> Breakable:
        if self.error is not None:
            raise self.error
        index = self.indexes.setdefault(name, Breakable())
        index.uses_after_failure += index.failed
        index.is_open = True
        index.bytes += 1
        self.opened.append(name)
        return index

    def checksum(self, name: str) -> str:
        return f"{name}, {self.indexes[name].bytes} bytes" if name in self.indexes else ""

    def delete_former(self, name: str) -> None:
        for known in list(self.indexes):
            if known != name:
                del self.indexes[known]


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def index(library: Library, place: Place, embedder: HashingEmbedder) -> PersistentIndex:
    return filled(library, place, embedder)


def filled(library: Library, place: Place, embedder: HashingEmbedder) -> PersistentIndex:
    recording.store(library, [Record(make_paper(f"Paper {number}"), 1) for number in range(8)], "x")
    index = PersistentIndex(library, place)
    embedding_queue.embed_pending(library, index, embedder)
    for made in place.indexes.values():
        made.searches = 0
    return index


def add(library: Library, *titles: str) -> None:
    recording.store(library, [Record(make_paper(title), 1) for title in titles], "x")


def nearest(index: PersistentIndex, library: Library, embedder: HashingEmbedder, title: str = "Paper 3") -> str:
    (match,) = index.query(embedder.embed([f"{title}\nAbout {title}."])[0], 1)
    return library.papers_by_id([match.id])[0].title


def test_a_search_without_a_restriction_is_answered_by_the_index(
    index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder
) -> None:
    (made,) = place.indexes.values()
    assert nearest(index, library, embedder) == "Paper 3"
    assert made.searches == 1
    index.close()
    assert nearest(PersistentIndex(library, place), library, embedder) == "Paper 3"
    assert made.searches > 2  # some vectors had to find themselves when it was opened


def test_a_search_in_an_empty_library_opens_no_index(library: Library, place: Place, embedder: HashingEmbedder) -> None:
    assert PersistentIndex(library, place).query(embedder.embed(["anything"])[0], 3) == []
    assert place.opened == []


@pytest.mark.parametrize("restricted", [False, True])
def test_a_search_follows_what_is_added_changed_and_removed(
    index: PersistentIndex, library: Library, embedder: HashingEmbedder, restricted: bool
) -> None:
    def found(title: str) -> str:
        among = library.numbers(PaperFilter(since=1900)) if restricted else None
        (match,) = index.query(embedder.embed([f"{title}\nAbout {title}."])[0], 1, among)
        return library.papers_by_id([match.id])[0].title

    assert found("Zebra stripes") != "Zebra stripes"
    add(library, "Zebra stripes")
    embedding_queue.embed_pending(library, index, embedder)
    assert found("Zebra stripes") == "Zebra stripes"
    paper = next(paper for paper in library.papers() if paper.title == "Zebra stripes")
    store_vectors(library, [paper.id], embedder.embed(["Giraffe necks\nAbout Giraffe necks."]))
    index.update()
    assert found("Giraffe necks") == "Zebra stripes"
    curation.remove(library, [paper.id])
    index.update()
    assert found("Giraffe necks") != "Zebra stripes"


def test_a_restricted_search_looks_only_at_those_papers(
    library: Library, place: Place, embedder: HashingEmbedder
) -> None:
    index = filled(library, place, embedder)
    numbers = library.numbers(PaperFilter(since=2024))
    vector = embedder.embed(["Paper 3\nAbout Paper 3."])[0]
    ids = {match.id for match in index.query(vector, 3, numbers[:4])}
    assert ids <= set(library.paper_numbers(sorted(ids)))
    assert set(library.paper_numbers(sorted(ids)).values()) <= set(numbers[:4].tolist())
    assert index.query(vector, 3, np.empty(0, np.int64)) == []
    assert all(kept.searches == 0 for kept in place.indexes.values())


def test_what_left_the_library_leaves_the_index(index: PersistentIndex, library: Library, place: Place) -> None:
    curation.remove(library, [paper.id for paper in library.papers()[:2]])
    assert len(library.removed_ids(9)) == 2
    index.update()
    (made,) = place.indexes.values()
    assert (made.count(), library.removed_ids(9)) == (6, [])


def test_a_search_is_exact_while_the_index_lacks_vectors(
    index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder
) -> None:
    (kept,) = place.indexes.values()
    add(library, "Zebra stripes")
    store_vectors(library, pending_ids(library), embedder.embed(["Zebra stripes\nAbout Zebra stripes."]))
    assert nearest(index, library, embedder, "Zebra stripes") == "Zebra stripes"
    assert kept.searches == 0
    index.update()
    assert nearest(index, library, embedder, "Zebra stripes") == "Zebra stripes"
    assert kept.searches == 1


def test_a_search_waits_for_no_writing(library: Library, place: Place, embedder: HashingEmbedder) -> None:
    index = filled(library, place, embedder)
    written, done = threading.Event(), threading.Event()

    def write() -> None:
        with index._opened():
            written.set()
            done.wait(10)

    thread = threading.Thread(target=write)
    thread.start()
    written.wait(10)
    assert nearest(index, library, embedder) == "Paper 3"
    done.set()
    thread.join()
    assert all(kept.searches == 0 for kept in place.indexes.values())


def test_a_search_that_breaks_the_index_is_answered_from_the_library(
    library: Library, place: Place, embedder: HashingEmbedder
) -> None:
    index = filled(library, place, embedder)
    ((name, first),) = place.indexes.items()
    first.error = VectorIndexError("torn")
    assert nearest(index, library, embedder) == "Paper 3"
    assert (library.indexed_count(), first.is_open) == (0, False)
    assert not index.is_consistent()
    index.update()
    assert index.is_consistent()
    assert (library.indexed_count(), first.uses_after_failure) == (8, 0)
    assert list(place.indexes) == [library.metadata("index")] != [name]


def test_adding_that_breaks_the_index_fails_once_and_the_next_update_is_whole(
    index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder
) -> None:
    (first,) = place.indexes.values()
    first.error = VectorIndexError("torn")
    add(library, "Paper 9")
    with pytest.raises(IndexFailed, match=r"torn.*safe"):
        embedding_queue.embed_pending(library, index, embedder)
    assert (library.pending_count(), pending_ids(library)) == (9, [])
    assert nearest(index, library, embedder, "Paper 9") == "Paper 9"
    PersistentIndex(library, place).update()
    (second,) = place.indexes.values()
    assert (second.count(), library.pending_count(), first.uses_after_failure) == (9, 0, 0)


def test_a_broken_index_stays_unused_while_the_disk_is_too_full_to_say_so(
    index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: str) -> None:
        raise StorageFull(library.folder)

    (first,) = place.indexes.values()
    first.error = VectorIndexError("torn")
    add(library, "Paper 9")
    with monkeypatch.context() as patched:
        patched.setattr(library, "forget_index", full)
        for _ in range(2):
            with pytest.raises(StorageFull):
                embedding_queue.embed_pending(library, index, embedder)
            assert nearest(index, library, embedder) == "Paper 3"
    index.update()
    assert index.is_consistent()
    assert first.uses_after_failure == 0


@pytest.mark.parametrize("damage", ["changed", "gone", "killed"])
def test_an_index_that_is_not_as_it_was_left_is_never_opened_again(
    index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder, damage: str
) -> None:
    ((name, first),) = place.indexes.items()
    if damage == "changed":
        first.bytes += 1
    elif damage == "gone":
        del place.indexes[name]
    else:
        index.close()
        index.count()  # opens it; nobody closes it
    place.opened.clear()
    assert not PersistentIndex(library, place).is_consistent()
    add(library, "Paper 9")
    again = PersistentIndex(library, place)
    embedding_queue.embed_pending(library, again, embedder)
    assert place.opened != []
    assert name not in place.opened
    assert (again.is_consistent(), library.indexed_count()) == (True, 9)
    assert list(place.indexes) == [library.metadata("index")]


def test_an_index_that_was_only_searched_when_the_program_was_killed_is_opened_again(
    library: Library, place: Place, embedder: HashingEmbedder
) -> None:
    assert nearest(filled(library, place, embedder), library, embedder) == "Paper 3"
    (name,) = place.indexes
    place.opened.clear()
    assert nearest(PersistentIndex(library, place), library, embedder) == "Paper 3"
    assert place.opened == [name]


def test_an_index_that_lacks_vectors_is_made_anew(
    index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder
) -> None:
    ((name, first),) = place.indexes.items()
    index.close()
    ExactIndex.delete(first, list(library.indexed_sample(1)))  # and its checksum is as it was
    add(library, "Paper 9")
    embedding_queue.embed_pending(library, index, embedder)
    assert (index.count(), library.metadata("index") != name) == (9, True)


def test_an_open_index_that_lost_vectors_is_given_up_at_the_end_of_an_update(
    index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder
) -> None:
    (first,) = place.indexes.values()
    ExactIndex.delete(first, list(library.indexed_sample(1)))
    add(library, "Paper 9")
    with pytest.raises(IndexFailed, match="8 of 9"):
        embedding_queue.embed_pending(library, index, embedder)
    assert nearest(index, library, embedder, "Paper 9") == "Paper 9"
    index.update()
    assert (index.count(), index.is_consistent()) == (9, True)


def test_an_index_that_holds_other_vectors_is_made_anew(
    index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder
) -> None:
    (first,) = place.indexes.values()
    index.close()
    ids = [paper.id for paper in library.papers()]
    ExactIndex.upsert(first, ids, np.eye(8, 256, 7, dtype=np.float32), [])
    assert nearest(index, library, embedder) == "Paper 3"
    assert library.indexed_count() == 0


def test_an_index_that_is_opened_in_the_background_answers_the_search_that_comes(
    index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.close()
    again, going_on = PersistentIndex(library, place), threading.Event()
    opening = place.open
    monkeypatch.setattr(place, "open", lambda name: going_on.wait(10) and opening(name))
    again.prepare()
    again.prepare()
    threading.Timer(0.1, going_on.set).start()
    assert nearest(again, library, embedder) == "Paper 3"
    assert len(place.opened) == 2
    (made,) = place.indexes.values()
    assert made.searches
    again.close()
    assert not made.is_open


def test_a_search_is_answered_while_the_disk_is_too_full_to_open_the_index(
    index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: str) -> None:
        raise StorageFull(library.folder)

    index.close()
    monkeypatch.setattr(library, "set_metadata", full)
    assert nearest(PersistentIndex(library, place), library, embedder) == "Paper 3"


def test_leaving_an_index_for_another_embedding_model_drops_every_vector_at_once(
    index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder
) -> None:
    index.rebuild("another")
    assert (len(pending_ids(library)), library.metadata(FINGERPRINT)) == (8, "another")
    assert index.query(embedder.embed(["Paper 3"])[0], 3) == []
    assert PersistentIndex(library, place).count() == 0


def test_papers_marked_for_an_index_that_was_replaced_are_not_forgotten(
    index: PersistentIndex, library: Library, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = list(library.indexed_sample(8))
    index.rebuild()
    unindexed = library.unindexed

    def overtaken(limit: int):  # type: ignore[no-untyped-def]
        monkeypatch.setattr(library, "unindexed", unindexed)
        library.mark_indexed(ids)
        return unindexed(limit)

    monkeypatch.setattr(library, "unindexed", overtaken)
    index.update()
    add_one = PersistentIndex(library, place)
    assert add_one.count() >= 0  # opening it finds that it lacks what was marked
    add_one.update()
    assert (add_one.count(), library.indexed_count()) == (8, 8)


class TestOnAServer:
    URL = "http://host:8000"

    @pytest.fixture
    def place(self) -> Place:
        return Place(self.URL)

    def test_a_search_is_always_the_servers(
        self, index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder
    ) -> None:
        (kept,) = place.indexes.values()
        assert nearest(index, library, embedder) == "Paper 3"
        before = kept.searches  # it was looked through when it was opened
        assert nearest(index, library, embedder) == "Paper 3"
        assert kept.searches == before + 1

    def test_a_kill_while_it_is_written_costs_nothing(
        self, index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder
    ) -> None:
        (name,) = place.indexes
        index.count()
        add(library, "Paper 9")
        embedding_queue.embed_pending(library, PersistentIndex(library, place), embedder)
        assert set(place.opened) == {name}

    @pytest.mark.parametrize("damage", ["gone", "short", "swapped"])
    def test_an_index_that_lacks_vectors_is_filled_again(
        self, index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder, damage: str
    ) -> None:
        ((name, kept),) = place.indexes.items()
        if damage == "gone":
            del place.indexes[name]
        else:
            ExactIndex.delete(kept, list(library.indexed_sample(1)))
            if damage == "swapped":
                stranger = np.eye(1, 256, 7, dtype=np.float32)
                ExactIndex.upsert(kept, ["stranger"], stranger, [{}])
        again = PersistentIndex(library, place)
        assert nearest(again, library, embedder) == "Paper 3"
        again.update()
        assert (again.count(), again.is_consistent(), library.metadata("index") != name) == (8, True, True)

    def test_a_server_that_does_not_answer_is_an_error_and_nothing_is_made_anew(
        self, index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder
    ) -> None:
        ((name, kept),) = place.indexes.items()
        kept.error = place.error = IndexUnreachable("the server http://host:8000")
        for _ in range(2):
            with pytest.raises(IndexUnreachable):
                nearest(index, library, embedder)
        assert (library.metadata("index"), library.indexed_count()) == (name, 8)
        kept.error = place.error = None
        assert nearest(index, library, embedder) == "Paper 3"

    def test_moving_to_a_server_and_back_fills_each_anew(
        self, index: PersistentIndex, library: Library, place: Place, embedder: HashingEmbedder
    ) -> None:
        folders = Place()
        add(library, "Paper 9")
        embedding_queue.embed_pending(library, PersistentIndex(library, folders), embedder)
        add(library, "Paper 10")
        embedding_queue.embed_pending(library, PersistentIndex(library, place), embedder)
        for kept, held in ((folders, 9), (place, 10)):
            assert [known.count() for known in kept.indexes.values()] == [held]
