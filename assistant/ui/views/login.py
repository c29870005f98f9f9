"""View of logging in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assistant.ui.access import COOKIE, TooMany, Tries, safe_next
from assistant.ui.calls import Call
from assistant.ui.site import Site, address, cookie_path, phrases, user

_KEPT = 400 * 24 * 3600
"""Seconds for which a browser keeps the cookie, as long as browsers keep any; the session itself may end before."""


def lay_out(site: Site) -> tuple[APIRouter, list[Call]]:
    """Return the routes of the view and its calls."""
    routes = APIRouter()
    tries = Tries()

    def form(request: Request, onward: str, name: str = "", problem: str = "", status: int = 200) -> HTMLResponse:
        kept = safe_next(onward) if onward else ""
        return site.page(request, "login.html", status, next=kept, name=name, problem=problem)

    @routes.get("/login")
    def show(request: Request, onward: Annotated[str, Query(alias="next")] = "") -> Response:
        if user(request) or not getattr(request.state, "needs_login", False):
            return _on(request, onward)
        return form(request, onward)

    @routes.post("/login")
    def log_in(
        request: Request,
        name: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        onward: Annotated[str, Form(alias="next")] = "",
    ) -> Response:
        client = request.client.host if request.client else ""
        try:
            tries.count(client, name)
        except TooMany as error:
            page = form(request, onward, name, str(error), 429)
            page.headers["Retry-After"] = str(error.wait)
            return page
        token = site.users.log_in(name, password)
        if token is None:
            problem = phrases(request).gettext("The name or the password is not right.")
            return form(request, onward, name, problem, 403)
        tries.forgive(client, name)
        answer = _on(request, onward)
        answer.set_cookie(
            COOKIE,
            token,
            max_age=_KEPT,
            path=cookie_path(request),
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return answer

    @routes.post("/logout")
    def log_out(request: Request) -> Response:
        site.users.log_out(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse(address(request, "/login"), 303)
        answer.delete_cookie(COOKIE, path=cookie_path(request))
        answer.headers["Clear-Site-Data"] = '"cache"'
        return answer

    return routes, []


def _on(request: Request, onward: str) -> RedirectResponse:
    return RedirectResponse(f"{address(request, '')}{safe_next(onward)}", 303)
