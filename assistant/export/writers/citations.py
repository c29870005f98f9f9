"""What citations are made of: keys, names in parts, publication types."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count, product
from string import ascii_lowercase
from typing import Literal

from assistant.ingestion.readers.names import SUFFIX
from assistant.text import STOP_WORDS, fold
from assistant.types import Paper

PublicationType = Literal["conference", "journal", "preprint"]

YES_NO = {True: "yes", False: "no", None: ""}
"""How a field says what is true, false or not known."""

_NOT_IN_KEYS = re.compile(r"[^a-z0-9]")
_LONGEST_PART = 30
_GROUPS = frozenset(
    "alliance association center centre collaboration committee company consortium corporation department foundation "
    "group inc initiative institute investigators laboratory labs network organization organisation project society "
    "team university workshop".split()
)
_NOT_IN_NAMES = frozenset({"and", "others", "et", "al", "for", "the", "&"})
_NOT_LETTERS = re.compile(r"[;,{}\\\"\d]")
_MEETING = re.compile(
    r"\b(?:proceedings|proc\.|conference|conf\.|workshop|symposium|meeting|congress|findings of)(?!\w)", re.IGNORECASE
)
_ACRONYM = re.compile(r"[A-Z]{2,10}(?:[-–/ ][A-Z]{2,10})?(?:[ ']\d{2,4})?(?: \(\w+\))?")
_PREPRINTS = re.compile(r"(?:arxiv|biorxiv|medrxiv|corr\b|ssrn|preprint)", re.IGNORECASE)


class Keys:
    """Gives each paper of one file a key that no other has: the same papers in the same order get the same keys."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, paper: Paper) -> str:
        """Return "gu2025beamlora": family name, year, first content word; then "b", "c" ... where that is taken."""
        first = paper.authors[0] if paper.authors else ""
        name = split_name(first)
        words = (_letters(word) for word in paper.title.split() if fold(word) not in STOP_WORDS)
        family = _letters(name.family if name else first)
        key = f"{family or 'anonymous'}{paper.year or ''}{next(filter(None, words), '')}"
        suffixes = ("".join(letters) for length in count() for letters in product(ascii_lowercase, repeat=length))
        key = next(key + suffix for suffix in suffixes if suffix != "a" and key + suffix not in self._taken)
        self._taken.add(key)
        return key


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name in parts; particles ("van der") belong to the family name, `suffix` is "" for most."""

    given: str
    family: str
    suffix: str = ""


def split_name(name: str) -> Name | None:
    """Return the parts of a name that is one person's with a given name; None where it is to stand as it is.

    The family name is the last word, with the particles in lower case before it. A name of one word, or of a group
    ("The ATLAS Collaboration"), has no parts. `given`, `family` and `suffix` make up the name again.
    """
    whole, comma, suffix = name.rpartition(", ")
    if not comma or not SUFFIX.fullmatch(suffix):
        whole, suffix = name, ""
    words = whole.split(" ")
    folded = {word.casefold().strip(".") for word in words}
    if len(words) < 2 or _NOT_LETTERS.search(whole) or folded & (_GROUPS | _NOT_IN_NAMES) or not all(words):
        return None
    family = len(words) - 1
    while family > 1 and words[family - 1][:1].islower():
        family -= 1
    return Name(" ".join(words[:family]), " ".join(words[family:]), suffix)


def publication_type(paper: Paper) -> PublicationType:
    """Return the type by the name of the venue: a preprint where there is none; capitals are a meeting's."""
    if not paper.venue or _PREPRINTS.match(paper.venue):
        return "preprint"
    return "conference" if _MEETING.search(paper.venue) or _ACRONYM.fullmatch(paper.venue) else "journal"


def _letters(text: str) -> str:
    """Return what a key may hold of a text: letters and digits of ASCII, since older programs know no others."""
    return _NOT_IN_KEYS.sub("", fold(text))[:_LONGEST_PART]
