"""A paper out of fields that bear no known format's names: what they are called tells what they hold."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from assistant.ingestion.readers.fields import (
    authorships,
    find_arxiv_id,
    find_date,
    find_doi,
    find_pmid,
    find_url,
    first_of,
    given_name_first,
    joined,
    record,
    split_names,
)
from assistant.ingestion.readers.latex import to_text
from assistant.types import Paper, Problem, Record

Object = Mapping[str, Any]

DATES = ("publicationdate", "publisheddate", "datepublished", "published", "date", "pubdate")
NO_AUTHORS = {"bookauthor", "contributor", "editor", "reviewedauthor", "serieseditor", "translator"}
YES = {"true", "yes", "y", "1"}
NO = {"false", "no", "n", "0"}
SPACED_CODES = re.compile(r"[A-Za-z-]+(?:\.[A-Za-z-]+)?(?: +[A-Za-z-]+(?:\.[A-Za-z-]+)?)*")


def read_fields(value: Object, file: str, line: int) -> Record | Problem:
    """Return the paper that these fields state; names count without regard to case, spaces and punctuation."""
    fields = {_plain_name(name): content for name, content in value.items()}
    identifiers = fields.get("externalids")
    outside = (
        {str(key).lower(): _text(value) for key, value in identifiers.items()} if isinstance(identifiers, dict) else {}
    )
    own_id = _first(fields, "id", "paperid", "key", "uid", "corpusid")
    link = _first(fields, "url", "link", "pdfurl")
    doi = _first(fields, "doi")
    listed, complete = authorships(_names(_first_value(fields, "authors", "author", "creators")))
    paper = Paper(
        title=_first(fields, "title", "papertitle"),
        abstract=_first(fields, "abstract", "summary", "paperabstract", "abstractnote"),
        authorships=listed,
        authors_complete=complete,
        date=_date(fields),
        categories=_categories(_first_value(fields, "categories", "category")),
        venue=_first(
            fields, "venue", "journal", "booktitle", "journalref", "conference", "publicationtitle", "proceedingstitle"
        ),
        doi=find_doi(doi or outside.get("doi", "")),
        arxiv_id=first_of(
            find_arxiv_id(_first(fields, "arxivid", "arxiv", "eprint") or outside.get("arxiv", ""), bare=True),
            find_arxiv_id(own_id, bare=True),
            find_arxiv_id(joined([doi, link])),
        ),
        pmid=find_pmid(_first(fields, "pmid", "pubmedid", "pubmed") or outside.get("pubmed", ""), bare=True),
        url=find_url(link),
        has_code=_has_code(_first_value(fields, "hascode", "code", "codeurl")),
    )
    return record(paper, file=file, line=line, own_id=own_id)


@functools.lru_cache(maxsize=4096)
def _plain_name(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def _first_value(fields: Object, *names: str) -> Any:
    """Return the first of these fields that holds anything at all."""
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _first(fields: Object, *names: str) -> str:
    """Return the first of these fields that holds text or a number, as text."""
    for name in names:
        if name in fields and (text := _text(fields[name])):
            return text
    return ""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, list):
        return " ".join(item for item in value if isinstance(item, str))
    name = value.get("name") if isinstance(value, dict) else None
    return name.strip() if isinstance(name, str) else ""


def _names(value: Any) -> list[str]:
    """Return the names of a list of strings or objects, or of one string, the given name first."""
    if isinstance(value, str):
        return [given_name_first(to_text(name)) for name in split_names(value)]
    if isinstance(value, dict):
        return [_name(value)]
    return [name for item in value if (name := _name(item))] if isinstance(value, list) else []


def _name(value: Any) -> str:
    if isinstance(value, str):
        return given_name_first(to_text(value))
    if not isinstance(value, dict) or str(value.get("creatorType", "")).lower() in NO_AUTHORS:
        return ""
    fields = {re.sub(r"[^a-z]", "", str(key).lower()): to_text(_text(part)) for key, part in value.items()}
    whole = first_of(*(fields.get(key, "") for key in ("name", "fullname", "displayname", "literal")))
    given = first_of(*(fields.get(key, "") for key in ("given", "givenname", "first", "firstname", "forename")))
    middle = fields.get("middle", "")
    family = first_of(*(fields.get(key, "") for key in ("family", "familyname", "last", "lastname", "surname")))
    return given_name_first(whole) if whole else joined([given, middle, family, fields.get("suffix", "")])


def _date(fields: Object) -> str:
    """Return the most precise date given; the first version of an arXiv record is its date."""
    dates = [find_date(_first(fields, name)) for name in DATES if name in fields]
    year = find_date(_first(fields, "year", "publicationyear", "pubyear"), month=_first(fields, "month"))
    first_version = _first_version(fields.get("versions"))
    known = [date for date in (*dates, first_version, year, find_date(_first(fields, "updatedate"))) if date]
    return next((date for date in known if not year or date.startswith(year)), known[0] if known else "")


def _first_version(versions: Any) -> str:
    if not isinstance(versions, list) or not versions or not isinstance(versions[0], dict):
        return ""
    try:
        return parsedate_to_datetime(_text(versions[0].get("created"))).date().isoformat()
    except (ValueError, TypeError):
        return ""


def _categories(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        parts = re.split(r"\s*[,;|]\s*", value)
        if len(parts) == 1 and SPACED_CODES.fullmatch(value) and re.search(r"[a-z]\.[A-Za-z]|^[a-z-]+$", value):
            parts = value.split()
        return tuple(parts)
    return tuple(_text(item) for item in value) if isinstance(value, list) else ()


def _has_code(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    text = _text(value).lower()
    if text in YES or find_url(text):
        return True
    return False if text in NO else None
