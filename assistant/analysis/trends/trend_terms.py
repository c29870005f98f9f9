"""Terms that tell how a set of papers changed: those that rise or fall, and those of one end of the time only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.analysis.trends.changes import LIKELIEST_CHANCE, confinement
from assistant.analysis.trends.timeline import Counts, Timeline
from assistant.statistics import Figures, bonferroni
from assistant.text import is_light, shares, stem, written_words

if TYPE_CHECKING:
    from assistant.analysis.themes.phrases import Term

_MOST_OF_A_KIND = 6
"""Terms chosen of those that rise, of those that fall, of those only in the newest papers, only in the oldest."""

_FEWEST_PAPERS = 2
_LARGEST_END = 0.75
"""Share of all papers that one end of the time may hold: what only a few papers from long ago lack is not new."""

_COMMON = 0.03
"""Share of all abstracts in which a word stands that is too common to name a subject alone."""

_SAME = 0.7
"""Share of papers in common from which two terms are told as one, |A ∩ B| / |A ∪ B|."""


@dataclass(frozen=True, slots=True)
class TrendTerm:
    """A term that tells a change, its papers, and other terms that stand in the very same papers."""

    phrase: str
    paper_ids: frozenset[str]
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrendTerms:
    """The terms chosen out of `looked_at`, of which `confined` keep to one end of the time.

    `expected` is how many would by chance, were their papers drawn at random.
    """

    terms: tuple[TrendTerm, ...]
    looked_at: int
    confined: int = 0
    expected: float = 0.0


def select(terms: Sequence[Term], timeline: Timeline, known: Sequence[frozenset[str]] = ()) -> TrendTerms:
    """Return the terms that tell most; terms of the same papers are one, and none tells of papers that are `known`.

    `terms` are given with the best subjects first. Of those told come first the ones that rise, then those only in the
    newest papers, those that fall, those only in the oldest; each kind with the surest changes of the best first.
    What rises or falls does so by Fisher's exact test, so that the exact interval of its odds ratio excludes 1.
    """
    from scipy import stats

    groups = _grouped(terms, timeline)
    if not timeline.split or not groups:
        return TrendTerms((), len(groups))
    places = [[timeline.place[one] for one in group.paper_ids if one in timeline.place] for group in groups]
    counts = np.array([len(each) for each in places])
    later = np.array([sum(place >= timeline.split for place in each) for each in places])
    total, later_total = int(timeline.papers.sum()), int(timeline.papers[timeline.split :].sum())
    until = np.cumsum(timeline.papers)
    since = total - until + timeline.papers
    newest = _confined(counts, since[[min(each) for each in places]], total)
    oldest = _confined(counts, until[[max(each) for each in places]], total)
    rising = stats.hypergeom.sf(later - 1, total, later_total, counts)
    falling = stats.hypergeom.cdf(later, total, later_total, counts)
    error = (1 - bonferroni(len(groups))) / 2
    is_subject = [_is_subject(group.phrase) for group in groups]
    chosen: list[TrendTerm] = []
    for chances, below, allowed in (
        (rising, error, True),
        (newest, LIKELIEST_CHANCE, is_subject),
        (falling, error, True),
        (oldest, LIKELIEST_CHANCE, is_subject),
    ):
        candidates = [groups[place] for place in _best(np.where(allowed, chances, 1.0), is_subject, below)]
        chosen += _unlike(candidates, [*known, *(term.paper_ids for term in chosen)])
    return TrendTerms(
        tuple(chosen),
        len(groups),
        int((np.minimum(newest, oldest) < LIKELIEST_CHANCE).sum()),
        sum(_expected(counts, np.unique(ends), total) for ends in (until, since)),
    )


def _confined(counts: Counts, held: Counts, total: int) -> Figures:
    """Return the chance that terms keep to one end of the time; 1 where that end is nearly the whole."""
    return np.where(held <= _LARGEST_END * total, confinement(counts, held, total), 1.0)


def _expected(counts: Counts, ends: Counts, total: int) -> float:
    """Return how many terms of so many papers would keep to one of these ends of the time by chance."""
    chance = _confined(counts, ends[:, np.newaxis], total)
    return float(np.where(chance < LIKELIEST_CHANCE, chance, 0.0).max(axis=0).sum())


def _grouped(terms: Sequence[Term], timeline: Timeline) -> list[TrendTerm]:
    """Return terms of the same papers as one, in their order; those of too few dated papers are left out.

    It goes by the first that names a subject; those told beside it name one too.
    """
    phrases: dict[frozenset[str], list[str]] = {}
    for term in terms:
        phrases.setdefault(frozenset(term.paper_ids), []).append(term.phrase)
    groups = []
    for paper_ids, said in phrases.items():
        if len(paper_ids & timeline.place.keys()) >= _FEWEST_PAPERS:
            subjects = list(filter(_is_subject, said)) or said[:1]
            groups.append(TrendTerm(subjects[0], paper_ids, tuple(subjects[1:])))
    return groups


def _best(chances: Figures, is_subject: Sequence[bool], below: float) -> list[int]:
    """Return the places with chances under a bound, best first: those of low chances that stand early, by both ranks.

    Terms come with the best first: of two that change alike, that one tells more. Subjects go before words that name
    none.
    """
    under = np.flatnonzero(chances < below)
    rank = {place: rank for rank, place in enumerate(under[np.argsort(chances[under], kind="stable")].tolist())}
    order = {place: (not is_subject[place], rank[place] + early) for early, place in enumerate(under.tolist())}
    return sorted(order, key=lambda place: order[place])


def _is_subject(phrase: str) -> bool:
    """Tell whether a phrase names a subject by itself: a common word that some papers happen to lack tells nothing."""
    words = written_words(phrase.casefold())
    return len(words) != 1 or not (is_light(words[0]) or shares().get(stem(words[0]), 0.0) > _COMMON)


def _unlike(candidates: Iterable[TrendTerm], known: Sequence[frozenset[str]]) -> list[TrendTerm]:
    """Return the first candidates whose papers are not nearly those of another one, or of one known before."""
    kept: list[TrendTerm] = []
    for one in candidates:
        seen = (*known, *(other.paper_ids for other in kept))
        if not any(len(one.paper_ids & other) >= _SAME * len(one.paper_ids | other) for other in seen):
            kept.append(one)
        if len(kept) == _MOST_OF_A_KIND:
            break
    return kept
