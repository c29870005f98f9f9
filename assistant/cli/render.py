"""Terminal output: data on stdout, progress and messages on stderr."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.control import strip_control_codes
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table
from rich.text import Text

from assistant.text import counted, joined, visible
from assistant.types import (
    Answer,
    AuthorProfile,
    CompletionReport,
    EvidenceFound,
    IngestionReport,
    Notice,
    Paper,
    Problem,
    Progress,
    ProgressListener,
    QuestionPlanned,
    SearchResult,
    Source,
    TextProduced,
    Waiting,
)

if TYPE_CHECKING:
    from assistant.answering import AnswerStream
    from assistant.library import AlikePair, CheckReport, SourceRecord

NO_ABSTRACT = "no abstract"

_MOST_KINDS = 20
_MOST_SOURCES = 20
"""Kinds of problems, and sources, that are still read by a person; beyond that they are for files and programs."""

stdout = Console()
stderr = Console(stderr=True)


def look_again() -> None:
    """Write to the standard streams as they are from now on, with their terminal's colours and width."""
    global stdout, stderr
    stdout, stderr = Console(), Console(stderr=True)


def show(as_json: bool, to_json: Callable[[], Any], for_people: Callable[[], object]) -> None:
    """Print a result as JSON where that is asked for, else for people."""
    if as_json:
        show_json(to_json())
    else:
        for_people()


