"""Where each sentence of an answer comes from, and whether the abstracts say it.

Citations do not depend on the model obeying a format. Marks that it wrote are dropped, and each sentence gets the
numbers of the abstracts that hold it, each with a verbatim quotation. Numbers, names, negations and directions are
compared by the letter (`literals`, `quantities`, `opposites`), the rest by words and meaning (`alignment`); a small
logistic model (`signs`) weighs both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assistant import alignment, literals, opposites, quantities
from assistant.alignment import Evidence, Excerpt
from assistant.marks import without_marks
from assistant.names import fold
from assistant.protocols import Vectors
from assistant.sentences import LIST_MARKER, split
from assistant.signs import Signs, probability
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

_COMPARES = re.compile(
    r"\b(?:whereas|while|both|unlike|in contrast|on the other hand|compared|respectively)\b", re.IGNORECASE
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


def prove(text: str, question: str, sources: Sequence[Source], embed: Embed | None = None) -> tuple[Sentence, ...]:
    """Split an answer into sentences, each with a status, its sources, and verbatim spans of their abstracts.

    "exact" stands word for word in an abstract. "supported" and "partial" are said by the spans, wholly or not surely.
    "unsupported" has no source: the abstracts do not say it, or say another number. "unchecked" states nothing
    of the papers: a heading, or that the abstracts do not say. `embed` gives unit vectors, shape (n, dimension); it is
    called at most once. Without it words alone decide.
    """
    return tuple(sentence for sentence, _ in examine(text, question, sources, embed))


def examine(
    text: str, question: str, sources: Sequence[Source], embed: Embed | None = None
) -> list[tuple[Sentence, Signs | None]]:
    """Prove an answer as `prove` does, and return what spoke for and against each sentence, or None."""
    evidence = [alignment.read(source) for source in sources]
    outcomes = [_settled_or_case(sentence, question, evidence, sources) for sentence in split(text)]
    cases = [case for case in outcomes if isinstance(case, _Case)]
    similarities = iter(_similarities(cases, embed))
    examined: list[tuple[Sentence, Signs | None]] = [
        _judged(one, question, evidence, next(similarities) if embed else None)
        if isinstance(one, _Case)
        else (one, None)
        for one in outcomes
    ]
    return [(sentence, signs) for sentence, signs in examined if sentence.text]


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
    readable = literals.readable(LIST_MARKER.sub("", bare, count=1) if LIST_MARKER.match(bare) else bare)
    if _states_nothing(readable):
        return Sentence(bare, "unchecked")
    if found := _verbatim(bare, sources):
        return Sentence(bare, "exact", (found[0],), (Span(*found),))
    words = alignment.weights(dict.fromkeys(literals.stems(readable)), evidence)
    asked = alignment.weights(
        dict.fromkeys(word for word in literals.stems(literals.readable(question)) if word not in words), evidence
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
        quantities.numerals(readable) or any(name.isupper() for name in literals.names(readable))
    )


def _verbatim(sentence: str, sources: Sequence[Source]) -> tuple[int, str] | None:
    """Return the source whose abstract holds a sentence word for word, and where it does so."""
    words = sentence.rstrip(". ").split()
    if len(literals.stems(sentence)) < _FEWEST_EXACT_WORDS or not words:
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
    """Return what a sentence's meaning is compared with: candidates alone, and the best two of each source together."""
    texts = []
    for candidates in case.candidates:
        texts += [candidate.text[:1000] for candidate in candidates]
        if len(candidates) > 1:
            texts.append(_pair(candidates))
    return texts


def _pair(candidates: Sequence[Excerpt]) -> str:
    return f"{candidates[0].text[:500]} {candidates[1].text[:500]}"


def _judged(
    case: _Case, question: str, evidence: Sequence[Evidence], similarity: Mapping[str, float] | None
) -> tuple[Sentence, Signs]:
    spans, signs = _weigh(case, question, evidence, similarity)
    status = _status(case, signs, with_meaning=similarity is not None)
    if status == "unsupported":
        return Sentence(case.text, status), signs
    numbers = tuple(sorted(one.number for one in case.sources))
    return Sentence(case.text, status, numbers, tuple(Span(number, excerpt.quote) for number, excerpt in spans)), signs


