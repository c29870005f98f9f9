"""Numbers of a text, with their units and what they measure.

A number that stands in an abstract proves nothing where it measures something else there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from assistant.literals import GENERIC, LOOSE_WORDS, NUMBER_WORDS, TOKEN, stem, stems
from assistant.names import fold
from assistant.words import STOP_WORDS

_NUMERAL = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")

_QUANTITY = re.compile(
    r"(?:(?<![\w.,])(?<![A-Za-z]-)|(?<=\d-))(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(%|percent\w*|pp\b|x\b|times\b|fold\b|-fold\b|k\b|K\b|M\b|B\b|thousand\b|million\b|billion\b))?(?![\w])"
)

_UNITS = {"%": "%", "pp": "%", "x": "x", "times": "x", "fold": "x", "-fold": "x"}

_SCALES = {"k": 3, "K": 3, "thousand": 3, "M": 6, "million": 6, "B": 9, "billion": 9}

_NEAR = 14
"""Words on each side of a number that can say what it measures."""

_CLAUSE_ENDS = frozenset({",", ";", "(", ")", "and", "but", "while", "whereas"})

_ROUNDED = Decimal("0.03")
"""How far a number behind "about" may be from the source's, as a share of it."""

_MISFIT_SCALE = 4.0
"""A number whose place fits a fifth worse than another's is already a wrong one most of the time."""


_CHANGE = re.compile(r"\bfrom\s+(\d[\d,]*(?:\.\d+)?)\s?%?\s+to\s+(\d[\d,]*(?:\.\d+)?)")
"""A change tells its two numbers apart by their order: neither is taken for the other."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text, with its unit ("%", "x" or "") and how near each stem of its surroundings stands, 0 to 1.

    `change` are the numbers of the change "from A to B" that it belongs to.
    """

    value: Decimal
    unit: str
    context: dict[str, float]
    change: tuple[Decimal, ...] = ()


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
    counted = quantities(held)
    scaled = {quantity.value for quantity in counted}
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
    unscaled = {one.value for one in quantities(sentence)}
    missing -= only_scaled - unscaled
    rounded = re.findall(r"(?i:about|around|nearly|almost|approximately|roughly|over|~)\s*(\d[\d.,]*\d|\d)", sentence)
    for numeral in rounded:
        value = Decimal(numeral.replace(",", "")) if numeral.replace(",", "").count(".") <= 1 else None
        if value in missing and any(_rounds_to(number, value) for number in known):
            missing.discard(value)
    return missing


def quantities(text: str, about: Iterable[str] = ()) -> list[Quantity]:
    """Return the numbers of one readable sentence with what they measure; `about` are stems that hold for all."""
    found = [
        (match.start(), *_value(match.group(1), match.group(2) or ""))
        for match in _QUANTITY.finditer(text)
        if match.group(1).isascii()
    ]
    tokens = [(match.start(), match.group()) for match in TOKEN.finditer(text)]
    found += [
        (start, NUMBER_WORDS[word.lower()], "")
        for start, word in tokens
        if word.lower() in NUMBER_WORDS and word.lower() not in LOOSE_WORDS
    ]
    found.sort(key=lambda item: item[0])
    lists = _lists(text) if "respectively" in text else {}
    general = dict.fromkeys(about, 0.25)
    changes = [tuple(_value(number, "")[0] for number in match.groups()) for match in _CHANGE.finditer(text)]
    return [
        Quantity(
            value,
            unit,
            general | _context(start, tokens, found, lists.get(index, (set(), set()))),
            next((change for change in changes if value in change), ()),
        )
        for index, (start, value, unit) in enumerate(found)
    ]


