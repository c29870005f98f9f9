"""A set of papers laid out by year or by month, with the periods between in which nothing appeared."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assistant.text import date_in_words
from assistant.types import Paper

By = Literal["year", "month"]
Counts = NDArray[np.int64]

_LENGTH: Mapping[By, int] = {"year": len("2025"), "month": len("2025-03")}
_PERIOD = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2]))?")


@dataclass(frozen=True, slots=True)
class Timeline:
    """Periods from the first to the last ("2025" or "2025-03"), and how many papers each has.

    `place` tells in which period a paper stands, `dates` and `order` (newest first) are of all papers. `split` is the
    place of the period with which the later half of the papers begins, 0 where they cannot be halved.
    """

    by: By
    periods: tuple[str, ...]
    papers: Counts
    place: Mapping[str, int]
    dates: Mapping[str, str]
    order: Mapping[str, int]
    split: int

    def counts(self, paper_ids: Iterable[str]) -> Counts:
        """Return how many of these papers stand in each period, shape (periods,)."""
        return _counts([self.place[one] for one in paper_ids if one in self.place], len(self.periods))

    def newest_first(self, paper_ids: Iterable[str]) -> tuple[str, ...]:
        """Return these papers in order, those without a date last."""
        return tuple(sorted(paper_ids, key=lambda paper_id: self.order[paper_id]))


def lay_out(papers: Sequence[Paper], by: By) -> Timeline:
    """Lay papers out in time. Papers whose date does not name the period stand in none."""
    period_of = {paper.id: period for paper in papers if (period := period_named(paper.date, by))}
    periods = every_period(period_of.values())
    number = {period: place for place, period in enumerate(periods)}
    place = {paper_id: number[period] for paper_id, period in period_of.items()}
    counts = _counts(place.values(), len(periods))
    newest = sorted(papers, key=lambda paper: paper.date, reverse=True)  # a stable sort: as the library orders them
    dates = {paper.id: paper.date for paper in papers}
    order = {paper.id: rank for rank, paper in enumerate(newest)}
    return Timeline(by, periods, counts, place, dates, order, halving(counts.tolist()))


def period_named(date: str, by: By) -> str:
    """Return the period that a date names; "" where it names none, such as a month by "2025" alone."""
    period = date[: _LENGTH[by]]
    return period if len(period) == _LENGTH[by] and _PERIOD.fullmatch(period) else ""


def every_period(periods: Collection[str]) -> tuple[str, ...]:
    """Return all periods from the first of these to the last."""
    if not periods:
        return ()
    first, last = np.datetime64(min(periods)), np.datetime64(max(periods))
    return tuple(np.arange(first, last + 1).astype(str).tolist())


def halving(papers: Sequence[int]) -> int:
    """Return the place of the period with which the later half of the papers begins; 0 where all are from one."""
    before = np.cumsum([0, *papers]).tolist()
    places = [place for place, count in enumerate(papers) if count and before[place]]
    return min(places, key=lambda place: abs(before[-1] - 2 * before[place]), default=0)


def span_in_words(periods: Sequence[str]) -> str:
    """Return from when to when some periods are: "2025", "2024 to 2026", "March 2025 to June 2026"."""
    first, last = (date_in_words(periods[0]), date_in_words(periods[-1])) if periods else ("", "")
    return first if first == last else f"{first} to {last}"


def _counts(places: Iterable[int], periods: int) -> Counts:
    return np.bincount(np.array(list(places), np.int64), minlength=periods).astype(np.int64)
