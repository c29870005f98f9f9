"""Web server of the page: for this machine, or for users who log in, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import inspect
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError, QuestionError, UsageError
from assistant.library import Users
from assistant.ui.hardening import LARGEST_UPLOAD, Gate, Reach, is_for_programs, said, seal_environment

if TYPE_CHECKING:
    import uvicorn
    from fastapi.exceptions import RequestValidationError

    from assistant.ui.site import Site
    from assistant.workspace import Workspace

_LONGEST_QUEUE = 64
_MOST_FAULTS = 5
_LONGEST_PLACE = 200
_BETWEEN_LOOKS = 0.05
"""Seconds between two looks for a new call. Gradio looks a thousand times a second, which an idle machine can hear."""


def serve(
    workspace: Workspace,
    host: str,
    port: int,
    on_ready: Callable[[str], object],
    reach: Reach | None = None,
    beside: Callable[[Callable[[], bool]], object] | None = None,
) -> None:
    """Serve the page until Ctrl-C; `on_ready` is called with its address once it answers. Port 0 takes any free one.

    `reach` says from where it is reached, from this machine unless it is given. `beside` is done meanwhile in this
    thread, until it returns; it is given a function that tells whether the page is served. Raises UsageError for an
    address that others could reach without logging in, AssistantError when the port is in use.
    """
    with contextlib.suppress(KeyboardInterrupt):
        page = server(workspace, host, port, on_ready, reach)
        if not beside:
            page.run()
            return
        thread = threading.Thread(target=page.run, name="page", daemon=True)
        thread.start()
        try:
            beside(thread.is_alive)
        finally:
            page.should_exit = True
            thread.join()


def server(
    workspace: Workspace, host: str, port: int, on_ready: Callable[[str], object], reach: Reach | None = None
) -> uvicorn.Server:
    """Return the page's server, its port taken: `run()` serves until `should_exit` is set. Raises as `serve` does."""
    reach = replace(reach or Reach(), host=host)
    reach.check(Users(workspace.library).exist())
    uploads = workspace.library.folder.resolve() / "uploads"
    seal_environment(uploads)
    import uvicorn

    name = host.strip("[]")
    listener = _listen(name, port)
    taken = listener.getsockname()[1]
    address = f"http://{f'[{name}]' if ':' in name else name}:{taken}{reach.root_path}/"

    class Server(uvicorn.Server):
        """Says when it answers, and nothing of requests that its end cuts short."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=[listener])
            on_ready(address)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            log = logging.getLogger("uvicorn.error")
            log.addFilter(_is_no_cut_request)  # a traceback for each, otherwise
            try:
                await super().shutdown(sockets)
            finally:
                log.removeFilter(_is_no_cut_request)

    config = uvicorn.Config(
        Gate(application(workspace, uploads, reach), reach),
        log_level="warning",
        server_header=False,
        proxy_headers=bool(reach.trusted_proxies),
        forwarded_allow_ips=list(reach.trusted_proxies),
        timeout_graceful_shutdown=1,
    )
    return Server(config)


def _is_no_cut_request(record: logging.LogRecord) -> bool:
    """Tell whether a line of the log speaks of something else than a request that the server's end cut short."""
    cut = record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not cut and "timeout graceful shutdown exceeded" not in record.getMessage()


