"""Commands that export papers and verify answer bundles."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from assistant.cli import render
from assistant.cli.options import AsJson, Topic, open_library, with_filters
from assistant.errors import UsageError
from assistant.text import counted
from assistant.types import PaperFilter

if TYPE_CHECKING:
    from assistant.library import Library

app = typer.Typer()


@app.command()
@with_filters
def export(
    context: typer.Context,
    format_: Annotated[
        Literal["bibtex", "ris", "csl-json", "csv", "jsonl", "markdown"] | None,
        typer.Option("--format", help="Format. Default: what the file's ending stands for."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write. Default: stdout.")] = None,
    *,
    filters: PaperFilter,
    topic: Topic = "",
) -> None:
    """Write papers as BibTeX, RIS, CSL-JSON, CSV, JSON Lines or Markdown; all but the last can be added again whole."""
    from assistant import export as exporting
    from assistant.search import topics

    format_name = exporting.format_for(format_ or "", output)
    with open_library(context) as library:
        selected = topics.select(library, topic, filters)
        count = library.count(selected.filter)
        if not count:
            render.message("No paper matches, so nothing was written. `assistant papers` lists what there is.", "red")
            raise typer.Exit(1)
        pieces = exporting.text(exporting.stream(library, selected.filter), format_name)
        if output:
            exporting.save(pieces, output)
        else:
            sys.stdout.writelines(pieces)
            sys.stdout.flush()
    render.message(f"{counted(count, 'paper')} written{f' to {output}' if output else ''}.")


@app.command()
def verify(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder that `ask --bundle` has written.")],
    alone: Annotated[bool, typer.Option("--alone", help="Check the bundle by itself, against no library.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the files, quotations and numbers of an answer bundle without a model; say what does not hold any more."""
    from assistant.export import bundles

    with nullcontext() if alone else _library(context) as library:
        report = bundles.verify(folder, library)
    if as_json:
        render.show_json(report.to_json())
    else:
        for check in report.checks:
            mark = "✓" if check.holds else "✗"
            render.line(f"{mark} {check.name}: {check.found}", wrap=False)
            for failure in check.failures:
                render.line(f"    {failure}", "red", wrap=False)
            if check.not_checked:
                render.line(f"    Not checked: {check.not_checked}.", "dim", wrap=False)
        if library is None:
            render.line("- library: Not checked: no library was looked into.", wrap=False)
        render.message("All of it holds." if report.holds else "Not all of it holds.")
    if not report.holds:
        raise typer.Exit(1)


def _library(context: typer.Context) -> AbstractContextManager[Library | None]:
    """Open the library to check against: the one named, else the usual one if there is one."""
    from assistant import settings
    from assistant.library import FILE_NAME

    folder = settings.load(**context.obj).library
    if (folder / FILE_NAME).is_file():
        return open_library(context)
    if context.obj.get("library"):
        raise UsageError(f"There is no library in {folder}. Name another, or give --alone.")
    return nullcontext()
