"""Words and sentences of texts: splitting, folding, stems, and how common a word is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING

import sentencex

if TYPE_CHECKING:
    import snowballstemmer

STOP_WORDS = frozenset(
    "a about all also am an and any are as at be been being but by can could did do does done for from had has have "
    "how i if in into is it its me my no nor not of on or our shall should so some such than that the their them then "
    "there these they this those to us was we were what when where which who whom whose why will with would you your "
    "paper papers abstract abstracts author authors say says tell work works worked working research publication "
    "publications published publish topic topics much many more most less least very other".split()
)
"""Words of questions that tell nothing of their subject; fewer words also make the search faster."""

_NO_VOWEL = re.compile(r"[^\W_aeiouy]{3,}")
_WORDS = re.compile(r"[^\W_]+")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")

LIST_MARKER = re.compile(r"\s*(?:\d{1,2}[.)]|[-*•])(?=\s|$)\s*")
"""What opens an item of a list: it belongs to the sentence behind it, and is no number of the text."""


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


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text in order, without the white space around them."""
    sentences: list[str] = []
    opening, position = "", 0
    for part in sentencex.segment("en", text.encode("utf-8", "replace").decode()):  # halves of characters become "?"
        opening += text[position : position + len(part)]
        position += len(part)
        if not LIST_MARKER.fullmatch(opening):
            sentences.append(opening.strip())
            opening = ""
    return [sentence for sentence in [*sentences, opening.strip()] if sentence]


def content_words(question: str, *, or_all: bool = True) -> list[str]:
    """Return the words of a question that may tell its subject, in order, each once, in lower case.

    Where there is none, all its words are returned, or none unless `or_all`.
    """
    words = dict.fromkeys(_WORDS.findall(question.casefold()))
    telling = [word for word in words if word not in STOP_WORDS]
    return telling or (list(words) if or_all else [])


def written_words(text: str) -> list[str]:
    """Return the words of a text in order, as they are written."""
    return _WORDS.findall(text)


@lru_cache(maxsize=65536)  # the same words of the same abstracts come again and again
def stem(word: str) -> str:
    """Return the stem of an English word in lower case (Porter's second algorithm); of an acronym its singular."""
    if word.endswith("s") and _NO_VOWEL.fullmatch(word):
        return word[:-1]
    return str(_stemmer().stemWord(word))


def is_light(word: str) -> bool:
    """Tell whether a word in lower case, or one of its stem, is an everyday one that names no subject."""
    return word in _light_words() or stem(word) in _light_words()


@cache
def shares() -> Mapping[str, float]:
    """Return for each common stem in which share of abstracts it stands, in (0, 1]; see E2 in docs/experiments."""
    lines = resources.files("assistant.text").joinpath("word_shares.tsv").read_text(encoding="utf-8").splitlines()
    return {word: int(thousandths) / 1000 for word, thousandths in (line.split("\t") for line in lines)}


@cache
def _stemmer() -> snowballstemmer.stemmer:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@cache
def _light_words() -> frozenset[str]:
    """Return everyday verbs, adverbs and adjectives, which a question says in its own way, and their stems."""
    words = resources.files("assistant.text").joinpath("light_words.txt").read_text(encoding="utf-8").split()
    return frozenset([*words, *map(stem, words)])
