"""Entry point of the command line, with the commands add, ask, search, summarize and chat."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import click
import typer

from assistant.cli import (
    authors,
    conversations,
    doctor,
    evaluate,
    export,
    models,
    papers,
    render,
    serving,
    trends,
    users,
    watch,
)
from assistant.cli.options import AsJson, Topic, open_workspace, several_people_note, with_filters
from assistant.errors import AssistantError, QuestionError, RemoteError, UsageError
from assistant.evaluation import question_files
from assistant.settings import Quantize, other_host
from assistant.text import counted
from assistant.types import Answer, Length, PaperFilter, Turn

if TYPE_CHECKING:
    from assistant.answering import AnswerStream
    from assistant.ingestion.remote import AuthorCandidate
    from assistant.workspace import Workspace

Withheld = Annotated[bool, typer.Option("--withheld", help="Also show the sentences that no abstract supports.")]
Bundle = Annotated[
    Path | None, typer.Option(help="Save the answer with its evidence in this folder, for `assistant verify`.")
]

app = typer.Typer(
    help="A research assistant over paper abstracts that proves what it says, on your own machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for commands in (serving, papers, trends, export, evaluate, watch, doctor):
    app.add_typer(commands.app)
app.add_typer(authors.app, name="authors")
app.add_typer(conversations.app, name="conversations")
app.add_typer(models.app, name="models")
app.add_typer(users.app, name="users", no_args_is_help=True)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        version()
        raise typer.Exit


@app.callback()
def _settings(
    context: typer.Context,
    library: Annotated[Path | None, typer.Option(help="Folder of the library.")] = None,
    model: Annotated[str | None, typer.Option(help="Chat model: a known name, a folder or a hub id.")] = None,
    device: Annotated[
        str | None, typer.Option(help="Where both models run: auto, cpu, cuda, cuda:1, mps or xpu.", metavar="NAME")
    ] = None,
    quantize: Annotated[
        Quantize | None,
        typer.Option(help="Bits of the chat model's weights: auto takes fewer where the device profits from it."),
    ] = None,
    judge: Annotated[
        Literal["auto", "writer"] | None,
        typer.Option(help="Who reads requests and judges: auto takes a model with probes beside one that has none."),
    ] = None,
    embedder: Annotated[str | None, typer.Option(help="Embedding model: a known name, a folder or a hub id.")] = None,
    llm_url: Annotated[
        str | None,
        typer.Option(help="OpenAI-compatible server whose model writes the answers, such as http://127.0.0.1:11434."),
    ] = None,
    llm_model: Annotated[str | None, typer.Option(help="The model there, where it has several.")] = None,
    llm_key_env: Annotated[str | None, typer.Option(help="Environment variable that holds its key.")] = None,
    embed_url: Annotated[str | None, typer.Option(help="OpenAI-compatible server that embeds.")] = None,
    embed_model: Annotated[str | None, typer.Option(help="The model there, where it has several.")] = None,
    embed_key_env: Annotated[str | None, typer.Option(help="Environment variable that holds its key.")] = None,
    chroma_url: Annotated[
        str | None, typer.Option(help="Chroma server that holds the vector index, such as http://host:8000.")
    ] = None,
    chroma_header: Annotated[
        str | None, typer.Option(help="HTTP header that the Chroma server requires, such as “X-Chroma-Token: secret”.")
    ] = None,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True, expose_value=False
        ),
    ] = False,
    server: Annotated[
        bool | None, typer.Option("--server/--no-server", help="Whether a running `assistant serve` does the work.")
    ] = None,
) -> None:
    context.obj = dict(context.params)


@app.command()
def add(
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders, or references that are fetched from the network: arxiv:ID, doi:DOI, pmid:N, "
            "openalex:W…|A…, s2:ID, orcid:ID, author:NAME; or from the running Zotero: zotero, "
            "zotero:collection/NAME, zotero:group/NAME."
        ),
    ],
    recursive: Annotated[bool, typer.Option("--recursive/--no-recursive", "-r", help="Include subfolders.")] = True,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day an author page was saved. Default: today.")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="Column of a table for a field, as title=Titel. May be repeated.")
    ] = None,
    read: Annotated[
        bool, typer.Option("--read", help="Then have the chat model read every abstract that it has not.")
    ] = False,
    report_file: Annotated[
        Path | None,
        typer.Option("--report", help="File for every problem, as JSON Lines. Default: one in the library's folder."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add papers from files of any format, arXiv, OpenAlex and Semantic Scholar. Adding twice changes nothing."""
    from assistant import ingestion

    columns = ingestion.parse_columns(column or ())
    stop = threading.Event()

    def end() -> None:
        stop.set()
        render.message("Stopping soon; Ctrl-C again ends it at once.", "yellow")

    with open_workspace(context, may_make=True) as opened:
        parsed = ingestion.parse_sources(sources, lambda name: _choose_author(name, opened.find_authors, as_json))
        if report_file and any(isinstance(each, Path) and each.resolve() == report_file.resolve() for each in parsed):
            raise UsageError(f"{report_file} is to be read, so the report cannot be written to it. Name another file.")
        try:
            with render.progress_bar() as listen, render.stopped_by(end):
                report = opened.add(
                    parsed,
                    as_of=as_of.date() if as_of else None,
                    columns=columns,
                    recursive=recursive,
                    report=report_file,
                    on_progress=listen,
                    stop=stop,
                )
        except KeyboardInterrupt:
            render.message(
                "Stopped. What was read is in the library; run the same command again to continue.", "yellow"
            )
            raise typer.Exit(130) from None
        render.show(as_json, report.to_json, lambda: render.show_ingestion(report))
        if as_json:
            render.show_kinds(report)
        if stop.is_set():
            raise typer.Exit(130)
        if read:
            _read_ahead(opened, PaperFilter())
    if report.failures and not report.records:
        raise typer.Exit(1)


