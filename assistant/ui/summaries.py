"""Summaries on request: written while one looks on, kept in the library, shown at once the next time.

A view that shows one passes `summary_scope=scope(site, request, filter)` to its template, which includes
`summary.html`, and its scripts `summary.js` and `summary.css`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

import gradio as gr
from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request

from assistant.errors import AssistantError, UsageError
from assistant.library import KeptSummary
from assistant.types import AnswerFinished, Length, PaperFilter, Progress, TextProduced, Waiting
from assistant.ui import answers, filter_query
from assistant.ui.calls import Call, errors_said, refused
from assistant.ui.running import INTERNAL_ERROR
from assistant.ui.running_summaries import RunningSummary, one_paper
from assistant.ui.site import Site, asked_by, caller, phrases

_LENGTHS: tuple[Length, ...] = get_args(Length)


@dataclass(frozen=True, slots=True)
class SummaryScope:
    """What `summary.html` needs: which papers, how many, the kept summary as HTML, and the length of one under way."""

    filter: PaperFilter
    pairs: list[tuple[str, str]]
    paper: str
    count: int
    kept: KeptSummary | None
    html: str
    running: str


def scope(site: Site, request: Request, filter: PaperFilter) -> SummaryScope:
    """Return what `summary.html` shows of the papers of a filter; of one paper `PaperFilter(among=(paper_id,))`."""
    kept = site.summaries.kept.latest(filter)
    return SummaryScope(
        filter=filter,
        pairs=filter_query.parameters(filter),
        paper=one_paper(filter),
        count=site.library.count(filter),
        kept=kept,
        html=_shown(site, request, kept) if kept else "",
        running=site.summaries.running(filter) or "",
    )


def lay_out(site: Site) -> tuple[APIRouter, list[Call]]:
    """Return no routes, and the calls by which every view that shows a summary has it written and stops that."""

    def summarize(
        scope: list[Any], paper: str, length: str, anew: bool, request: gr.Request
    ) -> Iterator[dict[str, Any]]:
        """Write a summary of papers and keep it; one that is kept and still holds is sent at once unless `anew`.

        `scope` holds the pairs of a filter's query, or `paper` is the id of one. Each value sent has "status" in words,
        "done" of "total" steps, and where it changed the "html" of what is written; the last one has "over".
        """
        starlette = asked_by(request)
        filter, size = _asked(scope, paper, length)
        kept = site.summaries.kept.latest(filter, size)
        if not anew and kept and kept.is_current:
            yield {"over": True, "status": "", "html": _shown(site, starlette, kept)}
            return
        running = site.summaries.start(filter, size, caller(request))
        with errors_said():
            yield from _followed(site, starlette, running, filter, size)

    def stop_summary(scope: list[Any], paper: str, length: str, request: gr.Request) -> dict[str, Any]:
        """Stop the writing of a summary that the same person began."""
        site.summaries.stop(*_asked(scope, paper, length), caller(request))
        return {}

    return APIRouter(), [Call("summarize", summarize, 16), Call("stop_summary", stop_summary, 16)]


def _asked(scope: list[Any], paper: str, length: str) -> tuple[PaperFilter, Length]:
    """Return which papers a page asks for, and the length. Raises gradio.Error."""
    try:
        filter = PaperFilter(among=(paper,)) if paper else filter_query.read((str(n), str(v)) for n, v in scope)
    except (UsageError, TypeError, ValueError) as error:
        raise refused(str(error)) from error
    return filter, next((each for each in _LENGTHS if each == length), "medium")


def _followed(
    site: Site, request: Request, running: RunningSummary, filter: PaperFilter, length: Length
) -> Iterator[dict[str, Any]]:
    draft, answer, said = "", None, phrases(request)
    yield {"status": said.gettext("Reading the papers …"), "done": 0, "total": 0}
    for event in running.events():
        match event:
            case Waiting(place):
                before = said.ngettext("%(num)s answer before yours", "%(num)s answers before yours", place)
                words = f"{before % {'num': place}} …" if place else ""
                yield {"status": words, "done": 0, "total": 0}
            case Progress(done, total, message):
                yield {"status": f"{said.gettext(message)} …", "done": done, "total": total}
            case TextProduced(text):
                draft += text
                html = _draft(draft)
                yield {"html": html, "status": said.gettext("The model reads …"), "done": 0, "total": 0}
            case AnswerFinished(finished):
                answer = finished
            case Exception() as error:
                raise error if isinstance(error, AssistantError) else refused(INTERNAL_ERROR)
    kept = site.summaries.kept.latest(filter, length)
    if answer is None or running.is_stopped or answer.refused or kept is None:
        status = ""
        if running.is_stopped:
            status = said.gettext("Stopped. What was written so far is shown, and not kept.")
        html = answers.shown(site, request, answer, "summary-") if answer else _draft(draft)
        yield {"over": True, "status": status, "html": html}
    else:
        yield {"over": True, "status": "", "html": _shown(site, request, kept)}


def _draft(text: str) -> Markup:
    """Return a summary as far as it is written."""
    return Markup('<div class="prose">{}</div>').format(answers.sentences(text, (), "summary-"))


def _shown(site: Site, request: Request, kept: KeptSummary) -> Markup:
    html = answers.shown(site, request, kept.answer, "summary-")
    return site.fragment(request, "summary_kept.html", kept=kept, html=html)
