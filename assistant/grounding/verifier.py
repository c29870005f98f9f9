"""Where each sentence of an answer comes from, and whether the abstracts say it.

Citations do not depend on the model obeying a format. Marks that it wrote are dropped, and each sentence gets the
numbers of the abstracts that hold it, each with a verbatim quotation, found by words and meaning (`alignment`). Numbers
and names are compared by the letter (`literals`, `quantities`); whether the rest is supported, a model that reads both
tells (`support`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.grounding import alignment, quantities, tokens
from assistant.grounding.alignment import Evidence, Excerpt
from assistant.grounding.citation_marks import without_marks
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

Embed = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class _Case:
    """One sentence with what it is compared to. `candidates` are the nearest excerpts of each source, best first.

    `named` are the numbers of the sources whose titles it holds.
    """

    text: str
    readable: str
    context: str
    words: Mapping[str, float]
    asked: Mapping[str, float]
    sources: tuple[Evidence, ...]
    candidates: tuple[tuple[Excerpt, ...], ...]
    named: tuple[int, ...]


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
    outcomes = [_settled_or_case(sentence, question, evidence, sources) for sentence in split_sentences(text)]
    cases = [case for case in outcomes if isinstance(case, _Case)]
    similarities = iter(_similarities(cases, embed))
    read = {source.number: source for source in sources}
    proved = [
        _judged(one, question, read, supports, next(similarities) if embed else {}) if isinstance(one, _Case) else one
        for one in outcomes
    ]
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


def _settled_or_case(
    sentence: str, question: str, evidence: Sequence[Evidence], sources: Sequence[Source]
) -> Sentence | _Case:
    bare = without_marks(sentence, sources)
    readable = tokens.readable(LIST_MARKER.sub("", bare, count=1) if LIST_MARKER.match(bare) else bare)
    if _states_nothing(readable):
        return Sentence(bare, "unchecked")
    if found := _verbatim(bare, sources):
        return Sentence(bare, "exact", (found[0],), (Span(*found),))
    words = alignment.weights(dict.fromkeys(tokens.stems(readable)), evidence)
    asked = alignment.weights(
        dict.fromkeys(word for word in tokens.stems(tokens.readable(question)) if word not in words), evidence
    )
    named = [one.number for one in evidence if one.title and f" {one.title} " in f" {fold(readable)} "]
    chosen = alignment.choose(words, asked, evidence, named)
    by_number = {one.number: one for one in evidence}
    picked = tuple(by_number[number] for number in chosen)
    candidates = tuple(
        tuple(one.excerpts[i] for i in alignment.nearest(words, asked, one.excerpts, _CANDIDATES)) for one in picked
    )
    context = f"{question} {readable}" if len(words) <= _FRAGMENT_WORDS else readable
    return _Case(bare, readable, context[:1000], words, asked, picked, candidates, tuple(named))


def _states_nothing(readable: str) -> bool:
    """Tell whether a sentence says nothing of the papers that could be checked."""
    if not any(character.isalnum() for character in readable):
        return True
    if _OF_SILENCE.search(readable):
        return True
    return bool(_STATES_NOTHING.match(readable)) and not (
        quantities.numerals(readable) or any(name.isupper() for name in tokens.names(readable))
    )


def _verbatim(sentence: str, sources: Sequence[Source]) -> tuple[int, str] | None:
    """Return the source whose abstract holds a sentence word for word, and where it does so."""
    words = sentence.rstrip(". ").split()
    if len(tokens.stems(sentence)) < _FEWEST_EXACT_WORDS or not words:
        return None
    pattern = re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?!\w)\.?")
    for source in sources:
        if found := pattern.search(source.abstract):
            return source.number, found.group()
    return None


def _similarities(cases: Sequence[_Case], embed: Embed | None) -> list[dict[str, float]]:
    """Return, for each sentence, its cosine to each candidate text; all texts are embedded in one call."""
    if embed is None or not cases:
        return []
    rows: dict[str, int] = {}
    for case in cases:
        for text in (case.readable[:1000], case.context, *_windows(case)):
            rows.setdefault(text, len(rows))
    vectors = embed(list(rows))
    return [
        {
            text: max(
                float(vectors[rows[text]] @ vectors[rows[case.readable[:1000]]]),
                float(vectors[rows[text]] @ vectors[rows[case.context]]),
            )
            for text in _windows(case)
        }
        for case in cases
    ]


def _windows(case: _Case) -> list[str]:
    """Return what a sentence's meaning is compared with."""
    return [candidate.text[:1000] for candidates in case.candidates for candidate in candidates]


def _judged(
    case: _Case, question: str, read: Mapping[int, Source], supports: Supports, similarity: Mapping[str, float]
) -> Sentence:
    status = _status(case, question, [read[one.number] for one in case.sources], supports)
    if status == "unsupported":
        return Sentence(case.text, status)
    numbers = tuple(sorted(one.number for one in case.sources))
    spans = tuple(Span(number, excerpt.quote) for number, excerpt in _spans(case, similarity))
    return Sentence(case.text, status, numbers, spans)


def _status(case: _Case, question: str, sources: Sequence[Source], supports: Supports) -> SentenceStatus:
    held = "\n".join([tokens.readable(question), *(one.held for one in case.sources)])
    forms = tokens.known_forms(held)
    foreign = any(not tokens.is_known(name, forms) for name in tokens.names(case.readable))
    if not sources or foreign or quantities.missing_numbers(case.readable, held):
        return "unsupported"
    likely = supports(case.context, sources)
    if likely is None:
        words = frozenset[str]().union(*(one.words for one in case.sources))
        beginnings = frozenset[str]().union(*(one.beginnings for one in case.sources))
        likely = alignment.coverage(case.words, words, beginnings)
    return "supported" if likely >= SUPPORTED_FROM else "partial" if likely >= PARTIAL_FROM else "unsupported"


def _spans(case: _Case, similarity: Mapping[str, float]) -> list[tuple[int, Excerpt]]:
    """Return the excerpts that come nearest to a sentence, in the sources' order."""
    spans: list[tuple[int, Excerpt]] = []
    for one, candidates in zip(case.sources, case.candidates, strict=True):
        if not candidates:
            continue
        lead = max(
            range(len(candidates)),
            key=lambda i: (
                alignment.coverage(case.words, candidates[i].words, candidates[i].beginnings)
                + similarity.get(candidates[i].text[:1000], 0.0)
                + 0.2
                * (alignment.coverage(case.asked, candidates[i].words, candidates[i].beginnings) if case.asked else 0)
            ),
        )
        second = alignment.partner(case.words, lead, candidates)
        kept = [candidates[lead]] + ([candidates[second]] if second is not None else [])
        spans += [(one.number, excerpt) for excerpt in sorted(kept, key=one.excerpts.index)]
    return sorted(spans, key=lambda span: span[0])
