"""The command line: parse, call, print."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import click
import typer

from assistant.cli import authors, evaluate, export, models, summarize, trends
from assistant.cli import papers as library_commands
from assistant.cli.options import (
    AsJson,
    Author,
    Bundle,
    Category,
    HasCode,
    Kind,
    Since,
    Source,
    Until,
    Withheld,
    Year,
    open_workspace,
    paper_filter,
)
from assistant.errors import AssistantError, QuestionError, RemoteError, UsageError
from assistant.evaluation import question_files
from assistant.settings import PROGRAM_VERSION
from assistant.types import PlanKind, Turn

if TYPE_CHECKING:
    from assistant.ingestion.remote import AuthorCandidate

app = typer.Typer(
    help="A research assistant over paper abstracts that proves what it says, on your own machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(library_commands.app)
app.add_typer(summarize.app)
app.add_typer(trends.app)
app.add_typer(export.app)
app.add_typer(evaluate.app)
app.add_typer(authors.app, name="authors")
app.add_typer(models.app, name="models")


@app.callback()
def _settings(
    context: typer.Context,
    library: Annotated[Path | None, typer.Option(help="Folder of the library.")] = None,
    model: Annotated[str | None, typer.Option(help="Chat model: a known name, a folder or a hub id.")] = None,
    embedder: Annotated[str | None, typer.Option(help="Embedding model: a known name, a folder or a hub id.")] = None,
    chroma_url: Annotated[
        str | None, typer.Option(help="Chroma server that keeps the index, as http://host:8000.")
    ] = None,
    chroma_header: Annotated[str | None, typer.Option(help="Header it asks for, as “X-Chroma-Token: secret”.")] = None,
) -> None:
    context.obj = {
        "library": library,
        "model": model,
        "embedder": embedder,
        "chroma_url": chroma_url,
        "chroma_header": chroma_header,
    }


@app.command()
def add(
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files; folders; or arxiv:ID, doi:DOI, pmid:N, openalex:W…|A…, s2:ID, orcid:ID, author:NAME, which "
            "are fetched from the network."
        ),
    ],
    recursive: Annotated[
        bool, typer.Option("--recursive/--no-recursive", "-r", help="Read folders with everything below them.")
    ] = True,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Date of an author page, for its dates without a year. Default: today."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Name of a column of a CSV file, such as title=Titel; the rest is guessed. May be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add papers from files of any format, or from arXiv, OpenAlex and Semantic Scholar. Twice changes nothing."""
    from assistant.cli import console
    from assistant.ingestion import arguments as named_sources

    columns = named_sources.columns(column or ())
    with open_workspace(context) as opened:
        found = named_sources.parse(sources, lambda name: _choose_author(name, opened.find_authors, as_json))
        try:
            with console.progress_bar() as listen:
                report = opened.add(
                    found,
                    as_of=as_of.date() if as_of else None,
                    columns=columns,
                    recursive=recursive,
                    on_progress=listen,
                )
        except KeyboardInterrupt:
            count, pending = opened.library.count(), opened.library.pending_count()
            console.remark(
                f"Stopped. {count:,} papers are safe in the library, {pending:,} of them wait for a vector. "
                "Run the same command again to go on.",
                "yellow",
            )
            raise typer.Exit(130) from None
    console.show_notices(report)
    if as_json:
        console.show_json(report.to_json())
    else:
        console.show_report(report)
    if report.failures and not (report.added or report.updated or report.unchanged):
        raise typer.Exit(1)


