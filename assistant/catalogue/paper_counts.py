"""Papers counted by year, category, venue or person, each count with the papers behind it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from operator import attrgetter
from typing import Literal

from sqlalchemy import Connection, Row, select

from assistant.library import authors, authorships, categories, papers, papers_passing
from assistant.library.authors import Person
from assistant.text import arxiv_categories, fold
from assistant.types import PaperFilter

Entries = Sequence[Row[tuple[str, str, int | None, str]]]
"""Papers as rows of id, date, year and venue, newest first."""


@dataclass(frozen=True, slots=True)
class PaperCount:
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


def entries(connection: Connection, paper_filter: PaperFilter) -> Entries:
    """Return the papers that pass a filter, newest first."""
    query = papers_passing(connection, select(papers.c.id, papers.c.date, papers.c.year, papers.c.venue), paper_filter)
    return sorted(
        connection.execute(query), key=attrgetter("date"), reverse=True
    )  # many times faster here than by the index's order


def per_year(_connection: Connection, found: Entries) -> list[PaperCount]:
    """Count papers by year, newest first; the last is of those without a date, where there are any."""
    years = ((str(entry.year or ""), str(entry.year or ""), entry.id) for entry in found)
    return sorted(_grouped(years), key=attrgetter("name"), reverse=True)


def per_venue(_connection: Connection, found: Entries) -> list[PaperCount]:
    """Count papers by venue, spellings folded, most first; the last is of those without one, where there are any."""
    return _grouped((fold(entry.venue), entry.venue, entry.id) for entry in found)


def per_category(connection: Connection, found: Entries) -> list[PaperCount]:
    """Count papers by category, most first; one of several categories counts in each. "CV" and "cs.CV" are one.

    The last is of those without a category, where there are any.
    """
    held: dict[str, dict[str, str]] = defaultdict(dict)
    query = select(categories.c.paper_id, categories.c.category).order_by(categories.c.ordinal)
    for paper_id, category in connection.execute(query):
        held[paper_id][category_key(category)] = category
    return _grouped((key, name, entry.id) for entry in found for key, name in (held.get(entry.id) or {"": ""}).items())


def per_author(connection: Connection, found: Entries) -> list[PaperCount]:
    """Count papers by author, most first. Persons are counted, not spellings."""
    order = _order(found)
    return _ranked(_of_person(person, person.paper_ids, order) for person in authors.among(connection, list(order)))


def per_position(connection: Connection, found: Entries, position: Literal["first", "last"]) -> list[PaperCount]:
    """Count papers by first, or last, author, most first; the last is of those that do not state theirs.

    Where the list of authors is cut, the last one is not known.
    """
    query = select(authorships.c.paper_id, authorships.c.folded).order_by(authorships.c.position)
    if position == "first":
        query = query.where(authorships.c.position == 1)
    else:
        whole = select(papers.c.id).where(papers.c.authors_complete == 1)
        query = query.where(authorships.c.position.is_not(None), authorships.c.paper_id.in_(whole))
    holders = dict(connection.execute(query).tuples().all())  # of a paper's authors the last one stays
    order = _order(found)
    counts = [PaperCount("", tuple(entry.id for entry in found if entry.id not in holders))]
    for person in authors.among(connection, list(order)):
        names = {fold(person.name), *(fold(variant.name) for variant in person.variants)}
        counts.append(_of_person(person, [each for each in person.paper_ids if holders.get(each) in names], order))
    return _ranked(count for count in counts if count.paper_ids)


def coauthors(connection: Connection, found: Entries, writers: Iterable[str]) -> list[PaperCount]:
    """Count the papers that others wrote with the `writers` (ids or words of names) of the papers found, most first."""
    theirs = {person.id for writer in writers for person in named(connection, writer)}
    return [count for count in per_author(connection, found) if count.id not in theirs]


def pairs(
    connection: Connection, found: Entries, places: int, takes: Callable[[int], bool], *, ascending: bool
) -> tuple[list[PaperCount], int]:
    """Count the papers that two people wrote together: the first `places` with all ties, and how many pairs there are.

    Only numbers of papers that `takes` allows count; with `ascending` the first are those of the fewest papers. Papers
    of more than a hundred authors are passed over.
    """
    order = _order(found)
    people = {person.id: person for person in authors.among(connection, list(order))}
    writers: dict[str, list[str]] = defaultdict(list)
    for person in sorted(people.values(), key=attrgetter("name", "id")):
        for paper_id in person.paper_ids:
            writers[paper_id].append(person.id)
    linking = {paper_id: ids for paper_id, ids in writers.items() if len(ids) <= authors.MOST_AUTHORS}
    together = Counter(pair for ids in linking.values() for pair in combinations(ids, 2))
    counts = sorted(filter(takes, together.values()), reverse=not ascending)
    shown = {*counts[:places]}
    found_pairs: list[PaperCount] = []
    for (one, other), count in together.items():
        if count in shown:
            shared = linking.keys() & set(people[one].paper_ids) & set(people[other].paper_ids)
            ids = tuple(sorted(shared, key=order.__getitem__))
            found_pairs.append(PaperCount(people[one].name, ids, one, people[other].name, other))
    return _ranked(found_pairs), len(counts)


def named(connection: Connection, author: str) -> list[Person]:
    """Return the people of the library that an id or words of a name mean, who wrote most first."""
    found = authors.find(connection, author)
    return [person for person in found if person.id == author] or found


def _of_person(person: Person, paper_ids: Iterable[str], order: Mapping[str, int]) -> PaperCount:
    ids = sorted((each for each in paper_ids if each in order), key=order.__getitem__)
    return PaperCount(person.name, tuple(ids), person.id)


def _order(found: Entries) -> dict[str, int]:
    return {entry.id: place for place, entry in enumerate(found)}


def _grouped(rows: Iterable[tuple[str, str, str]]) -> list[PaperCount]:
    """Count papers by key, most first, from rows of key, name and paper; the first name of a key is its name."""
    groups: dict[str, tuple[str, list[str]]] = {}
    for key, name, paper_id in rows:
        groups.setdefault(key, (name if key else "", []))[1].append(paper_id)
    return _ranked(PaperCount(name, tuple(ids), key) for key, (name, ids) in groups.items())


def _ranked(counts: Iterable[PaperCount]) -> list[PaperCount]:
    """Sort by how many papers, then by name; what names nobody comes last."""
    return sorted(counts, key=lambda each: (not each.name, -each.count, each.name.casefold(), each.other, each.id))


def category_key(category: str) -> str:
    """Return the code of an arXiv category that is given by its code, else the category folded."""
    return arxiv_categories.code(category) or fold(category)
