"""Files of papers: how they are compressed and encoded, and the reader of their format."""

from __future__ import annotations

import codecs
import datetime
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

import charset_normalizer

from assistant.ingestion.readers.fields import NO_COLUMNS
from assistant.ingestion.readers.formats import READABLE, WITH_COLUMNS, WITH_DATE, XML_FORMATS, Format, find_format
from assistant.types import Notice, Problem, ReaderItem

PIECE = 1 << 20  # bytes or characters read at once
HEAD = 1 << 18  # bytes that the format is told from
SAMPLE = 1 << 16  # bytes that an encoding is told from
LONGEST_LINE = 10_000_000  # characters

GZIP = b"\x1f\x8b"
KNOWN_BINARIES = {b"%PDF": "a PDF", b"PK\x03\x04": "a ZIP archive or an Office document"}
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
HANJA = re.compile("[\u4e00-\u9fff\uf900-\ufaff]")
KNOWN_TEXTS = {
    re.compile(r"<!doctype html|<html\b", re.IGNORECASE): "a web page: export the papers in one of the formats below",
    re.compile(r"interactions:\s*\n\s*- "): "a recording of web requests, made for tests",
    re.compile(r"<\?xml|<[a-z][\w:.-]*[\s>]", re.IGNORECASE): "XML, but of no kind that is known here",
    re.compile(r"\{\\rtf"): "a document of a word processor: save it as plain text",
}


def read(path: Path, *, as_of: datetime.date, columns: Mapping[str, str] = NO_COLUMNS) -> Iterator[ReaderItem]:
    """Yield every paper of a file in any of the READABLE formats, and every reason why one could not be read.

    Files are read as a stream, so memory does not grow with them. `as_of` is the day on which an author page was seen:
    its dates without a year are in that year. `columns` maps fields of a paper ("title", "abstract", "authors", "date",
    "year", "venue", "doi" ...) to the names that a table or a file of JSON has for them; the rest is guessed.
    """
    file = str(path)
    try:
        file_format, encoding, notice = _inspect(path, columns)
        if notice:
            yield Notice(file, notice)
        with _open_bytes(path) as content:
            if not encoding:
                yield from _unless_empty(file_format.parse(content, file), file_format, file)
                return
            with io.TextIOWrapper(content, encoding=encoding, errors="replace") as text:
                lines = BoundedLines(text, file)
                hints = (as_of,) if file_format in WITH_DATE else (columns,) if file_format in WITH_COLUMNS else ()
                for item in _unless_empty(file_format.parse(lines, file, *hints), file_format, file):
                    yield from lines.problems()
                    yield item
                yield from lines.problems()
    except _UnreadableError as error:
        yield Problem(file, 0, str(error))
    except OSError as error:
        why = error.strerror or str(error)
        yield Problem(file, 0, f"The file cannot be read: {why}. Check that it is whole and that you may read it.")
    except (EOFError, zlib.error):
        yield Problem(file, 0, "The compressed file is cut or damaged; what stood before was read. Fetch it again.")


def _unless_empty(items: Iterable[ReaderItem], file_format: Format, file: str) -> Iterator[ReaderItem]:
    """Yield the items, or the Problem that there are none."""
    is_empty = True
    for item in items:
        is_empty = False
        yield item
    if is_empty and file_format.NOTHING_FOUND:
        yield Problem(file, 0, file_format.NOTHING_FOUND)


class BoundedLines:
    """A text that reads like the stream it is given, with blank lines in the place of those that are too long."""

    def __init__(self, stream: TextIO, file: str) -> None:
        self._stream = stream
        self._file = file
        self._number = 0
        self._problems: list[Problem] = []

    def problems(self) -> Iterator[Problem]:
        """Yield, once each, the lines that were passed over since the last call."""
        while self._problems:
            yield self._problems.pop(0)

    def seek(self, offset: int) -> int:
        """Go back to the beginning; there is no other place to go to."""
        self._number = 0
        return self._stream.seek(offset)

    def read(self, size: int = -1) -> str:
        """Return the next `size` characters as they stand in the file."""
        return self._stream.read(size)

    def readline(self, size: int = -1) -> str:
        """Return the next line with its line feed; with a `size`, at most so many characters of it."""
        return self._stream.readline(size) if size >= 0 else next(self, "")

    def __iter__(self) -> BoundedLines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self._number += 1
        if len(line) <= LONGEST_LINE or line.endswith("\n"):
            return line
        length = len(line)
        while not line.endswith("\n") and (line := self._stream.readline(PIECE)):
            length += len(line)
        size, limit = f"{length / 1_000_000:.1f} MB", f"{LONGEST_LINE // 1_000_000} MB"
        reason = f"This line is {size} long and was skipped; the most is {limit}. Break it up, or take it out."
        self._problems.append(Problem(self._file, self._number, reason))
        return "\n"


