"""Files into the library, and the library's papers into the vector index. Simply run again after an interruption."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path

from assistant import readers, recording
from assistant.errors import IndexFailed
from assistant.library import Library
from assistant.protocols import Embedder
from assistant.types import AuthorProfile, IngestionReport, Notice, Paper, Problem, Progress, Record
from vectorstore import Metadata, VectorIndex, VectorIndexError

ProgressListener = Callable[[Progress], None]

_RECORDS_AT_ONCE = 500
_TEXTS_AT_ONCE = 128
_VECTORS_AT_ONCE = 1000


def add_files(
    library: Library, paths: Sequence[Path], *, as_of: date, on_progress: ProgressListener = lambda _: None
) -> IngestionReport:
    """Read files into the library; folders are read with everything below them.

    A paper is safe as soon as the transaction that holds it has ended; it then waits for its vector (`embed_pending`).
    Bad records and files are in the report's `failed`, and the rest goes on.
    """
    report = IngestionReport()
    files = [file for path in paths for file in _files(path)]
    for number, file in enumerate(files):
        on_progress(Progress(number, len(files), f"Reading {file.name}"))
        report = _add_file(library, file, as_of, report)
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
    """
    waiting = library.pending_ids()
    for start in range(0, len(waiting), _TEXTS_AT_ONCE):
        on_progress(Progress(start, len(waiting), "Embedding"))
        ids = waiting[start : start + _TEXTS_AT_ONCE]
        papers = library.papers_by_id(ids)
        library.keep_vectors([paper.id for paper in papers], embedder.embed([embedded_text(paper) for paper in papers]))
    if waiting:
        on_progress(Progress(len(waiting), len(waiting), "Embedded"))
    fill_index(library, index)
    return len(waiting)


def fill_index(library: Library, index: VectorIndex) -> None:
    """Put every kept vector that the index lacks into it. Raises IndexFailed."""
    while True:
        ids, vectors = library.unindexed(_VECTORS_AT_ONCE)
        if not ids:
            return
        papers = library.papers_by_id(ids)
        try:
            index.upsert(ids, vectors, [paper.abstract for paper in papers], [_metadata(paper) for paper in papers])
        except VectorIndexError as error:
            raise IndexFailed(error) from error
        library.mark_indexed(ids)


def embedded_text(paper: Paper) -> str:
    """Return the text whose vector stands for a paper; a change here needs a new name in the embedder's fingerprint."""
    return f"{paper.title}\n{paper.abstract}"


def _add_file(library: Library, file: Path, as_of: date, report: IngestionReport) -> IngestionReport:
    origin = str(file.resolve())
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


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
    else:
        yield path


def _metadata(paper: Paper) -> Metadata:
    """Return the scalars for the index; every paper carries every key, because Chroma keeps keys not written again."""
    return {
        "title": paper.title,
        "authors": "; ".join(paper.authors),
        "date": paper.date,
        "year": paper.year or 0,
        "categories": " ".join(paper.categories),
        "has_code": "" if paper.has_code is None else str(paper.has_code).lower(),
    }
