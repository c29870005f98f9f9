"""Overviews and summaries as events: every paper read, each theme written up and proved, the rest counted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.analysis.summaries import overview_facts, paper_lines, paper_summary, survey, synthesis
from assistant.analysis.summaries.survey import Group, Survey
from assistant.analysis.summaries.synthesis import Section
from assistant.grounding import Embed, support
from assistant.library import Library
from assistant.protocols import LanguageModel
from assistant.text import counted, filter_in_words
from assistant.types import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    Coverage,
    EvidenceFound,
    PaperFilter,
    Progress,
    Sentence,
    Source,
    TextProduced,
)

MOST_SOURCES = 200
"""Papers that an answer shows as numbered sources; of more, the rows name all."""


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

    def of_papers(self, answer: Answer, chosen: PaperFilter, note: str, stop: threading.Event) -> Iterator[AnswerEvent]:
        """Read every paper that passes a filter and write up its themes; `note` says how the papers were chosen.

        `answer` is the answer as far as it is known: question and plan. What can be counted is shown at once.
        """
        length = answer.plan.length if answer.plan else "medium"
        names = {name: self.called(name) for name in chosen.people}
        selected = _which(answer, chosen, names, note)
        read: Survey | None = None
        for step in survey.read(self.library, chosen, f"papers {selected}".strip()):
            if isinstance(step, Progress):
                yield step
            else:
                read = step
        assert read is not None
        sources = read.sources[:MOST_SOURCES]
        yield EvidenceFound(sources)
        facts = list(overview_facts.sections(self.library, read, chosen))
        opening = Section(synthesis.opening(read.coverage, selected, note))
        groups = synthesis.written_groups(read, length)
        outline = [opening, *(synthesis.section(read, group, (), "short") for group in groups), *facts]
        yield TextProduced(synthesis.text(outline))
        model = self.language_model()
        supports = support.reader(model, self.probes, self.prompt_tokens)
        kept: dict[int, list[Sentence]] = {}
        withheld: list[Sentence] = []
        prompts = [synthesis.prompt(read, group, length, model, self.prompt_tokens) for group in groups]
        for place, written in model.write_all(prompts, max_new_tokens=synthesis.most_tokens(length), stop=stop):
            kept[place], unproved = synthesis.proved(written, read, groups[place], supports, self.embed)
            withheld += unproved
            yield Progress(len(kept), len(groups), f"{len(kept)} of {counted(len(groups), 'theme')} written")
        themes = [synthesis.section(read, group, kept.get(place, ()), length) for place, group in enumerate(groups)]
        sections = [_cut(each) for each in (opening, *themes, *_others(read, groups), *facts)]
        yield AnswerFinished(
            replace(
                answer,
                text=synthesis.text(sections),
                sentences=synthesis.sentences(sections),
                withheld=tuple(withheld),
                sources=sources,
                rows=synthesis.rows(read),
                count=read.coverage.matching,
                coverage=read.coverage,
                model=model.info,
                reason=_reason(stop.is_set(), len(withheld)),
            )
        )

    def of_paper(self, answer: Answer, source: Source, stop: threading.Event) -> Iterator[AnswerEvent]:
        """Summarise one paper: a line by the model, kept for the next time, and the abstract's own words."""
        yield EvidenceFound((source,))
        bare = paper_summary.section(source, None)
        yield TextProduced(synthesis.text([bare]))
        model = self.language_model()
        supports = support.reader(model, self.probes, self.prompt_tokens)
        (paper,) = self.library.papers_by_id([source.paper_id])
        lines = paper_lines.write(self.library, [paper], model, supports, self.embed, stop, lambda _: None)
        unproved = paper_lines.unproved(self.library, [paper], model.info.name)
        written = paper_summary.section(source, None if unproved else lines.get(paper.id))
        yield AnswerFinished(
            replace(
                answer,
                text=synthesis.text([written]),
                sentences=synthesis.sentences([written]),
                withheld=unproved,
                sources=(source,),
                rows=paper_summary.table([source]),
                count=1,
                coverage=Coverage(1, 1, source.date, source.date, int(not source.date), "abstracts"),
                model=model.info,
                reason=_reason(stop.is_set(), len(unproved)),
            )
        )


def _which(answer: Answer, chosen: PaperFilter, names: Mapping[str, str], note: str) -> str:
    """Return which papers are meant, as words behind "papers"."""
    words = filter_in_words(replace(chosen, among=None), names)
    if answer.plan and answer.plan.papers:
        return f"{words} that were named".strip() if not words else f"{words}, those that were named"
    return words or ("that were chosen before" if chosen.among is not None and not note else "")


def _others(read: Survey, written: Sequence[Group]) -> Iterator[Section]:
    """Name the themes that are not written up, and say how many papers belong to none."""
    rest = [group for group in read.groups if group not in written]
    if rest:
        named = "; ".join(f"{group.title} ({counted(len(group.numbers), 'paper')})" for group in rest)
        yield Section(Sentence(f"Other themes: {named}.", "exact"))
    if read.apart:
        text = f"{counted(len(read.apart), 'paper')} in no theme, without a vector: `assistant reindex` makes vectors."
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


def _reason(stopped: bool, withheld: int) -> str:
    remarks = ["stopped by the reader"] if stopped else []
    if withheld:
        pronoun = "it" if withheld == 1 else "them"
        remarks.append(f"{counted(withheld, 'sentence')} withheld: no abstract wholly supports {pronoun}")
    return "; ".join(remarks)
