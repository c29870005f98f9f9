"""What an exact answer owes its reader beside the number: what the sources leave open, and what there is instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlalchemy import Connection, func, select

from assistant.catalogue import paper_counts
from assistant.catalogue.reply import Asked, Draft, Line
from assistant.library import Doubt, count, papers, undecided
from assistant.text import counted, filter_in_words, joined, plain
from assistant.types import PaperFilter

_EXAMPLES = 5
"""Papers shown for something left open, and names listed in a remark."""

_MOST_YEARS = 10
_MOST_RELAXED = 3
"""Conditions named that leave papers when they are dropped."""


def names_of(connection: Connection, chosen: PaperFilter) -> Mapping[str, str]:
    """Return how the people of a filter are called, where it means one person of the library."""
    found = {author: paper_counts.named(connection, author) for author in chosen.people}
    return {author: people[0].name for author, people in found.items() if len(people) == 1}


def remarks(asked: Asked) -> list[Line]:
    """Say which papers are neither in nor out, which people and which venues were taken together."""
    return [*_several_people(asked), *_venues(asked), *_cut_without(asked), *_undecided(asked)]


def nothing(asked: Asked) -> Draft:
    """Say what was looked for in vain, and what there is when one condition is dropped."""
    chosen = asked.chosen
    if chosen.among == ():
        return Draft((Line("No papers were found before, so there are none among them."),), (), 0)
    words = filter_in_words(chosen, asked.names)
    if not words:
        return Draft((Line("The library holds no papers yet. Add some with `assistant add`."),), (), 0)
    lines = [Line(f"The library holds no papers {words}.")]
    unknown = [author for author in chosen.people if not count(asked.connection, PaperFilter(author=author))]
    lines += [Line(f"No author in the library is named {plain(author)}.") for author in unknown]
    if unknown:
        return Draft(tuple(lines), (), 0)
    lines += [Line(text) for text in _relaxed(asked)]
    return Draft(tuple(lines), (), 0, tuple(_undecided(asked)))


def _relaxed(asked: Asked) -> Iterator[str]:
    chosen = asked.chosen
    undated = replace(chosen, since=None, until=None, first_day="", last_day="", without_years=())
    told = 0
    if undated != chosen and (entries := paper_counts.entries(asked.connection, undated)):
        years = Counter(entry.year for entry in entries if entry.year is not None)
        listed = [f"{number:,} in {year}" for year, number in sorted(years.items(), reverse=True)[:_MOST_YEARS]]
        earlier = sum(number for _, number in sorted(years.items(), reverse=True)[_MOST_YEARS:])
        listed += [f"{earlier:,} in earlier years"] if earlier else []
        without = len(entries) - sum(years.values())
        listed += [f"{without:,} without a date"] if without else []
        words = filter_in_words(undated, asked.names, one=len(entries) == 1) or "in the library"
        is_are = "is" if len(entries) == 1 else "are"
        yield f"There {is_are} {counted(len(entries), 'paper')} {words}: {joined(listed)}."
        told += 1
    wider_ones = (
        replace(chosen, position=""),
        replace(chosen, category=""),
        replace(chosen, has_code=None),
        replace(chosen, words=(), title_words=()),
        replace(chosen, without_words=()),
        replace(chosen, venue="", venues=()),
        replace(chosen, without_venues=(), without_categories=()),
        replace(chosen, source=""),
        replace(chosen, fewest_authors=None, most_authors=None),
        replace(chosen, with_authors=()),
        replace(chosen, without_authors=()),
        replace(chosen, among=None),
        replace(chosen, author="", position="", any_authors=()),
    )
    for wider in wider_ones:
        if told < _MOST_RELAXED and wider not in (chosen, PaperFilter()) and (left := count(asked.connection, wider)):
            words = filter_in_words(wider, asked.names, one=left == 1)
            yield f"There {'is' if left == 1 else 'are'} {counted(left, 'paper')} {words}."
            told += 1


def _undecided(asked: Asked) -> Iterator[Line]:
    """Name the papers that may pass, by what their sources do not tell."""
    chosen = asked.chosen
    who = plain(asked.names.get(chosen.author, chosen.author))
    partners, either = (
        joined([plain(asked.names.get(author, author)) for author in people], last)
        for people, last in ((chosen.with_authors, "and"), (chosen.any_authors, "or"))
    )
    left_out = "the list of authors is cut, so {} may be among those left out"
    matters: dict[Doubt, tuple[PaperFilter, str]] = {
        "author": (replace(chosen, author=""), left_out.format(who)),
        "position": (
            replace(chosen, author="", position=""),
            f"the list of authors is cut before {who}'s place, so it is not known whether {who} is the "
            f"{chosen.position} author",
        ),
        "any author": (replace(chosen, any_authors=()), left_out.format(either)),
        "authors": (replace(chosen, with_authors=()), left_out.format(partners)),
        "number": (
            replace(chosen, fewest_authors=None, most_authors=None),
            "the list of authors is cut or missing, so it is not known how many there are",
        ),
        "date": (
            replace(chosen, since=None, until=None, first_day="", last_day=""),
            "the date is missing or names too little to tell",
        ),
        "code": (replace(chosen, has_code=None), "the source does not say whether code is released"),
    }
    for doubt, (wider, matter) in matters.items():
        query = undecided(asked.connection, select(papers.c.id), chosen, doubt).order_by(papers.c.date.desc())
        ids = asked.connection.execute(query).scalars().all()
        if ids:
            words = filter_in_words(wider, asked.names, one=len(ids) == 1)
            noun = "more paper" if asked.total else "paper"
            which = f" {words}," if words else ""
            yield Line(f"In {counted(len(ids), noun)}{which} {matter}.", tuple(ids[:_EXAMPLES]))


def _several_people(asked: Asked) -> Iterator[Line]:
    for author in asked.chosen.people:
        if author in asked.names:
            continue
        people = sorted(paper_counts.named(asked.connection, author), key=lambda person: -len(person.paper_ids))
        if len(people) > 1:
            listed = [f"{plain(person.name)} ({len(person.paper_ids):,})" for person in people[:_EXAMPLES]]
            more = f" and {len(people) - _EXAMPLES:,} more" if len(people) > _EXAMPLES else ""
            yield Line(f"“{plain(author)}” fits {len(people):,} people here: {', '.join(listed)}{more}.")


def _venues(asked: Asked) -> Iterator[Line]:
    venues = [plain(venue) for venue in (asked.chosen.venue, *asked.chosen.venues) if venue]
    if venues:
        counts = Counter(asked.select(select(papers.c.venue)).scalars().all())
        listed = [f"{plain(venue)} ({number:,})" for venue, number in counts.most_common(_EXAMPLES)]
        more = f" and {len(counts) - _EXAMPLES:,} more" if len(counts) > _EXAMPLES else ""
        named = joined([f"“{venue}”" for venue in venues])
        yield Line(f"{named} {'takes' if len(venues) == 1 else 'take'} in {'; '.join(listed)}{more}.")


def _cut_without(asked: Asked) -> Iterator[Line]:
    chosen = asked.chosen
    if chosen.without_authors:
        query = select(func.count()).select_from(papers).where(papers.c.authors_complete == 0)
        if cut := asked.select(query).scalar_one():
            who = joined([plain(asked.names.get(author, author)) for author in chosen.without_authors], "or")
            yield Line(f"In {cut:,} of them the list of authors is cut, so {who} may be among those left out.")
