import pytest

from assistant.errors import IndexFailed
from assistant.library import Library, upsert
from assistant.search import PersistentIndex, Retriever, embedding_queue
from assistant.search.hybrid import combine
from assistant.text import words
from assistant.types import PaperFilter, Record
from tests.conftest import make_paper
from tests.fakes import HashingEmbedder, MemoryPlace
from vectorstore import Match, VectorIndexError


@pytest.fixture
def retriever(library: Library, embedder: HashingEmbedder) -> Retriever:
    papers = [
        make_paper(
            "Low-rank adapters", "Adapters of low rank tune a model cheaply.", date="2021", authors=("Ada Lovelace",)
        ),
        make_paper("Pruned adapters", "Adapters are pruned early in training.", date="2024", authors=("Alan Turing",)),
        make_paper("Sourdough", "Bread rises slowly with wild yeast.", date="2024", authors=("Alan Turing",)),
    ]
    upsert.store(library, [Record(paper, 1) for paper in papers], "x")
    index = PersistentIndex(library, MemoryPlace())
    embedding_queue.embed_pending(library, index, embedder)
    return Retriever(library, index, embedder)


def titles(retriever: Retriever, question: str, chosen: PaperFilter = PaperFilter(), limit: int = 10) -> list[str]:
    passages = retriever.search(question, limit, chosen)
    return [paper.title for paper in retriever.library.papers_by_id([passage.paper_id for passage in passages])]


def test_the_paper_that_holds_the_words_comes_first(retriever: Retriever) -> None:
    assert titles(retriever, "wild yeast in bread", limit=1) == ["Sourdough"]
    assert titles(retriever, "adapters of low rank", limit=2) == ["Low-rank adapters", "Pruned adapters"]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (PaperFilter(author="Turing"), {"Pruned adapters", "Sourdough"}),
        (PaperFilter(until=2021), {"Low-rank adapters"}),
        (PaperFilter(author="Turing", since=2025), set()),
    ],
)
def test_a_filter_holds_in_both_searches(retriever: Retriever, chosen: PaperFilter, expected: set[str]) -> None:
    assert set(titles(retriever, "adapters", chosen)) == expected


def test_a_paper_that_waits_for_its_vector_is_found_by_its_words(retriever: Retriever) -> None:
    upsert.store(retriever.library, [Record(make_paper("Zymurgy"), 1)], "y")
    passages = retriever.search("zymurgy", 5)
    waiting = [passage for passage in passages if passage.similarity is None]
    assert [paper.title for paper in retriever.library.papers_by_id([waiting[0].paper_id])] == ["Zymurgy"]


def test_an_empty_library_finds_nothing(library: Library, embedder: HashingEmbedder) -> None:
    assert Retriever(library, PersistentIndex(library, MemoryPlace()), embedder).search("anything", 5) == []


def test_combining_scales_both_scores_and_weighs_them() -> None:
    passages = combine({"a": 0.9, "b": 0.5, "c": 0.1}, {"b": 8.0, "c": 4.0}, 0.5)
    assert [(passage.paper_id, round(passage.score, 3)) for passage in passages] == [
        ("b", 0.75),
        ("a", 0.5),
        ("c", 0.25),
    ]
    assert passages[0].similarity == 0.5


def test_combining_breaks_ties_by_id_so_that_two_runs_agree() -> None:
    one = combine({"b": 0.5, "a": 0.5}, {}, 0.7)
    assert [passage.paper_id for passage in one] == ["a", "b"]


def test_content_words_leave_out_the_words_of_asking() -> None:
    assert words.content_words("What does the paper say about KnowRL?") == ["knowrl"]
    assert words.content_words("What is it?") == ["what", "is", "it"]
    assert words.content_words("What is it?", or_all=False) == []
    assert words.content_words("?!") == []


def test_a_failing_index_is_an_error_that_says_that_the_papers_are_safe(
    library: Library, embedder: HashingEmbedder
) -> None:
    class Broken:
        def prepare(self) -> None:
            pass

        def query(self, *_: object) -> list[Match]:
            raise VectorIndexError("disk I/O error")

    with pytest.raises(IndexFailed, match=r"disk I/O error.*safe"):
        Retriever(library, Broken(), embedder).search("anything", 5)
