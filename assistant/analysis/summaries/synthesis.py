"""An overview written from a survey: what the model is shown of each theme, and what is kept of what it writes.

Map and reduce: every paper gave its key sentence (see `survey`), each theme is written up from its papers' key
sentences within a token budget, and every sentence is proved against the abstracts. Where nothing that the model wrote
is proved, the papers speak for themselves: their key sentences are quoted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import prompts
from assistant.analysis.summaries.survey import SHOWN_PAPERS, Group, Survey
from assistant.grounding import Embed, Supports, verifier
from assistant.protocols import LanguageModel
from assistant.text import LIST_MARKER, counted, fold, plain, prompt_safety, split_sentences
from assistant.text import quotation as quotation_of
from assistant.types import Coverage, Length, Message, Sentence, Span

_THEMES: Mapping[Length, int] = {"short": 3, "medium": 6, "long": 12}
_SENTENCES: Mapping[Length, int] = {"short": 1, "medium": 1, "long": 2}
_QUOTED: Mapping[Length, int] = {"short": 1, "medium": 2, "long": 10}
"""Papers of a theme that are cited at least, as far as it has so many."""

_FEW_PAPERS = 8
"""Papers of an overview up to which every one is cited."""

_WORDED = {1: "one full sentence", 2: "two full sentences"}
_TOKENS_A_SENTENCE = 60
_MOST_MARKS = 12
_FULL_STOP = re.compile(r"[.!?…][\"”’')\]]*$")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an overview: what is counted, and the sentences about it, each with its sources."""

    heading: Sentence
    body: tuple[Sentence, ...] = ()


def written_groups(survey: Survey, length: Length) -> tuple[Group, ...]:
    """Return the themes that are written up, the largest first."""
    largest = sorted(survey.groups, key=lambda group: -len(group.numbers))[: _THEMES[length]]
    return tuple(group for group in survey.groups if group in largest)


def most_tokens(length: Length) -> int:
    """Return how long the model's text on one theme may be, in tokens."""
    return _SENTENCES[length] * _TOKENS_A_SENTENCE


def prompt(survey: Survey, group: Group, length: Length, model: LanguageModel, budget: int) -> tuple[Message, ...]:
    """Return what the model is shown of a theme: titles and key sentences, or whole abstracts where there are few.

    Papers that do not fit into `budget` tokens are left out, the last ones first.
    """
    numbers = list(group.numbers[:SHOWN_PAPERS])
    while True:
        shown = "\n".join(_shown(survey, number) for number in numbers)
        asked = prompts.load(
            "theme_summary",
            sources=shown,
            theme=prompt_safety.title(group.title),
            sentences=_WORDED[min(_SENTENCES[length], len(numbers))],
        )
        messages = (Message("user", asked),)
        if len(numbers) <= 1 or model.count_prompt_tokens(messages) <= budget:
            return messages
        numbers.pop()


def proved(
    written: str, survey: Survey, group: Group, supports: Supports, embed: Embed
) -> tuple[list[Sentence], list[Sentence]]:
    """Return the sentences of a text on a theme that its papers' abstracts hold, and those that they do not.

    One that is only partly supported, or says nothing of the papers, is not kept: an overview has better ones to quote.
    """
    sources = [verifier.provable(survey.source(number)) for number in group.numbers[:SHOWN_PAPERS]]
    sentences = [
        sentence for sentence in split_sentences(written) if _FULL_STOP.search(sentence.strip())
    ]  # one that was cut says half of what it says
    text = " ".join(LIST_MARKER.sub("", sentence, count=1) for sentence in sentences)
    judged = verifier.prove(text, "", sources, supports, embed) if text else ()
    titles = {fold(source.title) for source in sources}
    kept = [
        sentence
        for sentence in judged
        if sentence.status in ("exact", "supported") and not any(fold(sentence.text) in title for title in titles)
    ]
    return list(dict.fromkeys(kept)), [s for s in judged if s.status in ("partial", "unsupported")]


