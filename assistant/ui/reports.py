"""Reports of adding as a page shows them: kinds of problems, and where the papers are that came."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.errors import UsageError
from assistant.ingestion.remote import parse_reference
from assistant.library import Library, curation
from assistant.types import IngestionReport, PaperFilter, Problem

_OWN_WORDS = re.compile(r"“[^”]*”|\"[^\"]*\"|'[^']*'|\([^()]*\)|\d[\d.,]*")
"""What differs in a reason from record to record: what is quoted, what stands in brackets, and numbers."""

_MOST_TOGETHER = 100
"""Papers that one address can name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Problems with the same reason: how many of them are known, whether there may be more, and the first."""

    count: int
    first: Problem
    is_least: bool = False


@dataclass(frozen=True, slots=True)
class Came:
    """What became of the records of one source, and the papers that it speaks of; `name` is for people."""

    name: str
    added: int
    updated: int
    unchanged: int
    failed: int
    filter: PaperFilter


def kinds(report: IngestionReport) -> list[Kind]:
    """Return each kind of problem once, the most frequent first; of a source with very many only the first are kept."""
    found: dict[str, list[Problem]] = {}
    for problem in report.failed:
        found.setdefault(_OWN_WORDS.sub("…", problem.reason), []).append(problem)
    is_cut = report.failures > len(report.failed)
    return sorted((Kind(len(alike), alike[0], is_cut) for alike in found.values()), key=lambda kind: -kind.count)


def came(library: Library, report: IngestionReport) -> list[Came]:
    """Return for each source of a report what came of it."""
    return [
        Came(
            source_name(one.source),
            one.added,
            one.updated,
            one.unchanged,
            one.failed,
            PaperFilter(source=_shortest(library, one.source)),
        )
        for one in report.sources
    ]


def together(library: Library, sources: Sequence[Came]) -> PaperFilter | None:
    """Return the filter of all papers that came; None where there is none, or an address cannot say it."""
    with_papers = [one for one in sources if one.added + one.updated + one.unchanged]
    if len(with_papers) == 1:
        return with_papers[0].filter
    if not with_papers or sum(one.added + one.updated + one.unchanged for one in with_papers) > _MOST_TOGETHER:
        return None
    ids = {paper_id for one in with_papers for paper_id in library.ids(one.filter)}
    return PaperFilter(among=tuple(sorted(ids))) if len(ids) <= _MOST_TOGETHER else None


def source_name(source: str) -> str:
    """Return what people call a source: the name of a file, or the reference."""
    try:
        is_reference = parse_reference(source) is not None
    except UsageError:
        is_reference = False
    return source if is_reference else Path(source).name


def to_json(report: IngestionReport) -> bytes:
    """Return a report as a file of JSON, in which uploaded files have the names that people gave them."""
    named = replace(
        report,
        failed=tuple(replace(problem, file=source_name(problem.file)) for problem in report.failed),
        sources=tuple(replace(one, source=source_name(one.source)) for one in report.sources),
    )
    return json.dumps(named.to_json(), ensure_ascii=False, indent=2).encode()


def _shortest(library: Library, source: str) -> str:
    """Return a file's name where only one source has it, else the whole path."""
    name = source_name(source)
    try:
        return name if len(curation.origins(library, name)) == 1 else str(Path(source).resolve())
    except UsageError:  # no paper came from it
        return name
