"""Entries of BibTeX as they stand in a text, also where it is careless: types, keys, and fields by their names.

What is meant is taken where that is plain: a comma, an equals sign or the last brace that is missing, a brace too many
behind a field, names and keys with spaces, no key, entries behind one another on one line. Where it is not, but the
next field is, the entry is read without the part between, or with a value that ends there, and a Fault says so. Any
other entry is a Fault and costs only itself. Text between entries is a comment, unless fields stand in it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from assistant.text import shortened

LONGEST_ENTRY = 1_000_000  # characters
LONGEST_MACRO = 10_000  # characters, of what an abbreviation stands for: it may hold others many times over
LONGEST_COMMENT = 1_000  # characters before an entry in its line
MOST_MACROS = 20_000
LONGEST_DOUBT = 50_000  # characters of a field that is broken
MOST_DOUBTS = 10  # broken fields of an entry that is read all the same
NOT_CLOSED = "a brace or a quotation mark is not closed"
MOST_FAULTS = 30  # in one piece: the end of each was looked for to the end of the piece

MONTHS = "January February March April May June July August September October November December".split()
COMMENTS = frozenset({"comment", "preamble"})
PEOPLE = frozenset({"author", "authors", "editor", "editors"})
KEYWORDS = frozenset({"keywords", "keyword", "groups", "mendeleygroups", "mendeleytags", "tags"})

TYPE = r"\w[\w.:+*/-]{0,60}+(?:[ \t]\w[\w-]{0,30}+){0,2}"
NAME = r"[^\W\d][^={},\"\n@%#()]{0,60}?"
FIELD_SIGN = rf"\s*+{NAME}\s*+=\s*+[\w{{\"]"
KEY = r"[^,={}\n]{0,300}?"

START = re.compile(rf"[\s\ufeff]*+@\s*+{TYPE}[ \t]*+(?:\{{|\(\s*+(?:[^\s,=(){{}}]*+,|\w+\s*+=|$))")
LONELY_TYPE = re.compile(r"[\s\ufeff]*+@[ \t]*+\w+\s*+$")
HEAD = re.compile(rf"@?\s*+(?P<type>{TYPE})\s*+(?P<open>[{{(])")
SIGN = re.compile(
    rf"@\s*+{TYPE}\s*+[{{(](?:\s*+{KEY},)?{FIELD_SIGN}|^[ \t]*+(?P<bare>\w[\w-]*+\{{\s*+{KEY},{FIELD_SIGN})",
    re.MULTILINE,
)
KEYLESS = re.compile(r"(?:\s*+,)?(?=\s*+[A-Za-z][\w-]*+\s*+=)|\s*+,")
WITH_KEY = re.compile(
    rf"\s*+(?P<key>{KEY})(?:\s*+,|[^\S\n]*+(?=\}})|\n(?={FIELD_SIGN}))|\s*+(?P<spaced>[^\s,={{}}]++)\s++(?={FIELD_SIGN})"
    r"|\s*+(?P<odd>[^,\n]{1,300}+),"
)
ANY_KEY = re.compile(r"\s*+([^\s,={}@]++)")
MORE_OF_KEY = re.compile(r"[^={}@\"\n,]{1,300}+,[^\S\n]*+(?=\n)")
GROUP = r"[^{}]*+(?:\{[^{}]*+(?:\{[^{}]*+(?:\{[^{}]*+\}[^{}]*+)*+\}[^{}]*+)*+\}[^{}]*+)*+"
FIELD = re.compile(rf"[\s,;]*+([A-Za-z][\w-]*+)\s*+=\s*+\{{({GROUP})\}}\s*+(?:,|(?=\}}))")
BETWEEN_FIELDS = re.compile(r"(?:[\s,;\ufeff]++|%[^\n]*+(?=\n))*+")
FIELD_NAME = re.compile(rf"({NAME})\s*+(?:=|(?=[{{\"]))\s*+")
ODD_NAME = re.compile(  # "//doi", as people put a field away
    r"([^\s\w={},\"@%()][^\s={},\"@%()]{0,60}+|\d[\w-]{0,60}+)\s*+=\s*+"
)
WORD = re.compile(r"[^\s,={}\"#()]++")
CONCATENATION = re.compile(r"\s*+#\s*+")
FIELD_END = re.compile(rf"\s*+(?:,|\Z|(?=[%}})])|(?={NAME}\s*+=\s*+[\w{{\"]))")
QUOTE_END = re.compile(rf"\s*+(?:[#,%}})]|\Z|{NAME}\s*+=)")
WORDS = re.compile(r"([^\n={},\"#@]{1,300}?)\s*+(?:,|(?=\})|(?=\n))")
REST_OF_LINE = re.compile(r"([^\n=]{1,10000}?)[^\S\n]*+(?:,[^\S\n]*+(?=\n|\Z)|(?=\n|\Z|\}[^\S\n]*+(?:\n|\Z)))")
BRACE_TOO_MANY = re.compile(rf"[}})]\s*+,?(?=\s*+{NAME}\s*+=\s*+[{{\"])")
OPENED = re.compile(r"[,\n]\s{0,20}[A-Za-z][\w-]{0,60}\s{0,20}=\s{0,20}\Z")
# White space is looked at from where it begins, and only once.
NEXT_FIELD = re.compile(rf"(?:,|(?<!\s)[^\S\n]*+\n)\s*+(?={NAME}\s*+=\s*+[\w{{\"])")
LINE_OF_FIELD = re.compile(r"(?:,|(?<![\s,]))[^\S\n]*+\n\s*+[A-Za-z][\w-]*+\s*+=\s*+[\w{\"]")
SWALLOWED = re.compile(r",\s?[A-Za-z][\w-]*+\s?=\s?[{\"]")
BRACE = re.compile(r"[{}]")
BRACE_OR_QUOTE = re.compile(r"[{}\"]")
LOST_FIELD = re.compile(r"^[^\S\n]*+[A-Za-z][\w-]*+[^\S\n]*+=[^\S\n]*+[{\"]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields of an entry by their names in small letters, without spaces and hyphens; its key, line and type."""

    fields: Mapping[str, str]
    key: str
    line: int
    type: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a line, in words for a person."""

    line: int
    reason: str


class _FaultError(ValueError):
    """An entry is broken at a place: what is wrong, whether it lacks its end, and how it was read all the same."""

    def __init__(self, what: str, position: int, is_open: bool = False, cure: str = "") -> None:
        super().__init__(what)
        self.position = position
        self.is_open = is_open
        self.cure = cure


def read(stream: TextIO) -> Iterator[Entry | Fault]:
    """Yield the entries of a text in their order, and what is broken, holding one entry at a time."""
    macros = {name: month for month in MONTHS for name in (month[:3].lower(), month.lower())}
    for line, text, is_cut in _pieces(stream):
        yield from _Piece(text, line, macros).entries(is_cut)


def _pieces(stream: TextIO) -> Iterator[tuple[int, str, bool]]:
    """Yield the number of the first line and the text of each entry, with what follows it up to the next one.

    Of a piece that is longer than any entry only the beginning is given, and it is said that it was cut.
    """
    first, lines, length, lonely = 1, list[str](), 0, ""
    for number, line in enumerate(stream, start=1):
        is_start = "@" in line and START.match(line) is not None
        if lonely and line.lstrip().startswith(("{", "(")):  # what stood alone in the line before is an entry's type
            if lines:
                yield first, "".join(lines), length > LONGEST_ENTRY
            first, lines, length = number - 1, [lonely], len(lonely)
        elif lonely:
            lines.append(lonely)
        lonely = ""
        if is_start:
            if lines:
                yield first, "".join(lines), length > LONGEST_ENTRY
            first, lines, length = number, [], 0
        elif "@" in line and LONELY_TYPE.match(line):
            lonely = line
        length += len(line)
        if not lonely and (length <= LONGEST_ENTRY or not lines):
            lines.append(line)
    if lines or lonely:
        yield first, "".join([*lines, lonely]), length > LONGEST_ENTRY


class _Piece:
    """A part of a text that begins with an entry, or stands before the first one."""

    def __init__(self, text: str, line: int, macros: dict[str, str]) -> None:
        self._text = text
        self._line = line
        self._macros = macros
        self._doubts: list[_FaultError] = []  # of the entry that is being read

    def entries(self, is_cut: bool) -> Iterator[Entry | Fault]:
        """Yield the entries and what is broken; of a piece that `is_cut` also that its rest was left out."""
        text, position, fault_count = self._text, 0, 0
        start = text.find("@") if START.match(text) or LONELY_TYPE.match(text[: text.find("\n") + 1]) else -1
        while True:
            if start < 0:
                sign = SIGN.search(text, position)
                start = (sign.start("bare") if sign["bare"] else sign.start()) if sign else len(text)
                if lost := self._lost(position, start):
                    yield lost
            if start == len(text) or fault_count == MOST_FAULTS:
                break
            try:
                self._doubts = []
                entry, position = self._entry(start)
                if entry and not self._is_commented_out(start, position):
                    yield entry
                    yield from (self._fault(start, doubt) for doubt in self._doubts)
            except _FaultError as fault:
                position = start + 1
                if is_cut and fault.is_open and not SIGN.search(text, position):
                    break
                fault_count += 1
                yield self._fault(start, fault)
                sign = SIGN.search(text, position)
                position = sign.start() if sign else len(text)
            start = -1
        if fault_count == MOST_FAULTS:
            yield Fault(self._line, "Too much in this line is not valid BibTeX; the rest of it was left out.")
        elif is_cut and text.lstrip("\ufeff \t@")[:7].lower() != "comment":
            reason = (
                f"More than {LONGEST_ENTRY:,} characters stand here without a new entry at a line's beginning, so the "
                "rest of them was left out. Mend this place and add the file again."
            )
            yield Fault(self._line, reason)

    def _line_of(self, position: int) -> int:
        return self._line + self._text.count("\n", 0, position)

    def _fault(self, start: int, fault: _FaultError) -> Fault:
        head = HEAD.match(self._text, start)
        position = head.end() if head else start
        key = WITH_KEY.match(self._text, position) or ANY_KEY.match(self._text, position)
        name = shortened("".join(filter(None, key.groups())).strip()) if key else ""
        entry = f"The entry “{name}”" if name else "This entry"
        line = self._line_of(fault.position)
        where = "" if fault.is_open and not fault.cure else f" in line {line}"
        reason = (
            f"{entry} is not valid BibTeX: {fault.args[0]}{where}.{fault.cure} Mend the entry and add the file again."
        )
        return Fault(self._line_of(start), reason)

    def _is_commented_out(self, start: int, end: int) -> bool:
        """Tell whether every line of an entry begins with the sign of comments, which BibTeX does not know."""
        before = self._text[max(start - LONGEST_COMMENT, 0) : start].rpartition("\n")[2].lstrip()
        return before.startswith("%") and all(
            line.lstrip().startswith("%") for line in self._text[start:end].split("\n")[1:]
        )

    def _lost(self, start: int, end: int) -> Fault | None:
        """Return the Fault that fields stand outside of any entry, if they do."""
        if "=" not in self._text[start:end]:
            return None
        lost = LOST_FIELD.search(self._text, start, end)
        if not lost:
            return None
        return Fault(
            self._line_of(lost.start()),
            "Fields stand here outside of any entry, so they were left out. Put “@article{key,” or the like before "
            "them and add the file again.",
        )

    def _entry(self, start: int) -> tuple[Entry | None, int]:
        """Return the entry that begins at `start`, None for what is no paper, and where it ends. Raises _FaultError."""
        text = self._text
        head = HEAD.match(text, start)
        if not head:
            raise _FaultError("its type is not followed by a brace", start)
        kind, position = head["type"].lower(), head.end()
        if kind in COMMENTS:
            return None, _end_of_group(text, head.end() - 1) or (text.find("\n", position) + 1 or len(text))
        if kind == "string":
            macros, position = self._fields(position)
            if len(self._macros) < MOST_MACROS:
                self._macros |= {name.lower(): value[:LONGEST_MACRO] for name, value in macros[:MOST_MACROS]}
            return None, position
        key = ""
        keyless = KEYLESS.match(text, position)
        if keyless:
            position = keyless.end()
        elif with_key := WITH_KEY.match(text, position):
            key, position = "".join(filter(None, with_key.groups())).strip(), with_key.end()
            while more := MORE_OF_KEY.match(text, position):
                key, position = f"{key}, {more[0].strip(' ,')}", more.end()
        else:
            raise _FaultError("no comma follows its key", position)
        fields, end = self._fields(position)
        return Entry(_joined(fields), key, self._line_of(start), kind), end

    def _fields(self, position: int) -> tuple[list[tuple[str, str]], int]:
        """Return the names and values that begin here, and where their entry ends. Raises _FaultError."""
        text = self._text
        fields: list[tuple[str, str]] = []
        last = position  # where the last value begins
        while True:
            if field := FIELD.match(text, position):
                fields.append((field[1], " ".join(field[2].split())))
                last, position = field.start(2) - 1, field.end()
                continue
            position = BETWEEN_FIELDS.match(text, position).end()  # type: ignore[union-attr]
            if position == len(text) or (text[position] == "@" and SIGN.match(text, position)):
                if not fields:
                    raise _FaultError(NOT_CLOSED, position, is_open=True)
                if not SWALLOWED.search(fields[-1][1]):
                    return fields, position
                value, position = self._cut_short(last)
                fields[-1] = (fields[-1][0], value)
                continue
            if text[position] in "})":
                too_many = BRACE_TOO_MANY.match(text, position)
                if not too_many:
                    return fields, position + 1
                position = too_many.end()
            elif named := FIELD_NAME.match(text, position) or ODD_NAME.match(text, position):
                last = named.end()
                try:
                    value, position = self._value(last)
                except _FaultError as fault:
                    if not fault.is_open:
                        position = self._behind(fault, last)
                        continue
                    value, position = self._cut_short(last)
                fields.append((named[1], " ".join(value.split())))
            else:
                position = self._behind(_FaultError("“name = {...}” is expected", position), position)

    def _behind(self, fault: _FaultError, start: int) -> int:
        """Return where the next field of the same entry begins, behind what is wrong. Raises the fault without one."""
        following = NEXT_FIELD.search(self._text, start, start + LONGEST_DOUBT)
        if len(self._doubts) == MOST_DOUBTS or not following or not _is_balanced(self._text[start : following.start()]):
            raise fault
        self._doubts.append(_FaultError(str(fault), fault.position, cure=" What stands there was left out."))
        return following.end()

    def _cut_short(self, start: int) -> tuple[str, int]:
        """Return a value that lacks its end, up to the line of the next field, and where that line is.

        Raises _FaultError where no such line follows, or only one of another entry.
        """
        text = self._text
        if len(self._doubts) == MOST_DOUBTS:
            raise _FaultError(NOT_CLOSED, start, is_open=True)
        whole, opened = self._parts_before_open(start)
        line = LINE_OF_FIELD.search(text, opened + 1, opened + LONGEST_DOUBT)
        if not line or SIGN.search(text, start, line.start()):
            raise _FaultError(NOT_CLOSED, opened, is_open=True)
        self._doubts.append(_FaultError(NOT_CLOSED, opened, cure=" The value was read up to the next field."))
        mark = text[opened] if text[opened] in '{"' else ""
        value = text[opened + len(mark) : line.start()].rstrip().removesuffix(mark.replace("{", ""))
        return whole + _without_open_braces(value), line.start()

    def _parts_before_open(self, start: int) -> tuple[str, int]:
        """Return what is joined by # before the part of a value that lacks its end, and where that part begins."""
        parts, opened = list[str](), start
        with suppress(_FaultError):
            while True:
                part, end = self._part(opened)
                following = CONCATENATION.match(self._text, end)
                if not following or SWALLOWED.search(part):
                    break
                parts.append(part)
                opened = following.end()
        return "".join(parts), opened

    def _part(self, start: int) -> tuple[str, int]:
        """Return what stands here in braces or quotation marks, or as a word, and its end. Raises _FaultError."""
        text = self._text
        if text.startswith("{", start):
            end = _end_of_group(text, start)
            inside = end - 1
        elif text.startswith('"', start):
            inside, end = _ends_of_quotation(text, start)
        else:
            word = WORD.match(text, start)
            return (self._macros.get(word[0].lower(), word[0]), word.end()) if word else ("", start)
        if not end:
            raise _FaultError(NOT_CLOSED, start, is_open=True)
        return text[start + 1 : inside], end

    def _value(self, start: int) -> tuple[str, int]:
        """Return the value that begins here, and where what follows it begins. Raises _FaultError."""
        text, position = self._text, start
        parts: list[str] = []
        while True:
            part, position = self._part(position)
            parts.append(part)
            following = CONCATENATION.match(text, position)
            if not following:
                break
            position = following.end()
        if end_mark := FIELD_END.match(text, position):
            return "".join(parts), end_mark.end()
        rest = (WORDS.match(text, start) if text[start] not in '{"' else None) or REST_OF_LINE.match(text, start)
        if not rest or rest[1].count("{") != rest[1].count("}"):
            raise _FaultError("a comma or a brace is expected", position)
        return rest[1], rest.end()


