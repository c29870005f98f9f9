"""What is known of single papers: who wrote them, when and where they appeared, whether they are what is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import select

from assistant.catalogue.reply import MOST_SOURCES, Asked, Draft, Line, byline, paper_row
from assistant.library import DOUBTS, aliases, papers, passing, read_papers, undecided
from assistant.text import counted, date_in_words, filter_in_words, joined, plain, quotation
from assistant.types import Measure, Paper, PaperFilter

OF_NAMED_PAPERS: frozenset[Measure] = frozenset({"authors_of", "details"})
"""Measures that tell of each paper that a question names."""

_USUAL = 5
"""Papers told of where the question names none and the filter lets through more."""


def told(asked: Asked, measure: Measure, ids: Sequence[str]) -> Draft:
    """Tell of the named papers, or of those that pass the filter where none is named.

    Where papers are named and a filter is given, say first of each whether it passes.
    """
    if ids:
        found = _read(asked, ids)
        checked = asked.chosen != PaperFilter(among=asked.chosen.among)
    else:
        found, checked = asked.newest(asked.lines(_USUAL)), False
    total = len(found) if ids else asked.total
    if not found:
        return Draft((Line("The library holds no such paper."),), (), 0)
    most = asked.lines(MOST_SOURCES if ids else _USUAL)
    lines: list[Line] = []
    rows = []
    for paper in found[:most]:
        row = paper_row(paper)
        if checked:
            row["passes"] = verdict = _passes(asked, paper)
            lines.append(_verdict(asked, paper, verdict))
        rows.append(row)
        lines += [_authors(paper)] if measure == "authors_of" else _details(paper)
    if total > most:
        lines.append(Line(f"{most} of {counted(total, 'paper')} are told of, the newest."))
    return Draft(tuple(lines), tuple(rows), total)


def _authors(paper: Paper) -> Line:
    """Say who wrote a paper, in the order of its list, and where the sources cut that."""
    placed = [plain(author.name) for author in paper.authorships if author.position is not None]
    hidden = [plain(author.name) for author in paper.authorships if author.position is None]
    title = f"“{plain(paper.title)}”"
    if not placed and not hidden:
        return Line(f"No source names the authors of {title}.", (paper.id,))
    if not placed:
        return Line(f"{joined(hidden)} wrote {title}, at an unknown place among its authors.", (paper.id,))
    if paper.authors_complete and not hidden:
        return Line(f"{joined(placed)} wrote {title}.", (paper.id,))
    text = f"{', '.join(placed)} and others wrote {title}; the list of authors is cut there."
    if hidden:
        is_are = "is one of the others, at a place" if len(hidden) == 1 else "are among the others, at places"
        text += f" {joined(hidden)} {is_are} that the source does not tell."
    return Line(text, (paper.id,))


def _details(paper: Paper) -> Iterator[Line]:
    """Say all that is known of a paper, and what is not."""
    code = {True: "released", False: "not released, as far as the source says", None: "the source does not say"}
    facts = {
        "authors": f"{len(paper.authors)}" if paper.authors_complete and paper.authors else "",
        "date": f"{date_in_words(paper.date)} ({paper.date})" if paper.date else "the source does not say",
        "venue": plain(paper.venue) or "the source does not say",
        "category": ", ".join(map(plain, paper.categories)) or "the source does not say",
        "code": code[paper.has_code],
        "DOI": plain(paper.doi),
        "arXiv": plain(paper.arxiv_id),
        "PubMed": plain(paper.pmid),
        "address": plain(paper.url),
        "abstract": quotation(paper.abstract),
    }
    yield _authors(paper)
    for name, value in facts.items():
        if value:
            yield Line(f"- {name}: {value}", (paper.id,))


def _passes(asked: Asked, paper: Paper) -> bool | None:
    """Tell whether a paper passes the filter; None where the sources leave it open."""
    chosen = replace(asked.chosen, among=(paper.id,))
    query = select(papers.c.id)
    if asked.connection.execute(passing(asked.connection, query, chosen)).first():
        return True
    if any(asked.connection.execute(undecided(asked.connection, query, chosen, doubt)).first() for doubt in DOUBTS):
        return None
    return False


def _verdict(asked: Asked, paper: Paper, verdict: bool | None) -> Line:
    title = f"“{plain(paper.title)}” ({byline(paper)})"
    words = f"a paper {filter_in_words(replace(asked.chosen, among=None), asked.names, one=True)}"
    if verdict is None:
        return Line(f"Not known: the sources do not tell whether {title} is {words}.", (paper.id,))
    return Line(f"{'Yes' if verdict else 'No'}: {title} is {'' if verdict else 'not '}{words}.", (paper.id,))


def _read(asked: Asked, ids: Sequence[str]) -> list[Paper]:
    """Read papers in the order of the ids, which lead on from merged ones too."""
    rows = asked.connection.execute(select(aliases).where(aliases.c.id.in_(ids)))
    merged = {row.id: row.paper_id for row in rows}
    return read_papers(asked.connection, list(dict.fromkeys(merged.get(paper_id, paper_id) for paper_id in ids)))
