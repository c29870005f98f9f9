from __future__ import annotations

import random

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from assistant.analysis.themes.themes import MOST_THEMES, Theme, discover
from assistant.protocols import Vectors
from assistant.types import Paper
from tests.conftest import make_paper

TOPICS = ("knowledge editing", "network pruning", "image denoising", "graph matching", "speech synthesis")


def pile(count: int, topics: int = len(TOPICS), noise: float = 0.1) -> tuple[list[Paper], dict[str, Vectors]]:
    """Return papers of topics that lie in different directions."""
    draws = np.random.default_rng(0)
    papers, vectors = [], {}
    for number in range(count):
        topic = TOPICS[number % topics]
        papers.append(make_paper(f"On {topic}, part {number}", f"We study {topic}.", id=f"paper:{number}"))
        vector = np.eye(32, dtype=np.float32)[number % topics] + noise * draws.normal(size=32).astype(np.float32)
        vectors[f"paper:{number}"] = vector / np.linalg.norm(vector)
    return papers, vectors


def test_topics_are_found_and_named() -> None:
    found = discover(*pile(40))
    assert {theme.label for theme in found} == set(TOPICS)
    assert sorted(len(theme.paper_ids) for theme in found) == [8] * 5
    for theme in found:
        assert {int(one.split(":")[1]) % 5 for one in theme.paper_ids} == {TOPICS.index(theme.label)}


def test_the_order_of_the_papers_changes_nothing() -> None:
    papers, vectors = pile(24, noise=0.6)
    assert discover(papers, vectors) == discover(random.Random(2).sample(papers, len(papers)), vectors)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_few_papers_are_one_theme(count: int) -> None:
    papers, vectors = pile(count)
    (theme,) = discover(papers, vectors)
    assert sorted(theme.paper_ids) == sorted(paper.id for paper in papers)
    assert theme.label


@pytest.mark.parametrize("count", [5, 9, 22])
def test_every_paper_with_a_vector_is_in_one_theme(count: int) -> None:
    papers, vectors = pile(count, noise=0.5)
    found = discover(papers, vectors)
    assert sorted(one for theme in found for one in theme.paper_ids) == sorted(vectors)
    assert len(found) <= min(MOST_THEMES, count // 2)
    assert all(len(theme.paper_ids) > 1 for theme in found)


def test_papers_without_a_vector_stay_out() -> None:
    papers, vectors = pile(12)
    del vectors["paper:7"]
    found = discover(papers, vectors)
    assert "paper:7" not in {one for theme in found for one in theme.paper_ids}
    assert discover(papers, {}) == []
    assert discover([], {}) == []


def test_equal_vectors_do_no_harm() -> None:
    papers, vectors = pile(12)
    found = discover(papers, dict.fromkeys(vectors, vectors["paper:0"]))
    assert sum(len(theme.paper_ids) for theme in found) == 12


def test_the_nearest_to_the_centre_comes_first_and_ids_differ() -> None:
    papers, vectors = pile(30, noise=0.4)
    found = discover(papers, vectors)
    for theme in found:
        rows = np.stack([vectors[one] for one in theme.paper_ids])
        near = rows @ rows.mean(axis=0)
        assert all(near[:-1] >= near[1:] - 1e-6)
    assert len({theme.id for theme in found}) == len(found)


def test_leaving_out_a_few_papers_leaves_the_themes_alike() -> None:
    papers, vectors = pile(40)
    whole, fewer = (
        {one: number for number, theme in enumerate(discover(some, vectors)) for one in theme.paper_ids}
        for some in (papers, papers[:36])
    )
    assert adjusted_rand_score([whole[one] for one in fewer], list(fewer.values())) > 0.7


def test_the_title_is_the_name_else_the_label() -> None:
    assert Theme("1", "label", (), ()).title == "label"
    assert Theme("1", "label", (), (), "name").title == "name"
