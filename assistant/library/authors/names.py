"""The parts of a person's name, and whether two spellings may be one person's, each with the reason.

Rules rather than a learnt distance, so that every joined spelling can say why. The order of the rules follows how
bibliographies spell names: marks and case, comma form, hyphens, initials, names left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.text import fold

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t", "ə": "e"}
)
"""Letters that carry no mark in Unicode's eyes, as catalogues write them in ASCII."""

_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe", "ß": "ss"})
_SPELT_OUT_VOWELS = re.compile(r"ae|oe|ue|aa")
_PARTICLES = frozenset(
    "van von der den de del della dell di da dos das do du la le las los ter ten zu zum zur af av bin ibn ben el al y i"
    " e vom und het op dem".split()
)
_SUFFIXES = frozenset("jr sr junior senior ii iii iv 2nd 3rd".split())
_NATIVE = re.compile(r"[^\W\d_]+")
_APOSTROPHES = re.compile(r"(?<=\w)['’‘`ʼ](?=\w)")
_BRACKETS = re.compile(r"[(\[（【]([^)\]）】]*)[)\]）】]")
_WORD = re.compile(r"[^\W_]+")
_VOWEL = re.compile(r"[aeiouyäöüøåæœáéíóúàèìòùâêîôûãõ]", re.IGNORECASE)
_SIMPLE = re.compile(r"[A-Z][a-z]+(?: [A-Z][a-z]+){1,2}")
_LAST_OF_LATIN = 0x24F
_MOST_GLUED = 3
"""Letters of initials that are written as one word ("JY Nie"), at most."""


@dataclass(frozen=True, slots=True)
class Form:
    """A name in parts, folded to ASCII where it is Latin.

    `given` holds the given names, one item each, the parts of a hyphenated one joined; `family` the family name's
    words without particles, which stand in `particles`. `native` is the same name in another script, where the source
    writes both.
    """

    given: tuple[str, ...]
    family: tuple[str, ...]
    particles: tuple[str, ...] = ()
    suffix: str = ""
    native: str = ""
    spelt_out: str = ""

    @property
    def plain(self) -> str:
        """Return the name's letters: equal for spellings that differ in marks, hyphens, case and comma form."""
        return "|".join(("".join(self.given), "".join((*self.particles, *self.family)), self.suffix))

    @property
    def words(self) -> tuple[str, ...]:
        """Return the name's words in the usual order, given names first."""
        return (*self.given, *self.particles, *self.family, *([self.suffix] if self.suffix else []))

    @property
    def key(self) -> tuple[str, str]:
        """Return the family name's last word and the first letter; names without this in common are not compared."""
        return collapse(self.family[-1]) if self.family else "", self.given[0][0] if self.given else ""

    @property
    def has_full_given_name(self) -> bool:
        """Tell whether the first given name is more than an initial."""
        return not self.given or len(self.given[0]) > 1

    @property
    def fullness(self) -> tuple[int, int, int]:
        """Return a rank by how much of the person's name is said."""
        full = sum(len(word) > 1 for word in (*self.given, *self.particles))
        return full, len(self.words), sum(map(len, self.words))


@dataclass(frozen=True, slots=True)
class Fit:
    """Why two forms may be one name; `confidence`, in [0, 1], holds where nobody else's name fits."""

    reason: str
    confidence: float
    is_sure: bool = False
    """The spellings differ, the name does not."""

    needs_proof: bool = False
    """Only co-authors in common make it one person's."""

    leaves_out: bool = False
    """One has a given name that the other has not even as an initial."""

    def __add__(self, other: Fit) -> Fit:
        reasons = [reason for reason in (self.reason, other.reason) if reason]
        return Fit(
            "; ".join(dict.fromkeys(reasons)),
            round(self.confidence * other.confidence, 3),
            self.is_sure and other.is_sure,
            self.needs_proof or other.needs_proof,
            self.leaves_out or other.leaves_out,
        )


_SAME = Fit("", 1.0, is_sure=True)


def collapse(word: str) -> str:
    """Return a word with ae, oe, ue and aa as the one vowel that ä, ö, ü and å leave without their marks."""
    return _SPELT_OUT_VOWELS.sub(lambda match: match.group()[0], word)


