"""Verification of an answer, sentence by sentence: its sources, its quotations, and whether the abstracts support it.

Citations do not depend on the model obeying a format. Marks that it wrote are dropped, or replaced by the paper's title
where they stand for it. Each sentence gets the numbers of the abstracts that hold it, each with a verbatim quotation,
found by words and meaning (`alignment`). Numbers and names are compared by the letter (`tokens`); whether the rest is
supported, a model that reads both tells (`support`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.grounding import alignment, tokens
from assistant.grounding.alignment import Embed, Evidence, Excerpt, Stems
from assistant.grounding.support import Supports
from assistant.protocols import Vectors
from assistant.text import LIST_MARKER, fold, prompt_safety, split_sentences
from assistant.types import Sentence, SentenceStatus, Source, Span

REMARKS: Mapping[SentenceStatus, str] = {"unsupported": "(not in the abstracts)", "partial": "(partly supported)"}
"""What is written behind a sentence that the abstracts do not hold, or not wholly."""

SUPPORTED_FROM = 0.5
"""Probability from which a sentence counts as supported."""

PARTIAL_FROM = 0.25
"""Probability from which a sentence is shown, marked as not wholly supported."""

_FEWEST_EXACT_WORDS = 3
"""Content words that a verbatim sentence must have: "No." stands in many texts and says nothing of them."""

_FRAGMENT_WORDS = 5
"""A sentence of no more content words is compared with the question before it."""

_CANDIDATES = 3
"""Sentences of a source whose meaning is compared; each costs the embedding of a short text."""

_STATES_NOTHING = re.compile(
    r"^(?:[^.!?]{0,120}:|(?:yes|no|sure|certainly|of course|okay|ok|thanks?|thank you|hello|hi)\b[^\w]*)$",
    re.IGNORECASE,
)
_OF_SILENCE = re.compile(
    r"\b(?:abstracts?|sources?|papers?|texts?|passages?|information|context|it|they)\b.{0,80}"
    r"\b(?:do(?:es)? not|don't|doesn't|did not|not|no)\b.{0,40}"
    r"\b(?:say|mention|mentioned|contain|specify|specified|provide|provided|state|stated|information|given|answer)",
    re.IGNORECASE,
)

_MARK_NUMBERS = r"\d{1,3}(?:\s*(?:[,;&-]|and)\s*\d{1,3})*"
_MARK_KINDS = r"(?:sources?|abstracts?|papers?|passages?|documents?|refs?\.?|references?)"
_MARK = re.compile(r"\[(\d{1,3})\]")
_NUMBER = re.compile(r"\d{1,3}")
_MARKS = re.compile(
    rf"\s*(?:\[\s*(?:{_MARK_KINDS}\s*)?{_MARK_NUMBERS}\s*\]|\(\s*{_MARK_KINDS}\s*\[?{_MARK_NUMBERS}\]?\s*\)|【\s*{_MARK_NUMBERS}\s*】)",
    re.IGNORECASE,
)
_ROUND_AT_END = re.compile(rf"\s*\(({_MARK_NUMBERS})\)(?=\s*[.!?]?\s*$)")
_NAMED = re.compile(rf"\b(?:the\s+)?(?:{_MARK_KINDS})\s+(?:\[(\d{{1,3}})\]|(\d{{1,3}}))(?![\w.]*\d)", re.IGNORECASE)
_STANDS_FOR_PAPER = re.compile(
    r"(?:\b(?:is|are|was|were|in|by|of|from|with|between|than|to|see|and|or)|[:(,])\s*$", re.IGNORECASE
)
"""What stands before a mark that is a part of the sentence ("The papers are [1] and [2]"), not a citation behind it."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One sentence with what it is compared to.

    `excerpts` are the nearest ones of each of its sources, best first. `context` is the sentence, with the question
    where the sentence is short.
    """

    text: str
    readable: str
    context: str
    words: Mapping[str, float]
    asked: Mapping[str, float]
    sources: tuple[Evidence, ...]
    excerpts: tuple[tuple[Excerpt, ...], ...]

    @property
    def meanings(self) -> tuple[str, str]:
        """Return the two texts whose meaning is compared with that of the excerpts."""
        return alignment.embeddable(self.readable), self.context


def prove(
    text: str, question: str, sources: Sequence[Source], supports: Supports, embed: Embed | None = None
) -> tuple[Sentence, ...]:
    """Split an answer into sentences, each with a status, its sources, and verbatim spans of their abstracts.

    "exact" stands word for word in an abstract. "supported" and "partial" are said by the sources, wholly or not
    surely. "unsupported" has no source: the abstracts do not say it, or hold not its numbers or names. "unchecked"
    states nothing of the papers: a heading, or that the abstracts do not say. `embed` gives unit vectors, shape
    (n, dimension); it is called at most once, to find the spans. Without it words alone do.
    """
    evidence = [alignment.read(source) for source in sources]
    outcomes = [_settled_or_case(sentence, question, evidence) for sentence in split_sentences(text)]
    vectors = _vectors([one for one in outcomes if isinstance(one, _Case)], embed)
    proved = [_judged(one, question, supports, vectors) if isinstance(one, _Case) else one for one in outcomes]
    return tuple(sentence for sentence in proved if sentence.text)


def provable(source: Source) -> Source:
    """Return a source without what speaks to its reader: that proves nothing."""
    return replace(
        source,
        title=prompt_safety.title(source.title),
        authors=tuple(person for name in source.authors if (person := prompt_safety.person(name))),
        abstract=prompt_safety.without_orders(source.abstract),
    )


def cited_text(sentences: Sequence[Sentence]) -> str:
    """Join sentences to the text that is shown, each followed by its sources' numbers; items of a list begin lines."""
    text = ""
    for sentence in sentences:
        marks = "".join(f"[{number}]" for number in sentence.sources)
        said = f"{sentence.text} {REMARKS.get(sentence.status, '')}".rstrip()
        text += ("\n" if LIST_MARKER.match(sentence.text) else " ") + f"{said} {marks}".rstrip()
    return text.strip()


