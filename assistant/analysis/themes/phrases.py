"""Key phrases of papers, counted by scikit-learn, and labels of groups of papers by class-based TF-IDF."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np

from assistant.text import STOP_WORDS, is_light, joined, shares, stem
from assistant.types import Paper

MOST_TERMS = 400
"""Terms returned of a set of papers, the best."""

_MOST_WORDS = 4
"""Content words of the longest phrase; one small word may stand inside ("mixture of experts")."""

_WHOLE, _WHOLE_ALONE = 0.2, 0.5
"""Share of its papers in which a phrase, or a word alone, must stand with no content word before and behind it, else it
is a fragment."""

_CONTAINED, _ALIKE = 0.7, 0.6
"""Share of its papers in one longer phrase that makes a fragment; in another phrase with a common word, the same."""

_TITLED, _PAPERS = 0.4, 2.0
"""A phrase is taken to stand in the title of this many of so many papers more than were seen (a prior)."""

_LEAST_ALONE, _LEAST_IN_PHRASE, _LEAST_SHARE = 0.34, 0.2, 0.001
"""How rare a word alone must be, and the rarest of a phrase: one abstract in ten, or in four, may hold it."""

_SELDOM = 0.01
"""A phrase that fewer of the other papers hold tells a group no better for that: many papers of it should hold it."""

OTHER_SUBJECTS = "other subjects"
"""Ends the label of a theme of which the other words name less than half."""

_NEARLY_ALL, _MOSTLY, _HALF, _MOST_NAMED = 0.7, 0.6, 0.5, 3
"""Share of a theme's papers that hold a word alone which may name it; that the phrases of a label hold together, where
they can, and at least, else it has other subjects too; how many phrases there are."""

_SPELT = 40
"""Papers looked at for how a phrase is spelt."""

_INNER = frozenset("for from in of on over to with without".split())
"""Small words that may stand inside a phrase."""

_BREAKING = STOP_WORDS - _INNER | frozenset(
    "above across after again against along among another around because before below beside besides best "
    "better between beyond both cannot currently done due during each either especially et al etc even "
    "ever every few finally first furthermore given having he hence her here his however ie eg instead "
    "itself just last least less let like may might moreover must namely near neither new next now off "
    "often once one only onto others otherwise out own per perhaps quite rather same second several she "
    "simply since still third though three through throughout thus together too toward towards two under "
    "unlike until up upon using via well whereas whereby whether while within yet novel extensive "
    "significant recent previous existing various different github https http com www org url "
    # what papers do, which is no part of what they are about
    "achieve address aim allow analyze apply argue attain beat become boost bring call carry claim "
    "compare conduct confirm consider consist construct contain contribute create deliver delve "
    "demonstrate derive describe devise discover discuss elucidate empower enable encourage enhance "
    "ensure establish evaluate examine exceed exhibit exist exploit explore extend facilitate find focus "
    "generalize give harness help highlight identify illustrate improve incorporate increase indicate "
    "inspire introduce investigate involve keep know lack lead leverage make mitigate need neglect obtain "
    "offer outperform overcome perform present preserve prevent produce propose prove provide reach "
    "reduce refer rely remain report require rethink reveal revisit seek show solve study suffer suggest "
    "surpass tackle take tend try understand unleash unlock unveil use utilize validate verify yield".split()
)
"""Words that, in any form, stand in no name of a topic."""

_TOKEN = re.compile(r"state.of.the.art|['’]s\b|\\[A-Za-z]+|[^\W_]+|[^\w\s\-‐‑]| - |\n", re.IGNORECASE)
_GENITIVES = ("'s", "’s")
_WORD = re.compile(r"[^\W_]+")
_ENDING = re.compile(r"(?:(?<=[^s])s|es|d|ed|ing)$")
_HYPHENED = re.compile(r"(?<![^\W_])([^\W\d_]{2,})[-‐‑]([^\W\d_]{3,})(?![^\W_])")
_BRACKETED = re.compile(r"\(([^\W\d_]\w{1,9})\)")
_CAPITALISED = re.compile(r"[A-Z][a-z]*|[a-z]+|[0-9]+")
_BETWEEN = r"\w*[\s-]+(?:(?:a|an|and|as|at|by|for|from|in|of|on|or|the|to|under|with)\s+)?"


@dataclass(frozen=True, slots=True)
class Term:
    """A phrase in the spelling that papers use most, and the ids of all papers of the set that hold it.

    A paper holds a phrase in any spelling: plural, hyphened, or as an abbreviation that the papers define.
    """

    phrase: str
    paper_ids: tuple[str, ...]


class Phrases:
    """The phrases of a set of papers, counted once: a sparse matrix, shape (papers, phrases), of what holds what."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        from sklearn.feature_extraction.text import CountVectorizer

        self._papers = papers
        texts = [f"{paper.title}\n{paper.abstract}" for paper in papers]
        self._times = Counter(word for text in texts for word in _WORD.findall(text))
        self._texts = _written_out(texts, self._times)
        chains = [_chains(text) for text in self._texts]
        whole = Counter(phrase for each in chains for phrase in set(_phrases(each, whole=True)))
        fewest = max(2, math.ceil(len(papers) / 2000)) if len(papers) > 1 else 1
        names = sorted(name for name, times in whole.items() if times >= _WHOLE * fewest)
        self._names: list[str] = []
        if not names:
            return
        counter = CountVectorizer(analyzer=_phrases, vocabulary=names, binary=True)
        held = counter.transform(chains).tocsc()
        titled = counter.transform([_chains(text.partition("\n")[0]) for text in self._texts]).sum(axis=0).A1
        times = held.sum(axis=0).A1
        frequent = np.flatnonzero(times >= fewest).tolist()
        fragments = _fragments({names[place]: int(times[place]) for place in frequent})
        weights = {
            place: telling * (titled[place] + _TITLED) / (times[place] + _PAPERS)
            for place in frequent
            if whole[names[place]] >= (_WHOLE if " " in names[place] else _WHOLE_ALONE) * times[place]
            and names[place] not in fragments
            and (" " in names[place] or titled[place])
            and (telling := _telling(names[place].split()))
        }
        kept = sorted(weights, key=lambda place: (-math.sqrt(times[place]) * weights[place], names[place]))
        self._names, self._held = [names[place] for place in kept], held[:, kept]
        self._weights = np.array([weights[place] for place in kept])

    def terms(self, most: int = MOST_TERMS) -> list[Term]:
        """Return the best terms of the set, in their order."""
        return [
            Term(self._spelling(place), tuple(self._papers[one].id for one in sorted(self._holders(place))))
            for place in self._unlike(range(len(self._names)), most)
        ]

    def labels(self, groups: Sequence[Sequence[int]], most: int = 8) -> list[tuple[str, list[str]]]:
        """Return for each group of positions of papers its label, and the phrases that tell it best from the others.

        In the manner of class-based TF-IDF (Grootendorst 2022, BERTopic): how common a phrase is in the group, times
        the logarithm of how much more common it is there than elsewhere. Both are shares of papers, so that one paper
        cannot make the label; and it is weighed by how much of a topic the phrase is.
        """
        if not self._names:
            return [("", []) for _ in groups]
        sizes = np.array([[len(group)] for group in groups])
        held = np.stack([self._held[list(group)].sum(axis=0).A1 for group in groups])
        rates = held / np.maximum(sizes, 1)
        elsewhere = (held.sum(axis=0) - held + 0.5) / (sizes.sum() - sizes + 1)
        scores = rates * np.log(np.maximum(rates, 1e-9) / (elsewhere + _SELDOM)) * np.sqrt(self._weights)
        scores[held < min(2, sizes.min())] = 0
        best = [
            self._unlike([int(place) for place in np.argsort(-row, kind="stable") if row[place] > 0], most)
            for row in scores
        ]
        taken: set[int] = set()
        for row, places in sorted(zip(scores, best, strict=True), key=lambda pair: -pair[0].max()):
            places.sort(key=lambda place: (place in taken, -row[place]))  # no two groups have one label
            taken.update(places[:1])
        found = []
        for places, group in zip(best, groups, strict=True):
            chosen, others = self._widest(places, group)
            named = [self._spelling(place) for place in chosen]
            holders = set[int]().union(*(self._holders(place) for place in chosen)) & set(group)
            is_wide = len(holders) >= _HALF * len(group)
            found.append(
                (
                    joined(named if is_wide or not named else [*named, OTHER_SUBJECTS]),
                    [*named, *(self._spelling(place) for place in others)],
                )
            )
        return found

    def _widest(self, places: Sequence[int], group: Sequence[int]) -> tuple[list[int], list[int]]:
        """Return the phrases that together stand in most papers of a group, up to three, and the other phrases.

        The phrase that tells a group best from others may stand in few of its papers. A word alone is chosen only if
        nearly all papers hold it.
        """
        members = set(group)
        held = {place: self._holders(place) & members for place in places}
        wide = [
            place for place in places if " " in self._names[place] or len(held[place]) >= _NEARLY_ALL * len(members)
        ]
        chosen, covered = wide[:1], set(held[wide[0]]) if wide else set()
        while chosen and len(covered) < _MOSTLY * len(members) and len(chosen) < _MOST_NAMED:
            more = max(wide, key=lambda place: len(held[place] - covered))
            if len(held[more] - covered) < max(2, len(members) // 6):
                break
            chosen.append(more)
            covered |= held[more]
        return chosen, [place for place in places if place not in chosen]

    def _holders(self, place: int) -> frozenset[int]:
        return frozenset(self._held.indices[self._held.indptr[place] : self._held.indptr[place + 1]].tolist())

    def _unlike(self, places: Iterable[int], most: int) -> list[int]:
        """Return the first phrases, without those that share words and most papers with one before them."""
        kept: list[tuple[int, set[str], frozenset[int]]] = []
        for place in places:
            words, holders = set(self._names[place].split()) - _INNER, self._holders(place)
            if not any(
                words & other and len(holders & others) >= _ALIKE * min(len(holders), len(others))
                for _, other, others in kept
            ):
                kept.append((place, words, holders))
            if len(kept) == most:
                break
        return [place for place, *_ in kept]

    def _spelling(self, place: int) -> str:
        """Return a phrase as most papers write it; a word that is not a name is small."""
        words, holders = self._names[place].split(), sorted(self._holders(place))
        seen: Counter[str] = Counter()
        for holder in holders[:: max(1, len(holders) // _SPELT)]:
            text, tokens = self._texts[holder], list(_tokens(self._texts[holder]))
            for first in range(len(tokens) - len(words) + 1):
                run = tokens[first : first + len(words)]
                if [form for form, *_ in run] == words:
                    seen[" ".join(text[run[0][1] : run[-1][2]].split())] += 1
        folded: Counter[str] = Counter()
        for way, times in seen.items():
            folded[way.casefold()] += times
        way = min(seen, key=lambda way: (-folded[way.casefold()], -seen[way], sum(map(str.isupper, way)), way))
        return _WORD.sub(lambda match: self._cased(match[0]), way)

    def _cased(self, word: str) -> str:
        """Return a word with a capital in small letters, but for names: those that papers hardly write small."""
        is_title = len(word) > 1 and word.isalpha() and word == word.capitalize()
        return word.lower() if is_title and self._times[word.lower()] * 4 >= self._times[word] else word


def terms(papers: Sequence[Paper], most: int = MOST_TERMS) -> list[Term]:
    """Return the best key phrases of a set of papers, each with every paper that holds it.

    Ids stand in their order; that of the papers changes nothing.
    """
    return Phrases(sorted(papers, key=lambda paper: paper.id)).terms(most)


def abbreviations(texts: Iterable[str]) -> Mapping[str, str]:
    """Return what each abbreviation stands for, "LoRA" for "low-rank adaptation", where most texts agree.

    Those in brackets are read, whose letters, or parts that begin with a capital, begin the words before them.
    """
    said: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for match in _BRACKETED.finditer(text):
            short = match[1].removesuffix("s")
            before = re.split(r"[.,;:!?()\[\]{}]", text[max(0, match.start() - 150) : match.start()])[-1].rstrip()
            for parts in (_CAPITALISED.findall(short), list(short)) if sum(map(str.isupper, short)) > 1 else ():
                if words := re.search(rf"\b{_BETWEEN.join(parts)}\w*$", before, re.IGNORECASE):
                    said[short][words[0]] += 1
                    break
    agreed = {}
    for short, longs in said.items():
        long, _ = min(longs.items(), key=lambda item: (-item[1], item[0]))
        same = sum(times for other, times in longs.items() if _forms(other) == _forms(long))
        if 2 * same > longs.total():
            agreed[short] = long
    return agreed


def _written_out(texts: Sequence[str], times: Mapping[str, int]) -> list[str]:
    """Return texts with abbreviations that they define, and words that they also write with a hyphen, written out."""
    pairs = Counter((first.lower(), second.lower()) for text in texts for first, second in _HYPHENED.findall(text))
    hyphened = {
        first + second: f"{first}-{second}"
        for (first, second), count in pairs.items()
        if count * 10 >= times.get(first + second, 0) > 0
        and {stem(first), stem(second)} <= shares().keys()  # "ma-chine" is no word of two
        and not any(map(_breaks, (first, second, first + second)))
    }
    longs = abbreviations(texts)
    plurals = {f"{short}s": long for short, long in longs.items()}
    capitals = {word.capitalize(): pair.capitalize() for word, pair in hyphened.items()}
    written = {**hyphened, **capitals, **plurals, **longs}
    return [_WORD.sub(lambda match: written.get(match[0], match[0]), text) for text in texts]


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each word in the form that is counted, "" for what no phrase holds, and where it stands in the text."""
    for match in _TOKEN.finditer(text):
        if match[0] not in _GENITIVES:
            yield _form(match[0]), match.start(), match.end()


def _forms(text: str) -> list[str]:
    return [_form(token) for token in _TOKEN.findall(text) if token not in _GENITIVES]


@lru_cache(maxsize=65536)  # the same words of the same abstracts come again and again
def _form(token: str) -> str:
    lower = token.casefold()
    return "" if _breaks(lower) else lower if lower in _INNER else stem(lower)


def _chains(text: str) -> list[list[str]]:
    """Return the words between what no phrase holds."""
    return [list(chain) for is_phrase, chain in groupby(_forms(text), bool) if is_phrase]


def _breaks(word: str) -> bool:
    """Tell whether a word in lower case, or a sign, stands in no phrase."""
    base = _ENDING.sub("", word)
    is_breaking = word not in ("understanding", "learning") and {word, base, base + "e", base[:-1]} & _BREAKING
    return bool(is_breaking) or not word.isalnum() or word.isdigit() or (word.endswith("ly") and len(word) > 5)


def _phrases(chains: Iterable[Sequence[str]], *, whole: bool = False) -> Iterator[str]:
    """Yield each phrase in chains of words; only those with no content word before nor behind them where `whole`."""
    for chain in chains:
        inner = [word in _INNER for word in chain]
        beside = [True, *inner, True]  # beside[i] tells of the place before i: no content word stands there
        content = [place for place, is_inner in enumerate(inner) if not is_inner]
        ends = {place + 1 for place in content if not whole or beside[place + 2]}
        for first in content:
            if whole and not beside[first]:
                continue
            for end in range(first + 1, min(first + _MOST_WORDS + 1, len(chain)) + 1):
                small = sum(inner[first:end])
                if small > 1 or end - first - small > _MOST_WORDS:
                    break
                if end in ends:
                    yield " ".join(chain[first:end])


def _fragments(times: Mapping[str, int]) -> set[str]:
    """Return the phrases that stand inside one longer phrase in most of their papers."""
    found = set()
    for phrase, held in times.items():
        words = phrase.split()
        for first in range(len(words)):
            for end in range(first + 1, len(words) + 1):
                part = " ".join(words[first:end])
                if part != phrase and held >= _CONTAINED * times.get(part, math.inf):
                    found.add(part)
    return found


def _telling(words: Sequence[str]) -> float:
    """Judge in [0, 1] how much of a topic a phrase names: its words are rare in abstracts; one word alone says less."""
    content = [word for word in words if word not in _INNER]
    rarity = [_rarity(word) for word in content]
    if max(rarity) < (_LEAST_IN_PHRASE if len(rarity) > 1 else _LEAST_ALONE) or max(map(len, content)) < 3:
        return 0.0
    return (max(rarity) + sum(rarity) / len(rarity)) / 2 if len(rarity) > 1 else rarity[0] ** 2 / 2


def _rarity(word: str) -> float:
    """Return 0 for the stem of a word of every abstract, up to 1 for a rare one; half of it for an everyday word."""
    rarity = math.log(max(shares().get(word, 0.0), _LEAST_SHARE)) / math.log(_LEAST_SHARE)
    return rarity / 2 if is_light(word) else rarity
