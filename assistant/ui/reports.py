"""Reports of adding as a page shows them: by the names that people gave their files, with the papers that came."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from assistant.errors import UsageError
from assistant.ingestion.remote import parse_reference
from assistant.library import Library, curation
from assistant.types import IngestionReport, PaperFilter, SourceReport

_MOST_TOGETHER = 100
"""Papers that one address can name."""


@dataclass(frozen=True, slots=True)
class Came:
    """What became of the records of one source, and the papers that it speaks of; `name` is for people."""

    name: str
    report: SourceReport
    filter: PaperFilter

    @property
    def papers(self) -> int:
        """Return of how many records there is a paper in the library."""
        return self.report.added + self.report.updated + self.report.unchanged


def came(library: Library, report: IngestionReport) -> list[Came]:
    """Return for each source of a report what came of it."""
    return [
        Came(source_name(one.source), one, PaperFilter(source=_shortest(library, one.source))) for one in report.sources
    ]


def together(library: Library, sources: Sequence[Came]) -> PaperFilter | None:
    """Return the filter of all papers that came; None where there is none, or an address cannot say it."""
    with_papers = [one for one in sources if one.papers]
    if len(with_papers) == 1:
        return with_papers[0].filter
    if not with_papers or sum(one.papers for one in with_papers) > _MOST_TOGETHER:
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


def file_names(report: IngestionReport) -> Callable[[str], str]:
    """Return what calls the files of a report as people do: one in an archive by the archive and its place there."""
    sources = {one.source for one in report.sources}

    def name(file: str) -> str:
        archive = next((str(above) for above in PurePath(file).parents if str(above) in sources), "")
        return source_name(archive) + file[len(archive) :] if archive else source_name(file)

    return name


def to_json(report: IngestionReport) -> bytes:
    """Return a report as a file of JSON, in which uploaded files have the names that people gave them."""
    name = file_names(report)
    named = replace(
        report,
        failed=tuple(replace(problem, file=name(problem.file)) for problem in report.failed),
        kinds=tuple(
            replace(kind, example=replace(kind.example, file=name(kind.example.file))) for kind in report.kinds
        ),
        sources=tuple(replace(one, source=source_name(one.source)) for one in report.sources),
        notices=tuple(replace(notice, file=name(notice.file)) for notice in report.notices),
        report_file="",
    )
    return json.dumps(named.to_json(), ensure_ascii=False, indent=2).encode()


def problem_lines(report: IngestionReport) -> Iterator[str]:
    """Yield every problem of a report as a line of JSON, by the name that people gave its file."""
    name = file_names(report)
    with Path(report.report_file).open(encoding="utf-8") as lines:
        for line in lines:
            value = json.loads(line)
            if "reason" in value:
                yield json.dumps({**value, "file": name(value["file"])}, ensure_ascii=False) + "\n"


def _shortest(library: Library, source: str) -> str:
    """Return a file's name where only one source has it, else the whole path."""
    name = source_name(source)
    try:
        return name if len(curation.origins(library, name)) == 1 else str(Path(source).resolve())
    except UsageError:  # no paper came from it
        return name
