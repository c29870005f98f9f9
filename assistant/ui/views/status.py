"""View of the status: models, library, diagnosis, network, users, the look of the page and the settings in force."""

from __future__ import annotations

from typing import Annotated, Any

import gradio as gr
import psutil
from fastapi import APIRouter, Form
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from assistant import diagnosis, wiring
from assistant.errors import ModelError, UsageError
from assistant.library import sizes
from assistant.settings import Settings
from assistant.ui.calls import Call, refused
from assistant.ui.site import LANGUAGES, Site, address, asked_by, cookie_path, is_admin, require_admin

THEMES = ("", "light", "dark")

_YEAR = 365 * 24 * 3600


def lay_out(site: Site) -> tuple[APIRouter, list[Call]]:
    """Return the routes of the view and its calls."""
    routes = APIRouter()
    workspace = site.workspace

    @routes.get("/status")
    def show(request: Request) -> HTMLResponse:
        return _page(request)

    @routes.post("/status/model")
    def choose_model(request: Request, model: Annotated[str, Form()] = "", folder: Annotated[str, Form()] = "") -> Any:
        require_admin(request)
        try:
            workspace.use_model(folder.strip() or model)
        except (UsageError, ModelError) as error:
            return _page(request, problem=str(error), folder=folder)
        return _back(request, "model")

    @routes.post("/status/reading")
    def choose_reading(request: Request, read_ahead: Annotated[str, Form()] = "") -> RedirectResponse:
        require_admin(request)
        workspace.set_reading_ahead(read_ahead == "yes")
        return _back(request, "reading")

    @routes.post("/status/look")
    def choose_look(
        request: Request, language: Annotated[str, Form()] = "", theme: Annotated[str, Form()] = ""
    ) -> RedirectResponse:
        answer = _back(request, "look")
        for name, value, known in (("language", language, LANGUAGES), ("theme", theme, THEMES)):
            path = cookie_path(request)
            if value and value in known:
                secure = request.url.scheme == "https"
                answer.set_cookie(name, value, _YEAR, path=path, secure=secure, httponly=True, samesite="lax")
            else:
                answer.delete_cookie(name, path=path)
        return answer

    def figures(request: gr.Request) -> dict[str, Any]:
        """Return the figures of the status as HTML, and whether they will change soon by themselves."""
        asked = asked_by(request)
        found = _figures(asked)
        return {"html": str(site.fragment(asked, "status_figures.html", **found)), "is_busy": found["is_busy"]}

    def diagnose(request: gr.Request) -> dict[str, Any]:
        """Look at everything and ask a minute of questions; return what was found as HTML."""
        asked = asked_by(request)
        if not is_admin(asked):
            raise refused("Only an administrator may do that. Ask the one who runs this page.")
        found = diagnosis.diagnose({}, workspace=workspace)
        return {"html": str(site.fragment(asked, "diagnosis.html", diagnosis=found)), "verdict": found.verdict}

    def _page(request: Request, problem: str = "", folder: str = "") -> HTMLResponse:
        settings = workspace.settings
        may_choose = is_admin(request)
        return site.page(
            request,
            "status.html",
            **_figures(request),
            diagnosis=diagnosis.last(settings.library) if may_choose else None,
            problem=problem,
            folder=folder,
            known_models=wiring.chat_models(settings) if may_choose else [],
            reads_ahead=workspace.reads_ahead,
            settings=_in_force(settings) if may_choose else [],
            users=site.users.all() if may_choose else [],
            services=_services(settings),
            chroma_url=settings.chroma_url,
            llm_url=settings.llm_url,
            judge=workspace.judge,
            embed_url=settings.embed_url,
            themes=THEMES,
            chosen_language=request.cookies.get("language", ""),
        )

    def _figures(request: Request) -> dict[str, Any]:
        chat, embedding = workspace.model_states()
        size = sizes(site.library, chat.name)
        is_busy = chat.state == "loading" or bool(chat.next) or size.waiting > 0 or workspace.is_reading_ahead
        return {
            "models": (chat, embedding),
            "process_memory": psutil.Process().memory_info().rss,
            "library_size": size,
            "is_reading_ahead": workspace.is_reading_ahead,
            "is_busy": is_busy,
        }

    return routes, [Call("status", figures, is_counted=False), Call("diagnose", diagnose, at_once=1)]


def _back(request: Request, part: str) -> RedirectResponse:
    return RedirectResponse(f"{address(request, '/status')}#{part}", 303)


def _services(settings: Settings) -> list[tuple[str, str]]:
    """Return the services that are asked when somebody asks for a paper of theirs, with their addresses."""
    services = wiring.services(settings)
    return [
        ("arXiv", services.arxiv_url),
        ("OpenAlex", services.openalex_url),
        ("Semantic Scholar", services.semantic_scholar_url),
    ]


def _in_force(settings: Settings) -> list[tuple[str, str, str]]:
    """Return each setting with its value, secrets as whether they are set, and what it means."""
    shown = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            text = "set" if value.get_secret_value() else ""
        else:
            text = {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
        shown.append((name, text, field.description or ""))
    return shown
