"""Facts about named papers, and the figures that author pages state."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from assistant.catalogue.listings import MOST_SOURCES, by_date
from assistant.catalogue.reply import CatalogueRequest, Reply, ReplyLine, byline, paper_row
from assistant.library import (
    UNKNOWN_FIELDS,
    count_papers,
    papers,
    papers_passing,
    papers_with_unknown,
    profiles,
    read_merged,
)
from assistant.text import (
    counted,
    date_in_words,
    filter_in_words,
    fold,
    joined,
    one_line,
    plain,
    quotation,
    same_person,
)
from assistant.types import Measure, Paper, PaperFilter

OF_NAMED_PAPERS: frozenset[Measure] = frozenset({"authors_of", "details"})
"""Measures that describe each paper that a question names."""

_USUAL = 5
"""Papers described where the question names none and the filter lets through more."""

_NO_WORD = "the source does not say"
_NO_POSITION = "the source does not say at which position"
_CODE = {True: "released", False: "not released, according to the source", None: _NO_WORD}

_FIGURE = re.compile(r"(\d[\d.,]*)([kKM]?)")
_TIMES = {"": 1, "k": 1_000, "K": 1_000, "M": 1_000_000}


def describe(request: CatalogueRequest) -> Reply:
    """Describe the named papers, or those that pass the filter where none is named.

    Where papers are named and a filter is given, say first of each whether it passes.
    """
    named = request.plan.papers
    most = request.lines(MOST_SOURCES if named else _USUAL)
    found = read_merged(request.connection, named) if named else by_date(request, most)
    total = len(found) if named else request.total
    if not found:
        return Reply((ReplyLine("The library holds no such paper."),))
    is_checked = bool(named) and request.filter != PaperFilter(among=request.filter.among)
    lines: list[ReplyLine] = []
    rows = []
    for paper in found[:most]:
        row = paper_row(paper)
        texts = [_authors(paper)] if request.plan.measure == "authors_of" else [_authors(paper), *_facts(paper)]
        if is_checked:
            row["passes"] = passes = _passes(request, paper)
            texts.insert(0, _verdict(request, paper, passes))
        rows.append(row)
        lines += [ReplyLine(text, (paper.id,)) for text in texts]
    if total > most:
        which = "" if named else ", the newest first"
        lines.append(ReplyLine(f"{most} of {counted(total, 'paper')} are described{which}."))
    return Reply(tuple(lines), tuple(rows), total)


def _authors(paper: Paper) -> str:
    """Say who wrote a paper, in the order of its list, and where the sources cut that."""
    placed = [plain(author.name) for author in paper.authorships if author.position is not None]
    hidden = [plain(author.name) for author in paper.authorships if author.position is None]
    title = f"“{plain(paper.title)}”"
    if not placed and not hidden:
        return f"No source names the authors of {title}."
    if not placed:
        are = "is one" if len(hidden) == 1 else "are some"
        return f"{joined(hidden)} {are} of the authors of {title}; {_NO_POSITION}."
    if paper.authors_complete and not hidden:
        return f"{joined(placed)} wrote {title}."
    text = f"{', '.join(placed)} and others wrote {title}; the source cuts the list of authors short."
    if hidden:
        are = "is one of" if len(hidden) == 1 else "are among"
        text += f" {joined(hidden)} {are} the others; {_NO_POSITION}."
    return text


def _facts(paper: Paper) -> Iterator[str]:
    """Say all that is known of a paper, and what is not."""
    facts = {
        "authors": f"{len(paper.authors)}" if paper.authors_complete and paper.authors else "",
        "date": f"{date_in_words(paper.date)} ({paper.date})" if paper.date else _NO_WORD,
        "venue": plain(paper.venue) or _NO_WORD,
        "category": ", ".join(map(plain, paper.categories)) or _NO_WORD,
        "code": _CODE[paper.has_code],
        "DOI": plain(paper.doi),
        "arXiv": plain(paper.arxiv_id),
        "PubMed": plain(paper.pmid),
        "address": plain(paper.url),
        "abstract": quotation(paper.abstract) or "none in the library",
    }
    return (f"- {name}: {value}" for name, value in facts.items() if value)


def _passes(request: CatalogueRequest, paper: Paper) -> bool | None:
    """Tell whether a paper passes the filter; None where the sources do not say."""
    connection, query, only = request.connection, select(papers.c.id), replace(request.filter, among=(paper.id,))
    if connection.execute(papers_passing(connection, query, only)).first():
        return True
    is_open = any(
        connection.execute(papers_with_unknown(connection, query, only, doubt)).first() for doubt in UNKNOWN_FIELDS
    )
    return None if is_open else False


def _verdict(request: CatalogueRequest, paper: Paper, passes: bool | None) -> str:
    title = f"“{plain(paper.title)}” ({byline(paper)})"
    words = f"a paper {filter_in_words(replace(request.filter, among=None), request.names, one=True)}"
    if passes is None:
        return f"Not known: the sources do not say whether {title} is {words}."
    return f"Yes: {title} is {words}." if passes else f"No: {title} is not {words}."


def author_pages(request: CatalogueRequest) -> Reply:
    """Say what each page of the asked author, or every page, states, the newest first, and its contradictions."""
    author = request.filter.author
    rows = request.connection.execute(select(profiles).order_by(profiles.c.as_of.desc(), profiles.c.name))
    pages = [row for row in rows if not author or same_person(request.names.get(author, author), row.name)]
    if not pages:
        whose = f" of {request.called([author])}" if author else ""
        text = f"The library has no author page{whose}, and only author pages state such figures."
        return Reply((ReplyLine(text),))
    lines: list[ReplyLine] = []
    stated: list[dict[str, Any]] = []
    for page in pages:
        figures = {one_line(str(label)): one_line(str(value)) for label, value in json.loads(page.statistics)}
        held = count_papers(request.connection, PaperFilter(author=page.name))
        wrong = list(_contradictions(figures, plain(page.name), held))
        field = f" (category {plain(page.category)})" if page.category else ""
        read = f", read on {date_in_words(page.as_of)}," if page.as_of else ""
        words = joined([f"{plain(label)} {plain(value)}" for label, value in figures.items()]) or "no figures"
        lines.append(ReplyLine(f"The author page of {plain(page.name)}{field}{read} says: {words}."))
        lines += [ReplyLine(f"- But {text}") for text in wrong]
        named = {"name": one_line(page.name), "category": one_line(page.category), "as_of": page.as_of}
        stated.append({**named, "statistics": figures, "contradictions": wrong, "paper_ids": []})
    return Reply(tuple(lines), tuple(stated), len(pages))


def _contradictions(figures: Mapping[str, str], name: str, held: int) -> Iterator[str]:
    """Yield what cannot be true together of a page's figures and the library's papers, each as a sentence.

    By the definition of the h-index (Hirsch, 2005) h papers have h citations each: h is at most the number of papers,
    and h squared at most the number of citations.
    """
    h_index, stated, cited = (_figure(figures, label) for label in ("h index", "papers", "citations"))
    if h_index is not None and stated is not None and h_index > stated:
        yield (
            f"an h-index of {h_index:,} needs at least {counted(h_index, 'paper')}, and the page states {stated:,}: "
            "both cannot be true of the same papers."
        )
    if h_index is not None and cited is not None and h_index**2 > cited:
        yield (
            f"an h-index of {h_index:,} needs at least {counted(h_index**2, 'citation')} ({h_index:,} times "
            f"{h_index:,}), and the page states {cited:,}."
        )
    if stated is not None and stated != held:
        yield f"the page states {counted(stated, 'paper')}, and the library holds {held:,} by {name}."


def _figure(figures: Mapping[str, str], name: str) -> int | None:
    """Return a figure of the page as a number, where it is one: "1,234" is 1234, "1.2k" 1200."""
    value = next((value for label, value in figures.items() if fold(label) in (name, name.removesuffix("s"))), "")
    if match := _FIGURE.fullmatch(value.strip()):
        with suppress(ValueError):
            return int(float(match[1].replace(",", "")) * _TIMES[match[2]])
    return None
