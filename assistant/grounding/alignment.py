"""Alignment of an answer's sentences with the sentences of abstracts, by the words that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.grounding import tokens
from assistant.protocols import Vectors
from assistant.text import fold, split_sentences
from assistant.types import Source

_QUESTION_WEIGHT = 0.3
"""How much a word of the question counts beside one of the sentence: it tells apart what shares a short answer."""

_LEAST_GAIN = 0.25
"""Share of a sentence's words that a further source must add to be cited too."""

_FEWEST_ADDED = 2
"""Words that a further source must add: a name alone may be the wrong name."""

_LEAST_ADDITION = 0.18
"""Share of a sentence's words that a second sentence of a source must add to be quoted too."""

_SHORTEST_STEM = 5
"""Letters that two words must begin with alike to count as one: "intimate" and "intimacy"."""

_LONGEST_STEM = 24
_EMBEDDED_CHARACTERS = 1000

Embed = Callable[[Sequence[str]], Vectors]
"""Returns unit vectors of texts, shape (n, dimension)."""


@dataclass(frozen=True, slots=True)
class Stems:
    """The stems of a text, and the beginnings by which other forms of its words are recognised."""

    words: frozenset[str]
    beginnings: frozenset[str]

    @classmethod
    def of(cls, words: Iterable[str]) -> Stems:
        """Return stems with their beginnings."""
        words = frozenset(words)
        sizes = range(_SHORTEST_STEM, _LONGEST_STEM + 1)
        return cls(words, frozenset(word[:size] for word in words for size in sizes if size <= len(word)))

    def __contains__(self, word: str) -> bool:
        """Tell whether a stem is held, or another word with the same beginning."""
        if word in self.words:
            return True
        return len(word) > _SHORTEST_STEM and word[: max(_SHORTEST_STEM, len(word) - 3)] in self.beginnings

    def weight(self, words: Mapping[str, float]) -> float:
        """Return the weight of those of some weighted stems that are held."""
        return sum(weight for word, weight in words.items() if word in self)

    def coverage(self, words: Mapping[str, float]) -> float:
        """Return the share of weighted stems that are held, in [0, 1]; 0 for no words."""
        total = sum(words.values())
        return self.weight(words) / total if total else 0.0

    def missing(self, words: Mapping[str, float]) -> dict[str, float]:
        """Return those of some weighted stems that are not held."""
        return {word: weight for word, weight in words.items() if word not in self}


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One sentence of an abstract: verbatim as `quote`, and the beginning of it as `text` for embedding."""

    quote: str
    text: str
    stems: Stems


@dataclass(frozen=True, slots=True)
class Evidence:
    """A source prepared for comparing. `text` and `stems` cover title, authors, date and abstract."""

    source: Source
    title: str
    text: str
    stems: Stems
    excerpts: tuple[Excerpt, ...]


def read(source: Source) -> Evidence:
    """Prepare a source for comparing."""
    header = tokens.readable(" ".join([source.title, *source.authors, source.date]))
    readable = [(quote, tokens.readable(quote)) for quote in split_sentences(source.abstract)]
    excerpts = tuple(Excerpt(quote, embeddable(text), Stems.of(tokens.stems(text))) for quote, text in readable)
    text = "\n".join([header, *(text for _, text in readable)])
    return Evidence(source, fold(source.title), text, Stems.of(tokens.stems(text)), excerpts)


def embeddable(text: str) -> str:
    """Return as much of a text as is embedded to compare meanings."""
    return text[:_EMBEDDED_CHARACTERS]


def weights(words: Iterable[str], evidence: Sequence[Evidence]) -> dict[str, float]:
    """Weigh stems by how few of the sources hold them; numbers tell more, words of every abstract next to nothing."""
    return {word: _weight(word, evidence) for word in words}


def _weight(word: str, evidence: Sequence[Evidence]) -> float:
    if word in tokens.GENERIC:
        return 0.25
    holders = sum(word in one.stems for one in evidence)
    return (0.25 + 1.0 / max(holders, 1)) * (2.0 if any(character.isdigit() for character in word) else 1.0)


def choose(
    sentence: Mapping[str, float], asked: Mapping[str, float], evidence: Sequence[Evidence], named: Sequence[Evidence]
) -> list[Evidence]:
    """Return the sources that hold a sentence's words together, best first; a tie is the earlier one's.

    Sources are added while they hold enough that the others lack. Those that the sentence names by title come first.
    """
    total = sum(sentence.values())
    chosen, missing = list(named), dict(sentence)
    for one in named:
        missing = one.stems.missing(missing)
    while (missing or not chosen) and len(chosen) < len(evidence):
        remaining = [one for one in evidence if one not in chosen]
        gains = [
            one.stems.weight(missing) + (0.0 if chosen else _QUESTION_WEIGHT * one.stems.weight(asked))
            for one in remaining
        ]
        gain = max(gains)
        best = remaining[gains.index(gain)]
        still_missing = best.stems.missing(missing)
        if chosen and (gain < _LEAST_GAIN * total or len(missing) - len(still_missing) < _FEWEST_ADDED):
            break
        chosen.append(best)
        missing = still_missing
        if gain <= 0:
            break
    return chosen


def nearest(
    sentence: Mapping[str, float], asked: Mapping[str, float], excerpts: Sequence[Excerpt], count: int
) -> list[Excerpt]:
    """Return the excerpts that hold most of a sentence, best first; the shorter one on a tie."""

    def key(excerpt: Excerpt) -> tuple[float, int]:
        held = excerpt.stems.coverage(sentence) + _QUESTION_WEIGHT * excerpt.stems.coverage(asked)
        return (held, -len(excerpt.quote))

    return sorted(excerpts, key=key, reverse=True)[:count]


def partner(sentence: Mapping[str, float], lead: Excerpt, excerpts: Sequence[Excerpt]) -> Excerpt | None:
    """Return the excerpt that holds most of what the lead lacks, where that is enough to be quoted too."""
    missing, first = lead.stems.missing(sentence), excerpts.index(lead)
    gains = [0.0 if index == first else other.stems.weight(missing) for index, other in enumerate(excerpts)]
    best = max(range(len(excerpts)), key=lambda index: (gains[index], -abs(index - first)))
    total = sum(sentence.values())
    return excerpts[best] if total and gains[best] >= _LEAST_ADDITION * total else None
