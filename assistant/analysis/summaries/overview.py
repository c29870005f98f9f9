"""Overviews and summaries as events: what is known at once, then what the model reads for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant import catalogue
from assistant.analysis import trends
from assistant.analysis.summaries import lines, paper_summary, paragraphs
from assistant.analysis.summaries import survey as surveys
from assistant.analysis.summaries.lines import Line
from assistant.analysis.summaries.paragraphs import SIZES, Section, Size
from assistant.analysis.summaries.survey import Survey
from assistant.analysis.themes import saved_themes
from assistant.grounding import Embed, support
from assistant.library import Library
from assistant.protocols import LanguageModel
from assistant.text import counted, filter_in_words, joined, plain
from assistant.types import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    CataloguePlan,
    Coverage,
    EvidenceFound,
    Measure,
    ModelInfo,
    OverviewPlan,
    PaperFilter,
    Progress,
    Sentence,
    Source,
    TextProduced,
)

MOST_SOURCES = 200
"""Papers that an answer shows as numbered sources; of more, the rows name all."""

_MOST_COAUTHORS = 5
_MOST_FIRST = 10


@dataclass(frozen=True, slots=True)
class Overviews:
    """Writes overviews over one library. The model is loaded when the papers have been read.

    `prompt_tokens` bounds what the model reads to prove a sentence, `probes` is where those made here are.
    """

    library: Library
    embed: Embed
    language_model: Callable[[], LanguageModel]
    prompt_tokens: int
    probes: Path | None = None
    called: Callable[[str], str] = str

    def of_papers(self, answer: Answer, filter: PaperFilter, note: str, stop: threading.Event) -> Iterator[AnswerEvent]:
        """Tell of every paper that passes a filter, theme by theme; `note` says how the papers were chosen.

        `answer` is the answer as far as it is known: question and plan. What is known without the model is shown at
        once; then the model reads a few of the papers that it has not read. Without any it is not loaded.
        """
        size = SIZES[answer.plan.length if isinstance(answer.plan, OverviewPlan) else "medium"]
        selected = _which(answer, filter, {name: self.called(name) for name in filter.people}, note)
        survey = yield from surveys.read(self.library, filter, f"papers {selected}".strip())
        topic = answer.plan.topic if isinstance(answer.plan, OverviewPlan) else ""
        whose = filter.author and filter == PaperFilter(author=filter.author)
        about = f"{selected}{f' on “{plain(topic)}”' if topic and note else ''}".strip()
        subject = f"{plain(self.called(filter.author))} works" if whose else f"The papers {about}".strip() + " are"
        yield EvidenceFound(survey.sources[:MOST_SOURCES])
        is_part = saved_themes.is_part(filter) or filter.among is not None
        facts = list(_facts(self.library, survey, filter, size))

        def sections() -> list[Section]:
            told = [paragraphs.opening(survey, subject, is_part=is_part), *paragraphs.themes(survey, size)]
            covered = Section(paragraphs.coverage(survey.coverage, selected, note))
            return [*told, *paragraphs.others(survey, size), *facts, *paragraphs.changed(survey, size), covered]

        yield TextProduced(paragraphs.text(sections()))
        missing = [number for number in paragraphs.shown_numbers(survey, size) if number not in survey.lines]
        missing = [number for number in missing if survey.source(number).abstract][: size.read_now]
        model: ModelInfo | None = None
        if missing:
            survey = survey.with_lines((yield from self._read_now(survey, missing, stop)))
            model = self.language_model().info
        shown = set(paragraphs.shown_numbers(survey, size))
        withheld = [
            Sentence(line.said, line.status)
            for number, line in survey.lines.items()
            if number in shown and line.said and not line.is_proved
        ]
        covered = survey.coverage
        answer = replace(answer, rows=survey.rows, count=covered.matching, coverage=covered, model=model)
        cut = [_cut(each) for each in sections()]
        yield _finished(replace(answer, sources=survey.sources[:MOST_SOURCES]), cut, withheld, stop)

    def _read_now(
        self, survey: Survey, numbers: Sequence[int], stop: threading.Event
    ) -> Generator[Progress, None, dict[int, Line]]:
        """Have the model read papers; yield how far that is, and return their lines by number."""
        model, written = self.language_model(), dict[int, Line]()
        supports = support.reader(model, self.probes, self.prompt_tokens, stop)
        for done, number in enumerate(numbers):
            yield Progress(done, len(numbers), f"The model reads {done + 1} of {counted(len(numbers), 'paper')}")
            line = lines.written(self.library, survey.source(number), model, supports, self.embed, stop)
            if line:
                written[number] = line
            if stop.is_set():
                break
        return written

    def of_paper(self, answer: Answer, source: Source, stop: threading.Event) -> Iterator[AnswerEvent]:
        """Summarise one paper: a line by the model, kept for the next time, and the abstract's own words."""
        yield EvidenceFound((source,))
        yield TextProduced(paper_summary.section(source, None).text)
        model = self.language_model()
        supports = support.reader(model, self.probes, self.prompt_tokens, stop)
        line = lines.written(self.library, source, model, supports, self.embed, stop)
        withheld = [Sentence(line.said, line.status)] if line and not line.is_proved else []
        coverage = Coverage(1, 1, source.date, source.date, int(not source.date), int(line is not None))
        answer = replace(answer, rows=paper_summary.table([source]), count=1, coverage=coverage)
        answer = replace(answer, sources=(source,), model=model.info)
        yield _finished(answer, [paper_summary.section(source, line)], withheld, stop)


