"""Which of many terms tell how a set of papers changed: those that come or go, and those of one end of the time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.analysis.trends.changes import (
    LIKELIEST_CHANCE,
    Counts,
    Figures,
    chances,
    change,
    compare,
    each_level,
    least_changes,
)
from assistant.analysis.trends.timeline import Timeline
from assistant.text import is_light, shares, stem, written_words

if TYPE_CHECKING:
    from assistant.analysis.themes.phrases import Term

MOST_OF_A_KIND = 6
"""Terms chosen of those that rise, of those that fall, of those only in the newest papers, only in the oldest."""

_FEWEST_PAPERS = 2
_LARGEST_END = 0.75
"""Share of all papers that one end of the time may hold: what only a few papers from long ago lack is not new."""

_COMMON = 0.03
"""Share of all abstracts in which a word stands that is too common to name a subject alone."""

_SAME = 0.7
"""Share of papers in common from which two terms are told as one, |A ∩ B| / |A ∪ B|."""

_TRIED = 5
"""Candidates tested exactly for each term that can be chosen."""


@dataclass(frozen=True, slots=True)
class Telling:
    """A term that tells a change, its papers, and other terms that stand in the very same papers."""

    phrase: str
    paper_ids: frozenset[str]
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """The terms chosen out of `looked_at`, of which `confined` keep to one end of the time.

    `expected` is how many would by chance, were their papers drawn at random.
    """

    terms: tuple[Telling, ...]
    looked_at: int
    confined: int = 0
    expected: float = 0.0


def telling(terms: Sequence[Term], timeline: Timeline, known: Sequence[frozenset[str]] = ()) -> Told:
    """Return the terms that tell most; terms of the same papers are one, and none tells of papers that are `known`.

    `terms` are given with the best subjects first. Of those told come first the ones that rise, then those only in the
    newest papers, those that fall, those only in the oldest; each kind with the largest changes of the best first.
    """
    groups = _grouped(terms, timeline)
    if not timeline.split or not groups:
        return Told((), len(groups))
    places = [np.array([timeline.place[one] for one in group.paper_ids if one in timeline.place]) for group in groups]
    counts = np.array([len(each) for each in places])
    total, earlier_total = int(timeline.papers.sum()), int(timeline.papers[: timeline.split].sum())
    earlier = np.array([int((each < timeline.split).sum()) for each in places])
    later, later_total = counts - earlier, total - earlier_total
    level = each_level(len(groups))
    least = least_changes(earlier, earlier_total, later, later_total, level)

    def proved(candidates: Iterable[int], wanted: str) -> Iterator[int]:
        for one in candidates:
            found = compare(int(earlier[one]), earlier_total, int(later[one]), later_total, level)
            if change(found) == wanted:
                yield one

    until = np.cumsum(timeline.papers)
    first = np.array([int(each.min()) for each in places])
    last = np.array([int(each.max()) for each in places])
    newest = _confined(counts, total - until[first] + timeline.papers[first], total)
    oldest = _confined(counts, until[last], total)
    chosen: list[int] = []
    is_subject = np.array([_is_subject(group.phrase) for group in groups])
    for candidates in (
        proved(_best(-least, is_subject, below=0.0), "rising"),
        _best(np.where(is_subject, newest, 1.0), is_subject, below=LIKELIEST_CHANCE),
        proved(_best(least, is_subject, below=0.0), "falling"),
        _best(np.where(is_subject, oldest, 1.0), is_subject, below=LIKELIEST_CHANCE),
    ):
        chosen += _unlike(candidates, groups, [*known, *(groups[one].paper_ids for one in chosen)])
    return Told(
        tuple(groups[one] for one in chosen),
        len(groups),
        int((np.minimum(newest, oldest) < LIKELIEST_CHANCE).sum()),
        _expected(counts, until, total) + _expected(counts, total - until + timeline.papers, total),
    )


def _expected(counts: Counts, ends: Counts, total: int) -> float:
    """Return how many terms of so many papers would keep to one of these ends of the time by chance."""
    sizes, times = np.unique(counts, return_counts=True)
    size, end = (each.ravel() for each in np.meshgrid(sizes, np.unique(ends)))
    chance = _confined(size, end, total)
    likeliest = np.where(chance < LIKELIEST_CHANCE, chance, 0.0).reshape(-1, len(sizes)).max(axis=0)
    return float((likeliest * times).sum())


def _confined(counts: Counts, among: Counts, total: int) -> Figures:
    """Return the chance that terms keep to one end of the time; 1 where that end is nearly the whole."""
    return np.where(among <= _LARGEST_END * total, chances(counts, among, total), 1.0)


def _grouped(terms: Sequence[Term], timeline: Timeline) -> list[Telling]:
    """Return terms of the same papers as one, in their order; those of too few dated papers are left out.

    It goes by the first that names a subject; those told beside it name one too.
    """
    phrases: dict[frozenset[str], list[str]] = {}
    for term in terms:
        phrases.setdefault(frozenset(term.paper_ids), []).append(term.phrase)
    groups = []
    for paper_ids, said in phrases.items():
        if sum(paper_id in timeline.place for paper_id in paper_ids) >= _FEWEST_PAPERS:
            subjects = list(filter(_is_subject, said)) or said[:1]
            groups.append(Telling(subjects[0], paper_ids, tuple(subjects[1:])))
    return groups


def _best(scores: Figures, is_subject: np.ndarray[tuple[int], np.dtype[np.bool_]], below: float) -> list[int]:
    """Return the places with scores under a bound, best first: those of low scores that stand early, by both ranks.

    Terms come with the most telling first: of two that change alike, that one tells more. Subjects go before words
    that name none.
    """
    under = np.flatnonzero(scores < below)
    by_score = np.empty(len(under), np.int64)
    by_score[np.argsort(scores[under], kind="stable")] = np.arange(len(under))
    order = np.lexsort((by_score + np.arange(len(under)), ~is_subject[under]))[: MOST_OF_A_KIND * _TRIED]
    return [int(place) for place in under[order]]


def _is_subject(phrase: str) -> bool:
    """Tell whether a phrase names a subject by itself: a common word that some papers happen to lack tells nothing."""
    words = written_words(phrase.casefold())
    return len(words) != 1 or not (is_light(words[0]) or shares().get(stem(words[0]), 0.0) > _COMMON)


def _unlike(candidates: Iterable[int], groups: Sequence[Telling], known: Sequence[frozenset[str]]) -> list[int]:
    """Return the first candidates whose papers are not nearly those of another one, or of one known before."""
    kept: list[int] = []
    for one in candidates:
        seen = (*known, *(groups[other].paper_ids for other in kept))
        if not any(_alike(groups[one].paper_ids, each) for each in seen):
            kept.append(one)
        if len(kept) == MOST_OF_A_KIND:
            break
    return kept


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _SAME * len(one | other)
