"""Texts that stand in a field and say that nothing stands there, and what publishers set around an abstract."""

from __future__ import annotations

import re

# Whatever consists of these words alone says that there is none, or where one is: "No abstract available.", "NA",
# "[Not Available]", "This article has no abstract", "Abstract available from the publisher", "Abstract".
_SAY_NOTHING = frozenset(
    "keine kein missing n/a na nan nil no non none not null não pas sans sem sin tba tbd unavailable undefined "
    "unknown".split()
)
_WORDS = _SAY_NOTHING | frozenset(
    "a abstract abstracts an and applicable are article at aucun aucune author available be been can case chapter "
    "citation currently de description disponible disponível document does en entry exist exists for found from "
    "full given has have here in included is it item listed n name of on online only or page paper pdf please "
    "present process provided provider publication publisher record resumen resumo riassunto résumé see source "
    "summary supplied text that the there this title to verfügbar vorhanden was were with without yet "
    "zusammenfassung".split()
)
_OF_ABSTRACTS = _SAY_NOTHING | frozenset(
    "abstract abstracts available resumen resumo résumé summary zusammenfassung".split()
)
_LONGEST = 120  # characters
_WORD = re.compile(r"n/a|[^\W_]+")

HEADINGS = tuple(
    "abstract summary abstrakt resumen resumo riassunto sommario résumé zusammenfassung kurzfassung samenvatting "
    "аннотация реферат резюме 摘要 要旨 抄録 요약 초록".split()
)
"""What is written above an abstract."""

_NAMES = "|".join(f"{word.capitalize()}|{word.upper()}" for word in HEADINGS)
_HEADING = re.compile(
    r"[<‹〈]正[>›〉]\s*"  # what CNKI has before the body of a text
    rf"|(?:{_NAMES})(?:"
    r"\s*[:：.．|■]\s*(?=\S)"  # "Abstract: we", "Abstract. We"
    r"|\s*[—–―-]+\s*(?=[^\W\d_]|\d)"  # "Abstract—We", not "Abstract-level", for which see below
    r")"
)
_HYPHENATED = re.compile(rf"(?:{_NAMES})-[^\W\d_]")
_HEADING_OF_A_SENTENCE = re.compile(r"(Abstract|ABSTRACT|SUMMARY) (?=[^\W_])")
_GLUED = re.compile(rf"(?:{_NAMES})(?=[A-Z][a-z]*,? [a-z])|ABSTRACT(?=[A-Z][a-z])")
_LABELS = frozenset(
    "aim aims background context importance introduction objective objectives purpose questions rationale".split()
)
_LONGEST_PARTICLE = 3  # letters of a word that begins a sentence before a name ("The", "In"), and no term

_TAIL = 700  # characters, in which a publisher's note is looked for
_LONGEST_SHARE = 0.8  # of a text that may be such a note
_ONLY_RIGHTS = re.compile(r"(?:©|\(c\) ?\d|Copyright\b ?(?:©|\(c\)|\d)).{0,130}", re.IGNORECASE | re.DOTALL)
_NOTE_ABOVE = re.compile(
    r"(?=.{0,90}\d{4})(?:Copyright )?(?:©|\([cC]\)) ?[^.]{0,120}?"
    r"(?:(?:B\.V|N\.V|S\.A|S\.p\.A|Ltd|Inc|Co|LLC|GmbH)\.|[^.]{0,60}(?<!\b[A-Z])\.)"
    r"(?: ?Published by [^.]{0,60}(?:B\.V)?\.)?(?: ?All rights reserved\.)? ?(?=[^\W\d_])"
)
_NOTE = re.compile(
    r"(?:(?:(?<=[.!?;)\]”\"'])|(?<=[.!?;)\]”\"'] ))"
    r"(?:(?:Crown )?[Cc]opyright\b.{0,3}(?:©|\([cC]\)|\d{4}|The |of )|Â?© ?(?=[\dA-Z])|\([cC]\) ?\d{4}"
    r"|\[ABSTRACT FROM AUTHOR\b|\(?(?:PsycINFO|PsycInfo|APA PsycInfo) Database Record"
    r"|This article is protected by copyright|All rights reserved\b).*"
    r"|(?<= )(?:Copyright )?© ?\d{4}\b[^.]{0,80}\.?)$",
    re.DOTALL,
)
_SIGNS_OF_NOTES = ("©", "opyright", "(c)", "(C)", "ABSTRACT FROM AUTHOR", "Psyc", "rights reserved")  # one is in each
_TERMS = re.compile(r"\b(?:[Ll]icen[cs]e|[Pp]ublish|[Pp]ermission|[Rr]ights|property)")
_LONGEST_WITHOUT_TERMS = 200  # characters of a note that says nothing of licences; more is another text behind it


