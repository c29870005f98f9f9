"""RIS, and the tagged export of Web of Science, by rispy, record by record, so that a broken one costs only itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TextIO

import rispy  # type: ignore[import-untyped]

from assistant.ingestion.readers import exported
from assistant.ingestion.readers.citations import most_precise
from assistant.ingestion.readers.fields import (
    SUFFIX,
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
from assistant.ingestion.readers.markup import visible
from assistant.ingestion.readers.tagged_lines import LONGEST_RECORD, Dialect, TaggedRecord, tagged_records
from assistant.types import Paper, Problem, ReaderItem, Record

NAME = "RIS"

Fields = Mapping[str, list[str]]

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

LONGEST_NAME = 300  # characters; what is longer is no person's name
PUBLISHED_BY_A_HOUSE = {"THES", "RPRT"}


def start(head: str) -> int | None:
    """Return where the first record, or the head line of a Web of Science export, stands; None if this is neither.

    A type alone is not enough: the line after it must be tagged too.
    """
    found = [match.start() for pattern in (RIS_START, WEB_OF_SCIENCE_START) if (match := pattern.search(head))]
    return min(found, default=None)


def parse(stream: TextIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each record, in the file's order, holding no more than one record in memory."""
    found = False
    for tagged in tagged_records(stream, DIALECTS, WANTED):
        found = True
        yield _read_record(tagged, file)
    if not found:
        yield Problem(file, 0, "There is no record in this RIS file. Add records with a title and an abstract to it.")


def _read_record(tagged: TaggedRecord, file: str) -> Record | Problem:
    if tagged.is_too_long:
        limit = LONGEST_RECORD // 1_000_000
        reason = f"This record is longer than {limit} MB and was left out. Look whether its end (ER) is missing."
        return Problem(file, tagged.line, reason)
    if tagged.dialect is WEB_OF_SCIENCE:
        fields = _fields(tagged, rispy.WokParser, "{} {}")
        return record(_web_of_science_paper(fields), file=file, line=tagged.line, own_id=_first(fields, "UT"))
    fields = _fields(tagged, rispy.RisParser, "{}  - {}")
    if exported.is_own(_first(fields, "DP")):
        return _read_own(fields, file, tagged.line)
    return record(_paper(fields), file=file, line=tagged.line, own_id=_first(fields, "ID", "AN"))


def _read_own(fields: Fields, file: str, line: int) -> Record | Problem:
    """Return the paper of a record that this program wrote; U1 holds what RIS has no tag for, as "name: value"."""
    names = [visible(name) for name in fields.get("AU", [])]
    is_cut = names[-1:] == [OTHERS]
    more = dict(text.split(": ", 1) for text in fields.get("U1", []) if ": " in text)
    stated = {
        "title": _first(fields, "TI"),
        "abstract": _first(fields, "AB"),
        "authors": [own_name(name) for name in (names[:-1] if is_cut else names)],
        "authors_complete": not is_cut,
        "author_positions": exported.positions_of(more.get("author_positions", "")),
        "date": _date([_first(fields, tag) for tag in ("PY", "DA")]),
        "categories": fields.get("KW"),
        "venue": _first(fields, "T2"),
        "doi": _first(fields, "DO"),
        "arxiv_id": _first(fields, "AN"),
        "pmid": _first(fields, "N1"),
        "url": _first(fields, "UR"),
        "has_code": more.get("has_code"),
        "id": _first(fields, "ID"),
    }
    return exported.read(stated, file, line)


def own_name(text: str) -> str:
    """Return the name as it is spoken of an author's line that this program wrote; a comma at its end is a sign.

    It says, as reference managers have it, that the name before it is no "Family, Given" but stands as it is.
    """
    return text[:-1] if text.endswith(",") else _spoken(text)


def _fields(tagged: TaggedRecord, kind: type[rispy.RisParser], written: str) -> Fields:
    """Return every value of every tag that is wanted, as the library reads them; only the type is no list."""
    parser = kind(
        mapping={tag: tag for tag in WANTED},
        list_tags=sorted(WANTED),
        delimiter_tags_mapping={},
        skip_unknown_tags=True,
    )
    lines = [written.format(tag, value) for tag, value in tagged.fields]
    (fields,) = parser.parse_lines(iter([*lines, written.format("ER", "")]))
    return {tag: [values] if isinstance(values, str) else values for tag, values in fields.items()}


