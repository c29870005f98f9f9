"""Rankings in words: papers a year, a category or a venue; who wrote most, who wrote with whom, on how many papers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, not_, select

from assistant.catalogue import paper_counts
from assistant.catalogue.paper_counts import Entry, Tally
from assistant.catalogue.reply import (
    IDS_IN_A_ROW,
    MOST_ASKED,
    MOST_SOURCES,
    Asked,
    Draft,
    Line,
    paper_line,
    paper_row,
    samples,
)
from assistant.library import filters, papers, read_papers
from assistant.text import arxiv_categories, counted, joined, one_line, place_in_words, plain

_USUAL_PLACES = 10
"""Places of a ranking of people, or of papers, unless more are asked for."""

_MOST_TIED = 100
"""Those named because they share the last place; of more, only the number is given."""


def per_year(asked: Asked) -> Draft:
    """Say how many papers there are from each year, newest first; where a part of them is asked for, ranked."""
    counted_ones = paper_counts.per_year(paper_counts.entries(asked.connection, asked.chosen))
    if asked.ascending or asked.limit is not None or asked.place is not None:
        return _parts(asked, "year", counted_ones, _year_label, _year)
    years = [tally for tally in counted_ones if tally.name]
    most = max((tally.count for tally in years), default=0)
    top = [tally.name for tally in years if tally.count == most]
    by = "year" if len(top) == len(years) else f"year, most from {joined(top)}"
    return _parts(asked, by, counted_ones, _year_label, _year, in_order=True)


def years_ranked(asked: Asked) -> Draft:
    """Name the year of most papers, or the first ones where more are asked for."""
    counted_ones = paper_counts.per_year(paper_counts.entries(asked.connection, asked.chosen))
    ranked = asked if asked.limit is not None or asked.bounds else replace(asked, limit=1)
    return _parts(ranked, "year", counted_ones, _year_label, _year)


def per_category(asked: Asked) -> Draft:
    """Say how many papers there are in each category, most first."""
    counted_ones = paper_counts.per_category(asked.connection, paper_counts.entries(asked.connection, asked.chosen))
    draft = _parts(asked, "category", counted_ones, _category_label, _category)
    if sum(tally.count for tally in counted_ones) == asked.total:
        return draft
    return _with_remark(draft, Line("A paper of several categories counts in each of them."))


def per_venue(asked: Asked) -> Draft:
    """Say how many papers there are at each venue, most first."""
    counted_ones = paper_counts.per_venue(paper_counts.entries(asked.connection, asked.chosen))
    return _parts(asked, "venue", counted_ones, lambda tally: plain(tally.name) or "No venue named", _venue)


def per_author(asked: Asked) -> Draft:
    """Name the most frequent authors."""
    everyone = paper_counts.per_author(asked.connection, paper_counts.entries(asked.connection, asked.chosen))
    return _people(asked, everyone, "author", f"of {asked.subject}")


def per_first_author(asked: Asked) -> Draft:
    """Name the most frequent first authors."""
    return _placed(asked, paper_counts.per_first_author, "first")


def per_last_author(asked: Asked) -> Draft:
    """Name the most frequent last authors. Where the list of authors is cut, the last one is not known."""
    return _placed(asked, paper_counts.per_last_author, "last")


def coauthors(asked: Asked) -> Draft:
    """Name who wrote most often with the filter's author; without one, which two people wrote together most often."""
    chosen, found = asked.chosen, paper_counts.entries(asked.connection, asked.chosen)
    if not chosen.author and not chosen.any_authors:
        places = asked.lines(_USUAL_PLACES) if asked.place is None else asked.place
        together, total = paper_counts.pairs(asked.connection, found, places, asked.takes, ascending=asked.ascending)
        return _people(asked, together, "pair of authors", f"of {asked.subject}", "pairs of authors", total)
    certain = list(filter(None, (chosen.author, *chosen.with_authors)))
    others = paper_counts.coauthors(asked.connection, found, [*certain, *chosen.any_authors])
    called = [
        joined([plain(asked.names.get(author, author)) for author in group], last)
        for group, last in ((certain, "and"), (chosen.any_authors, "or"))
        if group
    ]
    return _people(asked, others, "co-author", f"of {joined(called)}, from {asked.subject}")


