"""Statistics of counts: Wilson's interval of a share, odds ratios with intervals, and Bonferroni's correction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

ERROR = 0.05
"""Chance that any of the statements made together is wrong, were the papers a sample."""

_LEAST_FOR_LOGIT = 50
"""Papers in every cell of a table from which the logit interval stands for the exact one, within 5 % of its bounds."""

Figures = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A share in later papers compared with that in earlier ones: counts of totals, and their odds ratio.

    `ratio` is later by earlier, with its interval of the given `level`; infinite where the earlier papers have none,
    and not a number where the papers tell nothing.
    """

    earlier: int
    earlier_papers: int
    later: int
    later_papers: int
    ratio: float
    low: float
    high: float
    level: float


def wilson(counts: ArrayLike, totals: ArrayLike, level: float = 1 - ERROR) -> tuple[Figures, Figures]:
    """Return the bounds of Wilson's score interval (1927) of each share `counts / totals`; (0, 1) of no papers."""
    count, total = np.asarray(counts, np.float64), np.asarray(totals, np.float64)
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    middle = (count + z2 / 2) / (total + z2)
    half = np.sqrt(z2 * (count * (1 - count / np.maximum(total, 1)) + z2 / 4)) / (total + z2)
    return np.where(count == 0, 0.0, middle - half), np.where(count == total, 1.0, middle + half)


def bonferroni(statements: int) -> float:
    """Return the level of one interval, so that `statements` of them hold together with 95 %."""
    return 1 - ERROR / max(statements, 1)


def compare(earlier: int, earlier_papers: int, later: int, later_papers: int, level: float) -> Comparison:
    """Compare two shares by their odds ratio and its interval.

    Where a cell of the table holds few papers the interval is the exact conditional one (Fisher 1935, as in
    `scipy.stats.contingency.odds_ratio`), else the logit interval of B. Woolf (1955), which is much faster there.
    """
    from scipy.stats import contingency

    table = np.array([[later, earlier], [later_papers - later, earlier_papers - earlier]])
    if not (table.sum(axis=0).all() and table.sum(axis=1).all()):
        ratio, low, high = math.nan, 0.0, math.inf
    else:
        kind = "sample" if table.min() >= _LEAST_FOR_LOGIT else "conditional"
        found = contingency.odds_ratio(table, kind=kind)
        interval = found.confidence_interval(level)
        ratio, low, high = float(found.statistic), float(interval.low), float(interval.high)
    return Comparison(earlier, earlier_papers, later, later_papers, ratio, low, high, level)
