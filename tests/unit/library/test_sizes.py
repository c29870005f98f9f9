"""Libraries of a given size for measuring, made out of few papers."""

from pathlib import Path

import numpy as np

from assistant.library import Library
from benchmarks import sizes
from tests.conftest import make_paper
from tests.fakes import HashingEmbedder


def corpus(embedded: int) -> sizes.Corpus:
    papers = [
        make_paper(f"Title {number}", f"Word {number} of many others.", authors=(f"Ada {number}", "Alan Turing"))
        for number in range(10)
    ]
    texts = [paper.title for paper in papers[:embedded]]
    return sizes.Corpus(papers, HashingEmbedder().embed(texts), "hashing")


def vectors(folder: Path) -> tuple[list[str], np.ndarray]:  # type: ignore[type-arg]
    library = Library(folder)
    _, ids, values = library.numbered_vectors()
    library.close()
    return ids, values


def test_a_larger_library_begins_with_the_papers_of_the_file_and_of_the_smaller_one(tmp_path: Path) -> None:
    made = corpus(10)
    small, large = sizes.library(made, 5, tmp_path), sizes.library(made, 25, tmp_path)
    library = Library(large)
    assert library.count() == 25
    assert {paper.title for paper in library.papers()} >= {paper.title for paper in made.papers}
    library.close()
    assert vectors(small)[0] == vectors(large)[0][:5]
    assert sizes.library(made, 25, tmp_path) == large


def test_a_library_of_one_size_is_the_same_whichever_was_made_before(tmp_path: Path) -> None:
    made = corpus(4)
    sizes.library(made, 5, tmp_path / "a")
    one, other = sizes.library(made, 25, tmp_path / "a"), sizes.library(made, 25, tmp_path / "b")
    np.testing.assert_array_equal(vectors(one)[1], vectors(other)[1])


def test_vectors_that_are_made_stay_near_the_one_they_come_from(tmp_path: Path) -> None:
    made = corpus(4)
    _, values = vectors(sizes.library(made, 30, tmp_path))
    np.testing.assert_allclose(np.linalg.norm(values, axis=1), 1, atol=0.01)
    for number in range(4, 30):
        origin = made.vectors[number % 10 % 4]
        assert 0.6 < float(values[number] @ origin) < 0.95


def test_real_vectors_are_kept_for_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "papers.jsonl"
    file.write_text("\n".join(f'{{"title": "Title {n}", "abstract": "Abstract {n}."}}' for n in range(3)))
    embedder = HashingEmbedder()
    first = sizes.read(file, embedder, 2, tmp_path)
    asked = len(embedder.texts)
    second = sizes.read(file, embedder, 2, tmp_path)
    assert len(embedder.texts) == asked
    assert (len(first.papers), first.vectors.shape) == (3, (2, 256))
    np.testing.assert_array_equal(first.vectors, second.vectors)
