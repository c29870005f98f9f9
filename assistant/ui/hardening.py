"""Hardening of the web server: one gate before every request, and an environment that opens nothing."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.errors import UsageError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

LARGEST_UPLOAD = "200mb"

_ROUTES = re.compile(
    r"/(?:config|theme\.css|favicon\.ico|(?:assets|static)/.+|downloads/[0-9a-f]{32}/[\w-]+\.\w+"
    r"|gradio_api/(?:info|cancel|reset|app_id|upload|upload_progress|startup-events|queue/(?:join|data)|heartbeat/\w+"
    r"|run/predict|call/(?:v2/)?\w+(?:/\w+)?))?/?"
)
"""Every address that the page and a Gradio client need. None of them serves a file of this machine, or fetches one.

What lies under `downloads` the page made itself and holds in memory (`assistant.ui.downloads`).
"""

_INLINE_SCRIPT = re.compile(rb"<script\b(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
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


def content_policy(script_hashes: Iterable[str] = ()) -> str:
    """Return the Content-Security-Policy: own host only, and no script but the page's files and the hashed ones.

    Styles stay open to inline ones, without which neither Gradio nor its mathematics can be laid out.
    """
    scripts = " ".join(["'self'", *(f"'{value}'" for value in script_hashes)])
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self' data:; connect-src 'self'; object-src 'none'; frame-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


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
        if scope["type"] != "http" or not _ROUTES.fullmatch(scope["path"]):
            await PlainTextResponse("There is nothing here.", 404)(scope, receive, _with_headers(send))
        elif not _is_own(headers):
            await PlainTextResponse("Only this page may send requests.", 403)(scope, receive, _with_headers(send))
        elif scope["path"] == "/":
            plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            await self._app({**scope, "headers": plain}, receive, _with_hashes(_with_headers(send)))
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
            headers.setdefault("Content-Security-Policy", content_policy())
        await send(message)

    return sending


def _with_hashes(send: Send) -> Send:
    """Hold the page back until it is whole, add our script, then let exactly the scripts run that stand in it."""
    held: list[Message] = []

    async def sending(message: Message) -> None:
        held.append(message)
        if message["type"] != "http.response.body" or message.get("more_body"):
            return
        script = Path(__file__).with_name("rest.js").read_bytes()
        page = b"".join(part.get("body", b"") for part in held)
        body = page.replace(b"<head>", b"<head><script>" + script + b"</script>", 1)
        hashes = [_hash(script) for script in _INLINE_SCRIPT.findall(body)]
        headers = MutableHeaders(scope=held[0])
        headers["Content-Security-Policy"] = content_policy(hashes)
        headers["Content-Length"] = str(len(body))
        await send(held[0])
        await send({**message, "body": body})

    return sending


def _hash(script: bytes) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}"
