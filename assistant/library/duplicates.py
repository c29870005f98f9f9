"""How alike two papers are that no identifier joins: by title, authors and year, with the abstract as a witness."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rapidfuzz import fuzz

from assistant.library.identity import strong_keys, text_key, title_key
from assistant.text import fold, same_person
from assistant.types import Paper

SAME = 0.95
"""From here on two records are one paper; see E5 in docs/experiments."""

UNCERTAIN = 0.75
"""From here on a person is asked."""

_TITLE_ENDS = 16
_ABSTRACT_ENDS = 50
"""Letters of the beginning and of the end by which papers alike are found."""

_LARGEST_BLOCK = 200
_LONGEST_WORDS = 3
_NUMBER = re.compile(r"\d+|\b(?:i{1,3}|iv|vi{0,3}|ix)\b|(?<=part )[a-z]\b")
_SUBTITLE = re.compile(r"\s*[:?!–—]\s+|\s+-\s+")
_FEW_LETTERS = 15
"""A main title shorter than this ("BERT") says too little to stand for the whole."""

_LIKE_ABSTRACTS = 80.0
_RELATED_ABSTRACTS = 60.0
"""Likeness of two abstracts' letters, or of their words, in [0, 100]."""

_REMARK = re.compile(r"\b(?:erratum|corrigendum|correction|retraction|retracted|reply|response|comment|rejoinder)\b")


def keys(paper: Paper) -> tuple[str, ...]:
    """Return every key by which the library finds what may be the same paper."""
    return (*strong_keys(paper), title_key(paper), text_key(paper), *near_keys(paper))


def near_keys(paper: Paper) -> Iterator[str]:
    """Yield keys of which papers that are alike share at least one, whichever word is mistyped."""
    title = fold(paper.title)
    for text, ends in ((title, _TITLE_ENDS), (fold(paper.abstract), _ABSTRACT_ENDS)):
        letters = text.replace(" ", "")
        yield f"near:{letters[:ends]}"
        yield f"near:-{letters[-ends:]}"
    longest = sorted(set(title.split()), key=lambda word: (-len(word), word))[:_LONGEST_WORDS]
    yield f"near:{' '.join(longest)}"


def neighbours(blocks: Iterable[Sequence[str]]) -> list[tuple[str, str]]:
    """Return each pair of ids that stand in one block (the papers of one near key), once and sorted.

    Blocks of very many are passed over: a beginning that so many share tells nothing.
    """
    found: set[tuple[str, str]] = set()
    for block in blocks:
        ids = sorted(set(block)) if len(block) <= _LARGEST_BLOCK else ()
        found.update((one, other) for place, one in enumerate(ids) for other in ids[place + 1 :])
    return sorted(found)


def likeness(one: Paper, other: Paper) -> float:
    """Return how likely two records are one paper, in [0, 1]: the product of what title, authors and year say.

    Numbers in titles (parts, years, editions) and words such as "erratum" must agree. Where titles differ by a letter,
    which may be the one that matters ("supervised", "unsupervised"), abstracts must be nearly the same, else share most
    words; otherwise the likeness is that of an uncertain pair.
    """
    titles = fold(one.title), fold(other.title)
    if sorted(_NUMBER.findall(titles[0])) != sorted(_NUMBER.findall(titles[1])):
        return 0.0
    if set(_REMARK.findall(titles[0])) != set(_REMARK.findall(titles[1])):
        return 0.0
    found = _title_likeness(one, other)
    if found < UNCERTAIN:
        return found
    found *= _author_likeness(one, other) * _year_likeness(one, other)
    same_title = titles[0].replace(" ", "") == titles[1].replace(" ", "")
    if found >= SAME and not _abstracts_agree(one, other, same_title):
        return (SAME + UNCERTAIN) / 2
    return found


def _title_likeness(one: Paper, other: Paper) -> float:
    """Return the share of letters that agree; as if without subtitle, where only one of two like abstracts has one."""
    whole = fuzz.ratio(fold(one.title), fold(other.title)) / 100
    mains = [fold(_SUBTITLE.split(paper.title, maxsplit=1)[0]) for paper in (one, other)]
    has_subtitle = [main != fold(paper.title) for main, paper in zip(mains, (one, other), strict=True)]
    if has_subtitle[0] != has_subtitle[1] and min(map(len, mains)) >= _FEW_LETTERS:
        factor = 0.97 if fuzz.ratio(fold(one.abstract), fold(other.abstract)) >= _LIKE_ABSTRACTS else 0.92
        return max(whole, factor * fuzz.ratio(*mains) / 100)
    return whole


def _author_likeness(one: Paper, other: Paper) -> float:
    """Return the share of the shorter author list that the other one holds; unknown authors say little."""
    if not (one.authors and other.authors):
        return 0.9
    shorter, longer = sorted((one.authors, other.authors), key=len)
    held = sum(any(_same_name(name, known) for known in longer) for name in shorter)
    share = held / len(shorter)
    return 0.6 + 0.4 * share


def _same_name(one: str, other: str) -> bool:
    return same_person(one, other) or same_person(other, one) or fuzz.ratio(fold(one), fold(other)) >= 90


def _year_likeness(one: Paper, other: Paper) -> float:
    """Return 1 for years as near as a preprint and its publication are, less beyond."""
    if one.year is None or other.year is None:
        return 0.98
    apart = abs(one.year - other.year)
    return 1.0 if apart <= 1 else 0.97 if apart == 2 else 0.8


def _abstracts_agree(one: Paper, other: Paper, same_title: bool) -> bool:
    if not same_title:
        return fuzz.ratio(fold(one.abstract), fold(other.abstract)) >= _LIKE_ABSTRACTS
    return fuzz.token_set_ratio(fold(one.abstract), fold(other.abstract)) >= _RELATED_ABSTRACTS
