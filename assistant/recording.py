"""Decides for each record whether its paper is new, changed or already there, and writes it to the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlalchemy import Connection, Table, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as insert_or_replace

from assistant import lexical
from assistant.identity import akin, contradict, digest, merge, new_ids, strong_keys, text_key, title_key
from assistant.library import Library, pages, read_papers
from assistant.names import fold
from assistant.schema import authorships, categories, identifiers, papers, records, vectors
from assistant.types import Paper, Record

Outcome = Literal["added", "updated", "unchanged"]


def keep(library: Library, batch: Sequence[Record], origin: str, run: str = "") -> list[Outcome]:
    """Write a batch of records of one source in one transaction; return what became of each, in order.

    `origin` names the source lastingly (a file's absolute path): a record that it gave when it was last read changes
    nothing, even where another source has said something else since. `run` names this reading of it, for `finish`.
    """
    with library.transaction() as connection:
        known = _Known.read(connection, batch, origin)
        outcomes = [known.admit(record) for record in batch]
        known.write(connection, run)
        return outcomes


def finish(library: Library, origin: str, run: str) -> None:
    """Forget what a source said in earlier runs and not in this one, so that a record put back counts as a change."""
    with library.transaction() as connection:
        connection.execute(delete(records).where(records.c.origin == origin, records.c.run != run))


@dataclass
class _Known:
    """What the library knows of the papers that a batch may be about, kept up to date while the batch is decided."""

    connection: Connection
    origin: str
    papers: dict[str, Paper] = field(default_factory=dict)
    ids_by_key: dict[str, list[str]] = field(default_factory=dict)
    digests: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """(paper id, own id) -> digests, for records of this origin."""
    changed: dict[str, bool] = field(default_factory=dict)
    """Paper id -> whether the paper is new."""
    seen: set[tuple[str, str, str]] = field(default_factory=set)
    """(paper id, own id, digest) of every record of this batch."""
    new_keys: list[tuple[str, str]] = field(default_factory=list)
    """(key, paper id) pairs that this batch adds; a paper keeps every key it ever had."""
    retold: set[str] = field(default_factory=set)
    """Ids of known papers whose title or abstract changed, so that their vector is out of date."""

    @classmethod
    def read(cls, connection: Connection, batch: Sequence[Record], origin: str) -> _Known:
        known = cls(connection, origin)
        found: set[str] = set()
        for page in pages({key for record in batch for key in _keys(record.paper)}):
            query = select(identifiers.c.paper_id).where(identifiers.c.value.in_(page))
            found.update(connection.execute(query).scalars())
        for page in pages({record.own_id for record in batch if record.own_id}):
            query = select(records.c.paper_id).where(records.c.origin == origin, records.c.own_id.in_(page))
            found.update(connection.execute(query).scalars())
        known.papers = {paper.id: paper for paper in read_papers(connection, sorted(found))}
        for page in pages(found):
            for row in connection.execute(select(identifiers).where(identifiers.c.paper_id.in_(page))):
                known._name(row.value, row.paper_id)
            query = select(records).where(records.c.origin == origin, records.c.paper_id.in_(page))
            for row in connection.execute(query):
                known.digests.setdefault((row.paper_id, row.own_id), set()).add(row.digest)
        return known

    def admit(self, record: Record) -> Outcome:
        """Decide one record."""
        now = digest(record.paper)
        existing = self._match(record)
        if existing is None:
            paper_id = next(candidate for candidate in new_ids(record.paper) if not self._is_taken(candidate))
            self._put(replace(record.paper, id=paper_id), is_new=True)
            self._see(paper_id, record.own_id, now)
            return "added"
        said_before = now in self.digests.get((existing.id, record.own_id), ())
        self._see(existing.id, record.own_id, now)
        if said_before:
            return "unchanged"
        merged = merge(existing, record.paper)
        if merged == existing:
            return "unchanged"
        self._put(merged, is_new=self.changed.get(existing.id, False))
        return "updated"

    def _match(self, record: Record) -> Paper | None:
        """Return the known paper that a record is about.

        A DOI or arXiv id decides. Else the title key does, or the same text in whichever year, unless the same source
        calls that paper by another id and gives it another abstract: two records of one catalogue that differ are two
        papers ("Part I", "Part II" under one title). Else the source's own id does, where title or abstract are nearly
        the same: ids are used again.
        """
        for key in strong_keys(record.paper):
            for paper_id in self.ids_by_key.get(key, ()):
                return self.papers[paper_id]
        own = [
            self.papers[paper_id]
            for paper_id, own_id in self.digests
            if record.own_id and own_id == record.own_id and akin(self.papers[paper_id], record.paper)
        ]
        same_title = [
            self.papers[paper_id]
            for key in (title_key(record.paper), text_key(record.paper))
            for paper_id in self.ids_by_key.get(key, ())
            if not self._told_apart(self.papers[paper_id], record)
        ]
        return next((paper for paper in same_title + own if not contradict(paper, record.paper)), None)

    def _told_apart(self, paper: Paper, record: Record) -> bool:
        own_ids = {own_id for paper_id, own_id in self.digests if paper_id == paper.id and own_id}
        differs = fold(paper.abstract) != fold(record.paper.abstract)
        return bool(record.own_id and own_ids and record.own_id not in own_ids and differs)

    def _put(self, paper: Paper, is_new: bool) -> None:
        before = self.papers.get(paper.id)
        if before and (before.title, before.abstract) != (paper.title, paper.abstract):
            self.retold.add(paper.id)
        self.papers[paper.id] = paper
        self.changed[paper.id] = is_new
        self.new_keys.extend((key, paper.id) for key in _keys(paper) if self._name(key, paper.id))

    def _name(self, key: str, paper_id: str) -> bool:
        """Note that a key means a paper; tell whether that was new."""
        ids = self.ids_by_key.setdefault(key, [])
        if paper_id in ids:
            return False
        ids.append(paper_id)
        return True

    def _see(self, paper_id: str, own_id: str, now: str) -> None:
        self.digests.setdefault((paper_id, own_id), set()).add(now)
        self.seen.add((paper_id, own_id, now))

    def _is_taken(self, paper_id: str) -> bool:
        query = select(papers.c.id).where(papers.c.id == paper_id)
        return paper_id in self.papers or self.connection.execute(query).first() is not None

    def write(self, connection: Connection, run: str) -> None:
        """Write every decided paper and record."""
        updated = [paper_id for paper_id, is_new in self.changed.items() if not is_new]
        for page in pages(updated):
            for table in (authorships, categories):
                connection.execute(delete(table).where(table.c.paper_id.in_(page)))
        for page in pages(self.retold):
            connection.execute(delete(vectors).where(vectors.c.paper_id.in_(page)))
        for paper_id in updated:
            connection.execute(papers.update().where(papers.c.id == paper_id).values(_columns(self.papers[paper_id])))
        decided = [self.papers[paper_id] for paper_id in self.changed]
        _insert(connection, papers, [_columns(paper) for paper in decided if self.changed[paper.id]])
        _insert(connection, authorships, [row for paper in decided for row in _authorship_rows(paper)])
        _insert(connection, categories, [row for paper in decided for row in _category_rows(paper)])
        _insert(connection, identifiers, [{"value": key, "paper_id": paper_id} for key, paper_id in self.new_keys])
        self._write_text(connection, decided)
        seen = [
            {"paper_id": paper_id, "origin": self.origin, "own_id": own_id, "digest": value, "run": run}
            for paper_id, own_id, value in sorted(self.seen)
        ]
        if seen:
            statement = insert_or_replace(records)
            connection.execute(statement.on_conflict_do_update(set_={"run": statement.excluded.run}), seen)

    @staticmethod
    def _write_text(connection: Connection, decided: Sequence[Paper]) -> None:
        numbers: dict[str, int] = {}
        for page in pages(paper.id for paper in decided):
            rows = connection.execute(select(papers.c.id, papers.c.number).where(papers.c.id.in_(page)))
            numbers.update((row.id, row.number) for row in rows)
        lexical.write(
            connection,
            [{"number": numbers[paper.id], "title": paper.title, "abstract": paper.abstract} for paper in decided],
        )


def _keys(paper: Paper) -> tuple[str, ...]:
    return (*strong_keys(paper), title_key(paper), text_key(paper))


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
        "url": paper.url,
        "has_code": None if paper.has_code is None else int(paper.has_code),
        "authors_complete": int(paper.authors_complete),
    }


def _authorship_rows(paper: Paper) -> list[dict[str, object]]:
    return [
        {
            "paper_id": paper.id,
            "ordinal": ordinal,
            "name": author.name,
            "folded": fold(author.name),
            "position": author.position,
        }
        for ordinal, author in enumerate(paper.authorships, 1)
    ]


def _category_rows(paper: Paper) -> list[dict[str, object]]:
    return [
        {"paper_id": paper.id, "ordinal": ordinal, "category": category, "folded": fold(category)}
        for ordinal, category in enumerate(dict.fromkeys(paper.categories), 1)
    ]


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        connection.execute(insert(table), [dict(row) for row in rows])
