"""Abstracts as PubMed writes them to be read: a citation, and paragraphs for title, authors, abstract and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TextIO

from assistant.ingestion.readers import fields
from assistant.ingestion.readers.fields import find_date, find_doi, find_pmid
from assistant.ingestion.readers.tagged.tagged_lines import LONGEST_RECORD, from_initials
from assistant.ingestion.readers.tex.latex import to_text
from assistant.types import Paper, Problem, ReaderItem, Record

NAME = "PubMed text"
NOTHING_FOUND = "There is no abstract in this text of PubMed. Export again, or choose the format PubMed (.nbib) there."

CITATION = re.compile(r"(\d{1,6})\. (\S[^\n]{0,300}?[.;]) ((?:19|20)\d\d\b[^\n]{0,80})")
NUMBER = re.compile(r"^PMID: \d", re.MULTILINE)
FIRST_CITATION = re.compile(r"(?:\A\ufeff?|^\s*\n)" + CITATION.pattern, re.MULTILINE)
NUMBERED = re.compile(r"(\d{1,6})\. \S")
MARKS = re.compile(r"\s*\(#?\d+(?:,\s*\d+)*\)|\s*\(#\)")
PERSON = re.compile(r"\S.{0,80}? [A-Z]{1,4}(?: (?:Jr|Sr|[23]nd|3rd|4th|I{2,3}))?")
LAST = re.compile(r"(?:DOI|PMCID|PMID): ")
NO_ABSTRACT = re.compile(
    r"Author information:|Collaborators?:|Comment (?:in|on)\b|Update (?:in|of)\b|Erratum (?:in|for)\b|Republished |"
    r"Retract(?:ion|ed) |Conflict of interest statement:|Copyright\b|©|Summary for patients in|"
    r"\[(?:No authors listed|Article|Online ahead|Indexed)"
)


def start(head: str) -> int | None:
    """Return where the first citation stands, if a number of PubMed follows; None if this is not such a text."""
    number = NUMBER.search(head)
    found = FIRST_CITATION.search(head, 0, number.start()) if number else None
    return found.start(1) if found else None


def parse(stream: TextIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each record, in the file's order; a numbered citation begins the next one.

    It follows two empty lines, and the number in PubMed or the citation's number before: a list within an abstract
    begins no record.
    """
    lines: list[str] = []
    begins, number, size, blanks, is_complete = 0, 0, 0, 2, False
    for place, line in enumerate(stream, start=1):
        line = line.removeprefix("\ufeff")
        found = NUMBERED.match(line) if blanks else None
        if found and number:
            is_next = int(found[1]) == number + 1 and blanks > 1
            is_start = is_next or (is_complete and (blanks > 1 or CITATION.match(line)))
        else:
            is_start = bool(found and CITATION.match(line))
        if found and is_start:
            if lines:
                yield _read_record(lines, size, file, begins)
            lines, begins, number, size, is_complete = [], place, int(found[1]), 0, False
        blanks = 0 if line.strip() else blanks + 1
        size += len(line)
        is_complete = is_complete or line.startswith("PMID: ")
        if number and size <= LONGEST_RECORD:
            if LAST.match(line):
                lines.append("")  # which now and then is missing before the numbers
            lines.append(line.strip())
    if lines:
        yield _read_record(lines, size, file, begins)


def _read_record(lines: list[str], size: int, file: str, begins: int) -> Record | Problem:
    if size > LONGEST_RECORD:
        limit = LONGEST_RECORD // 1_000_000
        return Problem(file, begins, f"This record is longer than {limit} MB and was left out. Export it again.")
    citation, title, *paragraphs = [*_paragraphs(lines), "", ""][: max(2, len(lines))]
    end = next((place for place, text in enumerate(paragraphs) if LAST.match(text)), len(paragraphs))
    numbers = " ".join(paragraphs[end : end + 3])
    body = [text for text in paragraphs[:end] if not NO_ABSTRACT.match(text)]
    names = _names(body[0]) if body else []
    if names:
        body = body[1:]
    found = CITATION.match(citation)
    cited, dated = (found[2], found[3]) if found else ("", "")
    paper = Paper(
        title=fields.title_of(title),
        abstract=fields.abstract_of(" ".join(body)),
        date=find_date(dated.split(";")[0].split(":")[0]),
        venue=cited.removesuffix("."),
        doi=find_doi(numbers, citation),
        pmid=find_pmid(numbers),
    )
    return fields.record(paper, names, file=file, line=begins, source_key=paper.pmid)


def _paragraphs(lines: list[str]) -> list[str]:
    text = "\n".join(lines)
    return [" ".join(part.split()) for part in re.split(r"\n{2,}", text) if part.strip()]


def _names(paragraph: str) -> list[str]:
    """Return the people and groups of a paragraph of authors; none if it is another one."""
    listed = MARKS.sub("", paragraph).strip().removesuffix(".")
    parts = [[name for piece in part.split(",") if (name := piece.strip())] for part in listed.split(";")]
    first = parts[0]
    if not first or sum(map(_is_person, first)) * 2 < len(first):
        return []
    names: list[str] = []
    for part in parts:
        is_person_before = True
        for name in part:
            if _is_person(name):
                names.append(to_text(from_initials(name)))
            elif is_person_before:
                names.append(to_text(name))
            else:
                names[-1] += f", {to_text(name)}"  # a comma within the name of a group
            is_person_before = _is_person(name)
    return names


def _is_person(name: str) -> bool:
    return bool(PERSON.fullmatch(name))
