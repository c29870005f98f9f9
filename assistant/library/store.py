"""The library's folder: papers, authors and vectors in one SQLite file, read and written in transactions."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import compress
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, Text, cast, delete, func, literal_column, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from assistant.errors import LibraryDamaged, LibraryError, StorageFull
from assistant.library import authors, rows
from assistant.library.filters import count_papers, holding, papers_passing
from assistant.library.fulltext import TextIndex
from assistant.library.identity import strong_keys, text_keys, title_key
from assistant.library.rows import delete_in, insert_rows, read_merged, read_papers, rows_in
from assistant.library.schema import (
    aliases,
    connect,
    facts,
    identifiers,
    papers,
    profiles,
    records,
    removals,
    vectors,
)
from assistant.protocols import Vectors
from assistant.types import AuthorProfile, Paper, PaperFilter, WordUse

FILE_NAME = "library.sqlite3"

_MARK = "library.made"
"""Name of an empty file that says that there has been a library here."""

_ROWS_AT_ONCE = 10_000

Order = Literal["newest", "oldest", "title", "added"]
"""Order of a list of papers: by date, papers without one last; by title; or by when they came into the library."""

_BY_DATE = (papers.c.date.desc(), papers.c.title, papers.c.number)
_ORDERS: Mapping[Order, Sequence[ColumnElement[Any]]] = {
    "newest": _BY_DATE,
    "oldest": (papers.c.date == literal_column("''"), papers.c.date, papers.c.title, papers.c.number),
    "title": (papers.c.title.collate("NOCASE"), papers.c.number),
    "added": (papers.c.added.desc(), *_BY_DATE),
}
"""Each as an index has it, so that a page of many thousands is not sorted."""


def make_folder(folder: Path) -> None:
    """Make a library's folder where it is absent, for this user alone. Raises LibraryError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(
            f"The library folder {folder} cannot be made ({error.strerror}). Name another one with --library."
        ) from error


def is_there(folder: Path) -> bool:
    """Tell whether a folder holds a library's file with something in it.

    Raises LibraryError where the folder may not be entered, and where it has held a library and has lost its file: an
    empty one in its place would look like a loss.
    """
    file = folder / FILE_NAME
    try:
        is_filled, was_filled = file.exists() and file.stat().st_size > 0, (folder / _MARK).exists()
    except OSError as error:
        raise LibraryError(
            f"The library folder {folder} cannot be entered ({error.strerror}). Check its permissions, or name another "
            "one with --library."
        ) from error
    if is_filled:
        return True
    if was_filled:
        raise LibraryError(
            f"The library's file {file} is {'empty' if file.exists() else 'gone'}, and its papers with it. Restore it "
            f"from a copy; or, to begin anew, delete the folder {folder} and add your papers again."
        )
    return False


