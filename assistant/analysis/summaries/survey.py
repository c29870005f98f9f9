"""Every paper that is meant, read by its key sentence and grouped by theme, before a word is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.analysis import trends
from assistant.analysis.summaries import key_sentences
from assistant.analysis.trends import Trend as Course
from assistant.analysis.trends import Trends
from assistant.library import Library
from assistant.text import prompt_safety
from assistant.types import Coverage, Paper, PaperFilter, Progress, Source

FEW_PAPERS = 4
"""Papers up to which whole abstracts are read instead of key sentences."""

SHOWN_PAPERS = 3
"""Papers of a theme whose words the model is shown: those nearest to the theme's centre."""

_READ_AT_ONCE = 100
"""Papers between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Group:
    """The papers of one theme, by the numbers of their sources: those nearest to its centre first."""

    title: str
    course: Course | None
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """What was read. `sources` are numbered from 1, those written about first; `key_sentences` goes by their numbers.

    `apart` are the numbers of papers that belong to no theme. `papers` are those of the sources, in their order.
    """

    papers: tuple[Paper, ...]
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


def read(library: Library, chosen: PaperFilter, selected: str) -> Iterator[Progress | Survey]:
    """Read all papers that pass a filter; yield how far that is, and at last the survey.

    `selected` says in words which papers they are. What it costs grows linearly with the number of papers: the chat
    model has no part in it.
    """
    papers = library.papers(chosen)
    key: dict[str, str] = {}
    for place, paper in enumerate(papers):
        if place % _READ_AT_ONCE == 0:
            yield Progress(place, len(papers), f"{place:,} of {len(papers):,} papers read")
        key[paper.id] = key_sentences.key_sentence(paper.title, prompt_safety.without_orders(paper.abstract))
    yield Progress(len(papers), len(papers), f"{len(papers):,} of {len(papers):,} papers read")
    found = trends.find(library, chosen, "year", selected, papers=papers)
    known = {paper.id: paper for paper in papers}
    themed = [[paper_id for paper_id in theme.paper_ids if paper_id in known] for theme in found.found]
    told = [paper_id for course in (*found.themes, *found.terms) for paper_id in course.exemplars if paper_id in known]
    first = [paper_id for ids in themed for paper_id in ids[:SHOWN_PAPERS]]
    order = list(dict.fromkeys([*first, *told, *(paper_id for ids in themed for paper_id in ids), *known]))
    ordered = tuple(known[paper_id] for paper_id in order)
    numbers = {paper_id: number for number, paper_id in enumerate(order, 1)}
    courses = {course.theme_id: course for course in found.themes}
    groups = tuple(
        Group(theme.title, courses.get(theme.id), tuple(numbers[paper_id] for paper_id in ids))
        for theme, ids in zip(found.found, themed, strict=True)
        if ids
    )
    if not groups:  # no paper has a vector: they are one group, the newest first
        groups = (Group("Papers without a theme", None, tuple(numbers.values())),)
    grouped = {number for group in groups for number in group.numbers if group.course}
    yield Survey(
        ordered,
        tuple(Source.of(number, paper) for number, paper in enumerate(ordered, 1)),
        {numbers[paper_id]: sentence for paper_id, sentence in key.items()},
        groups,
        tuple(number for number in numbers.values() if number not in grouped),
        _coverage(ordered),
        found,
    )


def _coverage(papers: Sequence[Paper]) -> Coverage:
    dates = sorted(paper.date for paper in papers if paper.date)
    return Coverage(
        len(papers),
        len(papers),
        dates[0] if dates else "",
        dates[-1] if dates else "",
        len(papers) - len(dates),
        "abstracts" if len(papers) <= FEW_PAPERS else "key sentences",
    )
