"""Lists and rankings: of papers by date and authors, of years, categories, venues and people by their papers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, not_, select

from assistant.catalogue import paper_counts
from assistant.catalogue.paper_counts import Entries, PaperCount
from assistant.catalogue.reply import MOST_LINES, CatalogueRequest, Reply, ReplyLine, paper_line, paper_row
from assistant.library import filters, papers, read_papers
from assistant.text import arxiv_categories, counted, joined, listing_command, one_line, place_in_words, plain
from assistant.types import Measure, Paper

MOST_SOURCES = 50
"""Papers that an answer shows as numbered sources, and lines of a list, unless more are asked for."""

_USUAL_PLACES = 10
"""Places of a ranking of people, or of papers, unless more are asked for."""

_MOST_TIED = 100
"""Those named because they share the last place; of more, only the number is given."""

MOST_ROW_IDS = 500
"""Ids that a row names, newest first; its `papers` is the true count."""

_EXAMPLES = 5
"""Papers named of those that a remark is about."""


def count(request: CatalogueRequest) -> Reply:
    """Say how many papers there are, and show the newest."""
    shown = by_date(request, MOST_SOURCES)
    text = f"{request.subject}."
    if len(shown) < request.total:
        text += f" The {len(shown)} newest are shown."
    line = ReplyLine(text, tuple(paper.id for paper in shown))
    return Reply((line,), tuple(paper_row(paper) for paper in shown), request.total)


def all_papers(request: CatalogueRequest) -> Reply:
    """List the papers, the newest or the oldest first."""
    shown = by_date(request, request.lines(MOST_SOURCES), oldest=request.plan.ascending)
    end = "oldest" if request.plan.ascending else "newest"
    heading = f"{request.subject}; {len(shown):,} of {counted(request.total, 'paper')} shown"
    if len(shown) < request.total:
        command = listing_command(request.filter)
        heading += f", the {end}" + (f" (`{command}` lists all)" if command else "")
    elif request.total > 1:
        heading += f", {end} first"
    return _list(request, heading, shown)


def by_date(request: CatalogueRequest, most: int, *, oldest: bool = False) -> list[Paper]:
    """Return the newest, or the oldest, papers that pass, then by title; those without a date come last."""
    order = (papers.c.date == "", papers.c.date) if oldest else (papers.c.date.desc(),)
    query = select(papers.c.id).order_by(*order, papers.c.title, papers.c.number).limit(most)
    return read_papers(request.connection, request.select(query).scalars().all())


def newest_or_oldest(request: CatalogueRequest) -> Reply:
    """List the newest, or the oldest, papers, one unless more are asked for, with all that share the last one's date.

    Where a place is asked for, only those that hold it by their date. A date of "2024" may be any day of that year:
    beside "2024-05" it is neither newer nor older, and the reply says so.
    """
    place, is_newest = request.plan.place, request.plan.measure == "newest"
    superlative, comparative = ("newest", "newer") if is_newest else ("oldest", "older")
    query = select(papers.c.id, papers.c.date).where(papers.c.date != "").order_by(papers.c.title, papers.c.number)
    found = request.select(query).all()
    dated = sorted(found, key=lambda paper: _date_rank(paper.date, is_newest=is_newest), reverse=is_newest)
    if not dated:
        return Reply((ReplyLine(f"No date is known for {request.subject}."),), (), request.total)
    wanted = min(request.lines(1), len(dated)) if place is None else place
    if not 0 < wanted <= len(dated):
        have = counted(len(dated), "of them has", "of them have")
        text = f"There is no {place_in_words(wanted)} {superlative} of {request.subject}: only {have} a date."
        return Reply((ReplyLine(text),), (), request.total)
    last = dated[wanted - 1].date
    tied = [paper for paper in dated if paper.date == last]
    start = dated.index(tied[0])
    end = start + len(tied)
    unsure = [paper for paper in dated[end:] if _may_precede(paper.date, last, is_newest=is_newest)]
    if place is None:
        listed, many = dated[:end], f"{end:,} " if end > 1 else ""
        heading = f"The {many}{superlative} of {request.subject}" if request.total > 1 else request.subject
        doubt = f"be even {comparative}"
    else:
        listed, wanted = tied, 1
        heading = f"The {place_in_words(place)} {superlative} of {request.subject}"
        unsure = [paper for paper in dated[:start] if _may_precede(last, paper.date, is_newest=is_newest)] + unsure
        doubt = "hold this place instead"
    shown = read_papers(request.connection, [row.id for row in listed[: max(MOST_SOURCES, wanted)]])
    remarks: list[ReplyLine] = []
    if len(listed) > wanted:
        are_all = len(shown) == len(listed)
        fate = "so all of them are named" if are_all else f"and {len(shown):,} of the {len(listed):,} papers are shown"
        remarks.append(ReplyLine(f"{len(tied):,} papers share the date {last}, {fate}."))
    if unsure:
        examples = read_papers(request.connection, [row.id for row in unsure[:_EXAMPLES]])
        titles = ", ".join(f"“{plain(paper.title)}” ({paper.date})" for paper in examples)
        more = f" and {len(unsure) - _EXAMPLES:,} more" if len(unsure) > _EXAMPLES else ""
        text = (
            f"{titles}{more} may {doubt}: {'its date is' if len(unsure) == 1 else 'their dates are'} not more precise."
        )
        remarks.append(ReplyLine(text, tuple(paper.id for paper in examples)))
    if undated := request.total - len(dated):
        has = "has" if undated == 1 else "have"
        remarks.append(ReplyLine(f"{undated:,} of {counted(request.total, 'paper')} {has} no date."))
    return _list(request, heading, shown, remarks)


def by_author_count(request: CatalogueRequest) -> Reply:
    """Rank the papers by how many wrote them, most first. Those whose list of authors is cut are not ranked."""
    number, is_open = filters.authors_counted()
    order = number if request.plan.ascending else number.desc()
    query = select(papers.c.id, number).where(not_(is_open)).order_by(order, papers.c.date.desc(), papers.c.title)
    counts: dict[str, int] = dict(map(tuple, request.select(query)))
    part, remarks = _part(request, list(counts.values()), _USUAL_PLACES, "author")
    shown = read_papers(request.connection, list(counts)[part])
    heading = f"{request.subject}, by number of authors{_order(request, len(counts))}"
    if len(shown) < len(counts) and request.plan.place is None:
        heading += f"; {len(shown):,} of {counted(request.total, 'paper')} shown"
    if unknown := request.total - len(counts):
        text = f"{unknown:,} of {counted(request.total, 'paper')} {'is' if unknown == 1 else 'are'} not ranked"
        remarks.append(ReplyLine(f"{text}, because the list of authors is cut short or missing."))
    places = _places(list(counts.values()))
    lines = [paper_line(places[counts[each.id]], each, f": {counted(counts[each.id], 'author')}") for each in shown]
    rows = tuple({**paper_row(paper), "authors_count": counts[paper.id]} for paper in shown)
    return Reply((_heading(heading, shown), *lines, *remarks), rows, request.total)


def groups(request: CatalogueRequest) -> Reply:
    """Say how many papers there are of each year, category or venue, most first.

    Years stand in their own order unless a part of them is asked for. The rows are all groups, but where a part or an
    order is asked for: then they are those of the lines. Papers that name none stand at the end, and are not ranked.
    """
    plan = request.plan
    noun, counting, described = _GROUPS[plan.measure]
    counts = counting(request.connection, paper_counts.entries(request.connection, request.filter))
    nameless = [each for each in counts if not each.name]
    named = [each for each in counts if each.name and request.takes(each.count)]
    heading, remarks = f"{request.subject}, by {noun}", list[ReplyLine]()
    if plan.measure == "per_year" and not plan.ascending and plan.limit is None and plan.place is None:
        shown, order = named[:MOST_LINES], ""
        most = max((each.count for each in named), default=0)
        top = [each.name for each in named if each.count == most]
        heading += f", most from {joined(top)}" if len(top) < len(named) else ""
    else:
        named = _ranked(request, named)
        usual = 1 if plan.measure == "years_ranked" and not request.bounds else MOST_SOURCES
        part, remarks = _part(request, [each.count for each in named], usual)
        shown, order = named[part], _order(request, len(named))
    whole = named
    if request.is_ranking:
        listed = shown
        heading += (f", those with {request.bounds}" if request.bounds else "") + order
        for each in nameless:
            text = f"{described(each)[0]}: {counted(each.count, 'paper')}, not ranked."
            remarks.append(ReplyLine(text))
    else:
        listed = whole = named + nameless
        shown = shown + nameless
    if len(shown) < len(whole) and plan.place is None:
        remarks = [ReplyLine(f"{len(shown):,} of {len(whole):,} shown."), *remarks]
    if plan.measure == "per_category" and sum(each.count for each in counts) > request.total:
        remarks.append(ReplyLine("A paper in several categories is counted in each of them."))
    texts = [
        f"- {described(each)[0]}: {counted(each.count, 'paper')} ({_share(each.count, request.total)})"
        for each in shown
    ]
    lines = [_heading(heading, shown), *_with_sources(shown, texts, remarks)]
    return Reply(tuple(lines), tuple(_row(request, each, described(each)[1]) for each in listed), request.total)


def authors(request: CatalogueRequest) -> Reply:
    """Name the most frequent authors."""
    counts = paper_counts.per_author(request.connection, paper_counts.entries(request.connection, request.filter))
    return _people(request, counts, "author", f"of {request.subject}", _cut_lists(request))


def authors_at(position: Literal["first", "last"], request: CatalogueRequest) -> Reply:
    """Name the most frequent first, or last, authors, and say how many papers do not state theirs."""
    found = paper_counts.entries(request.connection, request.filter)
    counts = paper_counts.per_position(request.connection, found, position)
    remarks = [
        ReplyLine(
            f"{counted(each.count, 'paper')} {'does' if each.count == 1 else 'do'} not state the {position} author.",
            each.paper_ids[:_EXAMPLES],
        )
        for each in counts
        if not each.name
    ]
    return _people(request, counts, f"{position} author", f"of {request.subject}", remarks)


def coauthors(request: CatalogueRequest) -> Reply:
    """Name who wrote most often with the filter's author; without one, which two people wrote together most often."""
    plan, wanted, remarks = request.plan, request.filter, _cut_lists(request)
    found = paper_counts.entries(request.connection, wanted)
    if not wanted.author and not wanted.any_authors:
        places = request.lines(_USUAL_PLACES) if plan.place is None else plan.place
        pairs, total = paper_counts.pairs(request.connection, found, places, request.takes, ascending=plan.ascending)
        return _people(request, pairs, "pair of authors", f"of {request.subject}", remarks, "pairs of authors", total)
    certain = [person for person in (wanted.author, *wanted.with_authors) if person]
    counts = paper_counts.coauthors(request.connection, found, [*certain, *wanted.any_authors])
    called = [words for words in (request.called(certain), request.called(wanted.any_authors, "or")) if words]
    return _people(request, counts, "co-author", f"of {joined(called)}, from {request.subject}", remarks)


