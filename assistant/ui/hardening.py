"""Hardening of the web server: one gate before every request, and an environment that opens nothing."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.errors import UsageError

_ANY = frozenset({"0.0.0.0", "::"})
_OF_PROXIES = (b"x-forwarded-", b"x-gradio-server", b"forwarded")

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

LARGEST_UPLOAD = "200mb"

_LARGEST_BODY = 16_000_000
"""Bytes of what a program sends: far more than a talk or an answer has. All of it is held in memory at once."""

_VIEWS = re.compile(
    r"/(?:(?:conversations|papers?|authors?|collections|trends|add|duplicates|status|login|logout|turns)(?:/.*)?"
    r"|static/[\w.-]+|downloads/[0-9a-f]{32}/[\w-]+\.\w+)?",
    re.DOTALL,
)
"""Addresses of our own. What lies under `downloads` the page made itself and holds in memory."""

_CALLS = re.compile(
    r"/(?:config|gradio_api/(?:info|app_id|upload|upload_progress|startup-events|queue/(?:join|data)|heartbeat/\w+"
    r"|cancel|reset|call/(?:v2/)?\w+(?:/\w+)?))/?"
)
"""Every address of Gradio's that the page's scripts and a Gradio client need. None of them serves a file."""

_PROGRAMS = re.compile(
    r"/api/(?:openapi\.json|ask|search|papers(?:/.+)?|authors(?:/.+)?|count|coauthors|trends|verify)"
    r"|/v1/(?:models(?:/.+)?|chat/completions)",
    re.DOTALL,
)
"""Addresses for other programs."""

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


@dataclass(frozen=True, slots=True)
class Reach:
    """From where the page is reached.

    `host` is the address that it listens on, `root_path` the prefix that a proxy puts before every address.
    `allowed_hosts` are names, with a port where it is not the usual one, under which browsers know it, and
    `trusted_proxies` the addresses of proxies that are believed who asks and whether by HTTPS.
    """

    host: str = "127.0.0.1"
    root_path: str = ""
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Tell whether only this machine reaches the page."""
        is_loopback = self.host.strip("[]").lower() in LOOPBACK
        return is_loopback and not self.allowed_hosts and not self.trusted_proxies

    def check(self, has_users: bool) -> None:
        """Raise UsageError where others would reach the page and nobody has to log in, or what is said cannot be."""
        for name in self.allowed_hosts:
            if not re.fullmatch(r"(?:[\w.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?", name):
                raise UsageError(f"--allowed-host {name} is no host. Give a name alone, such as papers.example.org.")
        for proxy in self.trusted_proxies:
            if not _is(ip_network, proxy):
                raise UsageError(f"--trusted-proxy {proxy} is no address. Give one such as 127.0.0.1 or 10.0.0.0/8.")
        if not self.is_local and not has_users:
            raise UsageError(
                f"Others could reach the page at {', '.join(self.allowed_hosts) or self.host}, and read the library: "
                "there are no users yet. Add yourself with `assistant users add NAME`, and serve again; everybody then "
                "logs in. Or use --host 127.0.0.1 alone, and reach the page from another machine through a tunnel: "
                "ssh -L 7860:127.0.0.1:7860 THIS-MACHINE."
            )
        root = self.root_path
        if root and (not re.fullmatch(r"(?:/[\w.~-]+)+", root) or _is_known(root) or _is_known(f"{root}/")):
            raise UsageError(
                f"--root-path {root} cannot be the prefix of the page. Give one such as /assistant: letters and digits "
                "after a slash, and not an address of the page's own."
            )

    def is_own(self, headers: Headers) -> bool:
        """Tell whether a request names this page as its host, and comes from this page where it says from where."""
        try:
            host = urlsplit(f"//{headers.get('host', '').lower()}")
            origin = headers.get("origin")
            asking = host.netloc if origin is None else urlsplit(origin.lower()).netloc
            return self._is_called(host.hostname or "") and asking in (host.netloc, *self._names)
        except ValueError:
            return False

    def placed(self, scope: Scope) -> Scope:
        """Return a request with the prefix before its path, whether the proxy took it away or not."""
        root, path = self.root_path, str(scope["path"])
        if not root:
            return scope
        rest = path.removeprefix(root) if path == root or path.startswith(f"{root}/") else path
        return {**scope, "root_path": root, "path": f"{root}{rest or '/'}"}

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(name.lower() for name in self.allowed_hosts)

    def _is_called(self, name: str) -> bool:
        """Tell whether a host is this page's. No name can be made to point here by others where it is an address."""
        bound = self.host.strip("[]").lower()
        if name in LOOPBACK or name == bound or name in (urlsplit(f"//{known}").hostname for known in self._names):
            return True
        return bound in _ANY and (_is(ip_address, name) or name == socket.gethostname().lower())


