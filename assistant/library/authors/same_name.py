"""Papers under one name, parted into those of different people: by co-authors first, then by topic and time."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from assistant.text import STOP_WORDS

_WORD = re.compile(r"[^\W\d_]{3,}")
COMPARED = 12
"""Circles of co-authors under one name, at most, of which every two are compared."""

_CROWD = 60
"""Co-authors with common names, at most, of which pairs are looked at."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One name on one paper: `tokens` are its co-authors, by `NameIndex.token`."""

    number: int
    paper_id: str
    ordinal: int
    name: str
    plain: str
    year: int | None
    tokens: frozenset[str]
    common: frozenset[str] = frozenset()
    """Co-authors whose names are so common that one of them in common says little."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What speaks for and against two lists of papers being one person's."""

    acquaintances: float
    """Share of the smaller circle of co-authors who also wrote with co-authors of the other, in [0, 1]."""

    mutual: float
    """Share of the smaller wider circle (co-authors, and theirs) that belongs to the other's too, in [0, 1]."""

    topics: float
    """Cosine of their words, in [0, 1]."""

    commonness: float
    """How many people of the name there would be by chance (`NameIndex.commonness`)."""

    papers: int
    """Papers of the smaller list."""

    is_initial: bool
    """One of them knows only initials."""


WEIGHTS = {
    "bias": 2.0,
    "acquaintances": 0.4,
    "mutual": 3.1,
    "topics": 5.5,
    "papers": -2.1,
    "topics by papers": 2.7,
    "is_initial": 2.7,
    "commonness": -2.0,
}
"""Weights of `features`, fitted by `benchmarks.authors --homonyms 0.04 --fit`; that of commonness is a guess, for no
corpus says which of the people with common names are one."""


LEAST = 0.85
"""Likelihood from which on two lists of papers are put together: a wrong join is worse than a missed one."""


def features(like: Likeness) -> dict[str, float]:
    """Return the terms of the log odds that two lists of papers are one person's, but for their weights."""
    papers = math.log(like.papers)
    topics = math.sqrt(like.topics)
    return {
        "bias": 2.0,
        "acquaintances": math.sqrt(like.acquaintances),
        "mutual": math.sqrt(like.mutual),
        "topics": topics,
        "papers": papers,
        "topics by papers": topics * papers,
        "is_initial": float(like.is_initial),
        "commonness": math.log1p(like.commonness),
    }


