"""Trends command: themes and terms over time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from assistant.cli import render
from assistant.cli.options import AsJson, Topic, open_library, open_workspace, with_filters
from assistant.errors import UsageError
from assistant.text import plain, several_people
from assistant.types import PaperFilter, Passage

if TYPE_CHECKING:
    from assistant.analysis.trends import Trend, Trends
    from assistant.library import Library

app = typer.Typer()

_PERIODS = 4
"""Periods that the table has room for, the newest."""


@app.command()
@with_filters
def trends(
    context: typer.Context,
    *,
    filters: PaperFilter,
    topic: Topic = "",
    by: Annotated[Literal["year", "month"], typer.Option(help="Count by year or by month.")] = "year",
    plot: Annotated[
        list[Path] | None, typer.Option(help="Write charts to this file, .png or .html. May be repeated.")
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="Let the chat model name the themes; takes minutes on a CPU.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the themes of the papers and how they change, in numbers; rising or falling only where that is certain."""
    from assistant.analysis import charts
    from assistant.analysis import trends as found_trends
    from assistant.catalogue import paper_counts

    for file in plot or ():
        charts.check_ending(file)
        if not file.parent.is_dir():
            raise UsageError(f"There is no folder {file.parent}. Create it, or name another file for the charts.")
    author = filters.author
    with open_library(context) as library:
        meant, note, about = _about(context, library, topic, filters)
        with library.transaction() as connection:
            people = paper_counts.named(connection, author) if author else []
        called = {author: people[0].name} if len(people) == 1 else {}
        selected = f"{found_trends.selected_in_words(replace(meant, among=filters.among), called)}{about}"
        with nullcontext(lambda _: None) if as_json else render.progress_bar() as listen:
            found = found_trends.find(library, meant, by, selected, on_progress=listen)
        notes = [f"{note[:1].upper()}{note[1:]}."] if note else []
        if len(people) > 1:
            notes.append(several_people(author, len(people)))
        found = replace(found, remarks=(*notes, *found.remarks))
        if names and found.themes:
            found = _named(context, library, meant, found)
        for file in plot or () if found.total else ():
            charts.write(found, library, file, meant)
            render.message(f"Charts are in {file}.")
    render.show(as_json, found.to_json, lambda: _show(found))
    if plot and not found.total:
        raise typer.Exit(1)


def _about(context: typer.Context, library: Library, topic: str, filters: PaperFilter) -> tuple[PaperFilter, str, str]:
    """Return the papers about a topic; where meaning chose them, how, and the topic in words."""
    from assistant.search import topics

    def search(text: str, limit: int, among: PaperFilter) -> Sequence[Passage]:
        with open_workspace(context) as opened:  # only now: reading needs no lock, and no model
            opened.embed_few()
            opened.embed_few()
            return opened.assistant.retriever.search(text, limit, among)

    selected = topics.select(library, topic, filters, search)
    return selected.filter, selected.note, f" near to “{plain(topic)}”" if selected.note else ""


def _named(context: typer.Context, library: Library, filters: PaperFilter, found: Trends) -> Trends:
    """Let the chat model name the themes that have no name yet. Ctrl-C ends that; names found by then stay."""
    from assistant import settings, wiring
    from assistant.analysis import trends as found_trends
    from assistant.analysis.themes import saved_themes

    wiring.quiet_environment()
    scope = saved_themes.scope_of(filters)
    with render.progress_bar() as listen:
        model = wiring.load_language_model(settings.load(**context.obj))
        named = saved_themes.name_themes(library, scope, found.found, model, threading.Event(), listen)
        return found_trends.named(found, named)


def _show(found: Trends) -> None:
    """Print what was found: figures as a table, then statements, each with the numbers of papers that show it."""
    from assistant.analysis import trends as found_trends

    if not found.total:
        for remark in found.remarks:
            render.message(remark, "yellow")
        return
    shown = found_trends.shown_themes(found.themes)
    render.line(found_trends.heading(found), "bold")
    for text in (found_trends.publications_in_words(found), *found_trends.verdicts(found)):
        render.line(text)
    if shown:
        _show_shares(shown, found)
    numbers = {each.paper_id: each.number for each in found.exemplars}
    for title, courses in (("Themes", shown), ("Terms behind the changes, in title or abstract", found.terms)):
        if courses:
            render.line(f"\n{title}", "bold")
        for each in courses:
            render.line(f"  {found_trends.statement(each, numbers)}")
    render.line("")
    cited = {paper_id for each in (*shown, *found.terms) for paper_id in each.exemplars}
    for exemplar in found.exemplars:
        if exemplar.paper_id in cited:
            render.line(f"  {found_trends.reference(exemplar)}", "dim")
    for remark in found.remarks:
        render.message(remark, "dim")
    if len(shown) < len(found.themes):
        render.message(f"{len(shown)} of {len(found.themes)} themes are shown; --json has all.", "dim")


def _show_shares(shown: Sequence[Trend], found: Trends) -> None:
    """Print how many papers each theme has in the newest periods, with their share and its interval."""
    from assistant.analysis.trends import percent

    periods = [period for period, papers in found.publications if papers][-_PERIODS:]
    rows = []
    for each in shown:
        by_period = {share.period: share for share in each.shares}
        cells = (
            f"{share.count:,}: {percent(share.share)} ({percent(share.low)} to {percent(share.high)})"
            for share in (by_period[period] for period in periods)
        )
        change = "" if each.change == "unclear" else each.change
        rows.append((plain(each.label), f"{len(each.paper_ids):,}", *cells, change))
    render.line("")
    render.show_table(("theme", "papers", *periods, "change"), rows)
