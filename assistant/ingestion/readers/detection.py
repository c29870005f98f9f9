"""Finds out, from a file's content, how it is compressed and encoded, and asks which format it has."""

from __future__ import annotations

import codecs
import gzip
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO, cast

import charset_normalizer

from assistant.ingestion.readers.formats import READABLE, XML_FORMATS, Format, find_format

PIECE = 1 << 20  # bytes read at once
HEAD = 1 << 18  # bytes that the format is told from
SAMPLE = 1 << 16  # bytes that an encoding is told from

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


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be read: its format, its encoding ("" for XML), and what a person should know of the latter."""

    path: Path
    format: Format
    encoding: str
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a file cannot be read, and what to do next."""

    reason: str


def inspect(path: Path, columns: Mapping[str, str]) -> Source | Unreadable:
    """Look at the beginning for the format, and at the whole file, a piece at a time, for the encoding.

    `columns` are names of columns by which a table may be known. Raises OSError, EOFError or zlib.error where the file
    cannot be read.
    """
    if path.is_dir():
        return Unreadable("This is a folder. Name the files in it.")
    if not path.exists():
        return Unreadable("There is no such file. Check the name and the folder.")
    if not path.is_file():
        return Unreadable("This is no ordinary file. Save its content to a file and add that.")
    with open_bytes(path) as stream:
        head = stream.read(HEAD)
    for start, kind in KNOWN_BINARIES.items():
        if head.startswith(start):
            return Unreadable(f"This is a binary file ({kind}). Formats that can be read: {READABLE}.")
    mark = next((encoding for mark, encoding in BYTE_ORDER_MARKS.items() if head.startswith(mark)), "")
    if b"\0" not in head or mark:
        text = head.decode(mark or "utf-8", errors="replace")
        if find_format(text, "", columns) in XML_FORMATS:  # which says itself how it is encoded
            return Source(path, cast(Format, find_format(text, "", columns)), "")
    with open_bytes(path) as stream:
        encoding, notice = (mark, f"not UTF-8; read as {mark}") if mark else _find_encoding(stream)
    if not encoding:
        return Unreadable(f"This is a binary file. Formats that can be read: {READABLE}.")
    text = head.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")
    if not text:
        return Unreadable("The file is empty. Save it again, or add another one.")
    file_format = find_format(text, path.name, columns)
    if file_format:
        return Source(path, file_format, encoding, notice)
    kind = next((kind for pattern, kind in KNOWN_TEXTS.items() if pattern.match(text)), "")
    known = f" It looks like {kind}." if kind else ""
    return Unreadable(f"The format is not known.{known} Formats that can be read: {READABLE}.")


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open the file, and what is inside if it is compressed."""
    with path.open("rb") as raw:
        if raw.peek(2)[:2] == GZIP:
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield cast(BinaryIO, unpacked)
        else:
            yield raw


@contextmanager
def open_text(source: Source) -> Iterator[TextIO]:
    """Open the file as text with line feeds at line ends; bytes that mean nothing become U+FFFD."""
    with (
        open_bytes(source.path) as stream,
        io.TextIOWrapper(stream, encoding=source.encoding, errors="replace") as text,
    ):
        yield text


def _find_encoding(stream: BinaryIO) -> tuple[str, str]:
    """Return the encoding, and a notice where it is not plain UTF-8; no encoding for what is no text.

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
    return (encoding, f"not UTF-8; read as {encoding}") if encoding else ("", "")


def _guess_encoding(sample: bytes) -> str:
    """Return the likeliest encoding, "" for what is no text.

    Short samples fit many encodings. Western European text is likelier than what else fits it; and Korean is hardly
    ever written with Chinese characters today, so "Korean" that has some is Chinese.
    """
    matches = charset_normalizer.from_bytes(sample)
    fitting = [match.encoding for match in matches]
    if not fitting:
        return ""
    if "cp1252" in fitting:
        return "cp1252"
    if fitting[0] in {"cp949", "johab"} and "gb18030" in fitting and HANJA.search(sample.decode("cp949", "replace")):
        return "gb18030"
    return fitting[0]
