"""Identity of papers: keys, lasting ids, and the likeness of two records that no identifier joins."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, count

from rapidfuzz import fuzz

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

_NEARLY = 90.0
"""Likeness of two titles' letters, in [0, 100], from which on one is a correction of the other."""

_ARXIV_DOI = "10.48550/arxiv."
"""arXiv registers a DOI for every paper of its own; it says no more than the arXiv id."""


def strong_keys(paper: Paper) -> tuple[str, ...]:
    """Return the keys that alone name a paper: its DOI, its arXiv id without version, its PubMed number."""
    doi, arxiv_id = paper.doi.casefold(), paper.arxiv_id.casefold()
    if doi.startswith(_ARXIV_DOI):
        doi, arxiv_id = "", arxiv_id or doi.removeprefix(_ARXIV_DOI)
    named = {"doi": doi, "arxiv": _without_version(arxiv_id), "pmid": paper.pmid}
    return tuple(f"{kind}:{value}" for kind, value in named.items() if value)


def title_key(paper: Paper) -> str:
    """Return the key made of normalised title, first author's family name and year.

    Where author or year is unknown, a title is no name ("Editorial", "Note on creep buckling"): the abstract joins in,
    or the venue where there is none.
    """
    parts = [fold(paper.title), *_family_name(paper), str(paper.year or "")]
    if not _family_name(paper) or not paper.year:
        parts.append(fold(paper.abstract or paper.venue))
    return f"title:{_short_hash('|'.join(parts))}"


def text_keys(paper: Paper) -> tuple[str, ...]:
    """Return the key made of title, first author's family name and abstract: the same words, whatever the year says.

    There is none without an abstract: a title comes again from year to year ("Editorial").
    """
    abstract = fold(paper.abstract)
    words = "|".join([fold(paper.title), *_family_name(paper), abstract])
    return (f"text:{_short_hash(words)}",) if abstract else ()


def prospective_ids(paper: Paper) -> tuple[str, ...]:
    """Return the ids that a paper met for the first time would take, or would have taken."""
    return (*strong_keys(paper), title_key(paper))


def new_ids(paper: Paper) -> Iterator[str]:
    """Yield ids for a paper first met now, the best first, without end: the first one free becomes its lasting id."""
    yield from prospective_ids(paper)
    for number in count(1):
        yield f"title:{_short_hash(f'{title_key(paper)} {fold(paper.abstract)} {number}')}"


def contradict(one: Paper, other: Paper) -> bool:
    """Tell whether two papers differ in a DOI, an arXiv id or a PubMed number, and share none of them."""
    mine, theirs = set(strong_keys(one)), set(strong_keys(other))
    if mine & theirs:
        return False
    return bool({key.partition(":")[0] for key in mine} & {key.partition(":")[0] for key in theirs})


def akin(known: Paper, stated: Paper) -> bool:
    """Tell whether two records of one name in one source are one paper: same abstract, or nearly the same title."""
    is_same = bool(stated.abstract) and fold(known.abstract) == fold(stated.abstract)
    return is_same or fuzz.ratio(fold(known.title), fold(stated.title)) >= _NEARLY


def has_title_of(known: Paper, stated: Paper) -> bool:
    """Tell whether a record that was asked for by an identifier has the known paper's title, or nearly."""
    return _title_likeness(known, stated) >= UNCERTAIN


def share_title(one: Paper, other: Paper) -> bool:
    """Tell whether two papers of one title key are one.

    A short title ("Editorial") without abstracts to compare says too little: the whole name of the first author must
    agree, and the venue, unless one of the two is a preprint.
    """
    if (one.abstract and other.abstract) or len(fold(one.title)) >= _FEW_LETTERS:
        return True
    if one.authors and other.authors and not _is_one_person(one.authors[0], other.authors[0]):
        return False
    venues = {fold(paper.venue) for paper in (one, other)} - {""}
    return len(venues) < 2 or bool(one.arxiv_id) != bool(other.arxiv_id)