@lru_cache(maxsize=300_000)
def parse(name: str) -> Form:
    """Return the parts of a name as a source spells it. Names of no letters have no parts."""
    if _SIMPLE.fullmatch(name):  # most names; the rest of the work takes ten times as long
        words = name.casefold().split()
        if words[-1] not in _SUFFIXES and _PARTICLES.isdisjoint(words[1:-1]):
            return Form(tuple(words[:-1]), (words[-1],))
    latin, native = _scripts(name)
    text = _APOSTROPHES.sub("", latin)
    if text.isupper() and all(_VOWEL.search(word) and len(word) > 1 for word in _WORD.findall(text)):
        text = text.title()  # "NAIBIN GU": its capitals tell neither initials nor the family name
    before, comma, after = text.partition(",")
    suffix = ""
    if comma:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        endings = [part for part in parts[1:] if _plain(part) in _SUFFIXES]
        suffix = _plain(endings[0]) if endings else ""
        rest = [part for part in parts if part not in endings]
        before, after = (rest[0], " ".join(rest[1:])) if rest else ("", "")
    if after.strip():
        given, (particles, family) = _given(after), _family(before)
        while given and given[-1] in _PARTICLES and len(given) > 1:  # "Berg, J. van der"
            particles, given = (given[-1], *particles), given[:-1]
        while given and given[-1] in _SUFFIXES:
            suffix, given = given[-1], given[:-1]
        if not family:
            given, family = given[:-1], given[-1:]
    else:
        given, particles, family, ending = _uncommaed(before)
        suffix = suffix or ending
    if native and not given and not family:
        return Form((), (native,), native=native)
    spelt_out = _spelt_out(text)
    return Form(given, family, particles, suffix, native, spelt_out)


def _scripts(name: str) -> tuple[str, str]:
    """Return what of a name is Latin and what is in another script; nicknames in brackets are left out."""
    native = "".join(
        word for word in _NATIVE.findall(name) if any(ord(c) > _LAST_OF_LATIN and not _is_latin(c) for c in word)
    )
    kept = _BRACKETS.sub(lambda match: "" if _is_letters(_BRACKETS.sub("", name)) else match.group(1), name)
    if native:
        kept = "".join(c for c in kept if _is_latin(c) or not c.isalpha())
    return kept, fold(native).replace(" ", "")


def _is_letters(text: str) -> bool:
    return any(_is_latin(character) and character.isalpha() for character in text)


def _is_latin(character: str) -> bool:
    return ord(character) <= _LAST_OF_LATIN or 0x1E00 <= ord(character) <= 0x1EFF or 0x300 <= ord(character) <= 0x36F


def _plain(text: str) -> str:
    return fold(fold(text).translate(_LETTERS)).replace(" ", "")


def _spelt_out(text: str) -> str:
    """Return the letters with ü as ue, sorted by nothing: given names and family name in the order of the source."""
    letters = text.casefold().translate(_SPELT_OUT)
    return "" if letters == text.casefold() else " ".join(sorted(fold(letters).translate(_LETTERS).split()))


def _given(text: str) -> tuple[str, ...]:
    """Cut given names; a hyphenated one is one item, unless its parts are initials."""
    found: list[str] = []
    for item in text.replace(".", " ").split():
        parts = [_plain(part) for part in re.split(r"[-‐‑–]", item)]
        parts = [part for part in parts if part]
        letters = _WORD.findall(item)
        if len(letters) == 1 and 2 <= len(letters[0]) <= _MOST_GLUED and letters[0].isupper():
            found += [letter.casefold() for letter in letters[0] if letter.isascii()]
        elif any(len(part) == 1 for part in parts):
            found += parts
        elif parts:
            found.append("".join(parts))
    return tuple(found)


