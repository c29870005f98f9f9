"""What a question asks for: the words that an answer must hold, and the thing or number that is wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.names import fold
from assistant.words import FRAME_WORDS, STOP_WORDS, is_light, looks_like_a_name

_WORD = re.compile(r"[^\W_]+")
_WANTED = re.compile(r"\b(how many|how much|w?hich|wich|what|wat|whose)\b(.*)", re.IGNORECASE | re.DOTALL)
_AMOUNT = re.compile(r"\bhow (many|much|long|old|large|big|fast|far|often|high)\b", re.IGNORECASE)
_MEASURED = re.compile(r"\bhow (much|long|old|large|big|fast|far|often|high)\b", re.IGNORECASE)
_COMPARED = re.compile(r"\bhow much\s+\w+er\b", re.IGNORECASE)
_LONGEST_FOCUS = 4

_ENDS_FOCUS = frozenset(
    "does do did is are was were has have had can could should would will be been of in on for with to by from at as "
    "and or that which who when if an a the its it under".split()
)
_AMOUNTS = frozenset("amount fraction number percent percentage proportion ratio share".split())
"""Words that ask for a number and need not stand beside it."""

_MEASURES = _AMOUNTS | frozenset(
    "accuracy score f1 bleu rouge map miou rate error mae mse rmse auc recall precision perplexity kappa correlation "
    "cider meteor mrr ndcg gain speedup".split()
)
"""What is asked for as "which accuracy" and is a number."""


_TELL_NOTHING = STOP_WORDS | FRAME_WORDS | _AMOUNTS


@dataclass(frozen=True, slots=True)
class AskedWord:
    """A word of a question in lower case; `is_name` where it is written as one, or is a number."""

    text: str
    is_name: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for. `words` are those that tell its subject, each once.

    `focus` are the words of the thing that is wanted ("batch size" in "What batch size does X use?"), or none.
    """

    words: tuple[AskedWord, ...]
    focus: tuple[str, ...]
    wants_number: bool


def read(question: str) -> Asked:
    """Read what a question asks for; one without any word that tells a subject is read by all its words."""
    names: dict[str, bool] = {}
    for match in _WORD.finditer(question):
        for word in fold(match.group()).split():
            names.setdefault(word, _is_name(match))
    telling = [word for word in names if word not in _TELL_NOTHING and len(word) > 1]
    words = tuple(AskedWord(word, names[word]) for word in telling or names)
    focus = _focus(question)
    return Asked(
        words,
        tuple(word for word in focus if word in telling),
        wants_number=bool(_AMOUNT.search(question)) or not _MEASURES.isdisjoint(focus),
    )


def _is_name(match: re.Match[str]) -> bool:
    """Tell whether a word is a name or number: by capitals, also at its beginning unless it opens the question."""
    word = match.group()
    return looks_like_a_name(word) or any(map(str.isdigit, word)) or (match.start() > 0 and word[0].isupper())


def _focus(question: str) -> list[str]:
    """Return the words between the question word and the verb; none where a measure is asked for beside another thing.

    "On which data does it gain, and how much?" wants a number, but none of data; nor does "How much faster is it?".
    """
    wanted = _WANTED.search(question)
    if wanted is None or (_MEASURED.search(question) and not wanted.group(1).casefold().startswith("how")):
        return []
    if _COMPARED.search(question):
        return []
    focus: list[str] = []
    for word in fold(wanted.group(2)).split():
        if word in _ENDS_FOCUS or (focus and is_light(word)):
            break
        if not is_light(word) or word in _AMOUNTS:
            focus.append(word)
    return focus[:_LONGEST_FOCUS]
