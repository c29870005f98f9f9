"""BibTeX and BibLaTeX, by pybtex's scanner, entry by entry, so that a broken entry costs only itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pybtex.bibtex.utils import split_name_list  # type: ignore[import-untyped]
from pybtex.database import Person  # type: ignore[import-untyped]
from pybtex.database.input.bibtex import LowLevelParser, month_names  # type: ignore[import-untyped]
from pybtex.exceptions import PybtexError  # type: ignore[import-untyped]
from pybtex.scanner import PrematureEOF, PybtexSyntaxError  # type: ignore[import-untyped]

from assistant.readers.fields import (
    authorships,
    find_arxiv_id,
    find_date,
    find_doi,
    find_url,
    first_of,
    joined,
    record,
    shortened,
    split_names,
)
from assistant.readers.latex import to_text
from assistant.types import Paper, Problem, Record

ENTRY_START = re.compile(r"^[^\S\n]*@\s*[A-Za-z]+\s*[{(]", re.MULTILINE)
ENTRY_OR_COMMAND = re.compile(
    r"^[^\S\n]*@\s*(?:(?:string|preamble|comment)\s*[{(]|[A-Za-z]+\s*[{(]\s*[^\s,={}()]*\s*,)",
    re.MULTILINE | re.IGNORECASE,
)
WITHOUT_KEY = re.compile(r"\s*@\s*[A-Za-z]+\s*[{(]\s*(?:,|[A-Za-z]+\s*=)")
NOT_ENTRIES = {"string", "preamble", "comment"}


class _Macros(dict[str, str]):
    """Abbreviations regardless of case; one that nobody defined stands for its own name."""

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)

    def __getitem__(self, name: str) -> str:
        return self.get(name.lower(), name)


def start_of_entries(text: str) -> int | None:
    """Return where the first entry or @string stands, or None if this is no BibTeX."""
    found = ENTRY_OR_COMMAND.search(text)
    return found.start() if found else None


def parse(text: str, file: str) -> Iterator[Record | Problem]:
    """Yield one item for each entry, in the file's order; comments and abbreviations are no entries."""
    macros = _Macros(month_names)
    starts = [match.start() for match in ENTRY_START.finditer(text)] or [0]
    line, counted, found = 1, 0, False
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        line, counted = line + text.count("\n", counted, start), start
        for item in _parse_entries(text[start:end], line, macros, file):
            found = True
            yield item
    if not found:
        yield Problem(file, 0, "There is no entry in this BibTeX file. Add entries with a title and an abstract to it.")


def _parse_entries(text: str, line: int, macros: _Macros, file: str) -> Iterator[Record | Problem]:
    """Yield what stands in one piece of a file, which is one entry unless several share a line."""
    parser = LowLevelParser(text, keyless_entries=bool(WITHOUT_KEY.match(text)), macros=macros)
    try:
        for command, content in parser:
            if command.lower() in NOT_ENTRIES:
                continue
            key, pairs = content
            fields: dict[str, str] = {}
            for name, parts in pairs:
                fields.setdefault(name.lower(), " ".join("".join(parts).split()))
            yield _read_entry(fields, key or "", file, line + text.count("\n", 0, parser.command_start))
    except PybtexSyntaxError as error:
        entry = f"The entry “{shortened(parser.current_entry_key)}”" if parser.current_entry_key else "This entry"
        at = line + error.lineno - 1
        what = (
            "a brace or a quotation mark is not closed"
            if isinstance(error, PrematureEOF)
            else f"{error.args[0]} in line {at}"
        )
        reason = f"{entry} is not valid BibTeX: {what}. Mend the entry and add the file again."
        yield Problem(file, line + text.count("\n", 0, parser.command_start or 0), reason)


def _read_entry(fields: Mapping[str, str], key: str, file: str, line: int) -> Record | Problem:
    def field(*names: str) -> str:
        return first_of(*(fields.get(name, "") for name in names))

    listed, complete = authorships(_names(field("author", "authors")))
    preprint_class = field("primaryclass", "eprintclass")
    address = find_url(field("url")) or find_url(field("howpublished")) or find_url(field("note"))
    paper = Paper(
        title=joined([field("title"), field("subtitle")]) if not field("title").endswith(":") else field("title"),
        abstract=field("abstract"),
        authorships=listed,
        authors_complete=complete,
        date=find_date(field("date")) or find_date(field("year"), month=to_text(field("month")), day=field("day")),
        categories=(preprint_class,) if preprint_class else (),
        venue=field("journal", "journaltitle", "booktitle", "school", "institution"),
        doi=find_doi(field("doi")),
        arxiv_id=_arxiv_id(fields),
        url=address,
    )
    return record(paper, file=file, line=line, own_id=key)


def _arxiv_id(fields: Mapping[str, str]) -> str:
    """Return the arXiv id, which exporters put into half a dozen different fields."""
    archive = fields.get("archiveprefix", fields.get("eprinttype", "arxiv")).lower()
    eprint = find_arxiv_id(fields.get("eprint", ""), bare=True) if archive == "arxiv" else ""
    volume = find_arxiv_id(fields.get("volume", ""), bare=True) if fields.get("journal", "").lower() == "corr" else ""
    named = ("arxivid", "arxiv")
    marked = ("doi", "url", "journal", "journaltitle", "number", "note", "howpublished", "publisher", "pubstate")
    return first_of(
        eprint,
        *(find_arxiv_id(fields.get(name, ""), bare=True) for name in named),
        volume,
        *(find_arxiv_id(fields.get(name, "")) for name in marked),
    )


def _names(text: str) -> list[str]:
    """Return the names as they are spoken: given name, particle, family name, suffix."""
    parts = split_name_list(text)
    if len(parts) == 1 and (";" in text or text.count(",") > 1) and "{" not in text:
        parts = split_names(text)
    return [_display(part) for part in parts if part.strip()]


def _display(name: str) -> str:
    if name.startswith("{") and name.endswith("}"):
        return to_text(name)
    try:
        person = Person(name)
    except (PybtexError, IndexError):
        return to_text(name)
    given_and_family = joined([*person.first_names, *person.middle_names, *person.prelast_names, *person.last_names])
    suffix = joined(person.lineage_names)
    return to_text(f"{given_and_family}, {suffix}" if suffix else given_and_family)