def section(survey: Survey, group: Group, kept: Sequence[Sentence], length: Length) -> Section:
    """Return a theme's part of the overview; papers that no kept sentence cites are quoted where too few are cited."""
    body = list(kept[: _SENTENCES[length]])
    cited = {number for sentence in body for number in sentence.sources}
    least = len(group.numbers) if survey.coverage.matching <= _FEW_PAPERS else _QUOTED[length]
    for number in group.numbers:
        if len(cited) >= least:
            break
        if number not in cited and (sentence := quotation(survey, number)):
            body.append(sentence)
            cited.add(number)
    return Section(_heading(group), tuple(body))


def quotation(survey: Survey, number: int) -> Sentence | None:
    """Return a paper's key sentence as a quotation."""
    said = survey.key_sentences.get(number, "")
    source = survey.source(number)
    if not said or said not in source.abstract:
        return None
    return Sentence(f"{plain(source.title)}: “{quotation_of(said)}”", "exact", (number,), (Span(number, said),))


def opening(coverage: Coverage, selected: str, note: str) -> Sentence:
    """Return what the overview covers, as a sentence."""
    which = selected or ("" if note else "in the library")
    words = f"{coverage.read:,} of {counted(coverage.matching, 'paper')} {which}".rstrip()
    years = f", {_span(coverage.first, coverage.last)}" if coverage.first else ""
    undated = f", {coverage.undated:,} without a date" if coverage.undated else ""
    read = "read in their abstracts" if coverage.reading == "abstracts" else "read by their key sentences"
    return Sentence(f"{words}{years}{undated}, {read}{f' ({note})' if note else ''}.", "exact")


def text(sections: Sequence[Section]) -> str:
    """Join the sections to the text that is shown: one a paragraph, behind each sentence its sources' numbers."""
    return "\n\n".join(_paragraph(each) for each in sections)


def sentences(sections: Sequence[Section]) -> tuple[Sentence, ...]:
    """Return the sentences of the sections in the order of the text."""
    return tuple(sentence for each in sections for sentence in (each.heading, *each.body))


def rows(survey: Survey) -> tuple[Mapping[str, object], ...]:
    """Return the themes as plain values: theme_id, theme, papers, first, last, change, paper_ids (all of them)."""
    return tuple(
        {
            "theme_id": group.course.theme_id if group.course else "",
            "theme": group.title,
            "papers": len(group.numbers),
            "first": group.course.first if group.course else "",
            "last": group.course.last if group.course else "",
            "change": group.course.change if group.course else "unclear",
            "paper_ids": [survey.source(number).paper_id for number in group.numbers],
        }
        for group in survey.groups
    )


def _heading(group: Group) -> Sentence:
    years = f", {_span(group.course.first, group.course.last)}" if group.course and group.course.first else ""
    return Sentence(f"{plain(group.title)} ({counted(len(group.numbers), 'paper')}{years}).", "exact")


def _shown(survey: Survey, number: int) -> str:
    source = survey.source(number)
    said = source.abstract if survey.coverage.reading == "abstracts" else survey.key_sentences[number]
    return f"[{number}] {prompt_safety.title(source.title).rstrip('.')}. {prompt_safety.quoted(said)}"


def _paragraph(section: Section) -> str:
    said = _marked(section.heading) if not section.body else section.heading.text
    for sentence in section.body:
        said += ("\n" if LIST_MARKER.match(sentence.text) else " ") + _marked(sentence)
    return said


def _marked(sentence: Sentence) -> str:
    numbers = sentence.sources if len(sentence.sources) <= _MOST_MARKS else ()
    return f"{sentence.text} {''.join(f'[{number}]' for number in numbers)}".rstrip()


def _span(first: str, last: str) -> str:
    return first[:4] if first[:4] == last[:4] else f"{first[:4]} to {last[:4]}"
