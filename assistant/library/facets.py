"""Facets of a list of papers: its years, venues, categories, authors and collections, with how many papers of each.

What is counted stays in memory, as arrays by paper, until the library changes: over 150,000 papers SQLite would take
seconds for each list.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, Table, Text, cast, func, select

from assistant.errors import LibraryError
from assistant.library import fulltext
from assistant.library.filters import is_named, label_key
from assistant.library.labels import own_keys, spellings
from assistant.library.labels import version as labels_version
from assistant.library.schema import authorships, categories, labels, papers
from assistant.library.store import Library
from assistant.text import arxiv_categories, fold
from assistant.types import PaperFilter

MOST = 8
"""Entries of a facet."""

_LARGE = 20_000
"""Papers, or labels of papers, that are read anew in the background."""

Numbers = NDArray[np.int64]
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Facet:
    """What a list may be narrowed to: in words, how many of its papers there are, and the filter."""

    name: str
    count: int
    filter: PaperFilter


@dataclass(frozen=True, slots=True)
class Facets:
    """The facets of a list, most papers first; the years in order, without gaps between them.

    Authors are counted as their names are written: the filter may leave more papers, of other spellings. `labels` are
    those that a person gave, `keywords` those that only sources state.
    """

    years: tuple[tuple[int, int], ...] = ()
    venues: tuple[Facet, ...] = ()
    categories: tuple[Facet, ...] = ()
    authors: tuple[Facet, ...] = ()
    labels: tuple[Facet, ...] = ()
    keywords: tuple[Facet, ...] = ()


@dataclass(frozen=True, slots=True)
class _Column:
    """The values that papers have of one kind: for each that a paper has, the paper's number and the value's place."""

    names: Sequence[str]
    numbers: Numbers
    places: Numbers

    def counts(self, is_listed: NDArray[np.bool_]) -> Numbers:
        """Return how many of the listed papers have each value."""
        return np.bincount(self.places[is_listed[self.numbers]], minlength=len(self.names))


@dataclass(frozen=True, slots=True)
class _Columns:
    size: int
    years: _Column
    venues: _Column
    categories: _Column
    authors: _Column


@dataclass(frozen=True, slots=True)
class _Labels:
    column: _Column
    is_own: NDArray[np.bool_]


class FacetIndex:
    """The facets of one library's lists. Safe in threads."""

    def __init__(self) -> None:
        self._columns = _Held(fulltext.version, _read, lambda columns: columns.size)
        self._labels = _Held(labels_version, _labels, lambda given: len(given.column.numbers))

    def find(self, library: Library, filter: PaperFilter, words: str = "") -> Facets:
        """Return the facets of the papers of a filter in whose listing the words stand (see `Library.find_papers`)."""
        with library.transaction() as connection:
            connection.exec_driver_sql("BEGIN")  # all is read as it is now, though papers are being added
            columns = self._columns.of(library, connection)
            labelled = self._labels.of(library, connection)
        is_listed = np.ones(columns.size, bool)
        if words or not filter.is_empty:
            numbers = library.numbers(filter, words)
            is_listed[:] = False
            is_listed[numbers[numbers < columns.size]] = True
        given = labelled.column
        borne = given.counts(np.append(is_listed, np.zeros(int(given.numbers.max(initial=0)) + 1, bool)))

        def labelled_too(name: str) -> PaperFilter | None:
            borne_by_all = label_key(name) in map(label_key, filter.in_labels)
            return None if borne_by_all else filter.merged(PaperFilter(label=name))

        return Facets(
            _years(columns.years, is_listed),
            _best(
                columns.venues,
                _named_alike(columns.venues, columns.venues.counts(is_listed)),
                lambda name: replace(filter, venue=name) if name != filter.venue else None,
            ),
            _best(
                columns.categories,
                columns.categories.counts(is_listed),
                lambda name: replace(filter, category=name) if name != _called(filter.category) else None,
            ),
            tuple(
                replace(facet, name=name, filter=chosen)
                for facet in _best(columns.authors, columns.authors.counts(is_listed), lambda _: filter)
                if (chosen := _written_by(filter, name := _spelled(library, facet.name)))
            ),
            _best(given, borne * labelled.is_own, labelled_too),
            _best(given, borne * ~labelled.is_own, labelled_too),
        )


class _Held(Generic[_Read]):
    """What was read of a library last; when that has changed, what is large is read anew in the background."""

    def __init__(
        self,
        version: Callable[[Connection], str],
        read: Callable[[Connection], _Read],
        size: Callable[[_Read], int],
    ) -> None:
        self._version, self._read, self._size = version, read, size
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._held: tuple[str, _Read] | None = None

    def of(self, library: Library, connection: Connection) -> _Read:
        """Return what the library holds, or held when it was read last."""
        now, held = self._version(connection), self._held
        if held and held[0] != now and self._size(held[1]) > _LARGE:
            if self._reading.acquire(blocking=False):
                threading.Thread(target=self._read_anew, args=(library,), name="facets", daemon=True).start()
        elif held is None or held[0] != now:
            with self._lock:
                held = self._held
                if held is None or held[0] != now:
                    held = self._held = now, self._read(connection)
        return held[1]

    def _read_anew(self, library: Library) -> None:
        try:
            with suppress(LibraryError), library.transaction() as connection:  # tried again by who asks next
                connection.exec_driver_sql("BEGIN")
                self._held = self._version(connection), self._read(connection)
        finally:
            self._reading.release()


