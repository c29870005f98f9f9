"""Sentences and words of texts: split, folded to compare spellings, stemmed, and weighed by how common they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources

import sentencex
import snowballstemmer

STOP_WORDS = frozenset(
    "a about all also am an and any are as at be been being but by can could did do does done for from had has have "
    "how i if in into is it its me my no nor not of on or our shall should so some such than that the their them then "
    "there these they this those to us was we were what when where which who whom whose why will with would you your "
    "paper papers abstract abstracts author authors say says tell work works worked working research publication "
    "publications published publish topic topics much many more most less least very other".split()
)
"""Words of questions that tell nothing of their subject; fewer words also make the search faster."""

_LIGHT_WORDS = frozenset(
    "abandon able accept accompany accomplish achieve acquire act adapt add admit adopt affect agree aid aim allow "
    "already also alternate always announce answer anticipate apart appear apply appreciate argue arise arrange "
    "arrive ask assess assign assist assume ate attempt attend attract avoid awake away awkward back bad bear beat "
    "become began begin begun behave believe belong beneficial benefit best better big blame borrow bother bought "
    "break brief bring broad brought build built burn buy call came capable care carry case catch caught cause "
    "certain change cheap check choose chose chosen cite claim clear clearly clever close collect combine come "
    "comment commit compete complain complete comprise concern conclude conduct confirm confuse connect consider "
    "consist constitute contain continue convert convince cope correct cost count cover crazy create crucial curious "
    "current currently cut deal dealt decide decrease dedicate defeat define delay deliver demand demonstrate deny "
    "depend derive deserve desire destroy detail determine develop devise differ difficult diminish direct directly "
    "disagree discard discover discuss distinguish divide dominate done double doubt draw drawn drew drive driven "
    "drop drove early earn easily easy eat effort eliminate emerge emphasize employ enable encounter encourage end "
    "enhance enjoy enough ensure enter entire equip escape especially essential establish even ever every examine "
    "exceed exclude exhibit exist expect experience exploit explore expose express extend extra face facilitate fact "
    "fail fall famous far fast favor favour fear feel fell felt few fight fill final find fine finish fit fix fly "
    "follow force forget forgot form fought found free frequently fresh fulfil full fully funny further gain gather "
    "gave generally get give given go gone good got govern grasp great grew grow grown guarantee guess had handle "
    "hang happen happy hard harm hate head hear heard held help hid hidden hide high highly hit hold honest hope huge "
    "hurt ignore illustrate imagine immediate impose impress improve include incorporate increase indicate inform "
    "insert insist inspire install instead intend interesting invent invest investigate invite involve join judge "
    "jump just justify keep kept kick kill knew know known lack laid large largely last late later laugh launch lay "
    "lead learn leave led left lend lent let lie lift like likely limit list listen little live long look lose lost "
    "lot love low lower made main mainly maintain major make man manage mark matter mean meant meet mention mere met "
    "mind minor miss mitigate mix modify mostly motivate move must name narrow near necessary need neglect never new "
    "next nice note nothing notice novel now nowadays number obey observe obtain obvious occur offer often old omit "
    "once open operate oppose order organize original otherwise outdo outperform overcome owe own paid part "
    "participate particular pass pay people perform perhaps permit persuade pick place plan play please point poor "
    "popular possess possible practical precise prefer prepare preserve press pretty prevent previous primary prior "
    "probably proceed produce progress promise promote prompt proper protect prove proven provide publish pull "
    "purpose pursue push put qualify quick quickly quiet quite raise ran rare rather reach react read ready real "
    "realize really reason receive recent recognize recommend record recover reduce refer reflect refuse regard "
    "regularly reject rely remain remark remarkable remedy remember remind remove render rent repeat replace reply "
    "report require rescue resist resolve respond rest restrict retain reveal ride right rise risen risk rose roughly "
    "round rule run rush said same sang sat satisfy save saw see seek seem seen select sell send sent separate "
    "serious serve set settle several severe shake share sharp shift shook short show shown shut side significant "
    "similar simple simply sit slightly slow small smart sold solid someone something soon sort spare speak special "
    "specify spend spent split spoke spoken spread stand start state stay steal stick still stolen stood stop store "
    "strange strategic stress strike strong struck struggle succeed successful suffer sufficient suggest suit supply "
    "support suppose sure surpass surprise surprising survive suspect sustain swear switch tackle take taken talk "
    "taught teach tear tend terrible thank thing think thought threaten threw throw tie time tiny together told took "
    "touch tough trace transform travel treat trick trouble true truly trust try turn typical ultimate uncover "
    "undergo understand understood undertake unexpected unique unusual upon urge useful usually utilize valid "
    "valuable value vanish various vary vast view visit vital wait walk want warn wash waste watch way weak wear "
    "welcome well went whole wide widely willing win wish woke won wonder wonderful wore work worry worse worst worth "
    "write written wrong wrote yes yet yield young".split()
)
"""Everyday verbs, adverbs and adjectives, which a question says in its own way and an abstract in another."""

_NO_VOWEL = re.compile(r"[^\W_aeiouy]{3,}")
_WORDS = re.compile(r"[^\W_]+")

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")

LIST_MARKER = re.compile(r"\s*(?:\d{1,2}[.)]|[-*•])(?=\s|$)\s*")
"""What opens an item of a list: it belongs to the sentence behind it, and is no number of the text."""


@lru_cache(maxsize=4096)  # the same titles and names are compared again and again
def fold(text: str) -> str:
    """Return the words of a text in lower case without diacritics or punctuation, joined by single spaces."""
    if not text.isascii():
        text = _BEYOND_ASCII.sub(_without_marks, unicodedata.normalize("NFKD", text))
    return " ".join(_WORDS.findall(text.casefold()))


def _without_marks(match: re.Match[str]) -> str:
    return "".join(character for character in match.group() if not unicodedata.combining(character))


def same_person(query: str, name: str) -> bool:
    """Tell whether every word of `query` fits a word of `name`, an initial fitting any word it begins.

    Both are compared folded, so "N. Gu", "gu" and "Naibin Gu" all fit "Naibin Gu". Word order does not matter. One word
    must be the same in full: initials alone name nobody.
    """
    remaining = fold(name).split()
    words = fold(query).split()
    same = [word for word in words if len(word) > 1 and word in remaining]
    if not same:
        return False
    for word in same:
        if word in remaining:
            remaining.remove(word)
            words.remove(word)
    for word in words:
        fitting = next((other for other in remaining if 1 in (len(word), len(other)) and word[0] == other[0]), None)
        if fitting is None:
            return False
        remaining.remove(fitting)
    return True


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text in order, without the white space around them."""
    sentences: list[str] = []
    opening, position = "", 0
    for part in sentencex.segment("en", text.encode("utf-8", "replace").decode()):  # halves of characters become "?"
        opening += text[position : position + len(part)]
        position += len(part)
        if not LIST_MARKER.fullmatch(opening):
            sentences.append(opening.strip())
            opening = ""
    return [sentence for sentence in [*sentences, opening.strip()] if sentence]


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


@lru_cache(maxsize=65536)  # the same words of the same abstracts come again and again
def stem(word: str) -> str:
    """Return the stem of an English word in lower case (Porter's second algorithm); of an acronym its singular."""
    if word.endswith("s") and _NO_VOWEL.fullmatch(word):
        return word[:-1]
    return str(_stemmer().stemWord(word))


def is_light(word: str) -> bool:
    """Tell whether a word in lower case, or one of its stem, is an everyday one that names no subject."""
    return word in _LIGHT_WORDS or stem(word) in _light_stems()


@cache
def shares() -> Mapping[str, float]:
    """Return for each common stem in which share of abstracts it stands, in (0, 1]; see E2 in docs/experiments."""
    lines = resources.files("assistant.text").joinpath("word_shares.tsv").read_text(encoding="utf-8").splitlines()
    return {word: int(thousandths) / 1000 for word, thousandths in (line.split("\t") for line in lines)}


@cache
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")


@cache
def _light_stems() -> frozenset[str]:
    return frozenset(map(stem, _LIGHT_WORDS))
