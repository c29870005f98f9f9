"""Pasted text: the references, the records and the name of a person that it holds."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from assistant.errors import UsageError
from assistant.ingestion.readers import NO_COLUMNS, read
from assistant.ingestion.readers.formats import find_format
from assistant.ingestion.remote.references import Reference, parse_reference
from assistant.text import shortened
from assistant.types import Problem, Record

_BIBTEX = re.compile(r"(?<![\w.])@(?!comment\b)\w+\s*[{(]", re.IGNORECASE)
_RIS = re.compile(r"^TY {2}- .*?(?:^ER {2}-[^\n]*(?:\n|\Z)|\Z)", re.MULTILINE | re.DOTALL)
_SPACED = re.compile(r'author:\s*(?:"[^"\n]*"|[^,;\n]*)|^[^\S\n]*zotero:[^\n]*', re.IGNORECASE | re.MULTILINE)
"""References in which words stand apart: to a person anywhere in a text, to Zotero on a line of their own."""

_SPACED_PREFIX = re.compile(r"\b(arxiv|doi|pmid|openalex|s2|orcid)(?:\s*:\s+|\s+(?=[\d/]))", re.IGNORECASE)
_BARE = (
    (re.compile(r"10\.\d{4,9}(?:\.\d+)*/\S+"), "doi:"),
    (re.compile(r"(?:\d{4}\.\d{4,5}|[a-z][a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?"), "arxiv:"),
    (re.compile(r"(?:\d{4}-){3}\d{3}[\dXx]"), "orcid:"),
    (re.compile(r"[AW]\d{6,}"), "openalex:"),
    (
        re.compile(r"(?:www\.)?(?:arxiv|doi|dx\.doi|openalex|orcid|semanticscholar)\.org/\S+|pubmed\.ncbi\.\S+"),
        "https://",
    ),
)
"""What is plainly an id or an address without its beginning, and that beginning."""

_MARKS = "\"'“”‘’«»,;."
_CLOSED_BY = {")": "(", "]": "[", "}": "{", ">": "<"}
_BRACKET = re.compile("[{}()]")
_NAME = re.compile(r"[^\W\d_][^\d_@{}<>:/\\=|]{1,80}")
_NOT_KNOWN = (
    "This is no id, no address of a paper, no entry and no name. Write arxiv:2502.13604, doi:10.1145/3442188.3445922, "
    "pmid:31452104, openalex:A5023888391, s2:1741101 or orcid:0000-0002-1825-0097."
)
_MOST_WORDS_OF_A_NAME = 6
_LONGEST = 5_000_000
"""Characters; a longer text belongs into a file."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was read in a pasted text: references to fetch, records to read as a file, or a person's name.

    `records` is a text of records, `format` what people call that of the first, `count` how many papers stand in it.
    `unread` are the parts that mean nothing here, each with the reason.
    """

    references: tuple[Reference, ...] = ()
    records: str = ""
    format: str = ""
    count: int = 0
    name: str = ""
    unread: tuple[tuple[str, str], ...] = ()


def read_pasted(text: str, as_of: date) -> Pasted:
    """Return what a text says: references, records in a format that files have, or a name. Nothing is asked or added.

    `as_of` is the day on which an author page was seen. Raises UsageError for a text that is too long.
    """
    if len(text) > _LONGEST:
        raise UsageError(f"This text is longer than {_LONGEST:,} characters. Save it to a file and add that.")
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        return Pasted()
    references, unread = _references(text)
    if references and not unread:
        return Pasted(references)
    records, rest = _entries(text)
    if records:
        references, unread = _references(rest)
        return _with_records(Pasted(references, records, unread=unread), as_of)
    if "\n" in text and not references and find_format(text, "", NO_COLUMNS):
        found = _with_records(Pasted(records=text), as_of)
        if found.count:
            return found
    if not references and _is_name(text):
        return Pasted(name=" ".join(text.split()))
    return Pasted(references, unread=unread)


def _with_records(pasted: Pasted, as_of: date) -> Pasted:
    """Return it with the format of its records and how many there are, as the readers of files find them."""
    found = find_format(pasted.records, "", NO_COLUMNS)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pasted"
        file.write_text(pasted.records, encoding="utf-8", errors="replace")
        count = sum(isinstance(item, Record | Problem) for item in read(file, as_of=as_of))
    name = found.NAME if found else ""
    return Pasted(pasted.references, pasted.records, name, count, unread=pasted.unread)


def _entries(text: str) -> tuple[str, str]:
    """Cut the entries of BibTeX and those of RIS out of a text; return them and the rest."""
    entries = list(_bibtex_spans(text))
    records = (match.span() for match in _RIS.finditer(text))
    spans = sorted(
        [*entries, *(one for one in records if not any(one[0] < end and start < one[1] for start, end in entries))]
    )
    inside = "\n\n".join(text[start:end].strip() for start, end in spans)
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    return inside, "\n".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))


def _bibtex_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each entry stands: to the bracket that closes it, or else to the next entry."""
    begun = list(_BIBTEX.finditer(text))
    closings = _closings(text) if begun else {}
    end = 0
    for match, following in zip(begun, [*(one.start() for one in begun[1:]), len(text)], strict=False):
        if match.start() < end:
            continue
        end = closings.get(match.end() - 1, following)
        yield match.start(), end


