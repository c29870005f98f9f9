"""Where each sentence of an answer comes from: the abstracts it draws on, and a verbatim quotation from each.

Citations do not depend on the model obeying a format. Marks that it wrote are dropped, and each sentence gets the
numbers of the abstracts that hold its words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from assistant.names import fold
from assistant.sentences import LIST_MARKER, split
from assistant.types import Sentence, Source, Span
from assistant.words import content_words

LEAST_COVERAGE = 0.4
"""Share of a sentence's words that its sources must hold together; below it the sentence gets no number."""

_LEAST_GAIN = 0.25
"""Share of a sentence's words that a further source must add to be cited too."""

UNSUPPORTED = "(not in the abstracts)"
"""What is written behind a sentence that holds a number of which its sources know nothing."""

_QUESTION_WEIGHT = 0.3
"""How much a word of the question counts beside one of the sentence: it tells apart what shares a short answer."""

_MARK = re.compile(r"\[(\d+)\]")
_MARKS = re.compile(r"\s*\[\d+(?:\s*[,;-]\s*\d+)*\]")
_NUMERAL = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_NUMBER_WORDS = {
    word: Decimal(number)
    for word, number in zip(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety".split(),
        [*range(1, 21), *range(30, 100, 10)],
        strict=True,
    )
}
_LOOSE_WORDS = frozenset({"one", "two", "three"})
"""Number words that a writer may use for what a source lists without counting; they are not held against a sentence."""
_STANDS_FOR_PAPER = re.compile(
    r"(?:\b(?:is|are|was|were|in|by|of|from|with|between|than|to|see|and|or)|[:(,])\s*$", re.IGNORECASE
)
"""What stands before a mark that is a part of the sentence ("The papers are [1] and [2]"), not a citation behind it."""

_FEWEST_EXACT_WORDS = 3
"""Content words that a verbatim sentence must have: "No." stands in many texts and says nothing of them."""

_STEM = re.compile(r"(?:ing|ed|es|s)$")


@dataclass(frozen=True, slots=True)
class _Text:
    """A source's folded title and its words: of the whole, and of each sentence of its abstract."""

    number: int
    title: str
    words: frozenset[str]
    sentences: tuple[tuple[str, frozenset[str]], ...]


def prove(text: str, question: str, sources: Sequence[Source]) -> tuple[Sentence, ...]:
    """Split an answer into sentences, each with its sources and one verbatim span a source.

    A sentence that stands word for word in an abstract is "exact". One with a number that neither its sources nor the
    question hold is "unsupported" and gets no source. Any other is "unchecked".
    """
    texts = [_text(source) for source in sources]
    return tuple(_prove_sentence(sentence, question, texts, sources) for sentence in split(text))


def _prove_sentence(sentence: str, question: str, texts: Sequence[_Text], sources: Sequence[Source]) -> Sentence:
    """Prove a sentence without the model's marks; where they stand for papers, titles take their place."""

    def is_mark(found: re.Match[str]) -> bool:
        return not any(found.group().strip() in source.abstract for source in sources)

    bare = _MARKS.sub(lambda found: "" if is_mark(found) else found.group(), sentence).strip()
    proved = _sentence(bare, question, texts, sources)
    numbers = [int(number) for number in _MARK.findall(sentence)]
    titles = {source.number: f"“{source.title}”" for source in sources}
    stands_for_paper = _STANDS_FOR_PAPER.search(sentence.partition("[")[0]) or not proved.sources
    if not numbers or not stands_for_paper or not titles.keys() >= set(numbers):
        return proved
    named = _MARK.sub(lambda mark: titles[int(mark.group(1))], sentence)
    return _sentence(named, question, texts, sources)


def cited_text(sentences: Sequence[Sentence]) -> str:
    """Join sentences to the text that is shown, each followed by its sources' numbers; items of a list begin lines."""
    text = ""
    for sentence in sentences:
        marks = "".join(f"[{number}]" for number in sentence.sources)
        said = sentence.text if sentence.status != "unsupported" else f"{sentence.text} {UNSUPPORTED}"
        text += ("\n" if LIST_MARKER.match(sentence.text) else " ") + f"{said} {marks}".rstrip()
    return text.strip()


