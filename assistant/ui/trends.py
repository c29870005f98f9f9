"""Trends tab of the page: a form that selects papers, their trends as text and tables, and the plots."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.analysis import trends
from assistant.analysis.trends import Share, Trend, Trends
from assistant.errors import AssistantError, UsageError
from assistant.library import Library
from assistant.search import Search
from assistant.text import counted
from assistant.types import Paper, PaperFilter, Progress, ProgressListener
from assistant.ui import cards
from assistant.ui.downloads import Downloads

if TYPE_CHECKING:
    from assistant.analysis.charts import Drawing

_PERIODS = 4
"""Periods that a table of themes has columns for: the newest with papers."""

_OLDEST, _NEWEST = 1000, 2999

_DRAWING = cards.note("Drawing the plots …", "waiting")

Outputs = tuple[str, str, str]
"""The text, the pictures and the files, as HTML."""


class TrendsTab:
    """What the button of the trends does. `search` finds papers by meaning; `downloads` serves the files."""

    def __init__(self, library: Library, search: Search, downloads: Downloads) -> None:
        self._library = library
        self._search = search
        self._downloads = downloads

    def show(
        self,
        listen: ProgressListener,
        author: str | None,
        topic: str | None,
        since: str | None,
        until: str | None,
        category: str | None,
        by: str | None,
    ) -> Iterator[Outputs]:
        """Yield what is found, first as text, then with its plots and files. Errors are remarks in the page."""
        try:
            wanted = PaperFilter((author or "").strip(), _year(since), _year(until), category=(category or "").strip())
            selected, described = trends.select(self._library, topic or "", wanted, self._search)
            period: trends.By = "month" if by == "month" else "year"
            found = trends.find(self._library, selected.filter, period, described, on_progress=listen)
        except AssistantError as error:
            yield cards.note(str(error), "error"), "", ""
            return
        papers = {paper.id: paper for paper in self._library.papers_by_id([each.paper_id for each in found.exemplars])}
        text = report(found, papers)
        if not found.total:
            yield text, "", ""
            return
        yield text, _DRAWING, ""
        listen(Progress(0, 0, "Drawing the plots"))
        try:
            from assistant.analysis import charts

            drawn = charts.draw(found, self._library, selected.filter)
            shown = figures(drawn.drawings)
            yield text, shown, ""
            values = json.dumps(found.to_json(), ensure_ascii=False, indent=1)
            files = self._downloads.links(
                {
                    "trends.html": ("Page (HTML)", drawn.html().encode()),
                    "trends.png": ("Picture (PNG)", drawn.png()),
                    "trends.json": ("Figures (JSON)", values.encode()),
                }
            )
        except AssistantError as error:
            yield text, cards.note(str(error), "error"), ""
            return
        yield text, shown, files


def report(found: Trends, papers: Mapping[str, Paper]) -> str:
    """Return what was found as HTML: how many papers, what rises and falls, themes with figures, terms, remarks."""
    if not found.total:
        return "".join(cards.note(remark, "aside") for remark in found.remarks)
    parts = [f'<p class="lead">{cards.escaped(trends.heading(found))}</p>']
    verdicts = trends.verdicts(found)
    if verdicts:
        parts.append(f"<ul>{''.join(f'<li>{cards.escaped(line)}</li>' for line in verdicts)}</ul>")
    parts.append(themes_table(found, papers))
    if found.terms:
        items = "".join(_term(each, papers) for each in found.terms)
        summary = f"{counted(len(found.terms), 'term')} that tell the change"
        parts.append(f"<details><summary>{summary}</summary><ul>{items}</ul></details>")
    parts += [cards.note(remark, "aside") for remark in found.remarks]
    return f'<div class="trends">{"".join(parts)}</div>'


def themes_table(found: Trends, papers: Mapping[str, Paper]) -> str:
    """Return the themes as HTML: counts, shares of the newest periods, what changed, papers that show it."""
    shown = trends.shown_themes(found.themes)
    if not shown:
        return ""
    periods = [period for period, count in found.publications if count][-_PERIODS:]
    heads = "".join(f"<th>{cards.escaped(period)}</th>" for period in periods)
    rows = "".join(_theme_row(each, periods, papers) for each in shown)
    hidden = len(found.themes) - len(shown)
    more = f"<p>{counted(hidden, 'smaller theme')} not shown; the figures as JSON have all.</p>" if hidden else ""
    head = f"<thead><tr><th>Theme</th><th>Papers</th>{heads}</tr></thead>"
    return f'<table class="themes">{head}<tbody>{rows}</tbody></table>{more}'


def figures(drawings: Sequence[Drawing]) -> str:
    """Return drawings with their words as HTML. They are images, in which no script or link of an SVG does anything."""
    return "".join(
        f'<figure class="plot"><h4>{cards.escaped(drawing.title)}</h4><p>{cards.escaped(drawing.words)}</p>'
        f'<div class="drawing"><img src="data:image/svg+xml;base64,{base64.b64encode(drawing.svg.encode()).decode()}" '
        f'alt="{html.escape(cards.one_line(drawing.title))}"></div></figure>'
        for drawing in drawings
    )


def _theme_row(each: Trend, periods: Sequence[str], papers: Mapping[str, Paper]) -> str:
    of_period = {share.period: share for share in each.shares}
    cells = "".join(_share_cell(of_period.get(period)) for period in periods)
    return (
        f'<tr class="{each.change}"><td class="theme"><b>{cards.rendered(each.label)}</b>'
        f"<p>{cards.escaped(each.words)}</p>{_shown_by(each, papers)}</td>"
        f'<td class="count">{len(each.paper_ids):,}</td>{cells}</tr>'
    )


def _share_cell(share: Share | None) -> str:
    if share is None or not share.papers:
        return "<td></td>"
    interval = f"{100 * share.low:.0f} to {100 * share.high:.0f} %"
    period = cards.escaped(share.period)
    return (
        f'<td class="share"><span class="period">{period}: </span><b>{100 * share.share:.0f} %</b> '
        f"<span>{share.count:,} of {share.papers:,}; {interval}</span></td>"
    )


def _shown_by(each: Trend, papers: Mapping[str, Paper]) -> str:
    titles = "".join(f"<li>{_title(papers[paper_id])}</li>" for paper_id in each.exemplars if paper_id in papers)
    return f"<details><summary>Papers that show it</summary><ul>{titles}</ul></details>" if titles else ""


def _term(each: Trend, papers: Mapping[str, Paper]) -> str:
    return f"<li>{cards.escaped(trends.statement(replace(each, exemplars=()), {}))}{_shown_by(each, papers)}</li>"


def _title(paper: Paper) -> str:
    title = cards.linked(paper.title, paper.url)
    return f"{title} <time>{cards.escaped(paper.date)}</time>" if paper.date else title


def _year(words: str | None) -> int | None:
    """Return a year, None for an empty field. Raises UsageError for what is not a year."""
    asked = (words or "").strip()
    if not asked:
        return None
    if not (asked.isascii() and asked.isdecimal() and _OLDEST <= int(asked[:5]) <= _NEWEST):
        raise UsageError(f"“{cards.one_line(asked)[:40]}” is not a year. Write it with four digits, such as 2024.")
    return int(asked)
