"""Commands that serve: the page and commands of other shells, and MCP."""

from __future__ import annotations

import time
import webbrowser
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli import render, watch
from assistant.cli.options import load_settings, open_here, open_workspace
from assistant.errors import AssistantError, UsageError
from assistant.text import counted

if TYPE_CHECKING:
    from assistant.workspace import Workspace

app = typer.Typer()


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 7860,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    sample: Annotated[bool, typer.Option(help="Add the sample library when the library is empty.")] = False,
    root_path: Annotated[str, typer.Option(help="Prefix that a proxy puts before every address, as /assistant.")] = "",
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            help="Name under which browsers know the page behind a proxy, as papers.example.org. May be repeated."
        ),
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(help="Address of a proxy that is believed who asks, and whether by HTTPS. May be repeated."),
    ] = None,
    watched: Annotated[
        list[Path] | None,
        typer.Option("--watch", help="Folder whose new and changed files are added meanwhile. May be repeated."),
    ] = None,
    daemon: Annotated[
        bool, typer.Option("--daemon", help="Without the page, in the background: commands then start at once.")
    ] = False,
    status: Annotated[bool, typer.Option("--status", help="Only say whether a server of the library runs.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Only end the server of the library.")] = False,
) -> None:
    """Serve the web page, on this machine only or for the users of `assistant users`, and commands of other shells."""
    if daemon or status or stop:
        _check_alone(context)
        _manage_server(context, daemon, stop)
        return
    with open_workspace(context, is_served=True, may_make=True) as opened:
        from assistant.library import Users
        from assistant.ui import Reach
        from assistant.ui import serve as serve_page

        reach = Reach(host, root_path.rstrip("/"), tuple(allowed_host or ()), tuple(trusted_proxy or ()))
        reach.check(Users(opened.library).exist())

        addresses: list[str] = []

        def announce(url: str) -> None:
            addresses.append(url)
            render.message(f"The page is at {url} (Ctrl-C stops it).")
            if not (reach.is_local or reach.trusted_proxies):
                render.message(
                    "Passwords travel as they are typed unless a proxy with HTTPS is before it: see docs/serving.md.",
                    "yellow",
                )
            if open_page:
                webbrowser.open(url)

        if sample and not opened.library.count():
            with render.progress_bar() as listen:
                render.show_ingestion(opened.add_sample(listen))
        opened.warm_up()
        opened.catch_up()
        opened.read_ahead_when_idle()
        with watch.watching_beside(opened, watched or ()):
            serve_page(
                opened, host, port, on_ready=announce, reach=reach, beside=partial(_run_commands, opened, addresses)
            )


def _run_commands(opened: Workspace, pages: Sequence[str], goes_on: Callable[[], bool]) -> None:
    """Run commands of other shells while the page is served; where that cannot be, only say so."""
    from assistant.cli import main
    from assistant.cli.server import CommandServer

    try:
        server = CommandServer(opened, main.run, pages=pages)
    except AssistantError as error:
        render.message(f"{error} Only the page is served.", "yellow")
        while goes_on():
            time.sleep(1)
    else:
        server.serve(goes_on)


def _check_alone(context: typer.Context) -> None:
    """Raise UsageError where an option that only manages the server stands beside others, which it would ignore."""
    given = [
        f"--{name.replace('_', '-')}"
        for name in context.params
        if name != "open_page" and (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    ]
    if len(given) > 1:
        raise UsageError(
            f"{', '.join(given)}: give --daemon, --status or --stop alone; the other options are the page's."
        )


def _manage_server(context: typer.Context, daemon: bool, stop: bool) -> None:
    """Start or stop the server of a library, and say what runs."""
    from assistant.cli import client

    settings = load_settings(context)
    if daemon:
        from assistant.cli import server

        state = server.start(settings, context.obj)
    else:
        state = client.ask(settings.library, "status")
    if not state:
        render.message(f"No server of the library {settings.library} runs.")
        raise typer.Exit(1)
    if state["state"] == "silent":
        from assistant.library import holder

        raise AssistantError(
            f"The server of the library {settings.library} does not answer; {holder(settings.library)[0]} has it open. "
            "It may be stopped, as by Ctrl-Z, or hang: let it go on, or end that process."
        )
    if stop:
        if state["is_busy"]:
            render.message("The server ends after the command that it runs now.")
        if client.ask(settings.library, "stop", gently=False).get("state") == "silent":
            raise AssistantError(
                f"The server, process {state['process']}, does not answer any more. Look whether it ends."
            )
        render.message(f"The server, process {state['process']}, has ended.")
        return
    ends = f"ends {state['idle_minutes']:g} minutes after the last" if state["idle_minutes"] else "serves the page too"
    render.message(
        f"Commands for the library {settings.library} are run by process {state['process']} since {state['since']}, "
        f"{counted(state['commands'], 'command')} so far; it {ends}. `assistant serve --stop` ends it."
    )


@app.command()
def mcp(context: typer.Context) -> None:
    """Answer a program by the Model Context Protocol on stdin and stdout: questions, searches and counts, read-only."""
    loaded = load_settings(context)
    try:
        from assistant import mcp_server
    except ModuleNotFoundError as error:
        if error.name not in ("mcp", "mcp_types"):
            raise
        raise UsageError("The MCP server needs a package more: pip install 'abstract-assistant[mcp]'.") from error
    from assistant.cli import tool_calls

    mcp_server.serve(loaded, open_here, tool_calls.lent, partial(tool_calls.call_elsewhere, loaded))
