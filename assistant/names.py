"""People's names and other words, folded so that spellings can be compared."""

from __future__ import annotations

import re
import unicodedata

_WORDS = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Return the words of a text in lower case without diacritics or punctuation, joined by single spaces."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(_WORDS.findall(bare.casefold()))


def same_person(query: str, name: str) -> bool:
    """Tell whether every word of `query` fits a word of `name`, an initial fitting any word it begins.

    Both are compared folded, so "N. Gu", "gu" and "Naibin Gu" all fit "Naibin Gu". Word order does not matter.
    """
    words = fold(query).split()
    remaining = fold(name).split()
    for word in sorted(words, key=len, reverse=True):
        fitting = next((other for other in remaining if _fits(word, other)), None)
        if fitting is None:
            return False
        remaining.remove(fitting)
    return bool(words)


def _fits(word: str, other: str) -> bool:
    if len(word) == 1 or len(other) == 1:
        return word[0] == other[0]
    return word == other
