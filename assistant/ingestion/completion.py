"""Completion of papers without an abstract: what is asked for, and what becomes of the answers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from assistant.ingestion.remote.abstracts import FetchedAbstracts, references_of
from assistant.library import Library, Reading, has_title_of, missing_abstracts
from assistant.types import CompletionReport, Paper, PaperFilter, Problem, Progress, ProgressListener, Record

_DAYS = 30
"""Days after which a paper is asked for again that no service had an abstract of."""


@dataclass(frozen=True, slots=True)
class WantedAbstracts:
    """Papers whose abstracts are to be asked for, each by title and identifiers; the report as far as it is known."""

    papers: tuple[Paper, ...]
    report: CompletionReport


def wanted_abstracts(
    library: Library,
    filter: PaperFilter = PaperFilter(),
    *,
    again: bool = False,
    limit: int | None = None,
    today: date | None = None,
) -> WantedAbstracts:
    """Return which papers of a filter are to be asked for, at most `limit`; those asked lately too where `again`."""
    missing = missing_abstracts.lacking(library, filter)
    with_id = [paper for paper in missing if references_of(paper)]
    day = (today or date.today()) - timedelta(days=_DAYS)
    sought = {} if again else missing_abstracts.sought_since(library, day)
    papers = [paper for paper in with_id if sought.get(paper.id) != _asked_by(paper)]
    lately = len(with_id) - len(papers)
    papers = papers[:limit]
    report = CompletionReport(len(missing), len(missing) - len(with_id), lately)
    return WantedAbstracts(tuple(papers), _with_kinds(report, papers))


def complete(
    library: Library,
    wanted: WantedAbstracts,
    fetched: Iterable[FetchedAbstracts],
    *,
    today: date | None = None,
    on_progress: ProgressListener = lambda _: None,
    stop: threading.Event | None = None,
) -> CompletionReport:
    """Store the abstracts that come, and remember which papers were asked for in vain.

    Of what a service says only the abstract is taken, and only where the title is the paper's: a mistyped identifier
    leads to another one. A paper is safe as soon as the transaction that holds it has ended. After `stop` nothing more
    is asked for, and the report counts what was.
    """
    readings: dict[str, Reading] = {}
    failed: list[Problem] = []
    asked: list[Paper] = []
    found = 0
    stop, answers = stop or threading.Event(), iter(fetched)
    on_progress(Progress(0, len(wanted.papers), "Asking for abstracts"))
    while not stop.is_set() and (answered := next(answers, None)):
        failed += answered.problems
        batches: dict[str, list[Record]] = {}
        in_vain: list[Paper] = []
        for paper in answered.asked:
            service, record = answered.found.get(paper.id, ("", None))
            if record is None:
                in_vain.append(paper)
            elif not has_title_of(paper, record.paper):
                in_vain.append(paper)
                reason = f"“{record.paper.title}” has this identifier at {service}, not “{paper.title}”. Correct it."
                failed.append(Problem(str(references_of(paper)[0]), 0, reason))
            else:
                stated = replace(paper, id="", abstract=record.paper.abstract)
                batches.setdefault(service, []).append(Record(stated, 0, str(references_of(paper)[0])))
        for service, records in batches.items():
            reading = readings.setdefault(service, Reading(library, service))
            found += sum(outcome != "unchanged" for outcome in reading.store(records))
        day = today or date.today()
        missing_abstracts.note_sought(library, [(paper.id, _asked_by(paper)) for paper in in_vain], day)
        asked += answered.asked
        on_progress(Progress(len(asked), len(wanted.papers), "Asking for abstracts"))
    report = _with_kinds(wanted.report, asked) if stop.is_set() else wanted.report
    return replace(report, found=found, failed=tuple(failed))


def _with_kinds(report: CompletionReport, papers: Sequence[Paper]) -> CompletionReport:
    """Return a report that says by which kind of identifier papers are asked for."""
    kinds = Counter(references_of(paper)[0].kind for paper in papers)
    return replace(report, arxiv=kinds["arxiv"], doi=kinds["doi"], pmid=kinds["pmid"])


def _asked_by(paper: Paper) -> str:
    return " ".join(map(str, references_of(paper)))
