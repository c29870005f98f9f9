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
from assistant.cli.options import (
    AsJson,
    Topic,
    load_settings,
    open_library,
    open_workspace,
    several_people_note,
    with_filters,
)
from assistant.errors import UsageError
from assistant.settings import other_host
from assistant.text import plain
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

    for file in plot or ():
        charts.check_ending(file)
        if not file.parent.is_dir():
            raise UsageError(f"There is no folder {file.parent}. Create it, or name another file for the charts.")

    def search(text: str, limit: int, filter: PaperFilter) -> Sequence[Passage]:
        with open_workspace(context) as opened:  # only now: reading needs no lock, and no model
            return opened.nearest(text, limit, filter)

    with open_library(context) as library:
        selected, described = found_trends.select(library, topic, filters, search)
        filter, note = selected.filter, selected.note
        with nullcontext(lambda _: None) if as_json else render.progress_bar() as listen:
            found = found_trends.find(library, filter, by, described, on_progress=listen)
        several = several_people_note(library, filters.author)
        notes = [*([f"{note[:1].upper()}{note[1:]}."] if note else []), *([several] if several else [])]
        found = replace(found, remarks=(*notes, *found.remarks))
        if names and found.themes:
            found = _named(context, library, filter, found)
        for file in plot or () if found.total else ():
            charts.write(found, library, file, filter)
            render.message(f"Charts are in {file}.")
    render.show(as_json, found.to_json, lambda: _show(found))
    if plot and not found.total:
        raise typer.Exit(1)


def _named(context: typer.Context, library: Library, filters: PaperFilter, found: Trends) -> Trends:
    """Let the chat model name the themes that have no name yet. Ctrl-C ends that; names found by then stay."""
    from assistant import wiring
    from assistant.analysis import trends as found_trends
    from assistant.analysis.themes import saved_themes

    settings = load_settings(context)
    if host := other_host(settings.llm_url):
        render.message(f"Titles are sent to another machine, {host}, where the chat model runs.", "yellow")
    scope = saved_themes.scope_of(filters)
    with render.progress_bar() as listen:
        model = wiring.load_language_model(settings.model_copy(update={"judge": "writer"}))
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
