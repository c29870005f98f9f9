"""Items of Zotero, as its API and its exports write them in JSON; a row of its database is brought into this shape."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from assistant.ingestion.readers import fields
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, find_url, first_of
from assistant.ingestion.readers.names import SUFFIX
from assistant.ingestion.readers.objects import json_values
from assistant.ingestion.readers.objects.json_values import list_of, object_of
from assistant.types import Paper, Problem, Record

NAME = "Zotero"

Labels = Mapping[str, Sequence[str]]
"""Key of a collection -> its name and the names of those that it lies in."""

NO_COLLECTIONS: Labels = MappingProxyType({})

NO_PAPERS = frozenset({"attachment", "note", "annotation"})
TITLES = ("title", "caseName", "nameOfAct", "subject")
DATES = ("date", "dateDecided", "dateEnacted", "issueDate")
VENUES = (
    "publicationTitle",
    "bookTitle",
    "proceedingsTitle",
    "encyclopediaTitle",
    "dictionaryTitle",
    "blogTitle",
    "websiteTitle",
    "forumTitle",
    "programTitle",
    "reporter",
    "code",
    "conferenceName",
    "meetingName",
    "university",
    "institution",
    "journalAbbreviation",
)
AUTHORS = frozenset(
    {
        "author",
        "artist",
        "cartographer",
        "director",
        "interviewee",
        "inventor",
        "performer",
        "podcaster",
        "presenter",
        "programmer",
        "sponsor",
    }
)
"""Kinds of creators that stand first in the items that have them, and mean who made the work."""

EXTRA_LINE = re.compile(r"\s*([A-Za-z][\w .*-]{0,40}?)\s*[:=]\s*(\S.*)")
LONGEST_EXTRA = 100_000  # characters


def is_item(value: Mapping[str, Any]) -> bool:
    """Tell whether this object is an item of Zotero, of its API or of an export."""
    return isinstance(_data(value).get("itemType"), str)


def read_item(
    value: Mapping[str, Any],
    file: str,
    line: int,
    *,
    collections: Labels = NO_COLLECTIONS,
    labels: Sequence[str] = (),
) -> Record | Problem | None:
    """Return the paper that an item is, None for a note, an attachment, an annotation and what lies in the bin.

    `labels` are borne by every item, the name of a group, say. The source key is the citation key, else Zotero's own.
    """
    data, meta = _data(value), object_of(value.get("meta"))
    if data.get("itemType") in NO_PAPERS or data.get("deleted"):
        return None

    def first(*names: str) -> str:
        return first_of(*(json_values.text_of(data.get(name)) for name in names))

    extra_text = first("extra")[:LONGEST_EXTRA]
    extra, address, number = read_extra(extra_text), first("url"), first("archiveID", "number")
    doi = find_doi(first("DOI"), extra.get("doi", ""), address if "doi.org/" in address else "")
    keys = [key for key in list_of(data.get("collections")) if isinstance(key, str)]
    tags = (
        json_values.text_of(object_of(tag).get("tag") if isinstance(tag, dict) else tag)
        for tag in list_of(data.get("tags"))
    )
    arxiv_id = find_arxiv_id(extra.get("arxiv", ""), extra.get("arxiv id", ""), first("arXivID"), bare=True)
    cited = first_of(first("citationKey"), citation_key(extra))
    paper = Paper(
        title=first(*TITLES),
        abstract=fields.abstract_of(first("abstractNote")),
        date=first_of(*map(find_date, (json_values.text_of(meta.get("parsedDate")), first(*DATES), _issued(extra)))),
        venue=first(*VENUES),
        doi=doi,
        arxiv_id=arxiv_id or find_arxiv_id(doi, extra_text, number, first("archiveLocation"), address),
        pmid=find_pmid(first("PMID") or extra.get("pmid", ""), bare=True) or find_pmid(extra_text, address),
        url=find_url(address),
        labels=(*labels, *(name for key in keys for name in collections.get(key, ())), *tags),
        citation_keys=(cited,),
    )
    key = first_of(cited, first("key", "itemKey"), json_values.text_of(value.get("key")))
    return fields.record(paper, _names(data.get("creators")), file=file, line=line, source_key=key)


def read_extra(text: str) -> Mapping[str, str]:
    """Return what the lines of the field Extra state, by names in small letters; the first line of a name counts."""
    stated: dict[str, str] = {}
    for line in text.splitlines():
        if found := EXTRA_LINE.match(line):
            stated.setdefault(found[1].casefold(), found[2].strip())
    return stated


def citation_key(extra: Mapping[str, str]) -> str:
    """Return the citation key that Extra states, as Zotero or an earlier Better BibTeX writes it; else ""."""
    return first_of(*(extra.get(name, "") for name in ("citation key", "citationkey", "bibtex", "bibtex*")))


def collection_labels(collections: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return for each collection, given by key with its name and the key of the one that it lies in, all its names.

    The outermost name comes first. A collection that lies in itself ends there.
    """
    labels: dict[str, tuple[str, ...]] = {}
    for key in collections:
        names: list[str] = []
        seen: set[str] = set()
        place = key
        while place in collections and place not in seen:
            seen.add(place)
            name, place = collections[place]
            names.append(name)
        labels[key] = tuple(reversed(names))
    return labels


def _data(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of an item: the API wraps them, exports do not."""
    wrapped = value.get("data")
    return wrapped if isinstance(wrapped, dict) and "itemType" in wrapped else value


def _issued(extra: Mapping[str, str]) -> str:
    return first_of(*(extra.get(name, "") for name in ("issued", "date")))


def _names(creators: Any) -> list[str]:
    return [name for creator in list_of(creators) if (name := _name(object_of(creator)))]


def _name(creator: Mapping[str, Any]) -> str:
    """Return the name of an author as it is spoken, a suffix such as "Jr." after a comma; of other people ""."""
    if creator.get("creatorType", "author") not in AUTHORS:
        return ""
    whole, given, family = (json_values.text_of(creator.get(part)) for part in ("name", "firstName", "lastName"))
    if whole:
        return fields.spoken_name("", whole)
    given, _, suffix = given.partition(",")
    if suffix.strip() and not SUFFIX.fullmatch(suffix.strip()):
        given, suffix = f"{given},{suffix}", ""
    return fields.spoken_name(given.strip(), family, suffix.strip())
