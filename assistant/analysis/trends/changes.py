"""The trend of one theme or term: its papers and shares over time, and whether the share surely changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assistant.analysis.trends.timeline import Counts, Timeline, span_in_words
from assistant.statistics import Comparison, Figures, bonferroni, compare, wilson
from assistant.text import counted, date_in_words

Change = Literal["rising", "falling", "steady", "unclear"]

LIKELIEST_CHANCE = 0.25
"""That papers keep to one end of the time tells nothing where it would happen as often as this by chance."""

_TOO_FEW = "too few papers to say whether its share changes"
_MONTH = len("2025-03")


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
class Trend:
    """The trend of a theme or a term: its papers (newest first), their dates, and whether its share changes.

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


def trend(
    label: str,
    theme_id: str,
    paper_ids: Sequence[str],
    exemplars: Sequence[str],
    timeline: Timeline,
    looked_at: Counts,
    statements: int,
    also: tuple[str, ...] = (),
) -> Trend:
    """Return the trend of some papers, one of `statements` that are made together.

    `looked_at` counts in each period the papers that could have been among them: shares are of all papers of a period,
    but a paper that nobody looked at must not pass for a change.
    """
    counts, totals, split = timeline.counts(paper_ids), timeline.papers, timeline.split
    columns = (counts, totals, counts / np.maximum(totals, 1), *wilson(counts, totals))
    shares = zip(timeline.periods, *(column.tolist() for column in columns), strict=True)
    compared: Comparison | None = None
    found: Change = "unclear"
    if split:
        earlier, later = (
            (int(counts[half].sum()), int(looked_at[half].sum())) for half in (slice(split), slice(split, None))
        )
        compared = compare(*earlier, *later, bonferroni(statements))
        found = change(compared)
    came_and_went = found == "steady" and _strays(counts, looked_at)
    if compared is None:
        verdict = "nothing earlier or later to compare with"
    elif found == "unclear":
        verdict = _TOO_FEW if theme_id else "too few papers to say more"
    else:
        said = {"steady": "it came and went" if came_and_went else "steady, neither doubled nor halved"}
        verdict = f"{said.get(found, found)}: {_in_words(compared, counts, looked_at, timeline, came_and_went)}"
    dates = sorted(filter(None, (timeline.dates[paper_id] for paper_id in paper_ids)))
    words = f"{counted(len(paper_ids), 'paper')}{_dates_in_words(dates, len(paper_ids))}"
    return Trend(
        label,
        theme_id,
        timeline.newest_first(paper_ids),
        dates[0] if dates else "",
        dates[-1] if dates else "",
        tuple(Share(*share) for share in shares),
        "unclear" if came_and_went else found,
        "; ".join([words, *_none_outside(counts, timeline), verdict]),
        tuple(exemplars),
        also,
        compared,
    )


def change(compared: Comparison) -> Change:
    """Say what an interval proves: "steady" is one that holds no doubling and no halving."""
    if compared.low > 1 or compared.high < 1:
        return "rising" if compared.low > 1 else "falling"
    return "steady" if compared.low > 1 / 2 and compared.high < 2 else "unclear"


def percent(share: float) -> str:
    """Return a share as people read it: "20 %", "0.3 %", "under 0.1 %"."""
    hundredths = share * 100
    if 0 < hundredths < 0.1:
        return "under 0.1 %"
    return f"{hundredths:.0f} %" if hundredths >= 9.95 or hundredths == 0 else f"{hundredths:.1f} %"


def confinement(counts: Counts, held: Counts, total: int) -> Figures:
    """Return the chance that `counts` papers drawn at random from `total` all fall among the `held` ones of them."""
    from scipy import special

    def log_ways(papers: Counts | int) -> Figures:
        left = np.maximum(papers - counts, 0)
        ways: Figures = special.gammaln(papers + 1) - special.gammaln(left + 1)
        return ways

    return np.where(counts > held, 0.0, np.exp(log_ways(held) - log_ways(total)))


def _strays(counts: Counts, looked_at: Counts) -> bool:
    """Tell whether in some period the share is surely below half, or above double, of what it is in all."""
    whole = counts.sum() / max(int(looked_at.sum()), 1)
    low, high = wilson(counts, looked_at, bonferroni(len(counts)))
    return bool(((low > 2 * whole) | (high < whole / 2)).any())


def _dates_in_words(dates: Sequence[str], papers: int) -> str:
    """Return what the dates prove, after the number of papers."""
    if not dates:
        return ", none with a date"
    undated = f" ({papers - len(dates):,} more without a date)" if len(dates) < papers else ""
    every = "all " if papers > 1 and not undated else ""
    first, last = (date_in_words(date[:_MONTH]) for date in (dates[0], dates[-1]))
    if first == last:
        return f", {every}in {first}{undated}"
    if dates[0][:4] == dates[-1][:4]:
        months = f" ({first.split()[0]} to {last.split()[0]})" if all(len(date) >= _MONTH for date in dates) else ""
        return f", {every}in {dates[0][:4]}{months}{undated}"
    return f", first in {first}, last in {last}{undated}"


def _none_outside(counts: Counts, timeline: Timeline) -> Iterator[str]:
    """Say of how many papers from before, and from after, none is among these, where that is hardly chance."""
    held = np.flatnonzero(counts)
    if not len(held):
        return
    total = int(timeline.papers.sum())
    ends = (("before", held[0], timeline.papers[: held[0]]), ("after", held[-1], timeline.papers[held[-1] + 1 :]))
    for side, place, others in ends:
        chance = confinement(np.array([counts.sum()]), np.array([total - others.sum()]), total)
        if chance[0] < LIKELIEST_CHANCE:
            yield f"none of the {others.sum():,} {side} {date_in_words(timeline.periods[place])}"


def _in_words(compared: Comparison, counts: Counts, looked_at: Counts, timeline: Timeline, came_and_went: bool) -> str:
    """Return the shares of the earlier and of the later papers, and the period with the largest."""
    earlier, later = compared.earlier / compared.earlier_papers, compared.later / compared.later_papers
    before, since = (
        span_in_words(part) for part in (timeline.periods[: timeline.split], timeline.periods[timeline.split :])
    )
    said = f"{percent(earlier)} of the papers of {before}, {percent(later)} of those of {since}"
    if timeline.split == len(counts) - 1 and not came_and_went:
        return said
    filled = looked_at >= looked_at.mean() / 2  # one paper of one is no peak
    shares = np.where(filled, counts / np.maximum(looked_at, 1), -1)
    return f"{said}, most in {date_in_words(timeline.periods[shares.argmax()])} ({percent(shares.max())})"
