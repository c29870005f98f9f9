"""RIS, as reference managers read it, by rispy.

The tags and what they are for: https://en.wikipedia.org/wiki/RIS_(file_format). DP (database provider) names this
program, U1 (for the user) holds what RIS has no tag for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import rispy  # type: ignore[import-untyped]

from assistant.export.writers.citations import YES_NO, Keys, PublicationType, publication_type, split_name
from assistant.ingestion.readers.exported import EXPORTER, list_cell, positions_text
from assistant.ingestion.readers.tagged.ris import OTHERS, own_name
from assistant.types import Paper

_TYPES: Mapping[PublicationType, str] = {"conference": "CONF", "journal": "JOUR", "preprint": "UNPB"}
_LISTS = ["AU", "KW", "U1"]
_TAGS = ["TY", "ID", "TI", "AU", "PY", "DA", "T2", "DO", "AN", "N1", "UR", "KW", "AB", "U1", "DP"]


class _Writer(rispy.RisWriter):  # type: ignore[misc]
    """Writes records without numbers above them."""

    REFERENCE_TYPE_KEY = "ty"

    def set_header(self, _count: int) -> str:
        return ""


def write(papers: Iterable[Paper]) -> Iterator[str]:
    """Yield one record for each paper."""
    keys = Keys()
    writer = _Writer(mapping={tag: tag.lower() for tag in _TAGS}, list_tags=_LISTS, delimiter_tags_mapping={})
    for paper in papers:
        fields = {tag.lower(): value for tag, value in _fields(paper, keys.new(paper)).items() if value}
        yield writer.formats([fields]) + "\n"


def _fields(paper: Paper, key: str) -> dict[str, Any]:
    others = {
        "has_code": YES_NO[paper.has_code],
        "author_positions": positions_text(paper),
        "labels": list_cell(paper.labels),
    }
    return {
        "TY": _TYPES[publication_type(paper)],
        "ID": key,
        "TI": paper.title,
        "AU": [*map(_name, paper.authors), *([] if paper.authors_complete else [OTHERS])],
        "PY": paper.date[:4],
        "DA": "/".join([*paper.date.split("-"), "", ""][:3]) + "/" if paper.date else "",  # all slashes: "2025/02//"
        "T2": paper.venue,
        "DO": paper.doi,
        "AN": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
        "N1": f"PMID: {paper.pmid}" if paper.pmid else "",
        "UR": paper.url,
        "KW": [*paper.categories, *paper.labels],
        "AB": paper.abstract,
        "U1": [f"{name}: {value}" for name, value in others.items() if value],
        "DP": EXPORTER,
    }


def _name(name: str) -> str:
    """Return "Family, Given, Suffix"; a name that is not to be turned round, as it is, with a comma if it needs one."""
    split = split_name(name)
    inverted = ", ".join(filter(None, (split.family, split.given, split.suffix))) if split else name
    return inverted if own_name(inverted) == name else f"{name},"
