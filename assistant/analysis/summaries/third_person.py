"""Sentences of abstracts in the third person: "We propose X" as "The authors propose X".

Only the words for the speaker are exchanged, so that a sentence says what it said. What would point to nothing where
it stands alone, such as "Building on this, we ...", is not rewritten.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from assistant.text import STOP_WORDS

_HERE = r"(?:paper|work|article|study|report|survey|thesis|manuscript|chapter|letter|review)"
_IN_THIS = re.compile(
    rf"^(?:(?:in|through|with) (?:this|the present|our) {_HERE},?\s+|(?:therefore|hence|thus|then|here|however|finally|"
    r"specifically|concretely|moreover|furthermore|additionally|in addition|consequently|accordingly|motivated by this|"
    r"first|firstly|second|secondly|to this end|to that end|to do so|in particular|in summary|in contrast|overall|"
    rf"instead|also)(?:\s*,\s+|\s+(?=we\b|this {_HERE}\b|the paper\b)))+",
    re.IGNORECASE,
)
"""What opens a sentence and adds nothing where it stands alone."""

_THE_PAPER = re.compile(
    rf"^(?:this|the|our)(?: present| current)? {_HERE} "
    r"(?=(?:is|was|has|does|also|thus|first|then|further|[a-z]+ly|[a-z]*[^siu\W]s)\b(?! (?:by|of)\b))",
    re.IGNORECASE,
)
"""The paper as the subject of what follows: a verb in the third person, or a word before one."""

_WE = re.compile(r"^(?:we|the authors) (?!of\b|all\b|humans\b|people\b|as\b)", re.IGNORECASE)
_LED = re.compile(r"^((?!as )[^,;:.]{3,80}), we (.+)$", re.DOTALL | re.IGNORECASE)
_OCCASION = re.compile(
    r"^(?:building|based|drawing|relying) (?:up)?on\b|^(?:motivated|inspired) by\b|^in response to\b", re.I
)
_MAKE = re.compile(r"(?:\w+ly )?(?:propose|introduce|present)\b")
_LINKS = re.compile(r"^(?:(?:therefore|hence|thus|then|here|further|furthermore|finally|also)\s+)+", re.IGNORECASE)
_POINTS_BACK = re.compile(
    r"\b(?:this|these|that|those|such|it|its|they|them|their|above|former|latter|therein|thereby|here|so|"
    r"the (?:first|second|third))\b",
    re.IGNORECASE,
)
_POINTS_OUT = re.compile(r"\b(?:this|these|those|such)\b(?! as\b)", re.IGNORECASE)
_SPEECH = re.compile(r"[\"“][^\"”]*\b(?:I|we|our|us|my)\b", re.IGNORECASE)
"""Words of somebody's that are quoted: the speaker there is another."""

_SMALL_WORDS = 0.15
_SPEAKER = {"we": "they", "our": "their", "ours": "theirs", "us": "them", "ourselves": "themselves"}
_SPEAKERS = re.compile(rf"\b({'|'.join(_SPEAKER)})\b", re.IGNORECASE)
_FIRST_PERSON = re.compile(r"\b(?:I|[Ww]e|[Oo]urs?|[Uu]s|[Mm]y|[Oo]urselves)\b")


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence on a paper. `subject` is "paper" or "authors" where `text` is only what is said of it or them, as in
    "proposes X."; it is "" where the text is a whole sentence. `opening` stands before the subject, "" mostly.
    """

    subject: str
    text: str
    opening: str = ""

    @property
    def stands_alone(self) -> bool:
        """Tell whether nothing in the sentence points to one before it."""
        return not _POINTS_OUT.search(f"{self.opening}{self.text}")


def told(sentence: str) -> Told | None:
    """Return a sentence in the third person; None where it would not be understood, or be wrong, standing alone."""
    bare = _IN_THIS.sub("", " ".join(sentence.split()))
    if match := _THE_PAPER.match(bare):
        return _checked("paper", bare[match.end() :])
    if match := _WE.match(bare):
        return _checked("authors", bare[match.end() :])
    if led := _LED.match(bare):
        opening, rest = led[1], led[2]
        is_occasion = opening.lower().startswith("to ") or (_OCCASION.match(opening) and _MAKE.match(rest))
        if is_occasion and _POINTS_BACK.search(opening):
            return _checked("authors", rest)  # what is done stays true without its occasion; without a condition not
        if _POINTS_BACK.search(opening) or _FIRST_PERSON.search(opening):
            return None
        said = _checked("authors", rest)
        return replace(said, opening=f"{opening[:1].lower()}{opening[1:]}, ") if said else None
    if _FIRST_PERSON.search(bare) or _POINTS_BACK.match(bare) or not _is_english(bare):
        return None
    return Told("", f"{bare[:1].upper()}{bare[1:]}")


def _checked(subject: str, rest: str) -> Told | None:
    said = _of_others(_LINKS.sub("", rest))
    is_understood = said and not _FIRST_PERSON.search(said) and not _SPEECH.search(rest)
    return Told(subject, said) if is_understood else None


def _of_others(text: str) -> str:
    """Exchange the words for the speaker: "our" for "their"."""
    return _SPEAKERS.sub(lambda word: word[0] if word[0].isupper() else _SPEAKER[word[0].lower()], text)


def _is_english(sentence: str) -> bool:
    """Tell whether as many of a sentence's words are small English ones as in nearly every English sentence."""
    words = sentence.lower().split()
    return sum(word in STOP_WORDS for word in words) >= _SMALL_WORDS * len(words)
