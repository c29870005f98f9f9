"""Key sentences: the sentence of an abstract that best says what the paper contributes, chosen without a model.

A sentence is weighed by features that summarisation by extraction has used since its beginnings (Edmundson, "New
methods in automatic extracting", 1969: cue words, title words, position) and by how much the other sentences share
with it (LexRank: Erkan and Radev, 2004). The coefficients in `key_sentences.toml` are fitted to people's one-line
summaries.
"""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.analysis.summaries import aspects
from assistant.analysis.summaries.aspects import Part
from assistant.text import STOP_WORDS, shares, stem, written_words

_DAMPING = 0.85
"""LexRank's probability of going on to a similar sentence."""

_RARE = 0.0005
"""Share of abstracts taken for words that are too rare to be in the list of shares."""

_USUAL_WORDS = 25
"""Length from which a sentence counts as long, and below half of which as short, in words."""


@cache  # it ships with the program
def model() -> Mapping[str, Any]:
    """Return the fitted model: `coefficients` by feature, those set `by_hand`, and what the others were fitted on."""
    file = resources.files("assistant.analysis.summaries") / "key_sentences.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def key_sentence(title: str, abstract: str) -> str:
    """Return the sentence of an abstract that best says what the paper contributes, word for word, without the label
    of its section; "" where the abstract has no sentence. Sentences that give orders to a reader are never chosen.
    """
    return next(iter(ranked(title, abstract)), "")


def ranked(title: str, abstract: str) -> list[str]:
    """Return the sentences of an abstract as `key_sentence` does, the best first."""
    parts = aspects.parts(abstract)
    if not parts:
        return []
    weights = model()["coefficients"]
    worth = [sum(weights[name] * value for name, value in each.items()) for each in features(title, parts)]
    return [parts[place].text for place in sorted(range(len(parts)), key=lambda place: -worth[place])]


def features(title: str, parts: Sequence[Part]) -> list[dict[str, float]]:
    """Return the features of each sentence of an abstract, each in [0, 1], in the order of the coefficients.

    Those with a dot are 1 where the sentence holds such a cue. `title`: the share of the title's weighted words that it
    holds. `central`: its LexRank beside the highest of the abstract. `position`: 0 for the first sentence, 1 for the
    last. `long`: by what share it has more than 25 words, `short`: by what share fewer than half of them. `labelled`:
    it stands under a label of aim, `concluded`: of conclusions.
    """
    stems = [_stems(part.text) for part in parts]
    titled = {word: _weight(word) for word in _stems(title)}
    total, last = sum(titled.values()) or 1.0, len(parts) - 1
    cues = [name for name in model()["coefficients"] if "." in name]
    found = []
    for index, (part, words, central) in enumerate(zip(parts, stems, _centrality(stems), strict=True)):
        length = len(part.text.split()) / _USUAL_WORDS
        found.append(
            {name: float(name in part.cues) for name in cues}
            | {
                "title": sum(titled.get(word, 0.0) for word in set(words)) / total,
                "central": central,
                "first": float(index == 0),
                "last": float(index == last),
                "position": index / max(1, last),
                "long": min(1.0, max(0.0, length - 1)),
                "short": max(0.0, 1 - 2 * length),
                "labelled": float(part.zone == "what"),
                "concluded": float(part.zone == "conclusion"),
            }
        )
    return found


def _centrality(stems: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Return how central each sentence is beside the most central one, in (0, 1], by LexRank; shape (n,)."""
    counts = [Counter(words) for words in stems]
    vocabulary = {word: _weight(word) for words in stems for word in words}
    matrix = np.array([[one[word] * weight for word, weight in vocabulary.items()] for one in counts])
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix /= np.where(lengths > 0, lengths, 1.0)
    likeness = matrix @ matrix.T
    sums = likeness.sum(axis=1, keepdims=True)
    steps = np.where(sums > 0, likeness / np.where(sums > 0, sums, 1.0), 1.0 / len(stems))
    ranks = np.linalg.solve(np.eye(len(stems)) - _DAMPING * steps.T, np.ones(len(stems)))
    relative: NDArray[np.float64] = ranks / ranks.max()
    return relative


def _stems(text: str) -> list[str]:
    return [stem(word) for word in written_words(text.lower()) if word not in STOP_WORDS]


def _weight(word: str) -> float:
    return -math.log(shares().get(word, _RARE))