def _paper(fields: Fields) -> Paper:
    title = _whole(fields, "TI", "T1", "CT") or _whole(fields, "BT", "ST")
    venue = first_of(_first(fields, "JF", "T2", "JO", "C3", "JA", "J2"), _whole(fields, "BT"))
    listed, complete = authorships(_names([*fields.get("A1", []), *fields.get("AU", [])]))
    addresses = [part for tag in ("UR", "LK", "L2", "L1") for text in fields.get(tag, []) for part in _addresses(text)]
    return Paper(
        title=title,
        abstract=_whole(fields, "AB", "N2"),
        authorships=listed,
        authors_complete=complete,
        date=_date([_first(fields, tag) for tag in ("PY", "Y1", "DA")]),
        venue=first_of(venue if venue != title else "", _publisher(fields)),
        doi=first_of(
            *(find_doi(text) for tag in ("DO", "DI", "M3", "L3") for text in fields.get(tag, [])),
            *(find_doi(address) for address in addresses if "doi.org/" in address.lower()),
        ),
        arxiv_id=_arxiv_id(fields, addresses),
        pmid=_pmid(fields, addresses),
        url=first_of(*addresses),
    )


def _web_of_science_paper(fields: Fields) -> Paper:
    people = next((fields[tag] for tag in ("AF", "AU", "BF", "BA") if fields.get(tag)), [])
    groups = [to_text(name) for name in fields.get("CA", [])]
    listed, complete = authorships([*_names([name for name in people if name != "[Anonymous]"]), *groups])
    return Paper(
        title=_whole(fields, "TI"),
        abstract=_whole(fields, "AB"),
        authorships=listed,
        authors_complete=complete,
        date=find_date(_first(fields, "PY"), month=_first(fields, "PD")) or find_date(_first(fields, "EA")),
        venue=_whole(fields, "SO"),
        doi=find_doi(_first(fields, "DI")),
        arxiv_id=find_arxiv_id(_first(fields, "DI")),
        pmid=find_pmid(_first(fields, "PM"), bare=True),
    )


def _first(fields: Fields, *tags: str) -> str:
    """Return the first value that is not empty of the first of these tags that has one."""
    return next((value for tag in tags for value in fields.get(tag, []) if value), "")


def _whole(fields: Fields, *tags: str) -> str:
    """Return all values of the first of these tags that has one: a tag repeated for each paragraph is one text."""
    return next((text for tag in tags if (text := " ".join(dict.fromkeys(fields.get(tag, []))).strip())), "")


def _names(values: list[str]) -> list[str]:
    """Return the names as they are spoken; one that stands under two tags is one name."""
    names = dict.fromkeys(part.strip() for value in values for part in to_text(value).split(";"))
    return [_spoken(name) for name in names if name]


def _spoken(name: str) -> str:
    """Turn "Family, Given, Suffix", which is the order of this format, and "Family G." round."""
    parts = [part.strip() for part in name.split(",")]
    if len(parts) == 3 and SUFFIX.fullmatch(parts[2]):
        return f"{parts[1]} {parts[0]}, {parts[2]}"
    initials = FAMILY_AND_INITIALS.fullmatch(name) if len(name) <= LONGEST_NAME else None
    return f"{initials[2].strip()} {initials[1]}" if initials else given_name_first(name)


def _date(stated: list[str]) -> str:
    """Return the date; a month or a day without its year ("Mar 5") is in the year that another tag gives."""
    dates = [find_date(text) for text in stated]
    year = first_of(*dates)[:4]
    loose = [find_date(year, month=text) for text, date in zip(stated, dates, strict=True) if year and not date]
    return most_precise([*dates, *loose])


def _publisher(fields: Fields) -> str:
    return _first(fields, "PB") if _first(fields, "TY").upper() in PUBLISHED_BY_A_HOUSE else ""


def _addresses(text: str) -> list[str]:
    return [address for part in SEVERAL_ADDRESSES.split(" ".join(text.split())) if (address := find_url(part))]


def _arxiv_id(fields: Fields, addresses: list[str]) -> str:
    notes = [text for tag in ("N1", "M1") for text in fields.get(tag, []) if text.lower().startswith("arxiv:")]
    named = [_first(fields, tag) for tag in ("AN", "ID", "DO", "JO", "JF", "T2", "JA", "J2", "M3", "PB")]
    return first_of(*(find_arxiv_id(text) for text in [*named, *addresses, *notes]))


def _pmid(fields: Fields, addresses: list[str]) -> str:
    """Return the number in PubMed: named as such, or the record's number in a database that numbers as PubMed does."""
    named = [find_pmid(text) for text in [*fields.get("N1", []), *fields.get("AN", []), *addresses]]
    database = " ".join([*fields.get("DB", []), *fields.get("DP", [])])
    numbers: list[str] = []
    if WITH_PMIDS.search(database) and "embase" not in database.lower():
        numbers = [_first(fields, "AN"), _first(fields, "ID")]
    elif database.lower() == "scopus":
        numbers = [_first(fields, "C2")]
    return first_of(*named, *(find_pmid(number, bare=True) for number in numbers))
