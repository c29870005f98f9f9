"""Overview of many papers: every one read and grouped by theme, each theme written up and proved.

Map and reduce: every paper gives its key sentence, each theme is written up from its papers' key sentences within a
token budget, and every sentence is proved against the abstracts. Where nothing that the model wrote is proved, the
papers speak for themselves: their key sentences are quoted.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import prompts
from assistant.analysis import trends
from assistant.analysis.summaries.key_sentences import key_sentence
from assistant.analysis.trends import Trends
from assistant.grounding import Embed, Supports, verifier
from assistant.library import Library
from assistant.protocols import LanguageModel
from assistant.text import LIST_MARKER, counted, fold, plain, prompt_safety, quotation, split_sentences
from assistant.types import Coverage, Length, Message, Paper, PaperFilter, Progress, Sentence, Source, Span

_FEW_PAPERS = 4
"""Papers up to which whole abstracts are read instead of key sentences."""

_SHOWN_PAPERS = 3
"""Papers of a theme whose words the model is shown: those nearest to the theme's centre."""

_READ_AT_ONCE = 100
"""Papers between two reports of progress."""

_ALL_CITED = 8
"""Papers of an overview up to which every one is cited."""

_WORDED = {1: "one full sentence", 2: "two full sentences"}
_TOKENS_A_SENTENCE = 60
_MOST_MARKS = 12
_FULL_STOP = re.compile(r"[.!?…][\"”’')\]]*$")


@dataclass(frozen=True, slots=True)
class Group:
    """The papers of one theme, by the numbers of their sources: those nearest to its centre first.

    `first` and `last` are their oldest and newest date. All but the title are empty of papers without a theme.
    """

    title: str
    numbers: tuple[int, ...]
    theme_id: str = ""
    first: str = ""
    last: str = ""
    change: str = "unclear"

    @property
    def years(self) -> str:
        """Return the years of the papers behind a comma: ", 2024 to 2026"; "" where they are not known."""
        return f", {_span(self.first, self.last)}" if self.first else ""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was read. `sources` are numbered from 1, those written about first; `key_sentences` goes by their numbers.

    `apart` are the numbers of papers that belong to no theme.
    """

    sources: tuple[Source, ...]
    key_sentences: Mapping[int, str]
    groups: tuple[Group, ...]
    apart: tuple[int, ...]
    coverage: Coverage
    found: Trends

    def source(self, number: int) -> Source:
        """Return the source of a number."""
        return self.sources[number - 1]

    def numbers_of(self, paper_ids: Sequence[str]) -> tuple[int, ...]:
        """Return the numbers of papers, in the order given."""
        numbers = {source.paper_id: source.number for source in self.sources}
        return tuple(numbers[paper_id] for paper_id in paper_ids if paper_id in numbers)


def read(library: Library, filter: PaperFilter, selected: str) -> Generator[Progress, None, Survey]:
    """Read all papers that pass a filter; yield how far that is, and return the survey.

    `selected` says in words which papers they are. What it costs grows linearly with the number of papers: the chat
    model has no part in it.
    """
    papers = {paper.id: paper for paper in library.papers(filter)}
    key: dict[str, str] = {}
    for paper in papers.values():
        if len(key) % _READ_AT_ONCE == 0:
            yield _progress(len(key), len(papers))
        key[paper.id] = key_sentence(paper.title, prompt_safety.without_orders(paper.abstract))
    yield _progress(len(papers), len(papers))
    found = trends.find(library, filter, "year", selected, papers=list(papers.values()))
    themed = [[paper_id for paper_id in theme.paper_ids if paper_id in papers] for theme in found.found]
    nearest = [paper_id for ids in themed for paper_id in ids[:_SHOWN_PAPERS]]
    exemplars = [paper_id for course in (*found.themes, *found.terms) for paper_id in course.exemplars]
    order = dict.fromkeys((*nearest, *exemplars, *(paper_id for ids in themed for paper_id in ids), *papers))
    sources = tuple(
        Source.of(number, papers[paper_id])
        for number, paper_id in enumerate((each for each in order if each in papers), 1)
    )
    numbers = {source.paper_id: source.number for source in sources}
    courses = {course.theme_id: course for course in found.themes}
    groups = []
    for theme, ids in zip(found.found, themed, strict=True):
        if ids:
            course = courses[theme.id]
            of_theme = tuple(numbers[paper_id] for paper_id in ids)
            groups.append(Group(theme.title, of_theme, theme.id, course.first, course.last, course.change))
    grouped = {number for group in groups for number in group.numbers}
    if not groups:  # no paper has a vector: they are one group, the newest first
        groups = [Group("Papers without a theme", tuple(numbers.values()))]
    apart = tuple(number for number in numbers.values() if number not in grouped)
    keyed = {numbers[paper_id]: sentence for paper_id, sentence in key.items()}
    return Survey(sources, keyed, tuple(groups), apart, _coverage(list(papers.values())), found)


def _progress(done: int, total: int) -> Progress:
    return Progress(done, total, f"{done:,} of {total:,} papers read")


def _coverage(papers: Sequence[Paper]) -> Coverage:
    dates = sorted(paper.date for paper in papers if paper.date) or ["", ""]
    undated = sum(not paper.date for paper in papers)
    count, is_few = len(papers), len(papers) <= _FEW_PAPERS
    return Coverage(count, count, dates[0], dates[-1], undated, "abstracts" if is_few else "key sentences")


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


def prompt(survey: Survey, group: Group, size: Size, model: LanguageModel, budget: int) -> tuple[Message, ...]:
    """Return what the model is shown of a theme: titles and key sentences, or whole abstracts where there are few.

    Papers that do not fit into `budget` tokens are left out, the last ones first.
    """
    shown = [_shown(survey, number) for number in group.numbers[:_SHOWN_PAPERS]]
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
    sources = [verifier.provable(survey.source(number)) for number in group.numbers[:_SHOWN_PAPERS]]
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
    least = len(group.numbers) if survey.coverage.matching <= _ALL_CITED else size.cited
    for number in group.numbers:
        if len(cited) < least and number not in cited and (quoted := quoted_paper(survey, number)):
            body.append(quoted)
            cited.add(number)
    heading = f"{plain(group.title)} ({counted(len(group.numbers), 'paper')}{group.years})."
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
            "theme_id": group.theme_id,
            "theme": group.title,
            "papers": len(group.numbers),
            "first": group.first,
            "last": group.last,
            "change": group.change,
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
