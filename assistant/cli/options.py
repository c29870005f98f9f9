"""Options and helpers that several commands share."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import SecretStr

from assistant.errors import LibraryLocked, UsageError
from assistant.text import several_people
from assistant.types import PaperFilter

if TYPE_CHECKING:
    from assistant.library import Library
    from assistant.settings import Settings
    from assistant.workspace import Workspace

_held: ContextVar[tuple[Workspace, Mapping[str, str]] | None] = ContextVar("held", default=None)
"""The workspace that commands work on in a server, and the `essentials` that it was opened with."""

_OWN = frozenset(("server", "idle_minutes", "read_ahead", "calls_per_minute", "upload_per_day"))
"""Settings of which each process has its own."""

_KEY = "the key in "

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Topic = Annotated[
    str, typer.Option(help="Only papers about this topic; by the words of title and abstract where possible.")
]


def paper_filter(
    author: Annotated[str, typer.Option(help="Only papers by this author.")] = "",
    year: Annotated[int | None, typer.Option(help="Only papers from this year.")] = None,
    since: Annotated[int | None, typer.Option(help="Only papers from this year or later.")] = None,
    until: Annotated[int | None, typer.Option(help="Only papers from this year or earlier.")] = None,
    category: Annotated[str, typer.Option(help="Only papers in this category, such as CL.")] = "",
    code: Annotated[
        bool | None, typer.Option("--code/--no-code", help="Only papers with (without) released code.")
    ] = None,
    abstract: Annotated[
        bool | None, typer.Option("--abstract/--no-abstract", help="Only papers with (without) an abstract.")
    ] = None,
    source: Annotated[
        str, typer.Option(help="Only papers from this file, by path or name, or from this reference.")
    ] = "",
    label: Annotated[
        list[str] | None, typer.Option(help="Only papers in this collection; given again, in all of them.")
    ] = None,
    without_label: Annotated[
        list[str] | None, typer.Option(help="Only papers that are not in this collection. May be repeated.")
    ] = None,
    added_since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only papers that were added on this day or later.")
    ] = None,
) -> PaperFilter:
    """Return the filter that the options describe. Raises UsageError where they exclude each other."""
    if year is not None and (since is not None or until is not None):
        raise UsageError("Give either --year or --since and --until, not both.")
    if since is not None and until is not None and since > until:
        raise UsageError(f"--since {since} is later than --until {until}. Give the earlier year first.")
    return PaperFilter(
        author,
        year if year is not None else since,
        year if year is not None else until,
        category,
        code,
        source,
        has_abstract=abstract,
        label=(label or [""])[0],
        with_labels=tuple((label or [])[1:]),
        without_labels=tuple(without_label or ()),
        added_since=added_since.date().isoformat() if added_since else "",
    )


def with_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `filter` in place of its parameter `filters`, a PaperFilter.

    An option that the command declares itself stays the command's own and does not filter.
    """
    signature = inspect.signature(command, eval_str=True)
    shared = inspect.signature(paper_filter, eval_str=True).parameters.values()
    options = [
        option.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for option in shared
        if option.name not in signature.parameters
    ]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        filters = paper_filter(**{option.name: values.pop(option.name) for option in options})
        if filters.labels and "context" in values:
            _check_labels(values["context"], filters.labels)
        command(filters=filters, **values)

    parameters = [
        each for own in signature.parameters.values() for each in (options if own.name == "filters" else [own])
    ]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run


def _check_labels(context: typer.Context, names: Sequence[str]) -> None:
    """Raise UsageError where no paper of the library is in a collection of one of these names."""
    from assistant.library import labels

    with open_library(context) as library, library.transaction() as connection:
        known = labels.known(connection, names)
    if unknown := next((name for name in names if name not in known), None):
        raise UsageError(labels.not_known(unknown))


def load_settings(context: typer.Context) -> Settings:
    """Return the settings for a command that may load models, whose libraries are told to be quiet before."""
    from assistant import settings, wiring

    wiring.quiet_environment()
    return settings.load(**context.obj)


class Elsewhere(Exception):
    """A command that was sent to a server has other settings than the server: its own process must run it."""


