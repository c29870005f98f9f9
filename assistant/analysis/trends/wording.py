"""Wording of trends for people: what was read, what rises and falls, and what limits the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from assistant.analysis.trends.changes import Trend
from assistant.analysis.trends.timeline import Timeline, span_in_words
from assistant.analysis.trends.trend_terms import TrendTerms
from assistant.library import UNKNOWN_FIELDS, UnknownField, papers_with_unknown, schema
from assistant.text import counted, date_in_words, filter_in_words, joined, plain
from assistant.types import Paper, PaperFilter

if TYPE_CHECKING:
    from assistant.analysis.trends.trends import Exemplar, Trends

_PUBLICATIONS = 12
_ALSO = 3
_UNCERTAIN: Mapping[UnknownField, str] = {
    "author": "may be by this author too: the list of their authors is cut",
    "position": "may be meant too: they do not say at which place the author stands",
    "any author": "may be by one of these authors too: the list of their authors is cut",
    "authors": "may be by these authors too: the list of their authors is cut",
    "number": "may have that many authors too: the list of their authors is cut or missing",
    "date": "may be of this time too: they have no date, or one that is too coarse",
    "code": "do not say whether code was released",
}


def selected_in_words(paper_filter: PaperFilter, names: Mapping[str, str] | None = None) -> str:
    """Return which papers a filter means: "papers", "papers by Naibin Gu from 2025"."""
    return f"papers {filter_in_words(paper_filter, names or {})}".strip()


def heading(found: Trends) -> str:
    """Return what was read: "22 of 22 papers by Naibin Gu, 2024 to 2026." ."""
    what = found.selected.removeprefix("papers").strip()
    when = f", {span_in_words(found.periods)}" if found.periods else ""
    return f"{found.total:,} of {counted(found.total, 'paper')}{f' {plain(what)}' if what else ''}{when}."


def publications_in_words(found: Trends) -> str:
    """Return how many papers the newest periods have that have any, and all those before."""
    known = [each for each in found.publications if each[1]]
    said = [f"{papers:,} in {period}" for period, papers in known[-_PUBLICATIONS:]]
    if older := sum(papers for _, papers in known[:-_PUBLICATIONS]):
        said.insert(0, f"{older:,} before")
    return f"Papers per {found.by}: {joined(said) or 'none has such a date'}."


def verdicts(found: Trends) -> list[str]:
    """Return which themes rise and which fall, and how many are steady or have too few papers to say."""
    if not found.themes or not found.split:
        return []
    of_change = {
        change: [plain(each.label) for each in found.themes if each.change == change]
        for change in ("rising", "falling", "steady", "unclear")
    }
    certain = [f"{change.capitalize()}: {joined(of_change[change])}." for change in ("rising", "falling")]
    steady, unclear = len(of_change["steady"]), len(of_change["unclear"])
    of_all = f"of {counted(len(found.themes), 'theme')}"
    return [
        *(said.replace(": .", ": no theme for certain.") for said in certain),
        f"Steady: {steady:,}; too few papers to say: {unclear:,} {of_all}.",
    ]


def statement(each: Trend, numbers: Mapping[str, int]) -> str:
    """Return what is said of a theme or a term, with the numbers of the papers that show it."""
    also = f" (also “{'”, “'.join(plain(term) for term in each.also[:_ALSO])}”)" if each.also else ""
    marks = "".join(f" [{numbers[paper_id]}]" for paper_id in each.exemplars)
    return f"{plain(each.label)}{also}: {each.words}.{marks}"


def reference(each: Exemplar) -> str:
    """Return a numbered paper: "[1] BeamLoRA: Beam-Constraint Low-Rank Adaptation (2025-02-19)"."""
    return f"[{each.number}] {plain(each.title)} ({each.date or 'no date'})"


def uncertain_papers(connection: Connection, paper_filter: PaperFilter) -> Iterator[str]:
    """Yield how many papers the sources say too little of to tell whether they are meant. They are not counted."""
    query = select(func.count()).select_from(schema.papers)
    for doubt in UNKNOWN_FIELDS:
        if found := int(connection.execute(papers_with_unknown(connection, query, paper_filter, doubt)).scalar_one()):
            yield f"Not counted: {counted(found, 'more paper')} that {_UNCERTAIN[doubt]}."


def remarks(
    selected: str,
    papers: Sequence[Paper],
    timeline: Timeline,
    vectors: int,
    themes: int,
    in_themes: int,
    terms: TrendTerms,
    today: date,
) -> Iterator[str]:
    """Yield what limits the figures. `vectors` papers have one, `themes` hold `in_themes` papers."""
    if not papers:
        yield (
            f"The library holds no {plain(selected)}. `assistant papers` lists what it holds, `assistant add FILE` "
            "adds papers; a wider topic, author or time takes in more."
        )
        return
    undated = sum(not paper.date for paper in papers)
    if undated:
        yield f"{counted(undated, 'paper')} without a date: counted in the totals, in no {timeline.by}."
    if coarse := len(papers) - len(timeline.place) - undated:
        yield (
            f"{counted(coarse, 'paper')} whose date names only the year: counted in the totals, in no month. --by year "
            "takes them in."
        )
    if bare := sum(not paper.abstract for paper in papers):
        yield f"{counted(bare, 'paper')} without an abstract: what is said of themes and terms knows only the titles."
    if vectors < len(papers):
        yield (
            f"{counted(len(papers) - vectors, 'paper')} without a vector: in no theme, and left out where themes are "
            "compared. `assistant reindex` makes the vectors."
        )
    if not themes and vectors:
        yield "Too few papers, or papers too unlike each other, to tell themes apart."
    elif vectors > in_themes:
        yield f"{counted(vectors - in_themes, 'paper')} in no theme: too far from the others in meaning."
    if timeline.periods:
        yield from _of_time(timeline, themes, terms, today)


def _of_time(timeline: Timeline, themes: int, terms: TrendTerms, today: date) -> Iterator[str]:
    last = timeline.periods[-1]
    if last >= today.isoformat()[: len(last)]:
        yield f"{date_in_words(last)} is not over: its papers will be more. Shares are of the papers that are there."
    if not timeline.split:
        finer = " Counted by month there may be one." if timeline.by == "year" else ""
        yield f"All papers with a date are from {date_in_words(last)}: there is no change to tell.{finer}"
        return
    if terms.confined:
        yield (
            f"Of {counted(terms.looked_at, 'term')} looked at, {terms.confined:,} stand only in the newest or only "
            f"in the oldest papers; were dates drawn at random, about {terms.expected:,.0f} would."
        )
    earlier, later = (
        int(part.sum()) for part in (timeline.papers[: timeline.split], timeline.papers[timeline.split :])
    )
    sizes = ((themes, "themes"), (terms.looked_at, "terms looked at"))
    together = joined([f"{count:,} {what}" for count, what in sizes if count > 1], "and for all")
    widened = f", widened to hold for all {together} (Bonferroni)," if together else ""
    yield (
        f"Rising and falling: the share from {date_in_words(timeline.periods[timeline.split])} on "
        f"({counted(later, 'paper')}) against that before ({earlier:,}), said only where the 95 % interval of the odds "
        f"ratio{widened} excludes no change; steady, only where it excludes double and half. The papers count as a "
        "sample."
    )
