"""CSL-JSON 1.0.2, as citation processors and reference managers read it.

https://github.com/citation-style-language/schema/blob/master/schemas/input/csl-data.json
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from assistant.export.writers.citations import Keys, PublicationType, publication_type, split_name
from assistant.export.writers.jsonl import record
from assistant.ingestion.readers.exported import EXPORTER
from assistant.types import Paper

_TYPES: Mapping[PublicationType, str] = {
    "conference": "paper-conference",
    "journal": "article-journal",
    "preprint": "article",
}


def write(papers: Iterable[Paper]) -> Iterator[str]:
    """Yield an array with one item for each paper."""
    keys, before = Keys(), "[\n"
    for paper in papers:
        yield before + json.dumps(item(paper, keys.new(paper)), ensure_ascii=False)
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


def item(paper: Paper, key: str) -> dict[str, Any]:
    """Return a paper as an item. What CSL has no name for stands in `custom`, which is there for that."""
    others = [] if paper.authors_complete else [{"literal": "others"}]  # which processors write as "et al."
    whole = record(paper)
    custom = {name: whole.get(name) for name in ("has_code", "author_positions", "labels")}
    fields = {
        "id": key,
        "type": _TYPES[publication_type(paper)],
        "title": paper.title,
        "author": [*map(_name, paper.authors), *others],
        "issued": {"date-parts": [[int(part) for part in paper.date.split("-")]]} if paper.date else None,
        "container-title": paper.venue,
        "DOI": paper.doi,
        "number": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
        "PMID": paper.pmid,
        "URL": paper.url,
        "abstract": paper.abstract,
        "categories": list(paper.categories),
        "keyword": ", ".join(paper.labels),
        "source": EXPORTER,
        "custom": {name: value for name, value in custom.items() if value is not None},
    }
    return {name: value for name, value in fields.items() if value}


def _name(name: str) -> dict[str, str]:
    split = split_name(name)
    return {part: text for part, text in asdict(split).items() if text} if split else {"literal": name}
