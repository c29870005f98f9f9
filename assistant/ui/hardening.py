"""Hardening of the web server: one gate before every request, and an environment that opens nothing."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.errors import UsageError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

LARGEST_UPLOAD = "200mb"

_VIEWS = re.compile(
    r"/(?:(?:conversations|papers?|authors?|collections|trends|add|duplicates|status|login|logout|turns)(?:/.*)?"
    r"|static/[\w.-]+|downloads/[0-9a-f]{32}/[\w-]+\.\w+)?"
)
"""Addresses of our own. What lies under `downloads` the page made itself and holds in memory."""

_CALLS = re.compile(
    r"/(?:config|gradio_api/(?:info|app_id|upload|upload_progress|startup-events|queue/(?:join|data)|heartbeat/\w+"
    r"|cancel|reset|call/(?:v2/)?\w+(?:/\w+)?))/?"
)
"""Every address of Gradio's that the page's scripts and a Gradio client need. None of them serves a file."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Content-Security-Policy: own host only, and no script or style sheet but the page's files."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def require_loopback(host: str) -> None:
    """Raise UsageError unless only this machine can reach `host`: the page has no login."""
    if host.strip("[]").lower() not in LOOPBACK:
        raise UsageError(
            f"The page cannot listen on {host}: it has no login, so anyone who reaches that address could read the "
            "library. Use --host 127.0.0.1, and reach it from another machine through a tunnel: "
            "ssh -L 7860:127.0.0.1:7860 THIS-MACHINE."
        )


def seal_environment(uploads: Path) -> None:
    """Drop every GRADIO_* variable and set ours; call before Gradio is imported, since it reads some of them then."""
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(uploads)
    os.environ["GRADIO_EXAMPLES_CACHE"] = str(uploads / "examples")


class Gate:
    """ASGI middleware: answers known addresses only, when this machine's own page asks, with the security headers.

    A foreign Host means that some other name was made to point here, a foreign Origin that some other page asks.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one step of the server's life."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", ""))) or "/"
        if scope["type"] != "http" or not (_VIEWS.fullmatch(path) or _CALLS.fullmatch(path)):
            await PlainTextResponse("There is nothing here.", 404)(scope, receive, _with_headers(send))
        elif not _is_own(headers):
            await PlainTextResponse("Only this page may send requests.", 403)(scope, receive, _with_headers(send))
        else:
            await self._app(scope, receive, _with_headers(send))


def _is_own(headers: Headers) -> bool:
    host = urlsplit(f"//{headers.get('host', '')}")
    if host.hostname not in LOOPBACK:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == host.netloc


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS)
            headers["Content-Security-Policy"] = _POLICY
            headers.setdefault("Cache-Control", "no-cache")
        await send(message)

    return sending

