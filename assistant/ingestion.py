"""Files into the library, and the library's papers into the vector index. Simply run again after an interruption."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path

from assistant import readers, recording
from assistant.errors import IndexFailed
from assistant.indexing import fill_index
from assistant.library import Library
from assistant.protocols import Embedder
from assistant.types import AuthorProfile, IngestionReport, Notice, Paper, Problem, Progress, Record
from vectorstore import VectorIndex, VectorIndexError

ProgressListener = Callable[[Progress], None]

_RECORDS_AT_ONCE = 500
_TEXTS_AT_ONCE = 128


def add_files(
    library: Library, paths: Sequence[Path], *, as_of: date, on_progress: ProgressListener = lambda _: None
) -> IngestionReport:
    """Read files into the library; folders are read with everything below them.

    A paper is safe as soon as the transaction that holds it has ended; it then waits for its vector (`embed_pending`).
    Bad records and files are in the report's `failed`, and the rest goes on.
    """
    report = IngestionReport()
    files: list[Path] = []
    for path in paths:
        try:
            files += _files(path)
        except OSError as error:
            report = _failed(report, path, error)
    for number, file in enumerate(files):
        on_progress(Progress(number, len(files), f"Reading {file.name}"))
        try:
            origin = str(file.resolve())
        except (OSError, RuntimeError) as error:  # RuntimeError: a symbolic link that leads to itself
            report = _failed(report, file, error)
            continue
        report = _add_file(library, file, origin, as_of, report)
    on_progress(Progress(len(files), len(files), "Read"))
    return replace(report, pending=library.pending_count())


def embed_pending(
    library: Library,
    index: VectorIndex,
    embedder: Embedder,
    *,
    on_progress: ProgressListener = lambda _: None,
) -> int:
    """Give every waiting paper its vector and put it into the index; return how many papers got one.

    Vectors are kept in the library first, so a lost index is filled again without the embedding model.
    Raises IndexFailed.
    """
    waiting = library.pending_ids()
    for start in range(0, len(waiting), _TEXTS_AT_ONCE):
        on_progress(Progress(start, len(waiting), "Embedding"))
        ids = waiting[start : start + _TEXTS_AT_ONCE]
        papers = library.papers_by_id(ids)
        library.keep_vectors([paper.id for paper in papers], embedder.embed([embedded_text(paper) for paper in papers]))
    if waiting:
        on_progress(Progress(len(waiting), len(waiting), "Embedded"))
    try:
        fill_index(library, index)
    except VectorIndexError as error:
        raise IndexFailed(error) from error
    return len(waiting)


def embedded_text(paper: Paper) -> str:
    """Return the text whose vector stands for a paper; a change here needs a new name in the embedder's fingerprint."""
    return f"{paper.title}\n{paper.abstract}"


def _add_file(library: Library, file: Path, origin: str, as_of: date, report: IngestionReport) -> IngestionReport:
    run = uuid.uuid4().hex
    items = iter(readers.read(file, as_of=as_of))
    while batch := list(islice(items, _RECORDS_AT_ONCE)):
        records = [item for item in batch if isinstance(item, Record)]
        outcomes = recording.keep(library, records, origin, run)
        for item in batch:
            if isinstance(item, AuthorProfile):
                library.keep_profile(item, origin)
        report = replace(
            report,
            added=report.added + outcomes.count("added"),
            updated=report.updated + outcomes.count("updated"),
            unchanged=report.unchanged + outcomes.count("unchanged"),
            failed=report.failed + tuple(item for item in batch if isinstance(item, Problem)),
            notices=report.notices + tuple(item for item in batch if isinstance(item, Notice)),
        )
    recording.finish(library, origin, run)
    return report


def _files(path: Path) -> list[Path]:
    """Return the file, or every file below the folder; what is hidden there, `.git` say, is passed over."""
    if not path.is_dir():
        return [path]
    below = (file for file in path.rglob("*") if not any(part.startswith(".") for part in file.relative_to(path).parts))
    return sorted(file for file in below if file.is_file())


def _failed(report: IngestionReport, path: Path, error: Exception) -> IngestionReport:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    problem = Problem(str(path), 0, f"The file cannot be read: {reason}. Check its name.")
    return replace(report, failed=(*report.failed, problem))
