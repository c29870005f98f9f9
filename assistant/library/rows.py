"""Papers and source records as rows of the library's tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, delete, literal_column, select, update
from sqlalchemy.dialects.sqlite import insert

from assistant.errors import LibraryDamaged
from assistant.library import fulltext
from assistant.library.field_provenance import TEXT_FIELDS, SourceRecord, digest, stated_paper, statement
from assistant.library.schema import (
    aliases,
    authorships,
    categories,
    labels,
    name_words,
    papers,
    papers_read,
    records,
    removals,
    vectors,
)
from assistant.text import fold
from assistant.types import Authorship, Paper

Value = TypeVar("Value")

_PAGE = 500
_AUTHORSHIPS = select(authorships).order_by(authorships.c.ordinal)
_CATEGORIES = select(categories).order_by(categories.c.ordinal)
_CITED = (
    select(records.c.paper_id, records.c.citation_key)
    .where(records.c.citation_key != literal_column("''"))  # as it stands in the index of those that have one
    .order_by(records.c.number)
)
_LABELS = select(labels.c.paper_id, labels.c.label).distinct().order_by(labels.c.folded)


def pages(ids: Iterable[Value]) -> Iterator[list[Value]]:
    """Cut ids, or numbers, into lists short enough for one SQL statement."""
    remaining = list(ids)
    for start in range(0, len(remaining), _PAGE):
        yield remaining[start : start + _PAGE]


def rows_in(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], values: Iterable[Value]
) -> Iterator[Row[Any]]:
    """Yield the rows of a query whose column holds one of the values, however many those are."""
    for page in pages(values):
        yield from connection.execute(query.where(column.in_(page)))


def delete_in(connection: Connection, table: Table, column: ColumnElement[Any], values: Iterable[Value]) -> None:
    """Delete the rows of a table whose column holds one of the values."""
    for page in pages(values):
        connection.execute(delete(table).where(column.in_(page)))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows, if any; those whose key the table holds already are passed over."""
    if rows:
        connection.execute(insert(table).on_conflict_do_nothing(), [dict(row) for row in rows])


def read_papers(connection: Connection, ids: Sequence[str]) -> list[Paper]:
    """Read papers with all that hangs on them, in the order of the ids; unknown ids are left out.

    Raises LibraryDamaged where a row is not what was written.
    """
    found: dict[str, Paper] = {}
    for page in pages(ids):
        people: dict[str, list[Authorship]] = {}
        for row in rows_in(connection, _AUTHORSHIPS, authorships.c.paper_id, page):
            people.setdefault(row.paper_id, []).append(Authorship(row.name, row.position))
        subjects: dict[str, list[str]] = {}
        for row in rows_in(connection, _CATEGORIES, categories.c.paper_id, page):
            subjects.setdefault(row.paper_id, []).append(row.category)
        given: dict[str, dict[str, str]] = {}
        for row in rows_in(connection, _LABELS, labels.c.paper_id, page):
            given.setdefault(row.paper_id, {}).setdefault(row.label.casefold(), row.label)
        cited: dict[str, dict[str, None]] = {}
        for row in rows_in(connection, _CITED, records.c.paper_id, page):
            cited.setdefault(row.paper_id, {})[row.citation_key] = None
        for row in rows_in(connection, select(papers), papers.c.id, page):
            paper = Paper(
                **{name: getattr(row, name) for name in ("id", *TEXT_FIELDS)},
                authorships=tuple(people.get(row.id, ())),
                authors_complete=bool(row.authors_complete),
                categories=tuple(subjects.get(row.id, ())),
                has_code=None if row.has_code is None else bool(row.has_code),
            )
            if row.digest and row.digest != digest(statement(paper)):
                raise LibraryDamaged(f"the paper {paper.id} (“{paper.title[:80]}”)")
            labelled, keys = tuple(given.get(row.id, {}).values()), tuple(cited.get(row.id, ()))
            found[row.id] = replace(paper, labels=labelled, citation_keys=keys) if labelled or keys else paper
    return [found[paper_id] for paper_id in ids if paper_id in found]


def read_merged(connection: Connection, ids: Sequence[str]) -> list[Paper]:
    """Read papers in the order of the ids, which lead on from merged papers too; unknown ids are left out."""
    merged = {row.id: row.paper_id for row in rows_in(connection, select(aliases), aliases.c.id, ids)}
    return read_papers(connection, list(dict.fromkeys(merged.get(paper_id, paper_id) for paper_id in ids)))


