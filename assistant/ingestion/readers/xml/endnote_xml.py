"""EndNote's XML, which other programs write too: one `record` for each reference, its texts in `style` elements.

The same in capitals, without styles, is how EndNote wrote it until 2005, and how programs write it that began then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from assistant.ingestion.readers import fields
from assistant.ingestion.readers.fields import (
    doi_of_addresses,
    find_arxiv_id,
    find_date,
    find_doi,
    find_pmid,
    find_url,
    first_of,
)
from assistant.ingestion.readers.names import given_name_first
from assistant.ingestion.readers.tagged.tagged_lines import CITATION_KEY
from assistant.ingestion.readers.tex.latex import to_text
from assistant.ingestion.readers.xml.xml_elements import Element, read_elements, root_of, text_at, text_of
from assistant.types import Paper, Problem, ReaderItem, Record

NAME = "EndNote XML"
NOTHING_FOUND = "There is no reference in this EndNote file. Export it again, as XML."

ROOTS = {"xml", "records", "EndNote", "XML", "RECORDS"}
SIGNS = ("<ref-type", "<rec-number", "<contributors", "<source-app", "<xml><records", "<REFERENCE_TYPE")
RAISED = {"superscript": "sup", "subscript": "sub"}
PUBMED = re.compile(r"pubmed|medline|\bnlm\b", re.IGNORECASE)
SEPARATORS = re.compile(r"[\r\n;]+")


def start(head: str) -> int | None:
    """Return where the references begin; None if the document is something else."""
    root = root_of(head)
    return root[0] if root and root[1] in ROOTS and any(sign in head for sign in SIGNS) else None


def parse(stream: BinaryIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each reference, in the file's order."""
    return read_elements(stream, file, ("record", "RECORD"), _read_record)


def _read_record(record: Element, file: str) -> Record | Problem:
    for style in record.iter("style"):
        style.tag = next((name for face, name in RAISED.items() if face in (style.get("face") or "")), "style")
    number = text_at(record, "electronic-resource-num", "ELECTRONIC_RESOURCE_NUMBER", "DOI")
    accession = text_at(record, "accession-num", "ACCESSION_NUMBER")
    is_pubmed = PUBMED.search(text_at(record, "remote-database-name", "remote-database-provider"))
    addresses = [text_of(address) for address in [*record.findall("urls/*/url"), *record.findall("URL")]]
    year, days = text_at(record, "dates/year", "YEAR"), text_at(record, "dates/pub-dates/date", "DATE")
    doi = find_doi(number) or doi_of_addresses(*addresses)
    label = text_at(record, "label", "LABEL")  # which people also use for remarks
    label = label if CITATION_KEY.fullmatch(label) else ""
    paper = Paper(
        title=text_at(record, "titles/title", "TITLE"),
        abstract=fields.abstract_of(text_at(record, "abstract", "ABSTRACT")),
        date=find_date(year, month=days)
        if year and not find_date(days)
        else fields.most_precise(find_date(year), find_date(days)),
        venue=text_at(
            record, "periodical/full-title", "titles/secondary-title", "periodical/abbr-1", "SECONDARY_TITLE"
        ),
        doi=doi,
        arxiv_id=find_arxiv_id(doi, number, accession, *addresses),
        pmid=find_pmid(accession, bare=True) if is_pubmed else find_pmid(accession, *addresses),
        url=find_url(*addresses),
        citation_keys=(label,),
        labels=tuple(
            part.strip()
            for keyword in [*record.findall("keywords/keyword"), *record.findall("KEYWORDS/KEYWORD")]
            for part in SEPARATORS.split("".join(keyword.itertext()))
        ),
    )
    authors = record.findall("contributors/authors/author") or record.findall("AUTHORS/AUTHOR")
    names = [text_of(author).strip(" ,") for author in authors]
    key = first_of(label, text_at(record, "rec-number", "REFNUM"))
    spoken = [given_name_first(to_text(name)) for name in names if name]
    return fields.record(paper, spoken, file=file, line=record.sourceline or 0, source_key=key)
