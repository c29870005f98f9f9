import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from assistant import statistics


@settings(deadline=None)
@given(some.integers(0, 40), some.integers(1, 40))
def test_the_interval_of_a_share_is_wilsons(count: int, papers: int) -> None:
    count = min(count, papers)
    low, high = statistics.wilson(np.array([count]), np.array([papers]))
    theirs = stats.binomtest(count, papers).proportion_ci(method="wilson")
    assert (low[0], high[0]) == (pytest.approx(theirs.low, abs=1e-9), pytest.approx(theirs.high, abs=1e-9))


def test_no_papers_tell_nothing_of_a_share() -> None:
    low, high = statistics.wilson([0, 1], [0, 2])
    assert (low[0], high[0]) == (0, 1)
    assert 0 < low[1] < 0.5 < high[1] < 1


def test_more_statements_ask_for_a_higher_level_of_each() -> None:
    assert statistics.bonferroni(0) == statistics.bonferroni(1) == 0.95
    assert statistics.bonferroni(10) == pytest.approx(0.995)


@pytest.mark.parametrize("counts", [(0, 12, 0, 10), (12, 12, 10, 10), (0, 0, 3, 10), (3, 10, 0, 0)])
def test_tables_that_tell_nothing_have_the_widest_interval(counts: tuple[int, int, int, int]) -> None:
    compared = statistics.compare(*counts, 0.95)
    assert (compared.low, compared.high) == (0, math.inf)
    assert math.isnan(compared.ratio)


def test_the_fast_interval_meets_the_exact_one_where_it_takes_its_place() -> None:
    for level in (0.95, 0.9999):
        fast = statistics.compare(60, 900, 95, 800, level)
        exact = stats.contingency.odds_ratio([[95, 60], [705, 840]]).confidence_interval(level)
        assert fast.low == pytest.approx(exact.low, rel=0.05)
        assert fast.high == pytest.approx(exact.high, rel=0.05)