def probability(like: Likeness) -> float:
    """Return how likely two lists of papers under one name are one person's."""
    odds = sum(WEIGHTS[name] * value for name, value in features(like).items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def are_one(commonness: float) -> bool:
    """Tell whether single papers under one name are put together even if nothing else speaks for it."""
    return probability(Likeness(0.0, 0.0, 0.0, commonness, 1, is_initial=False)) >= LEAST


def circles(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return the entries parted so that those who share a co-author are together; in order of their first paper.

    Of co-authors with common names two are needed. Two names on one paper are two people: they are never put together.
    """
    home = list(range(len(entries)))
    held = {place: [place] for place in home}
    papers = {place: {entry.number} for place, entry in enumerate(entries)}
    first: dict[object, int] = {}
    for place, entry in enumerate(entries):
        shared: list[object] = [*sorted(entry.tokens)]
        if len(entry.common) <= _CROWD:
            shared += combinations(sorted(entry.common), 2)
        for token in shared:
            a, b = home[first.setdefault(token, place)], home[place]
            if a == b or papers[a] & papers[b]:
                continue
            for moved in held[b]:
                home[moved] = a
            held[a] += held.pop(b)
            papers[a] |= papers.pop(b)
    found = [[entries[place] for place in sorted(places)] for places in held.values()]
    return sorted(found, key=lambda circle: min((each.number, each.ordinal) for each in circle))


class Topics:
    """Words of papers, weighed by how few papers of the library hold them."""

    def __init__(self, holders: Mapping[str, int], sample: int) -> None:
        self._holders = holders
        self._sample = max(1, sample)
        self._rarities: dict[str, float] = {}

    def vector(self, texts: Iterable[frozenset[str]]) -> dict[str, float]:
        """Return the weights of the words of several texts, each given by its words (`content`); of length one."""
        counts: Counter[str] = Counter()
        for words in texts:
            counts.update(words)
        weights = {word: (1 + math.log(count)) * self._rarity(word) for word, count in counts.items()}
        return _of_length_one(weights)

    def _rarity(self, word: str) -> float:
        known = self._rarities.get(word)
        if known is None:
            known = self._rarities[word] = math.log(self._sample / (1 + self._holders.get(word, 0)) + 1)
        return known


def content(text: str) -> frozenset[str]:
    """Return the words of a text that may tell its topic."""
    words = set(_WORD.findall(text.casefold()))
    return frozenset(words - STOP_WORDS)


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return the likeness of two vectors of `Topics`, in [0, 1]."""
    if len(one) > len(other):
        one, other = other, one
    return sum(value * other.get(word, 0.0) for word, value in one.items())


@dataclass(frozen=True, slots=True)
class Circle:
    """Papers of one person, with all by which they are compared."""

    entries: tuple[Entry, ...]
    tokens: frozenset[str]
    known: frozenset[str]
    """The co-authors, and those who wrote with them."""

    topic: Mapping[str, float]
    is_initial: bool

    def __add__(self, other: Circle) -> Circle:
        mine, theirs = len(self.entries), len(other.entries)
        topic = {word: value * mine for word, value in self.topic.items()}
        for word, value in other.topic.items():
            topic[word] = topic.get(word, 0.0) + value * theirs
        return Circle(
            self.entries + other.entries,
            self.tokens | other.tokens,
            self.known | other.known,
            _of_length_one(topic),
            self.is_initial and other.is_initial,
        )


def compare(one: Circle, other: Circle, commonness: float) -> Likeness:
    """Return what speaks for and against two circles being one person's."""
    small, large = sorted((one, other), key=lambda circle: len(circle.tokens))
    return Likeness(
        len(small.tokens & large.known) / max(1, len(small.tokens)),
        len(one.known & other.known) / max(1, min(len(one.known), len(other.known))),
        cosine(one.topic, other.topic),
        commonness,
        min(len(one.entries), len(other.entries)),
        one.is_initial != other.is_initial,
    )


def joined(
    parts: Sequence[Circle], score: Callable[[Circle, Circle], float], least: float = LEAST
) -> list[tuple[Circle, float]]:
    """Return the circles put together where that is likely, each with the least likelihood that held it together.

    The likeliest two first; what they make is compared anew, for more papers say more. Where there are very many, the
    smaller ones then go one by one to the likeliest. Circles that stand on one paper together are never one person's.
    """
    order = sorted(range(len(parts)), key=lambda place: (-len(parts[place].entries), place))
    groups = {place: parts[place] for place in order[:COMPARED]}
    held = dict.fromkeys(groups, 1.0)
    likely = {(i, j): score(groups[i], groups[j]) for j in groups for i in groups if i < j}
    while likely:
        (i, j), likelihood = max(likely.items(), key=lambda pair: (pair[1], -pair[0][0], -pair[0][1]))
        if likelihood < least:
            break
        if _meet(groups[i], groups[j]):
            del likely[i, j]
            continue
        groups[i] += groups.pop(j)
        held[i] = min(held[i], held.pop(j), likelihood)
        likely = {pair: value for pair, value in likely.items() if j not in pair and i not in pair}
        likely |= {(min(i, k), max(i, k)): score(groups[i], groups[k]) for k in groups if k != i}
    for place in order[COMPARED:]:
        chances = ((score(groups[k], parts[place]), -k) for k in groups if not _meet(groups[k], parts[place]))
        likelihood, nearest = max(chances, default=(0.0, 0))
        if likelihood >= least:
            groups[-nearest] += parts[place]
            held[-nearest] = min(held[-nearest], likelihood)
        else:
            groups[place], held[place] = parts[place], 1.0
    return [(groups[place], held[place]) for place in sorted(groups)]


def _meet(one: Circle, other: Circle) -> bool:
    return not {entry.number for entry in one.entries}.isdisjoint(entry.number for entry in other.entries)


def _of_length_one(weights: Mapping[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(value * value for value in weights.values())) or 1.0
    return {word: value / length for word, value in weights.items()}
