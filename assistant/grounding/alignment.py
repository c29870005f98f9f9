"""Sentences of an answer beside the verbatim sentences of abstracts that say the same, by words and by meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.grounding import tokens
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


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One sentence of an abstract: verbatim as `quote`, and as `text` for comparing."""

    quote: str
    text: str
    words: frozenset[str]
    beginnings: frozenset[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A source made ready for comparing. `words` and `held` cover title, authors, date and abstract."""

    number: int
    title: str
    held: str
    words: frozenset[str]
    beginnings: frozenset[str]
    excerpts: tuple[Excerpt, ...]

    @property
    def header(self) -> str:
        """Return the readable title, authors and date."""
        return self.held.partition("\n")[0]


def read(source: Source) -> Evidence:
    """Make a source ready for comparing."""
    header = tokens.readable(" ".join([source.title, *source.authors, source.date]))
    excerpts = tuple(_excerpt(quote) for quote in split_sentences(source.abstract))
    held = "\n".join([header, *(excerpt.text for excerpt in excerpts)])
    words = frozenset(tokens.stems(held))
    return Evidence(
        number=source.number,
        title=fold(source.title),
        held=held,
        words=words,
        beginnings=_beginnings(words),
        excerpts=excerpts,
    )


def weights(words: Iterable[str], evidence: Sequence[Evidence]) -> dict[str, float]:
    """Weigh stems by how few of the sources hold them; numbers tell more, words of every abstract next to nothing."""
    return {word: _weight(word, evidence) for word in words}


def coverage(words: Mapping[str, float], held: frozenset[str], beginnings: frozenset[str]) -> float:
    """Return the share of weighted stems that are held, also in another form of the word; 1 for no words."""
    total = sum(words.values())
    return sum(weight for word, weight in words.items() if holds(word, held, beginnings)) / total if total else 1.0


def holds(word: str, held: frozenset[str], beginnings: frozenset[str]) -> bool:
    """Tell whether a stem is held, or another word with the same beginning."""
    return word in held or (len(word) > _SHORTEST_STEM and beginning(word) in beginnings)


def beginning(word: str) -> str:
    """Return the letters by which other forms of a word are recognised."""
    return word[: max(_SHORTEST_STEM, len(word) - 3)]


def choose(
    sentence: Mapping[str, float], asked: Mapping[str, float], evidence: Sequence[Evidence], named: Sequence[int]
) -> list[int]:
    """Return the numbers of the sources that hold a sentence's words together, best first; a tie is the earlier one's.

    Sources are added while they hold enough that the others lack. Those that the sentence names by title come first.
    """
    total = sum(sentence.values())
    chosen = list(named)
    by_number = {one.number: one for one in evidence}
    missing = {
        word: weight
        for word, weight in sentence.items()
        if not any(holds(word, by_number[number].words, by_number[number].beginnings) for number in named)
    }
    while (missing or not chosen) and len(chosen) < len(evidence):
        left = [one for one in evidence if one.number not in chosen]
        gains = [_gain(missing, asked if not chosen else {}, one) for one in left]
        best = max(range(len(left)), key=lambda index: gains[index])
        added = [w for w in missing if holds(w, left[best].words, left[best].beginnings)]
        if chosen and (gains[best] < _LEAST_GAIN * total or len(added) < _FEWEST_ADDED):
            break
        chosen.append(left[best].number)
        missing = {w: v for w, v in missing.items() if not holds(w, left[best].words, left[best].beginnings)}
        if gains[best] <= 0:
            break
    return chosen


def nearest(
    sentence: Mapping[str, float], asked: Mapping[str, float], excerpts: Sequence[Excerpt], count: int
) -> list[int]:
    """Return the positions of the excerpts that hold most of a sentence, best first; the shorter one on a tie."""

    def key(index: int) -> tuple[float, int]:
        excerpt = excerpts[index]
        held = coverage(sentence, excerpt.words, excerpt.beginnings)
        context = coverage(asked, excerpt.words, excerpt.beginnings) if asked else 0.0
        return (held + _QUESTION_WEIGHT * context, -len(excerpt.quote))

    return sorted(range(len(excerpts)), key=key, reverse=True)[:count]


def partner(sentence: Mapping[str, float], first: int, excerpts: Sequence[Excerpt]) -> int | None:
    """Return the excerpt that holds most of what the first one lacks, where that is enough to be quoted too."""
    total = sum(sentence.values())
    lead = excerpts[first]
    missing = {word: v for word, v in sentence.items() if not holds(word, lead.words, lead.beginnings)}
    gains = [
        0.0 if index == first else sum(v for word, v in missing.items() if holds(word, other.words, other.beginnings))
        for index, other in enumerate(excerpts)
    ]
    best = max(range(len(excerpts)), key=lambda index: (gains[index], -abs(index - first)))
    return best if total and gains[best] >= _LEAST_ADDITION * total else None


def _gain(missing: Mapping[str, float], asked: Mapping[str, float], one: Evidence) -> float:
    gain = sum(weight for word, weight in missing.items() if holds(word, one.words, one.beginnings))
    return gain + _QUESTION_WEIGHT * sum(w for word, w in asked.items() if holds(word, one.words, one.beginnings))


def _excerpt(quote: str) -> Excerpt:
    text = tokens.readable(quote)
    words = frozenset(tokens.stems(text))
    return Excerpt(quote, text, words, _beginnings(words))


def _beginnings(words: Iterable[str]) -> frozenset[str]:
    return frozenset(
        word[:size]
        for word in words
        if len(word) >= _SHORTEST_STEM
        for size in range(_SHORTEST_STEM, min(len(word), 24) + 1)
    )


def _weight(word: str, evidence: Sequence[Evidence]) -> float:
    if word in tokens.GENERIC:
        return 0.25
    holders = sum(holds(word, one.words, one.beginnings) for one in evidence)
    rarity = 1.0 / max(holders, 1)
    return (0.25 + rarity) * (2.0 if any(character.isdigit() for character in word) else 1.0)
