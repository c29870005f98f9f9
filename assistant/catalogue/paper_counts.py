"""Papers counted by year, category, venue or person: each count with the papers behind it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import Connection, Select, and_, func, select

from assistant.library import authors, authorships, categories, papers, passing
from assistant.library.authors import Person
from assistant.text import arxiv_categories as subjects
from assistant.text import fold
from assistant.types import PaperFilter

_MOST_AUTHORS = 100
"""Authors of a paper up to which its pairs are counted: a thousand authors make half a million pairs."""


class Entry(NamedTuple):
    """What a paper is sorted and counted by; a tuple, since there are tens of thousands."""

    id: str
    date: str
    year: int | None
    venue: str


@dataclass(frozen=True, slots=True)
class Tally:
    """A name with the papers counted under it, newest first; `id` is a person's, or a category's code.

    Of a pair, `other` and `other_id` are the second person. `name` is "" for the papers that name none.
    """

    name: str
    paper_ids: tuple[str, ...]
    id: str = ""
    other: str = ""
    other_id: str = ""

    @property
    def count(self) -> int:
        """Return how many papers there are."""
        return len(self.paper_ids)


def entries(connection: Connection, chosen: PaperFilter) -> list[Entry]:
    """Return the papers that pass a filter, newest first."""
    query = passing(connection, select(papers.c.id, papers.c.date, papers.c.year, papers.c.venue), chosen)
    found = [Entry(*row) for row in connection.execute(query)]
    return sorted(found, key=attrgetter("date"), reverse=True)  # many times faster here than by the index's order


def per_year(found: Sequence[Entry]) -> list[Tally]:
    """Count papers by year, newest first; the last is of those without a date, where there are any."""
    tallies = _grouped((str(entry.year) if entry.year is not None else "", entry.id) for entry in found)
    return sorted(tallies, key=lambda tally: (tally.name != "", tally.name), reverse=True)


def per_venue(found: Sequence[Entry]) -> list[Tally]:
    """Count papers by venue, spellings folded, most first; the last is of those without one, where there are any."""
    spelt: dict[str, str] = {}
    for entry in found:
        spelt.setdefault(fold(entry.venue), entry.venue)
    tallies = _grouped((fold(entry.venue), entry.id) for entry in found)
    return _ranked([Tally(spelt[tally.name] if tally.name else "", tally.paper_ids) for tally in tallies])


def per_category(connection: Connection, found: Sequence[Entry]) -> list[Tally]:
    """Count papers by category, most first; one of several categories counts in each. "CV" and "cs.CV" are one.

    The last is of those without a category, where there are any.
    """
    held: dict[str, list[str]] = defaultdict(list)
    query = select(categories.c.paper_id, categories.c.category).order_by(categories.c.ordinal)
    for paper_id, category in connection.execute(query):
        held[paper_id].append(category)
    spelt: dict[str, str] = {}
    pairs: list[tuple[str, str]] = []
    for entry in found:
        known = {category_key(category): category for category in held.get(entry.id, ())}
        for key, category in known.items():
            spelt.setdefault(key, category)
        pairs += [(key, entry.id) for key in known or [""]]
    named = [Tally(spelt.get(tally.name, ""), tally.paper_ids, id=_code(tally.name)) for tally in _grouped(pairs)]
    return _ranked(named)


def per_author(connection: Connection, found: Sequence[Entry]) -> list[Tally]:
    """Count papers by author, most first. Persons are counted, not spellings."""
    order = _order(found)
    return _ranked([_of_person(person, person.paper_ids, order) for person in authors.among(connection, list(order))])


def per_first_author(connection: Connection, found: Sequence[Entry]) -> list[Tally]:
    """Count papers by first author, most first; the last is of those that do not tell theirs, where there are any."""
    query = select(authorships.c.paper_id, authorships.c.folded).where(authorships.c.position == 1)
    return _per_placed(connection, found, query)


def per_last_author(connection: Connection, found: Sequence[Entry]) -> list[Tally]:
    """Count papers by last author, most first; the last is of those that do not tell theirs, where there are any."""
    place = func.max(authorships.c.position).label("position")
    end = select(authorships.c.paper_id, place).group_by(authorships.c.paper_id).subquery()
    is_end = and_(authorships.c.paper_id == end.c.paper_id, authorships.c.position == end.c.position)
    whole = select(authorships.c.paper_id, authorships.c.folded).join(end, is_end)
    query = whole.join(papers, papers.c.id == authorships.c.paper_id).where(papers.c.authors_complete == 1)
    return _per_placed(connection, found, query)


def _per_placed(connection: Connection, found: Sequence[Entry], query: Select[tuple[str, str]]) -> list[Tally]:
    """Count papers by the author whom a query names for each paper, by a folded name."""
    order = _order(found)
    holders = {row.paper_id: row.folded for row in connection.execute(query) if row.paper_id in order}
    tallies: list[Tally] = []
    for person in authors.among(connection, list(order)):
        names = {fold(person.name), *(fold(variant.name) for variant in person.variants)}
        tallies.append(_of_person(person, [each for each in person.paper_ids if holders.get(each) in names], order))
    untold = tuple(entry.id for entry in found if entry.id not in holders)
    return _ranked([*(tally for tally in tallies if tally.count), *([Tally("", untold)] if untold else [])])


def coauthors(connection: Connection, found: Sequence[Entry], writers: Iterable[str]) -> list[Tally]:
    """Count the papers that others wrote with the `writers` (ids or words of names) of the papers found, most first."""
    order = _order(found)
    theirs = {person.id for writer in writers for person in named(connection, writer)}
    others = [person for person in authors.among(connection, list(order)) if person.id not in theirs]
    return _ranked([_of_person(person, person.paper_ids, order) for person in others])


def pairs(
    connection: Connection,
    found: Sequence[Entry],
    places: int,
    takes: Callable[[int], bool] = lambda _: True,
    *,
    ascending: bool = False,
) -> tuple[list[Tally], int]:
    """Count the papers that two people wrote together: the first `places` with all ties, and how many pairs there are.

    Only numbers of papers that `takes` allows count; with `ascending` the first are those of the fewest papers. Papers
    of more than a hundred authors are passed over.
    """
    order = _order(found)
    people = {person.id: person for person in authors.among(connection, list(order))}
    writers: dict[str, list[str]] = defaultdict(list)
    for person in sorted(people.values(), key=lambda person: (person.name, person.id)):
        for paper_id in person.paper_ids:
            writers[paper_id].append(person.id)
    together: Counter[tuple[str, str]] = Counter()
    for ids in writers.values():
        if len(ids) <= _MOST_AUTHORS:
            together.update(combinations(ids, 2))
    counts = sorted(filter(takes, together.values()), reverse=not ascending)
    shown = {*counts[:places]}
    tallies: list[Tally] = []
    for (one, other), count in together.items():
        if count in shown:
            shared = set(people[one].paper_ids) & set(people[other].paper_ids)
            ids = sorted((each for each in shared if len(writers[each]) <= _MOST_AUTHORS), key=order.__getitem__)
            tallies.append(Tally(people[one].name, tuple(ids), one, people[other].name, other))
    return _ranked(tallies), len(counts)


def named(connection: Connection, author: str) -> list[Person]:
    """Return the people of the library that an id or words of a name mean, who wrote most first."""
    found = authors.find(connection, author)
    return [person for person in found if person.id == author] or found


def _of_person(person: Person, paper_ids: Iterable[str], order: Mapping[str, int]) -> Tally:
    ordered = sorted((each for each in paper_ids if each in order), key=order.__getitem__)
    return Tally(person.name, tuple(ordered), person.id)


def _order(found: Sequence[Entry]) -> dict[str, int]:
    return {entry.id: place for place, entry in enumerate(found)}


def _grouped(pairs: Iterable[tuple[str, str]]) -> list[Tally]:
    groups: dict[str, list[str]] = defaultdict(list)
    for key, paper_id in pairs:
        groups[key].append(paper_id)
    return [Tally(key, tuple(ids)) for key, ids in groups.items()]


def _ranked(tallies: Iterable[Tally]) -> list[Tally]:
    """Sort by how many papers, then by name; what names nobody comes last."""
    return sorted(
        tallies, key=lambda tally: (not tally.name, -tally.count, tally.name.casefold(), tally.other, tally.id)
    )


def category_key(category: str) -> str:
    """Return what categories are told apart by: arXiv's code, however it is written, else the folded text."""
    found = subjects.find(category)
    is_code = len(found) == 1 and fold(category) in (fold(found[0].code), fold(found[0].short_code))
    return found[0].code if is_code else fold(category)


def _code(key: str) -> str:
    return key if key in subjects.categories() else ""
