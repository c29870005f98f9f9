"""Answers as HTML: each sentence with its status and its evidence, tables of what was counted, and the sources."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from babel.support import NullTranslations
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from starlette.requests import Request

from assistant.analysis.summaries import ASPECTS
from assistant.text import LIST_MARKER, visible
from assistant.types import Answer, CataloguePlan, Measure, Paper, PaperFilter, Sentence, SentenceStatus, Source
from assistant.ui import rendering
from assistant.ui.site import Site, phrases

_MOST_OPEN = 3
"""Cited sources whose abstracts stand open."""

_OPENING, _CLOSING, _FORMULA, _END = "\ue000", "\ue001", "\ue002", "\ue003"
"""Placeholders that Markdown leaves alone. `visible` takes them from every text, and no entity is read as one."""

_PLACED = re.compile(f"{_OPENING}(\\d+){_END}|{_FORMULA}(\\d+){_END}|({_CLOSING})|((?:\\[\\d{{1,4}}\\])+)")
_MARK = re.compile(r"\[(\d{1,4})\]")

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(
    "link image autolink html_inline html_block reference heading lheading hr code fence entity".split()
)

_ENGLISH = NullTranslations()

_Position = Literal["", "first", "last"]
_POSITIONS: Mapping[Measure, _Position] = {"per_first_author": "first", "per_last_author": "last"}

COLUMNS: Mapping[str, str] = {
    "year": "Year",
    "category": "Category",
    "name": "Name",
    "venue": "Venue",
    "author": "Person",
    "with": "With",
    "papers": "Papers",
    "share": "Share",
}
STATUSES: Mapping[SentenceStatus, str] = {
    "exact": "as stated or counted",
    "supported": "supported by its source",
    "partial": "supported in part",
    "unsupported": "not supported",
    "unchecked": "not checked",
}


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of an abstract as HTML, and the sentences of the answer that quote it."""

    html: Markup
    sentences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A source as it is shown beside an answer: its abstract in pieces, and whether the answer cites it."""

    source: Source
    paper: Paper | None
    segments: tuple[Segment, ...]
    is_cited: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class Table:
    """What was counted or listed: papers as rows, or groups of papers with their numbers, each with its filter.

    `columns` are the headings by the keys of their values.
    """

    columns: Mapping[str, str]
    rows: tuple[tuple[Mapping[str, Any], PaperFilter | None], ...]
    of_papers: bool


def shown(site: Site, request: Request, answer: Answer, name: str = "") -> Markup:
    """Return a finished answer as HTML, its evidence beside it. `name` tells its elements from others' on one page."""
    table = _table(answer)
    papers = {paper.id: paper for paper in site.library.papers_by_id([each.paper_id for each in answer.sources])}
    is_exact = answer.kind == "catalogue" and not answer.refused
    text = _without_rows(answer) if table else answer.text
    return site.fragment(
        request,
        "answer.html",
        answer=answer,
        name=name,
        text=Markup("")
        if answer.refused
        else sentences(text, answer.sentences, name, None if is_exact else phrases(request)),
        refusal=_with_citations(answer.text, name) if answer.refused else "",
        legend=_legend(answer, phrases(request)) if not (is_exact or answer.refused) else [],
        table=table,
        evidence=() if is_exact else evidence(answer, papers),
        aspects=ASPECTS if answer.kind == "comparison" else (),
        counted_by=_counted_by(answer) if is_exact else None,
        years=_years(answer),
    )


def sentences(text: str, known: Sequence[Sentence], name: str, phrases: NullTranslations | None = _ENGLISH) -> Markup:
    """Return an answer's text as HTML: its emphasis and lists, each known sentence marked with its number from 0.

    It carries its status too, named in a language, unless that is None.

    Marks such as "[1]" become links to the sources; nothing else in the text becomes a link, an image or a tag.
    """
    text = visible(text)
    marked, at = [], 0
    for number, sentence in enumerate(known):
        said = visible(sentence.text).strip()
        opening = LIST_MARKER.match(said)
        said = said[opening.end() :] if opening else said
        start = text.find(said, at) if said else -1
        if start < 0:
            continue
        end = start + len(said)
        marked.append(f"{text[at:start]}{_OPENING}{number}{_END}{said}{_CLOSING}")
        at = end
    text = "".join([*marked, text[at:]])
    formulas: list[str] = []

    def kept(piece: str, is_math: bool) -> str:
        if not is_math or any(mark in piece for mark in (_OPENING, _CLOSING)):
            return piece
        formulas.append(piece)
        return f"{_FORMULA}{len(formulas) - 1}{_END}"

    text = "".join(kept(piece, is_math) for piece, is_math, _ in rendering.formulas(text))
    html = _MARKDOWN.render(text)

    def placed(match: re.Match[str]) -> str:
        opened, formula, closed, marks = match.groups()
        if opened is not None:
            return str(_opening(known[int(opened)], int(opened), phrases))
        if formula is not None:
            return str(rendering.mathematics(formulas[int(formula)]))
        if closed:
            return "</span>"
        return "".join(str(_citation(int(number), name)) for number in _MARK.findall(marks))

    return Markup(_PLACED.sub(placed, html))


def _with_citations(text: str, name: str) -> Markup:
    """Return a text on one line whose marks such as "[1]" are links to the sources."""
    pieces = _MARK.split(text)
    shown = [_citation(int(piece), name) if odd % 2 else rendering.rendered(piece) for odd, piece in enumerate(pieces)]
    return Markup(" ").join(shown)