def _without_marks(sentence: str, sources: Sequence[Source]) -> str:
    """Return a sentence without the model's citation marks: "[1]", "[2, 3]", "(Source 2)", "(1)" at the end.

    A mark that stands for the paper ("The newest is [1].", "Source 2 says ...") becomes its title. What stands so in an
    abstract is not a mark: the interval "[0, 1]" stays.
    """
    titles = {source.number: f"“{source.title}”" for source in sources}

    def without(mark: re.Match[str]) -> str:
        return mark.group() if any(mark.group().strip() in source.abstract for source in sources) else ""

    def without_sources(mark: re.Match[str]) -> str:
        are_sources = titles.keys() >= {int(number) for number in _NUMBER.findall(mark.group(1))}
        return without(mark) if are_sources else mark.group()

    def named(mark: re.Match[str]) -> str:
        return without(mark) or titles.get(int(mark.group(1) or mark.group(2))) or mark.group()

    numbers = [int(number) for number in _MARK.findall(sentence)]
    before = sentence.partition("[")[0]
    bare = _MARKS.sub(without, sentence).strip()
    stands = _STANDS_FOR_PAPER.search(before) or not any(character.isalnum() for character in bare)
    if numbers and stands and titles.keys() >= set(numbers) and before.strip():
        return _MARK.sub(lambda mark: titles[int(mark.group(1))], sentence).strip()
    return _NAMED.sub(named, _ROUND_AT_END.sub(without_sources, bare)).strip()