@contextmanager
def holding(opened: Workspace, held: Mapping[str, str]) -> Iterator[None]:
    """Have commands work meanwhile on a workspace that is open, where theirs are the `essentials` of its opening.

    Else they raise Elsewhere.
    """
    token = _held.set((opened, held))
    try:
        yield
    finally:
        _held.reset(token)


def essentials(settings: Settings) -> dict[str, str]:
    """Return what one process must have in common with another that works for it: settings, and the servers' keys.

    Keys are those that the environment holds just now.
    """
    said = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in settings
        if name not in _OWN
    }
    keys = {f"{_KEY}{name}": os.environ.get(name, "") for name in (settings.llm_key_env, settings.embed_key_env)}
    return said | {name: key for name, key in keys.items() if key}


def differing(asked: Mapping[str, str], held: Mapping[str, str]) -> list[str]:
    """Return in which of their `essentials` two processes differ; who has no key is content with the other's."""
    names = dict.fromkeys((*asked, *held))
    return [name for name in names if asked.get(name) != held.get(name) and (name in asked or _KEY not in name)]


def served(settings: Settings) -> Settings:
    """Return the settings of a server, which hold in any folder that a command is called from."""
    paths = ("library", "models", "sources", *(name for name in ("model", "embedder") if _is_path(settings, name)))
    return settings.model_copy(
        update={name: type(value)(Path(value).resolve()) for name in paths if (value := getattr(settings, name))}
    )


def _is_path(settings: Settings, name: str) -> bool:
    return bool(getattr(settings, name)) and Path(getattr(settings, name)).exists()


def open_workspace(
    context: typer.Context, *, is_served: bool = False, may_make: bool = False
) -> AbstractContextManager[Workspace]:
    """Open the library named on the command line with its index and models, for one process at a time.

    A server in the background gives way to it; one that runs the command lends its own. With `is_served` the settings
    are those of a server. Raises Elsewhere in a server that has other settings, and UsageError where there is no
    library, unless one `may_make` it.
    """
    loaded = load_settings(context)
    _check_is_there(loaded.library, may_make)
    if held := _held.get():
        workspace, essential = held
        if differing(essentials(served(loaded)), essential):
            raise Elsewhere
        return nullcontext(workspace)
    return open_here(served(loaded) if is_served else loaded)


def open_here(settings: Settings) -> Workspace:
    """Open a library in this process; a server in the background that is not busy gives way to it.

    Raises LibraryLocked, which says where the page is that has it, and of a server in which settings it differs.
    """
    from assistant.cli import client
    from assistant.workspace import Workspace

    client.ask(settings.library, "stop", gently=True)
    try:
        return Workspace(settings)
    except LibraryLocked as error:
        state = client.ask(settings.library, "status", essentials=essentials(served(settings)))
        page = "".join(f" Its page is at {each}." for each in state.get("pages", ()))
        names = ", ".join(state.get("differing", ()))
        shared = "It runs commands and answers MCP for those who have its settings, and yours differ in"
        raise LibraryLocked(f"{error}{page}{f' {shared} {names}.' if names else ''}") from error


def open_library(context: typer.Context, *, may_make: bool = False) -> AbstractContextManager[Library]:
    """Open the library named on the command line for reading, also while another process works on it.

    Raises UsageError where there is none, unless one `may_make` it.
    """
    from assistant import settings
    from assistant.library import Library

    folder = settings.load(**context.obj).library
    _check_is_there(folder, may_make)
    return closing(Library(folder))


def _check_is_there(folder: Path, may_make: bool) -> None:
    from assistant.library import is_there

    if not (may_make or is_there(folder)):
        raise UsageError(
            f"There is no library in {folder}. Check the folder's name; `assistant add FILE` makes a library there."
        )


def several_people_note(library: Library, author: str) -> str:
    """Return that the author of a filter may be several people of the library, "" where it is at most one."""
    from assistant.catalogue import paper_counts

    with library.transaction() as connection:
        people = paper_counts.named(connection, author) if author else []
    return several_people(author, len(people)) if len(people) > 1 else ""
