"""View of one paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from assistant import export
from assistant.errors import IndexFailed, UsageError
from assistant.library import authors, curation, labels, provenance
from assistant.types import Paper, PaperFilter
from assistant.ui import summaries
from assistant.ui.calls import Call
from assistant.ui.site import Site, address, paper_path

_RELATED = 6
_OF_AUTHORS = 5
"""Authors, the first ones, whose other papers are shown."""


def lay_out(site: Site) -> tuple[APIRouter, list[Call]]:
    """Return the routes of the view and its calls."""
    routes = APIRouter()
    library = site.library

    @routes.get("/paper/{paper_id:path}")
    def show(request: Request, paper_id: str) -> Response:
        found = library.papers_by_id([paper_id])
        if not found:
            try:
                found = [curation.named(library, paper_id)]
            except UsageError as error:
                raise HTTPException(404, str(error)) from error
        paper = found[0]
        if paper.id != paper_id:  # it was merged, or is named by its DOI
            return RedirectResponse(address(request, paper_path(paper.id)), 301)
        people = _people(site, paper)
        told = curation.sources(library, paper.id)
        return site.page(
            request,
            "paper.html",
            paper=paper,
            people=[(name, people.get(name, name)) for name in paper.authors],
            scope=PaperFilter(among=(paper.id,)),
            summary_scope=summaries.scope(site, request, PaperFilter(among=(paper.id,))),
            narrowed=PaperFilter,
            added=library.added([paper.id]).get(paper.id, ""),
            related=_related(site, paper),
            same_authors=_same_authors(site, paper, list(people.values())),
            collections=labels.own(library),
            provenance=provenance(paper, told),
            told=told,
            former=library.former_ids(paper.id),
            alike=[
                (pair, pair.other if pair.one.id == paper.id else pair.one)
                for pair in curation.alike(library, paper.id)
            ],
            bibtex="".join(export.text([paper], "bibtex")).strip(),
        )

    @routes.post("/papers/label")
    def label(
        request: Request, paper: Annotated[str, Form()], name: Annotated[str, Form()], action: Annotated[str, Form()]
    ) -> Response:
        """Put a paper into a collection, or take it out."""
        scope = PaperFilter(among=(paper,))
        (labels.remove if action == "remove" else labels.add)(library, name, scope)
        return RedirectResponse(address(request, f"{paper_path(paper)}#collections"), 303)

    return routes, []


def _people(site: Site, paper: Paper) -> dict[str, str]:
    """Return the ids of the people who wrote a paper, by the names that stand on it; none while people are read."""
    if not site.knows_people():
        return {}
    with site.library.transaction() as connection:
        holders = {name: authors.holder(connection, paper.id, name) for name in paper.authors}
    return {name: person.id for name, person in holders.items() if person}


def _related(site: Site, paper: Paper) -> Sequence[Paper]:
    try:
        return site.workspace.related(paper.id, _RELATED)
    except IndexFailed:  # said when something is asked
        return []


def _same_authors(site: Site, paper: Paper, people: Sequence[str]) -> Sequence[Paper]:
    """Return the newest other papers of the first authors."""
    if not people:
        return []
    found = site.library.papers(PaperFilter(any_authors=tuple(people[:_OF_AUTHORS])), _RELATED + 1)
    return [each for each in found if each.id != paper.id][:_RELATED]
