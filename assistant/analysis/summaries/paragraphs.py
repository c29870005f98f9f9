"""Paragraphs of an overview: what the papers are about, theme by theme in connected sentences, and what changed.

Sentences on papers are the model's where they are proved, else the abstract's key sentence in the third person, else a
quotation. What connects them is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from assistant.analysis.summaries import aspects, third_person
from assistant.analysis.summaries.key_sentences import ranked
from assistant.analysis.summaries.survey import MOST_OF_THEME, MOST_THEMES, Group, Survey
from assistant.analysis.summaries.third_person import Told
from assistant.analysis.themes.phrases import OTHER_SUBJECTS
from assistant.analysis.trends import span_in_words
from assistant.text import LIST_MARKER, STOP_WORDS, counted, joined, plain, quotation, shares, stem
from assistant.types import Coverage, Length, Sentence, SentenceStatus, Span

_ALSO = 2
"""Papers up to which a theme is told of beside the others."""

_MAIN = 4
"""Themes that the opening names with their numbers."""

_KEY_SENTENCES = 3
"""Sentences of an abstract, the best first, among which one is looked for that can be told alone."""

_MOST_NAMED = 5
_MOST_MARKS = 12
_USUAL = 0.01
"""Share of abstracts from which a word is hardly a name."""

_KINDS = ("Corrigendum", "Erratum", "Retraction", "Tutorial", "Keynote")
_UNNAMED = ("one paper", "another", "a further one")


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
        said = _marked(self.heading)
        for sentence in self.body:
            said += ("\n" if LIST_MARKER.match(sentence.text) else " ") + _marked(sentence)
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
        numbers = _by_date(survey, group.numbers[: size.papers])
        has_years = group.first[:4] != group.last[:4]
        body = list(_told(survey, numbers, has_years=has_years, results=group.numbers[: size.results]))
        years = f", {span_in_words((group.first[:4], group.last[:4]))}" if group.first else ""
        heading = f"{_upper(plain(group.title))} ({counted(len(group.numbers), 'paper')}{years})."
        yield Section(Sentence(heading if group.title else "The papers:", "exact"), tuple(body))
    yield from _beside(survey, [group for group in written if group not in large], is_rest=True)


def shown_numbers(survey: Survey, size: Size) -> list[int]:
    """Return the numbers of the papers that are told of: of each theme the one nearest to its centre first."""
    groups = [
        group.numbers[: size.papers if len(group.numbers) > _ALSO else 1] for group in survey.groups[: size.themes]
    ]
    return [numbers[place] for place in range(size.papers) for numbers in groups if place < len(numbers)]


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
                f"{_upper(label)} {verb} from {told.earlier:,} of the {counted(told.earlier_papers, 'paper')} of "
                f"{earlier} to {told.later:,} of the {told.later_papers:,} of {later}.",
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
    years = f", {span_in_words((covered.first[:4], covered.last[:4]))}" if covered.first else ""
    undated = f", {covered.undated:,} without a date" if covered.undated else ""
    ahead = covered.read_ahead
    by_model = f"{'each' if ahead == covered.read else f'{ahead:,}'} read by the model" if ahead else "by key sentences"
    return Sentence(f"{words}{years}{undated}: grouped and counted, {by_model}{f' ({note})' if note else ''}.", "exact")


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
        body += _told(survey, group.numbers[:1], lead=lead)
    if body:
        yield Section(body[0], tuple(body[1:]))


def _told(
    survey: Survey, numbers: Sequence[int], *, has_years: bool = False, lead: str = "", results: Sequence[int] = ()
) -> Iterator[Sentence]:
    """Yield a sentence a paper, in the order given, and behind those of `results` what came out.

    A paper that its sentence does not name is "one paper", "another". With `has_years` the first of each year says the
    year. `lead` stands before each.
    """
    year, unnamed = "", 0
    for number in numbers:
        source = survey.source(number)
        opening = lead
        if has_years and (source.date[:4] or "no year") != year:
            year = source.date[:4] or "no year"
            opening = f"In {year}, " if source.date else "In a year that is not stated, "
        said, status, quote = _best(survey, number)
        if said is None:
            title = f"“{quotation(plain(source.title))}”"
            said_of = f"{title} says: “{quotation(quote)}”" if quote else f"there is {title}."
            quotations = (Span(number, quote),) if quote else ()
            yield Sentence(_upper(f"{opening}{said_of}"), "exact", (number,), quotations)
            continue
        name = _short_name(source.title)
        if said.subject == "authors":
            subject = _people(source.authors)
        elif said.subject and name and name.casefold() not in said.text.casefold():
            subject = name
        elif said.subject:
            subject = "the paper" if len(numbers) == 1 and not lead else _UNNAMED[min(unnamed, len(_UNNAMED) - 1)]
            unnamed += 1
        else:
            subject = ""
        whole = f"{said.opening}{subject} {said.text}" if subject else _inside(said.text) if opening else said.text
        spans = tuple(Span(number, one) for one in ([quote] if quote else survey.lines[number].quotes))
        text = quotation(f"{opening}{whole}")
        yield Sentence(text if name and text.startswith(name) else _upper(text), status, (number,), spans)
        if number in results:
            yield from _result(survey, number, quote)


def _best(survey: Survey, number: int) -> tuple[Told | None, SentenceStatus, str]:
    """Return the best sentence on a paper: the model's, or the key sentence, which then is the quotation too."""
    line, source = survey.lines.get(number), survey.source(number)
    if line and line.is_proved and (said := third_person.told(line.said)):
        return said, "supported", ""
    best = [key for key in ranked(source.title, source.abstract)[:_KEY_SENTENCES] if key and key in source.abstract]
    for key in best:
        if (said := third_person.told(key)) and said.subject and said.stands_alone:
            return said, "supported", key
    first = third_person.told(best[0]) if best else None
    return (first if first and first.stands_alone else None), "supported", best[0] if best else ""


