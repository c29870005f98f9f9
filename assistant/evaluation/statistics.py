"""Statistics of labelled answers: shares with intervals, and the difference of two runs over the same questions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from assistant.statistics import wilson

_Z = 1.959964
"""Standard deviations around the mean that hold 95 % of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many; the share and its 95 % interval are None where there is nothing to count."""

    right: int
    total: int

    @property
    def value(self) -> float | None:
        """Return the share, in [0, 1]."""
        return self.right / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the 95 % score interval (Wilson, 1927)."""
        if not self.total:
            return None
        low, high = wilson(self.right, self.total)
        return float(low), float(high)

    def to_json(self) -> dict[str, object]:
        """Return the figures as plain JSON values."""
        return {"right": self.right, "total": self.total, "share": self.value, "interval": self.interval}


@dataclass(frozen=True, slots=True)
class Difference:
    """Two runs over the same questions: how many only the one and only the other got right."""

    both: int
    only_before: int
    only_now: int
    neither: int

    @property
    def total(self) -> int:
        """Return how many questions both runs answered."""
        return self.both + self.only_before + self.only_now + self.neither

    @property
    def value(self) -> float:
        """Return the share right now less the share right before, in [-1, 1]; 0 without questions."""
        return (self.only_now - self.only_before) / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the difference of paired shares.

        Wald's interval with one half added to each cell of the table (Agresti and Min, Statistics in Medicine, 2005).
        """
        total = self.total + 2
        gained, lost = self.only_now + 0.5, self.only_before + 0.5
        middle = (gained - lost) / total
        reach = _Z * math.sqrt(max(gained + lost - (gained - lost) ** 2 / total, 0.0)) / total
        return max(-1.0, middle - reach), min(1.0, middle + reach)

    @property
    def p_value(self) -> float:
        """Return the probability of so uneven a split where neither run is better: McNemar's exact test, two-sided."""
        discordant = self.only_before + self.only_now
        return float(binomtest(self.only_now, discordant, 0.5).pvalue) if discordant else 1.0

    def to_json(self) -> dict[str, object]:
        """Return the figures as plain JSON values."""
        return {
            "questions": self.total,
            "both_right": self.both,
            "only_before_right": self.only_before,
            "only_now_right": self.only_now,
            "neither_right": self.neither,
            "difference": self.value,
            "interval": self.interval,
            "p_value": self.p_value,
        }


def difference(before: Sequence[bool], now: Sequence[bool]) -> Difference:
    """Count the four outcomes of two runs over the same questions, given in the same order."""
    pairs = list(zip(before, now, strict=True))
    return Difference(
        pairs.count((True, True)), pairs.count((True, False)), pairs.count((False, True)), pairs.count((False, False))
    )
