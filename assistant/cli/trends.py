"""The command that shows how themes and terms come and go in the papers that are meant."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.options import (
    AsJson,
    Author,
    Category,
    HasCode,
    Since,
    Source,
    Topic,
    Until,
    Year,
    open_workspace,
    paper_filter,
)
from assistant.errors import UsageError
from assistant.types import PaperFilter, Passage

if TYPE_CHECKING:
    from assistant.analysis.trends import Course, Trends
    from assistant.library import Library

app = typer.Typer()

_PERIODS = 4
"""Periods that the table has room for, the newest."""


class PerTime(Enum):
    """How long a period is."""

    year = "year"
    month = "month"


@app.command()
def trends(
    context: typer.Context,
    author: Author = "",
    topic: Topic = "",
    year: Year = None,
    since: Since = None,
    until: Until = None,
    category: Category = "",
    code: HasCode = None,
    source: Source = "",
    by: Annotated[PerTime, typer.Option(help="Count by year or by month.")] = PerTime.year,
    plot: Annotated[
        list[Path] | None, typer.Option(help="Draw plots into this file, .png or .html. Can be given several times.")
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="Let the chat model name the themes; minutes on a CPU.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the papers are about and how that changes, with numbers; rising and falling only where it is sure."""
    from assistant import settings
    from assistant.analysis import charts
    from assistant.analysis import trends as found_trends
    from assistant.catalogue import paper_counts
    from assistant.cli import console
    from assistant.library import Library
    from assistant.text import several_people

    chosen = paper_filter(author, year, since, until, category, code, source)
    for file in plot or ():
        charts.check_ending(file)
        if not file.parent.is_dir():
            raise UsageError(f"There is no folder {file.parent}. Make it, or name another file for the plot.")
    with closing(Library(settings.load(**context.obj).library)) as library:
        meant, note, about = _about(context, library, topic, chosen)
        with library.transaction() as connection:
            people = paper_counts.named(connection, author) if author else []
        called = {author: people[0].name} if len(people) == 1 else {}
        selected = f"{found_trends.selected_in_words(replace(meant, among=chosen.among), called)}{about}"
        with nullcontext(lambda _: None) if as_json else console.progress_bar() as listen:
            found = found_trends.find(library, meant, by.value, selected, on_progress=listen)
        notes = [f"{note[:1].upper()}{note[1:]}."] if note else []
        if len(people) > 1:
            notes.append(several_people(author, len(people)))
        found = replace(found, remarks=(*notes, *found.remarks))
        if names and found.themes:
            found = _named(context, library, meant, found)
        for file in plot or () if found.total else ():
            charts.write(found, library, file, meant)
            console.remark(f"Plots are in {file}.")
    if as_json:
        console.show_json(found.to_json())
    else:
        _show(found)
    if plot and not found.total:
        raise typer.Exit(1)


def _about(context: typer.Context, library: Library, topic: str, chosen: PaperFilter) -> tuple[PaperFilter, str, str]:
    """Return the papers about a topic; where meaning chose them, how, and the topic in words."""
    from assistant.search import topics
    from assistant.text import plain

    def search(text: str, limit: int, among: PaperFilter) -> Sequence[Passage]:
        with open_workspace(context) as opened:  # only now: reading needs no lock, and no model
            opened.embed_few()
            return opened.assistant.retriever.search(text, limit, among)

    selected = topics.select(library, topic, chosen, search)
    return selected.chosen, selected.note, f" near to “{plain(topic)}”" if selected.note else ""


def _named(context: typer.Context, library: Library, chosen: PaperFilter, found: Trends) -> Trends:
    """Let the chat model name the themes that have no name. Ctrl-C ends that; what was named by then stays."""
    from assistant import wiring
    from assistant.analysis import trends as found_trends
    from assistant.analysis.themes import kept_themes, theme_names
    from assistant.cli import console
    from assistant.settings import load

    wiring.quiet_environment()
    stop = threading.Event()
    scope = kept_themes.scope_of(chosen)
    with console.progress_bar() as listen:
        model = wiring.load_language_model(load(**context.obj))
        return found_trends.named(found, theme_names.name(library, scope, found.found, model, stop, listen))


def _show(found: Trends) -> None:
    """Print what was found: figures as a table, then what can be said, each with the numbers of papers that show it."""
    from assistant.analysis import trends as found_trends
    from assistant.cli import console

    if not found.total:
        for remark in found.remarks:
            console.remark(remark, "yellow")
        return
    shown = found_trends.shown_themes(found.themes)
    console.stdout.print(console.plain(found_trends.heading(found), "bold"))
    console.stdout.print(console.plain(found_trends.publications_in_words(found)))
    for verdict in found_trends.verdicts(found):
        console.stdout.print(console.plain(verdict))
    if shown:
        _show_shares(shown, found)
    numbers = {each.paper_id: each.number for each in found.exemplars}
    for title, courses in (("Themes", shown), ("Terms that tell the change, in title or abstract", found.terms)):
        if courses:
            console.stdout.print()
            console.stdout.print(console.plain(title, "bold"))
        for each in courses:
            console.stdout.print(console.plain(f"  {found_trends.statement(each, numbers)}"))
    console.stdout.print()
    cited = {paper_id for each in (*shown, *found.terms) for paper_id in each.exemplars}
    for exemplar in found.exemplars:
        if exemplar.paper_id in cited:
            console.stdout.print(console.plain(f"  {found_trends.reference(exemplar)}", "dim"))
    for remark in found.remarks:
        console.remark(remark, "dim")
    if len(shown) < len(found.themes):
        console.remark(f"{len(shown)} of {len(found.themes)} themes are shown; --json has all.", "dim")


def _show_shares(shown: Sequence[Course], found: Trends) -> None:
    """Print how many papers each theme has in the newest periods, with their share and its interval."""
    from rich.table import Table

    from assistant.analysis.trends import percent
    from assistant.cli import console
    from assistant.text import plain

    periods = [period for period, papers in found.publications if papers][-_PERIODS:]
    table = Table("theme", "papers", *periods, "share", box=None, pad_edge=False)
    for each in shown:
        by_period = {share.period: share for share in each.shares}
        cells = [
            f"{share.count:,}: {percent(share.share)} ({percent(share.low)} to {percent(share.high)})"
            for share in (by_period[period] for period in periods)
        ]
        table.add_row(
            console.plain(plain(each.label)),
            f"{len(each.paper_ids):,}",
            *cells,
            "" if each.change == "unclear" else each.change,
        )
    console.stdout.print()
    console.stdout.print(table)