def _people(
    request: CatalogueRequest,
    counts: Sequence[PaperCount],
    noun: str,
    of: str,
    remarks: Sequence[ReplyLine],
    nouns: str = "",
    total: int | None = None,
) -> Reply:
    """Return a ranking of people, or of pairs, with all that share the last place."""
    plan = request.plan
    ranked = _ranked(request, [each for each in counts if each.name and request.takes(each.count)])
    ranked = [each for each in ranked if each.id not in plan.left_out and (not plan.ranked or each.id in plan.ranked)]
    total = len(ranked) if total is None else total
    part, ties = _part(request, [each.count for each in ranked], _USUAL_PLACES)
    shown, places = ranked[part], _places([each.count for each in ranked])
    heading = f"{counted(total, noun, nouns)}{f' with {request.bounds},' if request.bounds else ''} {of}"
    frequent = "least frequent" if plan.ascending else "most frequent"
    if plan.place is not None:
        which = place_in_words(plan.place)
        heading += f"; the {f'{which} ' if plan.place > 1 else ''}{frequent}" if shown else f"; there is no {which}"
    elif len(shown) < total:
        heading += f"; the {f'{len(shown):,} ' if len(shown) > 1 else ''}{frequent}"
    heading += f"{', fewest first' if plan.ascending and shown else ''}{':' if shown else '.'}"
    texts = [f"{places[each.count]}. {_person(each)[0]}: {counted(each.count, 'paper')}" for each in shown]
    lines = [ReplyLine(heading), *_with_sources(shown, texts, [*ties, *remarks])]
    return Reply(tuple(lines), tuple(_row(request, each, _person(each)[1]) for each in shown), total)


