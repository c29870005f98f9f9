"""Parsing and comparison of personal names.

Rules rather than a learnt distance, so that every joined spelling can say why. The order of the rules follows how
bibliographies spell names: marks and case, comma form, hyphens, initials, names left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.text import fold

_ASCII_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t", "ə": "e"}
)
"""Letters that Unicode does not decompose into a base letter and a mark, as catalogues write them in ASCII."""

_MARKED_VOWEL = re.compile("[äöüøåæœ]", re.IGNORECASE)
_SPELT_OUT_VOWEL = re.compile(r"ae|oe|ue|aa")
_PARTICLES = frozenset(
    "van von der den de del della dell di da dos das do du la le las los ter ten zu zum zur af av bin ibn ben el al y i"
    " e vom und het op dem".split()
)
_SUFFIXES = frozenset("jr sr junior senior ii iii iv 2nd 3rd".split())
_APOSTROPHES = re.compile(r"(?<=\w)['’‘`ʼ](?=\w)")
_BRACKETS = re.compile(r"[(\[（【]([^)\]）】]*)[)\]）】]")
_WORD = re.compile(r"[^\W_]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_OTHER_SCRIPT = re.compile(r"[^\W\d_\u0000-\u024f\u0300-\u036f\u1e00-\u1eff]")
"""A letter of another script than Latin."""

_VOWEL = re.compile(r"[aeiouyäöüøåæœáéíóúàèìòùâêîôûãõ]", re.IGNORECASE)
_SIMPLE = re.compile(r"[A-Z][a-z]+(?: [A-Z][a-z]+){1,2}")
_MOST_GLUED = 3
"""Letters of initials that are written as one word ("JY Nie"), at most."""


@dataclass(frozen=True, slots=True)
class ParsedName:
    """A name in parts, folded to ASCII where it is Latin.

    `given` holds the given names, one item each, the parts of a hyphenated one joined; `family` the family name's
    words without particles, which stand in `particles`. `native` is the same name in another script, where the source
    writes both; `has_marked_vowel` says that the source writes ü or the like, which others may spell out as ue.
    """

    given: tuple[str, ...]
    family: tuple[str, ...]
    particles: tuple[str, ...] = ()
    suffix: str = ""
    native: str = ""
    has_marked_vowel: bool = False

    @property
    def key(self) -> str:
        """Return the name's letters: equal for spellings that differ in marks, hyphens, case and comma form."""
        return "|".join(("".join(self.given), "".join((*self.particles, *self.family)), self.suffix))

    @property
    def words(self) -> tuple[str, ...]:
        """Return the name's words in the usual order, given names first."""
        return (*self.given, *self.particles, *self.family, *([self.suffix] if self.suffix else []))

    @property
    def block(self) -> tuple[str, str]:
        """Return the family name's last word and the first letter; names of different blocks are hardly compared."""
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
class NameMatch:
    """Why two names may be one person's; `confidence`, in [0, 1], holds where nobody else's name matches."""

    reason: str
    confidence: float
    is_exact: bool = False
    """The spellings differ, the name does not."""

    needs_coauthors: bool = False
    """Only co-authors in common make it one person's."""

    omits_name: bool = False
    """One has a given name that the other has not even as an initial."""

    def __add__(self, other: NameMatch) -> NameMatch:
        reasons = [reason for reason in (self.reason, other.reason) if reason]
        return NameMatch(
            "; ".join(dict.fromkeys(reasons)),
            round(self.confidence * other.confidence, 3),
            self.is_exact and other.is_exact,
            self.needs_coauthors or other.needs_coauthors,
            self.omits_name or other.omits_name,
        )


_EQUAL = NameMatch("", 1.0, is_exact=True)
_SPELT_OUT = NameMatch("ü, ö, ä, ø or å spelt out", 0.97, is_exact=True)
_INITIALS = NameMatch("initials for given names", 0.9)
SAME_NAME = NameMatch("the same name but for marks, hyphens, case or order", 0.99, is_exact=True)


