"""RIS, and the tagged export of Web of Science."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TextIO

from assistant.ingestion.readers import exported, fields
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, find_url, first_of
from assistant.ingestion.readers.latex import to_text
from assistant.ingestion.readers.markup import visible
from assistant.ingestion.readers.tagged_lines import Dialect, TaggedRecord, tagged_records
from assistant.types import Paper, Problem, ReaderItem, Record

NAME = "RIS"
NOTHING_FOUND = "There is no record in this RIS file. Add records with a title to it."

BETWEEN_RECORDS = re.compile(r"(?:\d+\.|Record #?\d+ of \d+|Content: text/plain.*)?", re.IGNORECASE)
RIS = Dialect(
    start=re.compile(r"TY {2}-"),
    tag=re.compile(r"([A-Z][A-Z0-9]) {2}- ?(.*)"),
    end="ER",
    noise=BETWEEN_RECORDS,
)
NARROW_RIS = Dialect(
    start=re.compile(r"TY ?- ?[A-Z]"),
    tag=re.compile(r"([A-Z][A-Z0-9]) {0,2}-(?: (.*)|$)"),
    end="ER",
    noise=BETWEEN_RECORDS,
)
WEB_OF_SCIENCE = Dialect(
    start=re.compile(r"PT [A-Z]\s*$"),
    tag=re.compile(r"([A-Z][A-Z0-9])(?: (.*)|$)"),
    end="ER",
    noise=re.compile(""),
    listed=frozenset({"AU", "AF", "BA", "BF", "CA"}),
)
DIALECTS = (RIS, NARROW_RIS, WEB_OF_SCIENCE)

WANTED = frozenset(
    "TY TI T1 CT BT ST AB N2 AU A1 DA PY Y1 JF JO T2 C3 JA J2 DO DI M3 L3 UR LK L1 L2 ID AN C2 DB DP N1 M1 PB "
    "PT AF BA BF CA PD EA SO UT PM KW U1".split()
)
RIS_START = re.compile(r"^\ufeff?TY(?: {2}-| ?- ?[A-Z])[^\n]*\n\s*[A-Z][A-Z0-9] {0,2}-(?: |$)", re.MULTILINE)
WEB_OF_SCIENCE_START = re.compile(
    r"^\ufeff?(?:FN [^\n]*\n\s*VR \d|PT [A-Z][^\S\n]*\n\s*(?:AU|AF|BA|BE|CA|GP|TI|ED|DT|SO) )", re.MULTILINE
)

FAMILY_AND_INITIALS = re.compile(r"([^\s,][^,]*?)\s+((?:[A-Z]\.-?\s?)+)")
SEVERAL_ADDRESSES = re.compile(r"; ?(?=https?://)", re.IGNORECASE)
WITH_PMIDS = re.compile(r"pubmed|\bmedline\b|\bnlm\b", re.IGNORECASE)
OTHERS = "et al."
"""What stands in the place of authors that the record does not name."""

LONGEST_NAME = 300  # characters; what is longer is not a person's name
PUBLISHED_BY_A_HOUSE = {"THES", "RPRT"}


def start(head: str) -> int | None:
    """Return where the first record, or the head line of a Web of Science export, stands; None if this is neither.

    A type alone is not enough: the line after it must be tagged too.
    """
    found = [match.start() for pattern in (RIS_START, WEB_OF_SCIENCE_START) if (match := pattern.search(head))]
    return min(found, default=None)


def parse(stream: TextIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each record, in the file's order, holding no more than one record in memory."""
    for tagged in tagged_records(stream, file, DIALECTS, WANTED):
        yield tagged if isinstance(tagged, Problem) else _read_record(tagged, file)


def _read_record(tagged: TaggedRecord, file: str) -> Record | Problem:
    if tagged.dialect is WEB_OF_SCIENCE:
        return _read_web_of_science(tagged, file)
    if exported.is_own(tagged.first("DP")):
        return _read_own(tagged, file)
    title = tagged.whole("TI", "T1", "CT") or tagged.whole("BT", "ST")
    venue = tagged.first("JF", "T2", "JO", "C3", "JA", "J2") or tagged.whole("BT")
    addresses = [
        address
        for text in tagged.all_of("UR", "LK", "L2", "L1")
        for part in SEVERAL_ADDRESSES.split(" ".join(text.split()))
        if (address := find_url(part))
    ]
    is_own_publication = tagged.first("TY").upper() in PUBLISHED_BY_A_HOUSE
    paper = Paper(
        title=title,
        abstract=tagged.whole("AB", "N2"),
        date=_date([tagged.first(tag) for tag in ("PY", "Y1", "DA")]),
        venue=first_of(venue if venue != title else "", tagged.first("PB") if is_own_publication else ""),
        doi=find_doi(*tagged.all_of("DO", "DI", "M3", "L3"), *(one for one in addresses if "doi.org/" in one.lower())),
        arxiv_id=find_arxiv_id(
            *(tagged.first(tag) for tag in ("AN", "ID", "DO", "JO", "JF", "T2", "JA", "J2", "M3", "PB")),
            *addresses,
            *(text for text in tagged.all_of("N1", "M1") if text.lower().startswith("arxiv:")),
        ),
        pmid=_pmid(tagged, addresses),
        url=first_of(*addresses),
    )
    names = _names(tagged.all_of("A1", "AU"))
    return fields.record(paper, names, file=file, line=tagged.line, source_key=tagged.first("ID", "AN"))


