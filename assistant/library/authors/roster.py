"""The roster of a library: everybody who wrote papers in figures, searched and sorted, and who wrote with whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from assistant.library.authors.names import parse, words_of
from assistant.library.authors.resolution import Directory
from assistant.library.schema import authorships, papers

MOST_AUTHORS = 100
"""Authors of a paper up to which they count as people who wrote together: a thousand make half a million pairs."""

RosterOrder = Literal["papers", "name", "newest", "first"]

_Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """One person: papers, those as first author, the years of the oldest and the newest, 0 where none is known.

    `others` are other spellings of the name. With `companion` the most papers were written together; "" for nobody.
    """

    id: str
    name: str
    others: tuple[str, ...]
    papers: int
    first_authored: int
    since: int
    until: int
    companion: str
    companion_name: str
    together: int


@dataclass(frozen=True, slots=True)
class RosterPair:
    """Two people, ids and names, and how many papers they wrote together."""

    one: str
    one_name: str
    other: str
    other_name: str
    papers: int


class Roster:
    """The people of one state of a library. Not changed once it is made; safe in threads."""

    def __init__(self, connection: Connection, directory: Directory) -> None:
        from scipy.sparse import csr_matrix

        people = list(directory.by_id.values())
        self.ids = [person.id for person in people]
        self.names = [person.name for person in people]
        self.others = [tuple(each.name for each in person.variants if each.name != person.name) for person in people]
        self._words = [
            " " + " ".join(word for each in person.variants for word in words_of(each.name)) for person in people
        ]
        parsed = [parse(name) for name in self.names]
        order = sorted(
            range(len(people)), key=lambda place: (parsed[place].family, parsed[place].given, self.ids[place])
        )
        self._name_rank = np.empty(len(people), np.int64)
        self._name_rank[order] = np.arange(len(people))
        number = {person_id: place for place, person_id in enumerate(self.ids)}
        known = connection.execute(select(papers.c.id, papers.c.year)).all()
        self._row = {row.id: place for place, row in enumerate(known)}
        self._years = np.array([row.year or 0 for row in known], np.int64)
        first = authorships.c.position == 1
        leads = set(connection.execute(select(authorships.c.paper_id, authorships.c.name).where(first)).tuples())
        self._first = np.full(len(known), -1, np.int64)
        starts, held = [0], []
        for paper_id, row in self._row.items():
            named = directory.by_paper.get(paper_id, ())
            held += dict.fromkeys(number[person.id] for _, person in named)
            starts.append(len(held))
            for spelling, person in named:
                if (paper_id, spelling) in leads:
                    self._first[row] = number[person.id]
        shape = (len(known), len(people))
        self._wrote: Any = csr_matrix((np.ones(len(held), np.int32), np.array(held, np.int64), starts), shape)

    def among(self, paper_ids: Collection[str] | None = None) -> RosterPart:
        """Return the people of some papers, of all where none are given, with the figures of these papers only."""
        if paper_ids is None:
            return RosterPart(self, np.arange(len(self._row)))
        rows = sorted(self._row[paper_id] for paper_id in paper_ids if paper_id in self._row)
        return RosterPart(self, np.array(rows, np.int64))

    def wrote(self, rows: _Numbers) -> Any:
        """Return the matrix of who wrote these papers: a row a paper, a column a person."""
        return self._wrote[rows]

    def first_authors(self, rows: _Numbers) -> _Numbers:
        """Return the first author of each of these papers, -1 where the source does not say."""
        return self._first[rows]

    def years(self, rows: _Numbers) -> _Numbers:
        """Return the years of these papers, 0 where none is known."""
        return self._years[rows]

    def by_name(self, people: _Numbers) -> _Numbers:
        """Return the places of people in the order of their names, family names first."""
        return self._name_rank[people]

    def named(self, people: _Numbers, words: str) -> _Numbers:
        """Return those of the people of whom each of the words begins a word of some spelling."""
        asked = [f" {word}" for word in words_of(words)]
        if not asked:
            return people if not words.strip() else people[:0]
        is_named = [all(word in self._words[person] for word in asked) for person in people.tolist()]
        return people[np.array(is_named, bool)]


class RosterPart:
    """The people of some papers of a roster."""

    def __init__(self, roster: Roster, rows: _Numbers) -> None:
        self._roster = roster
        wrote = roster.wrote(rows)
        everybody = len(roster.ids)
        self._papers = np.bincount(wrote.indices, minlength=everybody)
        self._people = np.flatnonzero(self._papers)
        firsts = roster.first_authors(rows)
        self._firsts = np.bincount(firsts[firsts >= 0], minlength=everybody)
        years = np.repeat(roster.years(rows), np.diff(wrote.indptr))
        dated = years > 0
        self._since, self._until = np.full(everybody, 9999), np.zeros(everybody, np.int64)
        np.minimum.at(self._since, wrote.indices[dated], years[dated])
        np.maximum.at(self._until, wrote.indices[dated], years[dated])
        sizes = np.diff(wrote.indptr)
        self.left_out = int((sizes > MOST_AUTHORS).sum())
        joint = wrote[np.flatnonzero((sizes > 1) & (sizes <= MOST_AUTHORS))]
        self._together = (joint.T @ joint).tocsr()
        self._together.setdiag(0)
        self._together.eliminate_zeros()

    def __len__(self) -> int:
        return len(self._people)

    def page(self, words: str, order: RosterOrder, limit: int, offset: int = 0) -> tuple[list[RosterEntry], int]:
        """Return the people whom words may mean, in an order, and how many there are in all; see `Roster.named`.

        By name from A, else the greatest first and those equal by papers and name.
        """
        people = self._roster.named(self._people, words)
        keys = {"papers": self._papers, "newest": self._until, "first": self._firsts}
        sorting = [self._roster.by_name(people)]
        if order != "name":
            sorting += [-self._papers[people], -keys[order][people]]
        shown = people[np.lexsort(sorting)][offset : offset + limit]
        return [self._entry(person) for person in shown.tolist()], len(people)

    def pairs(self, limit: int) -> list[RosterPair]:
        """Return the pairs who wrote most papers together, most first; papers of very many authors are passed over."""
        from scipy.sparse import triu

        found = triu(self._together, format="coo")
        if not found.nnz:
            return []
        least = np.partition(found.data, -min(limit, found.nnz))[-min(limit, found.nnz)]
        kept = np.flatnonzero(found.data >= least)
        rank = self._roster.by_name
        order = np.lexsort([rank(found.col[kept]), rank(found.row[kept]), -found.data[kept]])[:limit]
        ids, names = self._roster.ids, self._roster.names
        return [
            RosterPair(ids[one], names[one], ids[other], names[other], int(count))
            for one, other, count in zip(
                found.row[kept][order], found.col[kept][order], found.data[kept][order], strict=True
            )
        ]

    def _entry(self, person: int) -> RosterEntry:
        roster = self._roster
        start, end = self._together.indptr[person : person + 2]
        counts, others = self._together.data[start:end], self._together.indices[start:end]
        best = np.lexsort([roster.by_name(others), -counts])[:1]
        companion = int(others[best[0]]) if len(best) else -1
        return RosterEntry(
            id=roster.ids[person],
            name=roster.names[person],
            others=roster.others[person],
            papers=int(self._papers[person]),
            first_authored=int(self._firsts[person]),
            since=int(self._since[person]) if self._until[person] else 0,
            until=int(self._until[person]),
            companion=roster.ids[companion] if companion >= 0 else "",
            companion_name=roster.names[companion] if companion >= 0 else "",
            together=int(counts[best[0]]) if companion >= 0 else 0,
        )
