"""MODS, the XML of library catalogues and of bibutils: one `mods` for each work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from assistant.ingestion.readers import fields
from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, find_url, first_of, joined
from assistant.ingestion.readers.names import SUFFIX, given_name_first
from assistant.ingestion.readers.tex.latex import to_text
from assistant.ingestion.readers.xml.xml_elements import Element, read_elements, root_of, text_at, text_of
from assistant.types import Paper, Problem, ReaderItem, Record

NAME = "MODS"
NOTHING_FOUND = "There is no work in this MODS file. Export it again."

AUTHORS = {"aut", "author", "cre", "creator", "dis", "dissertant", "inv", "inventor", "spk", "speaker"}
NO_AUTHORS = set(
    "ctb contributor dgg edt editor fnd funder hst host pbd pbl publisher prt printer spn sponsor "
    "ths trl translator".split()
) | {"degree grantor", "thesis advisor"}
DATES = ("dateIssued", "copyrightDate", "dateCreated", "dateOther", "dateCaptured")
HOST = "{*}relatedItem[@type='host']"


def start(head: str) -> int | None:
    """Return where the collection, or the single work, begins; None if the document is something else."""
    root = root_of(head)
    is_answer = root is not None and root[1] == "OAI-PMH" and ("<mods" in head or ":mods" in head)
    return root[0] if root and (root[1] in {"mods", "modsCollection"} or is_answer) else None


def parse(stream: BinaryIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each work, in the file's order."""
    return read_elements(stream, file, ("mods",), _read_work)


def _read_work(mods: Element, file: str) -> Record | Problem:
    identifiers = {
        (one.get("type") or "").lower(): text_of(one)
        for one in reversed(mods.findall("{*}identifier"))
        if not one.get("invalid")
    }
    titles = mods.findall("{*}titleInfo")
    titles.sort(key=lambda title: bool(title.get("type")))
    hosts = mods.findall(HOST)
    origins = [
        *mods.findall("{*}originInfo"),
        *mods.findall("{*}part"),
        *(one for host in hosts for one in _dated(host)),
    ]
    dates = [find_date(text_at(origin, f"{{*}}{name}")) for origin in origins for name in (*DATES, "date")]
    addresses = [text_of(one) for one in mods.findall("{*}location/{*}url")]
    doi = find_doi(identifiers.get("doi", ""), *identifiers.values(), *(one for one in addresses if "doi.org/" in one))
    cited = first_of(identifiers.get("citekey", ""), mods.get("ID") or "")
    paper = Paper(
        title=fields.title_of(*map(_title, titles)),
        abstract=fields.abstract_of(*map(text_of, mods.findall("{*}abstract"))),
        date=first_of(*dates),
        venue=first_of(*(_title(title) for host in hosts for title in host.findall("{*}titleInfo"))),
        doi=doi,
        arxiv_id=find_arxiv_id(identifiers.get("arxiv", ""), bare=True) or find_arxiv_id(doi, *addresses),
        pmid=find_pmid(first_of(*(identifiers.get(kind, "") for kind in ("pmid", "pubmed", "medline"))), bare=True),
        url=find_url(*addresses, identifiers.get("uri", "")),
        citation_keys=(cited,),
        labels=tuple(text_of(topic) for topic in mods.findall("{*}subject/{*}topic")),
    )
    people = [(_roles(one), _name(one)) for one in mods.findall("{*}name")]
    authors = [name for roles, name in people if not roles or roles & AUTHORS]
    names = filter(None, authors or [name for roles, name in people if not roles & NO_AUTHORS])
    key = first_of(cited, text_at(mods, "{*}recordInfo/{*}recordIdentifier"))
    return fields.record(paper, names, file=file, line=mods.sourceline or 0, source_key=key)


def _dated(host: Element) -> list[Element]:
    """Return what says when the volume came out of which a work is a part."""
    return [*host.findall("{*}part"), *host.findall("{*}originInfo")]


def _title(info: Element) -> str:
    title = joined([text_at(info, "{*}nonSort"), text_at(info, "{*}title")])
    title = title.replace("' ", "'", 1) if text_at(info, "{*}nonSort").endswith("'") else title
    subtitle = text_at(info, "{*}subTitle")
    return f"{title.rstrip(' :')}: {subtitle}" if title and subtitle else title


def _roles(name: Element) -> set[str]:
    stated = [*name.findall("{*}role/{*}roleTerm"), *(role for role in name.findall("{*}role") if not len(role))]
    return {text_of(role).lower().strip(" .") for role in stated}


def _name(name: Element) -> str:
    """Return a name as it is spoken."""
    parts: dict[str, list[str]] = {}
    for part in name.findall("{*}namePart"):
        parts.setdefault(part.get("type") or "", []).append(text_of(part))
    given, family, suffix = (joined(parts.get(kind, [])) for kind in ("given", "family", "termsOfAddress"))
    if family:
        return fields.spoken_name(given, family, suffix if SUFFIX.fullmatch(suffix) else "")
    whole = to_text(joined([*parts.get("", []), given]) or text_at(name, "{*}displayForm"))
    return whole if name.get("type") == "corporate" else given_name_first(whole)