def misfit(said: Sequence[Quantity], known: Sequence[Quantity]) -> float:
    """Return how much better another number of the sources fits what the sentence's worst number is said to measure.

    0 where each number stands for what it stands for in the sources; 1 where its place there shares no word with it.
    """
    worst = 0.0
    for quantity in said[:40]:
        same = [other for other in known if other.value == quantity.value]
        if not same:
            continue
        agreeing = [other for other in same if not (quantity.unit and other.unit) or quantity.unit == other.unit]
        own = max((_fit(quantity, other) for other in agreeing), default=0.0)
        kept = {value for other in same if other.change == quantity.change for value in other.change}
        rivals = (
            other
            for other in known
            if other.value != quantity.value and other.value not in kept and _are_alike(quantity, other)
        )
        rival = max((_fit(quantity, other) for other in rivals), default=0.0 if agreeing else 1.0)
        if rival > own:
            worst = max(worst, (rival - own) / (rival + own + 0.3))
    return min(1.0, _MISFIT_SCALE * worst)


def _are_alike(one: Quantity, other: Quantity) -> bool:
    """Tell whether one number could have been written for the other: of one unit, and years only for years."""
    return one.unit == other.unit and _is_year(one) == _is_year(other)


def _is_year(one: Quantity) -> bool:
    return not one.unit and one.value == int(one.value) and 1900 <= one.value < 2100


def _value(numeral: str, unit: str) -> tuple[Decimal, str]:
    value = Decimal(numeral.replace(",", ""))
    if unit in _SCALES:
        return value.scaleb(_SCALES[unit]), ""
    return value, "%" if unit.startswith("percent") else _UNITS.get(unit, "")


def _scaled(text: str) -> Iterator[tuple[str, Decimal]]:
    for match in _QUANTITY.finditer(text):
        if match.group(2) in _SCALES and match.group(1).isascii():
            yield match.group(1), _value(match.group(1), match.group(2))[0]


def _rounds_to(number: Decimal, value: Decimal) -> bool:
    """Tell whether a value is a number with fewer digits, and near it."""
    fewer = len(value.normalize().as_tuple().digits) < len(number.normalize().as_tuple().digits)
    return fewer and abs(number - value) <= _ROUNDED * abs(value)


def _context(
    start: int,
    tokens: Sequence[tuple[int, str]],
    found: Sequence[tuple[int, Decimal, str]],
    own: tuple[set[str], set[str]],
) -> dict[str, float]:
    """Weigh the stems around a number: nearer is more, and what lies beyond the next number is less."""
    place = next((index for index, (position, _) in enumerate(tokens) if position >= start), len(tokens))
    numbers = {position for position, _, _ in found}
    mine, others = own
    weights: dict[str, float] = {}
    for step in (-1, 1):
        reach, index = 1.0, place + step
        for distance in range(1, _NEAR + 1):
            if not 0 <= index < len(tokens):
                break
            position, token = tokens[index]
            index += step
            if position in numbers:
                reach *= 0.45
                continue
            if token in _CLAUSE_ENDS:
                reach *= 0.65
                continue
            for word in fold(token).split():
                root = stem(word)
                if (word in STOP_WORDS and len(word) > 1) or root in others:
                    continue
                weights[root] = max(weights.get(root, 0.0), reach / (1 + distance / 4))
    weights.update(dict.fromkeys(mine, 1.0))
    return weights


def _lists(text: str) -> dict[int, tuple[set[str], set[str]]]:
    """Return, for the n-th number of a sentence with "respectively", the stems of its own item and of the others'."""
    numbers = list(_QUANTITY.finditer(text))
    for size in range(min(len(numbers), 6), 1, -1):
        item = r"((?:[\w+/()-]+ ){0,3}[\w+/()-]+)"
        pattern = rf"{item}, " * (size - 2) + rf"{item},? and {item}"
        for match in re.finditer(pattern, text[:2000]):
            items = [set(stems(part)) for part in match.groups()]
            if any(not part or all(word[0].isdigit() for word in part) for part in items):
                continue
            common = set.intersection(*items)
            owned = [part - common for part in items]
            rest: set[str] = set().union(*owned)
            first = len(numbers) - size
            return {first + place: (owned[place], rest - owned[place]) for place in range(size)}
    return {}


def _fit(one: Quantity, other: Quantity) -> float:
    return math.fsum(
        math.sqrt(weight * other.context[word]) * (0.4 if word in GENERIC else 1.0)
        for word, weight in one.context.items()
        if word in other.context
    )
