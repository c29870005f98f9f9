"""Conversation commands: `assistant conversations ...`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from assistant.cli import render
from assistant.cli.options import AsJson, open_library
from assistant.text import counted

if TYPE_CHECKING:
    from assistant.library import Conversations, SavedTurn

app = typer.Typer(help="List the conversations of the page, show and export them, and take back what was removed.")

ConversationName = Annotated[str, typer.Argument(help="An id, the beginning of one, or a whole title.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write. Default: stdout.")]

_SHOWN_ID = 8
"""Characters of an id that a list shows."""


@app.command("list")
def list_conversations(
    context: typer.Context,
    words: Annotated[str, typer.Argument(help="Words that stand in title, questions or answers.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Number of conversations at most.")] = 50,
    removed: Annotated[bool, typer.Option("--removed", help="Those that were removed in the last 30 days.")] = False,
    as_json: AsJson = False,
) -> None:
    """List conversations, the one that changed last first."""
    with _open(context) as conversations:
        found, total = conversations.listed(words, limit, removed=removed), conversations.count(words, removed=removed)
    rows = [
        (each.id[:_SHOWN_ID], each.changed[:16].replace("T", " "), counted(each.turns, "question"), each.title)
        for each in found
    ]
    render.show(
        as_json,
        lambda: [asdict(each) for each in found],
        lambda: render.show_table(("id", "changed (UTC)", "", "title"), rows),
    )
    if len(found) < total:
        render.message(f"{len(found):,} of {total:,} conversations; --limit shows more.")


@app.command()
def show(context: typer.Context, conversation: ConversationName, as_json: AsJson = False) -> None:
    """Show the questions and answers of a conversation, on the branch that was shown last."""
    with _open(context) as conversations:
        turns = conversations.path(conversations.named(conversation).id)
    render.show(as_json, lambda: [_turn_json(turn) for turn in turns], lambda: _show(turns))


@app.command()
def export(
    context: typer.Context,
    conversation: ConversationName,
    output: Output = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Write the page and a bundle of each answer to this folder instead.")
    ] = None,
) -> None:
    """Write a conversation as Markdown, with the sources of each answer."""
    from assistant.export import conversations as exporting
    from assistant.library import Conversations

    with open_library(context) as library:
        conversations = Conversations(library)
        found = conversations.named(conversation)
        turns = conversations.path(found.id)
        if bundle:
            for problem in exporting.write_bundles(found.title, turns, library, bundle):
                render.message(f"Without a bundle: {problem}", "yellow")
            render.message(f"The conversation is in {bundle}; `assistant verify` checks each folder in it.")
            return
    _write([exporting.page(found.title, turns)], output)


@app.command()
def rename(
    context: typer.Context, conversation: ConversationName, title: Annotated[str, typer.Argument(help="The new title.")]
) -> None:
    """Give a conversation another title."""
    with _open(context) as conversations:
        found = conversations.named(conversation)
        conversations.rename(found.id, title)
    render.message(f"“{found.title}” is renamed.")


@app.command()
def remove(context: typer.Context, conversation: ConversationName) -> None:
    """Remove a conversation; for 30 days `restore` brings it back."""
    with _open(context) as conversations:
        found = conversations.named(conversation)
        conversations.remove(found.id)
    render.message(
        f"“{found.title}” is removed. `assistant conversations restore {found.id[:_SHOWN_ID]}` brings it back."
    )


@app.command()
def restore(context: typer.Context, conversation: ConversationName) -> None:
    """Bring a removed conversation back."""
    with _open(context) as conversations:
        found = conversations.named(conversation)
        conversations.restore(found.id)
    render.message(f"“{found.title}” is back.")


@app.command()
def rated(
    context: typer.Context,
    output: Output = None,
    only: Annotated[
        Literal["up", "down"] | None, typer.Option(help="Thumbs up, which `evaluate` can score as they are, or down.")
    ] = None,
) -> None:
    """Write rated answers as questions for `assistant evaluate`: what a thumb up praises is expected again.

    A thumb down comes with what was said and remarked; write a label into its line before it is scored.
    """
    from assistant.export import conversations as exporting

    with _open(context) as conversations:
        wanted = {None: (1, -1), "up": (1,), "down": (-1,)}[only]
        found = [each for each in conversations.rated() if each.turn.rating in wanted]
    _write(exporting.evaluation_questions(found), output)
    render.message(f"{counted(len(found), 'rated answer')} written.")


@contextmanager
def _open(context: typer.Context) -> Iterator[Conversations]:
    from assistant.library import Conversations

    with open_library(context) as library:
        yield Conversations(library)


def _write(pieces: Iterable[str], output: Path | None) -> None:
    from assistant import export as exporting

    if output:
        exporting.save(pieces, output)
    else:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()


def _turn_json(turn: SavedTurn) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(json.dumps(asdict(turn)))
    return {**value, "answer": turn.answer.to_json() if turn.answer else None}


def _show(turns: Sequence[SavedTurn]) -> None:
    for turn in turns:
        of_several = f" ({turn.place} of {len(turn.siblings)})" if len(turn.siblings) > 1 else ""
        render.line(f"> {turn.question}{of_several}", "bold")
        if turn.answer:
            render.show_answer(turn.answer)
        else:
            render.line(turn.error or "This is still being answered.", "yellow")
            render.line(turn.draft, "dim")
        render.line("")