def _closings(text: str) -> dict[int, int]:
    """Return for each bracket that is closed, by where it opens, the place behind the one that closes it."""
    opened: dict[str, list[int]] = {"{": [], "(": []}
    closings: dict[int, int] = {}
    for match in _BRACKET.finditer(text):
        if match[0] in opened:
            opened[match[0]].append(match.start())
        elif same := opened[_CLOSED_BY[match[0]]]:
            closings[same.pop()] = match.end()
    return closings


def _references(text: str) -> tuple[tuple[Reference, ...], tuple[tuple[str, str], ...]]:
    """Return the references that a text lists, each once, and what cannot be read as one, with the reason."""
    found: dict[Reference, None] = {}
    unread: dict[str, str] = {}
    spaced = _SPACED.findall(text)
    for word in [*spaced, *_SPACED_PREFIX.sub(r"\1:", _SPACED.sub(" ", text)).split()]:
        for part in [word] if word in spaced else _parts(word):
            try:
                reference = _reference(part)
            except UsageError as error:
                unread[part] = str(error)
                continue
            if reference is None:
                unread.setdefault(part, "")
            else:
                found[reference] = None
    if not found and not any(unread.values()) and unread:
        unread = {shortened(" ".join(text.split())): ""}
    return tuple(found), tuple((part, reason or _NOT_KNOWN) for part, reason in unread.items())


def _parts(word: str) -> list[str]:
    """Cut a word at commas and semicolons where each part can be read; a DOI may hold both."""
    word = _bare(word)
    parts = [_bare(part) for part in re.split("[,;]", word)]
    return parts if len(parts) > 1 and all(map(_is_reference, parts)) else [word] if word else []


def _bare(word: str) -> str:
    """Return a word without the marks around it; a bracket that it closes itself is its own, as in some DOIs."""
    word = word.strip(_MARKS).lstrip("".join(_CLOSED_BY.values()))
    too_many = {closing: word.count(closing) - word.count(opening) for closing, opening in _CLOSED_BY.items()}
    end = len(word)
    while end and (word[end - 1] in _MARKS or too_many.get(word[end - 1], 0) > 0):
        end -= 1
        if word[end] in too_many:
            too_many[word[end]] -= 1
    return word[:end]


def _is_reference(word: str) -> bool:
    try:
        return _reference(word) is not None
    except UsageError:
        return False


def _reference(word: str) -> Reference | None:
    """Return what a word refers to, also where its prefix is left out and it is plain what it is. Raises UsageError."""
    for pattern, beginning in _BARE:
        if pattern.fullmatch(word):
            return parse_reference(beginning + word)
    return parse_reference(word)


def _is_name(text: str) -> bool:
    return "\n" not in text and len(text.split()) <= _MOST_WORDS_OF_A_NAME and bool(_NAME.fullmatch(text))
