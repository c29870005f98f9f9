"""MEDLINE, as PubMed and ERIC write it (`.nbib`), record by record.

The scan is ours: Biopython's reader does not say in which line a record stands, forgets which author came before which
group and which abbreviated name has no full one, and fails on a line that goes on with nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TextIO

from assistant.ingestion.readers.citations import abstract_of, most_precise, person, title_of
from assistant.ingestion.readers.fields import (
    authorships,
    find_arxiv_id,
    find_date,
    find_doi,
    find_pmid,
    find_url,
    first_of,
    given_name_first,
    record,
)
from assistant.ingestion.readers.latex import to_text
from assistant.ingestion.readers.tagged_lines import LONGEST_RECORD, Dialect, TaggedRecord, tagged_records
from assistant.types import Paper, Problem, ReaderItem, Record

NAME = "MEDLINE"

Fields = Mapping[str, list[str]]

MEDLINE = Dialect(
    start=re.compile(r"PMID ?-"),
    tag=re.compile(r"([A-Z][A-Z0-9]{1,3}) {0,2}-(?: (.*)|$)"),
    end="",
    noise=re.compile(""),
    is_parted_by_blanks=True,
)
WANTED = frozenset("PMID OID TI BTI CTI TT AB OAB FAU AU CN DP DEP EDAT LID AID SO JT TA".split())
START = re.compile(
    r"^\ufeff?(?:PMID ?- ?\d+|OWN ?- ?[A-Z]+)[^\S\n]*\n\s*(?!TY {2}-)[A-Z][A-Z0-9]{1,3} {0,2}- ", re.MULTILINE
)

LONGEST_LOCATION = 1_000  # characters of an address or a citation that are looked through
MARKED_DOI = re.compile(r"(10\.\d{4,9}/\S+)\s*\[doi\]", re.IGNORECASE)
CITED_DOI = re.compile(r"\bdoi:\s*(10\.\d{4,9}/\S+)", re.IGNORECASE)
FAMILY_AND_INITIALS = re.compile(r"(.*\S)\s+([A-Z]{1,4})(?:\s+(Jr|Sr|2nd|3rd|4th))?")
GIVEN_AND_SUFFIX = re.compile(r"(.*\S)\s+(Jr\.?|Sr\.?|2nd|3rd|4th|II|III)")


def start(head: str) -> int | None:
    """Return where the first record stands, None if this is no MEDLINE: a number or an owner, then another tag."""
    found = START.search(head)
    return found.start() if found else None


def parse(stream: TextIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each record, in the file's order, holding no more than one record in memory."""
    found = False
    for tagged in tagged_records(stream, (MEDLINE,), WANTED):
        if tagged.fields or tagged.is_too_long:
            found = True
            yield _read_record(tagged, file)
    if not found:
        reason = "There is no record in this MEDLINE file. Add records with a title and an abstract to it."
        yield Problem(file, 0, reason)


def _read_record(tagged: TaggedRecord, file: str) -> Record | Problem:
    if tagged.is_too_long:
        limit = LONGEST_RECORD // 1_000_000
        reason = f"This record is longer than {limit} MB and was left out. Look whether an empty line is missing."
        return Problem(file, tagged.line, reason)
    fields: dict[str, list[str]] = {}
    for tag, value in tagged.fields:
        fields.setdefault(tag, []).append(value)
    number = _first(fields, "PMID")
    locations = [text[:LONGEST_LOCATION] for text in [*fields.get("LID", []), *fields.get("AID", [])]]
    title = title_of(_first(fields, "TI"), _first(fields, "BTI"), _first(fields, "TT"))
    book = title_of(_first(fields, "BTI"))
    listed, complete = authorships(_names(tagged.fields))
    paper = Paper(
        title=title,
        abstract=abstract_of(" ".join(fields.get("AB", [])), " ".join(fields.get("OAB", []))),
        authorships=listed,
        authors_complete=complete,
        date=most_precise([find_date(_first(fields, tag)) for tag in ("DP", "DEP", "EDAT")]),
        venue=first_of(_first(fields, "JT", "TA"), book if book != title else "", _first(fields, "CTI")),
        doi=_doi(locations, _first(fields, "SO")[-LONGEST_LOCATION:]),
        arxiv_id=first_of(*(find_arxiv_id(location) for location in locations)),
        pmid=find_pmid(number, bare=True),
        url=first_of(*(find_url(location) for location in locations)),
    )
    return record(paper, file=file, line=tagged.line, own_id=number or _first(fields, "OID"))


def _first(fields: Fields, *tags: str) -> str:
    return next((value for tag in tags for value in fields.get(tag, []) if value), "")


def _names(fields: tuple[tuple[str, str], ...]) -> list[str]:
    """Return people and groups in the order of the record; a full name (FAU) stands before its short form (AU)."""
    names: list[str] = []
    is_short_form_next = False
    for tag, value in fields:
        if tag == "CN":
            names.append(to_text(value))
        elif tag == "FAU" or (tag == "AU" and not is_short_form_next):
            names += [_spoken(name.strip()) for name in to_text(value).split(";") if name.strip()]
        if tag in {"FAU", "AU"}:
            is_short_form_next = tag == "FAU"
    return names


def _spoken(name: str) -> str:
    """Turn "Family, Given Suffix" and "Family GI Suffix" round."""
    family, comma, given = name.partition(",")
    if comma:
        suffixed = GIVEN_AND_SUFFIX.fullmatch(given.strip())
        return person(suffixed[1], family, suffixed[2]) if suffixed else given_name_first(name)
    short = FAMILY_AND_INITIALS.fullmatch(name)
    return person(short[2], short[1], short[3] or "") if short else name


def _doi(locations: list[str], source: str) -> str:
    marked = [match[1] for location in locations if (match := MARKED_DOI.search(location))]
    linked = [location for location in locations if "doi.org/" in location.lower()]
    cited = [match[1] for match in [CITED_DOI.search(source)] if match]
    return first_of(*(find_doi(text) for text in [*marked, *linked, *cited]))
