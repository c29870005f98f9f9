"""Author pages copied as text: a header with the owner's figures, then paper after paper.

Each paper is a line of category, date and flag run together ("CLAug 27, 2024Code"), a title, a line of authors that may
be cut by "et al.", and an abstract of one or more paragraphs.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TextIO

from assistant.ingestion.readers.fields import date_text, month_number, record
from assistant.ingestion.readers.names import authorships, split_names
from assistant.ingestion.readers.tex.latex import to_text
from assistant.text import fold, shortened
from assistant.types import AuthorProfile, Authorship, Notice, Paper, Problem, ReaderItem, Record

NAME = "author page"
NOTHING_FOUND = ""  # `parse` says it, with the owner of the page

MONTH = rf"(?:Sept|{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in calendar.month_name[1:])})\.?"
CATEGORY = r"[A-Za-z][A-Za-z.-]{0,24}?"
SPACE = r"[^\S\n]"
GAP = r"(?:[^\S\n]|[·•|])"
SPACED_CATEGORY = rf"(?:[A-Z]{{2}}|[a-z-]+\.[A-Za-z-]{{2,24}}){GAP}+"
HEADING = re.compile(
    rf"^{SPACE}*(?P<category>{CATEGORY}|{SPACED_CATEGORY})(?P<month>{MONTH}){SPACE}+"
    rf"(?:(?P<day>\d{{1,2}})(?:,?{SPACE}+(?P<year>\d{{4}}))?|(?P<month_year>\d{{4}}))"
    rf"{GAP}*(?P<flag>[A-Za-z][\w &+/.-]{{0,40}})?{SPACE}*$",
    re.MULTILINE,
)
CODE_FLAG = re.compile(r"Code(?![a-z])")
FIGURES = re.compile(r"^h-index:? ?\d+[ \t]*$|^\d+ Papers[ \t]*$", re.MULTILINE)
LABEL_NUMBER = re.compile(r"(?P<label>[A-Za-z][A-Za-z -]*?)[ :]*(?P<value>\d[\d.,]*[%kKM]?)")
NUMBER_LABEL = re.compile(r"(?P<value>\d[\d.,]*[%kKM]?) *(?P<label>[A-Za-z][A-Za-z -]*)")
MAIN_CATEGORY = re.compile(r"[A-Z]{2}|[a-z-]+\.[A-Za-z-]+|[a-z]+-[a-z]+|cs|econ|eess|math|physics|stat")
ET_AL = re.compile(r"[,\s]*(?:\bet\.?\s+al\b\.?|…|\.\.\.)\s*$", re.IGNORECASE)
PERSON = re.compile(r"[^\W\d_][\w.'’`‐-]*(?: [^\W\d_][\w.'’`‐-]*){0,5}(?: \d{4})?")
PARTICLES = re.compile(r"al|and|bin|d[aeiou]|del|de[nr]|dos|el|l[ae]|te[nr]|v[ao]n|y|zu")
SENTENCE_END = re.compile(r"[.!?…。！？$][\"'”’)\]]*$|https?://\S+$")
LONGEST_NAME = 120  # characters, in LaTeX
LONGEST_PAPER = 1_000_000  # characters
TITLE_LINES = 3  # a copied title may be wrapped


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank, with its number in the file."""

    number: int
    text: str


def start(head: str) -> int | None:
    """Return where the first line of category and date stands, or a page's figures do; None if this is not a page."""
    found = HEADING.search(head) or FIGURES.search(head)
    return found.start() if found else None


def parse(stream: TextIO, file: str, as_of: datetime.date) -> Iterator[ReaderItem]:
    """Yield the owner's profile, then each paper in the page's order; a date without a year is in that of `as_of`."""
    sections = _sections(stream)
    header = next(sections)
    owner = to_text(header[0].text) if header and not _figure(header[0].text) else ""
    if owner:
        yield AuthorProfile(owner, _main_category(header[1:]), _statistics(header), as_of.isoformat())
    else:
        yield Notice(file, "No name stands above the first paper, so the page's owner is not known.")
    section, found = next(sections, None), 0
    if section is None:
        yield Problem(
            file, 0, "The page has no papers. Copy the whole page, with its list of papers, and add it again."
        )
        return
    while section:
        following = next(sections, None)
        item = _paper(section, file, owner, as_of, is_last=following is None)
        found += isinstance(item, Record)
        yield item
        if isinstance(item, Record) and following is None and not SENTENCE_END.search(item.paper.abstract):
            title, abstract = shortened(item.paper.title), item.paper.abstract
            end = "within a sentence: the abstract of “{}” may be cut" if abstract else "before the abstract of “{}”"
            yield Notice(file, f"The page ends {end.format(title)}.")
        section = following
    stated = _stated_count(header)
    if stated is not None and stated != found:
        yield Notice(file, f"The page speaks of {stated} papers; {found} could be read.")


