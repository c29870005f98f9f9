"""CSV (RFC 4180), one row a paper, safe in a spreadsheet: no cell is taken for a formula, no arXiv id for a number.

A cell that looks like a formula gets an apostrophe before it, as OWASP advises against CSV injection; the reader of our
own tables takes it away again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from assistant.export.writers.citations import YES_NO
from assistant.ingestion.readers.exported import EXPORTER, guarded, list_cell, positions_text
from assistant.types import Paper

COLUMNS = (
    "id", "title", "authors", "authors_complete", "author_positions", "date", "venue", "categories", "doi", "arxiv_id",
    "pmid", "url", "has_code", "labels", "abstract", "exporter",
)  # fmt: skip


def write(papers: Iterable[Paper]) -> Iterator[str]:
    """Yield the row of names, and one row for each paper."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    yield text.getvalue()
    for paper in papers:
        text.seek(0)
        text.truncate()
        writer.writerow({name: guarded(cell) for name, cell in _cells(paper).items()})
        yield text.getvalue()


def _cells(paper: Paper) -> dict[str, str]:
    cells = {name: getattr(paper, name, "") for name in COLUMNS}
    return cells | {
        "authors": list_cell(paper.authors),
        "authors_complete": YES_NO[paper.authors_complete],
        "author_positions": positions_text(paper),
        "categories": list_cell(paper.categories),
        "arxiv_id": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
        "labels": list_cell(paper.labels),
        "has_code": YES_NO[paper.has_code],
        "exporter": EXPORTER,
    }
