"""Ingestion of files and of what remote services answer; after an interruption it is simply run again."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice, repeat
from pathlib import Path

from assistant.errors import RemoteError, UsageError
from assistant.ingestion import readers
from assistant.ingestion.remote.references import Reference, parse_reference
from assistant.library import Library, Outcome, Reading, missing_abstracts, origins_read
from assistant.types import (
    AuthorProfile,
    EndOfSource,
    IngestionReport,
    Notice,
    Problem,
    Progress,
    ProgressListener,
    ReaderItem,
    Record,
    SourceReport,
    Unchanged,
)

_LIKE_A_REFERENCE = re.compile(r"[A-Za-z]\w+:(?![\\/])")
_RECORDS_AT_ONCE = 500
_MOST_PROBLEMS = 1000
"""Of one source; the rest is only counted, so that memory does not grow with a bad file."""


def parse_sources(words: Sequence[str], choose_author: Callable[[str], str] = lambda _: "") -> list[Path | Reference]:
    """Return what each word of `assistant add` names: a reference to a remote service, or else a path.

    `choose_author` is given a name that may be several people's and returns the id of the one who is meant, or "".
    Raises UsageError for what begins like a reference and is not one.
    """
    found: list[Path | Reference] = []
    for word in words:
        reference = parse_reference(word)
        if reference is not None and reference.kind == "author":
            reference = parse_reference(choose_author(reference.value)) or reference
        if reference is None and _LIKE_A_REFERENCE.match(word) and not Path(word).exists():
            raise UsageError(
                f"{word} is neither a file nor a reference. "
                "References begin with arxiv:, doi:, pmid:, openalex:, s2:, orcid:, author: or zotero:."
            )
        found.append(Path(word) if reference is None else reference)
    return found


def parse_columns(assignments: Sequence[str]) -> dict[str, str]:
    """Read "field=column" assignments. Raises UsageError."""
    found: dict[str, str] = {}
    for assignment in assignments:
        field, equals, column = assignment.partition("=")
        if not (field.strip() and equals and column.strip()):
            raise UsageError(
                f"“{assignment}” does not name a column. Write --column FIELD=COLUMN, such as --column title=Titel."
            )
        found[field.strip().lower()] = column.strip()
    return found


def add_files(
    library: Library,
    paths: Sequence[Path],
    *,
    as_of: date,
    columns: Mapping[str, str] = readers.NO_COLUMNS,
    recursive: bool = True,
    on_progress: ProgressListener = lambda _: None,
    stop: threading.Event | None = None,
) -> IngestionReport:
    """Read files into the library; folders are read with everything below them, or only what lies in them.

    A paper is safe as soon as the transaction that holds it has ended; it then waits for its vector.
    Bad records and files are in the report's `failed`, and the rest goes on. `stop` ends the reading after the records
    at hand; a notice says where.
    """
    stop = stop or threading.Event()
    sources: list[_SourceProgress] = []
    origins: list[str] = []
    files: list[Path] = []
    for path in paths:
        try:
            files += _files(path, recursive)
        except OSError as error:
            sources.append(_unread(path, error))
    for number, file in enumerate(files):
        if stop.is_set():
            sources.append(_not_begun(file.name, len(files) - number))
            break
        listen = _counting(on_progress, number, len(files), file.name)
        try:
            origin = str(file.resolve())
        except (OSError, RuntimeError) as error:  # RuntimeError: a symbolic link that leads to itself
            sources.append(_unread(file, error))
            continue
        origins.append(origin)
        items = readers.read(file, as_of=as_of, columns=columns)
        sources.append(_store(library, origin, str(file), items, listen, stop))
    on_progress(Progress(len(files), len(files), "Read"))
    return _report(library, sources, origins)


def add_fetched(
    library: Library,
    references: Sequence[str],
    fetch: Callable[[str], Iterator[ReaderItem]],
    *,
    on_progress: ProgressListener = lambda _: None,
    stop: threading.Event | None = None,
) -> IngestionReport:
    """Add what remote services say of papers or authors. `fetch` yields the records of one reference.

    A reference that cannot be fetched is in the report's `failed`, and the rest goes on. `stop` as in `add_files`.
    """
    stop = stop or threading.Event()
    sources: list[_SourceProgress] = []
    for number, reference in enumerate(references):
        if stop.is_set():
            sources.append(_not_begun(reference, len(references) - number))
            break
        listen = _counting(on_progress, number, len(references), reference)
        sources.append(_store(library, reference, reference, _until_failure(fetch, reference), listen, stop))
    on_progress(Progress(len(references), len(references), "Fetched"))
    return _report(library, sources, references)


def _report(library: Library, sources: Iterable[_SourceProgress], origins: Iterable[str]) -> IngestionReport:
    report = combine_reports((source.report() for source in sources), library.pending_count())
    missing, with_id = missing_abstracts.count(library, origins)
    return replace(report, without_abstract=missing, completable=with_id)


def combine_reports(reports: Iterable[IngestionReport], pending: int) -> IngestionReport:
    """Return what several ingestions did, as one."""
    reports = list(reports)
    return IngestionReport(
        added=sum(report.added for report in reports),
        updated=sum(report.updated for report in reports),
        unchanged=sum(report.unchanged for report in reports),
        failed=tuple(problem for report in reports for problem in report.failed),
        pending=pending,
        sources=tuple(source for report in reports for source in report.sources),
        without_abstract=sum(report.without_abstract for report in reports),
        completable=sum(report.completable for report in reports),
        notices=tuple(notice for report in reports for notice in report.notices),
    )


@dataclass
class _SourceProgress:
    """What became of the records of one source, while it is read."""

    source: str
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    failed: int = 0
    notices: list[Notice] = field(default_factory=list)
    was_begun: bool = True

    def fail(self, problem: Problem) -> None:
        self.failed += 1
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)

    def report(self) -> IngestionReport:
        added, updated, unchanged = self.outcomes["added"], self.outcomes["updated"], self.outcomes["unchanged"]
        return IngestionReport(
            added=added,
            updated=updated,
            unchanged=unchanged,
            failed=tuple(self.problems),
            pending=0,
            sources=(SourceReport(self.source, added, updated, unchanged, self.failed),) if self.was_begun else (),
            notices=tuple(self.notices),
        )


def _store(
    library: Library,
    origin: str,
    source: str,
    items: Iterator[ReaderItem],
    listen: Callable[[int], None],
    stop: threading.Event,
) -> _SourceProgress:
    """Write what a source says, batch by batch; what it no longer says is forgotten where it was read to its end.

    That is where nothing failed, or where the source says itself that this was all.
    """
    progress, reading, count = _SourceProgress(source), Reading(library, origin), 0
    end: EndOfSource | None = None
    listen(0)
    while not stop.is_set() and (batch := list(islice(items, _RECORDS_AT_ONCE))):
        records = [item for item in batch if isinstance(item, Record)]
        progress.outcomes.update(reading.store(records))
        for item in batch:
            if isinstance(item, AuthorProfile):
                library.save_profile(item, origin)
            elif isinstance(item, Notice):
                progress.notices.append(item)
            elif isinstance(item, Problem):
                progress.fail(item)
            elif isinstance(item, Unchanged):
                reading.keep(item.source_keys)
                progress.outcomes["unchanged"] += len(item.source_keys)
            elif isinstance(item, EndOfSource) and item.source == source:  # not of one in an archive
                end = item
        count += len(records)
        listen(count)
    if stop.is_set():
        progress.notices.append(
            Notice(source, "Stopped; what was read of it is in the library. Add it again to go on.")
        )
    elif end:
        if left := reading.finish():
            papers = "1 paper is" if left == 1 else f"{left:,} papers are"
            progress.notices.append(
                Notice(
                    source, f"{papers} no longer there. The library keeps them until `assistant remove` takes them out."
                )
            )
        if end.state:
            origins_read.note(library, origin, end.state, end.items)
    elif not progress.failed:  # what was not read may still be said
        reading.finish()
    return progress


def _not_begun(source: str, count: int) -> _SourceProgress:
    """Return what became of the first source that was not begun after a stop, of so many."""
    others = f", nor {count - 1:,} more" if count > 1 else ""
    notice = Notice(source, f"Stopped before this was read{others}. Add it again to go on.")
    return _SourceProgress(source, notices=[notice], was_begun=False)


def _until_failure(fetch: Callable[[str], Iterator[ReaderItem]], reference: str) -> Iterator[ReaderItem]:
    try:
        yield from fetch(reference)
    except (RemoteError, UsageError) as error:  # the service is away, or several people have the name
        yield Problem(reference, 0, str(error))


def _counting(on_progress: ProgressListener, number: int, total: int, name: str) -> Callable[[int], None]:
    def listen(records: int) -> None:
        message = f"Reading {name}" + (f", {records:,} records" if records else "")
        on_progress(Progress(number, total, message, records))

    return listen


def _files(path: Path, recursive: bool) -> list[Path]:
    """Return the file, or the files in the folder; what is hidden there, `.git` say, is passed over.

    Of a folder in which Zotero keeps its data that is the database: what else Zotero put there holds no references.
    """
    if not path.is_dir():
        return [path]
    found = path.rglob("*") if recursive else path.glob("*")
    below = (file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts))
    files = sorted(file for file in below if file.is_file())
    of_zotero = {file.parent for file in files if file.name == readers.zotero_database.FILE_NAME}
    return [file for file in files if not any(map(readers.zotero_database.is_beside, of_zotero, repeat(file)))]


def _unread(path: Path, error: Exception) -> _SourceProgress:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    progress = _SourceProgress(str(path))
    progress.fail(Problem(str(path), 0, f"The file cannot be read: {reason}. Check its name."))
    return progress
