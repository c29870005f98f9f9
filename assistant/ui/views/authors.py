"""View of authors."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from assistant.ui.calls import Call
from assistant.ui.site import Site


def lay_out(site: Site) -> tuple[APIRouter, list[Call]]:
    """Return the routes of the view and its calls."""
    routes = APIRouter()

    @routes.get("/authors")
    def show(request: Request) -> HTMLResponse:
        return site.page(request, "authors.html")

    return routes, []
