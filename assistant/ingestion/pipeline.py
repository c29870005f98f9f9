"""Ingestion of files and of what remote services answer; after an interruption it is simply run again."""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice, repeat
from pathlib import Path

from assistant.errors import RemoteError, UsageError
from assistant.ingestion import readers
from assistant.ingestion.readers.zotero import zotero_database
from assistant.ingestion.remote.references import Reference, parse_reference
from assistant.library import Library, Outcome, Reading, files_read, missing_abstracts, origins_read
from assistant.settings import PROGRAM_VERSION
from assistant.types import (
    AuthorProfile,
    EndOfSource,
    IngestionReport,
    Notice,
    Problem,
    ProblemKind,
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

_MOST_KINDS = 100
_OTHERS = "Other problems."

Keep = Callable[[Problem | Notice], object]
"""Takes every problem and notice as it comes, to keep it: a report holds only the first of a source."""


def parse_sources(words: Sequence[str], choose_author: Callable[[str], str] = lambda _: "") -> list[Path | Reference]:
    """Return what each word of `assistant add` names: a reference to a remote service, or else a path.

    `zotero` is the running Zotero where no file or folder is called so.

    `choose_author` is given a name that may be several people's and returns the id of the one who is meant, or "".
    Raises UsageError for what begins like a reference and is not one.
    """
    found: list[Path | Reference] = []
    for word in words:
        is_zotero = word == "zotero" and not Path(word).exists()
        reference = parse_reference("zotero:" if is_zotero else word)
        if reference is not None and reference.kind == "author":
            reference = parse_reference(choose_author(reference.value)) or reference
        if reference is None and _LIKE_A_REFERENCE.match(word) and not Path(word).exists():
            raise UsageError(
                f"{word} is neither a file nor a reference. "
                "References begin with arxiv:, doi:, pmid:, openalex:, s2:, orcid:, author: or zotero:."
            )
        found.append(Path(word) if reference is None else reference)
    return found


def file_now(path: Path, columns: Mapping[str, Sequence[str]]) -> files_read.FileRead:
    """Return a file as it is before it is read with these columns. Raises OSError."""
    return files_read.look(path, said_of(columns), PROGRAM_VERSION)


def said_of(columns: Mapping[str, Sequence[str]]) -> str:
    """Return in one text what a person said of the columns."""
    return " ".join(
        f"{field}={name}" for field, column in sorted(columns.items()) for name in readers.fields.names_of(column)
    )


def parse_columns(assignments: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read "field=column" assignments, of which several may name columns of one field. Raises UsageError."""
    found: dict[str, tuple[str, ...]] = {}
    for assignment in assignments:
        field, equals, column = assignment.partition("=")
        if not (field.strip() and equals and column.strip()):
            raise UsageError(
                f"“{assignment}” does not name a column. Write --column FIELD=COLUMN, such as --column title=Titel."
            )
        named = field.strip().lower()
        found[named] = (*found.get(named, ()), column.strip())
    return found


def add_files(
    library: Library,
    paths: Sequence[Path],
    *,
    as_of: date,
    columns: Mapping[str, Sequence[str]] = readers.NO_COLUMNS,
    recursive: bool = True,
    on_progress: ProgressListener = lambda _: None,
    stop: threading.Event | None = None,
    keep: Keep = lambda _: None,
) -> IngestionReport:
    """Read files into the library; folders are read with everything below them, or only what lies in them.

    A paper is safe as soon as the transaction that holds it has ended; it then waits for its vector.
    Bad records and files are in the report's `failed`, and the rest goes on; every one goes to `keep`. `stop` ends the
    reading after the records at hand; a notice says where. The library's own folder is passed over.
    """
    stop = stop or threading.Event()
    sources: list[_SourceProgress] = []
    origins: list[str] = []
    files: list[Path] = []
    for path in paths:
        try:
            found = _files(path, recursive, library.folder)
            kept = [file for file in found if not readers.is_passed_over(file)] if path.is_dir() else found
            files += kept
            if len(kept) < len(found):
                sources.append(_passed_over(path, len(found) - len(kept), keep))
        except OSError as error:
            sources.append(_unread(path, error, keep))
    for number, file in enumerate(files):
        if stop.is_set():
            sources.append(_not_begun(file.name, len(files) - number, keep))
            break
        listen = _counting(on_progress, number, len(files), file.name)
        try:
            path = file.resolve()
            origin = str(path)
            origin.encode()  # the library holds text only
        except (OSError, RuntimeError, UnicodeError) as error:  # RuntimeError: a symbolic link that leads to itself
            sources.append(_unread(file, error, keep))
            continue
        origins.append(origin)
        seen = None
        with suppress(OSError):  # what cannot be read is said by the reader
            seen = file_now(path, columns)
        items = readers.read(file, as_of=as_of, columns=columns)
        sources.append(_store(library, origin, str(file), items, listen, stop, keep))
        if seen and not stop.is_set():
            files_read.note(library, [replace(seen, problems=sources[-1].failed)])
    on_progress(Progress(len(files), len(files), "Read"))
    return _report(library, sources, origins)


def add_fetched(
    library: Library,
    references: Sequence[str],
    fetch: Callable[[str], Iterator[ReaderItem]],
    *,
    on_progress: ProgressListener = lambda _: None,
    stop: threading.Event | None = None,
    keep: Keep = lambda _: None,
) -> IngestionReport:
    """Add what remote services say of papers or authors. `fetch` yields the records of one reference.

    A reference that cannot be fetched is in the report's `failed`, and the rest goes on. `stop`, `keep` as in
    `add_files`.
    """
    stop = stop or threading.Event()
    sources: list[_SourceProgress] = []
    for number, reference in enumerate(references):
        if stop.is_set():
            sources.append(_not_begun(reference, len(references) - number, keep))
            break
        listen = _counting(on_progress, number, len(references), reference)
        items = _until_failure(fetch, reference)
        sources.append(_store(library, reference, reference, items, listen, stop, keep))
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
        kinds=_added_up(kind for report in reports for kind in report.kinds),
    )


def _added_up(kinds: Iterable[ProblemKind]) -> tuple[ProblemKind, ...]:
    """Return each kind of problem once, the most frequent first; what is beyond so many kinds counts as one."""
    found: dict[str, ProblemKind] = {}
    for one in kinds:
        key = one.kind if one.kind in found or len(found) < _MOST_KINDS else _OTHERS
        before = found.get(key, replace(one, kind=key, count=0, files=0))
        found[key] = replace(before, count=before.count + one.count, files=before.files + one.files)
    return tuple(sorted(found.values(), key=lambda one: -one.count))


@dataclass
class _SourceProgress:
    """What became of the records of one source, while it is read."""

    source: str
    keep: Keep
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    kinds: dict[str, ProblemKind] = field(default_factory=dict)
    failed: int = 0
    notices: list[Notice] = field(default_factory=list)
    was_begun: bool = True

    def fail(self, problem: Problem) -> None:
        self.keep(problem)
        self.failed += 1
        key = problem.kind if problem.kind in self.kinds or len(self.kinds) < _MOST_KINDS else _OTHERS
        before = self.kinds.get(key, ProblemKind(key, 0, 1, problem))
        self.kinds[key] = replace(before, count=before.count + 1)
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)

    def notice(self, notice: Notice) -> None:
        self.keep(notice)
        self.notices.append(notice)

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
            kinds=tuple(self.kinds.values()),
        )


def _store(
    library: Library,
    origin: str,
    source: str,
    items: Iterator[ReaderItem],
    listen: Callable[[int], None],
    stop: threading.Event,
    keep: Keep,
) -> _SourceProgress:
    """Write what a source says, batch by batch; what it no longer says is forgotten where it was read to its end.

    That is where nothing failed, or where the source says itself that this was all.
    """
    progress, reading, count = _SourceProgress(source, keep), Reading(library, origin), 0
    end: EndOfSource | None = None
    listen(0)
    while not stop.is_set() and (batch := list(islice(items, _RECORDS_AT_ONCE))):
        records = [item for item in batch if isinstance(item, Record)]
        progress.outcomes.update(reading.store(records))
        for item in batch:
            if isinstance(item, AuthorProfile):
                library.save_profile(item, origin)
            elif isinstance(item, Notice):
                progress.notice(item)
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
        progress.notice(
            Notice(source, "Stopped; what was read of it is in the library. The rest comes when it is added again.")
        )
    elif end:
        if left := reading.finish():
            papers = "1 paper is" if left == 1 else f"{left:,} papers are"
            progress.notice(
                Notice(
                    source, f"{papers} no longer there. The library keeps them until `assistant remove` takes them out."
                )
            )
        if end.state:
            origins_read.note(library, origin, end.state, end.items)
    elif not progress.failed:  # what was not read may still be said
        reading.finish()
    return progress


def _not_begun(source: str, count: int, keep: Keep) -> _SourceProgress:
    """Return what became of the first source that was not begun after a stop, of so many."""
    others = f", nor {count - 1:,} more" if count > 1 else ""
    progress = _SourceProgress(source, keep, was_begun=False)
    progress.notice(Notice(source, f"Stopped before this was read{others}. It comes when it is added again."))
    return progress


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


def _files(path: Path, recursive: bool, own: Path) -> list[Path]:
    """Return the file, or the files in the folder; what is hidden there, `.git` say, and our own is passed over.

    Of a folder in which Zotero keeps its data that is the database: what else Zotero put there holds no references.
    """
    if not path.is_dir():
        return [path]
    own = own.resolve()
    found: list[Path] = []
    for place, folders, names in os.walk(path):
        below = Path(place)
        folders[:] = [each for each in folders if not each.startswith(".") and (below / each).resolve() != own]
        found += (below / name for name in names if not name.startswith(".") and (below / name).is_file())
        if not recursive:
            break
    of_zotero = {file.parent for file in found if file.name == zotero_database.FILE_NAME}
    return sorted(file for file in found if not any(map(zotero_database.is_beside, of_zotero, repeat(file))))


def _passed_over(folder: Path, count: int, keep: Keep) -> _SourceProgress:
    """Return what to say of so many files in a folder that are pictures and the like."""
    progress = _SourceProgress(str(folder), keep, was_begun=False)
    progress.notice(Notice(str(folder), readers.about_passed_over(count)))
    return progress


def _unread(path: Path, error: Exception, keep: Keep) -> _SourceProgress:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if isinstance(error, UnicodeError):
        reason = "its name is not text"
    name = str(path).encode("utf-8", "replace").decode()
    progress = _SourceProgress(name, keep)
    progress.fail(Problem(name, 0, f"The file cannot be read: {reason}. Check its name."))
    return progress