def show_json(value: Any) -> None:
    """Print one JSON value on one line of stdout."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def line(text: str, style: str = "", *, wrap: bool = True) -> None:
    """Print one line of data on stdout."""
    stdout.print(safe(text, style), soft_wrap=not wrap)


def message(text: str, style: str = "") -> None:
    """Print a message on stderr."""
    stderr.print(safe(text, style), soft_wrap=True)


def safe(text: str, style: str = "") -> Text:
    """Return text from papers, people or the model without anything that a terminal would obey."""
    return Text(visible(strip_control_codes(text)), style=style)


def show_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, console: Console | None = None, figures: bool = False
) -> None:
    """Print a table without rules; with `figures` all columns but the first are aligned to the right."""
    table = Table(box=None, pad_edge=False)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if figures and place else "left")
    for row in rows:
        table.add_row(*map(safe, row))
    (console or stdout).print(table)


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


def warn_waiting(count: int) -> None:
    """Warn that papers have no vector yet, and say what to do."""
    if count:
        message(
            f"Not embedded yet: {counted(count, 'paper')}, found by words only. `assistant reindex` embeds them, or "
            "adding any file.",
            "yellow",
        )


def show_notices(notices: Iterable[Notice]) -> None:
    """Print what a person should know besides, on stderr."""
    for notice in notices:
        message(f"{notice.file}: {notice.message}", "yellow")


def show_problems(problems: Iterable[Problem]) -> None:
    """Print what failed, on stderr."""
    for problem in problems:
        message(f"{_place(problem)}: {problem.reason}", "red")


def show_kinds(report: IngestionReport) -> None:
    """Print each kind of problem and notice once, its number and the first, on stderr, and where all of them are."""
    for notice, count in report.notice_kinds:
        others = f" and {count - 1:,} more" if count > 1 else ""
        message(f"{notice.file}{others}: {notice.message}", "yellow")
    for kind in report.kinds[:_MOST_KINDS]:
        files = f" in {kind.files:,} files" if kind.files > 1 else ""
        times = f"{kind.count:,} times{files}, first in " if kind.count > 1 else ""
        message(f"{times}{_place(kind.example)}: {kind.example.reason}", "red")
    if len(report.kinds) > _MOST_KINDS:
        message(f"And {counted(len(report.kinds) - _MOST_KINDS, 'more kind')} of problems.", "red")
    if report.report_file and report.failures > len(report.kinds[:_MOST_KINDS]):
        message(f"All {report.failures:,} problems are in {report.report_file}.", "dim")


def _place(problem: Problem) -> str:
    return f"{problem.file}, line {problem.line:,}" if problem.line else problem.file


def ingestion_totals(report: IngestionReport) -> str:
    """Return in one line what an ingestion did; the outcomes of the records add up to their number."""
    said = (
        f"{counted(report.records, 'record')} read: {report.added:,} added, {report.updated:,} updated, "
        f"{report.unchanged:,} unchanged"
    )
    if report.failures:
        said += f"; {counted(report.failures, 'problem')}"
    if report.pending:
        said += f"; {counted(report.pending, 'paper')} of the library not indexed yet"
    return f"{said}."


def show_ingestion(report: IngestionReport) -> None:
    """Print what an ingestion did; what failed goes to stderr."""
    line(ingestion_totals(report), wrap=False)
    if report.without_abstract:
        have = "has no abstract and is" if report.without_abstract == 1 else "have no abstract and are"
        fetched = (
            f"; {report.completable:,} with a DOI, arXiv id or PubMed number, for which `assistant complete` asks"
            if report.completable
            else ""
        )
        line(f"{counted(report.without_abstract, 'paper')} {have} known by title only{fetched}.", wrap=False)
    show_kinds(report)
    if 1 < len(report.sources) <= _MOST_SOURCES:
        show_table(
            ("source", "added", "updated", "unchanged", "problems"),
            (
                (one.source, *(f"{n:,}" if n else "" for n in (one.added, one.updated, one.unchanged, one.failed)))
                for one in report.sources
            ),
        )


def show_wanted_abstracts(report: CompletionReport, console: Console | None = None) -> None:
    """Print what will be asked for, and why the rest will not."""
    kinds = (("arXiv id", report.arxiv), ("DOI", report.doi), ("PubMed number", report.pmid))
    by = joined([f"{count:,} by {kind}" for kind, count in kinds if count])
    said = (
        f"Without an abstract: {counted(report.missing, 'paper')}. To be asked for: {report.asked:,}"
        f"{f' ({by})' if by else ''}. Without an identifier to ask by: {report.without_id:,}. "
        f"Asked for in vain within a month: {report.asked_lately:,}."
    )
    (console or stderr).print(safe(said), soft_wrap=True)


def show_completion(report: CompletionReport) -> None:
    """Print what became of papers without an abstract; what failed goes to stderr."""
    show_problems(report.failed)
    line(f"{counted(report.found, 'abstract')} found for {counted(report.asked, 'paper')} asked for.", wrap=False)


def show_check(report: CheckReport) -> None:
    """Print the damage that a check of the library found."""
    for finding in report.findings:
        done = "repaired" if finding.repaired else "not repaired"
        line(f"{finding.part}: {finding.what} ({done})", "yellow" if finding.repaired else "red")
    read = f"{report.papers:,} papers, {report.records:,} source records and {report.vectors:,} vectors checked"
    line(f"{read}: {'see above' if report.findings else 'no damage found'}.")


def follow(stream: AnswerStream, withheld: bool = False) -> Answer:
    """Show an answer while it is written; the finished text with its citations takes the draft's place.

    How the question was read stands first, on stderr. Ctrl-C stops the model, and what was written so far is shown; a
    second one ends the program.
    """
    written = ""

    def notice(what: str) -> None:
        live.update(safe(f"{what} ...\n\n{written}" if written else f"{what} ...", "dim"))

    with stopped_by(stream.close), Live(safe("Searching ..."), console=stdout, transient=True) as live:
        for event in stream:
            match event:
                case QuestionPlanned(plan):
                    live.update(safe(f"{plan.words} ...", "dim"))
                case EvidenceFound(sources):
                    titles = "; ".join(source.title for source in sources)
                    live.update(safe(f"Reading: {titles}" if sources else "Nothing found.", "dim"))
                case Waiting(place):
                    notice(f"{counted(place, 'answer')} before yours" if place else "Reading")
                case Progress(_, _, what):
                    notice(what)
                case TextProduced(text):
                    written += text
                    live.update(safe(written))
    answer = stream.answer()
    if answer.standalone_question != answer.question:
        message(f"Asked: {answer.standalone_question}", "dim")
    if answer.plan:
        message(f"{answer.plan.words}.", "dim")
    show_answer(answer, withheld)
    return answer


@contextmanager
def stopped_by(stop: Callable[[], object], *signals: signal.Signals) -> Iterator[None]:
    """Let the first such signal call `stop`; a second one ends the program, as it would without this.

    Raised as an exception, it would end the work before anything could be said of it.
    """
    before = {each: signal.getsignal(each) for each in signals or (signal.SIGINT,)}

    def restore() -> None:
        for each, handler in before.items():
            signal.signal(each, handler)

    def handle(_signal: int, _frame: FrameType | None) -> None:
        restore()
        stop()

    for each in before:
        signal.signal(each, handle)
    try:
        yield
    finally:
        restore()


def show_answer(answer: Answer, withheld: bool = False) -> None:
    """Print a finished answer and the sources it cites, and with `withheld` the sentences that no abstract supports."""
    if answer.text:  # stopped before the first word, it has none
        line(answer.text, "yellow" if answer.refused else "")
    if answer.kind == "comparison" and answer.rows:
        show_aspects(answer.rows)
    for source in answer.sources if answer.kind != "catalogue" else ():
        if source.number in answer.cited_numbers:
            line(f"  [{source.number}] {_reference(source)}", "dim")
            for quote in answer.quotes(source.number) if answer.kind != "synthesis" else ():
                line(f"      “{quote}”", "dim italic")
    if answer.reason and not answer.refused:
        message(answer.reason, "yellow")
    if answer.elsewhere:
        message(answer.elsewhere, "yellow")
    for sentence in answer.withheld if withheld else ():
        message(f"withheld: {sentence.text}", "red")


def show_aspects(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print papers by aspects as a table, each cell a sentence of the abstract, or that it states none."""
    from assistant.analysis.summaries import paper_summary

    table = Table("paper", *paper_summary.ASPECTS, pad_edge=False, show_lines=True)
    for row in rows:
        cells = (row[name] or paper_summary.NOT_STATED for name in paper_summary.ASPECTS)
        table.add_row(
            safe(f"[{row['number']}] {row['title']}"),
            *(safe(cell, "dim" if cell == paper_summary.NOT_STATED else "") for cell in cells),
        )
    stdout.print(table)


