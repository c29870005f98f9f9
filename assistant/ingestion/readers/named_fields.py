"""Papers out of fields that bear no known format's names: what they are called tells what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from assistant.ingestion.readers import fields, json_values, names
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, find_url, joined
from assistant.ingestion.readers.json_values import list_of, object_of
from assistant.ingestion.readers.latex import to_text
from assistant.types import Paper, Problem, Record

Object = Mapping[str, Any]

DATES = ("publicationdate", "publisheddate", "datepublished", "published", "date", "pubdate")
VENUES = (
    "venue",
    "journal",
    "booktitle",
    "journalref",
    "conference",
    "publicationtitle",
    "publicationname",
    "proceedingstitle",
)
NO_AUTHORS = {"bookauthor", "contributor", "editor", "reviewedauthor", "serieseditor", "translator"}
AUTHORS = ("authors", "author", "creators", "authorlist")
WHOLE_NAMES = ("name", "fullname", "displayname", "literal", "preferredname", "authorname", "author", "creator")
DEEPEST_NAME = 4  # objects within objects, in which a name may stand
PUNCTUATION = re.compile(r"[^a-z0-9]+")
YES = {"true", "yes", "y", "1"}
NO = {"false", "no", "n", "0"}
SPACED_CODES = re.compile(r"[A-Za-z-]+(?:\.[A-Za-z-]+)?(?: +[A-Za-z-]+(?:\.[A-Za-z-]+)?)*")


def read_fields(value: Object, file: str, line: int) -> Record | Problem:
    """Return the paper that these fields state; names count without regard to case, spaces and punctuation."""
    stated = {_plain_name(name): content for name, content in value.items()}
    identifiers = object_of(stated.get("externalids"))
    outside = {str(name).lower(): _text(content) for name, content in identifiers.items()}
    key = _first(stated, "id", "paperid", "key", "uid", "corpusid")
    link = _first(stated, "url", "link", "pdfurl")
    doi = _first(stated, "doi")
    paper = Paper(
        title=_first(stated, "title", "papertitle"),
        abstract=_first(stated, "abstract", "summary", "paperabstract", "abstractnote"),
        date=_date(stated),
        categories=_categories(_first_value(stated, "categories", "category")),
        venue=_first(stated, *VENUES),
        doi=find_doi(doi or outside.get("doi", "")),
        arxiv_id=find_arxiv_id(_first(stated, "arxivid", "arxiv", "eprint") or outside.get("arxiv", ""), key, bare=True)
        or find_arxiv_id(doi, link),
        pmid=find_pmid(_first(stated, "pmid", "pubmedid", "pubmed") or outside.get("pubmed", ""), bare=True),
        url=find_url(link),
        has_code=_has_code(_first_value(stated, "hascode", "code", "codeurl")),
    )
    authors = _first_value(stated, *AUTHORS)
    people = _names(authors) or ([names.CUT] if isinstance(authors, list | dict) and authors else [])
    return fields.record(paper, people, file=file, line=line, source_key=key)


def _plain_name(name: object) -> str:
    return PUNCTUATION.sub("", str(name).lower())


def _first_value(stated: Object, *names: str) -> Any:
    """Return the first of these fields that holds anything at all."""
    return next((stated[name] for name in names if stated.get(name) is not None), None)


def _first(stated: Object, *names: str) -> str:
    """Return the first of these fields that holds text or a number, as text."""
    for name in names:
        if name in stated and (text := _text(stated[name])):
            return text
    return ""


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(item for item in value if isinstance(item, str))
    return json_values.text_of(value.get("name") if isinstance(value, dict) else value)


def _names(value: Any, depth: int = 0) -> list[str]:
    """Return the names of a list of strings or objects, of what holds such a list, or of one string, as spoken."""
    if isinstance(value, str):
        printed = names.printed_list(value)
        if printed is None:
            return names.split_names(value if "\n" in value else to_text(value))
        value = printed
    if isinstance(value, dict):
        inside = _first_value({_plain_name(key): part for key, part in value.items()}, *AUTHORS)
        if isinstance(inside, list | dict) and depth < DEEPEST_NAME:
            return _names(inside, depth + 1)
        value = [value]
    return [name for person in list_of(value) if (name := _name(person))]


def _name(value: Any, depth: int = 0) -> str:
    if isinstance(value, str):
        return fields.given_name_first(to_text(value))
    stated = {_plain_name(key): part for key, part in object_of(value).items()}
    if _text(stated.get("creatortype")).lower() in NO_AUTHORS:
        return ""
    person = {key: to_text(_text(part)) for key, part in stated.items()}
    given = _first(person, "given", "givenname", "first", "firstname", "forename")
    family = _first(person, "family", "familyname", "last", "lastname", "surname")
    if given and family:
        return joined([given, _first(person, "middle", "middlename"), family, _first(person, "suffix")])
    whole = _first(person, *WHOLE_NAMES)
    inside = _first_value(stated, "author", "creator", "person", "name")
    if not whole and isinstance(inside, dict) and depth < DEEPEST_NAME:
        return _name(inside, depth + 1)
    return fields.given_name_first(whole or family or given)


def _date(stated: Object) -> str:
    """Return the most precise date given; the first version of an arXiv record is its date."""
    dates = [find_date(_first(stated, name)) for name in DATES if name in stated]
    year = find_date(_first(stated, "year", "publicationyear", "pubyear"), month=_first(stated, "month"))
    first_version = _first_version(stated.get("versions"))
    known = [date for date in (*dates, first_version, year, find_date(_first(stated, "updatedate"))) if date]
    return next((date for date in known if not year or date.startswith(year)), known[0] if known else "")


def _first_version(versions: Any) -> str:
    first = next(iter(list_of(versions)), None)
    try:
        return parsedate_to_datetime(_text(object_of(first).get("created"))).date().isoformat()
    except (ValueError, TypeError):
        return ""


def _categories(value: Any) -> tuple[str, ...]:
    if not isinstance(value, str):
        return tuple(map(_text, list_of(value)))
    parts = re.split(r"\s*[,;|]\s*", value)
    if len(parts) == 1 and SPACED_CODES.fullmatch(value) and re.search(r"[a-z]\.[A-Za-z]|^[a-z-]+$", value):
        parts = value.split()
    return tuple(parts)


def _has_code(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    text = _text(value).lower()
    if text in YES or find_url(text):
        return True
    return False if text in NO else None