def _result(survey: Survey, number: int, quote: str) -> Iterator[Sentence]:
    """Yield what came out of a paper, by its abstract, where that can be told; not what was told by `quote` already."""
    source = survey.source(number)
    found = aspects.find(source.abstract).result
    said = third_person.told(found) if found and found in source.abstract else None
    if said and said.stands_alone and found != quote:
        subject = {"authors": f"{_people(source.authors)} ", "paper": "the paper "}.get(said.subject, "")
        yield Sentence(
            _upper(quotation(f"{said.opening}{subject}{said.text}")), "supported", (number,), (Span(number, found),)
        )


def _people(names: Sequence[str]) -> str:
    """Return who wrote a paper, as a subject in the plural."""
    if len(names) == 2:
        return joined([plain(name) for name in names])
    return f"{plain(names[0])} et al." if len(names) > 2 else "the authors"


def _short_name(title: str) -> str:
    """Return the name that a title begins with: "Blink" of "Blink: Dynamic Visual Tokens"; "" where there is none."""
    name, colon, _ = title.partition(":")
    words = name.split()
    if len(words) == 1 and (name in _KINDS or shares().get(stem(name.lower()), 0.0) >= _USUAL):
        return ""
    is_name = all(word[:1].isupper() or word[:1].isdigit() for word in words)
    has_mark = any(not word[1:].islower() for word in words)
    return plain(name) if colon and is_name and (len(words) == 1 or (len(words) == 2 and has_mark)) else ""


def _inside(sentence: str) -> str:
    """Return a sentence as it stands behind an opening: its first word small where it is hardly a name."""
    word = sentence.split(maxsplit=1)[0]
    is_usual = word.lower() in STOP_WORDS or shares().get(stem(word.lower()), 0.0) >= _USUAL
    return sentence[:1].lower() + sentence[1:] if is_usual and word[1:].islower() else sentence


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _marked(sentence: Sentence) -> str:
    numbers = sentence.sources if len(sentence.sources) <= _MOST_MARKS else ()
    return f"{sentence.text} {''.join(f'[{number}]' for number in numbers)}".rstrip()
