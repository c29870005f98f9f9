"""Parts of a text: exports in several formats behind one another, each read by the reader of its own.

A part begins at a line that opens a record of another format beyond doubt, by itself or with the lines below it, where
the record before it is over: RIS and Web of Science say so, the braces of BibTeX are closed, other tagged records and
JSON end at an empty line. Tables, YAML and what else is no list of such records go on to the end of the file. What is
fenced in Markdown ends at its fence. Tables are told from their header, JSON and tables only below an empty line.
"""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from assistant.ingestion.readers.formats import Format
from assistant.ingestion.readers.objects import json_papers
from assistant.ingestion.readers.tables import table
from assistant.ingestion.readers.tables.columns import Columns
from assistant.ingestion.readers.tagged import tagged_formats
from assistant.ingestion.readers.tagged.ris import RIS
from assistant.ingestion.readers.tex import bibtex

LINES_AHEAD = 20  # by which a part is told
PIECE = 1 << 16  # characters of a line read at once
LOOKED_AT = 2_000  # characters of a line by which a part is told
MOST = 200  # parts of a text; the last goes on to its end
LONGEST_HEADER = 1_000  # characters of the names of a table's columns
LONGEST_NAME = 60  # characters of one of them

TAGGED = r"[A-Z][A-Z0-9]{1,3} {0,2}-"
OPENINGS: tuple[tuple[Format, re.Pattern[str]], ...] = tuple(
    (found, re.compile(pattern))
    for found, pattern in (
        (RIS, r"TY {2}- [A-Z]\w*\s*\n\s*[A-Z][A-Z0-9] {2}-"),
        (bibtex, r"[ \t]*@[A-Za-z]{3,30}[ \t]*[{(]\s*[^\s,={}()\"]{1,200}\s*,\s*[A-Za-z][\w-]*\s*="),
        (bibtex, r"[ \t]*@(?i:string)[ \t]*[{(]\s*\w+\s*="),
        (tagged_formats.MEDLINE, rf"PMID ?- ?\d+\s*\n(?!TY {{2}}-){TAGGED}"),
        (tagged_formats.WEB_OF_SCIENCE, r"FN [^\n]*\nVR \d|PT [A-Z]\s*\n(?:AU|AF|AN|BA|BE|CA|GP|TI|ED|DT|SO) "),
        (tagged_formats.REFER, r"%0 [A-Z][^\n]*\n%[A-Z] \S"),
        (tagged_formats.REFWORKS, r"RT [A-Z][^\n]*\n(?:SR|ID|A1|T1|JF|YR|AB|LA) "),
    )
)
OBJECT = re.compile(r"(?:\[\s*)?\{\s*\"[^\"\n]{1,60}\"\s*:")
TITLE = re.compile(r"title\w*\"\s*:", re.IGNORECASE)
MAY_OPEN = re.compile(r"[ \t]*@[A-Za-z]|TY {2}-|PMID ?-|FN |PT [A-Z]\s|%0 |RT [A-Z]")
WITH_ENDS = (RIS, tagged_formats.WEB_OF_SCIENCE)
FIELD_OR_END = re.compile(r"[ \t]*(?:(ER|EF)[ \t]*-?\s*$|[A-Z][A-Z0-9](?: {2}- ?| )\S)")
WITHOUT_ENDS: tuple[Format, ...] = (
    tagged_formats.MEDLINE, tagged_formats.REFER, tagged_formats.REFWORKS, json_papers,
)  # fmt: skip
ENTRY = re.compile(r"@[A-Za-z]+[ \t]*\{")
MARKS = "\ufeff\f"  # of a file or a page that begins
FENCE = re.compile(r"[ \t]{0,3}(?:```|~~~)")


def opening(lines: str, *, is_below_blank: bool, columns: Mapping[str, Sequence[str]]) -> Format | None:
    """Return the format of which a record opens with these lines, None where none does."""
    if MAY_OPEN.match(lines):
        return next((found for found, pattern in OPENINGS if pattern.match(lines)), None)
    if is_below_blank and OBJECT.match(lines) and TITLE.search(lines):
        return json_papers
    return table if is_below_blank and _is_header(lines, columns) else None


