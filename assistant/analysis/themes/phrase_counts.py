"""Counts every run of words that many texts share, exactly, and how often it stands as a whole."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from assistant.analysis.themes import abbreviations

MOST_WORDS = 4
"""Content words of the longest phrase; one small word may stand inside ("mixture of experts")."""

INNER_WORDS = frozenset("for from in of on over to with without".split())
"""Small words that may stand inside a phrase."""

_BREAKING = frozenset(
    (
        "a about above across after again against all almost along already also although always am among an and "
        "another any are around as at be became because become becomes been before being below beside besides best "
        "better between beyond both but by can cannot could currently did do does doing done due during each either "
        "especially et al etc even eventually every few finally first furthermore given had has have having hence "
        "here how however i ie eg if instead into is it its itself just last least less let many may me meanwhile "
        "might more moreover most much must my namely near neither new next no nor not now off often once one only "
        "onto or other others otherwise our out own per perhaps quite rather second several shall she should simply "
        "since so some still such than that the their them themselves then thereby therefore these they third this "
        "those though three through throughout thus together too toward towards two under unlike until up upon us via "
        "use used uses using usually very was we well were what when whenever where whereas whereby whether which "
        "while who whom whose why will within would yet you your "
        # what papers do, which is no part of what they are about
        "achieve address aim allow analyze apply argue attain beat become boost bring call carry claim compare "
        "conduct confirm consider consist construct contain contribute create deliver delve demonstrate derive "
        "describe devise discover discuss elucidate empower enable encourage enhance ensure establish evaluate "
        "examine exceed exhibit exist exploit explore extend facilitate find focus generalize give harness help "
        "highlight identify illustrate improve incorporate increase indicate inspire introduce investigate involve "
        "keep know lack lead leverage make mitigate need neglect obtain offer outperform overcome perform present "
        "preserve prevent produce propose prove provide reach reduce refer rely remain report require rethink "
        "reveal revisit seek show solve study suffer suggest surpass tackle take tend try understand unleash unlock "
        "unveil utilize validate verify yield "
        # what every paper says of itself
        "novel extensive significant recent previous existing various different github https http com www org url "
    ).split()
)
_NOT_BREAKING = frozenset("understanding learning".split())

_TOKEN = re.compile(r"\\[A-Za-z]+|[^\W_]+|[^\w\s\-‐‑]| - ")
_OF_A_VERB = re.compile(r"(?:(?<=[^s])s|es|d|ed|ing)$")
_LEFT_OUT = {
    "state-of-the-art": " | ",
    "State-of-the-art": " | ",
    "State-of-the-Art": " | ",
    "state of the art": " | ",
    "'s ": " ",
    "’s ": " ",
}
"""What is said of everything; and the ending of a genitive."""

_END = "\n"
"""Stands between two texts."""

_BREAK, _INNER, _WORD = 0, 1, 2

_Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Run:
    """A run of words in the form that is counted: lower case, singular, abbreviations written out.

    `holders` are the positions, ascending, of the texts that hold it, `titled` how many do so in the title. `opens` and
    `closes` are the shares of its occurrences, in [0, 1], with no content word before it and behind it: low for a
    fragment of a longer phrase.
    """

    words: tuple[str, ...]
    holders: NDArray[np.int64]
    titled: int
    opens: float
    closes: float


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted: the runs; for each counted word how it is spelt, in lower case; how often each spelling is."""

    runs: Sequence[Run]
    spellings: Mapping[str, frozenset[str]]
    times: Mapping[str, int]


def singular(word: str) -> str:
    """Return a word in lower case without the ending of a plural, and with American endings: a key, not a word."""
    word = word.replace("isation", "ization").replace("ising", "izing").replace("elling", "eling")
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2:
        return word[:-1]
    return word


def count_runs(texts: Sequence[tuple[str, str]], fewest: int) -> Counts:
    """Return the runs of 1 to `MOST_WORDS` content words that at least `fewest` texts, titles and bodies, hold.

    A run crosses no punctuation and none of the words that never stand inside a name of a topic. A hyphen is a space,
    and a word that is also written in two ("finetuning", "fine-tuning") is the two.
    """
    tokens: defaultdict[str, int] = defaultdict(count().__next__)
    tokens[_END]  # is always known
    stream = _read(texts, tokens)
    abbreviated = abbreviations.common((body for _, body in texts), singular)
    forms, kinds, spellings, lengths, parts = _written_out(tokens, stream, abbreviated)
    half_of = np.cumsum(stream == tokens[_END]) - (stream == tokens[_END])  # halves of texts: 2 i is the title of i
    half_of = np.repeat(half_of, lengths[stream])
    begins = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    repeated = np.repeat(begins[stream] - np.concatenate(([0], np.cumsum(lengths[stream])[:-1])), lengths[stream])
    words = parts[repeated + np.arange(len(repeated))]
    runs = _grow(words, half_of, kinds, forms, fewest)
    times = np.bincount(stream, minlength=len(tokens)).tolist()
    return Counts(runs, spellings, dict(zip(tokens, times, strict=True)))


def _read(texts: Sequence[tuple[str, str]], tokens: defaultdict[str, int]) -> _Numbers:
    """Return the tokens of all texts as numbers, with the number of `_END` behind each title and each body."""
    found = []
    for title, body in texts:
        read = [*_tokens(title), _END, *_tokens(body), _END]
        found.append(np.fromiter(map(tokens.__getitem__, read), np.int64, len(read)))
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _tokens(text: str) -> list[str]:
    for said, instead in _LEFT_OUT.items():
        text = text.replace(said, instead)
    return _TOKEN.findall(text)


