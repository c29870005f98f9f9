"""What several sources say of one paper, added up field by field, and which source said what."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import Any

from assistant.text import same_person
from assistant.types import Authorship, Paper

_AUTHORS = ("authorships", "authors_complete")
_TEXTS = tuple(
    field.name for field in fields(Paper) if field.name not in {*_AUTHORS, "id", "date", "categories", "has_code"}
)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What one source says of a paper; `origin` names the source (a file, an address), `source_key` its name for it."""

    origin: str
    source_key: str
    paper: Paper


def statement(paper: Paper) -> str:
    """Return what a record says of its paper as canonical JSON: fields that say nothing are left out, so is the id."""
    said: dict[str, Any] = {name: value for name in (*_TEXTS, "date") if (value := getattr(paper, name))}
    if paper.authorships:
        said["authors"] = [[author.name, author.position] for author in paper.authorships]
    if not paper.authors_complete:
        said["authors_complete"] = False
    if paper.categories:
        said["categories"] = list(dict.fromkeys(paper.categories))
    if paper.has_code is not None:
        said["has_code"] = paper.has_code
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def stated_paper(said: str, paper_id: str = "") -> Paper:
    """Return the paper that a `statement` describes. Raises ValueError where it is none."""
    values = json.loads(said)
    authorships = tuple(Authorship(str(name), position) for name, position in values.pop("authors", ()))
    categories = tuple(values.pop("categories", ()))
    return Paper(**values, authorships=authorships, categories=categories, id=paper_id)


def digest(said: str) -> str:
    """Return the first 128 bits of the SHA-256 of a `statement`, in hexadecimal."""
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def merged(statements: Sequence[SourceRecord], paper_id: str) -> Paper:
    """Return the union of what sources say of a paper; `statements` stand in the order in which they were made."""
    return replace(reduce(merge, (said.paper for said in statements)), id=paper_id)


def provenance(paper: Paper, statements: Sequence[SourceRecord]) -> dict[str, tuple[str, ...]]:
    """Return for each field that is known the origins that say just what the merged paper says of it."""
    known = {name: getattr(paper, name) for name in (*_TEXTS, "date", "authorships", "categories", "has_code")}
    return {
        name: tuple(dict.fromkeys(said.origin for said in statements if getattr(said.paper, name) == value))
        for name, value in known.items()
        if value not in ("", (), None)
    }


def merge(existing: Paper, incoming: Paper) -> Paper:
    """Return the paper with what the newer source says, and the older source's word where the newer is silent."""
    if _knows_more_authors(existing, incoming):
        authorships, complete = _with_missing(existing.authorships, incoming.authorships), existing.authors_complete
    else:
        authorships, complete = _with_missing(incoming.authorships, existing.authorships), incoming.authors_complete
    more_precise_date = existing.date.startswith(incoming.date)
    return Paper(
        **{name: getattr(incoming, name) or getattr(existing, name) for name in _TEXTS},
        id=existing.id,
        authorships=authorships,
        authors_complete=complete,
        date=existing.date if more_precise_date else incoming.date,
        categories=incoming.categories or existing.categories,
        has_code=existing.has_code if incoming.has_code is None else incoming.has_code,
    )


def _knows_more_authors(one: Paper, other: Paper) -> bool:
    """Tell whether the first paper's author list is the better one: whole before cut, the longer of two cut ones."""
    if one.authors_complete != other.authors_complete or not (one.authorships and other.authorships):
        return bool(one.authorships) and (one.authors_complete or not other.authorships)
    return not one.authors_complete and len(one.authorships) > len(other.authorships)


def _with_missing(kept: tuple[Authorship, ...], others: tuple[Authorship, ...]) -> tuple[Authorship, ...]:
    """Add the authors whose place is unknown (a page's owner behind "et al.") where the kept list lacks them."""
    if not kept:
        return others
    missing = (
        other
        for other in others
        if other.position is None and not any(same_person(other.name, author.name) for author in kept)
    )
    return (*kept, *missing)
