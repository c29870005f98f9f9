"""What the catalogue adds to an overview: when, with whom, in which place, and what came and went; all counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant import catalogue
from assistant.analysis import trends
from assistant.analysis.summaries.survey import Survey
from assistant.analysis.summaries.synthesis import Section
from assistant.analysis.trends import Trend as Course
from assistant.library import Library
from assistant.text import counted, joined, plain
from assistant.types import PaperFilter, Sentence

_MOST_COAUTHORS = 5
_MOST_FIRST = 10
_MOST_CHANGES = 6


def sections(library: Library, survey: Survey, chosen: PaperFilter) -> Iterator[Section]:
    """Yield the papers of each year; an author's co-authors and first-authored papers; what changed."""
    if survey.coverage.matching < 2:
        return
    yield Section(_by_year(survey))
    if chosen.author and not chosen.position:
        yield from _of_author(library, survey, chosen)
    if changed := [_said(survey, course) for course in _changes(survey)]:
        yield Section(Sentence("What changed:", "unchecked"), tuple(changed))


def _by_year(survey: Survey) -> Sentence:
    return Sentence(trends.publications_in_words(survey.found), "exact")


def _of_author(library: Library, survey: Survey, chosen: PaperFilter) -> Iterator[Section]:
    together = catalogue.answer(library, "coauthors", chosen, _MOST_COAUTHORS)
    if together.rows:
        people = [f"{plain(row['author'])} ({counted(row['papers'], 'paper')})" for row in together.rows]
        yield Section(Sentence(f"Most frequent co-authors: {joined(people)}.", "exact"))
    first = catalogue.answer(library, "papers", replace(chosen, position="first"), _MOST_FIRST)
    if first.rows:
        titles = [f"“{plain(row['title'])}”" for row in first.rows]
        shown = f", {len(titles)} of them" if first.count and first.count > len(titles) else ""
        numbers = survey.numbers_of([row["paper_id"] for row in first.rows])
        text = f"First author of {first.count or 0:,} of the {survey.coverage.matching:,}{shown}: {joined(titles)}."
        yield Section(Sentence(text, "exact", numbers))


def _changes(survey: Survey) -> Sequence[Course]:
    """Return the themes and terms of which the dates or the intervals tell a change: those of most papers first."""
    found = survey.found
    themes = [
        course
        for course in found.themes
        if course.change in ("rising", "falling") or (len(found.periods) > 1 and _is_confined(course, found.periods))
    ]
    return sorted([*themes, *found.terms], key=lambda course: -len(course.paper_ids))[:_MOST_CHANGES]


def _is_confined(course: Course, periods: Sequence[str]) -> bool:
    """Tell whether all papers of a theme, several, are from the newest period."""
    return len(course.paper_ids) > 1 and course.first[: len(periods[-1])] == periods[-1]


def _said(survey: Survey, course: Course) -> Sentence:
    term = course.theme_id == ""
    name = f"“{plain(course.label)}”" if term else plain(course.label)
    return Sentence(f"- {name}: {course.words}.", "exact", tuple(sorted(survey.numbers_of(course.exemplars))))
