"""A name as it is spoken, taken apart into what bibliographies ask for: given name, family name, suffix."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.ingestion.readers.fields import SUFFIX

_OF_A_GROUP = frozenset(
    "alliance association center centre collaboration committee company consortium corporation department foundation "
    "group inc initiative institute investigators laboratory labs network organization organisation project society "
    "team university workshop".split()
)
_NO_PART = frozenset({"and", "others", "et", "al", "for", "the", "&"})
_IN_NO_NAME = re.compile(r"[;,{}\\\"\d]")


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person's name in parts; particles ("van der") belong to the family name, `suffix` is "" for most."""

    given: str
    family: str
    suffix: str = ""

    @property
    def inverted(self) -> str:
        """Return the family name first: "King, Jr., Martin Luther"."""
        return ", ".join(part for part in (self.family, self.suffix, self.given) if part)


def parts(name: str) -> PersonName | None:
    """Return the parts of a name that is one person's with a given name; None where it is to stand as it is.

    The family name is the last word, with the particles in lower case before it. A name of one word, or of a group
    ("The ATLAS Collaboration"), has no parts. `given`, `family` and `suffix` make up the name again.
    """
    whole, comma, suffix = name.rpartition(", ")
    if not comma or not SUFFIX.fullmatch(suffix):
        whole, suffix = name, ""
    words = whole.split(" ")
    folded = {word.casefold().strip(".") for word in words}
    if len(words) < 2 or _IN_NO_NAME.search(whole) or folded & (_OF_A_GROUP | _NO_PART) or not all(words):
        return None
    family = len(words) - 1
    while family > 1 and words[family - 1][:1].islower():
        family -= 1
    return PersonName(" ".join(words[:family]), " ".join(words[family:]), suffix)
