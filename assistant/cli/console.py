"""What the terminal shows: data on stdout, progress and remarks on stderr."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.control import strip_control_codes
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table
from rich.text import Text

from assistant.analysis.summaries import paper_summary
from assistant.answering import AnswerStream
from assistant.library import CheckReport
from assistant.models import ModelEntry
from assistant.text import visible
from assistant.types import (
    Answer,
    AnswerFinished,
    EvidenceFound,
    IngestionReport,
    Progress,
    ProgressListener,
    QuestionPlanned,
    Sentence,
    Source,
    TextProduced,
)

if TYPE_CHECKING:
    from assistant.ingestion.remote import AuthorCandidate

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
    return Text(visible(strip_control_codes(text)), style=style)


class _Rate(ProgressColumn):
    """How many a second, over the last moments."""

    def render(self, task: Task) -> Text:
        """Return the rate, nothing before it is known."""
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s", style="dim")


@contextmanager
def progress_bar() -> Iterator[ProgressListener]:
    """Show a bar on stderr while a long task reports its progress; one bar for each message."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
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


def say_waiting(count: int) -> None:
    """Say that papers wait for their vectors, and what to do."""
    if count:
        remark(
            f"{count:,} papers have no vector yet and are found by their words only. `assistant reindex` makes the "
            "vectors; so does adding any file.",
            "yellow",
        )


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
        f"{report.failures} failed, {report.pending} waiting for a vector"
    )
    if len(report.sources) > 1:
        table = Table("source", "added", "updated", "unchanged", "failed", box=None, pad_edge=False)
        for source in report.sources:
            figures = (source.added, source.updated, source.unchanged, source.failed)
            table.add_row(plain(source.source), *(str(figure) if figure else "" for figure in figures))
        stdout.print(table)


def show_check(report: CheckReport) -> None:
    """Print what of the library is not as it was written."""
    for finding in report.findings:
        done = "mended" if finding.mended else "not mended"
        stdout.print(plain(f"{finding.part}: {finding.what} ({done})", "yellow" if finding.mended else "red"))
    read = f"{report.papers:,} papers, {report.records:,} records of sources and {report.vectors:,} vectors read"
    stdout.print(f"{read}: {'all is as it was written' if not report.findings else 'see above'}.")


def show_candidates(candidates: Sequence[AuthorCandidate]) -> None:
    """Print, numbered, the people who may be meant by a name."""
    table = Table("", "name", "works", "where", "ORCID", "id", box=None, pad_edge=False)
    for number, one in enumerate(candidates, 1):
        table.add_row(
            str(number), plain(one.name), f"{one.works:,}", plain(one.affiliation), plain(one.orcid), plain(one.id)
        )
    stderr.print(table)


def follow(stream: AnswerStream, withheld: bool = False) -> Answer:
    """Show an answer while it is written; the finished text with its citations takes the draft's place.

    How the question was read stands first, on stderr. Ctrl-C stops the model, and what was written so far is shown; a
    second one ends the program.
    """
    written = ""
    with _stopped_by_interrupt(stream), Live(plain("Searching ..."), console=stdout, transient=True) as live:
        for event in stream:
            match event:
                case QuestionPlanned(plan):
                    live.update(plain(f"{plan.words} ...", "dim"))
                case EvidenceFound(sources):
                    live.update(plain(_reading(sources), "dim"))
                case Progress(_, _, message):
                    live.update(plain(f"{message} ...\n\n{written}" if written else f"{message} ...", "dim"))
                case TextProduced(text):
                    written += text
                    live.update(plain(written))
                case AnswerFinished():
                    pass
    answer = stream.answer()
    if answer.standalone_question != answer.question:
        remark(f"Asked: {answer.standalone_question}", "dim")
    if answer.plan:
        remark(f"{answer.plan.words}.", "dim")
    show_answer(answer, withheld)
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


def show_answer(answer: Answer, withheld: bool = False) -> None:
    """Print a finished answer and the sources that it cites; and what was withheld of it, where that is asked for."""
    stdout.print(plain(answer.text, "yellow" if answer.refused else ""), soft_wrap=False)
    if answer.kind == "comparison" and answer.rows:
        show_aspects(answer.rows)
    for source in answer.sources if answer.kind != "catalogue" else ():
        if source.number in answer.cited_numbers:
            stdout.print(plain(f"  [{source.number}] {_reference(source)}", "dim"))
            for quote in answer.quotes(source.number) if answer.kind != "synthesis" else ():
                stdout.print(plain(f"      “{quote}”", "dim italic"))
    if answer.reason and not answer.refused:
        remark(answer.reason, "yellow")
    if withheld:
        show_withheld(answer.withheld)


def show_aspects(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print papers by aspects as a table, each cell a sentence of the abstract, or that it states none."""
    table = Table("paper", *paper_summary.ASPECTS, pad_edge=False, show_lines=True)
    for row in rows:
        stated = (row[name] for name in paper_summary.ASPECTS)
        cells = (plain(said) if said else plain(paper_summary.NOT_STATED, "dim") for said in stated)
        table.add_row(plain(f"[{row['number']}] {row['title']}"), *cells)
    stdout.print(table)


def say_kept(bundle: Path) -> None:
    """Say where an answer with its evidence was kept, and how it is checked."""
    remark(f"The answer and its evidence are in {bundle}; `assistant verify {bundle}` checks them.", "dim")


def show_withheld(sentences: Sequence[Sentence]) -> None:
    """Print, on stderr, the sentences that the model wrote and no abstract supports."""
    for sentence in sentences:
        remark(f"withheld: {sentence.text}", "red")


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
        if row.get("judges"):
            stdout.print(plain(f"  judges {row['judges']}"))


def _reading(sources: Sequence[Source]) -> str:
    return "Reading: " + "; ".join(source.title for source in sources) if sources else "Nothing found."


def _reference(source: Source) -> str:
    people = ", ".join(source.authors[:3]) + (" et al." if len(source.authors) > 3 else "")
    return ". ".join(part for part in (source.title.rstrip("."), people.rstrip("."), source.date, source.url) if part)