def collapse(word: str) -> str:
    """Return a word with ae, oe, ue and aa as the one vowel that ä, ö, ü and å leave without their marks."""
    return _SPELT_OUT_VOWEL.sub(lambda match: match.group()[0], word)


def parse(name: str) -> ParsedName:
    """Return the parts of a name as a source spells it. Names without letters have no parts."""
    if _SIMPLE.fullmatch(name):  # most names; the rest of the work takes ten times as long
        words = name.casefold().split()
        if words[-1] not in _SUFFIXES and _PARTICLES.isdisjoint(words[1:-1]):
            return ParsedName(tuple(words[:-1]), (words[-1],))
    latin, native = _scripts(name)
    text = _APOSTROPHES.sub("", latin)
    if text.isupper() and all(_VOWEL.search(word) and len(word) > 1 for word in _WORD.findall(text)):
        text = text.title()  # "NAIBIN GU": its capitals tell neither initials nor the family name
    before, after, suffix = _comma_parts(text)
    suffix = _ascii(suffix)
    if after:
        given, (particles, family) = _given(after), _family(before)
        while len(given) > 1 and given[-1] in _PARTICLES:  # "Berg, J. van der"
            particles, given = (given[-1], *particles), given[:-1]
        while given and given[-1] in _SUFFIXES:
            suffix, given = given[-1], given[:-1]
        if not family:
            given, family = given[:-1], given[-1:]
    else:
        given, particles, family, ending = _without_comma(before)
        suffix = suffix or ending
    if native and not given and not family:
        return ParsedName((), (native,), native=native)
    return ParsedName(given, family, particles, suffix, native, bool(_MARKED_VOWEL.search(text)))


def usual_order(name: str) -> str:
    """Return a name as a person would write it: "Naibin Gu" for "Gu, Naibin"."""
    if "," not in name:
        return name.strip()
    before, after, suffix = _comma_parts(name)
    return " ".join(part for part in (after, before, suffix) if part) or name.strip()


def words_of(name: str) -> list[str]:
    """Return the words of a name in small ASCII letters, hyphenated ones parted; other scripts stay."""
    if _SIMPLE.fullmatch(name):
        return name.casefold().split()
    latin, native = _scripts(name)
    words = [_ascii(word) for word in _WORD.findall(_APOSTROPHES.sub("", latin))]
    return [word for word in words if word] or ([native] if native else [])


def _comma_parts(text: str) -> tuple[str, str, str]:
    """Return what stands before the comma, what stands after it, and a suffix that has a comma of its own."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    suffixes = [part for part in parts[1:] if _ascii(part) in _SUFFIXES]
    before, *after = [part for part in parts if part not in suffixes] or [""]
    return before, " ".join(after), " ".join(suffixes[:1])


def _scripts(name: str) -> tuple[str, str]:
    """Return what of a name is Latin and what is in another script; nicknames in brackets are left out."""
    if name.isascii() and "(" not in name and "[" not in name:
        return name, ""
    native = "".join(word for word in _LETTERS.findall(name) if _OTHER_SCRIPT.search(word))
    outside = _OTHER_SCRIPT.sub("", _BRACKETS.sub("", name))
    latin = outside if _LETTERS.search(outside) else _OTHER_SCRIPT.sub("", _BRACKETS.sub(r"\1", name))
    return latin, fold(native).replace(" ", "")


def _ascii(text: str) -> str:
    return fold(fold(text).translate(_ASCII_LETTERS)).replace(" ", "")


def _given(text: str) -> tuple[str, ...]:
    """Cut given names; a hyphenated one is one item, unless its parts are initials."""
    found: list[str] = []
    for item in text.replace(".", " ").split():
        parts = [part for part in map(_ascii, re.split(r"[-‐‑–]", item)) if part]
        letters = _WORD.findall(item)
        if len(letters) == 1 and 2 <= len(letters[0]) <= _MOST_GLUED and letters[0].isupper():
            found += [letter.casefold() for letter in letters[0] if letter.isascii()]
        elif any(len(part) == 1 for part in parts):
            found += parts
        elif parts:
            found.append("".join(parts))
    return tuple(found)


def _family(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the particles and the words of a family name, of which the last one is never a particle."""
    words = [word for word in map(_ascii, _WORD.findall(text)) if word]
    particles = tuple(word for word in words[:-1] if word in _PARTICLES)
    return particles, (*(word for word in words[:-1] if word not in _PARTICLES), *words[-1:])


