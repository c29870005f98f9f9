"""Files and answers of remote services into the library. Simply run again after an interruption."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from assistant.errors import RemoteError, UsageError
from assistant.ingestion import readers
from assistant.library import Library, Outcome, Reading
from assistant.types import (
    AuthorProfile,
    IngestionReport,
    Notice,
    Problem,
    Progress,
    ProgressListener,
    ReaderItem,
    Record,
    SourceReport,
)

_RECORDS_AT_ONCE = 500
_PROBLEMS_KEPT = 1000
"""Of one source; the rest is only counted, so that memory does not grow with a bad file."""


def add_files(
    library: Library,
    paths: Sequence[Path],
    *,
    as_of: date,
    columns: Mapping[str, str] = readers.NO_COLUMNS,
    recursive: bool = True,
    on_progress: ProgressListener = lambda _: None,
) -> IngestionReport:
    """Read files into the library; folders are read with everything below them, or only what lies in them.

    A paper is safe as soon as the transaction that holds it has ended; it then waits for its vector (see `outbox`).
    Bad records and files are in the report's `failed`, and the rest goes on.
    """
    tallies: list[_Tally] = []
    files: list[Path] = []
    for path in paths:
        try:
            files += _files(path, recursive)
        except OSError as error:
            tallies.append(_unread(path, error))
    for number, file in enumerate(files):
        listen = _counting(on_progress, number, len(files), file.name)
        try:
            origin = str(file.resolve())
        except (OSError, RuntimeError) as error:  # RuntimeError: a symbolic link that leads to itself
            tallies.append(_unread(file, error))
            continue
        items = readers.read(file, as_of=as_of, columns=columns)
        tallies.append(_keep(library, origin, str(file), items, listen))
    on_progress(Progress(len(files), len(files), "Read"))
    return _report(library, tallies)


def add_fetched(
    library: Library,
    references: Sequence[str],
    fetch: Callable[[str], Iterator[ReaderItem]],
    *,
    on_progress: ProgressListener = lambda _: None,
) -> IngestionReport:
    """Add what remote services say of papers or authors. `fetch` yields the records of one reference.

    A reference that cannot be fetched is in the report's `failed`, and the rest goes on.
    """
    tallies: list[_Tally] = []
    for number, reference in enumerate(references):
        listen = _counting(on_progress, number, len(references), reference)
        tallies.append(_keep(library, reference, reference, _until_failure(fetch, reference), listen))
    on_progress(Progress(len(references), len(references), "Fetched"))
    return _report(library, tallies)


def together(reports: Iterable[IngestionReport], pending: int) -> IngestionReport:
    """Return what several ingestions did, as one."""
    reports = list(reports)
    return IngestionReport(
        added=sum(report.added for report in reports),
        updated=sum(report.updated for report in reports),
        unchanged=sum(report.unchanged for report in reports),
        failed=tuple(problem for report in reports for problem in report.failed),
        pending=pending,
        sources=tuple(source for report in reports for source in report.sources),
        notices=tuple(notice for report in reports for notice in report.notices),
    )


@dataclass
class _Tally:
    """What became of the records of one source, while it is read."""

    source: str
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    failed: int = 0
    notices: list[Notice] = field(default_factory=list)

    def count(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def fail(self, problem: Problem) -> None:
        self.failed += 1
        if len(self.problems) < _PROBLEMS_KEPT:
            self.problems.append(problem)


def _keep(
    library: Library, origin: str, source: str, items: Iterator[ReaderItem], listen: Callable[[int], None]
) -> _Tally:
    """Write what a source says, batch by batch; what it no longer says is forgotten where it was read to its end."""
    tally, reading, is_whole, count = _Tally(source), Reading(library, origin), True, 0
    listen(0)
    while batch := list(islice(items, _RECORDS_AT_ONCE)):
        records = [item for item in batch if isinstance(item, Record)]
        tally.count(reading.keep(records))
        for item in batch:
            if isinstance(item, AuthorProfile):
                library.keep_profile(item, origin)
            elif isinstance(item, Notice):
                tally.notices.append(item)
            elif isinstance(item, Problem):
                tally.fail(item)
                is_whole = False  # what was not read may still be said
        count += len(records)
        listen(count)
    if is_whole:
        reading.finish()
    return tally


def _until_failure(fetch: Callable[[str], Iterator[ReaderItem]], reference: str) -> Iterator[ReaderItem]:
    try:
        yield from fetch(reference)
    except (RemoteError, UsageError) as error:  # the service is away, or several people have the name
        yield Problem(reference, 0, str(error))


def _counting(on_progress: ProgressListener, number: int, total: int, name: str) -> Callable[[int], None]:
    def listen(records: int) -> None:
        on_progress(Progress(number, total, f"Reading {name}" + (f", {records:,} records" if records else "")))

    return listen


def _report(library: Library, tallies: Sequence[_Tally]) -> IngestionReport:
    sources = tuple(
        SourceReport(
            tally.source,
            tally.outcomes.get("added", 0),
            tally.outcomes.get("updated", 0),
            tally.outcomes.get("unchanged", 0),
            tally.failed,
        )
        for tally in tallies
    )
    return IngestionReport(
        added=sum(source.added for source in sources),
        updated=sum(source.updated for source in sources),
        unchanged=sum(source.unchanged for source in sources),
        failed=tuple(problem for tally in tallies for problem in tally.problems),
        pending=library.pending_count(),
        sources=sources,
        notices=tuple(notice for tally in tallies for notice in tally.notices),
    )


def _files(path: Path, recursive: bool) -> list[Path]:
    """Return the file, or the files in the folder; what is hidden there, `.git` say, is passed over."""
    if not path.is_dir():
        return [path]
    found = path.rglob("*") if recursive else path.glob("*")
    below = (file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts))
    return sorted(file for file in below if file.is_file())


def _unread(path: Path, error: Exception) -> _Tally:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    tally = _Tally(str(path))
    tally.fail(Problem(str(path), 0, f"The file cannot be read: {reason}. Check its name."))
    return tally
