"""Full-text search: the SQLite FTS5 indexes, and BM25 scores in memory from what they know of each term.

FTS5 scores a paper in about ten microseconds, so that a question with everyday words takes seconds over 150,000 papers.
Here the same scores are added up in arrays, for terms that stay in memory once they were asked.
"""

from __future__ import annotations

import math
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Integer, TextualSelect, bindparam, text
from sqlalchemy.exc import DatabaseError

from assistant.text import content_words, fold

TOKENIZER = "porter unicode61 remove_diacritics 2"
"""How titles and abstracts are cut into terms; the table of the migrations says the same."""

_COLUMNS = 2
"""Columns whose length FTS5 notes for each paper: title and abstract."""

_FILLING = {
    "papers_text": "INSERT INTO papers_text (rowid, title, abstract) SELECT number, title, abstract FROM papers",
    "papers_listed": (
        "INSERT INTO papers_listed (rowid, words) SELECT number, title || ' ' || venue || ' ' || date "
        "|| ' ' || coalesce((SELECT group_concat(name, ' ') FROM authorships WHERE paper_id = papers.id), '') "
        "|| ' ' || coalesce((SELECT group_concat(category, ' ') FROM categories WHERE paper_id = papers.id), '') "
        "FROM papers"
    ),
}

_VERSION = "text version"
"""Metadata: a word that is another after every change; not a counter, whose value would come again after a rollback."""

TITLE_WEIGHT = 2
"""How much a word in the title counts beside one in the abstract, in BM25."""

_SATURATION = 1.2
_LENGTH_SHARE = 0.75
"""BM25's k1 and b, as FTS5 has them."""

_LEAST_WEIGHT = 1e-6
"""Inverse document frequency of a word that half of the papers hold, or more."""

_LARGEST = 8_000_000
"""Papers of terms in memory, eight bytes each; the terms that were not asked for longest go first."""


def write(connection: Connection, rows: Iterable[Mapping[str, object]]) -> None:
    """Put papers into the indexes, replacing earlier text.

    Each row has number, title, abstract and `listed`, the words by which the list of papers finds it.
    """
    rows = list(rows)
    if rows:
        erase(connection, [int(str(row["number"])) for row in rows])
        connection.execute(
            text("INSERT INTO papers_text (rowid, title, abstract) VALUES (:number, :title, :abstract)"), rows
        )
        connection.execute(text("INSERT INTO papers_listed (rowid, words) VALUES (:number, :listed)"), rows)


def erase(connection: Connection, numbers: Sequence[int]) -> None:
    """Take the papers with these numbers out of the indexes."""
    if numbers:
        rows = [{"number": number} for number in numbers]
        connection.execute(text("DELETE FROM papers_text WHERE rowid = :number"), rows)
        connection.execute(text("DELETE FROM papers_listed WHERE rowid = :number"), rows)
        connection.execute(
            text(
                "INSERT INTO facts (name, value) VALUES (:name, hex(randomblob(16))) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
            ),
            {"name": _VERSION},
        )


def version(connection: Connection) -> str:
    """Return a word that is another after every change of the papers' text."""
    return str(connection.execute(text("SELECT value FROM facts WHERE name = :name"), {"name": _VERSION}).scalar())


def lengths(connection: Connection) -> NDArray[np.float32]:
    """Return how many terms title and abstract of each paper have together, by its number; 0 where there is none."""
    query = "SELECT group_concat(id), group_concat(hex(sz), '') FROM papers_text_docsize"
    ids, sizes = connection.execute(text(query)).one()
    numbers = _numbers(ids)
    found = np.zeros(int(numbers.max(initial=0)) + 1, np.float32)
    found[numbers] = _varints(bytes.fromhex(sizes or "")).reshape(-1, _COLUMNS).sum(axis=1)
    return found


def instances(connection: Connection, term: str) -> NDArray[np.int64]:
    """Return the number of a paper for each time that a term occurs in its title or abstract."""
    query = "SELECT group_concat(doc) FROM papers_terms WHERE term = :term"
    return _numbers(connection.execute(text(query), {"term": term}).scalar())


def titled(connection: Connection, word: str) -> NDArray[np.int64]:
    """Return the numbers of the papers whose title holds a word or one of the same stem."""
    query = "SELECT group_concat(rowid) FROM papers_text WHERE papers_text MATCH :query"
    return _numbers(connection.execute(text(query), {"query": f"title : {_quoted(word)}"}).scalar())