@app.command()
@with_filters
def read(context: typer.Context, *, filters: PaperFilter, as_json: AsJson = False) -> None:
    """Have the chat model read papers ahead of questions, once each; overviews then come at once. Ctrl-C stops it."""
    with open_workspace(context) as opened:
        count = _read_ahead(opened, filters)
    render.show(as_json, lambda: {"read": count}, lambda: render.message(f"{counted(count, 'paper')} read."))


def _read_ahead(opened: Workspace, filters: PaperFilter) -> int:
    """Have papers read, with progress. Ctrl-C ends that; what was read stays."""
    if host := other_host(opened.settings.llm_url):
        render.message(f"The abstracts are sent to another machine, {host}, where the chat model runs.", "yellow")
    try:
        with render.progress_bar() as listen:
            return opened.read_ahead(filter=filters, on_progress=listen)
    except KeyboardInterrupt:
        render.message("Stopped. `assistant read` goes on from here.", "yellow")
        raise typer.Exit(130) from None


@app.command()
@with_filters
def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="The question.")] = "",
    file: Annotated[Path | None, typer.Option("--from", help='JSON Lines: {"id", "q", "history": [...]}.')] = None,
    *,
    filters: PaperFilter,
    kind: Annotated[
        Literal["catalogue", "passages", "comparison", "synthesis"] | None,
        typer.Option("--as", help="Kind of the question, where it was misread."),
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Answer even where no abstract clearly does; marked as not assured.")
    ] = False,
    withheld: Withheld = False,
    bundle: Bundle = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question, or every question of a file, from the abstracts in the library."""
    asked = _questions(question, file, "QUESTION")
    for option, given in (("--anyway", anyway), ("--as", kind), ("--bundle", bundle)):
        if file and given:
            raise UsageError(f"{option} is for one question. Give the question itself in place of --from.")
    _check_bundle(bundle)
    with open_workspace(context) as opened:
        opened.embed_few()
        render.warn_waiting(opened.waiting_count())
        if not file:
            stream = opened.ask(question, filter=filters, kind=kind, anyway=anyway)
            _print_answer(opened, stream, as_json, withheld, bundle)
            return
        for one in asked:
            answer = opened.ask_after(one.text, one.history, filter=filters, question_id=one.id)
            render.show(as_json, answer.to_json, partial(render.show_answer, answer, withheld))


@app.command()
@with_filters
def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="What to search for.")] = "",
    limit: Annotated[int, typer.Option("-k", min=1, max=1000, help="Number of papers.")] = 10,
    file: Annotated[Path | None, typer.Option("--from", help='JSON Lines: {"id", "text"}.')] = None,
    trec: Annotated[bool, typer.Option("--trec", help="Print a TREC run, with the ids that the sources gave.")] = False,
    *,
    filters: PaperFilter,
    as_json: AsJson = False,
) -> None:
    """Search for papers, without an answer."""
    asked = _questions(query, file, "QUERY")
    with open_workspace(context) as opened:
        opened.embed_few()
        render.warn_waiting(opened.waiting_count())
        for one in asked:
            found = opened.search(one.text, limit, filter=filters)
            if trec:
                render.show_trec(one.id, found, opened.library.source_keys([each.paper.id for each in found]))
            elif as_json:
                results = [each.to_json() for each in found]
                render.show_json({"id": one.id, "results": results} if file else results)
            else:
                render.show_results(found)


@app.command()
@with_filters
def summarize(
    context: typer.Context,
    *,
    filters: PaperFilter,
    topic: Topic = "",
    paper: Annotated[
        str,
        typer.Option(help="One paper: an id, a DOI, an arXiv id, a citation key, the beginning of an id, or a title."),
    ] = "",
    length: Annotated[Length, typer.Option(help="Number of themes, and how much of each.")] = "medium",
    withheld: Withheld = False,
    bundle: Bundle = None,
    as_json: AsJson = False,
) -> None:
    """Summarise the papers that match: themes with proved sentences, years, people, and what changed."""
    _check_bundle(bundle)
    with open_workspace(context) as opened:
        stream = opened.summarize(topic=topic, paper=paper, length=length, filter=filters)
        render.warn_waiting(opened.waiting_count())
        if several := several_people_note(opened.library, filters.author):
            render.message(several, "yellow")
        answer = _print_answer(opened, stream, as_json, withheld, bundle)
    if answer.refused:
        raise typer.Exit(1)


@app.command()
def chat(context: typer.Context) -> None:
    """Chat in the terminal. An empty line or Ctrl-D ends the chat; Ctrl-C stops an answer."""
    history: list[Turn] = []
    with open_workspace(context) as opened:
        opened.warm_up()
        opened.catch_up()
        count = opened.library.count()
        render.message(f"{count:,} papers in {opened.settings.library}. Ask a question; an empty line ends.", "dim")
        while question := _read_question():
            try:
                history.append(render.follow(opened.ask(question, history)).turn())
            except QuestionError as error:
                render.message(str(error), "red")


@app.command()
def version() -> None:
    """Print the version."""
    from assistant.settings import PROGRAM_VERSION

    print(PROGRAM_VERSION)


def main() -> None:
    """Run the command line: 0 ok, 1 an error that a person can correct, 2 wrong usage, 130 interrupted."""
    _exit(run(None))


def run(arguments: Sequence[str] | None, program: str | None = None) -> int:
    """Run a command line, this process's own unless it is given, and return its exit code."""
    try:
        app(arguments, program, standalone_mode=True)
    except AssistantError as error:
        render.message(str(error), "red")
        return 2 if isinstance(error, UsageError) else 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        render.message(
            f"There is no room for what is to be written ({error.strerror}). Make room, and do it again.", "red"
        )
        return 1
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 0 if exit_.code is None else 1
    return 0