def application(workspace: Workspace, uploads: Path, reach: Reach) -> Any:
    """Return the site as an ASGI application: its views, and behind them what takes long as calls of Gradio's engine.

    A view is a page of HTML; a call goes through Gradio's queue and sends what it has as it comes. Everything else of
    Gradio's is turned off.
    """
    with _without_stubs():
        import gradio as gr
    from fastapi import FastAPI
    from gradio.events import api
    from starlette.staticfiles import StaticFiles

    from assistant.ui.access import Access
    from assistant.ui.downloads import Downloads
    from assistant.ui.site import Site
    from assistant.ui.views import VIEWS

    downloads = Downloads()
    site = Site(workspace, uploads, downloads)
    handlers = _error_handlers(site)
    app = FastAPI(openapi_url=None, routes=[downloads.route], exception_handlers=handlers)
    app.mount("/static", StaticFiles(directory=Path(__file__).with_name("static")))
    uncounted: set[str] = set()
    with gr.Blocks(analytics_enabled=False, mode="server") as engine:
        for view in VIEWS:
            routes, calls = view.lay_out(site)
            app.include_router(routes)
            for call in calls:
                if not call.is_counted:
                    uncounted.add(call.name)
                api(call.run, api_name=call.name, concurrency_limit=call.at_once, concurrency_id=call.name)
    engine.queue(api_open=False, max_size=_LONGEST_QUEUE)
    engine._queue.sleep_when_free = engine._queue.progress_update_sleep_when_free = _BETWEEN_LOOKS
    mounted = gr.mount_gradio_app(
        app,
        engine,
        path="/",
        app_kwargs={"exception_handlers": handlers},
        footer_links=[],
        run_history=False,
        show_error=False,
        allowed_paths=[],
        blocked_paths=[str(Path.cwd()), str(workspace.library.folder.resolve())],
        max_file_size=LARGEST_UPLOAD,
        enable_monitoring=False,
        mcp_server=False,
        ssr_mode=False,
        pwa=False,
    )
    return Access(mounted, site, reach, uncounted)


def _error_handlers(site: Site) -> dict[Any, Any]:
    """Return what says errors in words, in a page or as JSON to a script. The server logs those that nobody foresaw."""
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response

    from assistant.ui.access import is_asked_by_script
    from assistant.ui.site import here, phrases

    def status_and_words(request: Request, error: Exception) -> tuple[int, str]:
        spoken = phrases(request)
        if isinstance(error, HTTPException):
            is_bare = error.detail in ("Not Found", "Method Not Allowed")
            nothing = spoken.gettext("There is nothing at this address.")
            return error.status_code, nothing if is_bare else str(error.detail)
        if isinstance(error, RequestValidationError) and is_for_programs(here(request)):
            return 400, _faults(error)
        if isinstance(error, RequestValidationError):
            names = ", ".join(dict.fromkeys(str(each["loc"][-1]) for each in error.errors()))
            refused = spoken.gettext("A value is missing or cannot be used. Go back and try again. It is:")
            return 400, f"{refused} {names}"
        if isinstance(error, AssistantError):
            return 400 if isinstance(error, UsageError | QuestionError) else 500, str(error)
        return 500, spoken.gettext(
            "The program met an error that it does not know. Try again; if it comes back, please report it: where the "
            "program was started stands what happened."
        )

    def answer(request: Request, error: Exception) -> Response:
        status, words = status_and_words(request, error)
        words = site.told(request, words)
        response = said(here(request), status, words) if is_asked_by_script(request) else page(request, status, words)
        if not isinstance(error, HTTPException | RequestValidationError | AssistantError):
            response.headers["Connection"] = "close"  # as the server does once it has logged the error
        return response

    def page(request: Request, status: int, words: str) -> Response:
        try:
            return site.page(request, "error.html", status, message=words)
        except AssistantError:  # the library does not even tell its size, which stands on every page
            return PlainTextResponse(words, status)

    return dict.fromkeys((HTTPException, RequestValidationError, AssistantError, Exception), answer)


def _faults(error: RequestValidationError) -> str:
    """Return to a program what is wrong with its request, the first things of many, each with its place."""
    said = []
    for each in error.errors()[:_MOST_FAULTS]:
        if each["type"] == "json_invalid":
            return f"The body is not valid JSON: {each['ctx']['error']}, at character {each['loc'][-1]}."
        place = ".".join(map(str, each["loc"][1:]))[:_LONGEST_PLACE]
        said.append(f"{place or 'body'}: {each['msg']}")
    return f"The request cannot be read. {'; '.join(said)}."


@contextlib.contextmanager
def _without_stubs() -> Iterator[None]:
    """Keep Gradio from parsing its source to write stubs for editors into its own folder: half the time of its import.

    It writes none for a class that no file defines. Others, such as torch in another thread, go on asking for files.
    """
    find = inspect.getfile

    def getfile(what: Any) -> str:
        if (getattr(what, "__module__", "") or "").startswith("gradio."):
            raise OSError(f"{what} needs no stub.")
        return find(what)

    inspect.getfile = getfile  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = find


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AssistantError(
                f"Port {port} on {host} is in use by another program. Close that, or choose another port with --port."
            ) from error
        raise AssistantError(f"The page cannot listen on {host}, port {port}: {error.strerror}.") from error
