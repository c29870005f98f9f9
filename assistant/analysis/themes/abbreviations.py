"""Abbreviations that a text defines: "reinforcement learning with verifiable rewards (RLVR)"."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping

_BRACKETED = re.compile(r"\(([^\W\d_][\w-]{1,9})\)")
_WORD = re.compile(r"[^\W_]+")
_PART = re.compile(r"[A-Z][a-z]*|[a-z]+|[0-9]+")
_BREAK = re.compile(r"[.,;:!?()\[\]{}]")

_MOST_WORDS = 8


def find(text: str) -> dict[str, tuple[str, ...]]:
    """Return what a text's abbreviations in brackets stand for: the words before them, in lower case.

    Stricter than Schwartz and Hearst (2003), whose letters may stand anywhere in the words: here each capital with the
    small letters behind it, or each letter, begins a word, and words left out are small ("with", "of", "the"). So
    "LoRA" and "MoE" are known from "low-rank adaptation" and "mixture of experts".
    """
    found: dict[str, tuple[str, ...]] = {}
    for match in _BRACKETED.finditer(text):
        short = match[1].removesuffix("s")
        if sum(letter.isupper() for letter in short) < 2:
            continue
        before = _BREAK.split(text[max(0, match.start() - 150) : match.start()].rstrip())[-1]
        words = [word.casefold() for word in _WORD.findall(before)][-_MOST_WORDS:]
        parts = [part.casefold() for part in _PART.findall(short)]
        letters = [letter.casefold() for letter in short if letter.isalnum()]
        if long := _long_form(parts, words) or _long_form(letters, words):
            found[short] = long
    return found


def common(texts: Iterable[str], form: Callable[[str], str]) -> Mapping[str, tuple[str, ...]]:
    """Return what each abbreviation of some texts stands for, where most of those that define it agree.

    `form` gives a word in the form in which it is compared and returned, such as its singular.
    """
    said: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for text in texts:
        if "(" in text:
            for short, long in find(text).items():
                said[short][tuple(map(form, long))] += 1
    agreed: dict[str, tuple[str, ...]] = {}
    for short, longs in said.items():
        long, count = min(longs.items(), key=lambda item: (-item[1], item[0]))
        if 2 * count > longs.total():
            agreed[short] = long
    return agreed


def _long_form(beginnings: list[str], words: list[str]) -> tuple[str, ...]:
    """Return the last words that begin in order as given, with at most one small word between two; () for none."""
    place = len(words)
    for index, beginning in reversed(list(enumerate(beginnings))):
        place -= 1
        skipped = 0
        while place >= 0 and not words[place].startswith(beginning):
            if index == len(beginnings) - 1 or words[place] not in _SMALL or skipped:
                return ()
            place, skipped = place - 1, skipped + 1
        if place < 0:
            return ()
    return tuple(words[place:])


_SMALL = frozenset("a an and as at by for from in into of on or over the to under via with without".split())
