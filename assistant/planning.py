"""A question to a plan: which papers are meant, and what is asked of them."""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.library import Library
from assistant.names import fold
from assistant.types import PaperFilter, Plan

_LONGEST_NAME = 5
_WORD = re.compile(r"[^\W_]+")


def plan(library: Library, question: str, chosen: PaperFilter = PaperFilter()) -> Plan:
    """Read a question; an author of the library whose full name stands in it restricts the search to their papers.

    Two different authors in one question restrict nothing; a filter given by the reader always stays.
    """
    mentions = _mentions(library, question)
    names = {name for name, _, _ in mentions}
    subject = question
    for _, start, end in reversed(mentions):
        subject = f"{subject[:start]} {subject[end:]}"
    if len(names) == 1 and not chosen.author:
        _, start, end = mentions[0]
        chosen = replace(chosen, author=question[start:end])
    return Plan(question, " ".join(subject.split()), chosen)


def _mentions(library: Library, question: str) -> list[tuple[str, int, int]]:
    """Return (folded name, start, end) of each author named in full, the longest name winning, in reading order."""
    words = [(fold(match.group()), match.start(), match.end()) for match in _WORD.finditer(question)]
    spans = {
        (first, last): " ".join(word for word, _, _ in words[first:last])
        for first in range(len(words))
        for last in range(first + 2, min(first + _LONGEST_NAME, len(words)) + 1)
    }
    known = library.known_names(set(spans.values()))
    found: list[tuple[str, int, int]] = []
    taken: set[int] = set()
    for (first, last), name in sorted(spans.items(), key=lambda item: item[0][0] - item[0][1]):
        if name in known and taken.isdisjoint(range(first, last)):
            taken.update(range(first, last))
            found.append((name, words[first][1], words[last - 1][2]))
    return sorted(found, key=lambda mention: mention[1])
