"""Command watch: folders and a running Zotero, of which what is new or changed is added."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from assistant.cli import render
from assistant.cli.options import AsJson, load_settings, open_here, open_library
from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.ingestion.watching import Event
    from assistant.workspace import Workspace

app = typer.Typer()


@app.command()
def watch(
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(help="Folders; or zotero, the running Zotero (zotero:collection/NAME, as for `add`)."),
    ],
    recursive: Annotated[bool, typer.Option("--recursive/--no-recursive", "-r", help="Include subfolders.")] = True,
    column: Annotated[
        list[str] | None, typer.Option(help="Column of a CSV file for a field, as title=Titel. May be repeated.")
    ] = None,
    every: Annotated[
        float,
        typer.Option(
            min=1, help="Seconds after which the folders are looked through: for drives that tell no changes."
        ),
    ] = 600,
    once: Annotated[
        bool, typer.Option("--once", help="Add what is new or changed now, and end: with 1 where a place is not there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add what is new or changed in folders, or in Zotero, until Ctrl-C. Nothing is removed; the library stays free."""
    from assistant import ingestion, wiring
    from assistant.ingestion import watched_folders, watching
    from assistant.library import files_read, origins_read

    settings = load_settings(context)
    columns = ingestion.parse_columns(column or ())
    given = ingestion.parse_sources(sources)
    folders = [source for source in given if isinstance(source, Path)]
    references = [source for source in given if not isinstance(source, Path)]
    others = [*(folder for folder in folders if folder.is_file()), *(one for one in references if one.kind != "zotero")]
    for each in others:
        raise UsageError(f"{each} cannot be watched: folders can, and zotero. `assistant add {each}` adds it once.")
    services = wiring.services(settings)
    places: list[watching.Watched] = []
    with open_library(context, may_make=True) as library:
        if folders:
            places.append(
                watched_folders.WatchedFolders(
                    folders,
                    partial(files_read.below, library),
                    own=settings.library,
                    recursive=recursive,
                    columns=columns,
                    every=every,
                )
            )
        for reference in references:
            noted = partial(origins_read.state, origin=str(reference))
            state = partial(ingestion.zotero_state, reference, services)
            places.append(watching.WatchedReference(reference, state, noted, noted(library)))

    away = set[str]()

    def listen(event: Event) -> None:
        if event.kind == "away":
            away.add(event.source)
        render.show(as_json, event.to_json, lambda: _show(event))

    watcher = watching.Watcher(places, partial(open_here, settings), listen)
    with render.stopped_by(watcher.stop, signal.SIGINT, signal.SIGTERM):
        watcher.run(once=once)
    if once and away:
        raise typer.Exit(1)


@contextmanager
def watching_beside(opened: Workspace, folders: Sequence[Path]) -> Iterator[None]:
    """Watch folders in the background for as long as a workspace is open that serves something else."""
    from assistant.ingestion import watched_folders, watching
    from assistant.library import files_read

    if not folders:
        yield
        return
    library = opened.library
    places = watched_folders.WatchedFolders(
        folders, lambda folder: files_read.below(library, folder), own=library.folder
    )
    console = Console(file=sys.stdout)  # a command of another shell may have the streams when something is found
    watcher = watching.Watcher([places], lambda: nullcontext(opened), lambda event: _show(event, console))
    thread = threading.Thread(target=watcher.run, name="watching", daemon=True)
    thread.start()
    try:
        yield
    finally:
        watcher.stop()
        thread.join()


def _show(event: Event, console: Console | None = None) -> None:
    is_odd = event.kind in ("problem", "away", "gone", "waiting")
    message = " ".join(event.message.splitlines())  # a name may have line feeds
    text = render.safe(f"{event.time[11:]} {message}", "yellow" if is_odd else "")
    (console or render.stdout).print(text, soft_wrap=True)
