"""BibTeX and BibLaTeX, by pybtex's scanner, entry by entry, so that a broken entry costs only itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TextIO

from pybtex.bibtex.utils import split_name_list  # type: ignore[import-untyped]
from pybtex.database import Person  # type: ignore[import-untyped]
from pybtex.database.input.bibtex import LowLevelParser, month_names  # type: ignore[import-untyped]
from pybtex.exceptions import PybtexError  # type: ignore[import-untyped]
from pybtex.scanner import PrematureEOF, PybtexSyntaxError  # type: ignore[import-untyped]

from assistant.ingestion.readers import exported, fields
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, find_url, first_of, joined
from assistant.ingestion.readers.latex import to_text
from assistant.ingestion.readers.markup import visible
from assistant.ingestion.readers.names import SUFFIX, given_name_first, split_names
from assistant.text import shortened
from assistant.types import Paper, Problem, Record

NAME = "BibTeX"
NOTHING_FOUND = "There is no entry in this BibTeX file. Add entries with a title to it."

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
VOLUMES = {"proceedings", "mvproceedings", "collection", "mvcollection", "periodical"}  # what papers stand in

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
    """Return where the first entry or @string stands, or None if this is not BibTeX."""
    found = ENTRY_OR_COMMAND.search(head)
    return found.start() if found else None


def parse(stream: TextIO, file: str) -> Iterator[Record | Problem]:
    """Yield one item for each entry, in the file's order; comments and abbreviations are not entries.

    An entry that refers to a later one (`crossref`) comes right after that one.
    """
    macros = _Macros(month_names)
    entries = (entry for line, text in _pieces(stream) for entry in _parse_entries(text, file, line, macros))
    for entry in _with_inherited(entries):
        yield entry if isinstance(entry, Problem) else _read_entry(entry, file)


@dataclass(frozen=True, slots=True)
class _Entry:
    """The fields of an entry, its key, the number of its first line, and its type."""

    fields: Mapping[str, str]
    key: str
    line: int
    type: str


def _with_inherited(entries: Iterable[_Entry | Problem]) -> Iterator[_Entry | Problem]:
    """Yield entries with what they inherit from those they refer to, whichever of the two comes first."""
    parents: dict[str, Mapping[str, str]] = {}
    waiting: dict[str, list[_Entry]] = {}
    waiting_count = 0
    for entry in entries:
        if isinstance(entry, Problem):
            yield entry
            continue
        key, parent = entry.key.lower(), entry.fields.get("crossref", "").strip().lower()
        if parent in parents:
            yield _inheriting(entry, parents[parent])
        elif parent and waiting_count < MOST_REFERENCES:
            waiting.setdefault(parent, []).append(entry)
            waiting_count += 1
        else:
            yield entry
        if key and len(parents) < MOST_REFERENCES and "abstract" not in entry.fields:
            parents[key] = {name: entry.fields[name] for name in INHERITED if name in entry.fields}
        children = waiting.pop(key, [])
        waiting_count -= len(children)
        yield from (_inheriting(child, entry.fields) for child in children)
    for children in waiting.values():  # their parents stand nowhere in the file
        yield from children


def _inheriting(child: _Entry, parent: Mapping[str, str]) -> _Entry:
    lent = {name: parent[name] for name in INHERITED if name in parent and name != "title"}
    if "title" in parent:
        lent.setdefault("booktitle", parent["title"])
    if child.fields.keys() & {"date", "year"}:
        lent = {name: content for name, content in lent.items() if name not in {"date", "year", "month", "day"}}
    return _Entry(lent | dict(child.fields), child.key, child.line, child.type)


def _pieces(stream: TextIO) -> Iterator[tuple[int, str]]:
    """Yield the number of the first line and the text of each entry, with what follows it up to the next one.

    Of a piece that is longer than any entry only the beginning is given.
    """
    first, lines, length = 1, list[str](), 0
    for number, line in enumerate(stream, start=1):
        if ENTRY_START.match(line):
            if lines and ENTRY_START.match(lines[0]):  # not what stands before the first entry
                yield first, "".join(lines)
            first, lines, length = number, [], 0
        length += len(line)
        if length <= LONGEST_ENTRY:
            lines.append(line)
    if lines:
        yield first, "".join(lines)


def _parse_entries(text: str, file: str, line: int, macros: _Macros) -> Iterator[_Entry | Problem]:
    """Yield the entries in one piece of a file, one unless several share a line; or where one is broken, and why."""
    parser = LowLevelParser(text, keyless_entries=bool(WITHOUT_KEY.match(text)), macros=macros)
    try:
        for command, content in parser:
            if command.lower() in NOT_ENTRIES:
                continue
            key, pairs = content
            values: dict[str, str] = {}
            for name, parts in pairs:
                values.setdefault(name.lower(), " ".join("".join(parts).split()))
            yield _Entry(values, key or "", line + text.count("\n", 0, parser.command_start), command.lower())
    except PybtexSyntaxError as error:
        key = parser.current_entry_key
        entry = f"The entry “{shortened(key)}”" if key else "This entry"
        what = f"{error.args[0]} in line {line + error.lineno - 1}"
        what = "a brace or a quotation mark is not closed" if isinstance(error, PrematureEOF) else what
        reason = f"{entry} is not valid BibTeX: {what}. Mend the entry and add the file again."
        yield Problem(file, line + text.count("\n", 0, parser.command_start or 0), reason)


def _read_entry(entry: _Entry, file: str) -> Record | Problem:
    def field(*names: str) -> str:
        return first_of(*(entry.fields.get(name, "") for name in names))

    if exported.is_own(entry.fields.get("exporter")):
        return _read_own(entry, file)
    if entry.type in VOLUMES and not field("abstract"):
        named = shortened(to_text(field("title")) or entry.key)
        return Problem(file, entry.line, f"“{named}” is a volume (@{entry.type}), not a paper, so it was left out.")
    title, archive, preprint_class = (
        field("title"),
        field("archiveprefix", "eprinttype"),
        field("primaryclass", "eprintclass"),
    )
    paper = Paper(
        title=joined([title, field("subtitle")]) if not title.endswith(":") else title,
        abstract=field("abstract"),
        date=find_date(field("date")) or find_date(field("year"), month=to_text(field("month")), day=field("day")),
        categories=(preprint_class,) if preprint_class else (),
        venue=field("journal", "journaltitle", "booktitle", "school", "institution"),
        doi=find_doi(field("doi")),
        arxiv_id=_arxiv_id(entry.fields),
        pmid=find_pmid(field("pmid", "pubmedid"), field("eprint") if archive.lower() == "pubmed" else "", bare=True),
        url=find_url(field("url"), field("howpublished"), field("note")),
    )
    listed = names(field("author", "authors"))
    return fields.record(paper, listed, file=file, line=entry.line, source_key=entry.key)


def _read_own(entry: _Entry, file: str) -> Record | Problem:
    """Return the paper of an entry that this program wrote: no identifier is looked for in another's field."""

    def field(name: str) -> str:
        return entry.fields.get(name, "")

    readable = unescaped if field("exporter").endswith(PLAINLY_ESCAPED) else to_text
    listed = [name for name in names(field("author"), readable) if name]
    is_cut = listed[-1:] == ["others"]
    stated = {
        **{name: field(name) for name in ("title", "abstract", "doi", "pmid", "url")},
        "authors": listed[:-1] if is_cut else listed,
        "authors_complete": not is_cut,
        "author_positions": exported.positions_of(field("authorpositions")),
        "date": find_date(field("year"), month=field("month"), day=field("day")),
        "categories": split_name_list(field("categories")),
        "venue": first_of(*map(field, ("journal", "booktitle", "howpublished"))),
        "arxiv_id": field("eprint"),
        "labels": exported.listed(readable(field("keywords")), ","),
        "has_code": field("hascode"),
        "id": entry.key,
    }
    return exported.read(stated, file, entry.line, readable)


