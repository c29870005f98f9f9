"""Paragraphs of an overview: what the papers are about, theme by theme in connected sentences, and what changed.

What connects the sentences on papers is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from assistant.analysis.summaries import paper_sentences
from assistant.analysis.summaries.survey import MOST_OF_THEME, MOST_THEMES, Group, Survey
from assistant.analysis.themes.phrases import OTHER_SUBJECTS
from assistant.analysis.trends import span_in_words
from assistant.text import LIST_MARKER, counted, joined, plain, with_marks
from assistant.types import Coverage, Length, Sentence

_ALSO = 2
"""Papers up to which a theme is told of beside the others."""

_MAIN = 4
"""Themes that the opening names with their numbers."""

_MOST_NAMED = 5


class Size(NamedTuple):
    """How much an overview says: themes, papers of each, papers read at once where the model has not, and results."""

    themes: int
    papers: int
    read_now: int
    results: int = 0


SIZES: Mapping[Length, Size] = {
    "short": Size(3, 1, 2),
    "medium": Size(6, 3, 4),
    "long": Size(MOST_THEMES, MOST_OF_THEME, 8, 3),
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an answer: its heading, what is counted, and the sentences about it, each with its sources."""

    heading: Sentence
    body: tuple[Sentence, ...] = ()

    @property
    def text(self) -> str:
        """Return the section as a paragraph, behind each sentence its sources' numbers."""
        said = with_marks(self.heading.text, self.heading.sources)
        for sentence in self.body:
            opening = "\n" if LIST_MARKER.match(sentence.text) else " "
            said += opening + with_marks(sentence.text, sentence.sources)
        return said


def text(sections: Sequence[Section]) -> str:
    """Join the sections to the text that is shown."""
    return "\n\n".join(section.text for section in sections)


def opening(survey: Survey, subject: str, *, is_part: bool = False) -> Section:
    """Return what the papers are about, where it began, and what changed, in up to three sentences.

    `subject` is who or what works on the themes: "Naibin Gu works", "The papers from 2025 are". Where the papers are
    a part, cut by time or by hand, nothing is said of where it began.
    """
    said = [Sentence(_subjects(survey, subject), "exact")]
    if not is_part and (began := _beginnings(survey)):
        said.append(Sentence(began, "exact"))
    said += list(changes(survey))[:1]
    return Section(said[0], tuple(said[1:]))


def themes(survey: Survey, size: Size) -> Iterator[Section]:
    """Yield a paragraph for each of the larger themes, the largest first, and one for the smaller ones.

    With one paper a theme, all stand in one paragraph.
    """
    written = survey.groups[: size.themes]
    if size.papers == 1:
        yield from _beside(survey, written, is_rest=False)
        return
    large = [group for group in written if len(group.numbers) > _ALSO or len(written) == 1]
    for group in large:
        numbers = _by_date(survey, _told(survey, group, size.papers))
        has_years = group.first[:4] != group.last[:4]
        body = list(paper_sentences.told(survey, numbers, has_years=has_years, results=group.numbers[: size.results]))
        years = f", {span_in_words((group.first[:4], group.last[:4]))}" if group.first else ""
        heading = f"{paper_sentences.upper(plain(group.title))} ({counted(len(group.numbers), 'paper')}{years})."
        yield Section(Sentence(heading if group.title else "The papers:", "exact"), tuple(body))
    yield from _beside(survey, [group for group in written if group not in large], is_rest=True)


def shown_numbers(survey: Survey, size: Size) -> list[int]:
    """Return the numbers of the papers that are told of: of each theme the one nearest to its centre first."""
    groups = [
        _told(survey, group, size.papers if len(group.numbers) > _ALSO else 1) for group in survey.groups[: size.themes]
    ]
    return [numbers[place] for place in range(size.papers) for numbers in groups if place < len(numbers)]


def _told(survey: Survey, group: Group, most: int) -> Sequence[int]:
    """Return the numbers of the papers of a theme that are told of: one without an abstract only where all are so."""
    return [number for number in group.numbers[:most] if survey.source(number).abstract] or group.numbers[:1]


def others(survey: Survey, size: Size) -> Iterator[Section]:
    """Name the themes that are not told of, and say how many papers belong to none."""
    if rest := [group for group in survey.groups[size.themes :] if group not in _named(survey)]:
        named = "; ".join(f"{plain(group.title)} ({counted(len(group.numbers), 'paper')})" for group in rest)
        yield Section(Sentence(f"Other themes: {named}.", "exact"))
    if survey.apart:
        have = "belongs to no theme: it has" if len(survey.apart) == 1 else "belong to no theme: they have"
        said = f"{counted(len(survey.apart), 'paper')} {have} no vector yet. `assistant reindex` makes vectors."
        yield Section(Sentence(said, "exact", survey.apart))


def changes(survey: Survey) -> Iterator[Sentence]:
    """Yield which themes rose or fell, and which belong to the newest period alone, each in a sentence with counts."""
    newest = survey.found.periods[-1] if len(survey.found.periods) > 1 else ""
    for course in sorted(survey.found.themes, key=lambda each: each.change not in ("rising", "falling")):
        label, marks = plain(course.label), tuple(sorted(survey.numbers_of(course.exemplars)))
        if course.compared and course.change in ("rising", "falling"):
            earlier, later = _halves(survey)
            verb = "rose" if course.change == "rising" else "fell"
            told = course.compared
            yield Sentence(
                f"{paper_sentences.upper(label)} {verb} from {told.earlier:,} of the "
                f"{counted(told.earlier_papers, 'paper')} of {earlier} to {told.later:,} of the "
                f"{told.later_papers:,} of {later}.",
                "exact",
                marks,
            )
        elif newest and len(course.paper_ids) > _ALSO and _are_all_of(survey, course.paper_ids, newest):
            yield Sentence(f"All {len(course.paper_ids):,} papers on {label} are of {newest}.", "exact", marks)


