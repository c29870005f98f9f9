"""The map of papers: like papers lie near each other, and the same papers lie at the same places."""

from __future__ import annotations

from math import dist

import numpy as np
import pytest

from assistant.analysis.charts import layouts
from assistant.analysis.charts.layouts import paper_map
from assistant.protocols import Vectors


def groups(sizes: list[int], dimension: int = 24) -> dict[str, Vectors]:
    """Return unit vectors of groups of papers, each group around a direction of its own: "0-3" is the fourth of 0."""
    random = np.random.default_rng(7)
    found = {}
    for group, size in enumerate(sizes):
        for number in range(size):
            vector = random.normal(0, 0.15, dimension)
            vector[group] += 1
            found[f"{group}-{number}"] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return found


@pytest.mark.parametrize("sizes", [[6, 6], [25, 25]])
def test_like_papers_lie_near_each_other(sizes: list[int]) -> None:
    found = paper_map(groups(sizes))
    first = [place for paper_id, place in found.items() if paper_id.startswith("0-")]
    second = [place for paper_id, place in found.items() if paper_id.startswith("1-")]
    within = np.mean([dist(one, other) for one in first for other in first])
    between = np.mean([dist(one, other) for one in first for other in second])
    assert between > 1.5 * within


@pytest.mark.parametrize("sizes", [[5, 4], [20, 20]])
def test_order_of_the_papers_changes_nothing(sizes: list[int]) -> None:
    vectors = groups(sizes)
    assert paper_map(vectors) == paper_map(dict(reversed(list(vectors.items()))))


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_few_papers_have_places(count: int) -> None:
    found = paper_map(groups([count]))
    assert len(found) == count
    assert np.isfinite(list(found.values())).all()


@pytest.mark.parametrize("count", [4, 40])
def test_papers_that_say_the_same_lie_on_one_point(count: int) -> None:
    vector = groups([1])["0-0"]
    assert len(set(paper_map({f"p{number}": vector for number in range(count)}).values())) == 1


def test_of_too_many_papers_a_sample_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "MOST_PAPERS", 10)
    vectors = groups([25])
    found = paper_map(vectors)
    assert len(found) == 10
    assert paper_map(dict(reversed(list(vectors.items())))) == found
