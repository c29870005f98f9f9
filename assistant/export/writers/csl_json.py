"""CSL-JSON 1.0.2, as citation processors and reference managers read it.

https://github.com/citation-style-language/schema/blob/master/schemas/input/csl-data.json
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from assistant.export.writers.keys import Keys
from assistant.export.writers.kinds import Kind, kind_of
from assistant.export.writers.names import parts
from assistant.ingestion.readers.exported import EXPORTER
from assistant.types import Paper

NAME = "CSL-JSON"

_TYPES: Mapping[Kind, str] = {"conference": "paper-conference", "journal": "article-journal", "preprint": "article"}


def write(papers: Iterable[Paper]) -> Iterator[str]:
    """Yield an array with one item for each paper."""
    keys = Keys()
    before = "[\n"
    for paper in papers:
        yield before + json.dumps(item(paper, keys.new(paper)), ensure_ascii=False)
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


def item(paper: Paper, key: str) -> dict[str, Any]:
    """Return a paper as an item. What CSL has no name for stands in `custom`, which is there for that."""
    authors = [_name(name) for name in paper.authors]
    if not paper.authors_complete:
        authors.append({"literal": "others"})  # which processors write as "et al."
    positions: list[int | None] = [author.position for author in paper.authorships]
    custom = {
        "has_code": paper.has_code,
        "author_positions": positions if positions != list(range(1, len(positions) + 1)) else None,
    }
    fields = {
        "id": key,
        "type": _TYPES[kind_of(paper)],
        "title": paper.title,
        "author": authors,
        "issued": {"date-parts": [[int(part) for part in paper.date.split("-")]]} if paper.date else None,
        "container-title": paper.venue,
        "DOI": paper.doi,
        "number": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
        "PMID": paper.pmid,
        "URL": paper.url,
        "abstract": paper.abstract,
        "categories": list(paper.categories),
        "source": EXPORTER,
        "custom": {name: value for name, value in custom.items() if value is not None},
    }
    return {name: value for name, value in fields.items() if value}


def _name(name: str) -> dict[str, str]:
    person = parts(name)
    if not person:
        return {"literal": name}
    return {"family": person.family, "given": person.given, **({"suffix": person.suffix} if person.suffix else {})}
