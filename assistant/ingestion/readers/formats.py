"""The table of formats that can be read, and which of them a text is written in.

To add a format (TEI, say):

1. Write a module in the folder of its kind with what `Format` asks for: `NAME`, `NOTHING_FOUND`, `start` and `parse`.
   `parse` yields one item for each record, a Record or a Problem, by `fields.record`. For XML,
   `xml_elements.read_elements` gives the elements one by one (see pubmed_xml.py). Lines that begin with a tag need no
   module but a table of their tags in tagged_formats.py.
2. Enter the module in TEXT_FORMATS or XML_FORMATS below, the endings of its files in ENDINGS, its name in the
   table of formats in docs/library.md.
   A format that is not text is a `BinaryFormat`, entered in BINARY_FORMATS.
3. Put its tests into tests/unit/ingestion/.

An object of JSON in a new shape needs no module: named_fields.py says under which names what is kept. named_xml.py does
the same for XML whose elements are called as fields are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Protocol

from assistant.ingestion.readers import author_page
from assistant.ingestion.readers.objects import json_papers, yaml_papers
from assistant.ingestion.readers.tables import table, web_table, workbook
from assistant.ingestion.readers.tagged import pubmed_text, tagged_formats
from assistant.ingestion.readers.tagged.ris import RIS
from assistant.ingestion.readers.tex import bibtex
from assistant.ingestion.readers.xml import arxiv_atom, endnote_xml, jats_xml, mods_xml, named_xml, pubmed_xml
from assistant.ingestion.readers.zotero import zotero_database, zotero_rdf
from assistant.types import ReaderItem

READABLE = (
    "exports of reference managers and databases (BibTeX, RIS, MEDLINE, EndNote, Zotero ...); JSON, YAML and XML of "
    "services such as arXiv; tables (CSV, Excel); an author page; docs/library.md lists all"
)


class Format(Protocol):
    """A module that reads one format."""

    @property
    def NAME(self) -> str:  # noqa: N802
        """Return what people call the format."""

    @property
    def NOTHING_FOUND(self) -> str:  # noqa: N802
        """Return what to say of a file without a record, and what to do; "" where that is not a problem."""

    def start(self, head: str) -> int | None:
        """Return where in the beginning of a text the first sign of the format stands; None without one."""

    @property
    def parse(self) -> Callable[..., Iterator[ReaderItem]]:
        """Return the function that yields what a file holds, record by record, of a stream and the file's name.

        The stream gives text; in XML_FORMATS it gives bytes, because XML says itself how it is encoded.
        """


class BinaryFormat(Protocol):
    """A module that reads one format whose files are not text: it opens the file itself."""

    @property
    def NAME(self) -> str:  # noqa: N802
        """Return what people call the format."""

    @property
    def NOTHING_FOUND(self) -> str:  # noqa: N802
        """Return what to say of a file without a record, and what to do; "" where that is not a problem."""

    def is_written(self, path: Path, head: bytes) -> bool:
        """Tell whether a file is written in the format; `head` is its beginning, 256 kB at most."""

    def parse(self, path: Path, file: str, columns: Mapping[str, Sequence[str]]) -> Iterator[ReaderItem]:
        """Yield what the file holds, record by record; `file` is what people call it, `columns` as for `read`."""


XML_FORMATS: tuple[Format, ...] = (pubmed_xml, jats_xml, arxiv_atom, endnote_xml, mods_xml, zotero_rdf, named_xml)
BINARY_FORMATS: tuple[BinaryFormat, ...] = (workbook, zotero_database)
TEXT_FORMATS: tuple[Format, ...] = (
    json_papers,
    bibtex,
    *tagged_formats.FORMATS,
    RIS,
    pubmed_text,
    yaml_papers,
    table,
    web_table,
    author_page,
)
WITH_COLUMNS: tuple[Format, ...] = (json_papers, table, web_table)  # their `parse` takes the names of columns too
WITH_DATE: tuple[Format, ...] = (author_page,)  # its `parse` takes the day on which the page was seen too
ENDINGS: Mapping[str, Format] = MappingProxyType(
    {
        ".bib": bibtex,
        ".biblatex": bibtex,
        ".bibtex": bibtex,
        ".ciw": tagged_formats.WEB_OF_SCIENCE,
        ".csv": table,
        ".enw": tagged_formats.REFER,
        ".json": json_papers,
        ".jsonl": json_papers,
        ".nbib": tagged_formats.MEDLINE,
        ".ndjson": json_papers,
        ".ris": RIS,
        ".tsv": table,
        ".yaml": yaml_papers,
        ".yml": yaml_papers,
    }
)


def find_format(head: str, name: str, columns: Mapping[str, Sequence[str]]) -> Format | None:
    """Return the format whose first sign stands foremost; the file's ending decides only where there is no sign."""
    head = head.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    best: tuple[int, Format] | None = None
    for candidate in (*XML_FORMATS, *TEXT_FORMATS):
        is_table = candidate in (table, web_table)
        position = candidate.start(head, columns) if is_table else candidate.start(head)  # type: ignore[call-arg]
        if position is not None and (best is None or position < best[0]):
            best = position, candidate
        if position == 0:
            break
    return best[1] if best else ENDINGS.get(PurePath(name.lower().removesuffix(".gz")).suffix)
