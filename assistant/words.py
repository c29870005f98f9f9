"""The words of a question or sentence that tell its subject, their stems, and how common they are in abstracts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources

import snowballstemmer

STOP_WORDS = frozenset(
    "a about all also am an and any are as at be been being but by can could did do does done for from had has have "
    "how i if in into is it its me my no nor not of on or our shall should so some such than that the their them then "
    "there these they this those to us was we were what when where which who whom whose why will with would you your "
    "paper papers abstract abstracts author authors say says tell work works worked working research publication "
    "publications published publish topic topics much many more most less least very other".split()
)
"""Words of questions that tell nothing of their subject; fewer words also make the search faster."""

FRAME_WORDS = frozenset(
    "use uses used using way ways kind kinds type types main idea ideas approach approaches method methods study "
    "studies describe describes summarise summarize explain explains introduce introduces present presents propose "
    "proposes proposed contribution contributions problem problems solve solves overview summary stand stands".split()
)
"""Words that frame a question about a paper, whatever the paper says."""

_LIGHT_WORDS = frozenset(
    "able add again allow allowed already also always appear apart ask avoid away back bad become began begin best "
    "better big both bring bring brought built buy bought call called care carry case catch cause chose choose chosen "
    "close come consider continue cost create cut day deal decide develop die different draw drawn drive drop early "
    "easy eat enough even ever every expect fact fall far fast feel few find fine first follow found free full gave "
    "get give given go good got great grow happen hard hear held help here high hit hold hope hurt include involve "
    "just keep kept kill know large last late later lead learn leave led left let lets like little live long look lose "
    "lost lot low made main make man mean meant meet mind move need never new next nothing now number offer often old "
    "once open order own owe part pass pay people place play point possible produce provide pull push put quite raise "
    "ran reach read ready real receive remain remember report require rest right rise run same saw see seem seen sell "
    "send sent serve set several short show shown side sit small someone something soon sort speak spend spent spoke "
    "stand start stay still stop suggest support sure take taken talk taught teach thing think thought time together "
    "told took true try turn understand upon wait walk want watch went whole wide win wish won work worse worst write "
    "written wrong wrote year yes yet young".split()
)
"""Everyday words, mostly verbs, that a question says in its own way and an abstract in another."""

_WORDS = re.compile(r"[^\W_]+")


def content_words(question: str, *, or_all: bool = True) -> list[str]:
    """Return the words of a question that may tell its subject, in order, each once, in lower case.

    Where there is none, all its words are returned, or none unless `or_all`.
    """
    words = dict.fromkeys(_WORDS.findall(question.casefold()))
    kept = [word for word in words if word not in STOP_WORDS]
    return kept or (list(words) if or_all else [])


def written_words(text: str) -> list[str]:
    """Return the words of a text in order, as they are written."""
    return _WORDS.findall(text)


def looks_like_a_name(word: str) -> bool:
    """Tell whether a word is written as names of methods are: KnowRL, BM25."""
    has_digit = any(character.isdigit() for character in word)
    has_letter = any(character.isalpha() for character in word)
    return sum(character.isupper() for character in word) >= 2 or (has_digit and has_letter)


@lru_cache(maxsize=65536)  # the same words of the same abstracts come again and again
def stem(word: str) -> str:
    """Return the stem of an English word in lower case (Porter's second algorithm)."""
    return str(_stemmer().stemWord(word))


def is_light(word: str) -> bool:
    """Tell whether a word in lower case, or one of its stem, is an everyday one that names no subject."""
    return word in _LIGHT_WORDS or stem(word) in _light_stems()


@cache
def shares() -> Mapping[str, float]:
    """Return for each common stem in which share of abstracts it stands, in (0, 1]; see docs/EXPERIMENTS.md."""
    lines = resources.files("assistant").joinpath("word_shares.tsv").read_text(encoding="utf-8").splitlines()
    return {word: int(thousandths) / 1000 for word, thousandths in (line.split("\t") for line in lines)}


@cache
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")


@cache
def _light_stems() -> frozenset[str]:
    return frozenset(map(stem, _LIGHT_WORDS))
