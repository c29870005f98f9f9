"""Tokens that are compared by the letter: stems of words, names and numbers of a readable text.

A generated sentence may say a thing in other words, but not of another name or with another number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
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

_NUMERAL = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_QUANTITY = re.compile(
    r"(?:(?<![\w.,])(?<![A-Za-z]-)|(?<=\d-))(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(%|percent\w*|pp\b|x\b|times\b|fold\b|-fold\b|k\b|K\b|M\b|B\b|thousand\b|million\b|billion\b))?(?![\w])"
)
_APPROXIMATE = re.compile(r"(?i:about|around|nearly|almost|approximately|roughly|over|~)\s*(\d[\d.,]*\d|\d)")
_SCALES = {"k": 3, "K": 3, "thousand": 3, "M": 6, "million": 6, "B": 9, "billion": 9}

_ROUNDED = Decimal("0.03")
"""How far a number behind "about" may be from the source's, as a share of it."""

_TOKEN = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\w+(?:[-.+'&/]\w+)*\+*|[%,;()]")

_LOOSE_WORDS = frozenset({"one", "two", "three"})
"""Number words that a writer may use for what a source lists without counting; they are not held against a sentence."""

_NUMBER_WORDS = {
    word: Decimal(number)
    for word, number in zip(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand".split(),
        [*range(1, 21), *range(30, 100, 10), 100, 1000],
        strict=True,
    )
}
"""Numbers that are written as words."""

_DIGITS = {word: str(number) for word, number in _NUMBER_WORDS.items() if word not in _LOOSE_WORDS}
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
    return [_DIGITS.get(word) or stem(word) for word in fold(text).split() if word not in STOP_WORDS]


def names(text: str) -> list[str]:
    """Return the words of a readable text that are written as names: "BERT", "CIFAR-10"; "Adam" within a sentence."""
    found = []
    opening = True
    for match in _TOKEN.finditer(text):
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
    runs = {size: [words[i : i + size] for i in range(len(words) - size + 1)] for size in (2, 3, 4, 5)}
    joined = {"".join(run) for size in (2, 3) for run in runs[size]}
    initials = {"".join(word[0] for word in run) for size in runs for run in runs[size]}
    return frozenset({*words, *joined, *initials})


def is_known(name: str, forms: frozenset[str]) -> bool:
    """Tell whether a name, or each part of one with hyphens, is among the forms of a text; plurals are the same."""
    whole = fold(name)
    if _is_form(whole.replace(" ", ""), forms):
        return True
    parts = whole.split()
    return bool(parts) and all(_is_form(part, forms) for part in parts)


def _is_form(word: str, forms: frozenset[str]) -> bool:
    return word in forms or word.removesuffix("s") in forms or f"{word}s" in forms


def numerals(text: str) -> set[Decimal]:
    """Return the numerals of a text as numbers: "1,024" is 1024, "07" is 7, "2.5x" is 2.5, "GPT-3" holds 3."""
    return {_decimal(numeral) for numeral in _NUMERAL.findall(text) if numeral.isascii()}


def spelt(text: str) -> set[Decimal]:
    """Return the numbers that a text writes as words."""
    return {_NUMBER_WORDS[word] for word in set(fold(text).split()) & _NUMBER_WORDS.keys()}


def missing_numbers(sentence: str, held: str) -> set[Decimal]:
    """Return the numbers of a sentence that a text does not hold: as a numeral, a word, or scaled ("1M", "1 million").

    A number behind "about", "over", "nearly" may be one of the text's rounded to as many digits.
    """
    values = _values(held)
    only_scaled = {_decimal(numeral) for numeral, _ in _scaled(held)} - values
    known = (numerals(held) | spelt(held)) - only_scaled
    scaled = list(_scaled(sentence))
    if missing := {value for _, value in scaled} - values - known:
        return missing
    loose = {_NUMBER_WORDS[word] for word in _LOOSE_WORDS & set(fold(sentence).split())}
    missing = (numerals(sentence) | (spelt(sentence) - loose)) - known
    missing -= {_decimal(numeral) for numeral, _ in scaled}
    missing -= only_scaled - _values(sentence)
    for written in _APPROXIMATE.findall(sentence):
        numeral = written.replace(",", "")
        if numeral.count(".") <= 1 and any(_rounds_to(number, Decimal(numeral)) for number in known):
            missing.discard(Decimal(numeral))
    return missing


def _decimal(numeral: str, unit: str = "") -> Decimal:
    return Decimal(numeral.replace(",", "")).scaleb(_SCALES.get(unit, 0))


def _quantities(text: str) -> Iterator[tuple[str, str]]:
    """Yield the numerals that stand alone, with their units."""
    return ((numeral, unit) for numeral, unit in _QUANTITY.findall(text) if numeral.isascii())


def _scaled(text: str) -> Iterator[tuple[str, Decimal]]:
    """Yield the numerals with a scale behind them, and the numbers that they make: "1.5M"."""
    return ((numeral, _decimal(numeral, unit)) for numeral, unit in _quantities(text) if unit in _SCALES)


def _values(text: str) -> set[Decimal]:
    """Return the numbers of a text that stand alone, scaled where they are written so."""
    words = {token.lower() for token in _TOKEN.findall(text)}
    spelt_out = {_NUMBER_WORDS[word] for word in words & _NUMBER_WORDS.keys() - _LOOSE_WORDS}
    return spelt_out | {_decimal(numeral, unit) for numeral, unit in _quantities(text)}


def _rounds_to(number: Decimal, value: Decimal) -> bool:
    """Tell whether a value is a number with fewer digits, and near it."""
    fewer = len(value.normalize().as_tuple().digits) < len(number.normalize().as_tuple().digits)
    return fewer and abs(number - value) <= _ROUNDED * abs(value)
