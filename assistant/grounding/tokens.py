"""What is compared by the letter: texts as a reader sees them, stems of words, and names.

A generated sentence may say a thing in other words, but not of another name.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

from assistant.text import STOP_WORDS, fold

_LATEX = (
    (re.compile(r"\\(?:times|cdot)(?![A-Za-z])"), " x "),
    (re.compile(r"\\(?:approx|sim)(?![A-Za-z])"), "~"),
    (re.compile(r"\\([%$&#_{}])"), r"\1"),
    (re.compile(r"\\[A-Za-z]+\*?\s?"), " "),
    (re.compile(r"(?<=\d)\{,\}(?=\d)"), ","),
    (re.compile(r"[{}$]|_(?=\{|\w\b)|\\"), ""),
)

_TIMES = re.compile(r"(?<=\d)x\b")

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

_SIGNS = str.maketrans({"×": "x", "≈": "~", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "’": "'", "‘": "'"})

TOKEN = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\w+(?:[-.+'&/]\w+)*\+*|[%,;()]")

LOOSE_WORDS = frozenset({"one", "two", "three"})
"""Number words that a writer may use for what a source lists without counting; they are not held against a sentence."""

NUMBER_WORDS = {
    word: Decimal(number)
    for word, number in zip(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand".split(),
        [*range(1, 21), *range(30, 100, 10), 100, 1000],
        strict=True,
    )
}
"""Numbers that are written as words."""

DIGITS = {word: str(number) for word, number in NUMBER_WORDS.items() if word not in LOOSE_WORDS}
"""The same as digits, so that "twelve" and "12" are one word."""

_ENDINGS = re.compile(r"(?:ing|ed|es|s)$")

_SAME = {
    word: group.split()[0]
    for group in (
        "use uses used using utiliz utilis employ leverag adopt appli apply rely reli",
        "reach achiev attain obtain get got yield score scor",
        "propos introduc present describ develop",
        "show demonstrat reveal find found observ",
        "evaluat test assess experiment examin tri",
        "build built creat construct make made",
        "keep kept preserv retain maintain",
        "need requir necessar",
        "contain includ compris consist hold cover span",
        "outperform surpass beat exceed superior better best",
        "improv boost gain enhanc increas rise rais",
        "several multipl many various number",
        "about approximat around rough near",
        "enough suffic sufficient",
        "begin start",
        "investigat study studi explor analyz analys analysi",
        "combin join joint jointly fus",
        "fast faster quick speed",
        "ways approach method techniqu framework algorithm",
        "image picture photo",
        "people individual person human",
        "help aid assist",
    )
    for word in group.split()
}

GENERIC = frozenset(
    {
        *_SAME.values(),
        *"model result data dataset paper author system perform performanc task new novel different base such "
        "experiment set work provid given like also both well however further thus while than when "
        "which where into".split(),
    }
)
"""Stems that stand in nearly every abstract: holding them proves next to nothing."""


@lru_cache(maxsize=1024)
def readable(text: str) -> str:
    r"""Return a text for comparing: without LaTeX marks and invisible characters, "5.3\%" and "$2\times$" as read."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_SIGNS)
    if "\\" in text or "$" in text or "{" in text:
        for pattern, replacement in _LATEX:
            text = pattern.sub(replacement, text)
    return " ".join(_TIMES.sub(" x", text).split())


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Return the stem of a folded word; frequent verbs of abstracts that say the same share one."""
    if len(word) > 4:
        word = _ENDINGS.sub("", word)
    if len(word) > 4:
        word = word.removesuffix("e").removesuffix("ly")
    return _SAME.get(word, word)


def stems(text: str) -> list[str]:
    """Return the stems of a readable text's content words, in order."""
    return [DIGITS.get(word) or stem(word) for word in fold(text).split() if word not in STOP_WORDS]


def names(text: str) -> list[str]:
    """Return the words of a readable text that are written as names: "BERT", "CIFAR-10"; "Adam" within a sentence."""
    found = []
    opening = True
    for match in TOKEN.finditer(text):
        token = match.group()
        odd = any(character.isupper() for character in token[1:]) and not token[0].isdigit()
        odd |= token[0].isalpha() and any(character.isdigit() for character in token)
        if odd or (token[0].isupper() and not opening and len(token) > 1):
            found.append(token)
        following = text[match.end() : match.end() + 2]
        opening = following[:1] in '.!?:“"*' and bool(following)
    return found


def known_forms(text: str) -> frozenset[str]:
    """Return what a name may be known as in a text: words, words run together, initials of words in a row."""
    words = fold(text).split()
    forms = set(words)
    for size in (2, 3):
        forms.update("".join(words[i : i + size]) for i in range(len(words) - size + 1))
    for size in (2, 3, 4, 5):
        forms.update("".join(word[0] for word in words[i : i + size]) for i in range(len(words) - size + 1))
    return frozenset(forms)


def is_known(name: str, forms: frozenset[str]) -> bool:
    """Tell whether a name, or each part of one with hyphens, is among the forms of a text; plurals are the same."""
    whole = fold(name)
    if _is_form(whole.replace(" ", ""), forms):
        return True
    parts = whole.split()
    return bool(parts) and all(_is_form(part, forms) for part in parts)


def _is_form(word: str, forms: frozenset[str]) -> bool:
    return word in forms or word.removesuffix("s") in forms or f"{word}s" in forms