def _with_sources(
    shown: Sequence[PaperCount], texts: Sequence[str], remarks: Sequence[ReplyLine]
) -> Iterator[ReplyLine]:
    """Yield lines with the papers behind them, then the remarks, and say where there are too many papers to show.

    Of each group the first papers are sources, as many as keep all groups together within about `MOST_SOURCES`. Every
    group has one at least; a small group leaves its share to the others.
    """
    behind = {paper_id for each in shown for paper_id in each.paper_ids}
    most, longest = 1, max((each.count for each in shown), default=1)
    while most < longest and len({one for each in shown for one in each.paper_ids[: most + 1]}) <= MOST_SOURCES:
        most += 1
    for each, text in zip(shown, texts, strict=True):
        yield ReplyLine(text, each.paper_ids[:most])
    yield from remarks
    sources = {one for each in shown for one in each.paper_ids[:most]}
    if len(sources) < len(behind):
        text = f"{len(sources):,} of these {len(behind):,} papers are shown as sources: the newest of each line."
        yield ReplyLine(text)


def _ranked(request: CatalogueRequest, counts: Sequence[PaperCount]) -> list[PaperCount]:
    """Sort by number of papers; those of the same number stay in their order."""
    return sorted(counts, key=lambda each: each.count, reverse=not request.plan.ascending)


