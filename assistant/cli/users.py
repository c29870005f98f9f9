"""User commands: `assistant users ...`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from assistant.cli import render
from assistant.cli.options import AsJson, open_library
from assistant.text import counted

app = typer.Typer(help="Say who may use the page. Without users nobody logs in, and only this machine reaches it.")

Name = Annotated[str, typer.Argument(help="Name of the user.")]
FromStdin = Annotated[bool, typer.Option("--stdin", help="Read the password from the first line of standard input.")]


@app.command("add")
def add_user(
    context: typer.Context,
    name: Name,
    admin: Annotated[
        bool,
        typer.Option("--admin", help="May also delete papers, choose models and see the users; the first user may."),
    ] = False,
    stdin: FromStdin = False,
) -> None:
    """Add a user. The password is asked for."""
    from assistant.library import Users

    with open_library(context, may_make=True) as library:
        user = Users(library).add(name, _password(stdin), is_admin=admin)
    render.message(f"{user.name} may log in{', and is an administrator' if user.is_admin else ''}.")


@app.command("remove")
def remove_user(context: typer.Context, name: Name) -> None:
    """Remove a user and the conversations of that user, who is logged out at once."""
    from assistant.library import Users

    with open_library(context) as library:
        Users(library).remove(name)
        left = len(Users(library).all())
    render.message(f"{name} may log in no more. {counted(left, 'user')} left.")


@app.command("password")
def change_password(context: typer.Context, name: Name, stdin: FromStdin = False) -> None:
    """Change a password. Whoever is logged in with the old one is logged out."""
    from assistant.library import Users

    with open_library(context) as library:
        Users(library).set_password(name, _password(stdin))
    render.message(f"The password of {name} is changed.")


@app.command("token")
def make_token(context: typer.Context, name: Name) -> None:
    """Print a token with which a user's programs use the API. A new password ends it, or 30 days without use."""
    from assistant.library import Users

    with open_library(context) as library:
        token = Users(library).token(name)
    print(token)
    render.message("Keep it as you keep a password; it is shown this once. Send it as Authorization: Bearer TOKEN.")


@app.command("list")
def list_users(context: typer.Context, as_json: AsJson = False) -> None:
    """List the users."""
    from assistant.library import Users

    with open_library(context, may_make=True) as library:
        known = Users(library).all()
    rows = [(one.name, "yes" if one.is_admin else "", one.made, one.last_seen) for one in known]
    render.show(
        as_json,
        lambda: [asdict(one) for one in known],
        lambda: render.show_table(("name", "administrator", "added", "last seen"), rows),
    )


def _password(is_from_stdin: bool) -> str:
    if is_from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked
