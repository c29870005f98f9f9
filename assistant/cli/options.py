"""Options that several commands share, and what they amount to."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.errors import UsageError
from assistant.types import PaperFilter

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from assistant.workspace import Workspace

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Author = Annotated[str, typer.Option(help="Only papers of this author.")]
Year = Annotated[int | None, typer.Option(help="Only papers of this year.")]
Since = Annotated[int | None, typer.Option(help="Only papers of this year or later.")]
Until = Annotated[int | None, typer.Option(help="Only papers of this year or earlier.")]
Category = Annotated[str, typer.Option(help="Only papers of this category, such as CL.")]
HasCode = Annotated[bool | None, typer.Option("--code/--no-code", help="Only papers with (without) released code.")]
Source = Annotated[str, typer.Option(help="Only papers from this file, by path or name, or from this reference.")]
Topic = Annotated[str, typer.Option(help="Only papers about this; words that title or abstract hold, if any do.")]
Withheld = Annotated[bool, typer.Option("--withheld", help="Show the sentences, too, that no abstract supports.")]
Bundle = Annotated[
    Path | None, typer.Option(help="Keep the answer with its evidence in this folder, for `assistant verify`.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


class Kind(Enum):
    """How a question may be read: kinds of a plan."""

    catalogue = "catalogue"
    passages = "passages"
    comparison = "comparison"
    synthesis = "synthesis"


def paper_filter(
    author: str,
    year: int | None,
    since: int | None,
    until: int | None,
    category: str,
    code: bool | None,
    source: str = "",
) -> PaperFilter:
    """Return the filter that the options make. Raises UsageError where they exclude each other."""
    if year is not None and (since is not None or until is not None):
        raise UsageError("Give either --year or --since and --until, not both.")
    if since is not None and until is not None and since > until:
        raise UsageError(f"--since {since} is later than --until {until}. Give the earlier year first.")
    return PaperFilter(
        author, year if year is not None else since, year if year is not None else until, category, code, source
    )


def open_workspace(context: typer.Context) -> AbstractContextManager[Workspace]:
    """Open the library that the program's options name, with everything that works on it."""
    from assistant import settings, wiring

    wiring.quiet_environment()
    from assistant.workspace import Workspace

    return Workspace(settings.load(**context.obj))