def _without_comma(text: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str]:
    """Return given names, particles, family name and suffix of a name without a comma."""
    items = [item for item in re.sub(r"\.(?=\S)", ". ", text).split() if _ascii(item)]
    suffix = _ascii(items.pop()) if len(items) > 2 and _ascii(items[-1]) in _SUFFIXES else ""
    if not items:
        return (), (), (), suffix
    shouted = [place for place, item in enumerate(items) if item.isupper() and len(_ascii(item)) >= _MOST_GLUED]
    if _is_family_first(items):
        cut = next(place for place, item in enumerate(items) if place and _is_initials(item))
    elif shouted == [0] and len(items) > 1:
        cut = 1
    else:
        start = len(items) - 1
        while start > 1 and _is_particle(items[start - 1]):
            start -= 1
        return _given(" ".join(items[:start])), *_family(" ".join(items[start:])), suffix
    return _given(" ".join(items[cut:])), *_family(" ".join(items[:cut])), suffix


def _is_particle(item: str) -> bool:
    """Tell whether a word belongs to the family name; a capital letter by itself is an initial."""
    return _ascii(item) in _PARTICLES and "." not in item and (len(item) > 1 or item.islower())


def _is_initials(item: str) -> bool:
    letters = item.replace(".", "").replace("-", "")
    if len(letters) == 1 and "." in item:
        return letters.isalpha()  # "Soman K.p."
    return letters.isupper() and len(letters) <= _MOST_GLUED + ("." in item)


def _is_family_first(items: Sequence[str]) -> bool:
    """Tell whether initials stand last: "Gu N.", "van der Berg JA"."""
    if len(items) < 2 or _is_initials(items[0]):
        return False
    return _is_initials(items[-1]) and not all(item.isupper() for item in items)


def uncapitalised(name: str) -> str:
    """Return "Wei Li" for "Wei LI", whose last word may be two initials or a family name; else ""."""
    *before, last = name.split() or [""]
    is_family = 2 <= len(last) <= _MOST_GLUED and last.isalpha() and last.isupper() and _VOWEL.search(last)
    return " ".join([*before, last.title()]) if before and is_family and not name.isupper() else ""


def reversed_order(name: ParsedName) -> ParsedName | None:
    """Return a name of one given name in the other order, "Gu Naibin" for "Naibin Gu"; None where it has more."""
    family = "".join(name.family)
    if len(name.given) == 1 and not name.particles and min(len(name.given[0]), len(family)) > 1:
        return ParsedName((family,), name.given, (), name.suffix, name.native, name.has_marked_vowel)
    return None


def shortened(name: ParsedName) -> ParsedName | None:
    """Return a name without the second of two family names: "José García" for "José García Márquez", else None."""
    if len(name.family) >= 2:
        return ParsedName(name.given, name.family[:-1], name.particles, name.suffix)
    if len(name.given) >= 2 and len(name.given[-1]) > 1 and len(name.given[0]) > 1 and not name.particles:
        return ParsedName(name.given[:-1], name.given[-1:], (), name.suffix)
    return None


