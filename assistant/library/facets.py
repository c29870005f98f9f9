"""Facets of a list of papers: its years, venues, categories, people and collections, with how many papers of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from assistant.library.authors import lookup
from assistant.library.filters import holding, papers_passing
from assistant.library.schema import authorships, categories, labels, papers
from assistant.library.store import Library
from assistant.text import arxiv_categories, fold
from assistant.types import PaperFilter

MOST = 8
"""Entries of a facet."""

_CANDIDATES = 3 * MOST
"""Spellings that are looked at, of which several may mean one person or one category."""


@dataclass(frozen=True, slots=True)
class Facet:
    """What a list may be narrowed to: in words, how many of its papers there are, and the filter."""

    name: str
    count: int
    filter: PaperFilter


@dataclass(frozen=True, slots=True)
class Facets:
    """The facets of a list, most papers first; the years in order, without gaps between them."""

    years: tuple[tuple[int, int], ...]
    venues: tuple[Facet, ...]
    categories: tuple[Facet, ...]
    people: tuple[Facet, ...]
    labels: tuple[Facet, ...]


def find(library: Library, filter: PaperFilter, words: str = "") -> Facets:
    """Return the facets of the papers of a filter in whose listing the words stand (see `Library.find_papers`).

    Each count is of the papers that the facet's own filter leaves.
    """
    with library.transaction() as connection:
        passing = holding(papers_passing(connection, select(papers.c.id, papers.c.number), filter), words)
        chosen = _Chosen(connection, passing, filter, words)
        return Facets(chosen.years(), chosen.venues(), chosen.categories(), chosen.people(), chosen.labels())


@dataclass(frozen=True, slots=True)
class _Chosen:
    connection: Connection
    passing: Select[Any]
    filter: PaperFilter
    words: str

    def years(self) -> tuple[tuple[int, int], ...]:
        query = self._narrowed(select(papers.c.year, func.count())).where(papers.c.year.is_not(None))
        counts: dict[int, int] = dict(self.connection.execute(query.group_by(papers.c.year)).tuples().all())
        return tuple((year, counts.get(year, 0)) for year in range(min(counts), max(counts) + 1)) if counts else ()

    def venues(self) -> tuple[Facet, ...]:
        query = self._narrowed(select(papers.c.venue)).where(papers.c.venue != "").group_by(papers.c.venue)
        query = query.order_by(func.count().desc(), papers.c.venue).limit(MOST)
        names = self.connection.execute(query).scalars().all()
        return self._counted((name, replace(self.filter, venue=name)) for name in names if name != self.filter.venue)

    def categories(self) -> tuple[Facet, ...]:
        query = select(func.min(categories.c.category)).group_by(categories.c.folded)
        query = self._among(query, categories.c.paper_id).order_by(func.count().desc()).limit(_CANDIDATES)
        codes = (_code(name) for name in self.connection.execute(query).scalars())
        names = [name for name in dict.fromkeys(codes) if name != self.filter.category][:MOST]
        return self._counted((name, replace(self.filter, category=name)) for name in names)

    def people(self) -> tuple[Facet, ...]:
        query = self._among(select(func.min(authorships.c.name)).group_by(authorships.c.folded), authorships.c.paper_id)
        query = query.order_by(func.count().desc(), authorships.c.folded).limit(_CANDIDATES)
        named = self.connection.execute(query).scalars().all()
        found = {person.id: person.name for name in named for person in lookup.find(self.connection, name)[:1]}
        written = {person for person in self.filter.people if person in found}
        people = [(name, person) for person, name in found.items() if person not in written][:MOST]
        return self._counted((name, self._by(person)) for name, person in people)

    def labels(self) -> tuple[Facet, ...]:
        query = select(func.min(labels.c.label)).group_by(labels.c.folded)
        query = self._among(query, labels.c.paper_id).order_by(func.count().desc(), labels.c.folded).limit(MOST)
        names = self.connection.execute(query).scalars().all()
        return self._counted((name, replace(self.filter, label=name)) for name in names if name != self.filter.label)

    def _narrowed(self, query: Select[Any]) -> Select[Any]:
        """Restrict a query over `papers` to those of the list."""
        if self.filter.is_empty and not self.words:
            return query
        return query.where(papers.c.number.in_(self.passing.with_only_columns(papers.c.number)))

    def _among(self, query: Select[Any], paper_id: ColumnElement[str]) -> Select[Any]:
        """Restrict a query over what belongs to papers to the papers of the list."""
        if self.filter.is_empty and not self.words:
            return query
        return query.where(paper_id.in_(self.passing.with_only_columns(papers.c.id)))

    def _by(self, person: str) -> PaperFilter:
        if self.filter.author:
            return replace(self.filter, with_authors=(*self.filter.with_authors, person))
        return replace(self.filter, author=person)

    def _counted(self, choices: Iterable[tuple[str, PaperFilter]]) -> tuple[Facet, ...]:
        found: list[Facet] = []
        for name, filter in choices:
            query = papers_passing(self.connection, select(func.count()).select_from(papers), filter)
            count = int(self.connection.execute(holding(query, self.words)).scalar_one())
            found.append(Facet(name, count, filter))
        return tuple(sorted((facet for facet in found if facet.count), key=lambda facet: -facet.count))


def _code(category: str) -> str:
    """Return the code of an arXiv category that is given by its code, else the category as it is."""
    found = arxiv_categories.find(category)
    is_code = len(found) == 1 and fold(category) in (fold(found[0].code), fold(found[0].short_code))
    return found[0].code if is_code else category
