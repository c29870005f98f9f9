"""RIS, as reference managers and databases write it, and as this program does."""

from __future__ import annotations

import re

from assistant.ingestion.readers import exported
from assistant.ingestion.readers.fields import find_date, most_precise
from assistant.ingestion.readers.markup import visible
from assistant.ingestion.readers.names import given_name_first
from assistant.ingestion.readers.tagged.tagged_lines import Dialect, TaggedFormat, TaggedRecord, Tags, read_record
from assistant.types import Problem, Record

TAGS = Tags(
    title=("TI", "T1", "CT", "BT", "ST"),
    people=("A1", "AU"),
    abstract=("AB", "N2"),
    date=("PY", "Y1", "DA"),
    venue=("JF", "T2", "JO", "C3", "JA", "J2", "BT"),
    publisher=("PB",),
    kind=("TY",),
    doi=("DO", "DI", "M3", "L3"),
    address=("UR", "LK", "L2", "L1"),
    arxiv=("AN", "ID", "DO", "JO", "JF", "T2", "JA", "J2", "M1", "M3", "PB"),
    notes=("N1",),
    accession=("AN", "ID"),
    scopus_pmid=("C2",),
    database=("DB", "DP"),
    key=("ID", "AN"),
    citation_key=("ID",),
    labels=("KW",),
)
BETWEEN_RECORDS = re.compile(
    r"\d+\.|Record #?\d+ of \d+|(?:Provider|Database): .*|Content: text/plain.*", re.IGNORECASE
)


def _dialect(tag: str, start: str) -> Dialect:
    """Return RIS with lines of this shape; U1 holds what this program has no other tag for."""
    return Dialect(
        tag=re.compile(tag),
        tags=TAGS,
        first=frozenset({"TY"}),
        others=frozenset({"U1"}),
        start=re.compile(start),
        end="ER",
        noise=BETWEEN_RECORDS,
        listed=frozenset({"KW"}),
    )


DIALECTS = (
    _dialect(r"([A-Z][A-Z0-9]) {2,}[-\u2013] ?(.*)", r"TY {2,}[-\u2013]"),
    _dialect(r"(TY|[A-Z][A-Z0-9](?=[ \t]{0,3}-(?:\s|$)))[ \t]{0,3}-[ \t]*(.*)", r"TY[ \t]{0,3}-\s*[A-Z]"),
    _dialect(r"\s*([A-Za-z][A-Za-z0-9])(?: {2,}|\t+) ?[-\u2013]\s?(.*)", r"\s*[Tt][Yy](?: {2,}|\t)"),
)
"""As it should be; with fewer spaces or tabs around the hyphen; in small letters or indented.

The narrower a tag, the more lines of prose look like one, so each is looked for only where a record began so.
"""

WITHOUT_TYPE = "(?:AB|AU|A1|C[1-8]|DA|DB|DO|DP|ID|JA|JF|JO|KW|N1|N2|PY|TI|T1|T2|UR|Y1)"
SIGN = re.compile(
    r"^\ufeff?[ \t]*[Tt][Yy](?:(?: {2,}|\t)[-\u2013]| ?- ?[A-Z])[^\n]*"
    r"\n\s*[A-Za-z][A-Za-z0-9][ \t]{0,3}[-\u2013](?:\s|$)"
    rf"|^\ufeff?{WITHOUT_TYPE} {{2}}- \S[^\n]*\n\s*{WITHOUT_TYPE} {{2}}- ",
    re.MULTILINE,
)
OTHERS = "et al."
"""What stands in the place of authors that the record does not name."""


def _read(tagged: TaggedRecord, file: str) -> Record | Problem:
    return _read_own(tagged, file) if exported.is_own(tagged.first("DP")) else read_record(tagged, file)


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
        "date": most_precise(find_date(tagged.first("PY")), find_date(tagged.first("DA"))),
        "categories": keywords[: len(keywords) - len(labels)],
        "labels": labels,
        "venue": tagged.first("T2"),
        "doi": tagged.first("DO"),
        "arxiv_id": tagged.first("AN"),
        "pmid": tagged.first("N1"),
        "url": tagged.first("UR"),
        "has_code": more.get("has_code"),
        "id": tagged.first("ID"),
        "citation_key": tagged.first("ID"),
    }
    return exported.read(stated, file, tagged.line)


def own_name(text: str) -> str:
    """Return the name as it is spoken of an author's line that this program wrote; a comma at its end is a sign.

    It says, as reference managers have it, that the name before it is not "Family, Given" but stands as it is.
    """
    return text[:-1] if text.endswith(",") else given_name_first(text)


RIS = TaggedFormat("RIS", SIGN, DIALECTS, _read)
