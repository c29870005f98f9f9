"""The formats that can be read, and which of them a text is written in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import BinaryIO, Protocol, TextIO

from assistant.ingestion.readers import (
    arxiv_atom,
    author_page,
    bibtex,
    jats_xml,
    json_papers,
    medline,
    pubmed_xml,
    ris,
    table,
)
from assistant.types import ReaderItem

READABLE = (
    "an author page as text; BibTeX; RIS and the tagged export of Web of Science; MEDLINE; PubMed, JATS and arXiv Atom "
    "as XML; JSON and JSON Lines (OpenAlex, Semantic Scholar, CSL-JSON, or fields called title, abstract ...); "
    "CSV with such columns; each may be compressed by gzip"
)


class Format(Protocol):
    """A module that reads one format."""

    @property
    def NAME(self) -> str:  # noqa: N802
        """Return what people call the format."""

    def start(self, head: str) -> int | None:
        """Return where in the beginning of a text the first sign of the format stands; None without one."""


class TextFormat(Format, Protocol):
    """A format that is read as text."""

    def parse(self, stream: TextIO, file: str) -> Iterator[ReaderItem]:
        """Yield what the text holds, record by record."""


class XmlFormat(Format, Protocol):
    """A format that is read as bytes, because XML says itself how it is encoded."""

    def parse(self, stream: BinaryIO, file: str) -> Iterator[ReaderItem]:
        """Yield what the document holds, record by record."""


TEXT_FORMATS: tuple[Format, ...] = (json_papers, bibtex, ris, medline, table, author_page)
XML_FORMATS: tuple[XmlFormat, ...] = (pubmed_xml, jats_xml, arxiv_atom)


SUFFIXES: Mapping[str, Format] = MappingProxyType(
    {
        ".bib": bibtex,
        ".csv": table,
        ".json": json_papers,
        ".jsonl": json_papers,
        ".nbib": medline,
        ".ndjson": json_papers,
        ".ris": ris,
        ".tsv": table,
    }
)


def find_format(head: str, name: str, columns: Mapping[str, str]) -> Format | None:
    """Return the format whose first sign stands foremost; the file's name decides only where there is no sign."""
    head = head.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    best: tuple[int, Format] | None = None
    for candidate in (*XML_FORMATS, *TEXT_FORMATS):
        position = table.start(head, columns) if candidate is table else candidate.start(head)
        if position is not None and (best is None or position < best[0]):
            best = position, candidate
        if position == 0:
            break
    return best[1] if best else SUFFIXES.get(PurePath(name.lower().removesuffix(".gz")).suffix)