def citation_keys(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield every paper's id with each of its citation keys."""
    query = select(records.c.paper_id, records.c.citation_key).where(records.c.citation_key != literal_column("''"))
    for row in connection.execution_options(yield_per=_PAGE).execute(query):
        yield row.paper_id, row.citation_key


def paper_numbers(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    """Return the number of each of these papers; unknown ids are left out."""
    return {row.id: row.number for row in rows_in(connection, select(papers.c.id, papers.c.number), papers.c.id, ids)}


def read_records(connection: Connection, known: Mapping[str, Paper]) -> dict[str, list[SourceRecord]]:
    """Return for each of these papers, by id, what its sources say, in the order in which they said it.

    What was not saved word for word is as the paper is. Raises LibraryDamaged where a row is not what was written.
    """
    found: dict[str, list[SourceRecord]] = {paper_id: [] for paper_id in known}
    for row in rows_in(connection, select(records).order_by(records.c.number), records.c.paper_id, known):
        if row.statement and digest(row.statement) != row.digest:
            raise LibraryDamaged(f"what {row.origin} says of {row.paper_id}")
        paper = stated_paper(row.statement, row.paper_id) if row.statement else known[row.paper_id]
        told = (row.origin, row.source_key, paper, row.statement, row.digest, row.number, row.citation_key)
        found[row.paper_id].append(SourceRecord(*told))
    return found


def insert_papers(connection: Connection, new: Sequence[Paper]) -> None:
    """Write papers whose ids the library does not hold, and that they came now."""
    if new:
        now = datetime.now(UTC).isoformat(timespec="seconds")[:19]
        connection.execute(insert(papers), [{**_columns(paper), "added": now} for paper in new])
        delete_in(connection, removals, removals.c.paper_id, (paper.id for paper in new))
        _write_parts(connection, new)


def update_papers(connection: Connection, changed: Sequence[Paper], reworded: Collection[str]) -> None:
    """Write papers again; those of the ids `reworded`, with another title or abstract, lose vector and model's line."""
    for page in pages(paper.id for paper in changed):
        for table in (authorships, categories):
            delete_in(connection, table, table.c.paper_id, page)
        connection.execute(update(vectors).where(vectors.c.paper_id.in_(page)).values(indexed=0))
    for table in (vectors, papers_read):
        delete_in(connection, table, table.c.paper_id, reworded)
    for paper in changed:
        connection.execute(update(papers).where(papers.c.id == paper.id).values(_columns(paper)))
    _write_parts(connection, changed)


def delete_papers(connection: Connection, ids: Sequence[str]) -> None:
    """Delete papers with all that hangs on them, and note that the vector index is to drop them."""
    fulltext.erase(connection, list(paper_numbers(connection, ids).values()))
    delete_in(connection, papers, papers.c.id, ids)
    insert_rows(connection, removals, [{"paper_id": paper_id} for paper_id in ids])


def _columns(paper: Paper) -> dict[str, object]:
    return {
        **{name: getattr(paper, name) for name in ("id", "year", *TEXT_FIELDS)},
        "has_code": None if paper.has_code is None else int(paper.has_code),
        "authors_complete": int(paper.authors_complete),
        "digest": digest(statement(replace(paper, labels=()))),
    }


def _write_parts(connection: Connection, written: Sequence[Paper]) -> None:
    """Write authors, categories and the text that is searched."""
    people: list[dict[str, object]] = []
    subjects: list[dict[str, object]] = []
    for paper in written:
        for ordinal, author in enumerate(paper.authorships, 1):
            spelling = {"name": author.name, "folded": fold(author.name), "position": author.position}
            people.append({"paper_id": paper.id, "ordinal": ordinal, **spelling})
        for ordinal, category in enumerate(dict.fromkeys(paper.categories), 1):
            named = {"category": category, "folded": fold(category)}
            subjects.append({"paper_id": paper.id, "ordinal": ordinal, **named})
    insert_rows(connection, authorships, people)
    insert_rows(connection, categories, subjects)
    names = sorted({str(row["folded"]) for row in people})
    words = [{"word": word, "folded": name} for name in names for word in set(name.split())]
    insert_rows(connection, name_words, words)
    numbers = paper_numbers(connection, (paper.id for paper in written))
    texts = [
        {
            "number": numbers[paper.id],
            "title": paper.title,
            "abstract": paper.abstract,
            "listed": " ".join((paper.title, paper.venue, paper.date, *paper.authors, *paper.categories)),
        }
        for paper in written
    ]
    fulltext.write(connection, texts)