def by_author_count(asked: Asked) -> Draft:
    """Rank the papers by how many wrote them, most first. Those whose list of authors is cut have no place."""
    number, is_open = filters.authors_counted()
    order = number if asked.ascending else number.desc()
    query = select(papers.c.id, number).where(not_(is_open)).order_by(order, papers.c.date.desc(), papers.c.title)
    found: Sequence[Any] = asked.select(query).all()
    counts = {str(paper_id): int(count) for paper_id, count in found}
    part, remarks = _part(asked, list(counts.values()), _USUAL_PLACES, "author")
    shown = read_papers(asked.connection, list(counts)[part])
    places = _places(counts.values())
    heading = f"{asked.subject}, by number of authors{_order(asked, len(counts))}"
    items = [
        Line(f"{line.text}: {counted(counts[paper.id], 'author')}", line.paper_ids)
        for paper in shown
        for line in [paper_line(places[counts[paper.id]], paper)]
    ]
    if len(shown) < len(counts) and asked.place is None:
        heading += f"; {len(shown):,} of {counted(asked.total, 'paper')} shown"
    if unknown := asked.total - len(counts):
        text = f"In {unknown:,} of {counted(asked.total, 'paper')} the list of authors is cut or missing"
        remarks.append(Line(f"{text}: how many there are is not known, and those papers have no place here."))
    rows = [{**paper_row(paper), "authors_count": counts[paper.id]} for paper in shown]
    return Draft((_heading(heading, shown), *items), tuple(rows), asked.total, tuple(remarks))


def _parts(
    asked: Asked,
    by: str,
    parts: Sequence[Tally],
    label: Callable[[Tally], str],
    named: Callable[[Tally], Mapping[str, Any]],
    *,
    in_order: bool = False,
) -> Draft:
    """Return a line for each part of the papers: all where they stand `in_order`, as years do, else the largest.

    The rows are all there, but where a part or an order is asked for: those are the parts of the lines. What names
    nothing stands at the end, and in a ranking it has no place.
    """
    ranked = [tally for tally in parts if tally.name and asked.takes(tally.count)]
    nameless = [tally for tally in parts if not tally.name]
    part, remarks = slice(MOST_ASKED), list[Line]()
    if not in_order:
        ranked = _ranked(asked, ranked)
        part, remarks = _part(asked, [tally.count for tally in ranked], MOST_SOURCES)
    shown = ranked[part]
    heading, listed = f"{asked.subject}, by {by}", shown
    if not asked.is_ranking:
        shown = [*shown, *nameless]
        listed = [*ranked, *nameless]
    else:
        heading += f", those with {asked.bounds}" if asked.bounds else ""
        heading += "" if in_order else _order(asked, len(ranked))
        remarks += [
            Line(f"{label(tally)}: {counted(tally.count, 'paper')}, which {_have(tally.count)} no place here.")
            for tally in nameless
        ]
    shares = samples([tally.paper_ids for tally in shown])
    items = [
        Line(f"- {label(tally)}: {counted(tally.count, 'paper')} ({_share(tally.count, asked.total)})", ids)
        for tally, ids in zip(shown, shares, strict=True)
    ]
    whole = ranked if asked.is_ranking else listed
    if len(shown) < len(whole) and asked.place is None:
        remarks = [Line(f"{len(shown):,} of {len(whole):,} lines are shown."), *remarks]
    remarks += _unshown(shown, shares)
    rows = tuple(_row(asked, tally, named(tally)) for tally in listed)
    return Draft((_heading(heading, shown), *items), rows, asked.total, tuple(remarks))


def _placed(asked: Asked, count: Callable[[Connection, Sequence[Entry]], list[Tally]], place: str) -> Draft:
    """Return a ranking of those who stand first, or last, and say how many papers do not tell who does."""
    everyone = count(asked.connection, paper_counts.entries(asked.connection, asked.chosen))
    draft = _people(asked, everyone, f"{place} author", f"of {asked.subject}", cuts_matter=False)
    for untold in (tally for tally in everyone if not tally.name):
        tells = "does" if untold.count == 1 else "do"
        text = f"{counted(untold.count, 'paper')} {tells} not tell the {place} author."
        draft = _with_remark(draft, Line(text, untold.paper_ids[:5]))
    return draft


