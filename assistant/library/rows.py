"""Papers to the library's rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_ignore

from assistant.errors import LibraryDamaged
from assistant.library import fulltext
from assistant.library.field_provenance import digest, stated_paper, statement
from assistant.library.schema import authorships, categories, name_words, papers, removals, vectors
from assistant.text import fold
from assistant.types import Authorship, Paper

Value = TypeVar("Value")

_PAGE = 500


def pages(ids: Iterable[Value]) -> Iterator[list[Value]]:
    """Cut ids, or numbers, into lists short enough for one SQL statement."""
    remaining = list(ids)
    for start in range(0, len(remaining), _PAGE):
        yield remaining[start : start + _PAGE]


def read_papers(connection: Connection, ids: Sequence[str]) -> list[Paper]:
    """Read papers with their authors and categories, in the order of the ids; unknown ids are left out.

    Raises LibraryDamaged where a row is not what was written.
    """
    found: dict[str, Paper] = {}
    for page in pages(ids):
        people: dict[str, list[Authorship]] = {}
        for row in connection.execute(
            select(authorships).where(authorships.c.paper_id.in_(page)).order_by(authorships.c.ordinal)
        ):
            people.setdefault(row.paper_id, []).append(Authorship(row.name, row.position))
        fields: dict[str, list[str]] = {}
        for row in connection.execute(
            select(categories).where(categories.c.paper_id.in_(page)).order_by(categories.c.ordinal)
        ):
            fields.setdefault(row.paper_id, []).append(row.category)
        for row in connection.execute(select(papers).where(papers.c.id.in_(page))):
            paper = _paper(row, tuple(people.get(row.id, ())), tuple(fields.get(row.id, ())))
            if row.digest and row.digest != digest(statement(paper)):
                raise LibraryDamaged(f"the paper {paper.id} (“{paper.title[:80]}”)")
            found[row.id] = paper
    return [found[paper_id] for paper_id in ids if paper_id in found]


def read_statement(row: Any) -> Paper | None:
    """Return the paper as a source states it; None where the statement was not kept word for word.

    `row` is one of table `records`. Raises LibraryDamaged where it is not what was written.
    """
    if not row.statement:
        return None
    if digest(row.statement) != row.digest:
        raise LibraryDamaged(f"what {row.origin} says of {row.paper_id}")
    return stated_paper(row.statement, row.paper_id)


def insert_papers(connection: Connection, new: Sequence[Paper]) -> None:
    """Write papers whose ids the library does not hold."""
    _insert(connection, papers, [_columns(paper) for paper in new])
    for page in pages(paper.id for paper in new):
        connection.execute(delete(removals).where(removals.c.paper_id.in_(page)))
    _write_parts(connection, new)


def update_papers(connection: Connection, changed: Sequence[Paper], retold: Iterable[str]) -> None:
    """Write papers again; those of the ids `retold` lose their vector, because their title or abstract is another."""
    for page in pages(paper.id for paper in changed):
        for table in (authorships, categories):
            connection.execute(delete(table).where(table.c.paper_id.in_(page)))
        connection.execute(update(vectors).where(vectors.c.paper_id.in_(page)).values(indexed=0))
    for page in pages(retold):
        connection.execute(delete(vectors).where(vectors.c.paper_id.in_(page)))
    for paper in changed:
        connection.execute(papers.update().where(papers.c.id == paper.id).values(_columns(paper)))
    _write_parts(connection, changed)


def delete_papers(connection: Connection, ids: Sequence[str]) -> None:
    """Delete papers with all that hangs on them, and note that the vector index is to drop them."""
    for page in pages(ids):
        numbers = connection.execute(select(papers.c.number).where(papers.c.id.in_(page))).scalars().all()
        fulltext.erase(connection, numbers)
        connection.execute(delete(papers).where(papers.c.id.in_(page)))
        gone = [{"paper_id": paper_id} for paper_id in page]
        connection.execute(insert_or_ignore(removals).on_conflict_do_nothing(), gone)


def _paper(row: Any, people: tuple[Authorship, ...], fields: tuple[str, ...]) -> Paper:
    return Paper(
        id=row.id,
        title=row.title,
        abstract=row.abstract,
        authorships=people,
        authors_complete=bool(row.authors_complete),
        date=row.date,
        categories=fields,
        venue=row.venue,
        doi=row.doi,
        arxiv_id=row.arxiv_id,
        pmid=row.pmid,
        url=row.url,
        has_code=None if row.has_code is None else bool(row.has_code),
    )


def _columns(paper: Paper) -> dict[str, object]:
    return {
        "id": paper.id,
        "title": paper.title,
        "abstract": paper.abstract,
        "date": paper.date,
        "year": paper.year,
        "venue": paper.venue,
        "doi": paper.doi,
        "arxiv_id": paper.arxiv_id,
        "pmid": paper.pmid,
        "url": paper.url,
        "has_code": None if paper.has_code is None else int(paper.has_code),
        "authors_complete": int(paper.authors_complete),
        "digest": digest(statement(paper)),
    }


def _write_parts(connection: Connection, written: Sequence[Paper]) -> None:
    """Write authors, categories and the text that is searched."""
    _insert(
        connection,
        authorships,
        [
            {
                "paper_id": paper.id,
                "ordinal": ordinal,
                "name": author.name,
                "folded": fold(author.name),
                "position": author.position,
            }
            for paper in written
            for ordinal, author in enumerate(paper.authorships, 1)
        ],
    )
    _insert(
        connection,
        categories,
        [
            {"paper_id": paper.id, "ordinal": ordinal, "category": category, "folded": fold(category)}
            for paper in written
            for ordinal, category in enumerate(dict.fromkeys(paper.categories), 1)
        ],
    )
    names = {fold(author.name) for paper in written for author in paper.authorships}
    words = [{"word": word, "folded": name} for name in sorted(names) for word in set(name.split())]
    if words:
        connection.execute(insert_or_ignore(name_words).on_conflict_do_nothing(), words)
    numbers: dict[str, int] = {}
    for page in pages(paper.id for paper in written):
        rows = connection.execute(select(papers.c.id, papers.c.number).where(papers.c.id.in_(page)))
        numbers.update((row.id, row.number) for row in rows)
    fulltext.write(
        connection,
        [
            {
                "number": numbers[paper.id],
                "title": paper.title,
                "abstract": paper.abstract,
                "listed": " ".join((paper.title, paper.venue, paper.date, *paper.authors, *paper.categories)),
            }
            for paper in written
        ],
    )


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        connection.execute(insert(table), [dict(row) for row in rows])