def is_placeholder(text: str) -> bool:
    """Tell whether a title or a journal's name only says that there is none, or holds no letter and no digit at all.

    More than two words do so where one of them is "title", or where they stand in brackets.
    """
    words = _words(text)
    if not words or _is_pending(words) or words == ["n", "a"]:
        return words is not None
    is_of_titles = len(words) <= 2 or "title" in words or text.strip().startswith("[")
    return is_of_titles and not _SAY_NOTHING.isdisjoint(words)


def is_no_abstract(text: str) -> bool:
    """Tell whether an abstract only says that there is none or where one is, or names who holds the rights in it."""
    words = _words(text)
    says_nothing = words is not None and (not words or words == ["n", "a"] or not _OF_ABSTRACTS.isdisjoint(words))
    return says_nothing or bool(_ONLY_RIGHTS.fullmatch(text.strip()))


def _words(text: str) -> list[str] | None:
    """Return the words of a text that consists of nothing but words for what is not there, else None."""
    if len(text) > _LONGEST or not text.strip():
        return None
    text = text.casefold()
    first = _WORD.search(text)
    if first and first[0] not in _WORDS:
        return None  # as of nearly all texts, so the others are not looked for
    words = _WORD.findall(text)
    return words if all(word in _WORDS for word in words) else None


def _is_pending(words: list[str]) -> bool:
    return words == ["in", "process", "citation"]  # what PubMed writes for a title that is to come


def body_of(abstract: str) -> str:
    """Return an abstract without the word "Abstract" above it and without the publisher's note on rights around it.

    Both must stand apart: the heading by a sign, by capitals, or as a word before a new sentence; the note behind the
    end of a sentence.
    """
    text = abstract[_length_of_heading(abstract) :]
    above = _NOTE_ABOVE.match(text)
    if above and above.end() < _LONGEST_SHARE * len(text) and len(text) > 200:
        text = text[above.end() :]
    tail = text[-_TAIL:]
    note = _NOTE.search(tail) if any(sign in tail for sign in _SIGNS_OF_NOTES) else None
    length = len(tail) - note.start() if note else 0
    is_note = length <= _LONGEST_WITHOUT_TERMS or (note is not None and _TERMS.search(note.group()))
    if note and is_note and length < _LONGEST_SHARE * len(text):
        text = text[: len(text) - length].rstrip(" ;")
    return text


def _length_of_heading(text: str) -> int:
    """Return how many characters the word above an abstract takes, 0 where that word begins a sentence."""
    found = _HEADING.match(text)
    if found:
        return 0 if _HYPHENATED.match(text) and not text[: found.end()].isupper() else found.end()
    found = _GLUED.match(text)
    if found:
        return found.end()
    found = _HEADING_OF_A_SENTENCE.match(text)
    if not found:
        return 0
    first, second = [*text[found.end() : found.end() + 80].split(), "", ""][:2]
    is_label = first.casefold().strip(":.") in _LABELS
    if found[1].isupper() and not is_label:
        return found.end() if not (first.isupper() and len(first) > 1) else 0
    begins = first[:1].isupper() and (len(first) <= _LONGEST_PARTICLE or not second[:1].isupper())
    is_sentence = is_label or begins
    is_term = f"{found[1]} {first}".casefold() in text[found.end() :].casefold()
    return found.end() if is_sentence and not is_term else 0