def _finished(
    answer: Answer, sections: Sequence[Section], withheld: Sequence[Sentence], stop: threading.Event
) -> AnswerFinished:
    remarks = ["stopped by the reader"] if stop.is_set() else []
    if withheld:
        pronoun = "it" if len(withheld) == 1 else "them"
        remarks.append(f"{counted(len(withheld), 'sentence')} withheld: no abstract wholly supports {pronoun}")
    said = tuple(sentence for section in sections for sentence in (section.heading, *section.body))
    answer = replace(answer, text=paragraphs.text(sections), sentences=said, withheld=tuple(withheld))
    return AnswerFinished(replace(answer, reason="; ".join(remarks), is_cut=stop.is_set()))


def _which(answer: Answer, filter: PaperFilter, names: Mapping[str, str], note: str) -> str:
    """Return which papers are meant, as words behind "papers"."""
    words = filter_in_words(replace(filter, among=None), names)
    if answer.plan and answer.plan.papers:
        return f"{words} that were named".strip() if not words else f"{words}, those that were named"
    return words or ("that were chosen before" if filter.among is not None and not note else "")


def _cut(section: Section) -> Section:
    """Return a section whose sentences name only sources that are shown."""

    def shown(sentence: Sentence) -> Sentence:
        return replace(
            sentence,
            sources=tuple(number for number in sentence.sources if number <= MOST_SOURCES),
            spans=tuple(span for span in sentence.spans if span.source <= MOST_SOURCES),
        )

    body = (
        shown(sentence) for sentence in section.body if not sentence.sources or min(sentence.sources) <= MOST_SOURCES
    )
    return Section(shown(section.heading), tuple(body))


def _facts(library: Library, survey: Survey, filter: PaperFilter, size: Size) -> Iterator[Section]:
    """Yield the papers of each year, and an author's co-authors and first-authored papers; all counted."""
    if survey.coverage.matching > 1 and size != SIZES["short"]:
        yield Section(Sentence(trends.publications_in_words(survey.found), "exact"))
        if filter.author and not filter.position:
            yield from _of_author(library, survey, filter)


def _of_author(library: Library, survey: Survey, filter: PaperFilter) -> Iterator[Section]:
    def looked_up(wanted: PaperFilter, measure: Measure, most: int) -> catalogue.CatalogueAnswer:
        return catalogue.answer(library, CataloguePlan(question="", filter=wanted, measure=measure, limit=most))

    if people := _unequalled(looked_up(filter, "coauthors", _MOST_COAUTHORS).rows):
        listed = joined([f"{plain(row['author'])} ({counted(row['papers'], 'paper')})" for row in people])
        yield Section(Sentence(f"Most frequent co-authors: {listed}.", "exact"))
    first = looked_up(replace(filter, position="first"), "papers", _MOST_FIRST)
    if first.rows:
        titles = [f"“{plain(row['title'])}”" for row in first.rows]
        shown = f", {len(titles)} of them" if first.count > len(titles) else ""
        text = f"First author of {first.count:,} of the {survey.coverage.matching:,}{shown}: {joined(titles)}."
        yield Section(Sentence(text, "exact", survey.numbers_of([row["paper_id"] for row in first.rows])))


def _unequalled(people: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return the most frequent co-authors; of too many with equally few papers none, or the first where all are so."""
    if len(people) <= _MOST_COAUTHORS + 1:
        return people
    more = [row for row in people if row["papers"] > people[-1]["papers"]]
    return more or people[:_MOST_COAUTHORS]
