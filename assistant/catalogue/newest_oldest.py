"""The newest and the oldest papers, compared only as far as their dates go.

A date of "2024" may be any day of that year. Beside "2024-05" it is neither newer nor older, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from assistant.catalogue.reply import MOST_SOURCES, Asked, Draft, Line, paper_line, paper_row
from assistant.library import papers, read_papers
from assistant.text import counted, place_in_words, plain
from assistant.types import Paper

_EXAMPLES = 5
"""Papers named of those whose date leaves open whether they are newer, or older, still."""


def newest(asked: Asked) -> Draft:
    """List the newest papers, one unless more are asked for, with all that share the last one's date.

    Where a place is asked for, those alone that hold it by their date.
    """
    return _listed(asked, is_newest=True)


def oldest(asked: Asked) -> Draft:
    """List the oldest papers, as `newest` lists the newest."""
    return _listed(asked, is_newest=False)


@dataclass(frozen=True, slots=True)
class _Dates:
    """The dates of the papers, each with its number of papers, from the newest (oldest) to the last one listed.

    `unsure` are dates that are not listed and may be a day before that of the last one. Where a place is asked for, one
    date alone is listed, and `unsure` are all that may stand on its other side.
    """

    listed: tuple[tuple[str, int], ...]
    unsure: tuple[tuple[str, int], ...]


def _listed(asked: Asked, *, is_newest: bool) -> Draft:
    wanted = asked.lines(1) if asked.place is None else asked.place
    superlative = "newest" if is_newest else "oldest"
    by_date = select(papers.c.date, func.count()).where(papers.c.date != "").group_by(papers.c.date)
    rows: Sequence[Any] = asked.select(by_date).all()
    counts = [(str(date), int(count)) for date, count in rows]
    undated = asked.total - sum(count for _, count in counts)
    if not counts:
        return Draft((Line(f"No date is known of {asked.subject}."),), (), asked.total)
    if asked.place is not None and not 0 < asked.place <= asked.total - undated:
        dated = counted(asked.total - undated, "of them has", "of them have")
        text = f"There is no {place_in_words(wanted)} {superlative} of {asked.subject}: {dated} a date."
        return Draft((Line(text),), (), asked.total)
    dates = _cut(counts, wanted, is_newest=is_newest, only_last=asked.place is not None)
    listed = sum(count for _, count in dates.listed)
    shown = _read(asked, [date for date, _ in dates.listed], MOST_SOURCES if asked.place else max(MOST_SOURCES, wanted))
    if asked.place is not None:
        heading = f"The {place_in_words(wanted)} {superlative} of {asked.subject}:"
        wanted = 1
    else:
        many = f"{listed:,} " if listed > 1 else ""
        heading = f"The {many}{superlative} of {asked.subject}:" if asked.total > 1 else f"{asked.subject}:"
    items = (paper_line(place, paper) for place, paper in enumerate(shown, 1))
    remarks = [*_ties(dates, wanted, listed, len(shown)), *_unsure(asked, dates, is_newest=is_newest)]
    if undated:
        remarks.append(
            Line(f"{undated:,} of {counted(asked.total, 'paper')} {'has' if undated == 1 else 'have'} no date.")
        )
    return Draft((Line(heading), *items), tuple(paper_row(paper) for paper in shown), asked.total, tuple(remarks))


def _ties(dates: _Dates, wanted: int, listed: int, shown: int) -> Iterator[Line]:
    last, sharing = dates.listed[-1]
    if listed > wanted:
        fate = "so all of them are named" if shown == listed else f"and {shown:,} of the {listed:,} papers are shown"
        yield Line(f"{sharing:,} papers share the date {last}, {fate}.")


def _unsure(asked: Asked, dates: _Dates, *, is_newest: bool) -> Iterator[Line]:
    if dates.unsure:
        examples = _read(asked, [date for date, _ in dates.unsure], _EXAMPLES)
        more = sum(count for _, count in dates.unsure) - len(examples)
        titles = ", ".join(f"“{plain(paper.title)}” ({paper.date})" for paper in examples)
        others = f" and {more:,} more" if more else ""
        what = f"be {'newer' if is_newest else 'older'} still" if asked.place is None else "have this place instead"
        yield Line(
            f"{titles}{others} may {what}: the date given is no nearer.",
            tuple(paper.id for paper in examples),
        )


def _cut(counts: Sequence[tuple[str, int]], wanted: int, *, is_newest: bool, only_last: bool) -> _Dates:
    """Take dates from the newest (oldest) on until there are papers enough; with `only_last` none but the last."""
    ranked = sorted(counts, key=lambda pair: _rank(pair[0], is_newest=is_newest), reverse=is_newest)
    end, papers_so_far = 0, 0
    while end < len(ranked) and papers_so_far < wanted:
        papers_so_far += ranked[end][1]
        end += 1
    last = ranked[end - 1][0]
    unsure = [pair for pair in ranked[end:] if _may_precede(pair[0], last, is_newest=is_newest)]
    if not only_last:
        return _Dates(tuple(ranked[:end]), tuple(unsure))
    earlier = [pair for pair in ranked[: end - 1] if _may_precede(last, pair[0], is_newest=is_newest)]
    return _Dates((ranked[end - 1],), (*earlier, *unsure))


def _rank(date: str, *, is_newest: bool) -> tuple[str, int]:
    """Return what dates are sorted by: of the days that one may mean the first (newest) or the last (oldest)."""
    return (_earliest(date), len(date)) if is_newest else (_latest(date), -len(date))


def _may_precede(date: str, last: str, *, is_newest: bool) -> bool:
    """Tell whether a date, on a day that it may mean, is newer (older) than the last one listed may be."""
    return _latest(date) > _earliest(last) if is_newest else _earliest(date) < _latest(last)


def _earliest(date: str) -> str:
    return date + "0000-01-01"[len(date) :]


def _latest(date: str) -> str:
    return date + "0000-12-31"[len(date) :]


def _read(asked: Asked, dates: Sequence[str], most: int) -> list[Paper]:
    """Read the papers of these dates in the dates' order, then by title, `most` at most."""
    ids: list[str] = []
    for date in dates:
        query = select(papers.c.id).where(papers.c.date == date).order_by(papers.c.title, papers.c.number)
        ids += asked.select(query.limit(most - len(ids))).scalars()
        if len(ids) >= most:
            break
    return read_papers(asked.connection, ids)
