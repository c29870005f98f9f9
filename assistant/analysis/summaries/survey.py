"""Surveys: all papers that are meant, grouped by theme, with the lines that the model wrote of them ahead of time."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.analysis import trends
from assistant.analysis.summaries import lines
from assistant.analysis.summaries.lines import Line
from assistant.analysis.trends import Trends
from assistant.library import Library
from assistant.types import Coverage, Paper, PaperFilter, Progress, Source

MOST_THEMES, MOST_OF_THEME = 12, 10
"""Themes that are told of at most, and papers of each: those nearest to its centre. They have the lowest numbers."""


@dataclass(frozen=True, slots=True)
class Group:
    """The papers of one theme, by the numbers of their sources: those nearest to its centre first.

    Papers without an abstract come behind the others.
    `first` and `last` are their oldest and newest date. All but the title are empty of papers without a theme.
    """

    title: str
    numbers: tuple[int, ...]
    theme_id: str = ""
    first: str = ""
    last: str = ""
    change: str = "unclear"


@dataclass(frozen=True, slots=True)
class Survey:
    """What was read. `sources` are numbered from 1, those written about first; `lines` go by their numbers.

    `groups` are the largest first; `apart` are the numbers of papers that belong to no theme.
    """

    sources: tuple[Source, ...]
    lines: Mapping[int, Line]
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

    def with_lines(self, more: Mapping[int, Line]) -> Survey:
        """Return the survey with lines that were written since."""
        known = {**self.lines, **more}
        return replace(self, lines=known, coverage=replace(self.coverage, read_ahead=len(known)))

    @property
    def rows(self) -> tuple[Mapping[str, object], ...]:
        """Return the themes as plain values: theme_id, theme, papers, first, last, change, paper_ids (all of them)."""
        return tuple(
            {
                "theme_id": group.theme_id,
                "theme": group.title,
                "papers": len(group.numbers),
                "first": group.first,
                "last": group.last,
                "change": group.change,
                "paper_ids": [self.source(number).paper_id for number in group.numbers],
            }
            for group in self.groups
        )


def read(library: Library, filter: PaperFilter, selected: str) -> Generator[Progress, None, Survey]:
    """Read all papers that pass a filter; yield how far that is, and return the survey.

    `selected` says in words which papers they are. The chat model has no part in it.
    """
    yield Progress(0, 0, "Reading papers")
    papers = {paper.id: paper for paper in library.papers(filter)}
    known = sum(bool(paper.abstract) for paper in papers.values())
    yield Progress(len(papers), len(papers), f"{known:,} of {len(papers):,} papers read")
    found = trends.find(library, filter, "year", selected, papers=list(papers.values()), terms=False)
    themed = [
        sorted(
            (paper_id for paper_id in theme.paper_ids if paper_id in papers), key=lambda each: not papers[each].abstract
        )
        for theme in found.found
    ]  # of those without an abstract nothing can be told
    told = [ids[:MOST_OF_THEME] for ids in themed[:MOST_THEMES]]
    nearest = [ids[place] for place in range(MOST_OF_THEME) for ids in told if place < len(ids)]
    exemplars = [paper_id for course in found.themes for paper_id in course.exemplars]
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
        told_first = sorted(numbers.values(), key=lambda number: not sources[number - 1].abstract)
        groups = [Group("", tuple(told_first))]
    apart = tuple(number for number in numbers.values() if number not in grouped)
    kept = {numbers[paper_id]: line for paper_id, line in lines.kept(library, list(papers)).items()}
    return Survey(sources, kept, tuple(groups), apart, _coverage(list(papers.values()), kept), found)


def _coverage(papers: Sequence[Paper], kept: Mapping[int, Line]) -> Coverage:
    dates = sorted(paper.date for paper in papers if paper.date) or ["", ""]
    undated = sum(not paper.date for paper in papers)
    bare = sum(not paper.abstract for paper in papers)
    return Coverage(len(papers), len(papers) - bare, dates[0], dates[-1], undated, len(kept), bare)
