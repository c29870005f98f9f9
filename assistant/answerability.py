"""Do the abstracts that were found hold what the question asks for?

A question may be near the library's topics and still have no answer there: "What batch size did X use?". A logistic
regression over a few marks of the question and the nearest abstract tells; which marks helped, and the figures, are
in docs/EXPERIMENTS.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from assistant import asking
from assistant.asking import Asked
from assistant.coverage import MISSPELT, Held, SourceText
from assistant.library import Library
from assistant.protocols import Vectors
from assistant.sentences import split
from assistant.types import Source
from assistant.words import is_light, is_misspelt_stop_word, shares, stem

LEAST_PROBABILITY = 0.5
"""Below it a question counts as having no answer in the abstracts."""

_LIGHT_WEIGHT = 0.3
"""How much an everyday word counts beside another."""

_KNOWN_PAPERS = 500
"""How many papers of the library the shares of words in abstracts elsewhere are worth: a small library does not tell
which words are rare."""

_FEW_HOLDERS = 3
"""A word that so few papers of the library hold names one of them; its other sentences need not repeat it."""

_LOOKED_AT = 3
"""How many sources are looked at, best first."""

_STEP_BACK = 0.05
"""How much more of the question a source must hold than the one before it."""

_MISSED = 0.5
"""A word that the nearest abstract holds less than this is missing."""

_DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.]*\w)")
_FEWEST_QUOTED = 2
"""Decimal numbers."""

_LARGEST_MEMORY = 20_000
"""Words whose vectors are kept, about 1.5 kB each."""

Embed = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class Marks:
    """What the decision looks at, each about in [0, 1] but `sentence`, a cosine."""

    missing: float
    """Weight of the word that is held least, by how far it is not held."""
    missing_name: float
    """The same among names and numbers."""
    sentence: float
    """Cosine of the question and the abstract's nearest sentence."""
    focus: float
    """How far the words of the wanted thing are held; 1 where there are none."""
    no_number: float
    """Where a number is wanted: how far none is there of the wanted thing."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the sources hold what a question asks for.

    `missing` are words of the question that the nearest source does not hold, the weightiest first; `nearest` is that
    source's number, None where there is none; `quote` its sentence nearest to the question.
    """

    probability: float
    missing: tuple[str, ...] = ()
    nearest: int | None = None
    quote: str = ""

    @property
    def is_answerable(self) -> bool:
        """Tell whether the model should be asked."""
        return self.probability >= LEAST_PROBABILITY


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one source."""

    marks: Marks
    missing: tuple[str, ...]
    number: int
    quote: str


_INTERCEPT = -1.976
_COEFFICIENTS = Marks(missing=-4.976, missing_name=-0.842, sentence=3.715, focus=2.594, no_number=-3.887)
"""Fitted by `python -m benchmarks.refusal --fit` on the fitting part of benchmarks/data/refusal.jsonl."""


class Judge:
    """Tells whether sources hold what a question asks for. Safe in threads; keeps the vectors of words.

    `embed` returns one unit vector a text; the coefficients were fitted with all-MiniLM-L6-v2.
    """

    def __init__(self, library: Library, embed: Embed) -> None:
        self._library = library
        self._embed = embed
        self._vectors: dict[str, Vectors] = {}

    def judge(self, question: str, sources: Sequence[Source]) -> Judgement:
        """Judge by the source that holds most of the question; give the named paper's only, where it names one."""
        look = self.look(question, sources)
        if look is None:
            return Judgement(0.0, tuple(word.text for word in asking.read(question).words))
        chance = 1.0 if _quotes_numbers(question, sources) else probability(look.marks)
        return Judgement(chance, look.missing, look.number, look.quote)

    def look(self, question: str, sources: Sequence[Source]) -> Look | None:
        """Look at the source, among the first few, that spells most of the question's words; None without sources."""
        asked = asking.read(question)
        weights = self._weights(asked)
        texts = [(source, SourceText(source)) for source in sources[:_LOOKED_AT]]
        spelt = [{word.text: text.spells(word) for word in asked.words} for _, text in texts]
        strengths = [_share(weights, held) - _STEP_BACK * place for place, held in enumerate(spelt)]
        if not strengths:
            return None
        best = int(np.argmax(strengths))
        return self._look(question, asked, weights, *texts[best], spelt[best])

    def _weights(self, asked: Asked) -> dict[str, float]:
        """Return how much each word tells, in [0, 1]: by its rarity, and less where it is an everyday word."""
        texts = [word.text for word in asked.words]
        use, size, common = self._library.word_use(texts, []), self._library.count(), shares()
        papers = size + _KNOWN_PAPERS
        holding = {text: use[text].count + _KNOWN_PAPERS * common.get(stem(text), 0.0) for text in texts}
        rarity = {text: math.log((1 + papers) / (1 + holding[text])) / math.log1p(papers) for text in texts}
        is_slight = {text: is_light(text) or (not use[text].count and is_misspelt_stop_word(text)) for text in texts}
        return {text: rarity[text] * (_LIGHT_WEIGHT if is_slight[text] else 1.0) for text in texts}

    def _look(
        self,
        question: str,
        asked: Asked,
        weights: Mapping[str, float],
        source: Source,
        text: SourceText,
        spelt: Mapping[str, Held],
    ) -> Look:
        held = dict(spelt)
        for word in asked.words:
            if not word.is_name and not held[word.text].whole:  # a near name is another thing
                held[word.text] = text.means(word.text, self._word_vectors)
        lacks = {word: weights[word] * (1 - held[word].whole) for word in held}
        vectors = self._embed([question, *text.sentences])
        cosines = vectors[1:] @ vectors[0]
        together = self._together(weights, held, len(text.sentences))
        counted = text.counts(asked.focus, together, self._word_vectors) if asked.wants_number else 1.0
        return Look(
            Marks(
                missing=max(lacks.values(), default=0.0),
                missing_name=max((lacks[word.text] for word in asked.words if word.is_name), default=0.0),
                sentence=float(cosines[1:].max(initial=0.0)),
                focus=float(np.mean([held[word].whole for word in asked.focus])) if asked.focus else 1.0,
                no_number=1 - counted,
            ),
            missing=tuple(sorted((w for w in held if held[w].whole < _MISSED), key=lambda word: -lacks[word])),
            number=source.number,
            quote=text.sentences[int(cosines.argmax())],
        )

    def _together(self, weights: Mapping[str, float], held: Mapping[str, Held], count: int) -> NDArray[np.float64]:
        """Return for each of `count` sentences the share of the question's words, by weight, that it holds.

        A word that names the paper need not be in every sentence of it.
        """
        use = self._library.word_use(list(held), [])
        others = [w for w in held if held[w].whole < MISSPELT or use[w].count > _FEW_HOLDERS]
        total = sum(weights[word] for word in others)
        if not total:
            return np.ones(count)
        parts = [weights[word] / total * held[word].sentences for word in others]
        summed: NDArray[np.float64] = np.sum(parts, axis=0)
        return summed

    def _word_vectors(self, words: Sequence[str]) -> Vectors:
        """Return the vectors of some words, shape (len(words), d), from memory where they are there."""
        known = self._vectors
        unknown = [word for word in dict.fromkeys(words) if word not in known]
        if unknown:
            new = dict(zip(unknown, self._embed(unknown), strict=True))
            kept = known if len(known) < _LARGEST_MEMORY else {word: known[word] for word in words if word in known}
            self._vectors = known = {**kept, **new}
        return np.stack([known[word] for word in words])


def _share(weights: Mapping[str, float], held: Mapping[str, Held]) -> float:
    """Return the share of the question's words, by weight, that a source holds."""
    return sum(weights[word] * held[word].whole for word in weights) / (sum(weights.values()) or 1.0)


def _quotes_numbers(question: str, sources: Sequence[Source]) -> bool:
    """Tell whether a question quotes two numbers or more that one sentence of a source holds: it is about that one."""
    asked = set(_DECIMAL.findall(question))
    if len(asked) < _FEWEST_QUOTED:
        return False
    held = (set(_DECIMAL.findall(sentence)) for source in sources for sentence in split(source.abstract))
    return any(asked <= numbers for numbers in held)


def probability(marks: Marks, coefficients: Marks = _COEFFICIENTS, intercept: float = _INTERCEPT) -> float:
    """Return the probability in (0, 1) that a question with these marks has its answer in the source."""
    weighed = zip(astuple(marks), astuple(coefficients), strict=True)
    return 1 / (1 + math.exp(-intercept - sum(mark * coefficient for mark, coefficient in weighed)))
