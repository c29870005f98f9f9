"""JSON Lines: one object a paper, with our own names for everything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from assistant.ingestion.readers.exported import EXPORTER
from assistant.types import Paper


def write(papers: Iterable[Paper]) -> Iterator[str]:
    """Yield one line for each paper."""
    for paper in papers:
        yield json.dumps(record(paper), ensure_ascii=False) + "\n"


def record(paper: Paper) -> dict[str, Any]:
    """Return a paper as plain JSON values, whole: "" and null where something is not known.

    `author_positions` is there only where the authors do not simply count from 1, `labels` and `citation_keys` where
    there are any.
    """
    positions = [author.position for author in paper.authorships]
    hidden = {} if positions == list(range(1, len(positions) + 1)) else {"author_positions": positions}
    return {
        "id": paper.id,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": list(paper.authors),
        "authors_complete": paper.authors_complete,
        **hidden,
        "date": paper.date,
        "categories": list(paper.categories),
        "venue": paper.venue,
        "doi": paper.doi,
        "arxiv_id": paper.arxiv_id,
        "pmid": paper.pmid,
        "url": paper.url,
        "has_code": paper.has_code,
        **({"labels": list(paper.labels)} if paper.labels else {}),
        **({"citation_keys": list(paper.citation_keys)} if paper.citation_keys else {}),
        "exporter": EXPORTER,
    }
