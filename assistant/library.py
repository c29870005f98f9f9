"""The library: every paper, its authors and its vector in one SQLite file, the source of truth."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, delete, func, insert, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from assistant import lexical
from assistant.errors import LibraryError, StorageFull
from assistant.names import fold, same_person
from assistant.protocols import Vectors
from assistant.schema import authorships, categories, connect, facts, papers, profiles, records, vectors
from assistant.types import AuthorProfile, Authorship, Paper, PaperFilter

FILE_NAME = "library.sqlite3"
_PAGE = 500


def make_folder(folder: Path) -> None:
    """Make a library's folder where it is absent. Raises LibraryError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(
            f"The library folder {folder} cannot be made ({error.strerror}). Name another one with --library."
        ) from error


class Library:
    """One folder's papers. Any number of threads may read; writes are single transactions.

    Raises LibraryError when the folder or its file cannot be used, StorageFull when the disk is full.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_folder(folder)
        self._engine = connect(folder / FILE_NAME)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open one all-or-nothing transaction."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except DatabaseError as error:
            place = self.folder / FILE_NAME
            if "full" in str(error.orig):
                raise StorageFull(place) from error
            raise LibraryError(f"The library file {place} could not be used: {error.orig}.") from error

    def count(self) -> int:
        """Return how many papers the library holds."""
        with self.transaction() as connection:
            return int(connection.execute(select(func.count()).select_from(papers)).scalar_one())

    def papers(self, chosen: PaperFilter = PaperFilter()) -> list[Paper]:
        """Return the papers that pass the filter, newest first, then by title."""
        with self.transaction() as connection:
            query = _filtered(connection, select(papers.c.id), chosen).order_by(papers.c.date.desc(), papers.c.title)
            return read_papers(connection, connection.execute(query).scalars().all())

    def papers_by_id(self, ids: Sequence[str]) -> list[Paper]:
        """Return these papers in the order of the ids; unknown ids are left out."""
        with self.transaction() as connection:
            return read_papers(connection, ids)

    def ids(self, chosen: PaperFilter) -> set[str]:
        """Return the ids of the papers that pass the filter."""
        with self.transaction() as connection:
            return set(connection.execute(_filtered(connection, select(papers.c.id), chosen)).scalars())

    def own_ids(self, paper_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return for each paper the names that its sources gave it, such as BibTeX keys or JSONL ids; none for some."""
        found: dict[str, tuple[str, ...]] = dict.fromkeys(paper_ids, ())
        with self.transaction() as connection:
            for page in pages(paper_ids):
                query = select(records.c.paper_id, records.c.own_id).where(records.c.paper_id.in_(page)).distinct()
                for row in connection.execute(query.where(records.c.own_id != "").order_by(records.c.own_id)):
                    found[row.paper_id] += (row.own_id,)
        return found

    def text_search(self, question: str, limit: int, allowed: set[str] | None = None) -> list[tuple[str, float]]:
        """Search titles and abstracts for the question's words; see `lexical.search`."""
        with self.transaction() as connection:
            return lexical.search(connection, question, limit, allowed)

    def word_holders(self, words: Sequence[str]) -> dict[str, set[str]]:
        """Return for each word the ids of the papers in which it, or a word of the same stem, occurs."""
        with self.transaction() as connection:
            return {word: lexical.holders(connection, word) for word in words}

    def known_names(self, names: set[str]) -> set[str]:
        """Return those of the folded names that an author of the library has."""
        found: set[str] = set()
        with self.transaction() as connection:
            for page in pages(names):
                query = select(authorships.c.folded).where(authorships.c.folded.in_(page)).distinct()
                found.update(connection.execute(query).scalars())
        return found

    def profiles(self) -> list[AuthorProfile]:
        """Return what the author pages that were added say of their owners, by name."""
        with self.transaction() as connection:
            rows = connection.execute(select(profiles).order_by(profiles.c.name, profiles.c.as_of.desc()))
            return [
                AuthorProfile(
                    row.name, row.category, tuple((str(a), str(b)) for a, b in json.loads(row.statistics)), row.as_of
                )
                for row in rows
            ]

    def keep_profile(self, profile: AuthorProfile, origin: str) -> None:
        """Keep an author page's header, replacing what the same page said before."""
        with self.transaction() as connection:
            connection.execute(delete(profiles).where(profiles.c.name == profile.name, profiles.c.origin == origin))
            connection.execute(
                insert(profiles).values(
                    name=profile.name,
                    origin=origin,
                    category=profile.category,
                    statistics=json.dumps(profile.statistics),
                    as_of=profile.as_of,
                )
            )

    def fact(self, name: str) -> str | None:
        """Return a value kept about the library itself, such as the fingerprint of its embedding model."""
        with self.transaction() as connection:
            value = connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar_one_or_none()
            return None if value is None else str(value)

    def keep_fact(self, name: str, value: str) -> None:
        """Keep a value about the library itself."""
        with self.transaction() as connection:
            _keep_facts(connection, {name: value})

    def pending_count(self) -> int:
        """Return how many papers still wait for a vector or for the index to take it."""
        return self.count() - self.indexed_count()

    def pending_ids(self) -> list[str]:
        """Return papers that still wait for a vector, longest-standing first."""
        query = (
            select(papers.c.id)
            .outerjoin(vectors, vectors.c.paper_id == papers.c.id)
            .where(vectors.c.paper_id.is_(None))
            .order_by(papers.c.number)
        )
        with self.transaction() as connection:
            return list(connection.execute(query).scalars())

    def keep_vectors(self, ids: Sequence[str], values: Vectors) -> None:
        """Keep one vector a paper as float16; they are not in the index yet. Shape of `values`: (len(ids), d)."""
        rows = [
            {"paper_id": paper_id, "vector": vector.astype(np.float16).tobytes(), "indexed": 0}
            for paper_id, vector in zip(ids, values, strict=True)
        ]
        with self.transaction() as connection:
            connection.execute(delete(vectors).where(vectors.c.paper_id.in_(list(ids))))
            connection.execute(insert(vectors), rows)

    def unindexed(self, limit: int) -> tuple[list[str], Vectors]:
        """Return up to `limit` ids and vectors, shape (n, d), that the vector index does not hold yet."""
        query = select(vectors.c.paper_id, vectors.c.vector).where(vectors.c.indexed == 0).limit(limit)
        with self.transaction() as connection:
            rows = connection.execute(query).all()
        return [row.paper_id for row in rows], _matrix([row.vector for row in rows])

    def mark_indexed(self, ids: Sequence[str]) -> None:
        """Note that the vector index holds these papers."""
        with self.transaction() as connection:
            connection.execute(update(vectors).where(vectors.c.paper_id.in_(list(ids))).values(indexed=1))

    def forget_index(self, **known: str) -> None:
        """Note that the vector index holds nothing, and the facts `known` with it: it is to be made anew."""
        with self.transaction() as connection:
            connection.execute(update(vectors).values(indexed=0))
            _keep_facts(connection, known)

    def forget_vectors(self, **known: str) -> None:
        """Drop every vector, so that all papers wait for new ones, and note the facts `known` with it."""
        with self.transaction() as connection:
            connection.execute(delete(vectors))
            _keep_facts(connection, known)

    def indexed_count(self) -> int:
        """Return how many papers the vector index holds."""
        query = select(func.count()).select_from(vectors).where(vectors.c.indexed == 1)
        with self.transaction() as connection:
            return int(connection.execute(query).scalar_one())

    def indexed_sample(self, limit: int) -> dict[str, Vectors]:
        """Return up to `limit` vectors, each of shape (d,), that the vector index should hold: the newest and any."""
        held = select(vectors.c.paper_id).where(vectors.c.indexed == 1)
        newest = held.join(papers, papers.c.id == vectors.c.paper_id).order_by(papers.c.number.desc())
        with self.transaction() as connection:
            ids = [*connection.execute(newest.limit(limit - limit // 2)).scalars()]
            ids += connection.execute(held.order_by(func.random()).limit(limit // 2)).scalars()
        return self.vectors(ids)

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Return the kept vectors of these papers, each of shape (d,); papers without one are left out."""
        found: dict[str, Vectors] = {}
        with self.transaction() as connection:
            for page in pages(ids):
                rows = connection.execute(
                    select(vectors.c.paper_id, vectors.c.vector).where(vectors.c.paper_id.in_(page))
                )
                found.update((row.paper_id, _vector(row.vector)) for row in rows)
        return found


def pages(ids: Iterable[str]) -> Iterator[list[str]]:
    """Cut ids into lists short enough for one SQL statement."""
    remaining = list(ids)
    for start in range(0, len(remaining), _PAGE):
        yield remaining[start : start + _PAGE]


def read_papers(connection: Connection, ids: Sequence[str]) -> list[Paper]:
    """Read papers with their authors and categories, in the order of the ids; unknown ids are left out."""
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
            found[row.id] = _paper(row, tuple(people.get(row.id, ())), tuple(fields.get(row.id, ())))
    return [found[paper_id] for paper_id in ids if paper_id in found]


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
        url=row.url,
        has_code=None if row.has_code is None else bool(row.has_code),
    )


def _filtered(connection: Connection, query: Select[Any], chosen: PaperFilter) -> Select[Any]:
    """Add the filter's conditions to a query over `papers`."""
    if chosen.author:
        names = [name for name in _candidate_names(connection, chosen.author) if same_person(chosen.author, name)]
        query = query.where(papers.c.id.in_(select(authorships.c.paper_id).where(authorships.c.folded.in_(names))))
    if chosen.category:
        query = query.where(
            papers.c.id.in_(select(categories.c.paper_id).where(categories.c.folded == fold(chosen.category)))
        )
    if chosen.since is not None:
        query = query.where(papers.c.year >= chosen.since)
    if chosen.until is not None:
        query = query.where(papers.c.year <= chosen.until)
    if chosen.has_code is not None:
        query = query.where(papers.c.has_code == int(chosen.has_code))
    return query


def _candidate_names(connection: Connection, author: str) -> list[str]:
    """Return folded names that share a whole word with `author`, or all names where it has only initials."""
    query = select(authorships.c.folded).distinct()
    words = [word for word in fold(author).split() if len(word) > 1]
    if words:
        condition = authorships.c.folded.contains(words[0], autoescape=True)
        for word in words[1:]:
            condition = condition | authorships.c.folded.contains(word, autoescape=True)
        query = query.where(condition)
    return list(connection.execute(query).scalars())


def _keep_facts(connection: Connection, known: Mapping[str, str]) -> None:
    for name, value in known.items():
        connection.execute(delete(facts).where(facts.c.name == name))
        connection.execute(insert(facts).values(name=name, value=value))


def _vector(blob: bytes) -> Vectors:
    return np.frombuffer(blob, np.float16).astype(np.float32)


def _matrix(blobs: Sequence[bytes]) -> Vectors:
    rows = [_vector(blob) for blob in blobs]
    return np.stack(rows) if rows else np.empty((0, 0), np.float32)
