"""View of trends: how many papers a year, themes and their shares, what rises and falls, each mark a link."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr
from fastapi import APIRouter
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assistant.analysis import trends
from assistant.analysis.trends import Change, KeptTrends, Trend
from assistant.errors import AssistantError
from assistant.types import PaperFilter
from assistant.ui import filter_query, theme_charts
from assistant.ui.calls import Call, errors_said, refused
from assistant.ui.site import Site, address, asked_by, author_path, paper_path, phrases
from assistant.ui.theme_charts import Span, within
from assistant.ui.trend_finding import Question, TrendFinder

_PATIENCE = 0.4
"""Seconds that a page waits for trends that are found soon."""

_LOOK = 0.2
"""Seconds between two looks at how far the finding is."""

_ON_A_PAGE = 50
_MOST_IN_ADDRESS = 300
"""Papers that one address can name."""

_MOST_MOVERS = 6
_MOVES: tuple[Change, ...] = ("rising", "falling")


def lay_out(site: Site) -> tuple[APIRouter, list[Call]]:
    """Return the routes of the view and its calls."""
    routes = APIRouter()
    finder = TrendFinder(site.workspace)
    view = _View(site, finder)

    @routes.get("/trends")
    def show(request: Request) -> HTMLResponse:
        question = Question.read(request.query_params.multi_items())
        known = finder.kept(question)
        if (known is None or not known.is_fresh) and site.library.count(question.filter):
            try:
                finder.begin(question).done.wait(_PATIENCE)
            except AssistantError:
                if known is None:
                    raise
            known = finder.kept(question)
        return site.page(request, "trends.html", **view.page(request, question, known))

    @routes.get("/trends/papers")
    def show_papers(request: Request, theme: str = "", term: str = "", page: int = 1) -> Response:
        question = Question.read(request.query_params.multi_items())
        known = finder.kept(question)
        if known is None:
            return RedirectResponse(address(request, "/trends", question.filter, **question.extra), 303)
        return site.page(request, "trends_papers.html", **view.papers(request, question, known, theme, term, page))

    async def find_trends(query: str, request: gr.Request) -> AsyncIterator[dict[str, Any]]:
        """Find the trends that the query of an address asks for: how far it is, and last {"html"}: the view of them."""
        with errors_said():
            question = _question(query)
            known = await asyncio.to_thread(finder.kept, question)
            if known is None or not known.is_fresh:
                finding = finder.begin(question)
                while not finding.done.is_set():
                    progress = finding.progress
                    words = phrases(asked_by(request)).gettext(progress.message)
                    yield {"done": progress.done, "total": progress.total, "words": words}
                    await asyncio.sleep(_LOOK)
                if finding.error:
                    raise refused(finding.error)
            yield {"html": await asyncio.to_thread(view.fragment, request, question)}

    def draw_trends(query: str, what: str, request: gr.Request) -> dict[str, Any]:
        """Draw who wrote with whom ("people") or the map of the papers ("map"): {"html"}."""
        with errors_said():
            return {"html": view.drawing(request, _question(query), what)}

    def trend_files(query: str, request: gr.Request) -> dict[str, Any]:
        """Make the files to take away: {"html"} with links to a page, a picture and the figures."""
        with errors_said():
            return {"html": view.files(request, _question(query))}

    calls = [Call("find_trends", find_trends, None), Call("draw_trends", draw_trends, 1)]
    return routes, [*calls, Call("trend_files", trend_files, 1)]


class _View:
    """What the templates of trends are given."""

    def __init__(self, site: Site, finder: TrendFinder) -> None:
        self._site = site
        self._library = site.library
        self._finder = finder

    def page(self, request: Request, question: Question, known: KeptTrends | None) -> dict[str, Any]:
        """Return what the view shows of trends that are known, or of how many papers there are alone."""
        shown, said = known or self._counted(question), phrases(request)
        found = shown.found
        held = theme_charts.spans(found.publications)
        themes = trends.shown_themes(found.themes)
        top = theme_charts.scale(themes, held)
        movers = {
            change: [
                *theme_charts.changing(found.themes, change),
                *theme_charts.changing(found.terms, change),
            ][:_MOST_MOVERS]
            for change in _MOVES
        }

        def papers_of(trend: Trend, span: Span | None = None) -> str:
            which = {"theme": trend.theme_id} if trend.theme_id else {"term": trend.label}
            when = {"first": span.first, "last": span.last} if span else {}
            return address(request, "/trends/papers", question.filter, **question.extra, **which, **when)

        return {
            "question": question,
            "asked": filter_query.parameters(question.filter),
            "chips": self._site.chips(question.filter),
            "found": found,
            "is_found": known is not None,
            "is_fresh": known is not None and known.is_fresh,
            "note": shown.note,
            "filter": shown.filter,
            "heading": trends.heading(found),
            "themes": [(theme, theme_charts.marks(theme, held, top, said)) for theme in themes],
            "spans": held,
            "top": trends.percent(top),
            "step": theme_charts.step(held),
            "width": theme_charts.step(held) * len(held),
            "height": theme_charts.HEIGHT,
            "movers": movers,
            "changes": {
                each: sum(theme.change == each for theme in found.themes)
                for each in ("rising", "falling", "steady", "unclear")
            },
            "exemplars": {each.paper_id: each for each in found.exemplars},
            "papers_of": papers_of,
            "within": partial(within, shown.filter),
            "change_in_words": theme_charts.change_in_words,
            "odds_in_words": partial(theme_charts.odds_in_words, phrases=said),
        }

    def fragment(self, request: gr.Request, question: Question) -> str:
        """Return the part of the view that shows what was found."""
        asked = asked_by(request)
        return str(self._site.fragment(asked, "trends_found.html", **self.page(asked, question, self._found(question))))

    def papers(
        self, request: Request, question: Question, known: KeptTrends, theme: str, term: str, page: int
    ) -> dict[str, Any]:
        """Return what the view of one theme's, or one term's, papers shows."""
        courses = known.found.themes if theme else known.found.terms
        trend = next((each for each in courses if (each.theme_id if theme else each.label) == (theme or term)), None)
        if trend is None:
            raise HTTPException(404, "There is no such theme any more: the papers have changed. Go back to Trends.")
        named = (request.query_params.get(name, "") for name in ("first", "last"))
        first, last = (trends.period_named(each, question.by) for each in named)
        among = PaperFilter(among=trend.paper_ids)
        wanted = within(among, first, last) if first and last else among
        page = min(max(page, 1), max(-(-len(trend.paper_ids) // _ON_A_PAGE), 1))
        listed, total = self._library.find_papers("", wanted, _ON_A_PAGE, (page - 1) * _ON_A_PAGE)
        ids = trend.paper_ids if wanted == among else tuple(sorted(self._library.ids(wanted)))
        which = {"theme": theme} if theme else {"term": term}
        path, said = "/trends/papers", phrases(request)
        return {
            "question": question,
            "chips": self._site.chips(question.filter),
            "trend": trend,
            "is_theme": bool(theme),
            "span": Span(first, last, 0).words(said) if first and last else "",
            "shares": [(each, theme_charts.share_in_words(each, said)) for each in trend.shares],
            "publications": [(each.period, each.count) for each in trend.shares],
            "of_period": lambda period: address(
                request, path, question.filter, **question.extra, **which, first=period, last=period
            ),
            "whole": address(request, path, question.filter, **question.extra, **which),
            "papers": listed,
            "total": total,
            "picked": PaperFilter(among=ids) if len(ids) <= _MOST_IN_ADDRESS else None,
            "number": page,
            "last_page": -(-total // _ON_A_PAGE),
            "extra": {**question.extra, **which, "first": first, "last": last},
            "change_in_words": theme_charts.change_in_words,
            "odds_in_words": partial(theme_charts.odds_in_words, phrases=said),
        }

    def drawing(self, request: gr.Request, question: Question, what: str) -> str:
        """Return a chart of the papers as HTML, its marks links."""
        from assistant.analysis import charts

        asked, known = asked_by(request), self._found(question)

        def together(one: str, other: str) -> str:
            of_both = replace(known.filter, author=one, with_authors=(*known.filter.with_authors, other))
            return address(asked, "/papers", of_both)

        if what == "people":
            network, drawn = charts.draw_people(
                self._library, known.filter, lambda person: address(asked, author_path(person)), together
            )
            links = network.links
        else:
            drawn = charts.draw_map(
                known.found, self._library, known.filter, lambda paper: address(asked, paper_path(paper))
            )
            links = ()
        svg = Markup(drawn.svg)  # written by Vega and lxml, its text escaped
        return str(
            self._site.fragment(asked, "trends_drawing.html", drawn=drawn, svg=svg, links=links, together=together)
        )

    def files(self, request: gr.Request, question: Question) -> str:
        """Make the files to take away, and return links to them as HTML."""
        from assistant.analysis import charts

        known, said = self._found(question), phrases(asked_by(request))
        drawn = charts.draw(known.found, self._library, known.filter)
        values = json.dumps(known.found.to_json(), ensure_ascii=False, indent=1)
        files = {
            "trends.html": (said.gettext("Page (HTML)"), drawn.html().encode()),
            "trends.png": (said.gettext("Picture (PNG)"), drawn.png()),
            "trends.json": (said.gettext("Figures (JSON)"), values.encode()),
        }
        links = [(name, label, self._site.downloads.store(name, content)) for name, (label, content) in files.items()]
        return str(self._site.fragment(asked_by(request), "trends_files.html", links=links))

    def _counted(self, question: Question) -> KeptTrends:
        selected, described = trends.select(self._library, question.topic, question.filter, lambda *_: ())
        return KeptTrends(trends.overview(self._library, selected.filter, question.by, described), selected.filter)

    def _found(self, question: Question) -> KeptTrends:
        """Return the trends that are kept, found first where there are none."""
        known = self._finder.kept(question)
        if known is None:
            finding = self._finder.begin(question)
            finding.done.wait()
            known = self._finder.kept(question)
            if known is None:
                raise AssistantError(finding.error or "The trends could not be kept in the library.")
        return known


def _question(query: str) -> Question:
    """Return what the query of a page's address asks. Raises UsageError for a value that its field cannot have."""
    return Question.read(parse_qsl(query.removeprefix("?")))