def _settled_or_case(sentence: str, question: str, evidence: Sequence[Evidence]) -> Sentence | _Case:
    sources = [one.source for one in evidence]
    bare = _without_marks(sentence, sources)
    readable = tokens.readable(LIST_MARKER.sub("", bare, count=1) if LIST_MARKER.match(bare) else bare)
    if _states_nothing(readable):
        return Sentence(bare, "unchecked")
    if span := _verbatim(bare, sources):
        return Sentence(bare, "exact", (span.source,), (span,))
    words = alignment.weights(dict.fromkeys(tokens.stems(readable)), evidence)
    of_question = dict.fromkeys(word for word in tokens.stems(tokens.readable(question)) if word not in words)
    asked = alignment.weights(of_question, evidence)
    named = [one for one in evidence if one.title and f" {one.title} " in f" {fold(readable)} "]
    chosen = tuple(alignment.choose(words, asked, evidence, named))
    excerpts = tuple(tuple(alignment.nearest(words, asked, one.excerpts, _CANDIDATES)) for one in chosen)
    context = alignment.embeddable(f"{question} {readable}" if len(words) <= _FRAGMENT_WORDS else readable)
    return _Case(bare, readable, context, words, asked, chosen, excerpts)


def _states_nothing(readable: str) -> bool:
    """Tell whether a sentence says nothing of the papers that could be checked."""
    if not any(character.isalnum() for character in readable):
        return True
    if _OF_SILENCE.search(readable):
        return True
    return bool(_STATES_NOTHING.match(readable)) and not (
        tokens.numerals(readable) or any(name.isupper() for name in tokens.names(readable))
    )


def _verbatim(sentence: str, sources: Sequence[Source]) -> Span | None:
    """Return where the abstract of a source holds a sentence word for word."""
    words = sentence.rstrip(". ").split()
    if len(tokens.stems(sentence)) < _FEWEST_EXACT_WORDS or not words:
        return None
    pattern = re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?!\w)\.?")
    matches = ((source.number, pattern.search(source.abstract)) for source in sources)
    return next((Span(number, match.group()) for number, match in matches if match), None)


def _vectors(cases: Sequence[_Case], embed: Embed | None) -> dict[str, Vectors]:
    """Return the vectors of all texts whose meaning is compared, embedded in one call; none without `embed`."""
    excerpts = (excerpt for case in cases for nearest in case.excerpts for excerpt in nearest)
    texts = list(dict.fromkeys([*(text for case in cases for text in case.meanings), *(one.text for one in excerpts)]))
    return dict(zip(texts, embed(texts), strict=True)) if embed and texts else {}


def _judged(case: _Case, question: str, supports: Supports, vectors: Mapping[str, Vectors]) -> Sentence:
    status = _status(case, question, supports)
    if status == "unsupported":
        return Sentence(case.text, status)
    spans = [
        Span(one.source.number, excerpt.quote)
        for one, nearest in zip(case.sources, case.excerpts, strict=True)
        for excerpt in sorted(_quoted(case, nearest, vectors), key=one.excerpts.index)
    ]
    numbers = tuple(sorted(one.source.number for one in case.sources))
    return Sentence(case.text, status, numbers, tuple(sorted(spans, key=lambda span: span.source)))


def _status(case: _Case, question: str, supports: Supports) -> SentenceStatus:
    held = "\n".join([tokens.readable(question), *(one.text for one in case.sources)])
    forms = tokens.known_forms(held)
    foreign = any(not tokens.is_known(name, forms) for name in tokens.names(case.readable))
    if not case.sources or foreign or tokens.missing_numbers(case.readable, held):
        return "unsupported"
    likely = supports(case.context, [one.source for one in case.sources])
    if likely is None:
        stems = Stems.of(word for one in case.sources for word in one.stems.words)
        likely = stems.coverage(case.words) if case.words else 1.0
    return "supported" if likely >= SUPPORTED_FROM else "partial" if likely >= PARTIAL_FROM else "unsupported"


def _quoted(case: _Case, excerpts: Sequence[Excerpt], vectors: Mapping[str, Vectors]) -> list[Excerpt]:
    """Return the excerpts of one source that come nearest to a sentence: none, one, or two that complete each other."""

    def nearness(excerpt: Excerpt) -> float:
        cosines = [float(vectors[excerpt.text] @ vectors[text]) for text in case.meanings] if vectors else [0.0]
        return excerpt.stems.coverage(case.words) + max(cosines) + 0.2 * excerpt.stems.coverage(case.asked)

    if not excerpts:
        return []
    lead = max(excerpts, key=nearness)
    second = alignment.partner(case.words, lead, excerpts)
    return [lead, second] if second else [lead]
