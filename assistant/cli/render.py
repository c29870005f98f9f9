"""What the terminal shows of papers: lists, one paper with its sources, pairs that may be one, search results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from assistant.cli.console import plain, remark, stderr, stdout
from assistant.library import AlikePair, Statement, provenance
from assistant.types import AuthorProfile, Paper, Passage


def show_papers(papers: Sequence[Paper], profiles: Sequence[AuthorProfile] = (), *, on_stderr: bool = False) -> None:
    """Print papers as a table, and under it what the author pages say of their owners."""
    console = stderr if on_stderr else stdout
    table = Table("date", "title", "authors", "category", "code", box=None, pad_edge=False)
    for paper in papers:
        people = ", ".join(paper.authors[:4]) + (
            "" if len(paper.authors) <= 4 and paper.authors_complete else " et al."
        )
        table.add_row(
            plain(paper.date),
            plain(paper.title),
            plain(people),
            plain(" ".join(paper.categories)),
            "yes" if paper.has_code else "",
        )
    console.print(table)
    console.print(f"{len(papers):,} paper{'' if len(papers) == 1 else 's'}")
    for profile in profiles:
        figures = ", ".join(f"{label} {value}" for label, value in profile.statistics)
        console.print(plain(f"{profile.name}'s page of {profile.as_of} says: {profile.category}, {figures}", "dim"))


def show_passages(passages: Sequence[Passage], papers: Sequence[Paper]) -> None:
    """Print search results, best first, each with its combined score, in [0, 1] within this search."""
    if not passages:
        remark("Nothing found.", "yellow")
    for rank, (passage, paper) in enumerate(zip(passages, papers, strict=True), 1):
        stdout.print(plain(f"{rank:3}  {passage.score:.3f}  {paper.title} ({paper.date or 'no date'})"))


def show_trec(query_id: str, passages: Sequence[Passage], own_ids: Sequence[Sequence[str]]) -> None:
    """Print one query's results as lines of a TREC run: query, Q0, document, rank, score, tag.

    Documents go by the ids that their sources gave them; a paper with several stands once under each.
    """
    rows = [(own_id, passage.score) for passage, names in zip(passages, own_ids, strict=True) for own_id in names]
    for rank, (own_id, score) in enumerate(rows, 1):
        print(f"{query_id} Q0 {own_id} {rank} {score:.6f} abstract-assistant")


def passage_json(passage: Passage, paper: Paper) -> dict[str, Any]:
    """Return a search result as plain JSON values."""
    return {
        "paper_id": paper.id,
        "title": paper.title,
        "authors": list(paper.authors),
        "date": paper.date,
        "score": round(passage.score, 6),
        "similarity": None if passage.similarity is None else round(passage.similarity, 6),
    }


def paper_json(paper: Paper) -> dict[str, Any]:
    """Return a paper as plain JSON values."""
    return {
        "id": paper.id,
        "title": paper.title,
        "authors": list(paper.authors),
        "authorships": [{"name": author.name, "position": author.position} for author in paper.authorships],
        "authors_complete": paper.authors_complete,
        "date": paper.date,
        "year": paper.year,
        "categories": list(paper.categories),
        "venue": paper.venue,
        "doi": paper.doi,
        "arxiv_id": paper.arxiv_id,
        "pmid": paper.pmid,
        "url": paper.url,
        "has_code": paper.has_code,
        "abstract": paper.abstract,
    }


def show_paper(paper: Paper, told: Sequence[Statement]) -> None:
    """Print all that is known of a paper, each field with the sources that say just that."""
    sources = list(dict.fromkeys(said.origin for said in told))
    said_by = provenance(paper, told)
    authors = ", ".join(paper.authors) + ("" if paper.authors_complete else " et al.")
    code = "" if paper.has_code is None else "released" if paper.has_code else "not released"
    values = {
        "title": paper.title,
        "authorships": authors,
        "date": paper.date,
        "venue": paper.venue,
        "categories": ", ".join(paper.categories),
        "doi": paper.doi,
        "arxiv_id": paper.arxiv_id,
        "pmid": paper.pmid,
        "url": paper.url,
        "has_code": code,
        "abstract": paper.abstract,
    }
    labels = {"authorships": "authors", "arxiv_id": "arXiv", "has_code": "code", "doi": "DOI", "pmid": "PubMed"}
    table = Table("", "", "said by", box=None, pad_edge=False, show_header=True)
    table.add_row("id", plain(paper.id), "")
    for name, value in values.items():
        if value:
            numbers = " ".join(str(sources.index(origin) + 1) for origin in said_by.get(name, ()))
            table.add_row(labels.get(name, name), plain(value), numbers)
    stdout.print(table)
    for number, origin in enumerate(sources, 1):
        stdout.print(plain(f"  {number}  {origin}", "dim"))


def show_pairs(pairs: Sequence[AlikePair]) -> None:
    """Print pairs of papers that may be one, and how to decide."""
    for number, pair in enumerate(pairs, 1):
        stdout.print(plain(f"{number}. likeness {pair.likeness:.2f}; {pair.because}"))
        for paper in (pair.one, pair.other):
            people = ", ".join(paper.authors[:3]) + (" et al." if len(paper.authors) > 3 else "")
            stdout.print(plain(f"   {paper.id}\n      {paper.title} ({people}; {paper.date or 'no date'})"))
    if pairs:
        remark("`assistant merge ONE OTHER` makes them one; `assistant split ONE OTHER` keeps them apart for good.")
    else:
        remark("No two papers are so alike that it is uncertain whether they are one.")


def pair_json(pair: AlikePair) -> dict[str, Any]:
    """Return a pair as plain JSON values."""
    return {
        "one": _brief(pair.one),
        "other": _brief(pair.other),
        "likeness": round(pair.likeness, 4),
        "because": pair.because,
    }


def provenance_json(paper: Paper, told: Sequence[Statement]) -> dict[str, Any]:
    """Return a paper with, for each field, the sources that say just that, and what each source says."""
    return {
        **paper_json(paper),
        "said_by": {name: list(origins) for name, origins in provenance(paper, told).items()},
        "sources": [{"source": said.origin, "own_id": said.own_id, **paper_json(said.paper)} for said in told],
    }


def _brief(paper: Paper) -> dict[str, Any]:
    return {"id": paper.id, "title": paper.title, "authors": list(paper.authors), "date": paper.date, "doi": paper.doi}