def is_sound(connection: Connection) -> bool:
    """Tell whether the text index agrees with itself and holds what the papers say, no more and no less."""
    try:
        with connection.begin_nested():
            connection.execute(text("INSERT INTO papers_text (papers_text) VALUES ('integrity-check')"))
            wrong = text(
                "SELECT count(*) FROM papers LEFT JOIN papers_text AS held ON held.rowid = papers.number "
                "WHERE held.rowid IS NULL OR held.title <> papers.title OR held.abstract <> papers.abstract"
            )
            connection.execute(text("INSERT INTO papers_listed (papers_listed) VALUES ('integrity-check')"))
            sizes = text(
                "SELECT abs((SELECT count(*) FROM papers) - (SELECT count(*) FROM papers_text)) "
                "+ abs((SELECT count(*) FROM papers) - (SELECT count(*) FROM papers_listed))"
            )
            return not connection.execute(wrong).scalar() and not connection.execute(sizes).scalar()
    except DatabaseError:
        return False


def rebuild(connection: Connection) -> None:
    """Make the text indexes anew from the papers."""
    for name, filling in _FILLING.items():
        query = text("SELECT sql FROM sqlite_master WHERE name = :name")
        definition = connection.execute(query, {"name": name}).scalar_one()
        connection.execute(text(f"DROP TABLE {name}"))
        connection.execute(text(str(definition)))
        connection.execute(text(filling))


def listed(words: str) -> TextualSelect | None:
    """Return a query for the numbers of the papers in whose listing each of the words begins a word."""
    prefixes = " AND ".join(f"{_quoted(word)} *" for word in fold(words).split())
    if not prefixes:
        return None
    query = text("SELECT rowid AS number FROM papers_listed WHERE papers_listed MATCH :prefixes")
    return query.bindparams(prefixes=prefixes).columns(number=Integer)


def holding(phrases: Iterable[str], *, in_title: bool = False) -> TextualSelect:
    """Return a query for the numbers of the papers whose title or abstract holds each phrase, or one of its stems.

    With `in_title` the title has to hold them.
    """
    column = "title : " if in_title else ""
    asked = " AND ".join(f"{column}{_quoted(phrase)}" for phrase in phrases)
    query = text("SELECT rowid AS number FROM papers_text WHERE papers_text MATCH :phrases")
    return query.bindparams(bindparam("phrases", asked, unique=True)).columns(number=Integer)


class Terms:
    """Cuts words into the terms under which the index holds them, by the index's own tokenizer. Safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._connection.execute(f"CREATE VIRTUAL TABLE words USING fts5 (word, tokenize = '{TOKENIZER}')")
        self._connection.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (words, instance)")

    def of(self, words: Sequence[str]) -> list[list[str]]:
        """Return the terms of each word: mostly one, none for what the tokenizer passes over."""
        found: list[list[str]] = [[] for _ in words]
        with self._lock:
            self._connection.execute("DELETE FROM words")
            self._connection.executemany("INSERT INTO words (rowid, word) VALUES (?, ?)", enumerate(words))
            for place, term in self._connection.execute('SELECT doc, term FROM terms ORDER BY doc, "offset"'):
                found[place].append(term)
        return found

    def close(self) -> None:
        """Let go of the tokenizer."""
        self._connection.close()


@dataclass(frozen=True, slots=True)
class _Postings:
    """The papers that hold a term, by number, ascending, and what it adds to the BM25 score of each."""

    numbers: NDArray[np.int32]
    gains: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Texts:
    """What all scores depend on: the length of each paper's text by its number, of how many, and the mean length."""

    version: str
    lengths: NDArray[np.float32]
    count: int
    mean: float


