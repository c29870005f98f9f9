"""A file of papers read by the reader of its format."""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TextIO, cast

from assistant.ingestion.readers import author_page, json_papers, table
from assistant.ingestion.readers.bounded_lines import BoundedLines
from assistant.ingestion.readers.detection import Source, Unreadable, inspect, open_bytes, open_text
from assistant.ingestion.readers.formats import TextFormat, XmlFormat
from assistant.types import Notice, Problem, ReaderItem

NO_COLUMNS: Mapping[str, str] = MappingProxyType({})


def read(path: Path, *, as_of: datetime.date, columns: Mapping[str, str] = NO_COLUMNS) -> Iterator[ReaderItem]:
    """Yield every paper of a file in any of the READABLE formats, and every reason why one could not be read.

    Files are read as a stream, so memory does not grow with them. `as_of` is the day on which an author page was seen:
    its dates without a year are in that year. `columns` maps fields of a paper ("title", "abstract", "authors", "date",
    "year", "venue", "doi" ...) to the names that a table or a file of JSON has for them; the rest is guessed.
    """
    file = str(path)
    try:
        source = inspect(path, columns)
        if isinstance(source, Unreadable):
            yield Problem(file, 0, source.reason)
            return
        if source.notice:
            yield Notice(file, source.notice)
        if not source.encoding:
            with open_bytes(path) as content:
                yield from cast(XmlFormat, source.format).parse(content, file)
            return
        with open_text(source) as text:
            lines = BoundedLines(text, file)
            for item in _parse(source, cast(TextIO, lines), file, as_of, columns):
                yield from lines.problems()
                yield item
            yield from lines.problems()
    except OSError as error:
        why = error.strerror or str(error)
        yield Problem(file, 0, f"The file cannot be read: {why}. Check that it is whole and that you may read it.")
    except (EOFError, zlib.error):
        yield Problem(file, 0, "The compressed file is cut or damaged; what stood before was read. Fetch it again.")


def _parse(
    source: Source, stream: TextIO, file: str, as_of: datetime.date, columns: Mapping[str, str]
) -> Iterator[ReaderItem]:
    if source.format is author_page:
        return author_page.parse(stream, file, as_of)
    if source.format is table:
        return table.parse(stream, file, columns)
    if source.format is json_papers:
        return json_papers.parse(stream, file, columns)
    return cast(TextFormat, source.format).parse(stream, file)
