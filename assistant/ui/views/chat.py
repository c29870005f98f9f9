"""View of the chat."""

from __future__ import annotations

from typing import Any

import gradio as gr
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from assistant.errors import AssistantError
from assistant.ui.calls import Call
from assistant.ui.site import Site


def lay_out(site: Site) -> tuple[APIRouter, list[Call]]:
    """Return the routes of the view and its calls."""
    routes = APIRouter()

    @routes.get("/")
    def show(request: Request) -> HTMLResponse:
        return site.page(request, "chat.html")

    def ask(question: str, request: gr.Request) -> dict[str, Any]:
        """Answer one question without a page: the object that `assistant ask --json` prints."""
        try:
            return site.workspace.ask(question, (), asker=str(request.session_hash)).answer().to_json()
        except AssistantError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return routes, [Call("ask", ask, 8)]
