"""The command line: parse, call, print."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant import __version__, model_commands, questions
from assistant.errors import AssistantError, QuestionError, UsageError
from assistant.types import PaperFilter, Turn

if TYPE_CHECKING:
    from assistant.wiring import Workspace

app = typer.Typer(
    help="A research assistant over paper abstracts that proves what it says, on your own machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(model_commands.app, name="models")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Author = Annotated[str, typer.Option(help="Only papers of this author.")]
Year = Annotated[int | None, typer.Option(help="Only papers of this year.")]
Since = Annotated[int | None, typer.Option(help="Only papers of this year or later.")]
Until = Annotated[int | None, typer.Option(help="Only papers of this year or earlier.")]
Category = Annotated[str, typer.Option(help="Only papers of this category, such as CL.")]
HasCode = Annotated[bool | None, typer.Option("--code/--no-code", help="Only papers with (without) released code.")]


@app.callback()
def _settings(
    context: typer.Context,
    library: Annotated[Path | None, typer.Option(help="Folder of the library.")] = None,
    model: Annotated[str | None, typer.Option(help="Chat model: a known name, a folder or a hub id.")] = None,
    embedder: Annotated[str | None, typer.Option(help="Embedding model: a known name, a folder or a hub id.")] = None,
) -> None:
    context.obj = {"library": library, "model": model, "embedder": embedder}


@contextmanager
def _workspace(context: typer.Context) -> Iterator[Workspace]:
    from assistant import settings, wiring

    wiring.quiet_environment()
    with wiring.Workspace(settings.load(**context.obj)) as workspace:
        yield workspace


@app.command()
def add(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders with everything below them.")],
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Date of an author page, for its dates without a year. Default: today."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add papers: author pages, BibTeX and JSON Lines files. Adding twice changes nothing."""
    from assistant import console

    with _workspace(context) as workspace, console.progress_bar() as listen:
        report = workspace.add(paths, as_of=as_of.date() if as_of else None, on_progress=listen)
    console.show_notices(report)
    if as_json:
        console.show_json(report.to_json())
    else:
        console.show_report(report)
    if report.failed and not (report.added or report.updated or report.unchanged):
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
    as_json: AsJson = False,
) -> None:
    """Answer a question, or every question of a file, from the abstracts in the library."""
    from assistant import console

    asked = _asked(question, file, "QUESTION")
    chosen = _filter(author, year, since, until, category, code)
    with _workspace(context) as workspace:
        assistant = workspace.assistant
        workspace.warm_up()
        if file:
            for line in asked:
                answer = assistant.ask_after(line.text, line.history, chosen, line.id)
                if as_json:
                    console.show_json(answer.to_json())
                else:
                    console.show_answer(answer)
        elif as_json:
            console.show_json(assistant.ask(question, chosen=chosen).answer().to_json())
        else:
            console.follow(assistant.ask(question, chosen=chosen))


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
    as_json: AsJson = False,
) -> None:
    """Find papers, without an answer."""
    from assistant import console

    asked = _asked(query, file, "QUERY")
    chosen = _filter(author, year, since, until, category, code)
    with _workspace(context) as workspace:
        retriever, library = workspace.assistant.retriever, workspace.library
        for line in asked:
            passages = retriever.search(line.text, limit, chosen)
            papers = library.papers_by_id([passage.paper_id for passage in passages])
            if trec:
                own_ids = library.own_ids([paper.id for paper in papers])
                console.show_trec(line.id, passages, [own_ids[paper.id] or (paper.id,) for paper in papers])
            elif as_json:
                results = [console.passage_json(*pair) for pair in zip(passages, papers, strict=True)]
                console.show_json({"id": line.id, "results": results} if file else results)
            else:
                console.show_passages(passages, papers)


@app.command()
def papers(
    context: typer.Context,
    author: Author = "",
    year: Year = None,
    since: Since = None,
    until: Until = None,
    category: Category = "",
    code: HasCode = None,
    as_json: AsJson = False,
) -> None:
    """List the papers in the library."""
    from assistant import console, settings
    from assistant.library import Library

    chosen = _filter(author, year, since, until, category, code)
    library = Library(settings.load(**context.obj).library)
    found = library.papers(chosen)
    if as_json:
        console.show_json([console.paper_json(paper) for paper in found])
    else:
        console.show_papers(found, library.profiles() if chosen.is_empty else ())
    library.close()


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 7860,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    sample: Annotated[bool, typer.Option(help="Add the sample library when the library is empty.")] = False,
) -> None:
    """Serve the web page."""
    from assistant import console

    with _workspace(context) as workspace:
        from assistant.ui.app import serve as serve_page

        if sample and not workspace.library.count():
            with console.progress_bar() as listen:
                console.show_report(workspace.add_sample(listen))
        workspace.warm_up()
        serve_page(workspace, host, port, on_ready=lambda url: _announce(url, open_page))


@app.command()
def chat(context: typer.Context) -> None:
    """Talk in the terminal. An empty line or Ctrl-D ends it; Ctrl-C stops an answer."""
    from assistant import console

    history: list[Turn] = []
    with _workspace(context) as workspace:
        workspace.warm_up()
        count = workspace.library.count()
        console.remark(f"{count:,} papers in {workspace.settings.library}. Ask; an empty line ends.", "dim")
        while question := _read_question():
            try:
                history.append(console.follow(workspace.assistant.ask(question, history)).turn())
            except QuestionError as error:
                console.remark(str(error), "red")


@app.command()
def reindex(context: typer.Context) -> None:
    """Make every vector anew, with the present embedding model."""
    from assistant import console

    with _workspace(context) as workspace, console.progress_bar() as listen:
        done = workspace.reindex(listen)
    console.remark(f"{done:,} papers have new vectors.")


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


def main() -> None:
    """Run the command line: 0 ok, 1 an error that a person can mend, 2 wrong usage, 130 interrupted."""
    try:
        app(standalone_mode=True)
    except AssistantError as error:
        from assistant import console

        console.remark(str(error), "red")
        sys.exit(2 if isinstance(error, UsageError) else 1)


def _filter(
    author: str, year: int | None, since: int | None, until: int | None, category: str, code: bool | None
) -> PaperFilter:
    if year is not None and (since is not None or until is not None):
        raise UsageError("Give either --year or --since and --until, not both.")
    return PaperFilter(author, year if year is not None else since, year if year is not None else until, category, code)


def _asked(text: str, file: Path | None, name: str) -> list[questions.Question]:
    """Return the one question, or the file's, before anything is opened or loaded. Raises UsageError, QuestionError."""
    if bool(text.strip()) == bool(file):
        raise UsageError(f"Give either {name} or --from FILE; {'both are' if file else 'neither is'} there.")
    if file:
        return questions.read(file)
    from assistant.answering import check_question

    return [questions.Question("1", check_question(text), (), {})]


def _read_question() -> str:
    try:
        return input("> ").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


def _announce(url: str, open_page: bool) -> None:
    from assistant import console

    console.remark(f"The page is at {url} (Ctrl-C ends it).")
    if open_page:
        webbrowser.open(url)