def _part(
    request: CatalogueRequest, counts: Sequence[int], usual: int, noun: str = "paper"
) -> tuple[slice, list[ReplyLine]]:
    """Return which part of a ranking is asked for, with all that share its last place, and a remark on these.

    `counts` are the numbers that are ranked, in their order.
    """
    place = request.plan.place
    wanted = min(request.lines(usual), len(counts)) if place is None else place
    if not 0 < wanted <= len(counts):
        return slice(0), []
    edge = counts[wanted - 1]
    first, tied, each = counts.index(edge), counts.count(edge), counted(edge, noun)
    start, end = 0 if place is None else first, first + tied
    if tied == 1 or (place is None and end == wanted):
        return slice(start, end), []
    if tied > _MOST_TIED:
        stop = wanted if place is None else first + request.lines(_USUAL_PLACES)
        text = f"{end - stop:,} more have {each} each, as many as the last one shown."
        return slice(start, stop), [ReplyLine(text)]
    which = "this place" if place is not None else "last place shown" if first else "first place"
    return slice(start, end), [ReplyLine(f"{tied} are tied for {which} with {each} each; all of them are named.")]


def _places(counts: Sequence[int]) -> Mapping[int, int]:
    """Return the place of each number of a ranking, from 1; those who share it leave the next ones out."""
    return {count: len(counts) - place for place, count in enumerate(reversed(counts))}


