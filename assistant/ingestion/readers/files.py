"""Files of papers: how they are packed and encoded, and the reader of their format."""

from __future__ import annotations

import datetime
import gzip
import io
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from assistant.ingestion.readers import archives
from assistant.ingestion.readers.encodings import (
    MEDIA_HEAD,
    NOT_OF_XML,
    NUL,
    WithoutBytes,
    find_encoding,
    is_media,
    is_text,
    wide_encoding,
)
from assistant.ingestion.readers.fields import NO_COLUMNS, find_doi
from assistant.ingestion.readers.formats import (
    BINARY_FORMATS,
    READABLE,
    WITH_COLUMNS,
    WITH_DATE,
    XML_FORMATS,
    BinaryFormat,
    Format,
    find_format,
)
from assistant.ingestion.readers.parts import MOST, PartedText
from assistant.types import Notice, Problem, ReaderItem

PIECE = 1 << 20  # bytes or characters read at once
HEAD = 1 << 18  # bytes that the format is told from
LONGEST_LINE = 10_000_000  # characters
DEEPEST_ARCHIVE = 2  # an archive within an archive is read, one within that is not

SEE = " docs/library.md lists what can be read."
GZIP = b"\x1f\x8b"
PDF = b"%PDF-"
DOI_OF_PDF = re.compile(
    rb"<(?:prism:doi|crossmark:DOI|pdfx:doi)>\s*(?:doi:)?(10\.\d{4,9}/[^<\s]{1,200})", re.IGNORECASE
)
KNOWN_TEXTS = {
    re.compile(r"<!doctype html|<html\b", re.IGNORECASE): "a web page: export the papers in one of the formats below",
    re.compile(r"interactions:\s*\n\s*- "): "a recording of web requests, made for tests",
    re.compile(r"<\?xml|<[a-z][\w:.-]*[\s>]", re.IGNORECASE): "XML, but of no kind that is known here",
    re.compile(r"\{\\rtf"): "a document of a word processor: save it as plain text",
}


def read(
    path: Path, *, as_of: datetime.date, columns: Mapping[str, Sequence[str]] = NO_COLUMNS
) -> Iterator[ReaderItem]:
    """Yield every paper of a file in any of the READABLE formats, and every reason why one could not be read.

    Files are read as a stream, so memory does not grow with them. `as_of` is the day on which an author page was seen:
    its dates without a year are in that year. `columns` maps fields of a paper ("title", "abstract", "authors", "date",
    "year", "venue", "doi" ...) to the names that a table or a file of JSON has for them; the rest is guessed.
    """
    yield from _read(path, str(path), as_of, columns, depth=0)


def is_passed_over(path: Path) -> bool:
    """Tell whether a file is a picture, a sound, a film, a font or a program, which folders and archives hold too."""
    try:
        with path.open("rb") as stream:
            return is_media(stream.read(MEDIA_HEAD))
    except OSError:
        return False  # the reading says why


def about_passed_over(count: int) -> str:
    """Return what to say of so many such files."""
    return f"{count:,} picture(s), sound(s), film(s), font(s) or program(s) were passed over."


def _read(
    path: Path, file: str, as_of: datetime.date, columns: Mapping[str, Sequence[str]], depth: int
) -> Iterator[ReaderItem]:
    """Yield what a file holds; `file` is what people call it, `depth` the number of archives that it lies in."""
    try:
        head = _head(path)
        if archives.is_zip(head):
            archives.check(path)
        binary = next((each for each in BINARY_FORMATS if each.is_written(path, head)), None)
        if binary:
            yield from _unless_empty(binary.parse(path, file, columns), binary, file)
            return
        if archives.is_zip(head):
            yield from _read_archive(path, file, as_of, columns, depth)
            return
        file_format, encoding, notice = _inspect(
            path, head, file, columns, SEE if depth else f" What can be read: {READABLE}."
        )
        if notice:
            yield Notice(file, notice)
        with _open_bytes(path) as content:
            if not wide_encoding(head):
                unwanted = NUL if encoding else NOT_OF_XML
                content = cast(BinaryIO, io.BufferedReader(WithoutBytes(content, unwanted), PIECE))
            if file_format and not encoding:
                yield from _unless_empty(file_format.parse(content, file), file_format, file)
                return
            with io.TextIOWrapper(content, encoding=encoding, errors="replace") as text:
                yield from _read_parts(PartedText(text, file_format, columns), file, as_of, columns)
    except (_UnreadableError, archives.DamagedError) as error:
        yield Problem(file, 0, str(error))
    except OSError as error:
        why = error.strerror or str(error)
        yield Problem(file, 0, f"The file cannot be read: {why}. Check that it is whole and that you may read it.")
    except (EOFError, zlib.error):
        yield Problem(file, 0, "The compressed file is cut or damaged; what stood before was read. Fetch it again.")


def _read_parts(
    text: PartedText, file: str, as_of: datetime.date, columns: Mapping[str, Sequence[str]]
) -> Iterator[ReaderItem]:
    """Yield what the parts of a text hold, each in its own format."""
    is_first = True
    while is_first or text.next_part():
        if found := text.format:
            lines = BoundedLines(text, file)
            hints = (as_of,) if found in WITH_DATE else (columns,) if found in WITH_COLUMNS else ()
            begins = 0 if is_first else text.begins
            if text.is_last:
                yield Problem(
                    file,
                    begins,
                    f"This is part {MOST} of the file, and from here on only {found.NAME} is read. Put what follows in "
                    "other formats into files of their own, and add those.",
                )
            for item in _unless_empty(found.parse(lines, file, *hints), found, file, begins):
                yield from lines.problems()
                yield item
            yield from lines.problems()
        is_first = False


