"""Search by words at any size: BM25 over the terms of a question, whose papers are kept in memory once they were asked.

FTS5 scores a paper in about ten microseconds, so that a question with everyday words takes seconds over 150,000 papers.
Here the same scores are added up in arrays, from what FTS5 knows of each term.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from assistant.library import fulltext
from assistant.text import content_words

TITLE_WEIGHT = 2
"""How much a word in the title counts beside one in the abstract, in BM25."""

_SATURATION = 1.2
_LENGTH_SHARE = 0.75
"""BM25's k1 and b, as FTS5 has them."""

_LEAST_WEIGHT = 1e-6
"""Inverse document frequency of a word that half of the papers hold, or more."""

_LARGEST = 8_000_000
"""Papers of terms that are kept in memory, eight bytes each; the terms that were not asked for longest go first."""


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
        self._terms = fulltext.Terms()
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
        return [_common([of_term.numbers for of_term in of_word]) for of_word in postings]

    def _read(self, connection: Connection, words: Sequence[str]) -> tuple[_Texts, list[list[_Postings]]]:
        """Return the texts, and for each word the postings of its terms: nearly always one."""
        with self._lock:
            version = fulltext.version(connection)
            texts = self._texts
            if texts is None or texts.version != version:
                self._postings.clear()
                self._held = 0
                texts = self._texts = _read_texts(connection, version)
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
    lengths = fulltext.lengths(connection)
    count = int(np.count_nonzero(lengths))
    return _Texts(version, lengths, count, float(lengths.sum()) / max(count, 1) or 1.0)


def _read_postings(connection: Connection, texts: _Texts, term: str, word: str) -> _Postings:
    size = len(texts.lengths)  # papers of a later number were added a moment ago, and the next question finds them
    instances, titled = fulltext.instances(connection, term), fulltext.titled(connection, word)
    numbers, counts = np.unique(instances[instances < size], return_counts=True)
    often = counts.astype(np.float32) + (TITLE_WEIGHT - 1) * np.isin(numbers, titled)
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


def _common(sets: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    if not sets:
        return np.empty(0, np.int32)
    found = sets[0]
    for other in sets[1:]:
        found = np.intersect1d(found, other, assume_unique=True)
    return found