def _order(request: CatalogueRequest, total: int) -> str:
    """Return in words from which end a ranking goes, and which place of how many is asked for."""
    words = ", fewest first" if request.plan.ascending else ", most first"
    return words if request.plan.place is None else f"{words}; the {place_in_words(request.plan.place)} of {total:,}"


def _list(request: CatalogueRequest, heading: str, shown: Sequence[Paper], remarks: Sequence[ReplyLine] = ()) -> Reply:
    lines = [paper_line(place, paper) for place, paper in enumerate(shown, 1)]
    return Reply((ReplyLine(f"{heading}:"), *lines, *remarks), tuple(map(paper_row, shown)), request.total)


def _heading(text: str, shown: Sequence[Any]) -> ReplyLine:
    return ReplyLine(f"{text}:" if shown else f"{text}: none.")


def _days(date: str) -> tuple[str, str]:
    """Return the first and the last day that a date may mean."""
    return date + "0000-01-01"[len(date) :], date + "0000-12-31"[len(date) :]


def _date_rank(date: str, *, is_newest: bool) -> tuple[str, int]:
    """Return what dates are sorted by: of the days that one may mean the first (newest) or the last (oldest)."""
    first_day, last_day = _days(date)
    return (first_day, len(date)) if is_newest else (last_day, -len(date))


def _may_precede(date: str, other: str, *, is_newest: bool) -> bool:
    """Tell whether a date, on a day that it may mean, is newer (older) than another one may be."""
    (first_day, last_day), (others_first, others_last) = _days(date), _days(other)
    return last_day > others_first if is_newest else first_day < others_last


def _year(year: PaperCount) -> tuple[str, dict[str, Any]]:
    return year.name or "No date", {"year": int(year.name) if year.name else None}


def _venue(venue: PaperCount) -> tuple[str, dict[str, Any]]:
    return plain(venue.name) or "No venue named", {"venue": one_line(venue.name)}


def _category(category: PaperCount) -> tuple[str, dict[str, Any]]:
    known = arxiv_categories.categories().get(category.id)
    label = plain(category.name) or "No category"
    called = f"{label} ({known.spoken})" if known and known.spoken != label.casefold() else label
    return called, {"category": one_line(category.name), "name": known.name if known else ""}


def _person(person: PaperCount) -> tuple[str, dict[str, Any]]:
    row = {"author": one_line(person.name), "person_id": person.id}
    if not person.other:
        return plain(person.name), row
    row |= {"with": one_line(person.other), "with_id": person.other_id}
    return f"{plain(person.name)} and {plain(person.other)}", row


def _row(request: CatalogueRequest, counted_papers: PaperCount, named: Mapping[str, Any]) -> dict[str, Any]:
    number, ids = counted_papers.count, list(counted_papers.paper_ids[:MOST_ROW_IDS])
    return {**named, "papers": number, "share": round(number / request.total, 4), "paper_ids": ids}


def _cut_lists(request: CatalogueRequest) -> list[ReplyLine]:
    """Say in how many papers the list of authors is cut, so that some who wrote them are not counted."""
    cut, whole = request.cut, counted(request.total, "paper")
    text = f"In {cut:,} of {whole} the list of authors is cut short (“et al.”); authors left out of it are not counted."
    return [ReplyLine(text)] if cut else []


def _share(part: int, whole: int) -> str:
    percent = 100 * part / whole
    return "under 1%" if percent < 1 else f"{percent:.0f}%" if part == whole or percent < 99.5 else "over 99%"


_Counting = Callable[[Connection, Entries], list[PaperCount]]
_Describing = Callable[[PaperCount], tuple[str, dict[str, Any]]]

_GROUPS: Mapping[Measure | None, tuple[str, _Counting, _Describing]] = {
    "per_year": ("year", paper_counts.per_year, _year),
    "years_ranked": ("year", paper_counts.per_year, _year),
    "per_category": ("category", paper_counts.per_category, _category),
    "per_venue": ("venue", paper_counts.per_venue, _venue),
}
"""By measure, how papers are grouped, and what lines and rows call a group."""
