"""RIS, as reference managers read it, by rispy.

The tags and what they are for: https://en.wikipedia.org/wiki/RIS_(file_format). DP (database provider) names this
program, U1 (for the user) holds what RIS has no tag for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import rispy  # type: ignore[import-untyped]

from assistant.export.writers.keys import Keys
from assistant.export.writers.kinds import Kind, kind_of
from assistant.export.writers.names import parts
from assistant.ingestion.readers.exported import EXPORTER, positions_text
from assistant.ingestion.readers.ris import OTHERS, own_name
from assistant.types import Paper

NAME = "RIS"

_TYPES: Mapping[Kind, str] = {"conference": "CONF", "journal": "JOUR", "preprint": "UNPB"}
_REPEATED = ["AU", "KW", "U1"]
_TAGS = ["ID", "TI", "AU", "PY", "DA", "T2", "DO", "AN", "N1", "UR", "KW", "AB", "U1", "DP"]


class _Writer(rispy.RisWriter):  # type: ignore[misc]
    """Writes records without numbers above them."""

    def set_header(self, _count: int) -> str:
        return ""


def write(papers: Iterable[Paper]) -> Iterator[str]:
    """Yield one record for each paper."""
    keys = Keys()
    mapping = {"TY": _Writer.REFERENCE_TYPE_KEY} | {tag: tag.lower() for tag in _TAGS}
    writer = _Writer(mapping=mapping, list_tags=_REPEATED, delimiter_tags_mapping={})
    for paper in papers:
        fields = {tag.lower(): value for tag, value in _fields(paper, keys.new(paper)).items() if value}
        yield writer.formats([{_Writer.REFERENCE_TYPE_KEY: _TYPES[kind_of(paper)], **fields}]) + "\n"


def _fields(paper: Paper, key: str) -> dict[str, Any]:
    code = {True: "has_code: yes", False: "has_code: no", None: ""}[paper.has_code]
    positions = positions_text(paper)
    more = [code, f"author_positions: {positions}" if positions else ""]
    return {
        "ID": key,
        "TI": paper.title,
        "AU": [*map(_name, paper.authors), *([] if paper.authors_complete else [OTHERS])],
        "PY": paper.date[:4],
        "DA": _date(paper.date),
        "T2": paper.venue,
        "DO": paper.doi,
        "AN": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
        "N1": f"PMID: {paper.pmid}" if paper.pmid else "",
        "UR": paper.url,
        "KW": list(paper.categories),
        "AB": paper.abstract,
        "U1": [text for text in more if text],
        "DP": EXPORTER,
    }


@lru_cache(maxsize=20_000)  # the same people write many papers
def _name(name: str) -> str:
    """Return "Family, Given, Suffix"; a name that is not to be turned round, as it is, with a comma if it needs one."""
    person = parts(name)
    inverted = ", ".join(filter(None, (person.family, person.given, person.suffix))) if person else name
    return inverted if own_name(inverted) == name else f"{name},"


def _date(date: str) -> str:
    """Return "2025/02/19", or "2025/02//": the slashes are all there."""
    return "/".join([*date.split("-"), "", ""][:3]) + "/" if date else ""
