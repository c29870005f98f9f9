"""What citations are made of: keys, names in parts, publication types."""

from __future__ import annotations

import re
from collections.abc import Iterable
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

_KEY = re.compile(r"[^\s\x00-\x1f\"#%'(),={}~\\@]{1,200}")
"""A key that BibTeX and biber take."""

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
    """Gives each paper of one file a key that no other has: the same papers in the same order get the same keys.

    Nobody gets a key that is `reserved`, unless it is their own.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._taken: set[str] = set()
        self._reserved = {key.casefold() for key in reserved}

    def new(self, paper: Paper) -> str:
        """Return the paper's own citation key, the first that is valid and free, else one that is made.

        That is "gu2025beamlora": family name, year, first content word; then "b", "c" ... where that is taken.
        """
        for key in paper.citation_keys:
            if _KEY.fullmatch(key) and key.casefold() not in self._taken:
                self._taken.add(key.casefold())
                return key
        first = paper.authors[0] if paper.authors else ""
        name = split_name(first)
        words = (_letters(word) for word in paper.title.split() if fold(word) not in STOP_WORDS)
        family = _letters(name.family if name else first)
        key = f"{family or 'anonymous'}{paper.year or ''}{next(filter(None, words), '')}"
        suffixes = ("".join(letters) for length in count() for letters in product(ascii_lowercase, repeat=length))
        key = next(key + suffix for suffix in suffixes if suffix != "a" and self._is_free(key + suffix))
        self._taken.add(key)
        return key

    def _is_free(self, key: str) -> bool:
        return key not in self._taken and key not in self._reserved


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