class Library:
    """One folder's papers. Any number of threads may read; writes are single transactions.

    Raises LibraryError when the folder or its file cannot be used, StorageFull when the disk is full.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_folder(folder)
        is_there(folder)
        self._engine = connect(folder / FILE_NAME)
        with contextlib.suppress(OSError):  # only a safeguard; a library on a full disk can still be read
            (folder / _MARK).touch()
        authors.attach(self._engine)
        self._text = TextIndex()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
        self._text.close()

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
            if "decode" in str(error.orig):
                raise LibraryDamaged(f"some text ({error.orig})") from error
            raise LibraryError(f"The library file {place} could not be used: {error.orig}.") from error

    def count(self, filter: PaperFilter = PaperFilter()) -> int:
        """Return how many papers pass the filter."""
        with self.transaction() as connection:
            return count_papers(connection, filter)

    def papers(self, filter: PaperFilter = PaperFilter(), limit: int | None = None, offset: int = 0) -> list[Paper]:
        """Return the papers that pass the filter, newest first, then by title; at most `limit`, after `offset`."""
        return self.find_papers("", filter, limit, offset)[0]

    def find_papers(
        self,
        words: str,
        filter: PaperFilter = PaperFilter(),
        limit: int | None = None,
        offset: int = 0,
        order: Order = "newest",
    ) -> tuple[list[Paper], int]:
        """Return the papers of which each of the words begins a word of title, authors, venue, category or date.

        A single word is a citation key, too, or what else a source calls a paper. At most `limit` of them after
        `offset`; with it how many there are in all.
        """
        with self.transaction() as connection:
            query = _finding(connection, select(papers.c.id), words, filter)
            query = query.order_by(*_ORDERS[order]).limit(limit).offset(offset)
            found = read_papers(connection, connection.execute(query).scalars().all())
            count = _finding(connection, select(func.count()).select_from(papers), words, filter)
            return found, int(connection.execute(count).scalar_one())

    def found_ids(self, words: str, filter: PaperFilter = PaperFilter()) -> list[str]:
        """Return the ids of all papers that `find_papers` finds, in any order."""
        with self.transaction() as connection:
            return list(connection.execute(_finding(connection, select(papers.c.id), words, filter)).scalars())

    def papers_by_id(self, ids: Sequence[str]) -> list[Paper]:
        """Return these papers in the order of the ids, which lead from merged papers too; unknown ids are left out."""
        with self.transaction() as connection:
            return read_merged(connection, ids)

    def added(self, ids: Sequence[str]) -> dict[str, str]:
        """Return when these papers came into the library, in UTC; "" where that was before it was recorded."""
        with self.transaction() as connection:
            found = rows_in(connection, select(papers.c.id, papers.c.added), papers.c.id, ids)
            return {row.id: row.added for row in found}

    def former_ids(self, paper_id: str) -> list[str]:
        """Return the ids of the papers that were merged into this one."""
        with self.transaction() as connection:
            query = select(aliases.c.id).where(aliases.c.paper_id == paper_id).order_by(aliases.c.id)
            return list(connection.execute(query).scalars())

    def ids_of(self, stated: Mapping[str, Paper]) -> dict[str, str]:
        """Return under which id each of these papers of another library stands in this one; "" where it does not.

        A DOI, arXiv id or PubMed number decides, else title, first author and year, else title and abstract, else the
        id that it has there, which is the key of `stated`.
        """
        keys = {one: (*strong_keys(paper), title_key(paper), *text_keys(paper), one) for one, paper in stated.items()}
        held = {one: one for one in self.paper_numbers(list(stated))}
        with self.transaction() as connection:
            wanted = {key for known in keys.values() for key in known}
            found = rows_in(connection, select(identifiers), identifiers.c.value, wanted)
            held.update((row.value, row.paper_id) for row in found)
        return {one: next((held[key] for key in known if key in held), "") for one, known in keys.items()}

    def ids(self, filter: PaperFilter) -> set[str]:
        """Return the ids of the papers that pass the filter."""
        with self.transaction() as connection:
            return set(connection.execute(papers_passing(connection, select(papers.c.id), filter)).scalars())

    def numbers(self, filter: PaperFilter, words: str = "") -> NDArray[np.int64]:
        """Return the numbers, ascending, of the papers that pass the filter and that `find_papers` finds by words."""
        joined = func.aggregate_strings(cast(papers.c.number, Text), ",")  # a row a paper would take ten times as long
        with self.transaction() as connection:
            found = connection.execute(_finding(connection, select(joined), words, filter)).scalar_one()
        return np.sort(np.fromstring(found, np.int64, sep=",")) if found else np.empty(0, np.int64)

    def source_keys(self, paper_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return for each paper the names that its sources gave it, such as BibTeX keys or JSONL ids; none for some."""
        found: dict[str, tuple[str, ...]] = dict.fromkeys(paper_ids, ())
        with self.transaction() as connection:
            query = select(records.c.paper_id, records.c.source_key).where(records.c.source_key != "").distinct()
            query = query.order_by(records.c.source_key)
            for row in rows_in(connection, query, records.c.paper_id, paper_ids):
                found[row.paper_id] += (row.source_key,)
        return found

    def called(self, keys: Collection[str], *, in_any_case: bool = True) -> dict[str, tuple[str, ...]]:
        """Return for each key the ids of the papers that sources call by it; keys that none uses are left out.

        Citation keys go before other names, such as a catalogue's number, and keys of the same case before others.
        """
        with self.transaction() as connection:
            return _called(connection, keys, in_any_case=in_any_case)

    def text_search(self, question: str, limit: int, among: NDArray[np.int64] | None = None) -> list[tuple[str, float]]:
        """Search titles and abstracts for the question's words; see `TextIndex.search`. Ids and scores, best first."""
        with self.transaction() as connection:
            found = self._text.search(connection, question, limit, among)
            query = select(papers.c.number, papers.c.id)
            ids = {row.number: row.id for row in rows_in(connection, query, papers.c.number, dict(found))}
        return [(ids[number], score) for number, score in found if number in ids]

    def word_use(self, words: Sequence[str], paper_ids: Sequence[str]) -> dict[str, WordUse]:
        """Return for each word in how many papers it or a word of its stem occurs, and in which of `paper_ids`."""
        with self.transaction() as connection:
            known = rows.paper_numbers(connection, paper_ids)
            holders = self._text.holders(connection, words)
        ids, numbers = list(known), np.array(list(known.values()), np.int64)
        return {
            word: WordUse(len(held), frozenset(compress(ids, np.isin(numbers, held).tolist())))
            for word, held in zip(words, holders, strict=True)
        }

    def profiles(self) -> list[AuthorProfile]:
        """Return what the author pages that were added say of their owners, by name."""
        with self.transaction() as connection:
            found = connection.execute(select(profiles).order_by(profiles.c.name, profiles.c.as_of.desc())).all()
        return [AuthorProfile(row.name, row.category, _figures(row.statistics), row.as_of) for row in found]

    def save_profile(self, profile: AuthorProfile, origin: str) -> None:
        """Save an author page's header, replacing what the same page said before."""
        with self.transaction() as connection:
            connection.execute(delete(profiles).where(profiles.c.name == profile.name, profiles.c.origin == origin))
            statistics = json.dumps(profile.statistics)
            row = {"name": profile.name, "origin": origin, "category": profile.category, "as_of": profile.as_of}
            insert_rows(connection, profiles, [{**row, "statistics": statistics}])

    def metadata(self, name: str) -> str | None:
        """Return a value noted of the library itself, such as the fingerprint of its embedding model."""
        with self.transaction() as connection:
            value = connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar_one_or_none()
            return None if value is None else str(value)

    def set_metadata(self, name: str, value: str) -> None:
        """Note a value of the library itself."""
        with self.transaction() as connection:
            _set_metadata(connection, {name: value})

    def waiting_count(self) -> int:
        """Return how many papers have no vector yet."""
        query = (
            select(func.count())
            .select_from(papers)
            .outerjoin(vectors, vectors.c.paper_id == papers.c.id)
            .where(vectors.c.paper_id.is_(None))
        )
        with self.transaction() as connection:
            return connection.execute(query).scalar_one()

    def pending_count(self) -> int:
        """Return how many papers still wait for a vector or for the index to take it."""
        return self.count() - self.indexed_count()

    def unindexed(self, limit: int) -> tuple[list[str], Vectors]:
        """Return up to `limit` ids and vectors, shape (n, d), that the vector index does not hold yet."""
        query = select(vectors.c.paper_id, vectors.c.vector).where(vectors.c.indexed == 0).limit(limit)
        with self.transaction() as connection:
            found = connection.execute(query).all()
        return [row.paper_id for row in found], _matrix([row.vector for row in found])

    def paper_numbers(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the number of each of these papers; unknown ids are left out."""
        with self.transaction() as connection:
            return rows.paper_numbers(connection, ids)

    def numbered_vectors(self) -> tuple[NDArray[np.int64], list[str], Vectors]:
        """Return every stored vector with its paper's number and id: shapes (n,), n ids, (n, d)."""
        is_of = papers.c.id == vectors.c.paper_id
        query = select(papers.c.number, vectors.c.paper_id, vectors.c.vector).join_from(vectors, papers, is_of)
        numbers: list[int] = []
        ids: list[str] = []
        parts: list[Vectors] = []
        with self.transaction() as connection:
            for part in connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query).partitions():
                part_numbers, part_ids, blobs = zip(*part, strict=True)
                numbers += part_numbers
                ids += part_ids
                parts.append(_matrix(blobs))
        return np.array(numbers, np.int64), ids, np.concatenate(parts) if parts else _matrix([])

    def mark_indexed(self, ids: Sequence[str]) -> None:
        """Note that the vector index holds these papers."""
        with self.transaction() as connection:
            connection.execute(update(vectors).where(vectors.c.paper_id.in_(list(ids))).values(indexed=1))

    def removed_ids(self, limit: int) -> list[str]:
        """Return up to `limit` ids that left the library and that the vector index may still hold."""
        with self.transaction() as connection:
            return list(connection.execute(select(removals.c.paper_id).limit(limit)).scalars())

    def forget_removed(self, ids: Sequence[str]) -> None:
        """Note that the vector index no longer holds these."""
        with self.transaction() as connection:
            delete_in(connection, removals, removals.c.paper_id, ids)

    def forget_index(self, **known: str) -> None:
        """Note that the vector index holds nothing, and the metadata `known` with it: it is to be made anew."""
        with self.transaction() as connection:
            connection.execute(update(vectors).where(vectors.c.indexed != 0).values(indexed=0))
            connection.execute(delete(removals))
            _set_metadata(connection, known)

    def forget_vectors(self, **known: str) -> None:
        """Drop every vector, so that all papers wait for new ones, and note the metadata `known` with it."""
        with self.transaction() as connection:
            connection.execute(delete(vectors))
            _set_metadata(connection, known)

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
        """Return the stored vectors of these papers, each of shape (d,); papers without one are left out."""
        query = select(vectors.c.paper_id, vectors.c.vector)
        with self.transaction() as connection:
            found = rows_in(connection, query, vectors.c.paper_id, ids)
            return {row.paper_id: np.frombuffer(row.vector, np.float16).astype(np.float32) for row in found}


