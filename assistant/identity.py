"""Which records are the same paper: its keys, its lasting id, and the union of what two sources say of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from difflib import SequenceMatcher
from itertools import count

from assistant.names import fold, same_person
from assistant.types import Authorship, Paper

_NEARLY = 0.9
"""Share of two titles' letters that must agree for one to be a correction of the other."""

_ARXIV_DOI = "10.48550/arxiv."
"""arXiv registers a DOI for every paper of its own; it says no more than the arXiv id."""


def digest(paper: Paper) -> str:
    """Return the SHA-256 of everything a record says of its paper; the id does not count."""
    value = asdict(replace(paper, id=""))
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def strong_keys(paper: Paper) -> tuple[str, ...]:
    """Return the keys that alone name a paper: its DOI and its arXiv id, without version."""
    doi, arxiv_id = paper.doi.casefold(), paper.arxiv_id.casefold()
    if doi.startswith(_ARXIV_DOI):
        doi, arxiv_id = "", arxiv_id or doi.removeprefix(_ARXIV_DOI)
    keys = [f"doi:{doi}"] if doi else []
    return (*keys, f"arxiv:{_without_version(arxiv_id)}") if arxiv_id else tuple(keys)


def title_key(paper: Paper) -> str:
    """Return the key made of normalised title, first author's family name and year.

    Where author or year is unknown, a title is no name ("Editorial", "Note on creep buckling"): the abstract joins in.
    """
    family_name = fold(paper.authors[0]).split()[-1:] if paper.authors else []
    parts = [fold(paper.title), *family_name, str(paper.year or "")]
    if not family_name or not paper.year:
        parts.append(fold(paper.abstract))
    return f"title:{_short_hash('|'.join(parts))}"


def text_key(paper: Paper) -> str:
    """Return the key made of title, first author's family name and abstract: the same words, whatever the year says."""
    family_name = fold(paper.authors[0]).split()[-1:] if paper.authors else []
    return f"text:{_short_hash('|'.join([fold(paper.title), *family_name, fold(paper.abstract)]))}"


def new_ids(paper: Paper) -> Iterator[str]:
    """Yield ids for a paper first met now, the best first, without end: the first one free becomes its lasting id."""
    yield from strong_keys(paper)
    yield title_key(paper)
    for number in count(1):
        yield f"title:{_short_hash(f'{title_key(paper)} {fold(paper.abstract)} {number}')}"


def contradict(one: Paper, other: Paper) -> bool:
    """Tell whether two papers name different DOIs, or different arXiv ids, and share neither."""
    mine, theirs = set(strong_keys(one)), set(strong_keys(other))
    if mine & theirs:
        return False
    kinds = {key.partition(":")[0] for key in mine} & {key.partition(":")[0] for key in theirs}
    return bool(kinds)


def akin(known: Paper, stated: Paper) -> bool:
    """Tell whether two records of one name in one source are one paper: same abstract, or nearly the same title."""
    titles = fold(known.title), fold(stated.title)
    return fold(known.abstract) == fold(stated.abstract) or SequenceMatcher(None, *titles).ratio() >= _NEARLY


def merge(existing: Paper, incoming: Paper) -> Paper:
    """Return the paper with what the newer source says, and the older source's word where the newer is silent."""
    if _knows_more_authors(existing, incoming):
        authorships, complete = _with_missing(existing.authorships, incoming.authorships), existing.authors_complete
    else:
        authorships, complete = _with_missing(incoming.authorships, existing.authorships), incoming.authors_complete
    more_precise_date = existing.date.startswith(incoming.date)
    return Paper(
        id=existing.id,
        title=incoming.title or existing.title,
        abstract=incoming.abstract or existing.abstract,
        authorships=authorships,
        authors_complete=complete,
        date=existing.date if more_precise_date else incoming.date,
        categories=incoming.categories or existing.categories,
        venue=incoming.venue or existing.venue,
        doi=incoming.doi or existing.doi,
        arxiv_id=incoming.arxiv_id or existing.arxiv_id,
        url=incoming.url or existing.url,
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


def _without_version(arxiv_id: str) -> str:
    base, separator, version = arxiv_id.rpartition("v")
    return base if separator and version.isdigit() else arxiv_id


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]
