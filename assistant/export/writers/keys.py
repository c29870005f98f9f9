"""Names by which a text cites a paper: "gu2025beamlora"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.export.writers.names import parts
from assistant.text import STOP_WORDS, fold
from assistant.types import Paper

_NOT_IN_KEYS = re.compile(r"[^a-z0-9]")
_LONGEST_PART = 30


class Keys:
    """Gives each paper of one file a key that no other has: the same papers in the same order get the same keys."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, paper: Paper) -> str:
        """Return the paper's key: family name, year, first telling word; then "b", "c" ... where that is taken."""
        key = _key(paper)
        chosen = next(one for one in (key + suffix for suffix in _suffixes()) if one not in self._taken)
        self._taken.add(chosen)
        return chosen


def _key(paper: Paper) -> str:
    first = paper.authors[0] if paper.authors else ""
    person = parts(first)
    family = _letters(person.family if person else first)
    words = (_letters(word) for word in paper.title.split() if fold(word) not in STOP_WORDS)
    return f"{family or 'anonymous'}{paper.year or ''}{next(filter(None, words), '')}"


def _letters(text: str) -> str:
    """Return what a key may hold of a text: letters and digits of ASCII, since older programs know no others."""
    return _NOT_IN_KEYS.sub("", fold(text))[:_LONGEST_PART]


def _suffixes() -> Iterator[str]:
    """Yield "", "b" ... "z", "aa", "ab" ... without end."""
    yield ""
    number = 1
    while True:
        suffix, rest = "", number
        while rest >= 0:
            suffix, rest = chr(ord("a") + rest % 26) + suffix, rest // 26 - 1
        yield suffix
        number += 1
