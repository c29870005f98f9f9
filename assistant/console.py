"""What the terminal shows: data on stdout, progress and remarks on stderr."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from rich.console import Console
from rich.control import strip_control_codes
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table
from rich.text import Text

from assistant.ingestion import ProgressListener
from assistant.models import ModelEntry
from assistant.stream import AnswerStream
from assistant.types import (
    Answer,
    AnswerFinished,
    AuthorProfile,
    EvidenceFound,
    IngestionReport,
    Paper,
    Passage,
    Progress,
    Source,
    TextProduced,
)

stdout = Console()
stderr = Console(stderr=True)


def show_json(value: Any) -> None:
    """Print one JSON value on one line of stdout."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def remark(message: str, style: str = "") -> None:
    """Say something on stderr."""
    stderr.print(plain(message, style), soft_wrap=True)


def plain(text: str, style: str = "") -> Text:
    """Return text from papers, people or the model with nothing in it that a terminal would obey."""
    return Text(strip_control_codes(text).replace("\x1b", ""), style=style)


@contextmanager
def progress_bar() -> Iterator[ProgressListener]:
    """Show a bar on stderr while a long task reports its progress; one bar for each message."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with ProgressBar(*columns, console=stderr, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def listen(progress: Progress) -> None:
            label = progress.message.split(" ")[0]
            if label not in tasks:
                tasks[label] = bar.add_task(label, total=None)
            bar.update(
                tasks[label],
                description=strip_control_codes(progress.message),
                completed=progress.done,
                total=progress.total or None,
            )

        yield listen


def show_notices(report: IngestionReport) -> None:
    """Say aloud, on stderr, what was odd about files that were read all the same."""
    for notice in report.notices:
        remark(f"{notice.file}: {notice.message}", "yellow")


def show_report(report: IngestionReport) -> None:
    """Print what an ingestion did; problems go to stderr."""
    for problem in report.failed:
        place = f"{problem.file}, line {problem.line}" if problem.line else problem.file
        remark(f"{place}: {problem.reason}", "red")
    stdout.print(
        f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged, "
        f"{len(report.failed)} failed, {report.pending} waiting for a vector"
    )


def follow(stream: AnswerStream) -> Answer:
    """Show an answer while it is written; the finished text with its citations takes the draft's place.

    Ctrl-C stops the model, and what was written so far is shown; a second one ends the program.
    """
    written = ""
    with _stopped_by_interrupt(stream), Live(plain("Searching ..."), console=stdout, transient=True) as live:
        for event in stream:
            match event:
                case EvidenceFound(sources):
                    live.update(plain(_reading(sources), "dim"))
                case TextProduced(text):
                    written += text
                    live.update(plain(written))
                case AnswerFinished():
                    pass
    answer = stream.answer()
    show_answer(answer)
    return answer


@contextmanager
def _stopped_by_interrupt(stream: AnswerStream) -> Iterator[None]:
    """Let the first Ctrl-C close the stream: raised as an exception it would end the events before the answer."""
    before = signal.getsignal(signal.SIGINT)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stream.close()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def show_answer(answer: Answer) -> None:
    """Print a finished answer and the sources that it cites."""
    stdout.print(plain(answer.text, "yellow" if answer.refused else ""), soft_wrap=False)
    for source in answer.sources:
        if source.number in answer.cited_numbers:
            stdout.print(plain(f"  [{source.number}] {_reference(source)}", "dim"))
            for quote in answer.quotes(source.number):
                stdout.print(plain(f"      “{quote}”", "dim italic"))
    if answer.reason and not answer.refused:
        remark(answer.reason, "yellow")


def show_papers(papers: Sequence[Paper], profiles: Sequence[AuthorProfile]) -> None:
    """Print papers as a table, and under it what the author pages say of their owners."""
    table = Table("date", "title", "authors", "category", "code", box=None, pad_edge=False)
    for paper in papers:
        people = ", ".join(paper.authors[:4]) + (
            "" if len(paper.authors) <= 4 and paper.authors_complete else " et al."
        )
        table.add_row(
            plain(paper.date),
            plain(paper.title),
            plain(people),
            plain(" ".join(paper.categories)),
            "yes" if paper.has_code else "",
        )
    stdout.print(table)
    stdout.print(f"{len(papers):,} paper{'' if len(papers) == 1 else 's'}")
    for profile in profiles:
        figures = ", ".join(f"{label} {value}" for label, value in profile.statistics)
        stdout.print(plain(f"{profile.name}'s page of {profile.as_of} says: {profile.category}, {figures}", "dim"))


def show_passages(passages: Sequence[Passage], papers: Sequence[Paper]) -> None:
    """Print search results, best first, each with its combined score, in [0, 1] within this search."""
    if not passages:
        remark("Nothing found.", "yellow")
    for rank, (passage, paper) in enumerate(zip(passages, papers, strict=True), 1):
        stdout.print(plain(f"{rank:3}  {passage.score:.3f}  {paper.title} ({paper.date or 'no date'})"))


def show_trec(query_id: str, passages: Sequence[Passage], own_ids: Sequence[Sequence[str]]) -> None:
    """Print one query's results as lines of a TREC run: query, Q0, document, rank, score, tag.

    Documents go by the ids that their sources gave them; a paper with several stands once under each.
    """
    rows = [(own_id, passage.score) for passage, names in zip(passages, own_ids, strict=True) for own_id in names]
    for rank, (own_id, score) in enumerate(rows, 1):
        print(f"{query_id} Q0 {own_id} {rank} {score:.6f} abstract-assistant")


def model_json(entry: ModelEntry, present: bool) -> dict[str, Any]:
    """Return a known model as plain JSON values; the size is in bytes."""
    return {
        "name": entry.name,
        "use": entry.use,
        "present": present,
        "size": entry.size,
        "licence": entry.licence,
        "sha256": entry.sha256,
        "description": entry.description,
    }


def show_models(rows: Sequence[dict[str, Any]]) -> None:
    """Print the known models as a table."""
    table = Table("name", "use", "here", "size", "licence", "what", box=None, pad_edge=False)
    for row in rows:
        size = f"{row['size'] / 1e9:.1f} GB"
        here = "yes" if row["present"] else "no"
        table.add_row(row["name"], row["use"], here, size, row["licence"], row["description"])
    stdout.print(table)


def show_model_check(rows: Sequence[dict[str, Any]]) -> None:
    """Print where each model in use runs."""
    for row in rows:
        stdout.print(plain(f"{row['use']}: {row['name']}: {row['files']}"))
        placement = "; ".join(f"{part or 'all of it'} on {device}" for part, device in row["placement"].items())
        stdout.print(plain(f"  {placement}, {row['dtype']}, up to {row['tokens']:,} tokens"))


def passage_json(passage: Passage, paper: Paper) -> dict[str, Any]:
    """Return a search result as plain JSON values."""
    return {
        "paper_id": paper.id,
        "title": paper.title,
        "authors": list(paper.authors),
        "date": paper.date,
        "score": round(passage.score, 6),
        "similarity": None if passage.similarity is None else round(passage.similarity, 6),
    }


def paper_json(paper: Paper) -> dict[str, Any]:
    """Return a paper as plain JSON values."""
    return {
        "id": paper.id,
        "title": paper.title,
        "authors": list(paper.authors),
        "authorships": [{"name": author.name, "position": author.position} for author in paper.authorships],
        "authors_complete": paper.authors_complete,
        "date": paper.date,
        "year": paper.year,
        "categories": list(paper.categories),
        "venue": paper.venue,
        "doi": paper.doi,
        "arxiv_id": paper.arxiv_id,
        "url": paper.url,
        "has_code": paper.has_code,
        "abstract": paper.abstract,
    }


def _reading(sources: Sequence[Source]) -> str:
    return "Reading: " + "; ".join(source.title for source in sources) if sources else "Nothing found."


def _reference(source: Source) -> str:
    people = ", ".join(source.authors[:3]) + (" et al." if len(source.authors) > 3 else "")
    return ". ".join(part for part in (source.title.rstrip("."), people.rstrip("."), source.date, source.url) if part)
