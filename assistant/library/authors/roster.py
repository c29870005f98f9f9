"""The roster of a library: everybody who wrote papers in figures, searched and sorted, and who wrote with whom."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, select

from assistant.library.authors.names import parse, words_of
from assistant.library.authors.resolution import Directory
from assistant.library.schema import authorships, papers, rosters

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


@dataclass(frozen=True, slots=True)
class _Names:
    """Texts of a roster: of people by their number, and the ids of papers by theirs."""

    ids: list[str]
    names: list[str]
    others: list[list[str]]
    words: list[str]
    papers: list[str]


class Roster:
    """The people of one state of a library, `version`. Not changed once it is made; safe in threads.

    By paper, `years` are 0 where none is known and `first`, the first author, -1 where the source does not say; `wrote`
    is the matrix of who wrote what, a row a paper, a column a person. By person, `rank` is the place in the order of
    names, family names first.
    """

    def __init__(self, version: str, names: _Names, figures: Mapping[str, _Numbers]) -> None:
        from scipy.sparse import csr_matrix

        self.version = version
        self.ids, self.names, self.others = names.ids, names.names, names.others
        self._texts, self._figures = names, figures
        self._row = {paper_id: row for row, paper_id in enumerate(names.papers)}
        places, starts = figures["people"], figures["starts"]
        shape = (len(names.papers), len(names.ids))
        self.years, self.first, self.rank = figures["years"], figures["first"], figures["rank"]
        self.wrote: Any = csr_matrix((np.ones(len(places), np.int32), places, starts), shape)

    @classmethod
    def made(cls, connection: Connection, directory: Directory, version: str) -> Roster:
        """Count who wrote what."""
        people = list(directory.by_id.values())
        ids = [person.id for person in people]
        parsed = [parse(person.name) for person in people]
        order = sorted(range(len(people)), key=lambda place: (parsed[place].family, parsed[place].given, ids[place]))
        rank = np.empty(len(people), np.int64)
        rank[order] = np.arange(len(people))
        number = {person_id: place for place, person_id in enumerate(ids)}
        known = connection.execute(select(papers.c.id, papers.c.year)).all()
        is_first = authorships.c.position == 1
        first_names = connection.execute(select(authorships.c.paper_id, authorships.c.name).where(is_first))
        leads = {(row.paper_id, row.name) for row in first_names}
        first = np.full(len(known), -1, np.int64)
        starts, held = [0], list[int]()
        for row, (paper_id, _) in enumerate(known):
            named = directory.by_paper.get(paper_id, ())
            held += dict.fromkeys(number[person.id] for _, person in named)
            starts.append(len(held))
            for spelling, person in named:
                if (paper_id, spelling) in leads:
                    first[row] = number[person.id]
        names = _Names(
            ids=ids,
            names=[person.name for person in people],
            others=[[each.name for each in person.variants if each.name != person.name] for person in people],
            words=[
                " " + " ".join(word for each in person.variants for word in words_of(each.name)) for person in people
            ],
            papers=[row.id for row in known],
        )
        years = np.array([row.year or 0 for row in known], np.int64)
        figures = {"rank": rank, "years": years, "first": first, "people": np.array(held), "starts": np.array(starts)}
        return cls(version, names, {name: each.astype(np.int64) for name, each in figures.items()})

    @classmethod
    def kept(cls, connection: Connection, version: str | None = None) -> Roster | None:
        """Return the roster that the library keeps, of a version or of whichever; None where it keeps none."""
        query = select(rosters) if version is None else select(rosters).where(rosters.c.version == version)
        row = connection.execute(query).first()
        if row is None:
            return None
        with np.load(io.BytesIO(row.figures), allow_pickle=False) as figures:
            return cls(row.version, _Names(**json.loads(row.names)), dict(figures))

    def keep(self, connection: Connection) -> None:
        """Keep the roster in the library in place of the one before."""
        figures = io.BytesIO()
        np.savez_compressed(figures, **self._figures)  # type: ignore[arg-type]
        names = json.dumps(asdict(self._texts), ensure_ascii=False)
        connection.execute(delete(rosters))
        connection.execute(insert(rosters).values(version=self.version, names=names, figures=figures.getvalue()))

    def among(self, paper_ids: Collection[str] | None = None) -> RosterPart:
        """Return the people of some papers, of all where none are given, with the figures of these papers only."""
        if paper_ids is None:
            return RosterPart(self, np.arange(len(self._row)))
        rows = sorted(self._row[paper_id] for paper_id in paper_ids if paper_id in self._row)
        return RosterPart(self, np.array(rows, np.int64))

    def named(self, people: _Numbers, words: str) -> _Numbers:
        """Return those of the people of whom each of the words begins a word of some spelling."""
        asked = [f" {word}" for word in words_of(words)]
        if not asked:
            return people if not words.strip() else people[:0]
        words_of_all = self._texts.words
        named = [person for person in people.tolist() if all(word in words_of_all[person] for word in asked)]
        return np.array(named, np.int64)


class RosterPart:
    """The people of some papers of a roster."""

    def __init__(self, roster: Roster, rows: _Numbers) -> None:
        self._roster = roster
        wrote = roster.wrote[rows]
        everybody = len(roster.ids)
        self._papers = np.bincount(wrote.indices, minlength=everybody)
        self._people = np.flatnonzero(self._papers)
        firsts = roster.first[rows]
        self._firsts = np.bincount(firsts[firsts >= 0], minlength=everybody)
        years = np.repeat(roster.years[rows], np.diff(wrote.indptr))
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
        sorting = [self._roster.rank[people]]
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
        rank = self._roster.rank
        order = np.lexsort([rank[found.col[kept]], rank[found.row[kept]], -found.data[kept]])[:limit]
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
        best = np.lexsort([roster.rank[others], -counts])[:1]
        companion = int(others[best[0]]) if len(best) else -1
        return RosterEntry(
            id=roster.ids[person],
            name=roster.names[person],
            others=tuple(roster.others[person]),
            papers=int(self._papers[person]),
            first_authored=int(self._firsts[person]),
            since=int(self._since[person]) if self._until[person] else 0,
            until=int(self._until[person]),
            companion=roster.ids[companion] if companion >= 0 else "",
            companion_name=roster.names[companion] if companion >= 0 else "",
            together=int(counts[best[0]]) if companion >= 0 else 0,
        )
