"""Papers of the library as a file or as text in any format that can be written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import select

from assistant.errors import ExportError, UsageError
from assistant.export.writers import bibtex, csl_json, jsonl, markdown, ris, table
from assistant.export.writers.citations import Keys
from assistant.library import Library, citation_keys, pages, papers_passing, read_papers
from assistant.library import papers as paper_table
from assistant.types import Paper, PaperFilter
from assistant.whole_files import replaced

_FORMATS: Mapping[str, Callable[[Iterable[Paper]], Iterator[str]]] = MappingProxyType(
    {
        "bibtex": bibtex.write,
        "ris": ris.write,
        "csl-json": csl_json.write,
        "csv": table.write,
        "jsonl": jsonl.write,
        "markdown": markdown.write,
    }
)
_ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        ".bib": "bibtex",
        ".csv": "csv",
        ".json": "csl-json",
        ".jsonl": "jsonl",
        ".markdown": "markdown",
        ".md": "markdown",
        ".ndjson": "jsonl",
        ".ris": "ris",
    }
)

FORMATS = tuple(_FORMATS)
"""The names of the formats."""


def text(papers: Iterable[Paper], format_name: str) -> Iterator[str]:
    """Yield papers as text of a format, one of `FORMATS`, piece by piece; no more than one paper is held at a time.

    Raises UsageError for other formats.
    """
    return _FORMATS[format_for(format_name, None)](papers)


def format_for(name: str, file: Path | None) -> str:
    """Return the format that is asked for, or that the file's ending stands for. Raises UsageError."""
    if name and name not in FORMATS:
        raise UsageError(f"“{name}” is not a format that can be written. There are: {', '.join(FORMATS)}.")
    by_ending = _ENDINGS.get(file.suffix.lower(), "") if file else ""
    if not name and not by_ending:
        what = f"the ending of {file.name} does not name one" if file else "there is no file whose ending names one"
        raise UsageError(f"Name the format with --format ({', '.join(FORMATS)}): {what}.")
    return name or by_ending


def stream(library: Library, filter: PaperFilter) -> Iterator[Paper]:
    """Yield the papers that pass a filter, newest first, then by title, as they are at one moment.

    Each has the one key that a file of them cites it by: its own, unless several of them have that. A page of them is
    held at a time.
    """
    with library.transaction() as connection:
        order = (paper_table.c.date.desc(), paper_table.c.title, paper_table.c.number)
        ids = (
            connection.execute(papers_passing(connection, select(paper_table.c.id), filter).order_by(*order))
            .scalars()
            .all()
        )
        chosen = set(ids)
        cited = {(paper_id, key.casefold()) for paper_id, key in citation_keys(connection) if paper_id in chosen}
        bearers = Counter(key for _, key in cited)
        keys = Keys(reserved=bearers)
        for page in pages(ids):
            for paper in read_papers(connection, page):
                own = tuple(key for key in paper.citation_keys if bearers[key.casefold()] == 1)
                yield replace(paper, citation_keys=(keys.new(replace(paper, citation_keys=own)),))


def save(pieces: Iterable[str], file: Path) -> None:
    """Write text to a file, which has it whole or stays as it was: it is written beside and then put in its place.

    What is not an ordinary file (a pipe, a terminal) is simply written to. Raises ExportError, and UsageError for a
    folder.
    """
    if file.is_dir():
        raise UsageError(f"{file} is a folder. Name a file in it.")
    target = file.resolve()
    is_replaced = not file.exists() or file.is_file()
    try:
        with replaced(target) if is_replaced else target.open("wb") as written:
            written.writelines(piece.encode() for piece in pieces)
    except OSError as error:
        raise ExportError(
            f"{file} cannot be written ({error.strerror or error}); it is as it was. Name another file, or make room."
        ) from error