def _read_web_of_science(tagged: TaggedRecord, file: str) -> Record | Problem:
    people = next((found for tag in ("AF", "AU", "BF", "BA") if (found := tagged.all_of(tag))), [])
    paper = Paper(
        title=tagged.whole("TI"),
        abstract=tagged.whole("AB"),
        date=find_date(tagged.first("PY"), month=tagged.first("PD")) or find_date(tagged.first("EA")),
        venue=tagged.whole("SO"),
        doi=find_doi(tagged.first("DI")),
        arxiv_id=find_arxiv_id(tagged.first("DI")),
        pmid=find_pmid(tagged.first("PM"), bare=True),
    )
    names = [*_names([name for name in people if name != "[Anonymous]"]), *map(to_text, tagged.all_of("CA"))]
    return fields.record(paper, names, file=file, line=tagged.line, source_key=tagged.first("UT"))


def _read_own(tagged: TaggedRecord, file: str) -> Record | Problem:
    """Return the paper of a record that this program wrote; U1 holds what RIS has no tag for, as "name: value"."""
    names = [visible(name) for name in tagged.all_of("AU")]
    is_cut = names[-1:] == [OTHERS]
    more = dict(text.split(": ", 1) for text in tagged.all_of("U1") if ": " in text)
    labels, keywords = exported.listed(more.get("labels", "")), tagged.all_of("KW")  # the labels stand behind
    stated = {
        "title": tagged.first("TI"),
        "abstract": tagged.first("AB"),
        "authors": [own_name(name) for name in (names[:-1] if is_cut else names)],
        "authors_complete": not is_cut,
        "author_positions": exported.positions_of(more.get("author_positions", "")),
        "date": _date([tagged.first(tag) for tag in ("PY", "DA")]),
        "categories": keywords[: len(keywords) - len(labels)],
        "labels": labels,
        "venue": tagged.first("T2"),
        "doi": tagged.first("DO"),
        "arxiv_id": tagged.first("AN"),
        "pmid": tagged.first("N1"),
        "url": tagged.first("UR"),
        "has_code": more.get("has_code"),
        "id": tagged.first("ID"),
    }
    return exported.read(stated, file, tagged.line)


def own_name(text: str) -> str:
    """Return the name as it is spoken of an author's line that this program wrote; a comma at its end is a sign.

    It says, as reference managers have it, that the name before it is not "Family, Given" but stands as it is.
    """
    return text[:-1] if text.endswith(",") else fields.given_name_first(text)


def _names(values: list[str]) -> list[str]:
    """Return the names as they are spoken; one that stands under two tags is one name."""
    names = dict.fromkeys(part.strip() for value in values for part in to_text(value).split(";"))
    return [fields.given_name_first(name) for name in names if name]


def _date(stated: list[str]) -> str:
    """Return the date; a month or a day without its year ("Mar 5") is in the year that another tag gives."""
    dates = [find_date(text) for text in stated]
    year = first_of(*dates)[:4]
    loose = [find_date(year, month=text) for text, date in zip(stated, dates, strict=True) if year and not date]
    return fields.most_precise(*dates, *loose)


def _pmid(tagged: TaggedRecord, addresses: list[str]) -> str:
    """Return the number in PubMed: named as such, or the record's number in a database that numbers as PubMed does."""
    database = " ".join(tagged.all_of("DB", "DP"))
    numbers: list[str] = []
    if WITH_PMIDS.search(database) and "embase" not in database.lower():
        numbers = [tagged.first("AN"), tagged.first("ID")]
    elif database.lower() == "scopus":
        numbers = [tagged.first("C2")]
    return find_pmid(*tagged.all_of("N1", "AN"), *addresses) or find_pmid(*numbers, bare=True)
