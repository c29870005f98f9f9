"""Fields of a bibliographic record: dates, titles, identifiers, addresses, and the record they add up to."""

from __future__ import annotations

import calendar
import datetime
import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from types import MappingProxyType
from urllib.parse import unquote

from assistant.ingestion.readers.names import authorships
from assistant.ingestion.readers.placeholders import body_of, is_no_abstract, is_placeholder
from assistant.ingestion.readers.tex.latex import to_text
from assistant.text import shortened
from assistant.types import Paper, Problem, Record

NO_COLUMNS: Mapping[str, Sequence[str]] = MappingProxyType({})
"""What stands for the names of columns where a person gives none."""


def names_of(named: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names that a person gave a field's column: one, or several for files that call it differently."""
    return (named,) if isinstance(named, str) else tuple(named)


MONTHS = tuple(name.lower() for name in calendar.month_abbr[1:])
ISO_DATE = re.compile(r"(?<!\d)([12]\d{3})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?(?!\d)")
COMPACT_DATE = re.compile(r"([12]\d{3})(\d{2})(\d{2})")
WORD = re.compile(r"[^\W\d_]+")
LANGUAGES_OF_MONTHS = "de fr es pt it nl sv da nb fi pl cs hu tr ru uk".split()
DAY = re.compile(r"(?<!\d)(\d{1,2})(?!\d)")

ARXIV_ID = r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Za-z-]{2,})?/\d{7})"
BARE_ARXIV_ID = re.compile(rf"(?:arxiv:\s*|abs/)?({ARXIV_ID})(?:v\d+)?(?:\s*\[[^\]]*\])?", re.IGNORECASE)
MARKED_ARXIV_ID = re.compile(
    rf"(?:arxiv:\s*|arxiv\.org/(?:abs|pdf|html)/|10\.48550/arxiv\.)({ARXIV_ID})(?:v\d+)?", re.IGNORECASE
)
BARE_PMID = re.compile(r"(?:PMID|MEDLINE|PubMed)?:?\s*([1-9]\d{0,8})(?:\.0)?", re.IGNORECASE)
MARKED_PMID = re.compile(
    r"(?:\bPMID:?\s*|\bpubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/(?:pubmed|m/pubmed)/)([1-9]\d{0,8})(?!\d)",
    re.IGNORECASE,
)
DOI = re.compile(r"10\.\d{4,9}(?:/|%2[Ff])\S+")
DOI_IN_ADDRESS = re.compile(
    r"https?://[^/?#\s]+/(?:(?!central/)[^/?#\s]+/)*(10\.\d{4,9}(?:/|%2F)[^?#\s]+)"
    r"|https?://[^?#\s]+\?(?:[^#\s]*&)?(?:doi|id)=(10\.\d{4,9}(?:/|%2F)[^&#\s]+)",
    re.IGNORECASE,
)
PARTS_OF_PAGE = frozenset(
    "abstract full fulltext full-text full-xml html pdf pdfft epdf epub meta summary references".split()
)
"""What the address of a publisher's page has behind the DOI, as a part of its path or an ending of the last one."""

LONGEST_ADDRESS = 2000

VERSION_OF_PREPRINT = re.compile(r"(?<=^10\.1101/)([\d.]*\d)v\d.*$")
DOI_IN_NOTE = re.compile(
    r"(?:^(?:PMC?ID:? ?\w+[;,.]\s*)*|>\s*)(?:doi|electronic-resource-num)\s*[:=]\s*(?:https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/[^\s<;|]+)",
    re.IGNORECASE | re.MULTILINE,
)
URL = re.compile(r"https?://[^\s<>\"{}|\\^`]+", re.IGNORECASE)
ESCAPED = re.compile(r"\\([_%&#~$])|[{}]")

QUERY = re.compile(r"[?&]\w+=.*")  # of an address in which a DOI stands
IN_BRACKETS = re.compile(r"\[([^\[\]]*)\]\.?")
FULL_STOP = re.compile(r"(?<![.\s])(?<!\.[A-Z])\.$")


def date_text(year: int, month: int | None = None, day: int | None = None) -> str:
    """Return the ISO date of as much as is known and possible: a thirtieth of February is only a February."""
    if month is None or not 1 <= month <= 12:
        return f"{year:04d}"
    try:
        return datetime.date(year, month, day or 0).isoformat()
    except ValueError:
        return f"{year:04d}-{month:02d}"


