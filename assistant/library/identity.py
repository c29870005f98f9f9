"""Which records are surely the same paper: its keys and its lasting id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count

from rapidfuzz import fuzz

from assistant.text import fold
from assistant.types import Paper

_NEARLY = 90.0
"""Likeness of two titles' letters, in [0, 100], from which on one is a correction of the other."""

_ARXIV_DOI = "10.48550/arxiv."
"""arXiv registers a DOI for every paper of its own; it says no more than the arXiv id."""


def strong_keys(paper: Paper) -> tuple[str, ...]:
    """Return the keys that alone name a paper: its DOI, its arXiv id without version, its PubMed number."""
    doi, arxiv_id = paper.doi.casefold(), paper.arxiv_id.casefold()
    if doi.startswith(_ARXIV_DOI):
        doi, arxiv_id = "", arxiv_id or doi.removeprefix(_ARXIV_DOI)
    named = {"doi": doi, "arxiv": _without_version(arxiv_id), "pmid": paper.pmid}
    return tuple(f"{kind}:{value}" for kind, value in named.items() if value)


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


def prospective_ids(paper: Paper) -> tuple[str, ...]:
    """Return the ids that a paper met for the first time would take, or would have taken."""
    return (*strong_keys(paper), title_key(paper))


def new_ids(paper: Paper) -> Iterator[str]:
    """Yield ids for a paper first met now, the best first, without end: the first one free becomes its lasting id."""
    yield from prospective_ids(paper)
    for number in count(1):
        yield f"title:{_short_hash(f'{title_key(paper)} {fold(paper.abstract)} {number}')}"


def contradict(one: Paper, other: Paper) -> bool:
    """Tell whether two papers differ in a DOI, an arXiv id or a PubMed number, and share none of them."""
    mine, theirs = set(strong_keys(one)), set(strong_keys(other))
    if mine & theirs:
        return False
    kinds = {key.partition(":")[0] for key in mine} & {key.partition(":")[0] for key in theirs}
    return bool(kinds)


def akin(known: Paper, stated: Paper) -> bool:
    """Tell whether two records of one name in one source are one paper: same abstract, or nearly the same title."""
    return fold(known.abstract) == fold(stated.abstract) or fuzz.ratio(fold(known.title), fold(stated.title)) >= _NEARLY


def _without_version(arxiv_id: str) -> str:
    base, separator, version = arxiv_id.rpartition("v")
    return base if separator and version.isdigit() else arxiv_id


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]
