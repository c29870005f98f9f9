"""Citation marks that the model wrote: dropped, or replaced by the paper's title where they stand for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.types import Source

_NUMBERS = r"\d{1,3}(?:\s*(?:[,;&-]|and)\s*\d{1,3})*"
_KINDS = r"(?:sources?|abstracts?|papers?|passages?|documents?|refs?\.?|references?)"
_MARK = re.compile(r"\[(\d{1,3})\]")
_NUMBER = re.compile(r"\d{1,3}")
_MARKS = re.compile(
    rf"\s*(?:\[\s*(?:{_KINDS}\s*)?{_NUMBERS}\s*\]|\(\s*{_KINDS}\s*\[?{_NUMBERS}\]?\s*\)|【\s*{_NUMBERS}\s*】)",
    re.IGNORECASE,
)
_ROUND_AT_END = re.compile(rf"\s*\(({_NUMBERS})\)(?=\s*[.!?]?\s*$)")
_NAMED = re.compile(rf"\b(?:the\s+)?(?:{_KINDS})\s+(?:\[(\d{{1,3}})\]|(\d{{1,3}}))(?![\w.]*\d)", re.IGNORECASE)
_STANDS_FOR_PAPER = re.compile(
    r"(?:\b(?:is|are|was|were|in|by|of|from|with|between|than|to|see|and|or)|[:(,])\s*$", re.IGNORECASE
)
"""What stands before a mark that is a part of the sentence ("The papers are [1] and [2]"), not a citation behind it."""


def without_marks(sentence: str, sources: Sequence[Source]) -> str:
    """Return a sentence without the model's citation marks: "[1]", "[2, 3]", "(Source 2)", "(1)" at the end.

    A mark that stands for the paper ("The newest is [1].", "Source 2 says ...") becomes its title. What stands so in an
    abstract is no mark: the interval "[0, 1]" stays.
    """
    titles = {source.number: f"“{source.title}”" for source in sources}

    def is_mark(mark: str) -> bool:
        return not any(mark.strip() in source.abstract for source in sources)

    def named(found: re.Match[str]) -> str:
        title = titles.get(int(found.group(1) or found.group(2)))
        return title if title and is_mark(found.group()) else found.group()

    numbers = [int(number) for number in _MARK.findall(sentence)]
    before = sentence.partition("[")[0]
    bare = _MARKS.sub(lambda found: "" if is_mark(found.group()) else found.group(), sentence).strip()
    stands = _STANDS_FOR_PAPER.search(before) or not any(character.isalnum() for character in bare)
    if numbers and stands and titles.keys() >= set(numbers) and before.strip():
        return _MARK.sub(lambda mark: titles[int(mark.group(1))], sentence).strip()
    bare = _ROUND_AT_END.sub(
        lambda found: "" if _are_sources(found, titles, is_mark(found.group())) else found.group(), bare
    )
    return _NAMED.sub(named, bare).strip()


def _are_sources(found: re.Match[str], titles: dict[int, str], mark: bool) -> bool:
    return mark and titles.keys() >= {int(number) for number in _NUMBER.findall(found.group(1))}