def _family(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the particles and the words of a family name."""
    words = [_plain(word) for word in _WORD.findall(text)]
    words = [word for word in words if word]
    particles = tuple(word for word in words[:-1] if word in _PARTICLES)
    return particles, tuple(
        word for place, word in enumerate(words) if place == len(words) - 1 or word not in _PARTICLES
    )


def _uncommaed(text: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str]:
    """Return given names, particles, family name and suffix of a name without a comma."""
    items = [item for item in re.sub(r"\.(?=\S)", ". ", text).split() if _plain(item)]
    suffix = ""
    if len(items) > 2 and _plain(items[-1]) in _SUFFIXES:
        suffix = _plain(items.pop())
    if not items:
        return (), (), (), suffix
    if _is_family_first(items):
        cut = next(place for place, item in enumerate(items) if place and _is_initials(item))
        particles, family = _family(" ".join(items[:cut]))
        return _given(" ".join(items[cut:])), particles, family, suffix
    shouted = [place for place, item in enumerate(items) if item.isupper() and len(_plain(item)) > _MOST_GLUED - 1]
    if len(shouted) == 1 and shouted[0] == 0 and len(items) > 1 and len(_plain(items[0])) > _MOST_GLUED - 1:
        particles, family = _family(items[0])
        return _given(" ".join(items[1:])), particles, family, suffix
    start = len(items) - 1
    while start > 1 and _is_particle(items[start - 1]):
        start -= 1
    particles, family = _family(" ".join(items[start:]))
    return _given(" ".join(items[:start])), particles, family, suffix


def _is_particle(item: str) -> bool:
    """Tell whether a word belongs to the family name; a capital letter by itself is an initial."""
    return _plain(item) in _PARTICLES and "." not in item and (len(item) > 1 or item.islower())


def _is_initials(item: str) -> bool:
    letters = item.replace(".", "").replace("-", "")
    if len(letters) == 1 and "." in item:
        return letters.isalpha()  # "Soman K.p."
    return (
        letters.isupper()
        and len(letters) <= (_MOST_GLUED if "." not in item else _MOST_GLUED + 1)
        and (len(letters) == 1 or "." in item or "-" in item or letters == item)
    )


def _is_family_first(items: Sequence[str]) -> bool:
    """Tell whether initials stand last: "Gu N.", "van der Berg JA"."""
    if len(items) < 2 or _is_initials(items[0]):
        return False
    return _is_initials(items[-1]) and not all(item.isupper() for item in items)


def uncapitalised(name: str) -> str:
    """Return "Wei Li" for "Wei LI", whose last word may be two initials or a family name; else ""."""
    *before, last = name.split() or [""]
    is_family = before and 2 <= len(last) <= _MOST_GLUED and last.isalpha() and last.isupper() and _VOWEL.search(last)
    return " ".join([*before, last.title()]) if is_family else ""


def swapped(form: Form) -> Form | None:
    """Return a name of one given name in the other order, "Gu Naibin" for "Naibin Gu"; None where it has more."""
    family = "".join(form.family)
    if len(form.given) == 1 and not form.particles and min(len(form.given[0]), len(family)) > 1:
        return Form((family,), form.given, (), form.suffix, form.native, form.spelt_out)
    return None


def shortened(form: Form) -> Form | None:
    """Return a name without the second of two family names: "José García" for "José García Márquez", else None."""
    if len(form.family) >= 2:
        return Form(form.given, form.family[:-1], form.particles, form.suffix)
    if len(form.given) >= 2 and len(form.given[-1]) > 1 and len(form.given[0]) > 1 and not form.particles:
        return Form(form.given[:-1], form.given[-1:], (), form.suffix)
    return None


def fit(one: Form, other: Form) -> Fit | None:
    """Tell why two forms may be one person's name; None where they may not."""
    if one.suffix and other.suffix and one.suffix != other.suffix:
        return None
    by_family = _fit_family(one, other)
    if by_family is not None:
        by_given = _fit_given(one.given, other.given) or _fit_spelt_out(one, other)
        if by_given is not None:
            ending = _SAME if one.suffix == other.suffix else Fit("Jr. or the like left out", 0.9)
            found = by_family + by_given + ending
            return (
                found
                if found.reason
                else Fit("the same name but for marks, hyphens, case or order", 0.99, is_sure=True)
            )
    for mine, theirs in ((one, other), (other, one)):
        if len(mine.family) == 2 and theirs.given[1:] and mine.family == (theirs.given[-1], *theirs.family):
            by_given = _fit_given(mine.given, theirs.given[:-1])  # "García Márquez, J." and "José García Márquez"
            return None if by_given is None else by_given + Fit("both family names", 0.97)
    return _fit_shortened(one, other) or _fit_shortened(other, one)


def _fit_family(one: Form, other: Form) -> Fit | None:
    mine, theirs = "".join((*one.particles, *one.family)), "".join((*other.particles, *other.family))
    if mine == theirs:
        return _SAME
    if _is_spelt_out(mine, theirs, one, other):
        return Fit("ü, ö, ä, ø or å spelt out", 0.97, is_sure=True)
    if one.family == other.family and not (one.particles and other.particles):
        return Fit("particle of the family name left out", 0.93)
    return None


def _is_spelt_out(mine: str, theirs: str, one: Form, other: Form) -> bool:
    """Tell whether two words differ only in vowels spelt out, and one of the names has such a letter."""
    if collapse(mine) != collapse(theirs):
        return False
    return theirs in one.spelt_out.replace(" ", "") or mine in other.spelt_out.replace(" ", "")


def _fit_shortened(full: Form, short: Form) -> Fit | None:
    cut = shortened(full)
    if cut is None or "".join(cut.family) != "".join(short.family):
        return None
    if len(full.family) < 2 and short.given[:1] != cut.given[:1]:
        return None
    by_given = _fit_given(cut.given, short.given)
    return None if by_given is None else by_given + Fit("second family name left out", 0.85, needs_proof=True)


def _fit_given(one: tuple[str, ...], other: tuple[str, ...]) -> Fit | None:
    """Compare given names: equal letters, initials in their order, middle names that one leaves out."""
    if "".join(one) == "".join(other):
        return _SAME
    if not one or not other:
        return None
    long, short = (one, other) if len("".join(one)) >= len("".join(other)) else (other, one)
    if all(len(word) == 1 for word in short):
        letters = _initials_fit(long, short)
        return Fit("initials for given names", 0.9) if letters else None
    mark = _aligned(long, short)
    if mark is None and len(short) > len(long):
        mark = _aligned(short, long)
    if mark is not None:
        return mark
    return None


def _fit_spelt_out(one: Form, other: Form) -> Fit | None:
    """Compare given names of which one spells out a letter that the other has: "Yue" and "Yu" are two names."""
    if len(one.given) != len(other.given):
        return None
    for mine, theirs in zip(one.given, other.given, strict=True):
        if mine != theirs and not _is_spelt_out(mine, theirs, one, other):
            return None
    return Fit("ü, ö, ä, ø or å spelt out", 0.97, is_sure=True)


def _initials_fit(long: tuple[str, ...], short: tuple[str, ...]) -> bool:
    """Tell whether initials are those of the names: "J. Y." of "Jian Yun" and of "Jianyun", "J." of both."""
    if long[0][0] != short[0]:
        return False
    if len(long) == 1 and len(short) > 1:
        return re.search(".+".join(map(re.escape, short)), long[0]) is not None
    rest = iter(long[1:])
    return all(any(word[0] == letter for word in rest) for letter in short[1:])


def _aligned(long: tuple[str, ...], short: tuple[str, ...]) -> Fit | None:
    """Match each name of `short` to one of `long` in order, the first to the first; an initial fits its name.

    Where each has a name in full that the other does not know ("Zhangyang" and "Z. Jane"), they are two people.
    """
    place, matched = -1, set[int]()
    pairs: list[tuple[str, str]] = []
    for word in short:
        options = range(place + 1, len(long)) if pairs else range(1)
        place = next((at for at in options if _word_fits(long[at], word)), -1)
        if place < 0:
            return None
        pairs.append((long[place], word))
        matched.add(place)
    left_out = [word for at, word in enumerate(long) if at not in matched]
    are_initials = all(len(word) == 1 for word in left_out)
    if not are_initials and any(len(word) > len(other) for other, word in pairs):
        return None
    if any(len(word) != len(other) for other, word in pairs):
        first_in_full = min(map(len, pairs[0])) > 1
        reason = "initial for a middle name" if first_in_full else "initials for given names"
        return Fit(reason, 0.95 if first_in_full else 0.9, leaves_out=bool(left_out))
    return Fit("middle name left out", 0.95 if are_initials else 0.9, leaves_out=True)


def _word_fits(one: str, other: str) -> bool:
    return one == other or (1 in (len(one), len(other)) and one[0] == other[0])


def usual_order(name: str) -> str:
    """Return a name as a person would write it: "Naibin Gu" for "Gu, Naibin"."""
    parts = [part.strip() for part in name.split(",") if part.strip()]
    endings = [part for part in parts[1:] if _plain(part) in _SUFFIXES]
    rest = [part for part in parts if part not in endings]
    return " ".join((*rest[1:], *rest[:1], *endings)) or name.strip()


def words_of(name: str) -> list[str]:
    """Return the words of a name in small ASCII letters, hyphenated ones parted; other scripts stay."""
    latin, native = _scripts(name)
    words = [_plain(word) for word in _WORD.findall(_APOSTROPHES.sub("", latin))]
    return [word for word in words if word] or ([native] if native else [])
