"""What the catalogue says before its papers have numbers: lines, each with the papers that prove it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Result, Select, select

from assistant.library import papers, passing, read_papers
from assistant.text import counted, filter_in_words, joined, number_in_words, one_line, plain
from assistant.types import Paper, PaperFilter

MOST_SOURCES = 50
"""Papers that an answer shows as numbered sources, and lines of a list, unless more are asked for."""

MOST_ASKED = 200
"""Lines of a list, however many are asked for: more are for a file, not for an answer."""

IDS_IN_A_ROW = 500
"""Ids that a row names, newest first; its `papers` is the true count."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the answer and the papers behind it, which become its sources."""

    text: str
    paper_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What an answer says: its lines, its rows of plain values, its number, and what the sources leave open."""

    lines: tuple[Line, ...]
    rows: tuple[Mapping[str, Any], ...] = ()
    count: int | None = None
    remarks: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: which papers, how many lines at most (None: as many as are usual), and how people are called.

    `total` is how many papers pass. The other fields are those of `Plan`.
    """

    connection: Connection
    chosen: PaperFilter
    limit: int | None
    names: Mapping[str, str]
    total: int
    ascending: bool = False
    place: int | None = None
    least: int | None = None
    most: int | None = None
    ranked: Sequence[str] = ()
    left_out: Sequence[str] = ()

    def select(self, query: Select[Any]) -> Result[Any]:
        """Return the rows of a query over `papers` for the papers that pass."""
        return self.connection.execute(passing(self.connection, query, self.chosen))

    def newest(self, most: int) -> list[Paper]:
        """Return the newest papers that pass, then by title."""
        query = select(papers.c.id).order_by(papers.c.date.desc(), papers.c.title, papers.c.number).limit(most)
        return read_papers(self.connection, self.select(query).scalars().all())

    def oldest(self, most: int) -> list[Paper]:
        """Return the oldest papers that pass, then by title; those without a date come last."""
        order = (papers.c.date == "", papers.c.date, papers.c.title, papers.c.number)
        return read_papers(
            self.connection, self.select(select(papers.c.id).order_by(*order).limit(most)).scalars().all()
        )

    def lines(self, usual: int) -> int:
        """Return how many lines to show where none were asked for and `usual` is usual; one at least."""
        return max(1, min(usual if self.limit is None else self.limit, MOST_ASKED))

    @property
    def is_ranking(self) -> bool:
        """Tell whether a part, or another order, of what is counted is asked for."""
        return self.ascending or any(each is not None for each in (self.limit, self.place, self.least, self.most))

    @property
    def bounds(self) -> str:
        """Return how many papers those have who are ranked: "at least 2 papers"; "" where that is not asked."""
        return number_in_words("paper", self.least, self.most)

    def names_person(self, person: str) -> bool:
        """Tell whether somebody is among the people who are asked for."""
        return person not in self.left_out and (not self.ranked or person in self.ranked)

    def takes(self, count: int) -> bool:
        """Tell whether so many papers are within the bounds."""
        return (self.least is None or count >= self.least) and (self.most is None or count <= self.most)

    @property
    def subject(self) -> str:
        """Return what is told of, with the filter in words: "9 papers by Naibin Gu from 2025"."""
        words = filter_in_words(self.chosen, self.names, one=self.total == 1)
        return f"{counted(self.total, 'paper')} {words or 'in the library'}"


def paper_line(place: int, paper: Paper) -> Line:
    """Return a paper as an item of a list: "1. Title (Naibin Gu et al., 2025-02-19)"."""
    return Line(f"{place}. {plain(paper.title)} ({byline(paper)}, {paper.date or 'no date'})", (paper.id,))


def byline(paper: Paper) -> str:
    """Return whose paper it is, in short: "A", "A and B" or "A et al."."""
    names = [plain(author.name) for author in paper.authorships]
    if not names:
        return "authors not named"
    if all(author.position is None for author in paper.authorships):
        return f"{joined(names)} and others" if not paper.authors_complete else joined(names)
    if len(names) == 1 and paper.authors_complete:
        return names[0]
    return f"{names[0]} and {names[1]}" if len(names) == 2 and paper.authors_complete else f"{names[0]} et al."


def paper_row(paper: Paper) -> dict[str, Any]:
    """Return a paper as a row of plain values. `authors` are those that the sources name, in their order."""
    return {
        "paper_id": paper.id,
        "title": one_line(paper.title),
        "authors": [one_line(name) for name in paper.authors],
        "authors_complete": paper.authors_complete,
        "date": paper.date,
        "venue": one_line(paper.venue),
        "categories": [one_line(category) for category in paper.categories],
        "has_code": paper.has_code,
        "url": paper.url,
        "paper_ids": [paper.id],
    }


def samples(groups: Sequence[Sequence[str]], most: int = MOST_SOURCES) -> list[tuple[str, ...]]:
    """Choose from each group of ids the first ones to be shown, so that all groups together show at most about `most`.

    Every group shows one at least; a small group leaves its share to the others.
    """
    if len({paper_id for group in groups for paper_id in group}) <= most:
        return [tuple(group) for group in groups]
    each = 1
    while len({paper_id for group in groups for paper_id in group[: each + 1]}) <= most:
        each += 1
    return [tuple(group[:each]) for group in groups]
