"""How one theme, or one term, goes through time: counts, shares with intervals, and what the dates prove of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.analysis.trends.changes import (
    LIKELIEST_CHANCE,
    Change,
    Comparison,
    Counts,
    chances,
    change,
    compare,
    each_level,
    is_steady,
    wilson,
)
from assistant.analysis.trends.timeline import Timeline, span_in_words
from assistant.text import counted, date_in_words

_TOO_FEW = "too few papers to say whether its share changes"
_WITH_MONTH = len("2025-03")


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the `papers` of a period ("2025", "2025-03") are counted; `share` with its 95 % interval in [0, 1].

    A period without papers has `papers` 0 and the interval (0, 1).
    """

    period: str
    count: int
    papers: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Course:
    """How a theme or a term goes through time: its papers (newest first), their dates, and whether its share changes.

    `label` is the theme's, or the term itself; `theme_id` is "" for a term. `change` is "rising" or "falling" only
    where the interval says so, "unclear" where there are too few papers. `words` say all this to a person.
    `exemplars` are ids of the papers that show it best. `also` are other terms that stand in the very same papers.
    `compared` are the later papers against the earlier ones, None where the papers are all from one period.
    """

    label: str
    theme_id: str
    paper_ids: tuple[str, ...]
    first: str
    last: str
    shares: tuple[Share, ...]
    change: Change
    words: str
    exemplars: tuple[str, ...]
    also: tuple[str, ...] = ()
    compared: Comparison | None = None


def course(
    label: str,
    theme_id: str,
    paper_ids: Sequence[str],
    exemplars: Sequence[str],
    timeline: Timeline,
    looked_at: Counts,
    statements: int,
    also: tuple[str, ...] = (),
) -> Course:
    """Return the course of the papers `paper_ids`. It is one of `statements` that are made together.

    `looked_at` counts in each period the papers that could have been among them: shares are of all papers of a period,
    but a paper that nobody looked at must not pass for a change.
    """
    counts = timeline.counts(paper_ids)
    low, high = wilson(counts, timeline.papers)
    share = counts / np.maximum(timeline.papers, 1)
    shares = tuple(
        Share(*each)
        for each in zip(
            timeline.periods,
            counts.tolist(),
            timeline.papers.tolist(),
            share.tolist(),
            low.tolist(),
            high.tolist(),
            strict=True,
        )
    )
    compared, found = _changed(counts, looked_at, timeline.split, each_level(statements))
    dates = sorted(filter(None, (timeline.dates[paper_id] for paper_id in paper_ids)))
    words = [f"{counted(len(paper_ids), 'paper')}{_dates_in_words(dates, len(paper_ids))}"]
    words += _alone(counts, timeline)
    said = _change_in_words(compared, found, counts, looked_at, timeline)
    words.append(said if theme_id or said != _TOO_FEW else "too few papers to say more")
    return Course(
        label,
        theme_id,
        timeline.newest_first(paper_ids),
        dates[0] if dates else "",
        dates[-1] if dates else "",
        shares,
        found,
        "; ".join(words),
        tuple(exemplars),
        also,
        compared,
    )


def percent(share: float) -> str:
    """Return a share as people read it: "20 %", "0.3 %", "under 0.1 %"."""
    hundredths = share * 100
    if 0 < hundredths < 0.1:
        return "under 0.1 %"
    return f"{hundredths:.0f} %" if hundredths >= 9.95 or hundredths == 0 else f"{hundredths:.1f} %"


def _changed(counts: Counts, looked_at: Counts, split: int, level: float) -> tuple[Comparison | None, Change]:
    """Compare the later half with the earlier one. What only comes and goes between is not called steady."""
    if not split:
        return None, "unclear"
    earlier, later = int(counts[:split].sum()), int(counts[split:].sum())
    compared = compare(earlier, int(looked_at[:split].sum()), later, int(looked_at[split:].sum()), level)
    found = change(compared)
    if found == "steady" and _strays(counts, looked_at).any():
        return compared, "unclear"
    return compared, found


def _strays(counts: Counts, looked_at: Counts) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell in which periods the share is surely below half, or above double, of what it is in all."""
    whole = counts.sum() / max(int(looked_at.sum()), 1)
    low, high = wilson(counts, looked_at, each_level(len(counts)))
    strays: np.ndarray[tuple[int], np.dtype[np.bool_]] = (low > 2 * whole) | (high < whole / 2)
    return strays


def _dates_in_words(dates: Sequence[str], papers: int) -> str:
    """Return what the dates prove, after the number of papers."""
    if not dates:
        return ", none with a date"
    open_ = f" ({papers - len(dates):,} more without a date)" if len(dates) < papers else ""
    every = "all " if papers > 1 and not open_ else ""
    first, last = (date_in_words(date[:_WITH_MONTH]) for date in (dates[0], dates[-1]))
    if dates[0][:_WITH_MONTH] == dates[-1][:_WITH_MONTH]:
        return f", {every}in {first}{open_}"
    if dates[0][:4] == dates[-1][:4]:
        months = all(len(date) >= _WITH_MONTH for date in dates)
        between = f" ({first.split()[0]} to {last.split()[0]})" if months else ""
        return f", {every}in {dates[0][:4]}{between}{open_}"
    return f", first in {first}, last in {last}{open_}"


def _alone(counts: Counts, timeline: Timeline) -> list[str]:
    """Say of how many papers from before, and from after, none is among these, where that is hardly chance."""
    held = np.flatnonzero(counts)
    if not len(held):
        return []
    first, last = int(held[0]), int(held[-1])
    total = int(timeline.papers.sum())
    without = np.array([timeline.papers[:first].sum(), timeline.papers[last + 1 :].sum()])
    is_told = chances(np.full(2, counts.sum()), total - without, total) < LIKELIEST_CHANCE
    said = []
    if is_told[0]:
        said.append(f"none of the {without[0]:,} before {date_in_words(timeline.periods[first])}")
    if is_told[1]:
        said.append(f"none of the {without[1]:,} after {date_in_words(timeline.periods[last])}")
    return said


def _change_in_words(
    compared: Comparison | None, found: Change, counts: Counts, looked_at: Counts, timeline: Timeline
) -> str:
    if compared is None:
        return "nothing earlier or later to compare with"
    came_and_went = found == "unclear" and is_steady(compared)
    if found == "unclear" and not came_and_went:
        return _TOO_FEW
    earlier, later = compared.earlier / compared.earlier_papers, compared.later / compared.later_papers
    before, since = (
        span_in_words(periods) for periods in (timeline.periods[: timeline.split], timeline.periods[timeline.split :])
    )
    verdict = {"steady": "steady, neither doubled nor halved", "unclear": "it came and went"}.get(found, found)
    said = f"{verdict}: {percent(earlier)} of the papers of {before}, {percent(later)} of those of {since}"
    filled = looked_at >= looked_at.mean() / 2  # one paper of one is no peak
    peak = int(np.argmax(np.where(filled, counts / np.maximum(looked_at, 1), -1)))
    if timeline.split < len(counts) - 1 or came_and_went:
        said += f", most in {date_in_words(timeline.periods[peak])} ({percent(counts[peak] / looked_at[peak])})"
    return said
