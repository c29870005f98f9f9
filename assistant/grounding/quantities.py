"""Numbers of a text: as numerals, as words, scaled ("1 million"), and which of a sentence's numbers a text lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from assistant.grounding.tokens import LOOSE_WORDS, NUMBER_WORDS, TOKEN
from assistant.text import fold

_NUMERAL = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")

_QUANTITY = re.compile(
    r"(?:(?<![\w.,])(?<![A-Za-z]-)|(?<=\d-))(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(%|percent\w*|pp\b|x\b|times\b|fold\b|-fold\b|k\b|K\b|M\b|B\b|thousand\b|million\b|billion\b))?(?![\w])"
)

_SCALES = {"k": 3, "K": 3, "thousand": 3, "M": 6, "million": 6, "B": 9, "billion": 9}

_ROUNDED = Decimal("0.03")
"""How far a number behind "about" may be from the source's, as a share of it."""


def numerals(text: str) -> set[Decimal]:
    """Return the numerals of a text as numbers: "1,024" is 1024, "07" is 7, "2.5x" is 2.5, "GPT-3" holds 3."""
    return {Decimal(numeral.replace(",", "")) for numeral in _NUMERAL.findall(text) if numeral.isascii()}


def spelt(text: str) -> set[Decimal]:
    """Return the numbers that a text writes as words."""
    return {NUMBER_WORDS[word] for word in set(fold(text).split()) & NUMBER_WORDS.keys()}


def missing_numbers(sentence: str, held: str) -> set[Decimal]:
    """Return the numbers of a sentence that a text does not hold: as a numeral, a word, or scaled ("1M", "1 million").

    A number behind "about", "over", "nearly" may be one of the text's rounded to as many digits.
    """
    known = numerals(held) | spelt(held)
    scaled = _values(held)
    only_scaled = {Decimal(numeral.replace(",", "")) for numeral, _ in _scaled(held)} - scaled
    known -= only_scaled
    off = {value for _, value in _scaled(sentence) if value not in scaled and value not in known}
    if off:
        return off
    loose = {NUMBER_WORDS[word] for word in LOOSE_WORDS & set(fold(sentence).split())}
    missing = (numerals(sentence) | (spelt(sentence) - loose)) - known
    if not missing:
        return missing
    missing -= {Decimal(numeral.replace(",", "")) for numeral, _ in _scaled(sentence)}
    missing -= only_scaled - _values(sentence)
    rounded = re.findall(r"(?i:about|around|nearly|almost|approximately|roughly|over|~)\s*(\d[\d.,]*\d|\d)", sentence)
    for numeral in rounded:
        value = Decimal(numeral.replace(",", "")) if numeral.replace(",", "").count(".") <= 1 else None
        if value in missing and any(_rounds_to(number, value) for number in known):
            missing.discard(value)
    return missing


def _values(text: str) -> set[Decimal]:
    """Return the numbers of a text that stand alone, scaled where they are written so."""
    found = {
        _value(match.group(1), match.group(2) or "") for match in _QUANTITY.finditer(text) if match.group(1).isascii()
    }
    words = {match.group().lower() for match in TOKEN.finditer(text)}
    return found | {NUMBER_WORDS[word] for word in words & NUMBER_WORDS.keys() - LOOSE_WORDS}


def _value(numeral: str, unit: str) -> Decimal:
    return Decimal(numeral.replace(",", "")).scaleb(_SCALES.get(unit, 0))


def _scaled(text: str) -> Iterator[tuple[str, Decimal]]:
    for match in _QUANTITY.finditer(text):
        if match.group(2) in _SCALES and match.group(1).isascii():
            yield match.group(1), _value(match.group(1), match.group(2))


def _rounds_to(number: Decimal, value: Decimal) -> bool:
    """Tell whether a value is a number with fewer digits, and near it."""
    fewer = len(value.normalize().as_tuple().digits) < len(number.normalize().as_tuple().digits)
    return fewer and abs(number - value) <= _ROUNDED * abs(value)
