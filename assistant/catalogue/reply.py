"""A request to the catalogue, and its reply: lines, each with the papers that prove it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Result, Select, func, select

from assistant.library import papers, papers_passing
from assistant.text import counted, filter_in_words, joined, number_in_words, one_line, plain
from assistant.types import CataloguePlan, Paper, PaperFilter

MOST_LINES = 200
"""Lines of a list, however many are asked for: more are for a file, not for an answer."""


@dataclass(frozen=True, slots=True)
class ReplyLine:
    """A line of a reply and the papers behind it, which become its sources."""

    text: str
    paper_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its lines, the last of them remarks, its rows of plain values, and its number."""

    lines: tuple[ReplyLine, ...]
    rows: tuple[Mapping[str, Any], ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class CatalogueRequest:
    """What a plan asks of the catalogue.

    `filter` says which papers, and `total` how many pass it; `names` tells how the people in it are called.
    """

    connection: Connection
    plan: CataloguePlan
    filter: PaperFilter
    total: int
    names: Mapping[str, str]

    def select(self, query: Select[Any]) -> Result[Any]:
        """Return the rows of a query over `papers` for the papers that pass."""
        return self.connection.execute(papers_passing(self.connection, query, self.filter))

    def lines(self, usual: int) -> int:
        """Return how many lines to show where none were asked for and `usual` is usual; one at least."""
        return max(1, min(usual if self.plan.limit is None else self.plan.limit, MOST_LINES))

    @property
    def cut(self) -> int:
        """Return of how many of the papers the list of authors is cut."""
        query = select(func.count()).select_from(papers).where(papers.c.authors_complete == 0)
        return int(self.select(query).scalar_one())

    @property
    def is_ranking(self) -> bool:
        """Tell whether a part, or another order, of what is counted is asked for."""
        plan = self.plan
        bounds = (plan.limit, plan.place, plan.least, plan.most)
        return plan.ascending or plan.measure == "years_ranked" or bounds != (None,) * len(bounds)

    @property
    def bounds(self) -> str:
        """Return how many papers those have who are ranked: "at least 2 papers"; "" where that is not asked."""
        return number_in_words("paper", self.plan.least, self.plan.most)

    def takes(self, count: int) -> bool:
        """Tell whether a number of papers is within the bounds."""
        least, most = self.plan.least, self.plan.most
        return (least is None or count >= least) and (most is None or count <= most)

    def called(self, people: Iterable[str], last: str = "and") -> str:
        """Return the names of people of the filter: "Naibin Gu and Li Ma"."""
        return joined([plain(self.names.get(person, person)) for person in people], last)

    def papers_in_words(self, count: int, paper_filter: PaperFilter) -> str:
        """Return a number of papers and the filter that they pass: "9 papers by Naibin Gu from 2025"."""
        words = filter_in_words(paper_filter, self.names, one=count == 1)
        return f"{counted(count, 'paper')} {words or 'in the library'}"

    @property
    def subject(self) -> str:
        """Return the papers that pass, in words."""
        return self.papers_in_words(self.total, self.filter)


def paper_line(place: int, paper: Paper, note: str = "") -> ReplyLine:
    """Return a paper as an item of a list: "1. Title (Naibin Gu et al., 2025-02-19)", and the note behind it."""
    return ReplyLine(f"{place}. {plain(paper.title)} ({byline(paper)}, {paper.date or 'no date'}){note}", (paper.id,))


def byline(paper: Paper) -> str:
    """Return the authors of a paper in short: "A", "A and B" or "A et al."."""
    names = [plain(author.name) for author in paper.authorships]
    if not names:
        return "authors not named"
    if all(author.position is None for author in paper.authorships):
        return f"{joined(names)} and others" if not paper.authors_complete else joined(names)
    return joined(names) if len(names) <= 2 and paper.authors_complete else f"{names[0]} et al."


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
