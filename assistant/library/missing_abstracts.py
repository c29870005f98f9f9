"""Papers without an abstract: how many there are, by what they can be asked for, and which were asked for in vain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import literal_column, or_, select, text

from assistant.library.filters import papers_passing
from assistant.library.rows import pages
from assistant.library.schema import abstracts_sought, papers, records
from assistant.library.store import Library
from assistant.types import Paper, PaperFilter

_IS_MISSING = papers.c.abstract == literal_column("''")  # as it stands in the index
_HAS_ID = or_(papers.c.doi != "", papers.c.arxiv_id != "", papers.c.pmid != "")


def count(library: Library, origins: Iterable[str]) -> tuple[int, int]:
    """Return how many papers of these sources have no abstract, and how many of them an identifier to ask by."""
    missing, with_id = set[str](), set[str]()
    with library.transaction() as connection:
        for page in pages(dict.fromkeys(origins)):
            told = select(records.c.paper_id).where(records.c.origin.in_(page))
            query = select(papers.c.id, _HAS_ID.label("has_id")).where(_IS_MISSING, papers.c.id.in_(told))
            for row in connection.execute(query):
                (with_id if row.has_id else missing).add(row.id)
    return len(missing | with_id), len(with_id)


def lacking(library: Library, filter: PaperFilter = PaperFilter()) -> list[Paper]:
    """Return the papers of a filter without an abstract, those added last first: id, title and identifiers of each."""
    names = ("id", "title", "doi", "arxiv_id", "pmid")
    query = select(*(papers.c[name] for name in names)).where(_IS_MISSING).order_by(papers.c.number.desc())
    with library.transaction() as connection:
        rows = connection.execute(papers_passing(connection, query, filter)).all()
    return [Paper(**{name: getattr(row, name) for name in names}) for row in rows]


def sought_since(library: Library, day: date) -> Mapping[str, str]:
    """Return by which identifiers papers were asked for in vain on a day or later, by the papers' ids."""
    query = select(abstracts_sought.c.paper_id, abstracts_sought.c.asked)
    with library.transaction() as connection:
        rows = connection.execute(query.where(abstracts_sought.c.day >= day.isoformat()))
        return {row.paper_id: row.asked for row in rows}


def note_sought(library: Library, asked: Sequence[tuple[str, str]], day: date) -> None:
    """Remember that papers were asked for in vain: the id of each, and by which identifiers."""
    rows = [{"id": paper_id, "day": day.isoformat(), "asked": by} for paper_id, by in asked]
    if rows:
        with library.transaction() as connection:
            connection.execute(
                text(
                    "INSERT OR REPLACE INTO abstracts_sought (paper_id, day, asked) "
                    "SELECT id, :day, :asked FROM papers WHERE id = :id"
                ),
                rows,
            )
