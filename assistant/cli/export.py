"""Commands that export papers and verify answer bundles."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.options import AsJson, Author, Category, HasCode, Since, Source, Topic, Until, Year, paper_filter
from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.library import Library
    from assistant.types import Paper

app = typer.Typer()


class Format(Enum):
    """The formats that papers can be written in."""

    bibtex = "bibtex"
    ris = "ris"
    csl_json = "csl-json"
    csv = "csv"
    jsonl = "jsonl"
    markdown = "markdown"


@app.command()
def export(
    context: typer.Context,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Format. Default: what the file's ending stands for.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write. Default: stdout.")] = None,
    author: Author = "",
    topic: Topic = "",
    year: Year = None,
    since: Since = None,
    until: Until = None,
    category: Category = "",
    code: HasCode = None,
    source: Source = "",
) -> None:
    """Write papers as BibTeX, RIS, CSL-JSON, CSV, JSON Lines or Markdown; all but the last can be added again whole."""
    from assistant import export as exporting
    from assistant import settings
    from assistant.cli import render
    from assistant.library import Library
    from assistant.search import topics

    format_name = exporting.format_for(format_.value if format_ else "", output)
    filter = paper_filter(author, year, since, until, category, code, source)
    library = Library(settings.load(**context.obj).library)
    try:
        selected = topics.select(library, topic, filter)
        if not library.count(selected.filter):
            render.message("No paper passes, so nothing was written. `assistant papers` lists what there is.", "red")
            raise typer.Exit(1)
        counted = _Counted(exporting.stream(library, selected.filter))
        pieces = exporting.text(counted, format_name)
        if output:
            exporting.save(pieces, output)
        else:
            sys.stdout.writelines(pieces)
            sys.stdout.flush()
    finally:
        library.close()
    written = "1 paper" if counted.count == 1 else f"{counted.count:,} papers"
    render.message(f"{written} written{f' to {output}' if output else ''}.")


@app.command()
def verify(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder that `ask --bundle` has written.")],
    alone: Annotated[bool, typer.Option("--alone", help="Check the bundle by itself, against no library.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the files, quotations and numbers of an answer bundle without a model; say what does not hold any more."""
    from assistant.cli import render
    from assistant.export import bundles

    library = None if alone else _library(context)
    try:
        report = bundles.verify(folder, library)
    finally:
        if library:
            library.close()
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


def _library(context: typer.Context) -> Library | None:
    """Return the library to check against: the one named, else the usual one if there is one."""
    from assistant import settings
    from assistant.library import FILE_NAME, Library

    folder = settings.load(**context.obj).library
    if (folder / FILE_NAME).is_file():
        return Library(folder)
    if context.obj.get("library"):
        raise UsageError(f"There is no library in {folder}. Name another, or give --alone.")
    return None


class _Counted:
    """Papers that are counted as they pass."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self._papers = papers
        self.count = 0

    def __iter__(self) -> Iterator[Paper]:
        for paper in self._papers:
            self.count += 1
            yield paper
