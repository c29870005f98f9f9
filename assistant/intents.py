"""What a question asks for, read by its words: a number, a list, who, when ... or prose.

The reading works on a question in which names, dates, categories and quotations are marks already; `cues.toml` says
which, and holds the words. A question is for the catalogue only where every word of it is explained: as a cue, as a
filter, as the topic of the papers, or as a word that says nothing of them.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Literal

from assistant.types import Length, Measure, PlanKind

Position = Literal["", "first", "last"]

_WORDS = re.compile(r"[@#]?[^\W_]+(?:['’-][^\W_]+)*")
_NUMBERS = dict(zip("one two three four five six seven eight nine ten".split(), range(1, 11), strict=True))
_LONGEST_TOPIC = 8
"""Words."""

_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True, slots=True)
class Intent:
    """What a question asks for. `topic` is what papers are to hold; `leftover` are the words that nothing explains.

    `is_weak` tells that only a preposition such as "in" makes the topic one.
    """

    kind: PlanKind
    measure: Measure | None = None
    limit: int | None = None
    topic: str = ""
    is_weak: bool = False
    position: Position = ""
    has_code: bool | None = None
    leftover: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Cues:
    head: re.Pattern[str]
    library: re.Pattern[str]
    limit: re.Pattern[str]
    topic_after: re.Pattern[str]
    topic_before: re.Pattern[str]
    weak: frozenset[str]
    filler: frozenset[str]
    flags: dict[str, re.Pattern[str]]
    paper_measures: dict[str, re.Pattern[str]]
    measures: dict[str, re.Pattern[str]]
    lists: re.Pattern[str]
    compares: re.Pattern[str]
    synthesises: re.Pattern[str]
    summarises: re.Pattern[str]
    changes: re.Pattern[str]
    short: re.Pattern[str]
    long: re.Pattern[str]
    around_overviews: frozenset[str]
    about: re.Pattern[str]
    chinese: tuple[tuple[str, str], ...]


@cache  # the words ship with the program
def _cues() -> _Cues:
    data = tomllib.loads((resources.files("assistant") / "cues.toml").read_text(encoding="utf-8"))
    words: dict[str, str] = data["words"]

    def one(pattern: str) -> re.Pattern[str]:
        for name, value in words.items():
            pattern = pattern.replace(f"{{{name}}}", value)
        return re.compile(re.sub(r"@([apcdvq])(?![\w\]\\])", r"@\1\\d+", pattern))

    def any_of(patterns: list[str]) -> re.Pattern[str]:
        return one("|".join(f"(?:{pattern})" for pattern in patterns))

    def each(table: dict[str, Any]) -> dict[str, re.Pattern[str]]:
        return {name: any_of(patterns) for name, patterns in table.items()}

    between = (
        r"(?:#h|#he|@[adcv]\d+|\bones?\b)(?: (?:that|which|who|are|is|were|was|there|have|has|been|only|primarily"
        r"|mainly|do|does|we|published|written|did|publish|write|released|in the library|#first|#last|#code)\b"
        r"| @[adcv]\d+| (?:by|from|in|since|of) (?=@))*"
    )
    return _Cues(
        head=one(r"\b(?:{head}|(?<!of )(?<!worked )works(?! (?:on|with|for|well|best)))\b"),
        library=one(
            r"\b(?:(?:is|are) )?(?:in|of|from|inside) {library}\b|\b(?:does|do) {library} (?:have|contain|hold)\b"
        ),
        limit=one(
            r"\b(?:top|first|last|only|the|list|show|give me|name|any) {number}\b"
            r"(?= (?:[\w@-]+ )?(?:#h|{people}|{with}))"
            r"|\btop {number}\b"
        ),
        topic_after=one(
            rf"{between} (?P<how>{data['topics']['lead']}) (?P<topic>(?![@#])[^·#@]+?|@q\d+){data['topics']['end']}"
        ),
        topic_before=re.compile(r"(?<![@#\w])(?P<topic>(?:[^\W_][\w'-]*|@q\d+)(?: (?:[^\W_][\w'-]*|@q\d+))*) #h"),
        weak=frozenset(data["topics"]["weak"]),
        filler=frozenset(data["filler"]["words"].split()),
        flags=each(data["flags"]),
        paper_measures=each(data["paper_measures"]),
        measures=each(data["measures"]),
        lists=any_of(data["lists"]["patterns"]),
        compares=any_of(data["prose"]["compares"]),
        synthesises=any_of(data["prose"]["synthesises"]),
        summarises=any_of(data["prose"]["summarises"]),
        changes=any_of(data["prose"]["changes"]),
        short=any_of(data["prose"]["short"]),
        long=any_of(data["prose"]["long"]),
        around_overviews=frozenset(f"{data['overviews']['words']} {data['filler']['words']}".split()),
        about=any_of([*data["about"]["greetings"], *data["about"]["questions"]]),
        chinese=tuple(sorted(data["chinese"].items(), key=lambda pair: -len(pair[0]))),
    )


def in_english(question: str) -> str:
    """Put the Chinese cues of a question into English; what is no cue stays."""
    if _CHINESE.search(question):
        for chinese, english in _cues().chinese:
            question = question.replace(chinese, english)
    return question


def is_chinese(text: str) -> bool:
    """Tell whether a text holds Chinese characters."""
    return _CHINESE.search(text) is not None


def compares(question: str) -> bool:
    """Tell whether a question compares, by a word of it."""
    return _cues().compares.search(question.casefold()) is not None


def overview_topic(masked: str) -> str:
    """Return what an overview is to be about, from a masked question in lower case; "" where it is about all papers."""
    cues = _cues()
    text = _flagged(cues.head.sub("#h", re.sub(r"[?,!;:()]", " ", masked)), cues)[0]
    for measure in ("newest", "oldest"):
        text = cues.measures[measure].sub(" · ", text)
    text = cues.library.sub("·", text)
    topic: list[str] = []
    for segment in re.split(r"·|@(?!q)\w+|#\w+|\.(?=\s|$)", text):
        words = segment.split()
        while words and (words[0] in cues.around_overviews or _is_number(words[0])):
            words.pop(0)
        ended = len(words)
        while words and (words[-1] in cues.around_overviews or (len(words) < ended and _is_number(words[-1]))):
            words.pop()
        topic = words if len(words) > len(topic) else topic
    return " ".join(topic)


def overview_extreme(masked: str) -> tuple[Literal["", "newest", "oldest"], int | None]:
    """Return whether an overview is to be of the newest or the oldest papers only, and of how many; None: not said."""
    cues = _cues()
    text = cues.head.sub("#h", re.sub(r"[?,!;:()]", " ", masked))
    for measure in ("newest", "oldest"):
        for match in cues.measures[measure].finditer(text):
            behind = re.match(r"\s*(?:\d{1,3}\s+)?#h|\s*$", text[match.end() :])
            if behind or "#h" in match.group():
                number = _number(match) or _number(cues.limit.search(text))
                single = re.search(rf"{re.escape(match.group())}\s+(?:paper|article|publication|work)\b", masked)
                return ("newest" if measure == "newest" else "oldest"), number or (1 if single else None)
    return "", None


def is_around_overviews(word: str) -> bool:
    """Tell whether a word at the edge of a question says nothing of what an overview is about."""
    return word.casefold() in _cues().around_overviews


def asks_for_change(masked: str) -> bool:
    """Tell whether an overview is to say what changed."""
    return _cues().changes.search(masked) is not None


def overview_length(question: str) -> Length:
    """Return how long an overview is asked for."""
    cues, text = _cues(), question.casefold()
    return "short" if cues.short.search(text) else "long" if cues.long.search(text) else "medium"


@cache
def vocabulary() -> tuple[str, ...]:
    """Return the words of asking: those that say nothing of the papers, and those that the cues are made of."""
    data = tomllib.loads((resources.files("assistant") / "cues.toml").read_text(encoding="utf-8"))
    plain = set(data["filler"]["words"].split())
    for table in ("measures", "paper_measures", "lists", "prose", "words"):
        for patterns in data[table].values():
            for pattern in [patterns] if isinstance(patterns, str) else patterns:
                plain |= set(re.findall(r"(?<!\\)\b[a-z]{4,}\b", pattern.replace("?", " ")))
    return tuple(sorted(word for word in plain if len(word) >= 4))


def read(masked: str, *, of_list: bool = False) -> Intent:
    """Read a masked question in lower case. `of_list` tells that it speaks of papers listed before without a word."""
    cues = _cues()
    text = _tidy(re.sub(r"[?,!;:()]", " ", masked)).rstrip(". ")
    if cues.about.search(text):
        return Intent("about")
    text = re.sub(r"\b(?:i|we)(?:'d| would) like\b", " ", text)
    text = cues.head.sub("#h", text)
    if of_list and "#h" not in text:
        text = re.sub(r"^(?:(?:and|but|so|or) )?(which|what|how many|list|show)\b", r"\1 #h", text, count=1)
        text = text if "#h" in text else f"#h {text}"
    text = re.sub(r"\b(?:he|she|they)\b", "#he", text)
    text, position, has_code = _flagged(text, cues)
    named = len(set(re.findall(r"@p\d+", text)))
    if (cues.summarises if named else cues.synthesises).search(text):
        return _finished(Intent("synthesis", position=position, has_code=has_code), text, cues)
    measure, rest, limit = _measured(text, cues, named > 0)
    found = Intent(
        "catalogue" if measure else "passages",
        measure,
        limit,
        position=position,
        has_code=has_code,
    )
    if named >= 2 and cues.compares.search(text) and measure not in ("authors_of", "details"):
        return replace(found, kind="comparison", measure=None)
    return _finished(found, rest, cues)


def _finished(found: Intent, rest: str, cues: _Cues) -> Intent:
    rest, topic, is_weak = _topic(_tidy(cues.library.sub(" ", rest)), cues)
    if found.kind == "synthesis":
        rest = cues.synthesises.sub(" ", rest)
    leftover = tuple(
        word
        for word in _WORDS.findall(rest)
        if (word.startswith("@q") or not word.startswith(("@", "#")))
        and word not in cues.filler
        and not (found.limit and (word == str(found.limit) or _NUMBERS.get(word) == found.limit))
    )
    return replace(found, topic=topic, is_weak=is_weak, leftover=leftover)


def _flagged(text: str, cues: _Cues) -> tuple[str, Literal["", "first", "last"], bool | None]:
    """Return the text with marks in the place of first and last authors and of code, and what was marked."""
    position: Literal["", "first", "last"] = ""
    if cues.flags["first"].search(text):
        position = "first"
    elif cues.flags["last"].search(text):
        position = "last"
    has_code = (
        False if cues.flags["without_code"].search(text) else True if cues.flags["with_code"].search(text) else None
    )
    for flag, mark in (("without_code", "#code"), ("with_code", "#code"), ("first", "#first"), ("last", "#last")):
        text = cues.flags[flag].sub(mark, text)
    return text, position, has_code


def _measured(text: str, cues: _Cues, names_paper: bool) -> tuple[Measure | None, str, int | None]:
    """Return the measure, the text without the words that named it, and the limit."""
    limit = _number(cues.limit.search(text))
    if names_paper:
        for name, pattern in cues.paper_measures.items():
            if match := pattern.search(text):
                return name, _without(text, match), limit  # type: ignore[return-value]
    for name, pattern in cues.measures.items():
        match = pattern.search(text)
        if match and not (name == "coauthors" and not re.search(r"@a|#he|\bwho\b|\boften\b|\bmost\b", text)):
            rest = cues.lists.sub(_marks, _without(text, match))
            return name, rest, limit or _number(match)  # type: ignore[return-value]
    if cues.lists.search(text):
        return "papers", _tidy(cues.lists.sub(_marks, text)), limit
    if "#h" in text and re.search(r"@[adcv]\d|#code|#first|#last", text):
        return "papers", text, limit
    return None, text, limit


def _without(text: str, match: re.Match[str]) -> str:
    return _tidy(f"{text[: match.start()]} {_marks(match)} {text[match.end() :]}")


def _marks(match: re.Match[str]) -> str:
    """Leave of what was read its marks, and one for papers, so that a topic behind it is still found."""
    marks = re.findall(r"[@#]\w+", match.group())
    return f" {' '.join(marks)} " if "#h" in marks else f" {' '.join(marks)} #h "


def _is_number(word: str) -> bool:
    return word.isdigit() or word in _NUMBERS


def _tidy(text: str) -> str:
    return re.sub(r"(?:#h ?){2,}", "#h ", " ".join(text.split())).strip()


def _number(match: re.Match[str] | None) -> int | None:
    said = next((value for value in match.groups() if value), None) if match else None
    return None if said is None else _NUMBERS.get(said) or (int(said) if said.isdigit() else None)


def _topic(text: str, cues: _Cues) -> tuple[str, str, bool]:
    """Return the text without its topic, the topic, and whether it is a weak one."""
    for found in cues.topic_after.finditer(text):
        topic = re.sub(
            r"^(?:(?:the|a|an|any) )?(?:(?:topics?|subjects?|words?|terms?|keywords?|phrase|area|field) (?:of )?)?",
            "",
            found["topic"].strip(),
        )
        words = topic.split()
        if words and len(words) <= _LONGEST_TOPIC and not set(words) <= cues.filler:
            return f"{text[: found.start('how')]} · {text[found.end('topic') :]}", topic, found["how"] in cues.weak
    for found in cues.topic_before.finditer(text):
        words = found["topic"].split()
        while words and words[0] in cues.filler:
            words.pop(0)
        while words and words[-1] in cues.filler:
            words.pop()
        if words and len(words) <= _LONGEST_TOPIC - 3:
            topic = " ".join(words)
            start = text.index(topic, found.start())
            return f"{text[:start]} · {text[start + len(topic) :]}", topic, False
    if quoted := re.search(r"@q\d+", text):
        return f"{text[: quoted.start()]} · {text[quoted.end() :]}", quoted.group(), False
    return text, "", False
