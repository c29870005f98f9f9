"""Source records: what each source says of a paper, and their union field by field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import Any

from assistant.text import same_person
from assistant.types import Authorship, Paper

_APART = {"authorships", "authors_complete", "id", "categories", "has_code", "labels", "citation_keys"}

TEXT_FIELDS = tuple(field.name for field in fields(Paper) if field.name not in _APART)
"""Fields of a paper that are plain texts, "" where nothing is known."""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What one source says of a paper; `origin` names the source (a file, an address), `source_key` its name for it.

    `citation_key` is what the source's texts cite it by. `text` is the `statement`, "" where it was not saved word for
    word; `number` is 0 until the library holds it.
    """

    origin: str
    source_key: str
    paper: Paper
    text: str = ""
    digest: str = ""
    number: int = 0
    citation_key: str = ""


def provenance_json(paper: Paper, statements: Sequence[SourceRecord]) -> dict[str, Any]:
    """Return a paper with, for each field, the sources that say just that, and what each source says."""
    return {
        **paper.to_json(),
        "said_by": {name: list(origins) for name, origins in provenance(paper, statements).items()},
        "sources": [{"source": said.origin, "own_id": said.source_key, **said.paper.to_json()} for said in statements],
    }


def statement(paper: Paper) -> str:
    """Return what a record says of its paper as canonical JSON: fields that say nothing are left out, so is the id."""
    stated: dict[str, Any] = {name: value for name in TEXT_FIELDS if (value := getattr(paper, name))}
    if paper.authorships:
        stated["authors"] = [[author.name, author.position] for author in paper.authorships]
    if not paper.authors_complete:
        stated["authors_complete"] = False
    if paper.categories:
        stated["categories"] = list(dict.fromkeys(paper.categories))
    if paper.has_code is not None:
        stated["has_code"] = paper.has_code
    if paper.labels:
        stated["labels"] = list(paper.labels)
    return json.dumps(stated, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def stated_paper(text: str, paper_id: str = "") -> Paper:
    """Return the paper that a `statement` describes. Raises ValueError where there is none."""
    values = json.loads(text)
    authorships = tuple(Authorship(str(name), position) for name, position in values.pop("authors", ()))
    categories, labels = tuple(values.pop("categories", ())), tuple(values.pop("labels", ()))
    return Paper(**values, authorships=authorships, categories=categories, labels=labels, id=paper_id)


def digest(text: str) -> str:
    """Return the first 128 bits of the SHA-256 of a `statement`, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def merged(records: Sequence[SourceRecord], paper_id: str) -> Paper:
    """Return the union of what sources say of a paper; `records` stand in the order in which they were made."""
    return replace(reduce(merge, (record.paper for record in records)), id=paper_id)


def provenance(paper: Paper, records: Sequence[SourceRecord]) -> dict[str, tuple[str, ...]]:
    """Return for each field that is known the origins that say just what the merged paper says of it."""
    known = {name: getattr(paper, name) for name in (*TEXT_FIELDS, "authorships", "categories", "has_code")}
    return {
        name: tuple(dict.fromkeys(record.origin for record in records if getattr(record.paper, name) == value))
        for name, value in known.items()
        if value not in ("", (), None)
    }


def merge(existing: Paper, incoming: Paper) -> Paper:
    """Return the paper with what the newer source says, and the older source's word where the newer is silent.

    Authors of whom the newer source has initials only keep their names.
    """
    if _knows_more_authors(existing, incoming) or _spells_out(existing, incoming):
        authorships, complete = _with_missing(existing.authorships, incoming.authorships), existing.authors_complete
    else:
        authorships, complete = _with_missing(incoming.authorships, existing.authorships), incoming.authors_complete
    texts = {name: getattr(incoming, name) or getattr(existing, name) for name in TEXT_FIELDS}
    if existing.date.startswith(incoming.date):
        texts["date"] = existing.date  # the more precise one
    return Paper(
        **texts,
        id=existing.id,
        authorships=authorships,
        authors_complete=complete,
        categories=incoming.categories or existing.categories,
        has_code=existing.has_code if incoming.has_code is None else incoming.has_code,
    )


def _knows_more_authors(one: Paper, other: Paper) -> bool:
    """Tell whether the first paper's author list is the better one: whole before cut, the longer of two cut ones."""
    if one.authors_complete != other.authors_complete or not (one.authorships and other.authorships):
        return bool(one.authorships) and (one.authors_complete or not other.authorships)
    return not one.authors_complete and len(one.authorships) > len(other.authorships)


def _spells_out(one: Paper, other: Paper) -> bool:
    """Tell whether two papers list the same people in the same places, whose names the first has in full."""
    if (one.authors_complete, len(one.authorships)) != (other.authors_complete, len(other.authorships)):
        return False
    pairs = list(zip(one.authorships, other.authorships, strict=True))
    are_same = all(a.position == b.position and same_person(b.name, a.name) for a, b in pairs)
    longer = [len(a.name) - len(b.name) for a, b in pairs]
    return are_same and any(longer) and min(longer) >= 0


def _with_missing(named: tuple[Authorship, ...], others: tuple[Authorship, ...]) -> tuple[Authorship, ...]:
    """Add the authors whose place is unknown (a page's owner behind "et al.") where the first list lacks them."""
    if not named:
        return others
    missing = (
        other
        for other in others
        if other.position is None and not any(same_person(other.name, author.name) for author in named)
    )
    return (*named, *missing)
