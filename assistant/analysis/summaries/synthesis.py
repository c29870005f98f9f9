"""Sections of an overview: what the model is shown of each theme, and what is kept of what it writes.

Map and reduce: every paper gave its key sentence (see `survey`), each theme is written up from its papers' key
sentences within a token budget, and every sentence is proved against the abstracts. Where nothing that the model wrote
is proved, the papers speak for themselves: their key sentences are quoted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import prompts
from assistant.analysis.summaries.survey import SHOWN_PAPERS, Group, Survey
from assistant.grounding import Embed, Supports, verifier
from assistant.protocols import LanguageModel
from assistant.text import LIST_MARKER, counted, fold, plain, prompt_safety, quotation, split_sentences
from assistant.types import Coverage, Length, Message, Sentence, Span

_FEW_PAPERS = 8
"""Papers of an overview up to which every one is cited."""

_WORDED = {1: "one full sentence", 2: "two full sentences"}
_TOKENS_A_SENTENCE = 60
_MOST_MARKS = 12
_FULL_STOP = re.compile(r"[.!?…][\"”’')\]]*$")


class Size(NamedTuple):
    """How much an overview says: themes written up, the model's sentences on each, and its papers cited at least."""

    themes: int
    sentences: int
    cited: int

    @property
    def most_tokens(self) -> int:
        """Return how long the model's text on one theme may be, in tokens."""
        return self.sentences * _TOKENS_A_SENTENCE


SIZES: Mapping[Length, Size] = {"short": Size(3, 1, 1), "medium": Size(6, 1, 2), "long": Size(12, 2, 10)}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an answer: its heading, what is counted, and the sentences about it, each with its sources."""

    heading: Sentence
    body: tuple[Sentence, ...] = ()

    @property
    def text(self) -> str:
        """Return the section as a paragraph, behind each sentence its sources' numbers."""
        said = self.heading.text if self.body else _marked(self.heading)
        for sentence in self.body:
            said += ("\n" if LIST_MARKER.match(sentence.text) else " ") + _marked(sentence)
        return said


def text(sections: Sequence[Section]) -> str:
    """Join the sections to the text that is shown."""
    return "\n\n".join(section.text for section in sections)


def sentences(sections: Sequence[Section]) -> tuple[Sentence, ...]:
    """Return the sentences of the sections in the order of the text."""
    return tuple(sentence for each in sections for sentence in (each.heading, *each.body))


def prompt(survey: Survey, group: Group, size: Size, model: LanguageModel, budget: int) -> tuple[Message, ...]:
    """Return what the model is shown of a theme: titles and key sentences, or whole abstracts where there are few.

    Papers that do not fit into `budget` tokens are left out, the last ones first.
    """
    shown = [_shown(survey, number) for number in group.numbers[:SHOWN_PAPERS]]
    while True:
        wanted = _WORDED[min(size.sentences, len(shown))]
        theme, listed = prompt_safety.title(group.title), "\n".join(shown)
        asked = prompts.load("theme_summary", sources=listed, theme=theme, sentences=wanted)
        messages = (Message("user", asked),)
        if len(shown) <= 1 or model.count_prompt_tokens(messages) <= budget:
            return messages
        shown.pop()


def proved(
    written: str, survey: Survey, group: Group, supports: Supports, embed: Embed
) -> tuple[list[Sentence], list[Sentence]]:
    """Return the sentences of a text on a theme that its papers' abstracts hold, and those that they do not.

    One that is only partly supported, or says nothing of the papers, is not kept: an overview has better ones to quote.
    One that was cut says half of what it says, and is not looked at.
    """
    sources = [verifier.provable(survey.source(number)) for number in group.numbers[:SHOWN_PAPERS]]
    whole = [sentence for sentence in split_sentences(written) if _FULL_STOP.search(sentence.strip())]
    said = " ".join(LIST_MARKER.sub("", sentence, count=1) for sentence in whole)
    judged = verifier.prove(said, "", sources, supports, embed) if said else ()
    titles = {fold(source.title) for source in sources}
    kept = [
        sentence
        for sentence in judged
        if sentence.status in ("exact", "supported") and not any(fold(sentence.text) in title for title in titles)
    ]
    return list(dict.fromkeys(kept)), [each for each in judged if each.status in ("partial", "unsupported")]


def section(survey: Survey, group: Group, kept: Sequence[Sentence], size: Size) -> Section:
    """Return a theme's part of the overview; papers that no kept sentence cites are quoted where too few are cited."""
    body = list(kept[: size.sentences])
    cited = {number for sentence in body for number in sentence.sources}
    least = len(group.numbers) if survey.coverage.matching <= _FEW_PAPERS else size.cited
    for number in group.numbers:
        if len(cited) < least and number not in cited and (quoted := quoted_paper(survey, number)):
            body.append(quoted)
            cited.add(number)
    years = f", {_span(group.course.first, group.course.last)}" if group.course and group.course.first else ""
    heading = f"{plain(group.title)} ({counted(len(group.numbers), 'paper')}{years})."
    return Section(Sentence(heading, "exact"), tuple(body))


def quoted_paper(survey: Survey, number: int) -> Sentence | None:
    """Return a paper's key sentence as a quotation; None where its abstract does not hold it."""
    said, source = survey.key_sentences.get(number, ""), survey.source(number)
    if not said or said not in source.abstract:
        return None
    return Sentence(f"{plain(source.title)}: “{quotation(said)}”", "exact", (number,), (Span(number, said),))


def opening(coverage: Coverage, selected: str, note: str) -> Sentence:
    """Return what the overview covers, as a sentence."""
    which = selected or ("" if note else "in the library")
    words = f"{coverage.read:,} of {counted(coverage.matching, 'paper')} {which}".rstrip()
    years = f", {_span(coverage.first, coverage.last)}" if coverage.first else ""
    undated = f", {coverage.undated:,} without a date" if coverage.undated else ""
    read = "read in their abstracts" if coverage.reading == "abstracts" else "read by their key sentences"
    return Sentence(f"{words}{years}{undated}, {read}{f' ({note})' if note else ''}.", "exact")


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


def _shown(survey: Survey, number: int) -> str:
    source = survey.source(number)
    said = source.abstract if survey.coverage.reading == "abstracts" else survey.key_sentences[number]
    return f"[{number}] {prompt_safety.title(source.title).rstrip('.')}. {prompt_safety.quoted(said)}"


def _marked(sentence: Sentence) -> str:
    numbers = sentence.sources if len(sentence.sources) <= _MOST_MARKS else ()
    return f"{sentence.text} {''.join(f'[{number}]' for number in numbers)}".rstrip()


def _span(first: str, last: str) -> str:
    return first[:4] if first[:4] == last[:4] else f"{first[:4]} to {last[:4]}"