class _UnreadableError(ValueError):
    """The file cannot be read; the message says why, and what to do next."""


def _inspect(path: Path, columns: Mapping[str, str]) -> tuple[Format, str, str]:
    """Return the format of a file, its encoding ("" for XML), and what a person should know of that ("" for nothing).

    The format is told from the beginning, the encoding from the whole file, a piece at a time. `columns` are names of
    columns by which a table may be known. Raises _UnreadableError, and what reading raises.
    """
    if path.is_dir():
        raise _UnreadableError("This is a folder. Name the files in it.")
    if not path.exists():
        raise _UnreadableError("There is no such file. Check the name and the folder.")
    if not path.is_file():
        raise _UnreadableError("This is not an ordinary file. Save its content to a file and add that.")
    with _open_bytes(path) as stream:
        head = stream.read(HEAD)
    for start, kind in KNOWN_BINARIES.items():
        if head.startswith(start):
            raise _UnreadableError(f"This is a binary file ({kind}). Formats that can be read: {READABLE}.")
    mark = next((encoding for mark, encoding in BYTE_ORDER_MARKS.items() if head.startswith(mark)), "")
    if b"\0" not in head or mark:
        file_format = find_format(head.decode(mark or "utf-8", errors="replace"), "", columns)
        if file_format and file_format in XML_FORMATS:
            return file_format, "", ""
    with _open_bytes(path) as stream:
        encoding, notice = (mark, f"not UTF-8; read as {mark}") if mark else _find_encoding(stream)
    if not encoding:
        raise _UnreadableError(f"This is a binary file. Formats that can be read: {READABLE}.")
    text = head.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")
    if not text:
        raise _UnreadableError("The file is empty. Save it again, or add another one.")
    file_format = find_format(text, path.name, columns)
    if file_format:
        return file_format, encoding, notice
    kind = next((kind for pattern, kind in KNOWN_TEXTS.items() if pattern.match(text)), "")
    known = f" It looks like {kind}." if kind else ""
    raise _UnreadableError(f"The format is not known.{known} Formats that can be read: {READABLE}.")


@contextmanager
def _open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open the file, and what is inside if it is compressed."""
    with path.open("rb") as raw:
        if raw.peek(2)[:2] == GZIP:
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield cast(BinaryIO, unpacked)
        else:
            yield raw


def _find_encoding(stream: BinaryIO) -> tuple[str, str]:
    """Return the encoding, and a notice where it is not plain UTF-8; no encoding for what is not text.

    A file is UTF-8 with some damage if more of its lines with letters beyond ASCII are valid UTF-8 than are not.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid, invalid, sample, last = 0, 0, b"", b""
    while piece := stream.readline(PIECE):
        if b"\0" in piece:
            return "", ""
        last = piece
        try:
            valid += not decoder.decode(piece).isascii()
        except UnicodeDecodeError:
            decoder.reset()
            invalid += 1
            sample += piece if len(sample) < SAMPLE else b""
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        invalid, sample = invalid + 1, sample + last
    if not invalid:
        return "utf-8-sig", ""
    if valid > invalid or (valid and sample == last):
        return "utf-8-sig", f"{invalid} line(s) hold bytes that are not UTF-8; those bytes are shown as \ufffd"
    encoding = _guess_encoding(sample[:SAMPLE])
    return encoding, f"not UTF-8; read as {encoding}"


def _guess_encoding(sample: bytes) -> str:
    """Return the likeliest encoding, "" for what is not text.

    Short samples fit many encodings. Western European text is likelier than what else fits it; and Korean is hardly
    ever written with Chinese characters today, so "Korean" that has some is Chinese.
    """
    fitting = [match.encoding for match in charset_normalizer.from_bytes(sample)]
    if "cp1252" in fitting:
        return "cp1252"
    if (
        fitting[:1] in (["cp949"], ["johab"])
        and "gb18030" in fitting
        and HANJA.search(sample.decode("cp949", "replace"))
    ):
        return "gb18030"
    return next(iter(fitting), "")
