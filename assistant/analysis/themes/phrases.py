"""The telling phrases of papers: terms that a researcher would name, with every paper that holds them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from assistant.analysis.themes.phrase_counts import INNER_WORDS, Counts, Run, count_runs
from assistant.text import is_light, shares, stem
from assistant.types import Paper

MOST_TERMS = 400
"""Terms returned of a set of papers, the most telling."""

_OPENS, _CLOSES = 0.15, 0.3
"""Shares of its occurrences at which a phrase must have no content word before and behind it, else it is a fragment."""

_CONTAINED = 0.7
"""A phrase that stands so often inside one longer phrase is a fragment of it."""

_TITLED, _PAPERS = 0.4, 2.0
"""A phrase is taken to stand in the title of this many of so many papers more than were seen (a prior)."""

_LEAST_TELLING, _LEAST_IN_PHRASE = 0.25, 0.2
"""How rare a word alone must be, and the rarest of a phrase: one abstract in six, or in four, may hold it."""

_SELDOM = 0.01
"""A phrase that fewer of the other papers hold tells a theme no better for that: many papers of it should hold it."""

_LEAST_SHARE = 0.001
"""Share of abstracts taken for words that word_shares.tsv does not have."""

_ENOUGH = 20
"""Times that a word with a capital must be read to be taken for a name that some papers write small."""

_SPELT = 40
"""Papers looked at for how a phrase is spelt."""


@dataclass(frozen=True, slots=True)
class Term:
    """A phrase in the spelling that papers use most, and the ids of all papers of the set that hold it.

    A paper holds a phrase in any spelling: plural, hyphened, or as an abbreviation that the papers define.
    """

    phrase: str
    paper_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A run of words with how telling its words are and how often it is in titles where it is, both in [0, 1]."""

    run: Run
    telling: float
    titled: float