def match(one: ParsedName, other: ParsedName) -> NameMatch | None:
    """Tell why two names may be one person's; None where they may not."""
    if one.suffix and other.suffix and one.suffix != other.suffix:
        return None
    by_family = _match_family(one, other)
    if by_family is not None:
        letters = _match_letters("".join(one.given), "".join(other.given), one, other)
        by_given = letters or _match_given(one.given, other.given)
        if by_given is not None:
            suffix = _EQUAL if one.suffix == other.suffix else NameMatch("Jr. or the like left out", 0.9)
            found = by_family + by_given + suffix
            return found if found.reason else SAME_NAME
    for mine, theirs in ((one, other), (other, one)):
        if len(mine.family) == 2 and theirs.given[1:] and mine.family == (theirs.given[-1], *theirs.family):
            by_given = _match_given(mine.given, theirs.given[:-1])  # "García Márquez, J." and "José García Márquez"
            return None if by_given is None else by_given + NameMatch("both family names", 0.97)
    return _match_shortened(one, other) or _match_shortened(other, one)


def _match_family(one: ParsedName, other: ParsedName) -> NameMatch | None:
    mine, theirs = "".join((*one.particles, *one.family)), "".join((*other.particles, *other.family))
    if found := _match_letters(mine, theirs, one, other):
        return found
    if one.family == other.family and not (one.particles and other.particles):
        return NameMatch("particle of the family name left out", 0.93)
    return None


def _match_letters(mine: str, theirs: str, one: ParsedName, other: ParsedName) -> NameMatch | None:
    """Compare words that may differ in vowels spelt out, if a name has such a letter: "Yue" and "Yu" are two names."""
    if mine == theirs:
        return _EQUAL
    is_spelt_out = (one.has_marked_vowel or other.has_marked_vowel) and collapse(mine) == collapse(theirs)
    return _SPELT_OUT if is_spelt_out else None


def _match_shortened(full: ParsedName, short: ParsedName) -> NameMatch | None:
    cut = shortened(full)
    if cut is None or "".join(cut.family) != "".join(short.family):
        return None
    if len(full.family) < 2 and short.given[:1] != cut.given[:1]:
        return None
    by_given = _match_given(cut.given, short.given)
    return by_given and by_given + NameMatch("second family name left out", 0.85, needs_coauthors=True)


def _match_given(one: tuple[str, ...], other: tuple[str, ...]) -> NameMatch | None:
    """Compare given names: equal letters, initials in their order, middle names that one leaves out.

    The first name must match the first one; an initial matches its name. Where each has a name in full that the other
    does not know ("Zhangyang" and "Z. Jane"), they are two people.
    """
    if "".join(one) == "".join(other):
        return _EQUAL
    if not one or not other:
        return None
    long, short = (one, other) if len("".join(one)) >= len("".join(other)) else (other, one)
    are_initials = all(len(word) == 1 for word in short)
    if are_initials and len(long) == 1 < len(short):  # "J. Y." of "Jianyun"
        return _INITIALS if re.match(".+".join(map(re.escape, short)), long[0]) else None
    if len(short) > len(long) and not are_initials:
        long, short = short, long
    places: list[int] = []
    for word in short:
        options = range(places[-1] + 1, len(long)) if places else range(1)
        place = next((at for at in options if _match_word(long[at], word)), None)
        if place is None:
            return None
        places.append(place)
    if are_initials:
        return _INITIALS
    pairs = [(long[place], word) for place, word in zip(places, short, strict=True)]
    left_out = [word for at, word in enumerate(long) if at not in places]
    is_full_left_out = any(len(word) > 1 for word in left_out)
    if is_full_left_out and any(len(word) > len(known) for known, word in pairs):
        return None
    if all(len(word) == len(known) for known, word in pairs):
        return NameMatch("middle name left out", 0.9 if is_full_left_out else 0.95, omits_name=True)
    if min(map(len, pairs[0])) > 1:
        return NameMatch("initial for a middle name", 0.95, omits_name=bool(left_out))
    return replace(_INITIALS, omits_name=bool(left_out))


def _match_word(one: str, other: str) -> bool:
    return one == other or (1 in (len(one), len(other)) and one[0] == other[0])
