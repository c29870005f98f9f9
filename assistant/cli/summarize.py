"""The command that summarises: an author, a topic, one paper, or the whole library."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from assistant.cli.options import (
    AsJson,
    Author,
    Bundle,
    Category,
    HasCode,
    Since,
    Source,
    Topic,
    Until,
    Withheld,
    Year,
    open_workspace,
    paper_filter,
)
from assistant.errors import UsageError
from assistant.text import several_people
from assistant.types import Length, PaperFilter, Plan

app = typer.Typer()


class HowLong(Enum):
    """How long a summary is to be."""

    short = "short"
    medium = "medium"
    long = "long"


@app.command()
def summarize(
    context: typer.Context,
    author: Author = "",
    topic: Topic = "",
    paper: Annotated[
        str, typer.Option(help="One paper: an id, a DOI, an arXiv id, the beginning of an id, or a whole title.")
    ] = "",
    year: Year = None,
    since: Since = None,
    until: Until = None,
    category: Category = "",
    code: HasCode = None,
    source: Source = "",
    length: Annotated[HowLong, typer.Option(help="How many themes, and how much of each.")] = HowLong.medium,
    withheld: Withheld = False,
    bundle: Bundle = None,
    as_json: AsJson = False,
) -> None:
    """Summarise every paper that is meant: its themes with proved sentences, its years, its people, what changed."""
    from assistant.catalogue import paper_counts
    from assistant.cli import console
    from assistant.export import bundles
    from assistant.library import curation

    chosen = paper_filter(author, year, since, until, category, code, source)
    if paper and (topic or not chosen.is_empty):
        raise UsageError("Give either --paper, or filters and --topic: a paper is summarised by itself.")
    if bundle:
        bundles.check_folder(bundle)
    with open_workspace(context) as opened:
        opened.embed_few()
        assistant = opened.assistant
        console.say_waiting(opened.waiting_count())
        with opened.library.transaction() as connection:
            people = paper_counts.named(connection, author) if author else []
        if len(people) > 1:
            console.remark(several_people(author, len(people)), "yellow")
        named = (curation.named(opened.library, paper),) if paper else ()
        question = _question(author, topic, named[0].title if named else "")
        ids = tuple(found.id for found in named)
        plan = Plan(question, question, chosen, "synthesis", papers=ids, topic=topic, length=_length(length))
        stream = assistant.ask(question, plan=assistant.planner.restricted(plan, PaperFilter()))
        answer = stream.answer() if as_json else console.follow(stream, withheld)
        if bundle:
            opened.save_bundle(answer, bundle)
            console.say_kept(bundle)
    if as_json:
        console.show_json(answer.to_json())
    if answer.refused:
        raise typer.Exit(1)


def _length(length: HowLong) -> Length:
    return length.value


def _question(author: str, topic: str, title: str) -> str:
    """Return what is asked, as a person would ask it."""
    if title:
        return f"Summarise “{title}”."
    about = f" about {topic}" if topic else ""
    return f"Summarise the papers{f' by {author}' if author else ''}{about}."