class Phrases:
    """The phrases of a set of papers, counted once."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self._papers = papers
        fewest = max(2, math.ceil(len(papers) / 2000)) if len(papers) > 1 else 1
        self._counts: Counts = count_runs([(paper.title, paper.abstract) for paper in papers], fewest)
        whole = [run for run in self._counts.runs if run.opens >= _OPENS and run.closes >= _CLOSES]
        contained = _contained(self._counts.runs)
        found = [_judged(run) for run in whole if run.words not in contained]
        self._phrases = sorted(
            (phrase for phrase in found if phrase.telling),
            key=lambda phrase: (-math.sqrt(len(phrase.run.holders)) * phrase.titled * phrase.telling, phrase.run.words),
        )

    def terms(self, most: int = MOST_TERMS) -> list[Term]:
        """Return the most telling terms of the set, best first."""
        return [self._term(phrase.run) for phrase in _unlike(self._phrases, most)]

    def labels(self, groups: Sequence[Sequence[int]], most: int = 8) -> list[list[str]]:
        """Return for each group of positions of papers the phrases that tell it best from the other groups.

        In the manner of class-based TF-IDF (Grootendorst 2022, BERTopic): how common a phrase is in the group, times
        the logarithm of how much more common it is there than elsewhere. Both are shares of papers, so that one paper
        cannot make the label; and it is weighed by how much of a topic the phrase is.
        """
        group_of = np.full(len(self._papers), -1)
        for number, group in enumerate(groups):
            group_of[list(group)] = number
        sizes = np.bincount(group_of[group_of >= 0], minlength=len(groups))
        scores: list[list[tuple[float, _Phrase]]] = [[] for _ in groups]
        for phrase in self._phrases:
            homes = group_of[phrase.run.holders]
            held = np.bincount(homes[homes >= 0], minlength=len(groups))
            rates = held / np.maximum(sizes, 1)
            for number in np.flatnonzero(held >= min(2, sizes.min(initial=2))).tolist():
                elsewhere = (held.sum() - held[number] + 0.5) / (sizes.sum() - sizes[number] + 1)
                lift = math.log(float(rates[number]) / (elsewhere + _SELDOM))
                score = float(rates[number]) * lift * math.sqrt(phrase.telling * phrase.titled)
                scores[number].append((score, phrase))
        best = [_best(found, most) for found in scores]
        taken: set[tuple[str, ...]] = set()
        for found in sorted(filter(None, best), key=lambda found: -found[0][0]):  # no two groups have one label
            first = next((pair for pair in found if pair[1].run.words not in taken), found[0])
            found.remove(first)
            found.insert(0, first)
            taken.add(first[1].run.words)
        return [[self.spelling(phrase.run) for _, phrase in found] for found in best]

    def _term(self, run: Run) -> Term:
        return Term(self.spelling(run), tuple(self._papers[place].id for place in run.holders.tolist()))

    def spelling(self, run: Run) -> str:
        """Return the phrase as most papers write it; a word that is written small anywhere is small."""
        ways = [sorted({*self._counts.spellings.get(word, ()), word}) for word in run.words]
        written = r"[\s‐‑-]*".join(f"(?:{'|'.join(map(re.escape, way))})" for way in ways)
        pattern = re.compile(rf"(?<!\w){written}(?!\w)", re.IGNORECASE)
        seen: Counter[str] = Counter()
        for place in run.holders[:: max(1, len(run.holders) // _SPELT)].tolist():
            paper = self._papers[place]
            seen.update({" ".join(match[0].split()) for match in pattern.finditer(f"{paper.title}. {paper.abstract}")})
        if not seen:
            return " ".join(run.words)
        folded: Counter[str] = Counter()
        for way, times in seen.items():
            folded[way.casefold()] += times
        capitals = {way: sum(letter.isupper() for letter in way) for way in seen}
        way = min(seen, key=lambda way: (-folded[way.casefold()], -seen[way], capitals[way], way))
        return re.sub(r"[^\W_]+", lambda match: self._cased(match[0]), way)

    def _cased(self, word: str) -> str:
        """Return a word of a title in small letters, but for names."""
        if len(word) < 2 or not word.isalpha() or word != word.capitalize():
            return word
        small = word.lower()
        as_small, as_name = (self._counts.times.get(way, 0) for way in (small, word))
        return word if as_small * 4 < as_name and (as_name >= _ENOUGH or not as_small) else small


def terms(papers: Sequence[Paper], most: int = MOST_TERMS) -> list[Term]:
    """Return the most telling phrases of a set of papers, best first, each with every paper that holds it.

    Ids stand in their order; that of the papers changes nothing.
    """
    return Phrases(sorted(papers, key=lambda paper: paper.id)).terms(most)


def _best(scored: list[tuple[float, _Phrase]], most: int) -> list[tuple[float, _Phrase]]:
    """Return the phrases with a score above 0, the highest first, that are unlike each other."""
    scored = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].run.words))
    score = {id(phrase): value for value, phrase in scored}
    return [(score[id(phrase)], phrase) for phrase in _unlike([phrase for _, phrase in scored], most)]


def _contained(runs: Sequence[Run]) -> set[tuple[str, ...]]:
    """Return the runs that stand inside one longer run in most of their papers."""
    holding = {run.words: len(run.holders) for run in runs}
    found = set()
    for run in runs:
        if len(run.words) < 2 or run.opens < _OPENS or run.closes < _CLOSES:
            continue
        for length in range(1, len(run.words)):
            for start in range(len(run.words) - length + 1):
                part = run.words[start : start + length]
                if len(run.holders) >= _CONTAINED * holding.get(part, math.inf):
                    found.add(part)
    return found


def _judged(run: Run) -> _Phrase:
    """Judge how much of a topic a phrase is: its words are rare, and it comes in titles; of one word it says less."""
    content = [word for word in run.words if word not in INNER_WORDS]
    words = [_telling(word) for word in content]
    telling = (max(words) + sum(words) / len(words)) / 2 if len(words) > 1 else words[0] ** 2 / 2
    if max(words) < (_LEAST_IN_PHRASE if len(words) > 1 else _LEAST_TELLING) or all(len(word) < 3 for word in content):
        telling = 0.0
    return _Phrase(run, telling, (run.titled + _TITLED) / (len(run.holders) + _PAPERS))


@lru_cache(maxsize=65536)
def _telling(word: str) -> float:
    """Return 0 for a word of every abstract, up to 1 for a rare one."""
    share = max(shares().get(stem(word), 0.0), _LEAST_SHARE)
    telling = math.log(share) / math.log(_LEAST_SHARE)
    return telling / 2 if is_light(word) else telling


def _unlike(phrases: Sequence[_Phrase], most: int) -> list[_Phrase]:
    """Return the first phrases, without those that share words and most papers with one before them."""
    chosen: list[_Phrase] = []
    for phrase in phrases:
        if len(chosen) == most:
            break
        if not any(_alike(phrase.run, other.run) for other in chosen):
            chosen.append(phrase)
    return chosen


def _alike(one: Run, other: Run) -> bool:
    if not set(one.words) & set(other.words) - INNER_WORDS:
        return False
    both = len(np.intersect1d(one.holders, other.holders, assume_unique=True))
    return both >= 0.6 * min(len(one.holders), len(other.holders))
