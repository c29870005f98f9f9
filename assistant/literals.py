"""What is compared by the letter: numbers with what they measure, names, negations, directions of a comparison.

A generated sentence may say a thing in other words, but not with another number, another name or the other direction.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from functools import lru_cache

from assistant.names import fold
from assistant.words import STOP_WORDS

_LATEX = (
    (re.compile(r"\\(?:times|cdot)(?![A-Za-z])"), " x "),
    (re.compile(r"\\(?:approx|sim)(?![A-Za-z])"), "~"),
    (re.compile(r"\\([%$&#_{}])"), r"\1"),
    (re.compile(r"\\[A-Za-z]+\*?\s?"), " "),
    (re.compile(r"(?<=\d)\{,\}(?=\d)"), ","),
    (re.compile(r"[{}$]|_(?=\{|\w\b)|\\"), ""),
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SIGNS = str.maketrans({"×": "x", "≈": "~", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "’": "'", "‘": "'"})

_TOKEN = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\w+(?:[-.+'&/]\w+)*\+*|[%,;()]")
_NUMERAL = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_QUANTITY = re.compile(
    r"(?:(?<![\w.,])|(?<=\d-))(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(%|percent\w*|pp\b|x\b|times\b|fold\b|-fold\b|k\b|K\b|M\b|B\b|thousand\b|million\b|billion\b))?(?![\w])"
)
_UNITS = {"%": "%", "pp": "%", "x": "x", "times": "x", "fold": "x", "-fold": "x"}
_SCALES = {"k": 3, "K": 3, "thousand": 3, "M": 6, "million": 6, "B": 9, "billion": 9}
_NUMBER_WORDS = {
    word: Decimal(number)
    for word, number in zip(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand".split(),
        [*range(1, 21), *range(30, 100, 10), 100, 1000],
        strict=True,
    )
}
LOOSE_WORDS = frozenset({"one", "two", "three"})
"""Number words that a writer may use for what a source lists without counting; they are not held against a sentence."""

_NEAR = 14
"""Words on each side of a number that can say what it measures."""

_CLAUSE_ENDS = frozenset({",", ";", "(", ")", "and", "but", "while", "whereas"})

_MISFIT_SCALE = 4.0
"""A number whose place fits a fifth worse than another's is already a wrong one most of the time."""

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
        *"model result data dataset paper author system perform performanc task new novel different base such experiment "
        "set work provid given like also both well however further thus while than when which where into".split(),
    }
)
"""Stems that stand in nearly every abstract: holding them proves next to nothing."""

_NEGATIONS = frozenset(
    "not no never without cannot neither nor none nothing hardly barely lack lacks lacking fail fails failed unable "
    "instead rather unlike free n't isn't doesn't don't didn't wasn't aren't can't won't couldn't weren't".split()
)
_NEGATION_REACH = 2
"""Content words behind a negation that it is taken to negate; of a direction, the next two words."""