def _sentence(sentence: str, question: str, texts: Sequence[_Text], sources: Sequence[Source]) -> Sentence:
    words = _words(sentence)
    bare = " ".join(sentence.split()).rstrip(".")
    verbatim = re.compile(rf"(?<!\w){re.escape(bare)}(?!\w)")
    exact = [
        source.number
        for source in sources
        if len(words) >= _FEWEST_EXACT_WORDS and verbatim.search(" ".join(source.abstract.split()))
    ]
    named = [text.number for text in texts if f" {text.title} " in f" {fold(sentence)} "]
    numbers = exact[:1] or _covering(words, _words(question) - words, texts, named)
    if not _numbers_stand(sentence, question, [source for source in sources if source.number in numbers]):
        return Sentence(sentence, "unsupported")
    by_number = {text.number: text for text in texts}
    spans = tuple(Span(number, _best_quote(words, by_number[number])) for number in numbers)
    return Sentence(
        text=sentence,
        status="exact" if exact else "unchecked",
        sources=tuple(numbers),
        spans=tuple(span for span in spans if span.quote),
    )


def _numbers_stand(sentence: str, question: str, sources: Sequence[Source]) -> bool:
    """Tell whether every numeral of a sentence, also one within a name, stands in its sources or in the question."""
    held = " ".join([question, *(f"{source.title} {source.date} {source.abstract}" for source in sources)])
    said = LIST_MARKER.sub("", sentence, count=1) if LIST_MARKER.match(sentence) else sentence
    words = set(fold(said).split()) - _LOOSE_WORDS
    return _numerals(said) | _spelt(words) <= _numerals(held) | _spelt(set(fold(held).split()))


def _numerals(text: str) -> set[Decimal]:
    """Return the numerals of a text as numbers: "1,024" is 1024, "07" is 7, "2.5x" is 2.5, "GPT-3" holds 3."""
    return {Decimal(numeral.replace(",", "")) for numeral in _NUMERAL.findall(text)}


def _spelt(words: set[str]) -> set[Decimal]:
    return {_NUMBER_WORDS[word] for word in words & _NUMBER_WORDS.keys()}


def _covering(words: frozenset[str], asked: frozenset[str], texts: Sequence[_Text], named: Sequence[int]) -> list[int]:
    """Choose sources greedily until none adds enough of the sentence's words; an earlier source wins a tie.

    The sources that the sentence names by their titles are chosen before.
    """
    weights = {word: _weight(word, texts) for word in words} | {
        word: _QUESTION_WEIGHT * _weight(word, texts) for word in asked
    }
    total = sum(weights[word] for word in words)
    chosen = list(named)
    missing = set(words).difference(*(text.words for text in texts if text.number in named))
    while missing and len(chosen) < len(texts):
        best = max(
            (text for text in texts if text.number not in chosen),
            key=lambda text: (
                _weigh(missing & text.words, weights) + (0 if chosen else _weigh(asked & text.words, weights))
            ),
        )
        if _weigh(missing & best.words, weights) < _LEAST_GAIN * total:
            break
        chosen.append(best.number)
        missing -= best.words
    covered = total - _weigh(missing, weights)
    return sorted(chosen) if total and covered >= LEAST_COVERAGE * total else []


def _best_quote(words: frozenset[str], text: _Text) -> str:
    """Return the sentence of the abstract that shares most words with the answer's, the shorter one on a tie."""
    return max(
        text.sentences,
        key=lambda quoted: (len(words & quoted[1]), -len(quoted[1])),
        default=("", frozenset[str]()),
    )[0]


def _weigh(words: frozenset[str] | set[str], weights: Mapping[str, float]) -> float:
    return sum(weights[word] for word in words)


def _weight(word: str, texts: Sequence[_Text]) -> float:
    """Weigh a word by how few of the sources hold it; a number or a name tells more than another word."""
    holders = sum(word in text.words for text in texts)
    rarity = 1.0 / max(holders, 1)
    return (0.25 + rarity) * (2.0 if any(character.isdigit() for character in word) else 1.0)


def _text(source: Source) -> _Text:
    sentences = tuple((sentence, _words(sentence)) for sentence in split(source.abstract))
    words = _words(" ".join([source.title, *source.authors, source.date, source.abstract]))
    return _Text(source.number, fold(source.title), words, sentences)


def _words(text: str) -> frozenset[str]:
    return frozenset(_STEM.sub("", word) if len(word) > 4 else word for word in content_words(fold(text)))
