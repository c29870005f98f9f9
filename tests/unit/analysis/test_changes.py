import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from assistant.analysis.trends import changes


@settings(deadline=None)
@given(some.integers(0, 40), some.integers(1, 40))
def test_the_interval_of_a_share_is_wilsons(count: int, papers: int) -> None:
    count = min(count, papers)
    low, high = changes.wilson(np.array([count]), np.array([papers]))
    theirs = stats.binomtest(count, papers).proportion_ci(method="wilson")
    assert (low[0], high[0]) == (pytest.approx(theirs.low, abs=1e-9), pytest.approx(theirs.high, abs=1e-9))


def test_no_papers_tell_nothing_of_a_share() -> None:
    low, high = changes.wilson(np.array([0, 1]), np.array([0, 2]))
    assert (low[0], high[0]) == (0, 1)
    assert 0 < low[1] < 0.5 < high[1] < 1


@pytest.mark.parametrize(
    ("papers", "place"),
    [
        ([], 0),
        ([7], 0),
        ([0, 7, 0], 0),
        ([3, 9, 10], 2),
        ([5, 5], 1),
        ([100, 1], 1),
        ([1, 100], 1),
        ([5, 0, 0, 5], 3),  # the later half begins where there are papers again
    ],
)
def test_papers_are_halved_between_periods_as_evenly_as_can_be(papers: list[int], place: int) -> None:
    assert changes.halving(papers) == place


def test_what_surely_grows_is_rising_and_its_mirror_image_falling() -> None:
    grows = changes.compare(5, 100, 40, 100, 0.95)
    assert changes.change(grows) == "rising"
    assert changes.change(changes.compare(40, 100, 5, 100, 0.95)) == "falling"
    assert grows.low < grows.ratio < grows.high


def test_a_few_papers_prove_no_change() -> None:
    few = changes.compare(0, 12, 2, 10, 0.95)
    assert changes.change(few) == "unclear"
    assert few.high == math.inf


def test_steady_is_only_what_neither_doubled_nor_halved() -> None:
    assert changes.change(changes.compare(200, 2000, 210, 2000, 0.95)) == "steady"
    assert changes.change(changes.compare(10, 100, 11, 100, 0.95)) == "unclear"


@pytest.mark.parametrize("counts", [(0, 12, 0, 10), (12, 12, 10, 10), (0, 0, 3, 10), (3, 10, 0, 0)])
def test_tables_that_tell_nothing_are_unclear(counts: tuple[int, int, int, int]) -> None:
    compared = changes.compare(*counts, 0.95)
    assert (compared.low, compared.high) == (0, math.inf)
    assert changes.change(compared) == "unclear"


def test_more_statements_need_surer_ones() -> None:
    assert changes.change(changes.compare(3, 40, 12, 40, changes.each_level(1))) == "rising"
    assert changes.change(changes.compare(3, 40, 12, 40, changes.each_level(100))) == "unclear"


def test_the_fast_interval_meets_the_exact_one_where_it_takes_its_place() -> None:
    for level in (0.95, 0.9999):
        fast = changes.compare(60, 900, 95, 800, level)
        exact = stats.contingency.odds_ratio([[95, 60], [705, 840]]).confidence_interval(level)
        assert fast.low == pytest.approx(exact.low, rel=0.05)
        assert fast.high == pytest.approx(exact.high, rel=0.05)


def test_no_more_false_changes_are_told_than_promised() -> None:
    random = np.random.default_rng(5)
    wrong = 0
    for _ in range(300):
        earlier, later = random.binomial(60, 0.1), random.binomial(50, 0.1)
        wrong += changes.change(changes.compare(int(earlier), 60, int(later), 50, 0.95)) in ("rising", "falling")
    assert wrong <= 0.05 * 300


def test_the_least_change_is_zero_where_none_is_sure() -> None:
    least = changes.least_changes(np.array([5, 40, 10]), 100, np.array([40, 5, 11]), 100, 0.95)
    assert least[0] > 0 > least[1]
    assert least[2] == 0


def test_the_chance_of_keeping_to_some_papers_is_the_hypergeometric_one() -> None:
    counts, among = np.array([3, 1, 4]), np.array([10, 10, 3])
    assert changes.chances(counts, among, 22) == pytest.approx([120 / 1540, 10 / 22, 0])