def month_number(text: str) -> int | None:
    """Return the month that `text` names ("September", "sept.", "août", "9"), or None."""
    words = [word.lower() for word in WORD.findall(text) if len(word) >= 3]
    for word in words:
        if word[:3] in MONTHS:
            return MONTHS.index(word[:3]) + 1
    months = [_months_of_other_languages().get(word) for word in words]
    is_short = len(words) == 1 and len(words[0]) == 3 and ISO_DATE.search(text)
    if months and all(months) and not is_short:  # else it may be another word, or a name: "out", "gen", "Ott (2020)"
        return months[0]
    number = DAY.search(text)
    return int(number[1]) if number and 1 <= int(number[1]) <= 12 and not WORD.search(text) else None


@functools.cache
def _months_of_other_languages() -> Mapping[str, int]:
    """Return the months by their names, whole and short, in languages that papers are catalogued in."""
    from babel.dates import get_month_names

    months: dict[str, int] = {}
    for language in LANGUAGES_OF_MONTHS:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for month, name in get_month_names(width, context, language).items():
                    months.setdefault(name.strip(".").lower(), month)
    return months


def find_date(text: str, month: str = "", day: str = "") -> str:
    """Return the first date in `text` in ISO form, "" without a year; `month` and `day` fill in what it lacks."""
    if not text:
        return ""
    compact = COMPACT_DATE.fullmatch(text.strip())
    found = compact or ISO_DATE.search(text)
    if not found:
        return ""
    year = int(found[1])
    if found[2]:
        return date_text(year, int(found[2]), int(found[3]) if found[3] else None)
    rest = text[: found.start()] + " " + text[found.end() :]
    named = month if month else rest if WORD.search(rest) else ""
    in_month = DAY.search(named) if WORD.search(named) else None
    day_number = DAY.search(day) or in_month
    return date_text(
        year, month_number(text if named and not month else named), int(day_number[1]) if day_number else None
    )


def most_precise(*dates: str) -> str:
    """Return the first date that is known, or a later one that only adds a month or a day to it."""
    known = [date for date in dates if date]
    return max((date for date in known if date.startswith(known[0])), key=len, default="")


def find_arxiv_id(*texts: str, bare: bool = False) -> str:
    """Return the first arXiv id in these texts without its version, else ""; `bare`: a text may be only the id."""
    return _first_match(map(_unescaped, texts), MARKED_ARXIV_ID, BARE_ARXIV_ID if bare else None)


def find_pmid(*texts: str, bare: bool = False) -> str:
    """Return the first PubMed number in these texts, else ""; `bare`: a text may be only the number."""
    return _first_match(texts, MARKED_PMID, BARE_PMID if bare else None)


def find_doi(*texts: str) -> str:
    """Return the first DOI in these texts without the resolver's address, else ""."""
    return _closed(_first_match(map(_unescaped, texts), DOI)).rstrip(".,;")


def doi_of_addresses(*addresses: str) -> str:
    """Return the DOI that the addresses of a paper hold, of the resolver or else of a publisher's page, else ""."""
    resolved = [address for address in addresses if "doi.org/" in address.lower()]
    return find_doi(*resolved) or first_of(*(_doi_of_page(each) for each in addresses if each not in resolved))


def _doi_of_page(address: str) -> str:
    found = DOI_IN_ADDRESS.match(address) if "10." in address and len(address) <= LONGEST_ADDRESS else None
    if not found:
        return ""
    doi = unquote(found[1] or found[2]).partition(";jsessionid")[0].partition("/suppl_file")[0]
    while (ending := PurePosixPath(doi).suffix)[1:].lower() in PARTS_OF_PAGE:
        doi = doi.removesuffix(ending)
    while (last := doi.rpartition("/")[2]).lower() in ("", *PARTS_OF_PAGE):
        doi = doi[: -len(last) - 1]
    if doi.startswith("10.1093/") and doi.count("/") > 2:  # behind which Oxford writes a number of its own
        doi = doi.rpartition("/")[0] if last.isdigit() else doi
    doi = find_doi(VERSION_OF_PREPRINT.sub(r"\1", doi))
    return doi if "(SICI)" not in doi or ">" in doi else ""  # which an address ends at its first angle bracket


def doi_of_note(note: str) -> str:
    """Return the DOI that stands as such at the beginning of a note or of a line of it, else ""."""
    found = DOI_IN_NOTE.search(note) if "10." in note else None
    return find_doi(found[1]) if found else ""


def find_url(*texts: str) -> str:
    """Return the first web address in these texts, else ""; only http and https count."""
    return _first_match(map(_unescaped, texts), URL).rstrip(".,;")


def _first_match(texts: Iterable[str], pattern: re.Pattern[str], whole: re.Pattern[str] | None = None) -> str:
    """Return what the pattern finds, or what `whole` says of a text that is nothing else; "" without either."""
    for text in texts:
        found = pattern.search(text) or (whole.fullmatch(text.strip()) if whole else None)
        if found:
            return found[found.re.groups]  # the only group, or else the whole match
    return ""