def _joined(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the values by name; of a name that is there more than once the first, or all people and keywords."""
    values: dict[str, str] = {}
    for written, value in fields:
        name = _plain_name(written)
        earlier = values.get(name)
        if not earlier:
            values[name] = value
        elif name in PEOPLE and value not in {"", earlier}:
            values[name] = f"{earlier} and {value}"
        elif name in KEYWORDS and value not in {"", earlier}:
            values[name] = f"{earlier}, {value}"
    return values


@functools.lru_cache(maxsize=10_000)
def _plain_name(name: str) -> str:
    return "".join(name.lower().replace("-", "").replace("_", "").split())


def _end_of_group(text: str, start: int) -> int:
    """Return where the group ends whose brace or parenthesis stands at `start`, 0 where it has no end."""
    if text[start] == "(":
        return text.find(")", start) + 1
    depth = 0
    for brace in BRACE.finditer(text, start, start + LONGEST_ENTRY):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return brace.end()
    return 0


def _is_balanced(text: str) -> bool:
    """Tell whether every brace in a text has its counterpart there."""
    depth = 0
    for brace in BRACE.findall(text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return not depth


def _without_open_braces(text: str) -> str:
    """Return the text without braces that have no counterpart."""
    lonely: list[int] = []
    for brace in BRACE.finditer(text):
        if brace[0] == "}" and lonely and text[lonely[-1]] == "{":
            lonely.pop()
        else:
            lonely.append(brace.start())
    for place in reversed(lonely):
        text = text[:place] + text[place + 1 :]
    return text


def _ends_of_quotation(text: str, start: int) -> tuple[int, int]:
    """Return where the text of the quotation ends that begins at `start`, and where the quotation does; 0 without one.

    It ends at a mark outside of braces that no text follows, or, where the next mark opens another field, before the
    line in which a field begins.
    """
    depth = 0
    for found in BRACE_OR_QUOTE.finditer(text, start + 1, start + LONGEST_ENTRY):
        if found[0] != '"':
            depth += 1 if found[0] == "{" else -1
            if depth < 0:
                return 0, 0
        elif depth:
            continue
        elif QUOTE_END.match(text, found.end()):
            return found.start(), found.end()
        elif OPENED.search(text[max(start + 1, found.start() - 130) : found.start()]):
            end = LINE_OF_FIELD.search(text, start + 1, found.end())
            is_plain = end and text.count("{", start, end.start()) == text.count("}", start, end.start())
            return (end.start(), end.start()) if end and is_plain else (0, 0)
    return 0, 0
