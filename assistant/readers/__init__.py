"""Readers of paper files: a path in; records, problems and notices out. Bad content is reported, never raised."""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from assistant.readers import author_page, bibtex, jsonl
from assistant.readers.detection import LONGEST_LINE, Source, Unreadable, bounded_lines, inspect, open_text
from assistant.types import Notice, Problem, ReaderItem

LARGEST_WHOLE = 256_000_000  # characters, of the formats that are read as a whole

__all__ = ["read"]


def read(path: Path, *, as_of: datetime.date) -> Iterator[ReaderItem]:
    """Yield every paper of an author page, a BibTeX file or a JSON file, and every reason why one could not be read.

    `as_of` is the day on which an author page was seen: its dates without a year are in that year. JSON Lines are read
    as a stream, so that memory does not grow with the file.
    """
    file = str(path)
    try:
        source = inspect(path)
        if isinstance(source, Unreadable):
            yield Problem(file, 0, source.reason)
            return
        if source.notice:
            yield Notice(file, source.notice)
        with open_text(source) as stream:
            if source.format == "JSON Lines":
                yield from _read_lines(stream, file)
            else:
                yield from _read_whole(stream, source, file, as_of)
    except OSError as error:
        why = error.strerror or str(error)
        yield Problem(file, 0, f"The file cannot be read: {why}. Check that it is whole and that you may read it.")
    except (EOFError, zlib.error):
        yield Problem(file, 0, "The compressed file is cut or damaged; what stood before was read. Fetch it again.")


def _read_lines(stream: TextIO, file: str) -> Iterator[ReaderItem]:
    for number, line, length in bounded_lines(stream):
        if length > LONGEST_LINE:
            yield _too_long(file, number, length)
        elif line.strip():
            yield jsonl.parse_line(line, file, number)


def _read_whole(stream: TextIO, source: Source, file: str, as_of: datetime.date) -> Iterator[ReaderItem]:
    if source.format == "JSON":
        text = stream.read(LARGEST_WHOLE + 1)
    else:
        kept: list[str] = []
        size = 0
        for number, line, length in bounded_lines(stream):
            if length > LONGEST_LINE:
                yield _too_long(file, number, length)
            kept.append(line)
            size += len(line)
            if size > LARGEST_WHOLE:
                break
        text = "".join(kept)
    if len(text) > LARGEST_WHOLE:
        limit = f"{LARGEST_WHOLE // 1_000_000} MB"
        yield Problem(file, 0, f"The file is larger than {limit}, and a {source.format} file is read whole. Split it.")
    elif source.format == "JSON":
        yield from jsonl.parse_document(text, file)
    elif source.format == "BibTeX":
        yield from bibtex.parse(text, file)
    else:
        yield from author_page.parse(text, file, as_of)


def _too_long(file: str, line: int, length: int) -> Problem:
    size, limit = length / 1_000_000, LONGEST_LINE // 1_000_000
    reason = f"This line is {size:.1f} MB long and was skipped; the most is {limit} MB. Break it up, or take it out."
    return Problem(file, line, reason)
