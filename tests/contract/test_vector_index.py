"""What every vector index does, tried on each of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from vectorstore import ExactIndex, VectorIndex, VectorIndexError
from vectorstore.chroma import ChromaIndex


@pytest.fixture(params=["exact", "chroma"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorIndex]:
    makers: dict[str, Callable[[], VectorIndex]] = {"exact": ExactIndex, "chroma": lambda: ChromaIndex(tmp_path)}
    made = makers[request.param]()
    yield made
    made.close()


def unit(count: int, dimension: int = 16, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def put(index: VectorIndex, ids: list[str], vectors: np.ndarray) -> None:
    index.upsert(ids, vectors, [f"text of {name}" for name in ids], [{"year": 2024} for _ in ids])


def test_every_vector_finds_itself_with_similarity_one(index: VectorIndex) -> None:
    vectors = unit(50)
    put(index, [f"p{row}" for row in range(50)], vectors)
    for row in (0, 17, 49):
        best = index.query(vectors[row], 3)[0]
        assert best.id == f"p{row}"
        assert best.similarity == pytest.approx(1.0, abs=1e-4)


def test_matches_come_most_similar_first_with_their_cosines(index: VectorIndex) -> None:
    vectors = unit(40)
    put(index, [f"p{row}" for row in range(40)], vectors)
    question = unit(1, seed=1)[0]
    expected = np.sort(vectors @ question)[::-1][:10]
    found = index.query(question, 10)
    np.testing.assert_allclose([match.similarity for match in found], expected, atol=1e-4)


def test_a_restricted_search_returns_only_those_ids_and_passes_over_unknown_ones(index: VectorIndex) -> None:
    vectors = unit(20)
    put(index, [f"p{row}" for row in range(20)], vectors)
    found = index.query(vectors[0], 10, {"p3", "p7", "nobody"})
    assert {match.id for match in found} == {"p3", "p7"}
    assert index.query(vectors[0], 10, set()) == []
    assert index.query(vectors[0], 10, {"nobody"}) == []


def test_putting_an_id_again_replaces_its_vector(index: VectorIndex) -> None:
    one, other = unit(2)
    put(index, ["p"], one[None])
    put(index, ["p"], other[None])
    assert index.count() == 1
    assert index.query(other, 1)[0].similarity == pytest.approx(1.0, abs=1e-4)


def test_an_empty_index_finds_nothing(index: VectorIndex) -> None:
    assert index.query(unit(1)[0], 5) == []
    assert index.count() == 0


def test_a_folder_that_cannot_be_made_is_an_error_of_the_index(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VectorIndexError, match=r"FileExistsError|NotADirectoryError"):
        ChromaIndex(tmp_path / "file" / "index")


def test_more_vectors_than_one_batch_holds_go_in(index: VectorIndex) -> None:
    vectors = unit(2300)
    put(index, [f"p{row}" for row in range(2300)], vectors)
    assert index.count() == 2300
    assert index.query(vectors[2299], 1)[0].id == "p2299"