class _Section:
    """Lines that belong together; what exceeds the longest paper is dropped."""

    def __init__(self, *lines: Line, is_after_blank: bool = True) -> None:
        self.lines = list(lines)
        self.is_after_blank = is_after_blank
        self._length = 0

    def add(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self._length += len(line.text) + 1
            if self._length <= LONGEST_PAPER:
                self.lines.append(line)


def _sections(stream: TextIO) -> Iterator[list[Line]]:
    """Yield the lines before the first paper, then every heading with its lines that make it a paper's."""
    section, candidate = _Section(), None
    is_after_blank = True
    for number, raw in enumerate(chain(stream, [None]), start=1):
        line = Line(number, raw.strip()) if raw is not None else None
        if line is None or (len(line.text) < 120 and HEADING.match(line.text)):
            if candidate and _begins_paper(candidate.lines, after_blank=candidate.is_after_blank):
                yield section.lines
                section = candidate
            elif candidate:
                section.add(candidate.lines)
            candidate = _Section(line, is_after_blank=is_after_blank) if line else None
        elif line.text:
            (candidate or section).add([line])
        is_after_blank = line is not None and not line.text
    yield section.lines


def _begins_paper(lines: Sequence[Line], *, after_blank: bool) -> bool:
    """Tell whether the first of these lines is a paper's heading or a line of an abstract that looks like one.

    A paper has a title and then names. Where the names are missing (the page is cut), the title must follow at once.
    """
    heading, *body = lines
    if not body:
        return after_blank
    if _author_line(body) is not None:
        return True
    title = body[0]
    adjacent = title.number == heading.number + 1
    return after_blank and adjacent and len(title.text) < 300 and not title.text.endswith(".")


def _author_line(body: Sequence[Line]) -> int | None:
    """Return which line of a paper holds its authors: the first below the title that looks like a list of names.

    It is the topmost line only where nothing below looks like names: then the title is missing.
    """
    candidates = range(1, min(len(body), TITLE_LINES + 1))
    lists = [index for index in candidates if _looks_like_names(body[index].text, several=True)]
    single = [index for index in candidates if _looks_like_names(body[index].text, several=False)]
    if lists or single:
        return (lists or single)[0]
    return 0 if body and _looks_like_names(body[0].text, several=True) else None


def _looks_like_names(text: str, *, several: bool) -> bool:
    separators = text.count(",") + text.count(";") + text.count("&") + text.count(" and ")
    if len(text) > LONGEST_NAME * (separators + 1):
        return False
    text = to_text(text).rstrip(",")
    names = ET_AL.sub("", text)
    parts = [part.strip() for part in re.split(r",|;|\band\b|&", names) if part.strip()]
    if not parts or not all(PERSON.fullmatch(part) and len(part) <= 60 for part in parts):
        return False
    if names != text:
        return several
    words = names.replace(",", " ").split()
    are_capitalised = all(not word[0].islower() or PARTICLES.fullmatch(word) for word in words)
    if several:
        return are_capitalised and len(parts) > 1 and any(" " in part for part in parts)
    return are_capitalised and len(parts) == 1 and 2 <= len(words) <= 5


def _paper(section: Sequence[Line], file: str, owner: str, as_of: datetime.date, *, is_last: bool) -> Record | Problem:
    heading, body = section[0], section[1:]
    match = HEADING.match(heading.text)
    if not match:
        raise ValueError(f"line {heading.number} is not a heading")
    author_line = _author_line(body)
    last_of_title = author_line if author_line is not None else 1
    title = " ".join(line.text for line in body[:last_of_title])
    names, rest = _names(body, author_line)
    abstract = " ".join(line.text for line in rest)
    if not title:
        what = f"“{heading.text}” has no title" if body else f"Nothing follows “{heading.text}”"
        where = ": the page ends there" if is_last and not abstract else ""
        return Problem(file, heading.number, f"{what}{where}. Copy the page again, whole, and add it once more.")
    listed, complete = authorships(names)
    if owner and sorted(fold(owner).split()) not in [sorted(fold(author.name).split()) for author in listed]:
        listed = (*listed, Authorship(owner, None))
    paper = Paper(
        title=title,
        abstract=abstract,
        authorships=listed,
        authors_complete=complete and bool(names),
        date=_date(match, as_of),
        categories=(match["category"].strip(" \t·•|"),),
        has_code=bool(CODE_FLAG.search(match["flag"] or "")),
    )
    return record(paper, file=file, line=heading.number)


def _names(body: Sequence[Line], author_line: int | None) -> tuple[list[str], Sequence[Line]]:
    """Return the names as they stand, "et al." being the last of them, and the lines below."""
    if author_line is None:
        return [], body[1:]
    end = author_line + 1
    while end < len(body) and body[end - 1].text.endswith(",") and _looks_like_names(body[end].text, several=True):
        end += 1
    text = " ".join(line.text for line in body[author_line:end])
    listed = ET_AL.sub("", text)
    parts = listed.split(",") if "," in listed else [listed]
    names = [to_text(name) for part in parts for name in split_names(part)]
    return (names if listed == text else [*names, "et al."]), body[end:]


def _date(match: re.Match[str], as_of: datetime.date) -> str:
    year = int(match["year"] or match["month_year"] or as_of.year)
    return date_text(year, month_number(match["month"]), int(match["day"]) if match["day"] else None)


def _figure(text: str) -> tuple[str, str] | None:
    """Return label and value of a line such as "h-index45" or "22papers", else None."""
    match = LABEL_NUMBER.fullmatch(text) or NUMBER_LABEL.fullmatch(text)
    return (match["label"].strip(), match["value"]) if match else None


def _statistics(header: Sequence[Line]) -> tuple[tuple[str, str], ...]:
    figures: dict[str, tuple[str, str]] = {}
    for line in header:
        if figure := _figure(line.text):
            figures.setdefault(figure[0].casefold(), figure)
    return tuple(figures.values())


def _stated_count(header: Sequence[Line]) -> int | None:
    """Return how many papers the page says that it lists; the line above the list counts before the figures."""
    figures = [figure for line in reversed(header) if (figure := _figure(line.text))]
    counts = [value.replace(",", "") for label, value in figures if label.casefold() in {"paper", "papers"}]
    return int(counts[0]) if counts and counts[0].isdigit() else None


def _main_category(header: Sequence[Line]) -> str:
    return next((line.text for line in header if MAIN_CATEGORY.fullmatch(line.text)), "")
