"""Tables (CSV and its kin), whose columns are told from their names, or from the names that a person gives."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TextIO

from assistant.ingestion.readers import exported, named_fields
from assistant.ingestion.readers.fields import NO_COLUMNS, first_of
from assistant.text import shortened
from assistant.types import Notice, Problem, ReaderItem

NAME = "CSV"
NOTHING_FOUND = ""  # a table without a row is a table all the same

DELIMITERS = ",;\t|"
ROWS_BEFORE_HEADER = 20  # some exports begin with lines about themselves
LONGEST_NAME = 60  # characters, of a column; beyond it stands prose
LONGEST_HEADER = 20_000  # characters

# What each field's column is called, the likeliest first: letters only, in lower case.
COLUMN_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "title": "title articletitle documenttitle papertitle itemtitle primarytitle ti",
        "abstract": "abstract abstractnote abstracttext paperabstract summary ab",
        "authors": "authorfullnames authors author authornames creators bookauthors af au",
        "date": "publicationdate publisheddate datepublished date published coverdate createdate onlinedate",
        "year": "publicationyear year pubyear yearpublished py",
        "venue": "venue journal sourcetitle publicationtitle journaltitle journalbook source conferencetitle booktitle "
        "itempublication publication so",
        "doi": "doi doilink articledoi itemdoi di",
        "arxiv_id": "arxivid arxiv eprint",
        "pmid": "pmid pubmedid pm",
        "url": "url link articleurl pdfurl pdflink landingpage",
        "categories": "categories category primarycategory arxivcategories",
        "has_code": "hascode code codeurl",
        "id": "id key eid paperid publicationid accessionnumber uniquewosid utuniquewosid ut",
    }
)
OWN_COLUMNS = ("authors_complete", "author_positions", "labels", "exporter")  # which only this program writes


@dataclass(frozen=True, slots=True)
class Header:
    """The row that names the columns, and the character between them."""

    names: tuple[str, ...]
    delimiter: str


def start(head: str, columns: Mapping[str, str] = NO_COLUMNS) -> int | None:
    """Return where the row stands that names the columns, or None: a title is among them, and something besides."""
    position = 0
    for line in head.split("\n", ROWS_BEFORE_HEADER)[:ROWS_BEFORE_HEADER]:
        if _header(line, columns) or _header(line, NO_COLUMNS):
            return position
        position += len(line) + 1
    return None


def parse(stream: TextIO, file: str, columns: Mapping[str, str] = NO_COLUMNS) -> Iterator[ReaderItem]:
    """Yield one item for each row; `columns` maps a field of ours to the name of its column."""
    unknown = [name for name in columns if name not in COLUMN_NAMES]
    if unknown:
        known = ", ".join(COLUMN_NAMES)
        yield Problem(file, 0, f"“{unknown[0]}” is not a field of a paper. The fields are: {known}.")
        return
    header, first_rows = None, list[str]()
    for line in stream:
        first_rows.append(line.removesuffix("\n"))
        header = _header(first_rows[-1], columns)
        if header or len(first_rows) == ROWS_BEFORE_HEADER:
            break
    if not header:
        yield _no_header(file, first_rows, columns)
        return
    named = {field: (header.names.index(name),) for field, name in columns.items()}
    places = _guessed(header.names) | named
    if "abstract" not in places:
        names = _listed(header.names)
        told = f"No column is called “abstract”, so the papers have none. The columns are: {names}. "
        yield Notice(file, f"{told}If one of them holds the abstracts, add the file again with --column abstract=NAME.")
    yield from _read_rows(stream, file, len(first_rows), header, places)


def _read_rows(
    stream: TextIO, file: str, offset: int, header: Header, places: Mapping[str, Sequence[int]]
) -> Iterator[ReaderItem]:
    rows = csv.reader(stream, delimiter=header.delimiter)
    while True:
        line = offset + rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            reason = f"This row cannot be read: {error}. Look for a quotation mark that is never closed."
            yield Problem(file, line, reason)
            continue
        if not re.search(r"\w", "".join(row)):  # a blank line, or one that is drawn
            continue
        cells = {field: [row[place].strip() for place in found if place < len(row)] for field, found in places.items()}
        values = {field: first_of(*found) for field, found in cells.items()}
        if exported.is_own(values.get("exporter")):
            item = exported.read(_own_fields(values), file, line)
        else:
            item = named_fields.read_fields(values, file, line)
        if isinstance(item, Problem) and len(row) != len(header.names):
            why = f"{item.reason} This row has {len(row)} cells, the header {len(header.names)}."
            item = Problem(file, line, why)
        yield item


def _header(line: str, columns: Mapping[str, str]) -> Header | None:
    """Return the header that `line` is: it names every one of `columns` or, where there are none, a paper's fields."""
    if len(line) > LONGEST_HEADER:
        return None
    header = _split(line)
    if columns:
        return header if all(name in header.names for name in columns.values()) else None
    fields = _guessed(header.names).keys() if max(map(len, header.names), default=0) <= LONGEST_NAME else ()
    return header if "title" in fields and ("abstract" in fields or len(fields) > 2) else None


def _split(line: str) -> Header:
    """Return the cells of a line; what parts them stands most often in it, outside of quotation marks."""
    delimiter = max(DELIMITERS, key=re.sub(r'"[^"]*"', "", line).count)
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        cells = []
    return Header(tuple(cell.strip().lstrip("\ufeff") for cell in cells), delimiter)


def _guessed(header: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the places of the columns that may hold each field, the likeliest first."""
    places = {re.sub(r"[^a-z]", "", name.lower()): place for place, name in reversed(list(enumerate(header)))}
    known = {**COLUMN_NAMES, **{name: name.replace("_", "") for name in OWN_COLUMNS}}
    found = {field: tuple(places[name] for name in names.split() if name in places) for field, names in known.items()}
    return {field: columns for field, columns in found.items() if columns}


def _own_fields(values: Mapping[str, str]) -> dict[str, object]:
    """Return what a row that this program wrote states."""
    texts = {field: exported.unguarded(value) for field, value in values.items()}
    return {
        **texts,
        "authors": exported.listed(texts.get("authors", "")),
        "author_positions": exported.positions_of(texts.get("author_positions", "")),
        "categories": exported.listed(texts.get("categories", "")),
        "labels": exported.listed(texts.get("labels", "")),
    }


def _no_header(file: str, lines: Sequence[str], columns: Mapping[str, str]) -> Problem:
    """Return the problem that no row names the columns, and what the likeliest row holds."""
    likeliest = next((number for number, line in enumerate(lines, 1) if _header(line, NO_COLUMNS)), 1)
    names = _split("".join(lines[likeliest - 1 : likeliest])).names
    missing = next((name for name in columns.values() if name not in names), "")
    reason = f"There is no column “{missing}”. The columns are: {_listed(names)}."
    if not missing:
        reason = f"No row names a column “title”. The first row holds: {_listed(names)}. "
        reason += "Name the columns, such as --column title=NAME."
    return Problem(file, likeliest, reason)


def _listed(header: Sequence[str]) -> str:
    return shortened(", ".join(f"“{shortened(name, 40)}”" for name in header if name), 1000)
