"""The map of papers: like papers lie near each other, and the same papers lie at the same places."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.analysis.charts import paper_map
from assistant.analysis.charts.paper_map import Place, lay_out
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


def distance(one: Place, other: Place) -> float:
    return float(np.hypot(one.x - other.x, one.y - other.y))


@pytest.mark.parametrize(("sizes", "method"), [([6, 6], "PCA"), ([25, 25], "t-SNE")])
def test_like_papers_lie_near_each_other(sizes: list[int], method: str) -> None:
    found = lay_out(groups(sizes))
    assert found.method == method
    first = [place for place in found.places if place.paper_id.startswith("0-")]
    second = [place for place in found.places if place.paper_id.startswith("1-")]
    within = np.mean([distance(one, other) for one in first for other in first])
    between = np.mean([distance(one, other) for one in first for other in second])
    assert between > 1.5 * within


@pytest.mark.parametrize("sizes", [[5, 4], [20, 20]])
def test_order_of_the_papers_changes_nothing(sizes: list[int]) -> None:
    vectors = groups(sizes)
    assert lay_out(vectors) == lay_out(dict(reversed(list(vectors.items()))))


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_few_papers_have_places(count: int) -> None:
    found = lay_out(groups([count]))
    assert len(found.places) == count
    assert all(0 <= place.x <= 1 and 0 <= place.y <= 1 for place in found.places)


@pytest.mark.parametrize("count", [4, 40])
def test_papers_that_say_the_same_lie_on_one_point(count: int) -> None:
    vector = groups([1])["0-0"]
    found = lay_out({f"p{number}": vector for number in range(count)})
    assert {(place.x, place.y) for place in found.places} == {(0.5, 0.5)}


def test_of_too_many_papers_a_sample_is_drawn_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper_map, "MOST_PAPERS", 10)
    vectors = groups([25])
    found = lay_out(vectors)
    assert len(found.places) == 10
    assert found.left_out == 15
    assert lay_out(dict(reversed(list(vectors.items())))) == found