def unescaped(text: str) -> str:
    """Undo what `ESCAPES` does, and drop the braces that keep a text together; nothing else means anything."""
    return visible(ESCAPED.sub(lambda found: CHARACTERS.get(found.group(), ""), text))


def _arxiv_id(values: Mapping[str, str]) -> str:
    """Return the arXiv id, which exporters put into half a dozen different fields."""
    archive = values.get("archiveprefix", values.get("eprinttype", "arxiv")).lower()
    named = [values.get(name, "") for name in ("arxivid", "arxiv")]
    if archive == "arxiv":
        named.insert(0, values.get("eprint", ""))
    if values.get("journal", "").lower() == "corr":
        named.append(values.get("volume", ""))
    marked = ("doi", "url", "journal", "journaltitle", "number", "note", "howpublished", "publisher", "pubstate")
    return find_arxiv_id(*named, bare=True) or find_arxiv_id(*(values.get(name, "") for name in marked))


def names(text: str, readable: Callable[[str], str] = to_text) -> list[str]:
    """Return the names as they are spoken: given name, particle, family name, suffix."""
    parts = split_name_list(text)
    if "{" not in text and ((len(parts) == 1 and "," in text) or (len(parts) == 2 and parts[0].count(",") > 2)):
        return split_names(readable(text))  # not as BibTeX has it, but as people write lists
    return [_display(part, readable) for part in parts if part.strip()]


def _display(name: str, readable: Callable[[str], str]) -> str:
    if name.startswith("{") and name.endswith("}"):
        return readable(name)
    name = name.strip(" ,")
    if name.count(",") == 2 and SUFFIX.fullmatch(name.rpartition(",")[2].strip()):
        return given_name_first(
            readable(name)
        )  # "Family, Given, Suffix", which BibTeX takes for "Family, Suffix, Given"
    try:
        person = Person(name)
    except (PybtexError, IndexError):
        return readable(name)
    given_and_family = joined([*person.first_names, *person.middle_names, *person.prelast_names, *person.last_names])
    suffix = joined(person.lineage_names)
    return readable(f"{given_and_family}, {suffix}" if suffix else given_and_family)
