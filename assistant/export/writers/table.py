"""CSV (RFC 4180), one row a paper, safe in a spreadsheet: no cell is taken for a formula, no arXiv id for a number.

A cell that looks like a formula gets an apostrophe before it, as OWASP advises against CSV injection; the reader of our
own tables takes it away again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from assistant.ingestion.readers.exported import EXPORTER, guarded, list_cell, positions_text
from assistant.types import Paper

NAME = "CSV"

COLUMNS = (
    "id", "title", "authors", "authors_complete", "author_positions", "date", "venue", "categories", "doi", "arxiv_id",
    "pmid", "url", "has_code", "abstract", "exporter",
)  # fmt: skip
_WORDS = {True: "yes", False: "no", None: ""}


def write(papers: Iterable[Paper]) -> Iterator[str]:
    """Yield the row of names, and one row for each paper."""
    yield _line(COLUMNS)
    for paper in papers:
        yield _line(tuple(guarded(cell) for cell in _cells(paper)))


def _cells(paper: Paper) -> tuple[str, ...]:
    return (
        paper.id,
        paper.title,
        list_cell(paper.authors),
        _WORDS[paper.authors_complete],
        positions_text(paper),
        paper.date,
        paper.venue,
        list_cell(paper.categories),
        paper.doi,
        f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
        paper.pmid,
        paper.url,
        _WORDS[paper.has_code],
        paper.abstract,
        EXPORTER,
    )


def _line(cells: tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
