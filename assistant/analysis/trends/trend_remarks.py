"""What limits the figures of trends: papers without date or vector, a time that is not over, how changes are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, func, select

from assistant.analysis.trends.telling_terms import Told
from assistant.analysis.trends.timeline import Timeline
from assistant.library import DOUBTS, Doubt, schema, undecided
from assistant.text import counted, date_in_words, joined, plain
from assistant.types import Paper, PaperFilter

_OPEN: Mapping[Doubt, str] = {
    "author": "may be by this author too: the list of their authors is cut",
    "position": "may be meant too: they do not say at which place the author stands",
    "any author": "may be by one of these authors too: the list of their authors is cut",
    "authors": "may be by these authors too: the list of their authors is cut",
    "number": "may have that many authors too: the list of their authors is cut or missing",
    "date": "may be of this time too: they have no date, or one that is too coarse",
    "code": "do not say whether code was released",
}


def left_open(connection: Connection, chosen: PaperFilter) -> Iterator[str]:
    """Yield how many papers the sources say too little of to tell whether they are meant. They are not counted."""
    query = select(func.count()).select_from(schema.papers)
    for doubt in DOUBTS:
        if found := int(connection.execute(undecided(connection, query, chosen, doubt)).scalar_one()):
            yield f"Not counted: {counted(found, 'more paper')} that {_OPEN[doubt]}."


def remarks(
    selected: str,
    papers: Sequence[Paper],
    timeline: Timeline,
    *,
    vectors: int,
    themes: int,
    in_themes: int,
    terms: Told,
    today: date,
) -> Iterator[str]:
    """Yield what to mind. `vectors` papers have one, `themes` hold `in_themes` papers, `terms` were chosen."""
    if not papers:
        yield (
            f"The library holds no {plain(selected)}. `assistant papers` lists what it holds, `assistant add FILE` "
            "adds papers; a wider topic, author or time takes in more."
        )
        return
    yield from _left_out(papers, timeline)
    if vectors < len(papers):
        yield (
            f"{counted(len(papers) - vectors, 'paper')} without a vector: in no theme, and left out where themes are "
            "compared. `assistant reindex` makes the vectors."
        )
    if not themes and vectors:
        yield "Too few papers, or papers too unlike each other, to tell themes apart."
    elif alone := vectors - in_themes:
        yield f"{counted(alone, 'paper')} in no theme: too far from the others in meaning."
    yield from _of_time(timeline, today)
    if timeline.split:
        if terms.confined:
            yield (
                f"Of {counted(terms.looked_at, 'term')} looked at, {terms.confined:,} stand only in the newest or only "
                f"in the oldest papers; were dates drawn at random, about {terms.expected:,.0f} would."
            )
        yield _method(timeline, themes, terms.looked_at)


def _left_out(papers: Sequence[Paper], timeline: Timeline) -> Iterator[str]:
    undated = sum(not paper.date for paper in papers)
    if undated:
        yield f"{counted(undated, 'paper')} without a date: counted in the totals, in no {timeline.by}."
    if coarse := len(papers) - len(timeline.place) - undated:
        yield (
            f"{counted(coarse, 'paper')} whose date names only the year: counted in the totals, in no month. --by year "
            "takes them in."
        )


def _of_time(timeline: Timeline, today: date) -> Iterator[str]:
    if not timeline.periods:
        return
    last = timeline.periods[-1]
    if last >= today.isoformat()[: len(last)]:
        yield f"{date_in_words(last)} is not over: its papers will be more. Shares are of the papers that are there."
    if not timeline.split:
        finer = " Counted by month there may be one." if timeline.by == "year" else ""
        yield f"All papers with a date are from {date_in_words(last)}: there is no change to tell.{finer}"


def _method(timeline: Timeline, themes: int, terms: int) -> str:
    earlier, later = int(timeline.papers[: timeline.split].sum()), int(timeline.papers[timeline.split :].sum())
    together = [f"{count:,} {what}" for count, what in ((themes, "themes"), (terms, "terms looked at")) if count > 1]
    held = f", widened to hold for all {joined(together, 'and for all')} (Bonferroni)," if together else ""
    return (
        f"Rising and falling: the share from {date_in_words(timeline.periods[timeline.split])} on "
        f"({counted(later, 'paper')}) against that before ({earlier:,}), said only where the 95 % interval of the odds "
        f"ratio{held} excludes no change; steady, only where it excludes double and half. The papers count as a sample."
    )