def _reference(source: Source) -> str:
    people = names(source.authors, 3).rstrip(".")
    return ". ".join(part for part in (source.title.rstrip("."), people, source.date, source.url) if part)


def names(authors: Sequence[str], most: int, complete: bool = True) -> str:
    """Return the first authors as text, with "et al." where there are more."""
    return ", ".join(authors[:most]) + ("" if len(authors) <= most and complete else " et al.")


def show_papers(
    papers: Sequence[Paper], profiles: Sequence[AuthorProfile] = (), *, console: Console | None = None
) -> None:
    """Print papers as a table, and under it what author pages say of their owners."""
    are_read = all(paper.abstract for paper in papers)
    rows = (
        (
            paper.date,
            paper.title,
            names(paper.authors, 4, paper.authors_complete),
            " ".join(paper.categories),
            "yes" if paper.has_code else "",
            *([] if are_read else ["" if paper.abstract else NO_ABSTRACT]),
        )
        for paper in papers
    )
    headings = ("date", "title", "authors", "category", "code", *([] if are_read else ["abstract"]))
    show_table(headings, rows, console=console)
    (console or stdout).print(counted(len(papers), "paper"))
    for profile in profiles:
        figures = ", ".join(f"{label} {value}" for label, value in profile.statistics)
        line(f"{profile.name}'s page of {profile.as_of} says: {profile.category}, {figures}", "dim")


def show_paper(paper: Paper, statements: Sequence[SourceRecord]) -> None:
    """Print all that is known of a paper, each field with the numbers of the sources that state it."""
    from assistant.library import provenance

    origins = list(dict.fromkeys(statement.origin for statement in statements))
    stated_by = provenance(paper, statements)
    fields = (
        ("id", "id", paper.id),
        ("title", "title", paper.title),
        ("authors", "authorships", names(paper.authors, len(paper.authors), paper.authors_complete)),
        ("date", "date", paper.date),
        ("venue", "venue", paper.venue),
        ("categories", "categories", ", ".join(paper.categories)),
        ("DOI", "doi", paper.doi),
        ("arXiv", "arxiv_id", paper.arxiv_id),
        ("PubMed", "pmid", paper.pmid),
        ("cited as", "citation_keys", ", ".join(paper.citation_keys)),
        ("url", "url", paper.url),
        ("code", "has_code", {None: "", True: "released", False: "not released"}[paper.has_code]),
        ("collections", "labels", ", ".join(paper.labels)),
        ("abstract", "abstract", paper.abstract or NO_ABSTRACT),
    )
    rows = [
        (label, value, " ".join(str(origins.index(origin) + 1) for origin in stated_by.get(field, ())))
        for label, field, value in fields
        if value
    ]
    show_table(("", "", "sources"), rows)
    for number, origin in enumerate(origins, 1):
        line(f"  {number}  {origin}", "dim")


def show_pairs(pairs: Sequence[AlikePair]) -> None:
    """Print pairs of papers that may be duplicates, and how to decide."""
    for number, pair in enumerate(pairs, 1):
        line(f"{number}. likeness {pair.likeness:.2f}; {pair.because}")
        for paper in (pair.one, pair.other):
            line(f"   {paper.id}\n      {paper.title} ({names(paper.authors, 3)}; {paper.date or 'no date'})")
    if pairs:
        message("`assistant merge ONE OTHER` merges a pair; `assistant split ONE OTHER` keeps it apart for good.")
    else:
        message("There are no possible duplicates to decide on.")


def pair_json(pair: AlikePair) -> dict[str, Any]:
    """Return a pair of papers as plain JSON values."""

    def brief(paper: Paper) -> dict[str, Any]:
        return {name: paper.to_json()[name] for name in ("id", "title", "authors", "date", "doi")}

    likeness = round(pair.likeness, 4)
    return {"one": brief(pair.one), "other": brief(pair.other), "likeness": likeness, "because": pair.because}


def show_results(found: Sequence[SearchResult]) -> None:
    """Print search results, best first, each with its combined score, in [0, 1] within this search."""
    if not found:
        message("Nothing found.", "yellow")
    for rank, one in enumerate(found, 1):
        line(f"{rank:3}  {one.passage.score:.3f}  {one.paper.title} ({one.paper.date or 'no date'})")


def show_trec(query_id: str, found: Sequence[SearchResult], source_ids: Mapping[str, Sequence[str]]) -> None:
    """Print one query's results as lines of a TREC run: query, Q0, document, rank, score, tag.

    Documents go by the ids that their sources gave them; a paper with several stands once under each.
    """
    rows = [(name, one.passage.score) for one in found for name in source_ids[one.paper.id] or (one.paper.id,)]
    for rank, (name, score) in enumerate(rows, 1):
        print(f"{query_id} Q0 {name} {rank} {score:.6f} abstract-assistant")
