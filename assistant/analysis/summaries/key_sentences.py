"""The sentences of an abstract that best say what the paper contributes, word for word, without a model.

A sentence is weighed by what it holds of the signs that summarisation by extraction has used since its beginnings
(Edmundson, "New methods in automatic extracting", 1969: cue words, title words, position) and by how much the other
sentences share with it (LexRank: Erkan and Radev, 2004). The coefficients are fitted to people's one-line summaries.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assistant.analysis.summaries import aspects
from assistant.analysis.summaries.aspects import Part
from assistant.text import STOP_WORDS, shares, stem, written_words

_DAMPING = 0.85
_ROUNDS = 30
"""LexRank's probability of going on to a similar sentence, and the steps after which its ranks no longer change."""

_RARE = 0.0005
"""Share of abstracts taken for words that are too rare to be in the list of shares."""

_NEW = 0.5
"""How much worth counts beside being new, when several sentences are chosen (the lambda of MMR)."""

_USUAL_WORDS = 25
"""Length from which a sentence counts as long, and below half of which as short, in words."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for and against a sentence: 1 where it is so, else 0, or a share in [0, 1].

    `title`: the share of the title's weighted words that it holds. `central`: its LexRank beside the highest of the
    abstract. `position`: 0 for the first sentence, 1 for the last. `long`: by what share it has more than 25 words,
    `short`: by what share fewer than half of them. `labelled`: it stands under a label of aim, `concluded`: of
    conclusions. The others are groups of cues of `aspects.toml`.
    """

    aim: float
    aim_weak: float
    way: float
    outcome: float
    background: float
    adds: float
    points_back: float
    available: float
    title: float
    central: float
    first: float
    last: float
    position: float
    long: float
    short: float
    labelled: float
    concluded: float

    def values(self) -> tuple[float, ...]:
        """Return the signs in order."""
        return tuple(getattr(self, name) for name in self.__slots__)


COEFFICIENTS = Signs(
    aim=0.087, aim_weak=0.012, way=0.005, outcome=0.007, background=-0.013, adds=-0.03, points_back=-0.03,
    available=-0.009, title=0.123, central=0.04, first=0.0, last=-0.002, position=-0.022, long=0.015, short=-0.03,
    labelled=0.05, concluded=0.05,
)  # fmt: skip
"""One coefficient a sign: a ridge regression of ROUGE by `python -m benchmarks.summaries --fit`.

Set by hand are those of sections, since its papers have no labels, and those of sentences that add or point back, which
read badly alone: it cost nothing there."""


def key_sentence(title: str, abstract: str) -> str:
    """Return the sentence of an abstract that best says what the paper contributes, word for word, without the label
    of its section; "" where the abstract has no sentence. Sentences that give orders to a reader are never chosen.
    """
    found = aspects.parts(abstract)
    if not found:
        return ""
    worth = _worth(signs(title, found))
    return found[max(range(len(found)), key=worth.__getitem__)].text


def key_sentences(title: str, abstract: str, most: int) -> tuple[str, ...]:
    """Return up to `most` sentences of an abstract, in its order, that say most of what the paper contributes.

    Each next one is chosen by its worth and by how little it repeats of those before it (maximal marginal relevance:
    Carbonell and Goldstein, 1998). The first chosen is the key sentence.
    """
    found = aspects.parts(abstract)
    if not found or most < 1:
        return ()
    likeness = _likeness(found)
    worth = _spread(_worth(signs(title, found)))
    chosen = [max(range(len(found)), key=worth.__getitem__)]
    while len(chosen) < min(most, len(found)):
        left = [i for i in range(len(found)) if i not in chosen]
        gains = {i: _NEW * worth[i] - (1 - _NEW) * max(float(likeness[i, j]) for j in chosen) for i in left}
        chosen.append(max(left, key=gains.__getitem__))
    return tuple(found[i].text for i in sorted(chosen))


def signs(title: str, found: Sequence[Part]) -> list[Signs]:
    """Return the signs of each sentence of an abstract."""
    titled = {word: _weight(word) for word in set(_stems(title))}
    total = sum(titled.values()) or 1.0
    ranks = _ranks(_likeness(found))
    last = len(found) - 1
    return [
        Signs(
            aim="aim.strong" in part.cues,
            aim_weak="aim.weak" in part.cues,
            way="way.strong" in part.cues,
            outcome="outcome.strong" in part.cues,
            background="background.strong" in part.cues,
            adds="detail.adds" in part.cues,
            points_back="detail.points_back" in part.cues,
            available="detail.available" in part.cues,
            title=sum(titled.get(word, 0.0) for word in set(_stems(part.text))) / total,
            central=float(ranks[index]),
            first=index == 0,
            last=index == last,
            position=index / max(1, last),
            long=min(1.0, max(0.0, len(part.text.split()) / _USUAL_WORDS - 1)),
            short=max(0.0, 1 - 2 * len(part.text.split()) / _USUAL_WORDS),
            labelled=part.zone == "what",
            concluded=part.zone == "conclusion",
        )
        for index, part in enumerate(found)
    ]


def _worth(found: Sequence[Signs]) -> list[float]:
    return [sum(c * value for c, value in zip(COEFFICIENTS.values(), one.values(), strict=True)) for one in found]


def _spread(worth: Sequence[float]) -> list[float]:
    """Return values moved and stretched to [0, 1], so that they can be weighed against cosines."""
    low, high = min(worth), max(worth)
    return [(value - low) / ((high - low) or 1.0) for value in worth]


def _likeness(found: Sequence[Part]) -> NDArray[np.float64]:
    """Return the cosines of the sentences' weighted words, shape (n, n)."""
    counts = [Counter(_stems(part.text)) for part in found]
    columns: Mapping[str, int] = {
        word: i for i, word in enumerate(dict.fromkeys(word for one in counts for word in one))
    }
    matrix = np.zeros((len(found), max(1, len(columns))))
    for row, one in enumerate(counts):
        for word, count in one.items():
            matrix[row, columns[word]] = count * _weight(word)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix /= np.where(lengths > 0, lengths, 1.0)
    likeness: NDArray[np.float64] = matrix @ matrix.T
    return likeness


def _ranks(likeness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how central each sentence is beside the most central one, in (0, 1], by LexRank."""
    count = len(likeness)
    sums = likeness.sum(axis=1, keepdims=True)
    steps = np.where(sums > 0, likeness / np.where(sums > 0, sums, 1.0), 1.0 / count)
    ranks = np.full(count, 1.0 / count)
    for _ in range(_ROUNDS):
        ranks = (1 - _DAMPING) / count + _DAMPING * (steps.T @ ranks)
    relative: NDArray[np.float64] = ranks / ranks.max()
    return relative


@lru_cache(maxsize=1024)  # a sentence is compared with the title and with the others
def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in written_words(text.lower()) if word not in STOP_WORDS)


def _weight(word: str) -> float:
    return -math.log(shares().get(word, _RARE))