def _is(kind: Callable[[str], object], name: str) -> bool:
    """Tell whether a name is an address, or a network of them, as `ipaddress` reads it."""
    try:
        kind(name)
    except ValueError:
        return False
    return True


def _is_known(path: str) -> bool:
    return bool(_VIEWS.fullmatch(path) or _CALLS.fullmatch(path) or is_for_programs(path))


def is_for_programs(path: str) -> bool:
    """Tell whether a path is one of the API for other programs."""
    return bool(_PROGRAMS.fullmatch(path))


def _is_foreign(path: str, headers: Headers) -> bool:
    """Tell whether a page elsewhere has a browser ask the API: that costs this machine work, also where none reads."""
    site = headers.get("sec-fetch-site", "none")
    return is_for_programs(path) and site not in ("none", "same-origin")


def _is_no_json(path: str, method: str, headers: Headers) -> bool:
    """Tell whether a body for the API is not said to be JSON, which pages elsewhere can send without being asked."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return is_for_programs(path) and method == "POST" and kind != "application/json"


def seal_environment(uploads: Path) -> None:
    """Drop every GRADIO_* variable and set ours; call before Gradio is imported, since it reads some of them then."""
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(uploads)
    os.environ["GRADIO_EXAMPLES_CACHE"] = str(uploads / "examples")


class Gate:
    """ASGI middleware: answers known addresses only, when our own page asks, with the security headers.

    A foreign Host means that some other name was made to point here, a foreign Origin that some other page asks. What
    proxies say of themselves is kept from Gradio, which believes everybody.
    """

    def __init__(self, app: ASGIApp, reach: Reach) -> None:
        self._app = app
        self._reach = reach

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one step of the server's life."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        scope = self._reach.placed(scope)
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", ""))) or "/"
        headers = Headers(scope=scope)
        if scope["type"] != "http" or not _is_known(path):
            words = "There is nothing here; /api/openapi.json tells what there is for programs."
            answer: ASGIApp = _refusal(path, words, 404)
        elif not self._reach.is_own(headers) or _is_foreign(path, headers):
            words = (
                "Only this page, and programs that are no page in a browser, may send requests, and only to its own "
                "address. Where it is known by another name, serve it with --allowed-host NAME."
            )
            answer = _refusal(path, words, 403)
        elif _is_no_json(path, str(scope["method"]), headers):
            words = "Send the body as JSON, with the header Content-Type: application/json."
            answer = _refusal(path, words, 415)
        else:
            kept = [(name, value) for name, value in scope["headers"] if not name.startswith(_OF_PROXIES)]
            answer, scope = self._app, {**scope, "headers": kept}
            receive = _limited(receive) if is_for_programs(path) else receive
        await answer(scope, receive, _with_headers(send))


def said(path: str, status: int, words: str, wait: int = 0) -> Response:
    """Return words to a program, where OpenAI's clients look for them, or Gradio's; in `wait` seconds it may go on."""
    error = {"message": words, "type": "invalid_request_error" if status < 500 else "server_error", "code": None}
    shown = {"detail": words, "error": error if path.startswith("/v1/") else words}
    return JSONResponse(shown, status, {"Retry-After": str(wait)} if wait else None)


def _refusal(path: str, words: str, status: int) -> Response:
    is_program = path.startswith(("/api/", "/v1/"))
    return said(path, status, words) if is_program else PlainTextResponse(words, status)


def _limited(receive: Receive) -> Receive:
    """Return what receives a body, and raises HTTPException once it is too long."""
    size = 0

    async def receiving() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > _LARGEST_BODY:
            raise HTTPException(413, f"A request may have {_LARGEST_BODY // 10**6} MB. Send less.")
        return message

    return receiving


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS)
            headers["Content-Security-Policy"] = _POLICY
            headers.setdefault("Cache-Control", "no-cache")
        await send(message)

    return sending
