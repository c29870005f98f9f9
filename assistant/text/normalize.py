"""People's names and other words, folded so that spellings can be compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_WORDS = re.compile(r"[^\W_]+")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


@lru_cache(maxsize=4096)  # the same titles and names are compared again and again
def fold(text: str) -> str:
    """Return the words of a text in lower case without diacritics or punctuation, joined by single spaces."""
    if not text.isascii():
        text = _BEYOND_ASCII.sub(_without_marks, unicodedata.normalize("NFKD", text))
    return " ".join(_WORDS.findall(text.casefold()))


def _without_marks(match: re.Match[str]) -> str:
    return "".join(character for character in match.group() if not unicodedata.combining(character))


def same_person(query: str, name: str) -> bool:
    """Tell whether every word of `query` fits a word of `name`, an initial fitting any word it begins.

    Both are compared folded, so "N. Gu", "gu" and "Naibin Gu" all fit "Naibin Gu". Word order does not matter. One word
    must be the same in full: initials alone name nobody.
    """
    remaining = fold(name).split()
    words = fold(query).split()
    same = [word for word in words if len(word) > 1 and word in remaining]
    if not same:
        return False
    for word in same:
        if word in remaining:
            remaining.remove(word)
            words.remove(word)
    for word in words:
        fitting = next((other for other in remaining if 1 in (len(word), len(other)) and word[0] == other[0]), None)
        if fitting is None:
            return False
        remaining.remove(fitting)
    return True
