"""MEDLINE, as PubMed and ERIC write it (`.nbib`).

Biopython's reader would not do: it forgets the lines in which records stand, and the order of people and groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TextIO

from assistant.ingestion.readers import fields
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, find_url, first_of
from assistant.ingestion.readers.latex import to_text
from assistant.ingestion.readers.tagged_lines import Dialect, TaggedRecord, tagged_records
from assistant.types import Paper, Problem, ReaderItem, Record

NAME = "MEDLINE"
NOTHING_FOUND = "There is no record in this MEDLINE file. Add records with a title to it."

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
    """Return where the first record stands (a number or an owner, then another tag), None if this is not MEDLINE."""
    found = START.search(head)
    return found.start() if found else None


def parse(stream: TextIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each record, in the file's order, holding no more than one record in memory."""
    for tagged in tagged_records(stream, file, (MEDLINE,), WANTED):
        if isinstance(tagged, Problem):
            yield tagged
        elif tagged.pairs:
            yield _read_record(tagged, file)


def _read_record(tagged: TaggedRecord, file: str) -> Record | Problem:
    number = tagged.first("PMID")
    title = fields.title_of(tagged.first("TI"), tagged.first("BTI"), tagged.first("TT"))
    book = fields.title_of(tagged.first("BTI"))
    locations = [text[:LONGEST_LOCATION] for text in tagged.all_of("LID", "AID")]
    marked = [match[1] for location in locations if (match := MARKED_DOI.search(location))]
    linked = [location for location in locations if "doi.org/" in location.lower()]
    cited = CITED_DOI.search(tagged.first("SO")[-LONGEST_LOCATION:])
    paper = Paper(
        title=title,
        abstract=fields.abstract_of(" ".join(tagged.all_of("AB")), " ".join(tagged.all_of("OAB"))),
        date=fields.most_precise(*(find_date(tagged.first(tag)) for tag in ("DP", "DEP", "EDAT"))),
        venue=first_of(tagged.first("JT", "TA"), book if book != title else "", tagged.first("CTI")),
        doi=find_doi(*marked, *linked, cited[1] if cited else ""),
        arxiv_id=find_arxiv_id(*locations),
        pmid=find_pmid(number, bare=True),
        url=find_url(*locations),
    )
    names = _names(tagged.pairs)
    return fields.record(paper, names, file=file, line=tagged.line, source_key=number or tagged.first("OID"))


def _names(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return people and groups in the order of the record; a full name (FAU) stands before its short form (AU)."""
    names: list[str] = []
    is_short_form_next = False
    for tag, value in pairs:
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
        return fields.spoken_name(suffixed[1], family, suffixed[2]) if suffixed else fields.given_name_first(name)
    short = FAMILY_AND_INITIALS.fullmatch(name)
    return fields.spoken_name(short[2], short[1], short[3] or "") if short else name