def _without_version(arxiv_id: str) -> str:
    base, separator, version = arxiv_id.rpartition("v")
    return base if separator and version.isdigit() else arxiv_id


def _family_name(paper: Paper) -> list[str]:
    return fold(paper.authors[0]).split()[-1:] if paper.authors else []


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def keys(paper: Paper) -> tuple[str, ...]:
    """Return every key by which the library finds what may be the same paper."""
    return (*strong_keys(paper), title_key(paper), *text_keys(paper), *near_keys(paper))


def near_keys(paper: Paper) -> Iterator[str]:
    """Yield keys of which papers that are alike share at least one, whichever word is mistyped."""
    title = fold(paper.title)
    for text, ends in ((title, _TITLE_ENDS), (fold(paper.abstract), _ABSTRACT_ENDS)):
        if letters := text.replace(" ", ""):
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
        if len(block) <= _LARGEST_BLOCK:
            found.update(combinations(sorted(set(block)), 2))
    return sorted(found)


class Titles:
    """Titles by the ids of their papers, to pass over pairs of papers that nothing else could make alike."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._titles = titles
        self._read: dict[str, tuple[str, str, list[str], set[str]]] = {}

    def may_be_alike(self, one: str, other: str) -> bool:
        """Tell whether the likeness of two papers may be UNCERTAIN or more, whatever else they say."""
        (mine, my_main, *my_signs), (theirs, their_main, *their_signs) = self._parts(one), self._parts(other)
        if my_signs != their_signs:
            return False
        lowest = UNCERTAIN * 100 - 1e-6
        if fuzz.ratio(mine, theirs, score_cutoff=lowest):
            return True
        return (my_main != mine or their_main != theirs) and bool(fuzz.ratio(my_main, their_main, score_cutoff=lowest))

    def _parts(self, paper_id: str) -> tuple[str, str, list[str], set[str]]:
        """Return a title folded, its main part, the numbers and the remarks in it."""
        if paper_id not in self._read:
            title = fold(self._titles[paper_id])
            main = fold(_SUBTITLE.split(self._titles[paper_id], maxsplit=1)[0])
            self._read[paper_id] = title, main, sorted(_NUMBER.findall(title)), set(_REMARK.findall(title))
        return self._read[paper_id]


def likeness(one: Paper, other: Paper) -> float:
    """Return how likely two records are one paper, in [0, 1]: the product of what title, authors and year say.

    Numbers in titles (parts, years, editions) and words such as "erratum" must agree. Where titles differ by a letter,
    which may be the one that matters ("supervised", "unsupervised"), abstracts must be nearly the same, else share most
    words; otherwise the likeness is that of an uncertain pair. Where one has no abstract, only the same title will do,
    unless it is a short one.
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
    return 0.6 + 0.4 * held / len(shorter)


def _same_name(one: str, other: str) -> bool:
    return _is_one_person(one, other) or fuzz.ratio(fold(one), fold(other)) >= 90


def _is_one_person(one: str, other: str) -> bool:
    return same_person(one, other) or same_person(other, one)


def _year_likeness(one: Paper, other: Paper) -> float:
    """Return 1 for years as near as a preprint and its publication are, less beyond."""
    if one.year is None or other.year is None:
        return 0.98
    apart = abs(one.year - other.year)
    return 1.0 if apart <= 1 else 0.97 if apart == 2 else 0.8


def _abstracts_agree(one: Paper, other: Paper, same_title: bool) -> bool:
    if not (one.abstract and other.abstract):
        return same_title and len(fold(one.title)) >= _FEW_LETTERS
    if not same_title:
        return fuzz.ratio(fold(one.abstract), fold(other.abstract)) >= _LIKE_ABSTRACTS
    return fuzz.token_set_ratio(fold(one.abstract), fold(other.abstract)) >= _RELATED_ABSTRACTS