_AXES: tuple[tuple[frozenset[str], frozenset[str]], ...] = tuple(
    (frozenset(one.split()), frozenset(other.split()))
    for one, other in (
        (
            "increase increases increased increasing raise raises raised rise rises more higher larger greater longer "
            "bigger grow grows",
            "decrease decreases decreased decreasing reduce reduces reduced reducing lower lowers fewer less smaller "
            "shorter drop drops shrink shrinks decline declines",
        ),
        (
            "improve improves improved improving improvement improvements outperform outperforms outperformed "
            "outperforming surpass surpasses surpassed beat beats better superior exceed exceeds exceeded best gain "
            "gains boost boosts enhance enhances enhanced",
            "degrade degrades degraded worsen worsens worsened underperform underperforms underperformed worse "
            "inferior worst hurt hurts harm harms degradation",
        ),
        ("faster quicker speeds accelerates speedup", "slower slows"),
        ("easy easier simple simpler", "hard harder difficult complex"),
        ("strong stronger strongly robust", "weak weaker weakly fragile"),
        ("all every always each", "none never"),
        ("first", "last"),
        ("high frequent often common", "low rare rarely infrequent seldom"),
        ("before early earlier", "after late later"),
        ("online", "offline"),
        ("supervised", "unsupervised"),
        ("maximize maximizes maximise maximum maximal", "minimize minimizes minimise minimum minimal"),
        ("positive positively", "negative negatively"),
        ("largest highest longest", "smallest lowest shortest"),
        ("sufficient sufficiently enough suffices", "insufficient"),
        ("effective effectively efficient", "ineffective inefficient"),
        ("similar same identical", "different dissimilar"),
        ("necessary essential crucial important", "unnecessary unimportant irrelevant"),
        ("stable", "unstable"),
        ("linear linearly", "nonlinear exponential exponentially"),
        ("local", "global"),
    )
)
_COMPARISON = re.compile(
    r"\b(?:than|over|outperform\w*|surpass\w*|beat\w*|exceed\w*|underperform\w*|compared (?:to|with))\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text, with its unit ("%", "x" or "") and how near each stem of its surroundings stands, 0 to 1."""

    value: Decimal
    unit: str
    context: dict[str, float]


@lru_cache(maxsize=1024)
def readable(text: str) -> str:
    r"""Return a text for comparing: without LaTeX marks and invisible characters, "5.3\%" and "$2\times$" as read."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_SIGNS)
    if "\\" in text or "$" in text or "{" in text:
        for pattern, replacement in _LATEX:
            text = pattern.sub(replacement, text)
    return " ".join(text.split())


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
    return [stem(word) for word in fold(text).split() if word not in STOP_WORDS]


def numerals(text: str) -> set[Decimal]:
    """Return the numerals of a text as numbers: "1,024" is 1024, "07" is 7, "2.5x" is 2.5, "GPT-3" holds 3."""
    return {Decimal(numeral.replace(",", "")) for numeral in _NUMERAL.findall(text) if numeral.isascii()}


def spelt(text: str) -> set[Decimal]:
    """Return the numbers that a text writes as words."""
    return {_NUMBER_WORDS[word] for word in set(fold(text).split()) & _NUMBER_WORDS.keys()}


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
    loose = {_NUMBER_WORDS[word] for word in LOOSE_WORDS & set(fold(sentence).split())}
    missing = (numerals(sentence) | (spelt(sentence) - loose)) - known
    if not missing:
        return missing
    missing -= {Decimal(numeral.replace(",", "")) for numeral, _ in _scaled(sentence)}
    missing -= {number for number in only_scaled if not any(number == one.value for one in quantities(sentence))}
    rounded = re.findall(r"(?:about|around|nearly|almost|approximately|roughly|over|~|≈)\s*(\d[\d.,]*\d|\d)", sentence)
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
    tokens = [(match.start(), match.group()) for match in _TOKEN.finditer(text)]
    found += [
        (start, _NUMBER_WORDS[word.lower()], "")
        for start, word in tokens
        if word.lower() in _NUMBER_WORDS and word.lower() not in LOOSE_WORDS
    ]
    found.sort(key=lambda item: item[0])
    lists = _lists(text) if "respectively" in text else {}
    general = dict.fromkeys(about, 0.25)
    return [
        Quantity(value, unit, general | _context(start, tokens, found, lists.get(index, (set(), set()))))
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
        rivals = (other for other in known if other.value != quantity.value and _are_alike(quantity, other))
        rival = max((_fit(quantity, other) for other in rivals), default=0.0 if agreeing else 1.0)
        if rival > own:
            worst = max(worst, (rival - own) / (rival + own + 0.3))
    return min(1.0, _MISFIT_SCALE * worst)


def _are_alike(one: Quantity, other: Quantity) -> bool:
    """Tell whether one number could have been written for the other: of one unit, and years only for years."""
    return one.unit == other.unit and _is_year(one) == _is_year(other)


def _is_year(one: Quantity) -> bool:
    return not one.unit and one.value == int(one.value) and 1900 <= one.value < 2100


def names(text: str) -> list[str]:
    """Return the words of a readable text that are written as names: "BERT", "CIFAR-10", "Yelp13", "Adam" in a sentence."""
    found = []
    opening = True
    for match in _TOKEN.finditer(text):
        token = match.group()
        odd = any(character.isupper() for character in token[1:]) or (
            any(character.isdigit() for character in token) and any(character.isalpha() for character in token)
        )
        if odd or (token[0].isupper() and not opening and len(token) > 1):
            found.append(token)
        following = text[match.end() : match.end() + 2]
        opening = following[:1] in '.!?:“"*' and bool(following)
    return found


def known_forms(text: str) -> frozenset[str]:
    """Return what a name may be known as in a readable text: words, words run together, initials of words in a row."""
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


def contradicts(sentence: str, span: str) -> tuple[float, float, float]:
    """Compare two readable texts on the same matter: share of negated words, axes of direction, and comparison turned.

    Each is 0 where they agree: first, 1 when a word that one negates stands in the other without negation; second, 1
    when one goes up where the other only goes down; third, 1 when "A better than B" meets "B better than A".
    """
    said, held = _polarity(sentence), _polarity(span)
    negated = float(any(len(held[word]) == 1 and held[word] != signs for word, signs in said.items() if word in held))
    return negated, float(_turned_axis(sentence, span)), float(_swapped_roles(sentence, span))


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
    digits = max(1, len(str(int(value)).rstrip("0")))
    size = Decimal(10) ** (len(str(int(value))) - digits)
    return abs(number - value) <= (size / 2 if value == int(value) else abs(value) / 50)


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
    numbers = [match for match in _QUANTITY.finditer(text)]
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
    return sum(
        (weight * other.context[word]) ** 0.5 * (0.4 if word in GENERIC else 1.0)
        for word, weight in one.context.items()
        if word in other.context
    )


def _is_form(word: str, forms: frozenset[str]) -> bool:
    return word in forms or word.removesuffix("s") in forms or f"{word}s" in forms


def _polarity(text: str) -> dict[str, set[bool]]:
    """Return, for each content stem, whether it stands negated, unnegated or both."""
    signs: dict[str, set[bool]] = {}
    left = 0
    for match in re.finditer(r"[\w']+|[,;:.()]", text.lower()):
        word = match.group()
        if word in _NEGATIONS or word.endswith("n't"):
            left = _NEGATION_REACH
        elif word in ",;:.()" or word in {"but", "and", "while", "although"}:
            left = 0
        elif word not in STOP_WORDS:
            root = stem(fold(word))
            if root not in GENERIC or left:
                signs.setdefault(root, set()).add(left > 0)
            left -= left > 0
    return signs


def foreign_direction(sentence: str, span: str, held: str) -> bool:
    """Tell whether a sentence negates where its span never does, or goes in a direction that a source never takes."""
    said, known = _directions(sentence), _directions(held)
    words = set(re.findall(r"[\w']+", held.lower()))
    foreign = any(
        said[axis] - known[axis]
        for axis in range(len(_AXES))
        if not {word for word in re.findall(r"[\w']+", sentence.lower()) if axis in _AXIS_OF.get(word, ())} <= words
    )
    return foreign or (_negates(sentence) and not _negates(span))


def replaced(sentence: str, span: str) -> float:
    """Return 1 where a sentence is its span word for word but for one word that means another thing, else 0.

    One content word against another, between two pairs of equal words (or one pair at an end of the sentence).
    """
    said = [stem(word) for word in fold(sentence).split()][:200]
    held = [stem(word) for word in fold(span).split()][:400]
    blocks = [block for block in SequenceMatcher(None, said, held, autojunk=False).get_matching_blocks()]
    for one, other in itertools.pairwise(blocks):
        left, right = one.a + one.size, one.b + one.size
        gap, lack = said[left : other.a], held[right : other.b]
        near = one.size >= 2 and (other.size >= 2 or (other.size == 1 and other.a + 1 == len(said)))
        if near and len(gap) == 1 and len(lack) == 1 and not _means_little(gap[0]) and not _are_forms(gap[0], lack[0]):
            return 1.0
    return 0.0


def _means_little(word: str) -> bool:
    return word in GENERIC or word in STOP_WORDS or len(word) < 3


def _are_forms(one: str, other: str) -> bool:
    return one[:5] == other[:5] or one in other or other in one


def _negates(text: str) -> bool:
    return any(word in _NEGATIONS or word.endswith("n't") for word in re.findall(r"[\w']+", text.lower()))


def _turned_axis(sentence: str, span: str) -> bool:
    """Tell whether a word of direction meets its opposite in the span, among the same words or where no other is."""
    said, held = _bound_directions(sentence), _bound_directions(span)
    for axis, upward, near in said:
        rivals = [(len(near & around), up == upward) for other, up, around in held if other == axis]
        if rivals and not max(rivals)[1]:
            return True
    return False


def _bound_directions(text: str) -> list[tuple[int, bool, frozenset[str]]]:
    """Return axis and direction of each such word of a text, with the stems of the content words near it."""
    words = re.findall(r"[\w']+", text.lower())
    roots = [stem(word) if word not in STOP_WORDS else "" for word in words]
    bound, left = [], 0
    for place, word in enumerate(words):
        if word in _NEGATIONS or word.endswith("n't"):
            left = _NEGATION_REACH
            continue
        near = frozenset(roots[max(0, place - 4) : place] + roots[place + 1 : place + 5]) - {""}
        bound += [(axis, (word in _AXES[axis][0]) != (left > 0), near) for axis in _AXIS_OF.get(word, ())]
        left -= left > 0
    return bound


def _directions(text: str) -> list[set[bool]]:
    """Return, for each axis, in which directions a text goes; a negation before the word turns it."""
    directions: list[set[bool]] = [set() for _ in _AXES]
    left = 0
    for word in re.findall(r"[\w']+", text.lower()):
        if word in _NEGATIONS or word.endswith("n't"):
            left = _NEGATION_REACH
            continue
        for axis in _AXIS_OF.get(word, ()):
            directions[axis].add((word in _AXES[axis][0]) != (left > 0))
        left -= left > 0
    return directions


_AXIS_OF: dict[str, list[int]] = {}
for _axis, _sides in enumerate(_AXES):
    for _word in _sides[0] | _sides[1]:
        _AXIS_OF.setdefault(_word, []).append(_axis)


def _swapped_roles(sentence: str, span: str) -> bool:
    said, held = _roles(sentence), _roles(span)
    return bool(said and held and said[0] == held[1] and said[1] == held[0] and said[0] != said[1])


def _roles(text: str) -> tuple[str, str] | None:
    """Return the names next to the first comparing word, on its left and on its right."""
    match = _COMPARISON.search(text)
    if not match:
        return None
    known = set(names("x " + text))
    before = [token.group() for token in _TOKEN.finditer(text[: match.start()]) if token.group() in known]
    behind = [token.group() for token in _TOKEN.finditer(text[match.end() :]) if token.group() in known]
    if not before or not behind:
        return None
    subject = before[0] if len(before) == 1 or text[match.start() : match.start() + 4].lower() == "over" else before[-1]
    return fold(subject), fold(behind[0])
