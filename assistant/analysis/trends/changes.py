"""Whether a share of papers changed from an earlier time to a later one, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Change = Literal["rising", "falling", "steady", "unclear"]
Counts = NDArray[np.int64]
Figures = NDArray[np.float64]

ERROR = 0.05
"""Chance that any of the statements made together is wrong, were the papers a sample."""

LIKELIEST_CHANCE = 0.25
"""That papers keep to one end of the time tells nothing where it would happen as often as this by chance."""

_LEAST_FOR_LOGIT = 50
"""Papers in every cell of a table from which the logit interval stands for the exact one, which it meets within 3 %."""

_DOUBLE = 2.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a share in the later papers compares with that in the earlier ones: counts of totals, and their odds ratio.

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


def wilson(counts: Counts, papers: Counts, level: float = 1 - ERROR) -> tuple[Figures, Figures]:
    """Return the interval of each share `counts / papers`, in [0, 1]; (0, 1) where there are no papers.

    The score interval of E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    z2 = float(stats.norm.ppf((1 + level) / 2)) ** 2
    known = np.maximum(papers, 1).astype(np.float64)
    share = counts / known
    middle = (share + z2 / (2 * known)) / (1 + z2 / known)
    half = np.sqrt(share * (1 - share) * z2 / known + (z2 / (2 * known)) ** 2) / (1 + z2 / known)
    low = np.where(counts == 0, 0.0, middle - half)
    high = np.where(counts == papers, 1.0, middle + half)
    return np.where(papers == 0, 0.0, np.clip(low, 0, 1)), np.where(papers == 0, 1.0, np.clip(high, 0, 1))


def halving(papers: Sequence[int]) -> int:
    """Return the place of the period with which the later half of the papers begins; 0 where all are from one."""
    before = np.cumsum(papers)
    if not len(before) or int(np.count_nonzero(papers)) < 2:
        return 0
    total = before[-1]
    uneven = np.where((before == 0) | (before == total), total, np.abs(total - 2 * before))
    place = int(np.argmin(uneven)) + 1
    return place + int(np.flatnonzero(np.asarray(papers)[place:])[0])


def each_level(statements: int) -> float:
    """Return the level of one interval, so that `statements` of them hold together (Bonferroni's correction)."""
    return 1 - ERROR / max(statements, 1)


def compare(earlier: int, earlier_papers: int, later: int, later_papers: int, level: float) -> Comparison:
    """Compare two shares by their odds ratio and its interval.

    Where a cell of the table holds few papers the interval is the exact conditional one (Fisher 1935, as in
    `scipy.stats.contingency.odds_ratio`), else the logit interval of B. Woolf (1955), which is much faster there.
    """
    table = np.array([[later, earlier], [later_papers - later, earlier_papers - earlier]])
    if not (table.sum(axis=0).all() and table.sum(axis=1).all()):
        ratio, low, high = math.nan, 0.0, math.inf
    elif table.min() >= _LEAST_FOR_LOGIT:
        ratio = float(table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0]))
        reach = float(stats.norm.ppf((1 + level) / 2)) * math.sqrt(float((1 / table).sum()))
        low, high = ratio * math.exp(-reach), ratio * math.exp(reach)
    else:
        found = stats.contingency.odds_ratio(table)
        interval = found.confidence_interval(level)
        ratio, low, high = float(found.statistic), float(interval.low), float(interval.high)
    return Comparison(earlier, earlier_papers, later, later_papers, ratio, low, high, level)


def change(compared: Comparison) -> Change:
    """Say what an interval proves: "steady" is one that holds no doubling and no halving."""
    if compared.low > 1:
        return "rising"
    if compared.high < 1:
        return "falling"
    return "steady" if is_steady(compared) else "unclear"


def is_steady(compared: Comparison) -> bool:
    """Tell whether an interval holds no doubling and no halving."""
    return compared.low > 1 / _DOUBLE and compared.high < _DOUBLE


def least_changes(earlier: Counts, earlier_papers: int, later: Counts, later_papers: int, level: float) -> Figures:
    """Return for many shares at once the least log odds ratio that the papers allow: below 0 falling, above 0 rising.

    0 where the interval holds no change. An estimate to choose candidates by: logit intervals with half a paper added
    to each cell, so that none is empty (J. J. Gart, 1966).
    """
    a, b = later + 0.5, earlier + 0.5
    c, d = later_papers - later + 0.5, earlier_papers - earlier + 0.5
    middle = np.log(a * d / (b * c))
    reach = float(stats.norm.ppf((1 + level) / 2)) * np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    least: Figures = np.sign(middle) * np.maximum(np.abs(middle) - reach, 0)
    return least


def chances(counts: Counts, among: Counts, papers: int) -> Figures:
    """Return the chance that `counts` papers drawn at random from `papers` all fall among the given number of them."""

    def ways(total: Counts, drawn: Counts) -> Figures:
        found: Figures = special.gammaln(total + 1) - special.gammaln(drawn + 1) - special.gammaln(total - drawn + 1)
        return found

    logarithm = ways(among, counts) - ways(np.full_like(counts, papers), counts)
    return np.where(counts > among, 0.0, np.exp(np.minimum(logarithm, 0)))