class TextIndex:
    """BM25 over one library's titles and abstracts. Whatever is in memory is dropped when the papers' text changes.

    Safe in threads.
    """

    def __init__(self) -> None:
        self._terms = Terms()
        self._lock = threading.Lock()
        self._texts: _Texts | None = None
        self._postings: OrderedDict[str, _Postings] = OrderedDict()
        self._held = 0

    def close(self) -> None:
        """Let go of what is in memory."""
        self._terms.close()

    def search(
        self, connection: Connection, question: str, limit: int, among: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """Return up to `limit` (paper number, BM25 score) pairs, best first; higher is better, every score is above 0.

        A paper matches when it holds any content word of the question. `among` restricts the result to these numbers.
        """
        words = content_words(question)
        texts, postings = self._read(connection, words)
        scores = np.zeros(len(texts.lengths), np.float32)
        for of_word in postings:
            for of_term in of_word:
                scores[of_term.numbers] += of_term.gains
        if among is None:
            numbers = np.flatnonzero(scores)
        else:
            known = among[among < len(scores)]
            numbers = known[scores[known] > 0]
        best = _best(scores[numbers], limit)
        return list(zip(numbers[best].tolist(), scores[numbers[best]].tolist(), strict=True))

    def holders(self, connection: Connection, words: Sequence[str]) -> list[NDArray[np.int32]]:
        """Return for each word the numbers, ascending, of the papers in which it or a word of its stem occurs."""
        _, postings = self._read(connection, words)
        sets = [[of_term.numbers for of_term in of_word] or [np.empty(0, np.int32)] for of_word in postings]
        return [reduce(lambda one, other: np.intersect1d(one, other, assume_unique=True), found) for found in sets]

    def _read(self, connection: Connection, words: Sequence[str]) -> tuple[_Texts, list[list[_Postings]]]:
        """Return the texts, and for each word the postings of its terms: nearly always one."""
        with self._lock:
            newest = version(connection)
            texts = self._texts
            if texts is None or texts.version != newest:
                self._postings.clear()
                self._held = 0
                texts = self._texts = _read_texts(connection, newest)
            found = []
            for word, terms in zip(words, self._terms.of(words), strict=True):
                found.append([self._read_term(connection, texts, term, word) for term in terms])
            return texts, found

    def _read_term(self, connection: Connection, texts: _Texts, term: str, word: str) -> _Postings:
        known = self._postings.get(term)
        if known is None:
            known = self._postings[term] = _read_postings(connection, texts, term, word)
            self._held += len(known.numbers)
            while self._held > _LARGEST and len(self._postings) > 1:
                _, oldest = self._postings.popitem(last=False)
                self._held -= len(oldest.numbers)
        else:
            self._postings.move_to_end(term)
        return known


def _read_texts(connection: Connection, version: str) -> _Texts:
    found = lengths(connection)
    count = int(np.count_nonzero(found))
    return _Texts(version, found, count, float(found.sum()) / max(count, 1) or 1.0)


def _read_postings(connection: Connection, texts: _Texts, term: str, word: str) -> _Postings:
    size = len(texts.lengths)  # papers of a later number were added a moment ago, and the next question finds them
    occurring = instances(connection, term)
    numbers, counts = np.unique(occurring[occurring < size], return_counts=True)
    often = counts.astype(np.float32) + (TITLE_WEIGHT - 1) * np.isin(numbers, titled(connection, word))
    weight = max(math.log((texts.count - len(numbers) + 0.5) / (len(numbers) + 0.5)), _LEAST_WEIGHT)
    relative = texts.lengths[numbers] / texts.mean
    damping = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * relative)
    gains = weight * often * (_SATURATION + 1) / (often + damping)
    return _Postings(numbers.astype(np.int32), gains.astype(np.float32))


def _best(scores: NDArray[np.float32], limit: int) -> NDArray[np.intp]:
    """Return the places of the `limit` greatest scores, in order, equal ones by place, without sorting the rest."""
    places = np.arange(len(scores))
    if 0 < limit < len(scores):
        least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        places = np.flatnonzero(scores >= least)
    return places[np.argsort(-scores[places], kind="stable")][: max(limit, 0)]


def _quoted(word: str) -> str:
    """Quote a word, so that nothing in a question is read as query syntax."""
    return '"' + word.replace("\0", " ").replace('"', '""') + '"'  # SQLite reads no further than a NUL


def _numbers(joined: str | None) -> NDArray[np.int64]:
    """Read numbers that SQLite joined by commas: one long row is many times faster than a row a number."""
    return np.fromstring(joined, np.int64, sep=",") if joined else np.empty(0, np.int64)


def _varints(encoded: bytes) -> NDArray[np.int64]:
    """Read SQLite's variable-length integers: seven bits a byte, the highest first, the top bit set but in the last."""
    digits = np.frombuffer(encoded, np.uint8).astype(np.int64)
    ends = np.flatnonzero(digits < 0x80)
    if not len(ends):
        return np.empty(0, np.int64)
    starts = np.concatenate(([0], ends[:-1] + 1))
    to_end = np.repeat(ends, ends - starts + 1) - np.arange(len(digits))
    return np.add.reduceat((digits & 0x7F) << (7 * to_end), starts)
