"""Small charts of themes: their shares over a few spans of time, with intervals, as places on a plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isinf, isnan

from babel.dates import format_skeleton
from babel.support import NullTranslations

from assistant.analysis.trends import Change, Share, Trend, percent
from assistant.statistics import wilson
from assistant.types import PaperFilter

WIDTH = 260
"""Pixels of a chart of many spans."""

ENGLISH = NullTranslations()

_NEAREST, _FARTHEST = 26, 64
"""Pixels from mark to mark: not too near for a finger, not too far for a line."""

HEIGHT = 52
"""Pixels from a share of nothing up to the largest that is drawn."""

_MOST_SPANS = 10
_FEWEST = 0.04
"""Part of the papers of the fullest span that a span has at least."""

_ROOM = 1.15
"""How much higher than the largest share the chart reaches; intervals that reach higher are cut."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some periods next to each other, from the first to the last, and how many papers they have."""

    first: str
    last: str
    papers: int

    def words(self, phrases: NullTranslations = ENGLISH) -> str:
        """Return the span for people, in a language: "2024", "2019 to 2021"."""
        first, last = (_period(each, phrases) for each in (self.first, self.last))
        return first if first == last else phrases.gettext("%(first)s to %(last)s") % {"first": first, "last": last}

    @property
    def short(self) -> str:
        """Return the span in as few signs as can be: "2024", "2019–21"."""
        if self.first == self.last:
            return self.first
        return f"{self.first}–{self.last[2:] if self.first[:2] == self.last[:2] else self.last}"


@dataclass(frozen=True, slots=True)
class Mark:
    """A share of a span on the chart, its interval from `low` up to `high`; pixels from the left and from the top."""

    span: Span
    words: str
    x: float
    y: float
    low: float
    high: float
    is_empty: bool


def spans(publications: Sequence[tuple[str, int]], most: int = _MOST_SPANS) -> tuple[Span, ...]:
    """Return at most so many spans that hold all periods: those of the fewest papers are told as one.

    So are those of so few that a share of them would be chance.
    """
    held = [Span(period, period, papers) for period, papers in publications]
    while len(held) > 1:
        fewest, fullest = min(each.papers for each in held), max(each.papers for each in held)
        if len(held) <= most and fewest >= _FEWEST * fullest:
            break
        if len(held) > most:
            place = min(range(len(held) - 1), key=lambda each: held[each].papers + held[each + 1].papers)
        else:
            thin = next(place for place, each in enumerate(held) if each.papers == fewest)
            sides = [place for place in (thin - 1, thin) if 0 <= place < len(held) - 1]
            place = min(sides, key=lambda each: held[each].papers + held[each + 1].papers)
        one, other = held[place : place + 2]
        held[place : place + 2] = [Span(one.first, other.last, one.papers + other.papers)]
    return tuple(held)


def within(filter: PaperFilter, first: str, last: str) -> PaperFilter:
    """Return a filter for its papers from one period to another ("2025", "2025-03")."""
    if len(first) == len("2025"):
        return replace(filter, since=int(first), until=int(last), first_day="", last_day="")
    return replace(filter, since=None, until=None, first_day=first, last_day=last)


def shares_over(shares: Sequence[Share], held: Sequence[Span]) -> list[Share]:
    """Return the shares of the papers of some spans, with their intervals."""
    of_spans = [[share for share in shares if span.first <= share.period <= span.last] for span in held]
    counts = [sum(share.count for share in each) for each in of_spans]
    papers = [sum(share.papers for share in each) for each in of_spans]
    lows, highs = (bounds.tolist() for bounds in wilson(counts, papers))
    return [
        Share(span.first, count, total, count / max(total, 1), low, high)
        for span, count, total, low, high in zip(held, counts, papers, lows, highs, strict=True)
    ]


def share_in_words(share: Share, phrases: NullTranslations = ENGLISH) -> str:
    """Return a share for people, in a language: "30 of 400 papers, 7.5 % (95 % interval 5.3 % to 10 %)"."""
    if not share.papers:
        return phrases.gettext("no papers")
    words = phrases.ngettext(
        "%(count)s of %(all)s paper, %(share)s (95 %% interval %(low)s to %(high)s)",
        "%(count)s of %(all)s papers, %(share)s (95 %% interval %(low)s to %(high)s)",
        share.papers,
    )
    return words % {
        "count": f"{share.count:,}",
        "all": f"{share.papers:,}",
        "share": percent(share.share),
        "low": percent(share.low),
        "high": percent(share.high),
    }


def scale(themes: Sequence[Trend], held: Sequence[Span]) -> float:
    """Return the share up to which the charts of some themes reach: one scale for all."""
    largest = max((share.share for each in themes for share in shares_over(each.shares, held)), default=0.0)
    return min(1.0, max(0.05, _ROOM * largest))


def step(held: Sequence[Span]) -> float:
    """Return how many pixels lie from mark to mark of so many spans."""
    return max(_NEAREST, min(_FARTHEST, WIDTH / max(len(held), 1)))


def marks(theme: Trend, held: Sequence[Span], top: float, phrases: NullTranslations = ENGLISH) -> list[Mark]:
    """Return the marks of a theme's chart that reaches up to the share `top`, in words of a language."""

    def y(share: float) -> float:
        return round(HEIGHT * (1 - min(share / top, 1)), 1)

    found = []
    for place, (span, share) in enumerate(zip(held, shares_over(theme.shares, held), strict=True)):
        words = f"{span.words(phrases)}: {share_in_words(share, phrases)}"
        x = round((place + 0.5) * step(held), 1)
        found.append(Mark(span, words, x, y(share.share), y(share.low), y(share.high), not share.papers))
    return found


def change_in_words(theme: Trend) -> str:
    """Return how a share changed: "2.1 % → 8.0 %"; "" where none is told."""
    compared = theme.compared
    if compared is None or not compared.earlier_papers or not compared.later_papers:
        return ""
    shares = (compared.earlier / compared.earlier_papers, compared.later / compared.later_papers)
    return " → ".join(map(percent, shares))


def odds_in_words(theme: Trend, phrases: NullTranslations = ENGLISH) -> str:
    """Return the odds ratio with its interval, in a language: "odds × 4.1 (2.2 to 7.9)"; "" where none is told."""
    compared = theme.compared
    if compared is None or isnan(compared.ratio):
        return ""
    if isinf(compared.ratio):
        words = phrases.gettext("odds × %(low)s at least")
    elif not compared.ratio:
        words = phrases.gettext("odds × %(high)s at most")
    else:
        words = phrases.gettext("odds × %(ratio)s (%(low)s to %(high)s)")
    return words % {name: _number(getattr(compared, name)) for name in ("ratio", "low", "high")}


def changing(courses: Sequence[Trend], change: Change) -> list[Trend]:
    """Return the themes or terms that rise, or fall, those that surely change most first."""
    moving = [each for each in courses if each.change == change and each.compared is not None]

    def size(each: Trend) -> float:
        assert each.compared is not None
        return each.compared.low if change == "rising" else -each.compared.high

    return sorted(moving, key=size, reverse=True)


def _period(period: str, phrases: NullTranslations) -> str:
    """Return a year as it is, a month as its name and year in the language of the phrases."""
    if len(period) == len("2025"):
        return period
    code = phrases.info().get("language", "en")
    return str(format_skeleton("yMMMM", date.fromisoformat(f"{period}-01"), locale=code))


def _number(ratio: float) -> str:
    if isinf(ratio):
        return "∞"
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:,.0f}"