def _read_archive(
    path: Path, file: str, as_of: datetime.date, columns: Mapping[str, Sequence[str]], depth: int
) -> Iterator[ReaderItem]:
    """Yield what the files in an archive hold, each in its turn unpacked for as long as it is read."""
    if depth == DEEPEST_ARCHIVE:
        raise _UnreadableError("This archive lies within archives within an archive. Unpack it and add what is in it.")
    if archives.is_document(path):
        raise _UnreadableError(
            f"This is a document of an office program, no file of records. They can be in: {READABLE}."
        )
    is_empty, passed_over = True, 0
    with tempfile.TemporaryDirectory(prefix="assistant-") as folder:
        for name, unpacked in archives.unpacked(path, Path(folder)):
            if isinstance(unpacked, Path) and is_passed_over(unpacked):
                passed_over += 1
                continue
            is_empty = False
            inner = f"{file}/{name}"
            if isinstance(unpacked, archives.DamagedError):
                yield Problem(inner, 0, str(unpacked))
                continue
            yield from _read(unpacked, inner, as_of, columns, depth + 1)
    if passed_over:
        yield Notice(file, about_passed_over(passed_over))
    if is_empty:
        raise _UnreadableError("The archive holds no file of records. Pack it again, or add the files themselves.")


def _unless_empty(
    items: Iterable[ReaderItem], file_format: Format | BinaryFormat, file: str, line: int = 0
) -> Iterator[ReaderItem]:
    """Yield the items, or the Problem that there are none, at the line where they should begin."""
    is_empty = True
    for item in items:
        is_empty = False
        yield item
    if is_empty and file_format.NOTHING_FOUND:
        yield Problem(file, line, file_format.NOTHING_FOUND)


class BoundedLines:
    """A text that reads like the stream it is given, with blank lines in the place of those that are too long."""

    def __init__(self, stream: PartedText, file: str) -> None:
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


def _head(path: Path) -> bytes:
    """Return the beginning of a file, of what is inside if it is compressed. Raises _UnreadableError for no file."""
    if path.is_dir():
        raise _UnreadableError("This is a folder. Name the files in it.")
    if not path.exists():
        raise _UnreadableError("There is no such file. Check the name and the folder.")
    if not path.is_file():
        raise _UnreadableError("This is not an ordinary file. Save its content to a file and add that.")
    with _open_bytes(path) as stream:
        return stream.read(HEAD)


def _inspect(
    path: Path, head: bytes, name: str, columns: Mapping[str, Sequence[str]], readable: str
) -> tuple[Format | None, str, str]:
    """Return the format of a file, its encoding ("" for XML), and what a person should know of that ("" for nothing).

    The format is None for a text that begins in none, and has parts that are in one.

    The format is told from the beginning, the encoding from the whole file, a piece at a time. `columns` are names of
    columns by which a table may be known; `readable` says what can be read, for a file that cannot. Raises
    _UnreadableError, and what reading raises.
    """
    if head.startswith(PDF):
        raise _UnreadableError(_about_pdf(head))
    wide = wide_encoding(head)
    if wide or is_text(head):
        file_format = find_format(head.decode(wide or "utf-8", errors="replace").replace("\0", ""), "", columns)
        if file_format and file_format in XML_FORMATS:
            return file_format, "", ""
    if wide:
        encoding, notice = wide, f"not UTF-8; read as {wide}"
    else:
        with _open_bytes(path) as stream:
            encoding, notice = find_encoding(stream)
    if not encoding:
        raise _UnreadableError(f"This is a binary file.{readable}")
    text = head.decode(encoding, errors="replace").replace("\0", "").lstrip("\ufeff \t\r\n")
    if not text:
        raise _UnreadableError("The file is empty. Save it again, or add another one.")
    file_format = find_format(text, name, columns)
    if file_format:
        return file_format, encoding, notice
    kind = next((kind for pattern, kind in KNOWN_TEXTS.items() if pattern.match(text)), "")
    if not kind and PartedText(io.StringIO(text), None, columns).next_part():
        return None, encoding, notice
    known = f" It looks like {kind}." if kind else ""
    raise _UnreadableError(f"The format is not known.{known}{readable}")


def _about_pdf(head: bytes) -> str:
    """Return what to do with a PDF; the DOI that its own description names is named too."""
    named = DOI_OF_PDF.search(head)
    doi = find_doi(named[1].decode("utf-8", "replace")) if named else ""
    where = "Add the paper by its DOI, which is on the first page mostly" if not doi else "Add the paper by its DOI"
    return f"This is a PDF, and only records of papers are read. {where}: assistant add doi:{doi or '10....'}"


@contextmanager
def _open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open the file, and what is inside if it is compressed."""
    with path.open("rb") as raw:
        if raw.peek(2)[:2] == GZIP:
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield cast(BinaryIO, unpacked)
        else:
            yield raw
