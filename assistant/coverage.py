"""How far the sentences of a paper hold the words of a question, also in other words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from assistant import sentences
from assistant.asking import AskedWord
from assistant.names import fold
from assistant.protocols import Vectors
from assistant.types import Source
from assistant.words import STOP_WORDS, stem

MISSPELT = 0.95
"""How far a sentence that holds a word in nearly the same spelling holds it."""

_SAME_SPELLING = 84.0
"""Likeness in [0, 100] (normalised edit distance) from which a word is the question's, misspelt."""

_SHORTEST_MISSPELT = 5
_UNRELATED = 0.35
"""Cosine between the vectors of two words up to which they have nothing in common."""

_NEIGHBOURS = 6
"""Words before and behind a number that say what it counts."""

_NUMBER = re.compile(
    r"(?<![\w-])(?!(?<=\()\d\))(?:\d[\d.,]*(?:\s?\\?%|x|k|m)?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|"
    r"fourteen|fifteen|twenty|thirty|forty|fifty|sixty|hundreds?|thousands?|millions?|half|twice|dozens?)(?!\w)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(19|20)\d\d")

WordVectors = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class Held:
    """How far a word is held, in [0, 1]: by the whole source, and by each of its sentences."""

    whole: float
    sentences: NDArray[np.float64]


class SourceText:
    """The title and the sentences of one source, ready to be compared with questions."""

    def __init__(self, source: Source) -> None:
        self.sentences = [source.title, *sentences.split(source.abstract)]
        self._words = [fold(sentence).split() for sentence in self.sentences]
        self._stems = [{stem(word) for word in words} for words in self._words]
        self._authors = {word for author in source.authors for word in fold(author).split()}

    def spells(self, word: AskedWord) -> Held:
        """Tell how far a word is held by its letters: itself or its stem, misspelt, or as an acronym's expansion."""
        if word.text in self._authors:
            return Held(1.0, np.ones(len(self._words)))
        stemmed = stem(word.text)
        exact = np.array([stemmed in stems for stems in self._stems], np.float64)
        if exact.any() or word.text in self._joined:
            return Held(1.0, exact)
        numbered = re.compile(re.escape(word.text) + r"\d+")  # mIoU19
        if any(numbered.fullmatch(other) for other in self._joined):
            return Held(1.0, np.array([any(map(numbered.fullmatch, words)) for words in self._words], np.float64))
        if word.is_name and (expanded := self._expanding(word.text)).any():
            return Held(1.0, expanded)
        if len(word.text) >= _SHORTEST_MISSPELT:
            near = process.extractOne(word.text, self._joined, scorer=fuzz.ratio, score_cutoff=_SAME_SPELLING)
            if near:
                holding = np.array([stem(near[0]) in stems for stems in self._stems], np.float64)
                return Held(MISSPELT, MISSPELT * holding)
        return Held(0.0, exact)

    def means(self, word: str, word_vectors: WordVectors) -> Held:
        """Tell how far a word is held by its meaning: the cosine with the nearest word, scaled from 0 to 1."""
        words = list(dict.fromkeys(word for words in self._words for word in words if word not in STOP_WORDS))
        if not words:
            return Held(0.0, np.zeros(len(self._words)))
        likeness = dict(zip(words, _related(word_vectors(words) @ word_vectors([word])[0]), strict=True))
        meant = np.array([max((likeness.get(w, 0.0) for w in sentence), default=0.0) for sentence in self._words])
        return Held(float(meant.max()), meant)

    def counts(self, focus: Sequence[str], weights: NDArray[np.float64], word_vectors: WordVectors) -> float:
        """Tell how far a number of the focus stands in a sentence, in [0, 1].

        `weights` says how well each sentence fits the question otherwise. Without a focus any amount will do.
        """
        best = 0.0
        for place, sentence in enumerate(self.sentences[1:], 1):
            for match in _NUMBER.finditer(sentence):
                if not _YEAR.fullmatch(match.group()):
                    near = self._near(sentence, match)
                    fitting = _likeness(focus, near, word_vectors) if focus else _amount(match.group(), near)
                    best = max(best, fitting * (0.4 + 0.6 * min(1.0, float(weights[place]))))
        return best

    @cached_property
    def _joined(self) -> list[str]:
        """Return the words, and every two neighbours as one word: "fine-tuning" is "finetuning" too."""
        found: dict[str, None] = {}
        for words in self._words:
            found.update(dict.fromkeys(words))
            found.update(dict.fromkeys(one + two for one, two in pairwise(words)))
        return list(found)

    def _expanding(self, acronym: str) -> NDArray[np.float64]:
        """Tell of each sentence whether neighbouring words of it begin with an acronym's letters."""
        letters = acronym[:-1] if acronym.endswith("s") and len(acronym) > 2 else acronym
        return np.array([float(letters in "".join(word[0] for word in words)) for words in self._words]) * (
            len(letters) > 1
        )

    def _near(self, sentence: str, match: re.Match[str]) -> list[str]:
        before = fold(sentence[: match.start()]).split()[-_NEIGHBOURS:]
        return before + fold(sentence[match.end() :]).split()[:_NEIGHBOURS]


def _likeness(focus: Sequence[str], near: Sequence[str], word_vectors: WordVectors) -> float:
    """Return how far the words near a number hold those of the focus, on average."""
    stems = {stem(word) for word in near}
    telling = [word for word in near if word not in STOP_WORDS]
    lacking = [word for word in focus if stem(word) not in stems]
    found = float(len(focus) - len(lacking))
    if lacking and telling:
        found += float(_related(word_vectors(lacking) @ word_vectors(telling).T).max(axis=1).sum())
    return found / len(focus)


def _related(cosines: NDArray[np.float32]) -> NDArray[np.float64]:
    scaled = (cosines.astype(np.float64) - _UNRELATED) / (1 - _UNRELATED)
    return np.clip(scaled, 0.0, 1.0)


def _amount(number: str, near: Sequence[str]) -> float:
    """Tell how far a number is an amount rather than a count of things in passing."""
    is_written_out = number.isalpha() and "times" not in near
    return 0.4 if is_written_out else 1.0