def changed(survey: Survey, size: Size) -> Iterator[Section]:
    """Yield which other themes changed than the one that the opening names; nothing in a short overview."""
    if size != SIZES["short"] and (told := list(changes(survey))[1:]):
        yield Section(told[0], tuple(told[1:]))


def _are_all_of(survey: Survey, paper_ids: Sequence[str], period: str) -> bool:
    numbers = survey.numbers_of(paper_ids)
    return all(survey.source(number).date.startswith(period) for number in numbers)


def coverage(covered: Coverage, selected: str, note: str) -> Sentence:
    """Return how many papers the overview covers, and how many of them a model has read, as a sentence."""
    which = selected or ("" if note else "in the library")
    words = f"{covered.read:,} of {counted(covered.matching, 'paper')} {which}".rstrip()
    span = span_in_words((covered.first[:4], covered.last[:4])) if covered.first else ""
    years = f", {span}" if span and span not in which else ""
    undated = f", {covered.undated:,} without a date" if covered.undated else ""
    ahead = covered.read_ahead
    by_model = f"{'each' if ahead == covered.read else f'{ahead:,}'} read by the model" if ahead else "by key sentences"
    bare, have = covered.without_abstract, "has" if covered.without_abstract == 1 else "have"
    unread = f" {bare:,} {have} no abstract and could not be read, only grouped and counted by title." if bare else ""
    noted = f" ({note})" if note else ""
    return Sentence(f"{words}{years}{undated}: grouped and counted, {by_model}{noted}.{unread}", "exact")


def _subjects(survey: Survey, subject: str) -> str:
    """Return what the papers are about, the themes of most papers first."""
    total, main = survey.coverage.matching, _main(survey)
    rest = [group for group in survey.groups if group not in main]
    link = "on" if subject.endswith("works") else "about"
    if not main[0].theme_id:
        return f"{subject.removesuffix(' are').removesuffix(' works')}: {counted(total, 'paper')}."
    if len(survey.groups) == 1:
        return f"{subject} {link} {plain(main[0].title)}."
    figures = [f"{plain(group.title)} ({len(group.numbers):,})" for group in main[1:]]
    first = f"{plain(main[0].title)} ({len(main[0].numbers):,} of the {total:,} papers)"
    also = [plain(group.title) for group in rest[:_MOST_NAMED]]
    more = [f"{counted(len(rest) - len(also), 'more theme')}"] if len(rest) > len(also) else []
    beside = f"; also {joined([*also, *more])}" if rest else ""
    return f"{subject} mainly {link} {joined([first, *figures])}{beside}."


def _main(survey: Survey) -> list[Group]:
    """Return the themes whose numbers the opening says."""
    return [group for group in survey.groups if len(group.numbers) > _ALSO][:_MAIN] or list(survey.groups[:1])


def _named(survey: Survey) -> list[Group]:
    """Return the themes that the opening names."""
    main = _main(survey)
    return [*main, *[group for group in survey.groups if group not in main][:_MOST_NAMED]]


def _beginnings(survey: Survey) -> str:
    """Return which of the named themes are the oldest, and when the others came; "" where all are of one year."""
    main = [group for group in survey.groups if group.first and len(group.numbers) > _ALSO][:_MAIN]
    named = [group for group in main if "“" not in group.title and not group.title.endswith(OTHER_SUBJECTS)]
    years: dict[str, list[str]] = {}
    for group in sorted(named, key=lambda group: group.first[:4]):
        years.setdefault(group.first[:4], []).append(plain(group.title))
    if len(years) < 2:
        return ""
    (first, oldest), *later = years.items()
    came = joined([f"{joined(titles)} in {year}" for year, titles in later])
    on = ", and on ".join(oldest) if any(" and " in title for title in oldest) else joined(oldest)
    return f"The work on {on} goes back to {first}, followed by {came}."


def _halves(survey: Survey) -> tuple[str, str]:
    """Return the earlier and the later years, which are compared with each other, in words."""
    periods = survey.found.periods
    place = periods.index(survey.found.split) if survey.found.split else 0
    return span_in_words(periods[:place]), span_in_words(periods[place:])


def _by_date(survey: Survey, numbers: Sequence[int]) -> list[int]:
    return sorted(numbers, key=lambda number: survey.source(number).date or "9")


def _beside(survey: Survey, groups: Sequence[Group], *, is_rest: bool) -> Iterator[Section]:
    """Yield a paragraph of one sentence a theme, on the paper nearest to its centre."""
    body: list[Sentence] = []
    for group in groups:
        size = f" ({counted(len(group.numbers), 'paper')})" if len(group.numbers) > 1 else ""
        preposition = "Also on" if is_rest and not body else "On"
        lead = f"{preposition} {plain(group.title)}{size}, " if group.title else ""
        body += paper_sentences.told(survey, group.numbers[:1], lead=lead)
    if body:
        yield Section(body[0], tuple(body[1:]))