def _called(connection: Connection, keys: Collection[str], *, in_any_case: bool = True) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for column in (records.c.citation_key, records.c.source_key):
        query = select(column.label("key"), records.c.paper_id).where(column != literal_column("''")).distinct()
        wanted = [key for key in keys if key and key not in found]
        spelled: dict[str, dict[str, list[str]]] = {}
        for row in rows_in(connection, query, column.collate("NOCASE"), wanted):
            spelled.setdefault(row.key.lower(), {}).setdefault(row.key, []).append(row.paper_id)
        for key in wanted:
            known = spelled.get(key.lower(), {})
            ids = known.get(key, [])
            if in_any_case and not ids:
                ids = [paper_id for others in known.values() for paper_id in others]
            if ids:
                found[key] = tuple(dict.fromkeys(ids))
    return found


def _finding(connection: Connection, query: Select[Any], words: str, filter: PaperFilter) -> Select[Any]:
    """Add to a query over `papers` what `find_papers` finds: sources may call a paper by a single word."""
    key = words.strip().removeprefix("@")
    called = () if " " in key else _called(connection, [key]).get(key, ())
    return holding(papers_passing(connection, query, filter), words, called)


def _figures(statistics: str) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in json.loads(statistics))


def _set_metadata(connection: Connection, known: Mapping[str, str]) -> None:
    delete_in(connection, facts, facts.c.name, known)
    insert_rows(connection, facts, [{"name": name, "value": value} for name, value in known.items()])


def _matrix(blobs: Sequence[bytes]) -> Vectors:
    """Return vectors of one length as the rows of a matrix."""
    if not blobs:
        return np.empty((0, 0), np.float32)
    try:
        return np.frombuffer(b"".join(blobs), np.float16).astype(np.float32).reshape(len(blobs), -1)
    except ValueError as error:
        raise LibraryDamaged("the length of a vector") from error