def _read(connection: Connection) -> _Columns:
    joined = func.group_concat(cast(papers.c.number, Text))
    years = select(papers.c.year, joined).where(papers.c.year.is_not(None)).group_by(papers.c.year)
    venues = select(papers.c.venue, joined).where(papers.c.venue != "").group_by(papers.c.venue)
    known: dict[str, int] = dict(connection.execute(select(papers.c.id, papers.c.number)).all())
    last = connection.execute(select(func.max(papers.c.number))).scalar_one() or 0
    return _Columns(
        int(last) + 1,
        _column(connection, years),
        _column(connection, venues),
        _column(connection, _holders(categories), lambda folded: _called(_category(connection, folded)), known),
        _column(connection, _holders(authorships), known=known),
    )


def _holders(table: Table) -> Select[Any]:
    """Return a query for the folded values and the ids of their papers, which an index alone answers."""
    return select(table.c.folded, func.group_concat(table.c.paper_id, "\n")).group_by(table.c.folded)


def _category(connection: Connection, folded: str) -> str:
    query = select(categories.c.category).where(categories.c.folded == folded).limit(1)
    return str(connection.execute(query).scalar_one())


def _called(category: str) -> str:
    """Return what a category is counted under: the code of one that is given by its code, else as it is."""
    return arxiv_categories.code(category) or category


def _spelled(library: Library, folded: str) -> str:
    """Return an author's name as a source spells it."""
    with library.transaction() as connection:
        query = select(authorships.c.name).where(authorships.c.folded == folded).limit(1)
        return str(connection.execute(query).scalar() or folded)


def _labels(connection: Connection) -> _Labels:
    spelled = spellings(connection)
    known: dict[str, int] = dict(connection.execute(select(papers.c.id, papers.c.number)).all())
    column = _column(connection, _holders(labels), spelled.__getitem__, known)
    own = own_keys(connection)
    return _Labels(column, np.array([label_key(name) in own for name in column.names], bool))


def _column(
    connection: Connection,
    query: Select[Any],
    named: Callable[[str], str] = str,
    known: Mapping[str, int] | None = None,
) -> _Column:
    """Read rows of a value and the numbers of its papers, or the ids whose numbers are known.

    Values that are named alike are one.
    """
    places: dict[str, int] = {}
    numbers, holders = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for value, joined in connection.execute(query):
        place = places.setdefault(named(value), len(places))
        if known is None:
            numbers.append(np.fromstring(joined, np.int64, sep=","))
        else:
            numbers.append(np.array([known[paper_id] for paper_id in joined.split("\n")], np.int64))
        holders.append(np.full(len(numbers[-1]), place))
    of = np.concatenate(numbers)
    bound = int(of.max(initial=0)) + 1
    pairs = np.unique(np.concatenate(holders) * bound + of)
    return _Column(list(places), pairs % bound, pairs // bound)


def _years(column: _Column, is_listed: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    counts = column.counts(is_listed).tolist()
    found = {int(year): count for year, count in zip(column.names, counts, strict=True) if count}
    return tuple((year, found.get(year, 0)) for year in range(min(found), max(found) + 1)) if found else ()


def _best(column: _Column, counts: Numbers, narrowed: Callable[[str], PaperFilter | None]) -> tuple[Facet, ...]:
    return tuple(_entries(column, counts, narrowed))[:MOST]


def _entries(column: _Column, counts: Numbers, narrowed: Callable[[str], PaperFilter | None]) -> Iterator[Facet]:
    """Yield the first values, and a few more for those that do not narrow the list."""
    for place in np.argsort(-counts, kind="stable")[: 2 * MOST].tolist():
        filter = narrowed(column.names[place]) if counts[place] else None
        if filter:
            yield Facet(column.names[place], int(counts[place]), filter)


def _named_alike(column: _Column, counts: Numbers) -> Numbers:
    """Return the counts with those of the venues that the first ones' names mean too (see `filters.venues_named`)."""
    found = counts.copy()
    for place in np.argsort(-counts, kind="stable")[: 2 * MOST].tolist():
        asked = fold(column.names[place]).split()
        found[place] = sum(counts[other] for other, name in enumerate(column.names) if asked and is_named(name, asked))
    return found


def _written_by(filter: PaperFilter, name: str) -> PaperFilter | None:
    if fold(name) in map(fold, filter.people):
        return None
    if filter.author:
        return replace(filter, with_authors=(*filter.with_authors, name))
    return replace(filter, author=name)
