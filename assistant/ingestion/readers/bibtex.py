"""BibTeX and BibLaTeX, by pybtex's scanner, entry by entry, so that a broken entry costs only itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TextIO

from pybtex.bibtex.utils import split_name_list  # type: ignore[import-untyped]
from pybtex.database import Person  # type: ignore[import-untyped]
from pybtex.database.input.bibtex import LowLevelParser, month_names  # type: ignore[import-untyped]
from pybtex.exceptions import PybtexError  # type: ignore[import-untyped]
from pybtex.scanner import PrematureEOF, PybtexSyntaxError  # type: ignore[import-untyped]

from assistant.ingestion.readers import exported
from assistant.ingestion.readers.fields import (
    authorships,
    find_arxiv_id,
    find_date,
    find_doi,
    find_pmid,
    find_url,
    first_of,
    joined,
    record,
    shortened,
    split_names,
)
from assistant.ingestion.readers.latex import to_text
from assistant.ingestion.readers.markup import visible
from assistant.types import Paper, Problem, Record

NAME = "BibTeX"

LONGEST_ENTRY = 1_000_000  # characters
MOST_REFERENCES = 20_000  # entries that wait for the one they refer to, and entries that may be referred to
ENTRY_START = re.compile(r"^[^\S\n]*@\s*[A-Za-z]+\s*[{(]", re.MULTILINE)
ENTRY_OR_COMMAND = re.compile(
    r"^[^\S\n]*@\s*(?:(?:string|preamble|comment)\s*[{(]|[A-Za-z]+\s*[{(]\s*[^\s,={}()]*\s*,)",
    re.MULTILINE | re.IGNORECASE,
)
WITHOUT_KEY = re.compile(r"\s*@\s*[A-Za-z]+\s*[{(]\s*(?:,|[A-Za-z]+\s*=)")
INHERITED = ("title", "booktitle", "date", "year", "month", "day", "journal", "journaltitle")
NOT_ENTRIES = {"string", "preamble", "comment"}

PLAINLY_ESCAPED = "plain escapes"
"""How the field of an own entry that names the exporter ends where nothing but `ESCAPES` stands in its texts."""

ESCAPES: Mapping[str, str] = MappingProxyType(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: "\\" + character for character in "%&#_$"},
    }
)
CHARACTERS: Mapping[str, str] = MappingProxyType({escape: character for character, escape in ESCAPES.items()})
ESCAPED = re.compile(r"\\text(?:backslash|brace(?:left|right)|ascii(?:tilde|circum))\{\}|\\[%&#_$]|[{}]")


class _Macros(dict[str, str]):
    """Abbreviations regardless of case; one that nobody defined stands for its own name."""

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)

    def __getitem__(self, name: str) -> str:
        return self.get(name.lower(), name)


def start(head: str) -> int | None:
    """Return where the first entry or @string stands, or None if this is no BibTeX."""
    found = ENTRY_OR_COMMAND.search(head)
    return found.start() if found else None


def parse(stream: TextIO, file: str) -> Iterator[Record | Problem]:
    """Yield one item for each entry, in the file's order; comments and abbreviations are no entries.

    An entry that refers to a later one (`crossref`) comes right after that one.
    """
    macros = _Macros(month_names)
    references = _CrossReferences()
    found = False
    for line, text in _pieces(stream):
        for item in _parse_entries(text, line, macros):
            found = True
            if isinstance(item, _Entry):
                for entry in references.resolved(item):
                    yield _read_entry(entry.fields, entry.key, file, entry.line)
            else:
                yield Problem(file, *item)
    for entry in references.unresolved():
        yield _read_entry(entry.fields, entry.key, file, entry.line)
    if not found:
        yield Problem(file, 0, "There is no entry in this BibTeX file. Add entries with a title and an abstract to it.")


@dataclass(frozen=True, slots=True)
class _Entry:
    """The fields of an entry, its key, and the number of its first line."""

    fields: Mapping[str, str]
    key: str
    line: int


class _CrossReferences:
    """Entries lend what they have to those that refer to them, whichever of the two comes first."""

    def __init__(self) -> None:
        self._parents: dict[str, Mapping[str, str]] = {}
        self._waiting: dict[str, list[_Entry]] = {}
        self._waiting_count = 0

    def resolved(self, entry: _Entry) -> Iterator[_Entry]:
        """Yield `entry` unless it has to wait for a later one, and those that waited for it."""
        key, parent = entry.key.lower(), entry.fields.get("crossref", "").strip().lower()
        if parent in self._parents:
            yield _inheriting(entry, self._parents[parent])
        elif parent and self._waiting_count < MOST_REFERENCES:
            self._waiting.setdefault(parent, []).append(entry)
            self._waiting_count += 1
        else:
            yield entry
        if key and len(self._parents) < MOST_REFERENCES and "abstract" not in entry.fields:
            self._parents[key] = {name: entry.fields[name] for name in INHERITED if name in entry.fields}
        waiting = self._waiting.pop(key, [])
        self._waiting_count -= len(waiting)
        for child in waiting:
            yield _inheriting(child, entry.fields)

    def unresolved(self) -> Iterator[_Entry]:
        """Yield the entries whose parents stand nowhere in the file."""
        for children in self._waiting.values():
            yield from children


def _inheriting(child: _Entry, parent: Mapping[str, str]) -> _Entry:
    lent = {name: parent[name] for name in INHERITED if name in parent and name != "title"}
    if "title" in parent:
        lent.setdefault("booktitle", parent["title"])
    if child.fields.keys() & {"date", "year"}:
        lent = {name: content for name, content in lent.items() if name not in {"date", "year", "month", "day"}}
    return _Entry(lent | dict(child.fields), child.key, child.line)


def _pieces(stream: TextIO) -> Iterator[tuple[int, str]]:
    """Yield the number of the first line and the text of each entry, with what follows it up to the next one.

    Of a piece that is longer than any entry only the beginning is given.
    """
    first, lines, length = 1, list[str](), 0
    for number, line in enumerate(stream, start=1):
        if ENTRY_START.match(line):
            if lines and ENTRY_START.match(lines[0]):  # what stands before the first entry is none
                yield first, "".join(lines)
            first, lines, length = number, [], 0
        length += len(line)
        if length <= LONGEST_ENTRY:
            lines.append(line)
    if lines:
        yield first, "".join(lines)


def _parse_entries(text: str, line: int, macros: _Macros) -> Iterator[_Entry | tuple[int, str]]:
    """Yield the entries in one piece of a file, one unless several share a line; or where one is broken, and why."""
    parser = LowLevelParser(text, keyless_entries=bool(WITHOUT_KEY.match(text)), macros=macros)
    try:
        for command, content in parser:
            if command.lower() in NOT_ENTRIES:
                continue
            key, pairs = content
            fields: dict[str, str] = {}
            for name, parts in pairs:
                fields.setdefault(name.lower(), " ".join("".join(parts).split()))
            yield _Entry(fields, key or "", line + text.count("\n", 0, parser.command_start))
    except PybtexSyntaxError as error:
        entry = f"The entry “{shortened(parser.current_entry_key)}”" if parser.current_entry_key else "This entry"
        at = line + error.lineno - 1
        what = (
            "a brace or a quotation mark is not closed"
            if isinstance(error, PrematureEOF)
            else f"{error.args[0]} in line {at}"
        )
        reason = f"{entry} is not valid BibTeX: {what}. Mend the entry and add the file again."
        yield line + text.count("\n", 0, parser.command_start or 0), reason


def _read_entry(fields: Mapping[str, str], key: str, file: str, line: int) -> Record | Problem:
    def field(*names: str) -> str:
        return first_of(*(fields.get(name, "") for name in names))

    if exported.is_own(fields.get("exporter")):
        return _read_own(fields, key, file, line)
    listed, complete = authorships(names(field("author", "authors")))
    archive = field("archiveprefix", "eprinttype").lower()
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
        pmid=find_pmid(field("pmid", "pubmedid"), bare=True)
        or (find_pmid(field("eprint"), bare=True) if archive == "pubmed" else ""),
        url=address,
    )
    return record(paper, file=file, line=line, own_id=key)


def _read_own(fields: Mapping[str, str], key: str, file: str, line: int) -> Record | Problem:
    """Return the paper of an entry that this program wrote: no identifier is looked for in another's field."""
    readable = unescaped if fields["exporter"].endswith(PLAINLY_ESCAPED) else to_text
    listed = [name for name in names(fields.get("author", ""), readable) if name]
    is_cut = listed[-1:] == ["others"]
    if is_cut:
        listed.pop()
    paper = Paper(
        title=fields.get("title", ""),
        abstract=fields.get("abstract", ""),
        authorships=exported.authorships(listed, exported.positions_of(fields.get("authorpositions", ""))),
        authors_complete=not is_cut,
        date=find_date(fields.get("year", ""), month=fields.get("month", ""), day=fields.get("day", "")),
        categories=tuple(split_name_list(fields.get("categories", ""))),
        venue=first_of(*(fields.get(name, "") for name in ("journal", "booktitle", "howpublished"))),
        doi=find_doi(fields.get("doi", "")),
        arxiv_id=find_arxiv_id(fields.get("eprint", ""), bare=True),
        pmid=find_pmid(fields.get("pmid", ""), bare=True),
        url=find_url(fields.get("url", "")),
        has_code=exported.yes_or_no(fields.get("hascode")),
    )
    return record(paper, file=file, line=line, own_id=key, readable=readable)


def unescaped(text: str) -> str:
    """Undo what `ESCAPES` does, and drop the braces that keep a text together; nothing else means anything."""
    return visible(ESCAPED.sub(lambda found: CHARACTERS.get(found.group(), ""), text))


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


def names(text: str, readable: Callable[[str], str] = to_text) -> list[str]:
    """Return the names as they are spoken: given name, particle, family name, suffix."""
    parts = split_name_list(text)
    if len(parts) == 1 and (";" in text or text.count(",") > 1) and "{" not in text:
        parts = split_names(text)
    return [_display(part, readable) for part in parts if part.strip()]


def _display(name: str, readable: Callable[[str], str]) -> str:
    if name.startswith("{") and name.endswith("}"):
        return readable(name)
    try:
        person = Person(name)
    except (PybtexError, IndexError):
        return readable(name)
    given_and_family = joined([*person.first_names, *person.middle_names, *person.prelast_names, *person.last_names])
    suffix = joined(person.lineage_names)
    return readable(f"{given_and_family}, {suffix}" if suffix else given_and_family)
