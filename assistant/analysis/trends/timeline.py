"""A set of papers laid out by year or by month, with the periods between in which nothing appeared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assistant.analysis.trends.changes import Counts, halving
from assistant.text import date_in_words
from assistant.types import Paper

By = Literal["year", "month"]
_LENGTH: Mapping[By, int] = {"year": len("2025"), "month": len("2025-03")}
_PERIOD = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2]))?")


@dataclass(frozen=True, slots=True)
class Timeline:
    """Periods from the first to the last ("2025" or "2025-03"), and the papers of each.

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
        places = [self.place[paper_id] for paper_id in paper_ids if paper_id in self.place]
        return np.bincount(np.array(places, np.int64), minlength=len(self.periods)).astype(np.int64)

    def newest_first(self, paper_ids: Iterable[str]) -> tuple[str, ...]:
        """Return these papers in order, those without a date last."""
        return tuple(sorted(paper_ids, key=lambda paper_id: self.order[paper_id]))


def lay_out(papers: Sequence[Paper], by: By) -> Timeline:
    """Lay papers out in time. Papers whose date does not name the period stand in none."""
    length = _LENGTH[by]
    of_paper = {
        paper.id: paper.date[:length]
        for paper in papers
        if len(paper.date) >= length and _PERIOD.fullmatch(paper.date[:length])
    }
    periods = _between(min(of_paper.values()), max(of_paper.values())) if of_paper else ()
    number = {period: place for place, period in enumerate(periods)}
    place = {paper_id: number[period] for paper_id, period in of_paper.items()}
    counts = np.bincount(np.array(list(place.values()), np.int64), minlength=len(periods)).astype(np.int64)
    newest = sorted(papers, key=lambda paper: paper.date, reverse=True)  # a stable sort: as the library orders them
    return Timeline(
        by,
        periods,
        counts,
        place,
        {paper.id: paper.date for paper in papers},
        {paper.id: rank for rank, paper in enumerate(newest)},
        halving(counts.tolist()),
    )


def span_in_words(periods: Sequence[str]) -> str:
    """Return from when to when some periods are: "2025", "2024 to 2026", "March 2025 to June 2026"."""
    first, last = (date_in_words(periods[0]), date_in_words(periods[-1])) if periods else ("", "")
    return first if first == last else f"{first} to {last}"


def _between(first: str, last: str) -> tuple[str, ...]:
    """Return all years, or all months, from the first to the last."""
    if len(first) == _LENGTH["year"]:
        return tuple(f"{year:04}" for year in range(int(first), int(last) + 1))
    start, end = (int(month[:4]) * 12 + int(month[5:7]) - 1 for month in (first, last))
    return tuple(f"{month // 12:04}-{month % 12 + 1:02}" for month in range(start, end + 1))