@app.command()
def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="The question.")] = "",
    file: Annotated[Path | None, typer.Option("--from", help='JSON Lines: {"id", "q", "history": [...]}.')] = None,
    author: Author = "",
    year: Year = None,
    since: Since = None,
    until: Until = None,
    category: Category = "",
    code: HasCode = None,
    source: Source = "",
    kind: Annotated[
        Kind | None, typer.Option("--as", help="How to read the question, where the program reads it wrongly.")
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Answer also where no abstract surely states it; marked as not assured.")
    ] = False,
    withheld: Withheld = False,
    bundle: Bundle = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question, or every question of a file, from the abstracts in the library."""
    from assistant.cli import console
    from assistant.export import bundles

    asked = _asked(question, file, "QUESTION")
    chosen = paper_filter(author, year, since, until, category, code, source)
    plan_kind: PlanKind | None = kind.value if kind else None
    if file and anyway:
        raise UsageError("--anyway is for one question; a file's questions are answered where an abstract states it.")
    if file and kind:
        raise UsageError("--as is for one question; a file's questions are read one by one.")
    if file and bundle:
        raise UsageError("--bundle keeps the answer to one question; ask a file's questions one by one.")
    if bundle:
        bundles.check_folder(bundle)
    with open_workspace(context) as opened:
        opened.embed_few()
        assistant = opened.assistant
        console.say_waiting(opened.waiting_count())
        if file:
            for line in asked:
                answer = assistant.ask_after(line.text, line.history, chosen, line.id)
                if as_json:
                    console.show_json(answer.to_json())
                else:
                    console.show_answer(answer, withheld)
            return
        stream = assistant.ask(question, chosen=chosen, kind=plan_kind, anyway=anyway)
        answer = stream.answer() if as_json else console.follow(stream, withheld)
        if bundle:
            opened.save_bundle(answer, bundle)
            console.say_kept(bundle)
    if as_json:
        console.show_json(answer.to_json())


@app.command()
def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="What to look for.")] = "",
    limit: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many papers.")] = 10,
    file: Annotated[Path | None, typer.Option("--from", help='JSON Lines: {"id", "text"}.')] = None,
    trec: Annotated[bool, typer.Option("--trec", help="Print a TREC run, with the sources' own ids.")] = False,
    author: Author = "",
    year: Year = None,
    since: Since = None,
    until: Until = None,
    category: Category = "",
    code: HasCode = None,
    source: Source = "",
    as_json: AsJson = False,
) -> None:
    """Find papers, without an answer."""
    from assistant.cli import console, render

    asked = _asked(query, file, "QUERY")
    chosen = paper_filter(author, year, since, until, category, code, source)
    with open_workspace(context) as opened:
        opened.embed_few()
        retriever, library = opened.assistant.retriever, opened.library
        console.say_waiting(opened.waiting_count())
        for line in asked:
            passages = retriever.search(line.text, limit, chosen)
            papers = library.papers_by_id([passage.paper_id for passage in passages])
            if trec:
                own_ids = library.own_ids([paper.id for paper in papers])
                render.show_trec(line.id, passages, [own_ids[paper.id] or (paper.id,) for paper in papers])
            elif as_json:
                results = [render.passage_json(*pair) for pair in zip(passages, papers, strict=True)]
                console.show_json({"id": line.id, "results": results} if file else results)
            else:
                render.show_passages(passages, papers)


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 7860,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    sample: Annotated[bool, typer.Option(help="Add the sample library when the library is empty.")] = False,
) -> None:
    """Serve the web page."""
    from assistant.cli import console

    with open_workspace(context) as opened:
        from assistant.ui import serve as serve_page

        if sample and not opened.library.count():
            with console.progress_bar() as listen:
                console.show_report(opened.add_sample(listen))
        opened.warm_up()
        opened.catch_up()
        serve_page(opened, host, port, on_ready=lambda url: _announce(url, open_page))


@app.command()
def chat(context: typer.Context) -> None:
    """Talk in the terminal. An empty line or Ctrl-D ends it; Ctrl-C stops an answer."""
    from assistant.cli import console

    history: list[Turn] = []
    with open_workspace(context) as opened:
        opened.warm_up()
        opened.catch_up()
        count = opened.library.count()
        console.remark(f"{count:,} papers in {opened.settings.library}. Ask; an empty line ends.", "dim")
        while question := _read_question():
            try:
                history.append(console.follow(opened.ask(question, history)).turn())
            except QuestionError as error:
                console.remark(str(error), "red")


@app.command()
def version() -> None:
    """Print the version."""
    print(PROGRAM_VERSION)


def main() -> None:
    """Run the command line: 0 ok, 1 an error that a person can mend, 2 wrong usage, 130 interrupted."""
    try:
        app(standalone_mode=True)
    except AssistantError as error:
        from assistant.cli import console

        console.remark(str(error), "red")
        _leave(2 if isinstance(error, UsageError) else 1)
    except SystemExit as exit_:
        _leave(exit_.code)


def _leave(code: object) -> NoReturn:
    """End the program. One that still loads a model ends at once: the thread's end would abort the interpreter's."""
    if any(thread.name == "model" and thread.is_alive() for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)
    sys.exit(code)  # type: ignore[arg-type]


def _asked(text: str, file: Path | None, name: str) -> list[question_files.Question]:
    """Return the one question, or the file's, before anything is opened or loaded. Raises UsageError, QuestionError."""
    if bool(text.strip()) == bool(file):
        raise UsageError(f"Give either {name} or --from FILE; {'both are' if file else 'neither is'} there.")
    if file:
        return question_files.read(file)
    from assistant.answering import check_question

    return [question_files.Question("1", check_question(text), (), {})]


def _choose_author(name: str, find: Callable[[str], Sequence[AuthorCandidate]], as_json: bool) -> str:
    """Return the id of the person whom the reader means; "" where nobody can be asked or nothing was found."""
    from assistant.cli import console

    if as_json or not sys.stdin.isatty():
        return ""
    try:
        candidates = find(name)
    except RemoteError:  # said when the papers are fetched
        return ""
    if len(candidates) < 2:
        return candidates[0].id if candidates else ""
    console.show_candidates(candidates)
    number: int = typer.prompt("Which one", type=click.IntRange(1, len(candidates)), err=True)
    return candidates[number - 1].id


def _read_question() -> str:
    try:
        return input("> ").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


def _announce(url: str, open_page: bool) -> None:
    from assistant.cli import console

    console.remark(f"The page is at {url} (Ctrl-C ends it).")
    if open_page:
        webbrowser.open(url)