def _people(
    asked: Asked,
    everyone: Sequence[Tally],
    noun: str,
    of: str,
    nouns: str = "",
    total: int | None = None,
    *,
    cuts_matter: bool = True,
) -> Draft:
    """Return a ranking of people, or of pairs, with all that share the last place, and say whom cut lists may hide."""
    named = [tally for tally in everyone if tally.name and asked.takes(tally.count) and asked.names_person(tally.id)]
    ranked = _ranked(asked, named)
    total = len(ranked) if total is None else total
    part, remarks = _part(asked, [tally.count for tally in ranked], _USUAL_PLACES)
    shown = ranked[part]
    shares = samples([tally.paper_ids for tally in shown])
    heading = f"{counted(total, noun, nouns)}{f' with {asked.bounds},' if asked.bounds else ''} {of}"
    frequent = "least frequent" if asked.ascending else "most frequent"
    if asked.place is not None and shown:
        heading += f"; the {place_in_words(asked.place)} {frequent}" if asked.place > 1 else f"; the {frequent}"
    elif asked.place is not None:
        heading += f"; there is no {place_in_words(asked.place)}"
    elif len(shown) < total:
        heading += f"; the {len(shown):,} {frequent}" if len(shown) > 1 else f"; the {frequent}"
    heading += ", fewest first" if asked.ascending and shown else ""
    places = _places(tally.count for tally in ranked)
    lines = [
        Line(f"{places[tally.count]}. {_called(tally)}: {counted(tally.count, 'paper')}", ids)
        for tally, ids in zip(shown, shares, strict=True)
    ]
    if cuts_matter and (cut := _cut_count(asked)):
        whole = counted(asked.total, "paper")
        remarks.append(
            Line(f"In {cut:,} of {whole} the list of authors is cut (“et al.”): who is left out there is not counted.")
        )
    remarks += _unshown(shown, shares)
    rows = [_row(asked, tally, _person(tally)) for tally in shown]
    return Draft((Line(f"{heading}{':' if shown else '.'}"), *lines), tuple(rows), total, tuple(remarks))


def _ranked(asked: Asked, tallied: Sequence[Tally]) -> list[Tally]:
    """Return what names somebody or something by its number of papers; those of the same number stay in their order."""
    return sorted(tallied, key=lambda tally: tally.count, reverse=not asked.ascending)


def _part(asked: Asked, counts: Sequence[int], usual: int, noun: str = "paper") -> tuple[slice, list[Line]]:
    """Return which part of a ranking is asked for, with all that share its last place, and what is to be said of that.

    `counts` are the numbers that are ranked, in their order.
    """
    wanted = min(asked.lines(usual), len(counts)) if asked.place is None else asked.place
    if not 0 < wanted <= len(counts):
        return slice(0), []
    edge = counts[wanted - 1]
    tied = counts.count(edge)
    first = counts.index(edge)
    start, end = 0 if asked.place is None else first, first + tied
    if tied == 1 or (asked.place is None and end == wanted):
        return slice(start, end), []
    each = counted(edge, noun)
    if tied > _MOST_TIED:
        stop = wanted if asked.place is None else first + asked.lines(_USUAL_PLACES)
        return slice(start, stop), [Line(f"{end - stop:,} more have {each} each, as many as the last one named here.")]
    place = "this" if asked.place is not None else "the last" if first else "the first"
    return slice(start, end), [Line(f"{tied} share {place} place with {each} each; all of them are named.")]


def _places(counts: Iterable[int]) -> Mapping[int, int]:
    """Return the place of each number of a ranking, from 1; those who share it leave the next ones out."""
    places: dict[int, int] = {}
    for place, count in enumerate(counts, 1):
        places.setdefault(count, place)
    return places


def _order(asked: Asked, total: int) -> str:
    """Return in words from which end a ranking goes, and which place of how many is asked for."""
    words = ", fewest first" if asked.ascending else ", most first"
    return words if asked.place is None else f"{words}; the {place_in_words(asked.place)} of {total:,}"


def _heading(text: str, shown: Sequence[Any]) -> Line:
    return Line(f"{text}:" if shown else f"{text}: none.")


def _with_remark(draft: Draft, remark: Line) -> Draft:
    return replace(draft, remarks=(*draft.remarks, remark))


def _year_label(tally: Tally) -> str:
    return tally.name or "No date"


def _year(tally: Tally) -> Mapping[str, Any]:
    return {"year": int(tally.name) if tally.name else None}


def _venue(tally: Tally) -> Mapping[str, Any]:
    return {"venue": one_line(tally.name)}


def _category_label(tally: Tally) -> str:
    known = arxiv_categories.categories().get(tally.id)
    label = plain(tally.name) or "No category"
    return f"{label} ({known.spoken})" if known and known.spoken != label.casefold() else label


def _category(tally: Tally) -> Mapping[str, Any]:
    known = arxiv_categories.categories().get(tally.id)
    return {"category": one_line(tally.name), "name": known.name if known else ""}


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


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