def _status(case: _Case, signs: Signs, *, with_meaning: bool) -> SentenceStatus:
    if not case.sources or signs.wrong_number:
        return "unsupported"
    likely = probability(signs, with_meaning=with_meaning)
    if likely >= SUPPORTED_FROM and not signs.other_subject:
        return "supported"
    return "partial" if likely >= PARTIAL_FROM else "unsupported"


def _held(case: _Case, question: str) -> str:
    return "\n".join([literals.readable(question), *(one.held for one in case.sources)])


def _weigh(
    case: _Case, question: str, evidence: Sequence[Evidence], similarity: Mapping[str, float] | None
) -> tuple[list[tuple[int, Excerpt]], Signs]:
    """Return the spans that come nearest to a sentence, in the sources' order, and what they say for and against it."""
    spans: list[tuple[int, Excerpt]] = []
    for one, candidates in zip(case.sources, case.candidates, strict=True):
        if not candidates:
            continue
        lead = max(
            range(len(candidates)),
            key=lambda i: (
                alignment.coverage(case.words, candidates[i].words, candidates[i].beginnings)
                + (similarity or {}).get(candidates[i].text[:1000], 0.0)
                + 0.2
                * (alignment.coverage(case.asked, candidates[i].words, candidates[i].beginnings) if case.asked else 0)
            ),
        )
        second = alignment.partner(case.words, lead, candidates)
        kept = [candidates[lead]] + ([candidates[second]] if second is not None else [])
        spans += [(one.number, excerpt) for excerpt in sorted(kept, key=one.excerpts.index)]
    spans.sort(key=lambda span: span[0])
    return spans, _signs(case, question, evidence, [excerpt for _, excerpt in spans], similarity)


def _signs(
    case: _Case,
    question: str,
    evidence: Sequence[Evidence],
    spans: Sequence[Excerpt],
    similarity: Mapping[str, float] | None,
) -> Signs:
    span_words = frozenset[str]().union(*(span.words for span in spans))
    span_beginnings = frozenset[str]().union(*(span.beginnings for span in spans))
    words = frozenset[str]().union(*(one.words for one in case.sources))
    beginnings = frozenset[str]().union(*(one.beginnings for one in case.sources))
    forms = frozenset[str]().union(*(one.names for one in case.sources))
    asked_forms = literals.known_forms(literals.readable(question))
    held = _held(case, question)
    said_names = literals.names(case.readable)
    foreign_names = [n for n in said_names if not literals.is_known(n, forms) and not literals.is_known(n, asked_forms)]
    said = quantities.quantities(case.readable, case.asked if len(case.words) <= 2 * _FRAGMENT_WORDS else ())
    known = [quantity for one in case.sources for quantity in one.quantities]
    said_there = " . ".join(span.text for span in spans)
    negated, turned = opposites.contradicts(case.readable, said_there)
    swapped = max((opposites.swapped_roles(case.readable, span.text) for span in spans), default=0.0)
    asked_names = literals.names(literals.readable(question))
    others = [one for one in evidence if one not in case.sources]
    elsewhere = any(literals.is_known(name, one.names) for name in asked_names for one in others)
    here = any(literals.is_known(name, forms) for name in asked_names)
    differs = max(
        negated,
        turned,
        swapped,
        float(opposites.foreign_direction(case.readable, said_there, held)),
        max((opposites.replaced(case.readable, span.text) for span in spans), default=0.0),
    )
    return Signs(
        alignment.coverage(case.words, words, beginnings),
        max((similarity or {}).values(), default=0.0),
        float(bool(foreign_names)),
        float(elsewhere and not here),
        quantities.misfit(said, known),
        negated,
        turned,
        swapped,
        altered=differs * alignment.coverage(case.words, span_words, span_beginnings),
        fused=float(_is_fused(case)),
        wrong_number=float(bool(quantities.missing_numbers(case.readable, held))),
    )


def _is_fused(case: _Case) -> bool:
    """Tell whether a sentence draws on a further source that it does not name, without comparing."""
    return any(one.number not in case.named for one in case.sources[1:]) and not _COMPARES.search(case.readable)