def _unescaped(text: str) -> str:
    return ESCAPED.sub(r"\1", text) if "\\" in text or "{" in text or "}" in text else text


def _closed(doi: str) -> str:
    """Return a DOI without what an address or a text around it has behind it: a query, a bracket, a quotation mark."""
    doi = doi.partition('"')[0]
    if "%" in doi or "=" in doi:
        doi = QUERY.sub("", unquote(doi).split()[0])
    for opening, closing in ("()", "[]"):
        if doi.endswith(closing) and opening not in doi:
            doi = doi[:-1]
    return doi.rstrip("'")


def spoken_name(given: str, family: str, suffix: str = "") -> str:
    """Return a name in the order in which it is spoken, with the suffix after a comma."""
    name = to_text(joined([given, family]))
    return f"{name}, {to_text(suffix)}" if suffix.strip() else name


def title_of(*texts: str) -> str:
    """Return the first of these that is a title, without the brackets of a translation and without a full stop."""
    titles = (" ".join(text.split()) for text in texts if not is_placeholder(text))
    title = first_of(*titles)
    bracketed = IN_BRACKETS.fullmatch(title)
    return FULL_STOP.sub("", (bracketed[1] if bracketed else title).strip())


def abstract_of(*texts: str) -> str:
    """Return the first of these that is an abstract and does not merely say that there is none, or where one is."""
    return first_of(*(text for text in map(str.strip, texts) if not is_no_abstract(text)))


def record(
    paper: Paper,
    names: Iterable[str] | None = None,
    *,
    file: str,
    line: int,
    source_key: str = "",
    readable: Callable[[str], str] = to_text,
    is_own: bool = False,
) -> Record | Problem:
    """Return the paper with its texts made readable, or the Problem that it says too little to be one.

    It needs a title, and an abstract or, beside the title, an author, a year or an identifier that others know too.
    `names` are the authors in their order, unless the paper has them; names must be readable already. Title, abstract,
    venue, categories and labels may still hold what `readable` undoes. `source_key` is the source's own name for the
    record. Texts that only say that there is none are dropped, and the abstract's heading, unless the record `is_own`:
    written by this program.
    """
    if names is not None:
        listed, complete = authorships(names)
        paper = replace(paper, authorships=listed, authors_complete=paper.authors_complete and complete)
    title, abstract, venue = readable(paper.title), readable(paper.abstract), readable(paper.venue)
    if not is_own:
        title, abstract, venue = _without_placeholders(title, abstract, venue, is_signed=bool(paper.authorships))
    paper = replace(
        paper,
        title=title,
        abstract=abstract,
        venue=venue,
        doi=_encodable(paper.doi),
        arxiv_id=_encodable(paper.arxiv_id),
        url=_encodable(paper.url),
        pmid=paper.pmid if paper.pmid.isascii() and paper.pmid.isdigit() else "",
        categories=tuple(dict.fromkeys(filter(None, map(readable, paper.categories)))),
        labels=tuple(dict.fromkeys(filter(None, map(readable, paper.labels)))),
        citation_keys=tuple(filter(None, map(_encodable, paper.citation_keys))),
    )
    source_key = readable(source_key)
    is_told_apart = paper.abstract or paper.authorships or paper.date or paper.doi or paper.arxiv_id or paper.pmid
    if paper.title and is_told_apart:
        return Record(paper, line, source_key)
    known = shortened(paper.title or source_key)
    what = "a title and nothing else: no abstract, no author, no year, no DOI" if paper.title else "no title"
    said = f"has {what}, so it was left out. Complete the record and add the file again."
    return Problem(file, line, f"{f'“{known}”' if known else 'This record'} {said}", f"A record {said}")


def _without_placeholders(title: str, abstract: str, venue: str, *, is_signed: bool) -> tuple[str, str, str]:
    """Return the texts without what says that there is none; a title beside an abstract and authors is one."""
    abstract = body_of(abstract)
    abstract = "" if is_no_abstract(abstract) else abstract
    return (
        "" if is_placeholder(title) and not (abstract and is_signed) else title,
        abstract,
        "" if is_placeholder(venue) else venue,
    )


def _encodable(text: str) -> str:
    """Return the text without halves of characters, which JSON may hold and no file can."""
    return text if text.isascii() else text.encode("utf-8", "ignore").decode()


def first_of(*values: str) -> str:
    """Return the first value that is not empty, else ""."""
    return next(filter(None, values), "")


def joined(values: Sequence[str]) -> str:
    """Return the values that are not empty, one after the other with a space between."""
    return " ".join(filter(None, values))
