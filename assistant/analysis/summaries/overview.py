"""Overviews and summaries as events: every paper read, each theme written up and proved, the rest counted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant import catalogue
from assistant.analysis import trends
from assistant.analysis.summaries import paper_summary, synthesis
from assistant.analysis.summaries.synthesis import SIZES, Group, Section, Survey
from assistant.analysis.trends import Trend
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
_MOST_CHANGES = 6


@dataclass(frozen=True, slots=True)
class Overviews:
    """Writes overviews over one library. The model is loaded when the papers have been read.

    `prompt_tokens` bounds what the model is shown of one theme, `probes` is the folder of those made on this machine.
    """

    library: Library
    embed: Embed
    language_model: Callable[[], LanguageModel]
    prompt_tokens: int
    probes: Path | None = None
    called: Callable[[str], str] = str

    def of_papers(self, answer: Answer, filter: PaperFilter, note: str, stop: threading.Event) -> Iterator[AnswerEvent]:
        """Read every paper that passes a filter and write up its themes; `note` says how the papers were chosen.

        `answer` is the answer as far as it is known: question and plan. What can be counted is shown at once.
        """
        size = SIZES[answer.plan.length if isinstance(answer.plan, OverviewPlan) else "medium"]
        selected = _which(answer, filter, {name: self.called(name) for name in filter.people}, note)
        read = yield from synthesis.read(self.library, filter, f"papers {selected}".strip())
        sources = read.sources[:MOST_SOURCES]
        yield EvidenceFound(sources)
        facts = list(_facts(self.library, read, filter))
        opening = Section(synthesis.opening(read.coverage, selected, note))
        largest = sorted(read.groups, key=lambda group: -len(group.numbers))[: size.themes]
        groups = [group for group in read.groups if group in largest]
        outline = [opening, *(synthesis.section(read, group, (), SIZES["short"]) for group in groups), *facts]
        yield TextProduced(synthesis.text(outline))
        model = self.language_model()
        supports = support.reader(model, self.probes, self.prompt_tokens)
        kept: dict[int, list[Sentence]] = {}
        withheld: list[Sentence] = []
        prompts = [synthesis.prompt(read, group, size, model, self.prompt_tokens) for group in groups]
        for place, written in model.write_all(prompts, max_new_tokens=size.most_tokens, stop=stop):
            kept[place], unproved = synthesis.proved(written, read, groups[place], supports, self.embed)
            withheld += unproved
            yield Progress(len(kept), len(groups), f"{len(kept)} of {counted(len(groups), 'theme')} written")
        themes = [synthesis.section(read, group, kept.get(place, ()), size) for place, group in enumerate(groups)]
        sections = [_cut(each) for each in (opening, *themes, *_others(read, groups), *facts)]
        answer = replace(answer, rows=synthesis.rows(read), count=read.coverage.matching, coverage=read.coverage)
        yield _finished(replace(answer, sources=sources, model=model.info), sections, withheld, stop)

    def of_paper(self, answer: Answer, source: Source, stop: threading.Event) -> Iterator[AnswerEvent]:
        """Summarise one paper: a line by the model, kept for the next time, and the abstract's own words."""
        yield EvidenceFound((source,))
        yield TextProduced(paper_summary.section(source, None).text)
        model = self.language_model()
        supports = support.reader(model, self.probes, self.prompt_tokens)
        line = paper_summary.written_line(self.library, source, model, supports, self.embed, stop)
        withheld = [Sentence(line.said, line.status)] if line and not line.is_proved else []
        coverage = Coverage(1, 1, source.date, source.date, int(not source.date), "abstracts")
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
    answer = replace(answer, text=synthesis.text(sections), sentences=said, withheld=tuple(withheld))
    return AnswerFinished(replace(answer, reason="; ".join(remarks)))


def _which(answer: Answer, filter: PaperFilter, names: Mapping[str, str], note: str) -> str:
    """Return which papers are meant, as words behind "papers"."""
    words = filter_in_words(replace(filter, among=None), names)
    if answer.plan and answer.plan.papers:
        return f"{words} that were named".strip() if not words else f"{words}, those that were named"
    return words or ("that were chosen before" if filter.among is not None and not note else "")


def _others(read: Survey, written: Sequence[Group]) -> Iterator[Section]:
    """Name the themes that are not written up, and say how many papers belong to none."""
    rest = [group for group in read.groups if group not in written]
    if rest:
        named = "; ".join(f"{group.title} ({counted(len(group.numbers), 'paper')})" for group in rest)
        yield Section(Sentence(f"Other themes: {named}.", "exact"))
    if read.apart:
        have = "belongs to no theme: it has" if len(read.apart) == 1 else "belong to no theme: they have"
        text = f"{counted(len(read.apart), 'paper')} {have} no vector yet. `assistant reindex` makes vectors."
        yield Section(Sentence(text, "exact", read.apart))


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


def _facts(library: Library, read: Survey, filter: PaperFilter) -> Iterator[Section]:
    """Yield the papers of each year; an author's co-authors and first-authored papers; what changed; all counted."""
    if read.coverage.matching < 2:
        return
    yield Section(Sentence(trends.publications_in_words(read.found), "exact"))
    if filter.author and not filter.position:
        yield from _of_author(library, read, filter)
    if changed := [_change(read, course) for course in _changes(read)]:
        yield Section(Sentence("What changed:", "unchecked"), tuple(changed))


def _of_author(library: Library, read: Survey, filter: PaperFilter) -> Iterator[Section]:
    def looked_up(wanted: PaperFilter, measure: Measure, most: int) -> catalogue.CatalogueAnswer:
        return catalogue.answer(library, CataloguePlan(question="", filter=wanted, measure=measure, limit=most))

    if people := looked_up(filter, "coauthors", _MOST_COAUTHORS).rows:
        listed = joined([f"{plain(row['author'])} ({counted(row['papers'], 'paper')})" for row in people])
        yield Section(Sentence(f"Most frequent co-authors: {listed}.", "exact"))
    first = looked_up(replace(filter, position="first"), "papers", _MOST_FIRST)
    if first.rows:
        titles = [f"“{plain(row['title'])}”" for row in first.rows]
        shown = f", {len(titles)} of them" if first.count > len(titles) else ""
        text = f"First author of {first.count:,} of the {read.coverage.matching:,}{shown}: {joined(titles)}."
        yield Section(Sentence(text, "exact", read.numbers_of([row["paper_id"] for row in first.rows])))


def _changes(read: Survey) -> Sequence[Trend]:
    """Return the themes and terms of which the dates or the intervals tell a change: those of most papers first.

    All papers of a theme, several, may be from the newest period.
    """
    newest = read.found.periods[-1] if len(read.found.periods) > 1 else ""
    themes = [
        course
        for course in read.found.themes
        if course.change in ("rising", "falling")
        or (newest and len(course.paper_ids) > 1 and course.first[: len(newest)] == newest)
    ]
    return sorted([*themes, *read.found.terms], key=lambda course: -len(course.paper_ids))[:_MOST_CHANGES]


def _change(read: Survey, course: Trend) -> Sentence:
    name = plain(course.label) if course.theme_id else f"“{plain(course.label)}”"
    return Sentence(f"- {name}: {course.words}.", "exact", tuple(sorted(read.numbers_of(course.exemplars))))