def _exit(code: int) -> NoReturn:
    """End the program; at once while a model is still loading: joining its thread would abort the interpreter."""
    if any(thread.name == "model" and thread.is_alive() for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _questions(text: str, file: Path | None, name: str) -> list[question_files.Question]:
    """Return the one question, or the file's, before anything is opened or loaded. Raises UsageError, QuestionError."""
    if bool(text.strip()) == bool(file):
        raise UsageError(f"Give either {name} or --from FILE{', not both' if file else ''}.")
    if file:
        return question_files.read(file)
    from assistant.answering import check_question

    return [question_files.Question("1", check_question(text), (), {})]


def _check_bundle(folder: Path | None) -> None:
    """Raise an error where a bundle cannot be written, before anything is opened or loaded."""
    if folder:
        from assistant.export import bundles

        bundles.check_folder(folder)


def _print_answer(
    opened: Workspace, stream: AnswerStream, as_json: bool, withheld: bool, bundle: Path | None
) -> Answer:
    """Print an answer, as it is written or as JSON, and save it as a bundle where a folder is given."""
    answer = stream.answer() if as_json else render.follow(stream, withheld)
    if as_json:
        render.show_json(answer.to_json())
    if bundle:
        opened.save_bundle(answer, bundle)
        render.message(f"The answer and its evidence are in {bundle}; `assistant verify {bundle}` checks them.", "dim")
    return answer


def _choose_author(name: str, find: Callable[[str], Sequence[AuthorCandidate]], as_json: bool) -> str:
    """Return the id of the author the user means; "" where nobody can be asked or nothing was found."""
    if as_json or not sys.stdin.isatty():
        return ""
    try:
        candidates = find(name)
    except RemoteError:  # reported when the papers are fetched
        return ""
    if len(candidates) < 2:
        return candidates[0].id if candidates else ""
    rows = (
        (str(number), one.name, f"{one.works:,}", one.affiliation, one.orcid, one.id)
        for number, one in enumerate(candidates, 1)
    )
    render.show_table(("", "name", "works", "affiliation", "ORCID", "id"), rows, console=render.stderr)
    number: int = typer.prompt("Which one", type=click.IntRange(1, len(candidates)), err=True)
    return candidates[number - 1].id


def _read_question() -> str:
    try:
        return input("> ").strip()
    except (EOFError, KeyboardInterrupt):
        return ""