def _legend(answer: Answer, phrases: NullTranslations) -> list[tuple[str, str]]:
    """Return what the marks behind the sentences of an answer mean."""
    used = {sentence.status for sentence in answer.sentences}
    return [(status, phrases.gettext(words)) for status, words in STATUSES.items() if status in used]


def evidence(answer: Answer, papers: Mapping[str, Paper]) -> tuple[Evidence, ...]:
    """Return the sources of an answer, cited ones first, what its sentences quote marked in their abstracts."""
    quoted: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for number, sentence in enumerate(answer.sentences):
        for span in sentence.spans:
            quoted[span.source].append((number, span.quote))
    cited = answer.cited_numbers
    found = [
        Evidence(
            source,
            papers.get(source.paper_id),
            segments(source.abstract, quoted[source.number]),
            source.number in cited,
            source.number in cited and len(cited) <= _MOST_OPEN,
        )
        for source in answer.sources
    ]
    return tuple(sorted(found, key=lambda each: not each.is_cited))


def segments(abstract: str, quoted: Sequence[tuple[int, str]]) -> tuple[Segment, ...]:
    """Cut an abstract where quotations begin and end. `quoted` are (sentence, quotation); mathematics stays whole."""
    text = rendering.one_line(abstract)
    spans = [
        (quoted[place][0], start, end) for place, start, end in rendering.places(text, [quote for _, quote in quoted])
    ]
    edges = sorted({edge for _, *span in spans for edge in span})
    pieces = []
    for piece, is_math, start in rendering.formulas(text):
        end = start + len(piece)
        cuts = [start, end] if is_math else [start, *(edge for edge in edges if start < edge < end), end]
        for left, right in pairwise(cuts):
            shown = rendering.mathematics(piece) if is_math else escape(text[left:right])
            of = tuple(dict.fromkeys(number for number, first, last in spans if first < right and left < last))
            pieces.append(Segment(shown, of))
    return tuple(pieces)


def _opening(sentence: Sentence, number: int, phrases: NullTranslations | None) -> Markup:
    evidence = " ".join(dict.fromkeys(str(span.source) for span in sentence.spans))
    focus = Markup(' tabindex="0" role="button"') if evidence else ""
    status = ""
    if phrases:
        words = phrases.gettext(STATUSES[sentence.status])
        status = Markup(' data-status="{}" data-words="{}"').format(sentence.status, words)
    return Markup('<span class="sentence" data-sentence="{}" data-sources="{}"{}{}>').format(
        number, evidence, focus, status
    )


def _citation(number: int, name: str) -> Markup:
    return Markup('<a class="cite" href="#{0}source-{1}" data-source="{1}">{1}</a>').format(name, number)


def _table(answer: Answer) -> Table | None:
    """Return what was counted as a table, None where it is no list."""
    if answer.kind == "comparison" or not answer.rows or not isinstance(answer.plan, CataloguePlan):
        return None
    if answer.plan.measure in ("details", "authors_of", "profile"):
        return None
    first = answer.rows[0]
    if "paper_id" in first:
        return Table({}, tuple((row, None) for row in answer.rows), of_papers=True)
    keys = [key for key in COLUMNS if key in first and not (key == "name" and first["name"] == first.get("category"))]
    counted = _counted_by(answer) or PaperFilter()
    position = _POSITIONS.get(answer.plan.measure, "")
    rows = tuple((row, _of_group(counted, row, position)) for row in answer.rows)
    return Table({key: COLUMNS[key] for key in keys}, rows, of_papers=False)


def _of_group(counted: PaperFilter, row: Mapping[str, Any], position: _Position) -> PaperFilter | None:
    """Return the filter of the papers behind a row, None where no filter says them.

    `position` is the place of the row's person among the authors, where that is what was counted.
    """
    if row.get("year"):
        return replace(counted, since=row["year"], until=row["year"])
    if row.get("category"):
        return None if counted.category else replace(counted, category=row["category"])
    if row.get("venue"):
        return None if counted.venue or counted.venues else replace(counted, venue=row["venue"])
    people = [str(row[key]) for key in ("person_id", "with_id") if row.get(key)]
    if not people or (counted.author and (position or len(people) > 1)):
        return None
    if counted.author:
        return replace(counted, with_authors=(*counted.with_authors, *people))
    return replace(counted, author=people[0], position=position, with_authors=(*counted.with_authors, *people[1:]))


def _without_rows(answer: Answer) -> str:
    """Return the lines of an answer that its table does not say: what opens and closes the list."""
    kept = [line for line in answer.text.split("\n") if not LIST_MARKER.match(line)]
    return "\n\n".join(_MARK.sub("", line).strip() for line in kept)


def _counted_by(answer: Answer) -> PaperFilter | None:
    """Return the filter of the papers that were counted, None where they were named one by one."""
    if not isinstance(answer.plan, CataloguePlan) or answer.plan.measure in ("details", "authors_of", "profile"):
        return None
    filter = answer.plan.filter
    if answer.plan.papers and filter.among is None:
        return replace(filter, among=answer.plan.papers)
    return filter


def _years(answer: Answer) -> list[tuple[int, int]]:
    """Return papers a year without gaps, where that is what was counted."""
    counts = {int(row["year"]): int(row["papers"]) for row in answer.rows if row.get("year")}
    return [(year, counts.get(year, 0)) for year in range(min(counts), max(counts) + 1)] if len(counts) > 1 else []