def _is_header(lines: str, columns: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether the first of these lines names the columns of papers, and the second has as many cells."""
    first, _, rest = lines.partition("\n")
    delimiter = max(table.DELIMITERS, key=first.count)
    names = first.split(delimiter)
    if len(names) < 3 or len(first) > LONGEST_HEADER or max(map(len, names)) > LONGEST_NAME:
        return False
    second = table.QUOTED.sub("", rest.partition("\n")[0])
    if second.count(delimiter) != len(names) - 1:
        return False
    return Columns([name.strip(' "') for name in names], columns).are_of_papers


class PartedText:
    """A text that reads like a stream which ends where a part does; `next_part` goes on to the one behind it.

    Blank lines stand in the place of what is before the part, so that its reader counts the lines of the file.
    """

    def __init__(self, text: TextIO, first: Format | None, columns: Mapping[str, Sequence[str]]) -> None:
        self._text = text
        self._columns = columns
        self._ahead: deque[str] = deque()
        self._before = 0  # lines of the file before the part
        self._blanks = 0  # of those, what is still to be read
        self._line = 0  # lines of the file that were read
        self._is_fenced = False  # the part
        self._number = 1  # of the part
        self.format: Format | None = first
        """The format of the part; None for text that is in none."""
        self._following: Format | None = None
        self._begin()

    def _begin(self) -> None:
        self._has_braces = self.format is bibtex
        self._has_ends = any(self.format is each for each in WITH_ENDS)
        self._ends_at_blanks = any(self.format is each for each in WITHOUT_ENDS)
        self._is_at_line = True
        self._is_below_blank = False  # or at a fence
        self._is_below_fence = False
        self._is_over = False
        self._is_record_over = False
        self._open_braces = 0

    @property
    def begins(self) -> int:
        """Return the line in which the part begins."""
        return self._before + 1

    @property
    def is_last(self) -> bool:
        """Tell whether the part goes on to the end of the text, whatever stands there."""
        return self._number == MOST

    def next_part(self) -> bool:
        """Pass over what was not read of this part and go to the next; tell whether there is one."""
        while self.readline(PIECE):
            pass
        if not self._is_over:
            return False
        self.format, self._is_fenced = self._following, self._is_below_fence and self._following is not None
        self._before = self._blanks = self._line
        self._number += 1
        self._begin()
        return True

    def readline(self, size: int = -1) -> str:
        """Return the next line, at most `size` characters of it; "" at the end of the part."""
        if self._blanks:
            self._blanks -= 1
            return "\n"
        if self._is_over:
            return ""
        piece = self._piece(size)
        if self._is_at_line:
            if (self._is_fenced or self._may_end()) and self._line > self._before and self._ends_before(piece):
                self._ahead.appendleft(piece.lstrip(MARKS))
                self._is_over = True
                return ""
            is_blank, is_fence = piece.isspace(), bool(FENCE.match(piece))
            self._is_below_fence = is_fence or (is_blank and self._is_below_fence)
            self._is_below_blank = is_fence or is_blank
        self._note_end(piece)
        self._is_at_line = piece.endswith("\n")
        self._line += self._is_at_line
        return piece

    def read(self, size: int = -1) -> str:
        """Return the next `size` characters of the part, fewer at its end."""
        pieces, length = list[str](), 0
        while (size < 0 or length < size) and (piece := self.readline(size - length if size >= 0 else -1)):
            pieces.append(piece)
            length += len(piece)
        return "".join(pieces)

    def seek(self, offset: int) -> int:
        """Go back to the beginning of the part; there is no other place to go to."""
        self._text.seek(offset)
        self._ahead.clear()
        for _ in range(self._before):
            while (piece := self._text.readline(PIECE)) and not piece.endswith("\n"):
                pass
        self._line = self._blanks = self._before
        self._begin()
        return offset

    def __iter__(self) -> Iterator[str]:
        return iter(self.readline, "")

    def _ends_before(self, piece: str) -> bool:
        """Tell whether the part ends before a line that begins so; note what the next one is."""
        if self._is_fenced and FENCE.match(piece):
            self._following = None
            return True
        piece = piece.lstrip(MARKS)
        may_open = MAY_OPEN.match(piece) or (
            self._is_below_blank
            and (piece[:1] in ("{", "[") or any(piece.count(mark) > 1 for mark in table.DELIMITERS))
        )
        if not may_open or not self._may_end():
            return False
        while len(self._ahead) < LINES_AHEAD and (line := self._text.readline(PIECE)):
            self._ahead.append(line)
        lines = "".join(
            line if len(line) <= LOOKED_AT else f"{line[:LOOKED_AT]}\n"
            for line in itertools.chain([piece], self._ahead)
        )
        self._following = opening(lines, is_below_blank=self._is_below_blank, columns=self._columns)
        if self._following is not self.format:
            return self._following is not None
        if self._is_below_fence and self.format not in (None, bibtex):  # whose entries refer to others
            self._is_fenced = True
        return False

    def _note_end(self, piece: str) -> None:
        """Note whether the record that the piece belongs to is over with it."""
        if self._has_braces:
            if self._is_at_line and ENTRY.match(piece):
                self._open_braces = 0
            self._open_braces += piece.count("{") - piece.count("}") - piece.count("\\{") + piece.count("\\}")
        elif self._has_ends and self._is_at_line and (found := FIELD_OR_END.match(piece)):
            self._is_record_over = bool(found[1])

    def _may_end(self) -> bool:
        """Tell whether another part may begin: the record before it is over, or stands in no format."""
        if self._has_braces:
            is_over = self._open_braces <= 0
        elif self._has_ends:
            is_over = self._is_record_over
        else:
            is_over = self._is_below_blank and self._ends_at_blanks
            is_over = is_over or self._is_below_fence or self.format is None
        return is_over and not self.is_last

    def _piece(self, size: int) -> str:
        if not self._ahead:
            return self._text.readline(size)
        piece = self._ahead.popleft()
        while not piece.endswith("\n") and (size < 0 or len(piece) < size):  # a line that was looked at in pieces
            more = self._ahead.popleft() if self._ahead else self._text.readline(size - len(piece) if size > 0 else -1)
            if not more:
                break
            piece += more
        if 0 <= size < len(piece):
            self._ahead.appendleft(piece[size:])
            piece = piece[:size]
        return piece
