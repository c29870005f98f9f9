"""Tallies in words: papers a year, a category or a venue; who wrote most, and who wrote with whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from assistant import categories, tallies
from assistant.drafts import IDS_IN_A_ROW, MOST_ASKED, MOST_SOURCES, Asked, Draft, Line, samples
from assistant.schema import papers
from assistant.tallies import Tally
from assistant.wording import counted, joined, one_line, plain

_USUAL_PLACES = 10
"""Places of a ranking of people, unless more are asked for."""

_MOST_TIED = 100
"""People named because they share the last place; of more, only the number is given."""


def per_year(asked: Asked) -> Draft:
    """Say how many papers there are from each year, newest first."""
    counted_ones = tallies.per_year(tallies.entries(asked.connection, asked.chosen))
    rows = [_row(asked, tally, {"year": int(tally.name) if tally.name else None}) for tally in counted_ones]
    labels = [tally.name or "No date" for tally in counted_ones]
    years = [tally for tally in counted_ones if tally.name]
    most = max((tally.count for tally in years), default=0)
    top = [tally.name for tally in years if tally.count == most]
    by = "by year" if len(top) == len(years) else f"by year, most from {joined(top)}"
    return _parts(asked, by, counted_ones, labels, rows, is_whole=True)


def per_category(asked: Asked) -> Draft:
    """Say how many papers there are in each category, most first."""
    counted_ones = tallies.per_category(asked.connection, tallies.entries(asked.connection, asked.chosen))
    rows: list[Mapping[str, Any]] = []
    labels: list[str] = []
    for tally in counted_ones:
        known = categories.categories().get(tally.id)
        rows.append(_row(asked, tally, {"category": one_line(tally.name), "name": known.name if known else ""}))
        label = plain(tally.name) or "No category"
        labels.append(f"{label} ({known.spoken})" if known and known.spoken != label.casefold() else label)
    draft = _parts(asked, "by category", counted_ones, labels, rows)
    if sum(tally.count for tally in counted_ones) == asked.total:
        return draft
    remark = Line("A paper of several categories counts in each of them.")
    return Draft(draft.lines, draft.rows, draft.count, (*draft.remarks, remark))


def per_venue(asked: Asked) -> Draft:
    """Say how many papers there are at each venue, most first."""
    counted_ones = tallies.per_venue(tallies.entries(asked.connection, asked.chosen))
    rows = [_row(asked, tally, {"venue": one_line(tally.name)}) for tally in counted_ones]
    labels = [plain(tally.name) or "No venue named" for tally in counted_ones]
    return _parts(asked, "by venue", counted_ones, labels, rows)


def per_author(asked: Asked) -> Draft:
    """Name the most frequent authors."""
    everyone = tallies.per_author(asked.connection, tallies.entries(asked.connection, asked.chosen))
    heading = f"{counted(len(everyone), 'author')} of {asked.subject}"
    return _people(asked, everyone, heading)


def per_first_author(asked: Asked) -> Draft:
    """Name the most frequent first authors."""
    everyone = tallies.per_first_author(asked.connection, tallies.entries(asked.connection, asked.chosen))
    named = [tally for tally in everyone if tally.name]
    heading = f"{counted(len(named), 'first author')} of {asked.subject}"
    draft = _people(asked, named, heading, cuts_matter=False)
    untold = [tally for tally in everyone if not tally.name]
    if not untold:
        return draft
    missing = untold[0]
    tells = "does" if missing.count == 1 else "do"
    remark = Line(f"{counted(missing.count, 'paper')} {tells} not tell the first author.", missing.paper_ids[:5])
    return Draft(draft.lines, draft.rows, draft.count, (*draft.remarks, remark))


def coauthors(asked: Asked) -> Draft:
    """Name who wrote most often with the filter's author; without one, which two people wrote together most often."""
    chosen, found = asked.chosen, tallies.entries(asked.connection, asked.chosen)
    if not chosen.author:
        together, total = tallies.pairs(asked.connection, found, asked.lines(_USUAL_PLACES))
        heading = f"{counted(total, 'pair of authors', 'pairs of authors')} of {asked.subject}"
        return _people(asked, together, heading, total)
    authors = [chosen.author, *chosen.with_authors]
    others = tallies.coauthors(asked.connection, found, authors)
    whose = joined([plain(asked.names.get(author, author)) for author in authors])
    heading = f"{counted(len(others), 'co-author')} of {whose}, from {asked.subject}"
    return _people(asked, others, heading)