def _written_out(
    tokens: Mapping[str, int], stream: _Numbers, abbreviated: Mapping[str, tuple[str, ...]]
) -> tuple[list[str], NDArray[np.int8], dict[str, frozenset[str]], _Numbers, _Numbers]:
    """Return the counted forms and their kinds, their spellings, and for each token how many forms it is and which."""
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    spelt: defaultdict[str, set[str]] = defaultdict(set)
    joined = _written_in_two(tokens, stream)
    lengths, parts = np.empty(len(tokens), np.int64), []
    for token in tokens:
        lower = token.casefold()
        if long := abbreviated.get(token) or abbreviated.get(token.removesuffix("s")):
            written = list(long)
        elif lower in joined:
            written = [singular(word) for word in joined[lower]]
        else:
            written = [lower if _kind(lower) != _WORD else singular(lower)]
            spelt[written[0]].add(lower)
        lengths[tokens[token]] = len(written)
        parts += [numbers[word] for word in written]
    kinds = np.array([_kind(form) for form in numbers], np.int8)
    spellings = {form: frozenset(ways) for form, ways in spelt.items()}
    return list(numbers), kinds, spellings, lengths, np.array(parts, np.int64)


def _written_in_two(tokens: Mapping[str, int], stream: _Numbers) -> dict[str, tuple[str, str]]:
    """Return the words, in lower case, that the same texts also write as two at least as often as once in ten."""
    lower: dict[str, int] = {}
    same = np.array([lower.setdefault(token.casefold(), len(lower)) for token in tokens], np.int64)
    names = list(lower)
    stream = same[stream]
    often = np.bincount(stream, minlength=len(names))
    pairs, counts = np.unique(stream[:-1] * len(names) + stream[1:], return_counts=True)
    found = {}
    for pair, times in zip(pairs[counts > 1].tolist(), counts[counts > 1].tolist(), strict=True):
        first, second = names[pair // len(names)], names[pair % len(names)]
        together = lower.get(first + second)
        if together is None or len(first) < 2 or len(second) < 3 or not (first + second).isalpha():
            continue
        if times * 10 >= often[together] and _kind(first) == _kind(second) == _WORD:
            found[first + second] = (first, second)
    return found


def _kind(word: str) -> int:
    if word in INNER_WORDS:
        return _INNER
    if not word[0].isalnum() or word in _BREAKING or word.isdigit() or (word.endswith("ly") and len(word) > 5):
        return _BREAK
    base = _OF_A_VERB.sub("", word)
    if word not in _NOT_BREAKING and base != word and {base, base + "e", base[:-1]} & _BREAKING:
        return _BREAK
    return _WORD


def _grow(words: _Numbers, half_of: _Numbers, kinds: NDArray[np.int8], forms: Sequence[str], fewest: int) -> list[Run]:
    """Return the runs, longer ones made only from shorter ones that are frequent enough (Agrawal and Srikant 1994)."""
    kind = kinds[words]
    outside = np.concatenate(([True], kind != _WORD, [True]))  # outside[i] tells of the place before i
    text_of, in_title = half_of // 2, half_of % 2 == 0
    texts = int(text_of[-1]) + 1 if len(text_of) else 0
    open_at = np.arange(len(words))
    content = np.zeros(len(words), np.int64)
    inner = np.zeros(len(words), np.int64)
    gram = np.zeros(len(words), np.int64)
    names: list[tuple[int, ...]] = [()]
    runs: list[Run] = []
    for length in range(1, MOST_WORDS + 2):
        place = open_at + length - 1
        kept = place < len(words)
        open_at, gram, content, inner, place = (part[kept] for part in (open_at, gram, content, inner, place))
        added = kind[place]
        content, inner = content + (added == _WORD), inner + (added == _INNER)
        kept = (added != _BREAK) & (content <= MOST_WORDS) & (inner <= 1) & ((length > 1) | (added == _WORD))
        open_at, gram, content, inner, place = (part[kept] for part in (open_at, gram, content, inner, place))
        if not len(open_at):
            break
        gram = gram * len(forms) + words[place]
        grown, gram = np.unique(gram, return_inverse=True) if length > 1 else (np.arange(len(forms)), gram)
        held = np.unique(gram * texts + text_of[open_at])
        frequent = np.bincount(held // texts, minlength=len(grown)) >= fewest
        names = [(*names[number // len(forms)], number % len(forms)) for number in grown[frequent].tolist()]
        renumbered = np.cumsum(frequent) - 1
        held = held[frequent[held // texts]]
        held_by, held_in = renumbered[held // texts], held % texts
        kept = frequent[gram]
        open_at, content, inner, place = (part[kept] for part in (open_at, content, inner, place))
        gram = renumbered[gram[kept]]
        times = np.bincount(gram, minlength=len(names))
        opens = np.bincount(gram, outside[open_at], minlength=len(names)) / np.maximum(times, 1)
        closes = np.bincount(gram, outside[place + 2], minlength=len(names)) / np.maximum(times, 1)
        in_titles = np.unique(gram[in_title[open_at]] * texts + text_of[open_at][in_title[open_at]])
        titled = np.bincount(in_titles // max(texts, 1), minlength=len(names))
        ends = np.searchsorted(held_by, np.arange(len(names) + 1))
        for number, name in enumerate(names):
            if kinds[name[-1]] == _WORD:
                spelt = tuple(forms[word] for word in name)
                holders = held_in[ends[number] : ends[number + 1]]
                runs.append(Run(spelt, holders, int(titled[number]), float(opens[number]), float(closes[number])))
    return runs