def _parts(
    asked: Asked,
    by: str,
    parts: Sequence[Tally],
    labels: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    is_whole: bool = False,
) -> Draft:
    """Return a line for each part of the papers: all where they have an order of their own, else the largest.

    The rows are all there.
    """
    label = dict(zip(parts, labels, strict=True))
    remarks: list[Line] = []
    shown = list(parts[:MOST_ASKED])
    if not is_whole:
        shown, remarks = _with_ties(parts, asked.lines(MOST_SOURCES))
    shares = samples([tally.paper_ids for tally in shown])
    items = [
        Line(f"- {label[tally]}: {counted(tally.count, 'paper')} ({_share(tally.count, asked.total)})", ids)
        for tally, ids in zip(shown, shares, strict=True)
    ]
    if len(shown) < len(parts):
        remarks = [Line(f"{len(shown):,} of {len(parts):,} lines are shown."), *remarks]
    remarks += _unshown(shown, shares)
    return Draft((Line(f"{asked.subject}, {by}:"), *items), tuple(rows), asked.total, tuple(remarks))


def _people(
    asked: Asked,
    everyone: Sequence[Tally],
    heading: str,
    total: int | None = None,
    *,
    cuts_matter: bool = True,
) -> Draft:
    """Return a ranking of people, or of pairs, with all that share the last place, and say whom cut lists may hide."""
    total = len(everyone) if total is None else total
    shown, remarks = _with_ties(everyone, asked.lines(_USUAL_PLACES))
    shares = samples([tally.paper_ids for tally in shown])
    lines: list[Line] = []
    if len(shown) < total:
        heading += f"; the {len(shown):,} most frequent" if len(shown) > 1 else "; the most frequent"
    lines.append(Line(f"{heading}:" if shown else f"{heading}."))
    for tally, ids in zip(shown, shares, strict=True):
        place = 1 + sum(other.count > tally.count for other in shown)
        lines.append(Line(f"{place}. {_called(tally)}: {counted(tally.count, 'paper')}", ids))
    if cuts_matter and (cut := _cut_count(asked)):
        whole = counted(asked.total, "paper")
        remarks.append(
            Line(f"In {cut:,} of {whole} the list of authors is cut (“et al.”): who is left out there is not counted.")
        )
    remarks += _unshown(shown, shares)
    rows = [_row(asked, tally, _person(tally)) for tally in shown]
    return Draft(tuple(lines), tuple(rows), total, tuple(remarks))


def _with_ties(ranked: Sequence[Tally], limit: int) -> tuple[list[Tally], list[Line]]:
    """Return the first places, with all that share the last one, and what is to be said of that.

    What names nobody has no place and stays at the end.
    """
    named = [tally for tally in ranked if tally.name]
    nameless = [tally for tally in ranked if not tally.name]
    shown = named[:limit]
    if not shown or len(named) <= limit or named[limit].count < shown[-1].count:
        return [*shown, *nameless], []
    least = shown[-1].count
    papers_each = counted(least, "paper")
    above = [tally for tally in named if tally.count > least]
    tied = [tally for tally in named if tally.count == least]
    if len(tied) > _MOST_TIED:
        left_out = len(above) + len(tied) - limit
        text = f"{left_out:,} more have {papers_each} each, as many as the last one named here."
        return [*shown, *nameless], [Line(text)]
    place = "last" if above else "first"
    text = f"{len(tied)} share the {place} place with {papers_each} each; all of them are named."
    return [*above, *tied, *nameless], [Line(text)]


def _unshown(shown: Sequence[Tally], shares: Sequence[Sequence[str]]) -> list[Line]:
    counted_ones = {paper_id for tally in shown for paper_id in tally.paper_ids}
    sources = {paper_id for ids in shares for paper_id in ids}
    if len(sources) == len(counted_ones):
        return []
    text = f"{len(sources):,} of these {len(counted_ones):,} papers are shown as sources, the newest of each line."
    return [Line(text)]


def _cut_count(asked: Asked) -> int:
    query = select(func.count()).select_from(papers).where(papers.c.authors_complete == 0)
    return int(asked.select(query).scalar_one())


def _called(tally: Tally) -> str:
    return f"{plain(tally.name)} and {plain(tally.other)}" if tally.other else plain(tally.name)


def _person(tally: Tally) -> dict[str, Any]:
    one = {"author": one_line(tally.name), "person_id": tally.id}
    return {**one, "with": one_line(tally.other), "with_id": tally.other_id} if tally.other else one


def _row(asked: Asked, tally: Tally, named: Mapping[str, Any]) -> dict[str, Any]:
    share = round(tally.count / asked.total, 4)
    return {**named, "papers": tally.count, "share": share, "paper_ids": list(tally.paper_ids[:IDS_IN_A_ROW])}


def _share(part: int, whole: int) -> str:
    percent = 100 * part / whole
    return "under 1%" if percent < 1 else f"{percent:.0f}%" if part == whole or percent < 99.5 else "over 99%"
