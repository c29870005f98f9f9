"""Access to the page: who asks, what is refused to whom did not log in, and how much each may ask."""

from __future__ import annotations

import logging
import math
import re
import threading
import time
from collections.abc import Collection
from urllib.parse import quote, urlsplit

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute, parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, RateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.errors import AssistantError, LibraryError, UsageError
from assistant.library import User, Users
from assistant.settings import Settings
from assistant.text import counted
from assistant.ui.hardening import Reach, is_for_programs, said
from assistant.ui.site import Site, address, here

COOKIE = "assistant_session"

_CALL = re.compile(
    r"/turns|/gradio_api/(?:queue/join|call/(?:v2/)?(\w+))/?|/api/(?!openapi\.json).*|/v1/chat/completions"
)
"""What is counted: questions, and calls by their names."""

_LONGEST_LOGIN = 8192
"""Bytes of the form in which a user logs in."""

_TRIES_FROM_ADDRESS = parse_many("5 per minute; 10 per 15 minutes; 40 per day")
_TRIES_FOR_NAME = parse_many("10 per 15 minutes; 100 per day")
"""A wait that grows: after a few wrong passwords a minute, then a quarter of an hour, then most of a day."""


class TooMany(AssistantError):
    """Something was asked for too often; `wait` is for how many seconds it is refused."""

    def __init__(self, what: str, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        super().__init__(f"{what} Go on in {_duration(self.wait)}.")


class Tries:
    """Tries to log in, by address and by name. The right password gives its name all back, its address that one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._store = MemoryStorage()
        self._of_addresses = FixedWindowRateLimiter(self._store)  # of which one try can be given back
        self._of_names = MovingWindowRateLimiter(self._store)

    def count(self, client: str, name: str) -> None:
        """Count a try before the password is looked at. Raises TooMany."""
        limits = self._limits(client, name)
        with self._lock:
            for limiter, limit, *who in limits:
                if not limiter.test(limit, *who):
                    raise TooMany("There were too many tries to log in.", _wait(limiter, limit, *who))
            for limiter, limit, *who in limits:
                limiter.hit(limit, *who)

    def forgive(self, client: str, name: str) -> None:
        """Forget the tries of somebody who has logged in, but not those at other names from the same address."""
        with self._lock:
            for limiter, limit, *who in self._limits(client, name):
                if limiter is self._of_names:
                    limiter.clear(limit, *who)
                else:
                    self._store.decr(limit.key_for(*who))

    def _limits(self, client: str, name: str) -> list[tuple[RateLimiter, RateLimitItem, str, str]]:
        called = name.strip().casefold()[:64]
        return [
            *((self._of_addresses, limit, "address", client) for limit in _TRIES_FROM_ADDRESS),
            *((self._of_names, limit, "name", called) for limit in _TRIES_FOR_NAME),
        ]


class Allowance:
    """How many calls a minute and how many bytes a day each user has."""

    def __init__(self, settings: Settings) -> None:
        store = MemoryStorage()
        self._moving = MovingWindowRateLimiter(store)
        self._fixed = FixedWindowRateLimiter(store)
        self._calls = RateLimitItemPerMinute(settings.calls_per_minute)
        self._uploads = RateLimitItemPerDay(settings.upload_per_day * 1000)

    def call(self, user: str) -> None:
        """Count a call. Raises TooMany."""
        if not self._moving.hit(self._calls, "call", user):
            most = counted(self._calls.amount, "request")
            raise TooMany(f"You may send {most} a minute.", _wait(self._moving, self._calls, "call", user))

    def upload(self, user: str, size: int) -> None:
        """Count the bytes that a user sends. Raises TooMany, UsageError for more than a whole day's."""
        kilobytes = math.ceil(size / 1000)
        if kilobytes > self._uploads.amount:
            raise UsageError(f"You may upload {self._uploads.amount // 1000:,} MB a day. Add a smaller file.")
        if not self._fixed.test(self._uploads, "upload", user, cost=kilobytes):
            most = self._uploads.amount // 1000
            wait = _wait(self._fixed, self._uploads, "upload", user)
            raise TooMany(f"You may upload {most:,} MB a day, and this would be more.", wait)
        self._fixed.hit(self._uploads, "upload", user, cost=kilobytes)


class Access:
    """ASGI middleware: finds out who asks, sends others to log in, and counts what users send.

    `request.state` tells it to the views: `user`, `is_admin` and `needs_login`. Where the page is reached from this
    machine only and there are no users, nobody logs in and nothing is counted. Calls of the names `uncounted` are free.
    """

    def __init__(self, app: ASGIApp, site: Site, reach: Reach, uncounted: Collection[str] = ()) -> None:
        self._app = app
        self._site = site
        self._is_local = reach.is_local
        self._uncounted = uncounted
        self._allowance = Allowance(site.workspace.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one step of the server's life."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            needs_login, user = await run_in_threadpool(self._who, request)
        except LibraryError:  # nobody is let in unknown; what is wrong may name the library's place
            logging.getLogger(__name__).exception("The users could not be read")
            words = (
                "The library cannot be read. Try again in a moment; whoever runs this page finds the reason in its log."
            )
            response = said(here(request), 500, words) if is_asked_by_script(request) else PlainTextResponse(words, 500)
            await response(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["needs_login"] = needs_login
        state["user"] = user.name if user else ""
        state["is_admin"] = user.is_admin if user else not needs_login
        refused = self._refused(request, user) if needs_login else None
        await (refused or self._app)(scope, receive, send)

    def _who(self, request: Request) -> tuple[bool, User | None]:
        users: Users = self._site.users
        if here(request).startswith("/static/"):
            return True, None
        if self._is_local and not users.exist():
            return False, None
        held = request.cookies.get(COOKIE, "")
        if is_for_programs(here(request)):
            kind, _, token = request.headers.get("authorization", "").partition(" ")
            held = token.strip() if kind.lower() == "bearer" else held
        return True, users.of_session(held)

    def _refused(self, request: Request, user: User | None) -> Response | None:
        """Return the answer to a request that is not let through; None for one that is."""
        path, size = here(request), request.headers.get("content-length", "")
        is_sent = request.method not in ("GET", "HEAD")
        if is_sent and not size.isdecimal():
            return said(path, 411, "This request does not say how long it is.")
        if user is None:
            if path != "/login" and not path.startswith("/static/"):
                return _to_login(request, path)
            is_long = is_sent and int(size) > _LONGEST_LOGIN
            return said(path, 413, "This is too long to be a name and a password.") if is_long else None
        try:
            if is_sent:
                self._allowance.upload(user.name, int(size))
            call = _CALL.fullmatch(path)
            if call and call[1] not in self._uncounted and (is_sent or is_for_programs(path)):
                self._allowance.call(user.name)
        except (TooMany, UsageError) as error:
            wait = error.wait if isinstance(error, TooMany) else 0
            status = 429 if wait else 413
            if is_asked_by_script(request):
                return said(path, status, str(error), wait)
            page = self._site.page(request, "error.html", status, message=str(error))
            page.headers.update({"Retry-After": str(wait)} if wait else {})
            return page
        return None


def safe_next(path: str) -> str:
    """Return the path to go on to after logging in, of this site whatever an address says; else that of the chat."""
    is_ours = path.startswith("/") and not path.startswith("//") and path.isprintable() and "\\" not in path
    return path if is_ours and urlsplit(path).path != "/login" else "/"


def is_asked_by_script(request: Request) -> bool:
    """Tell whether a script asks, which wants words and no page."""
    is_call = here(request).startswith(("/gradio_api", "/config"))
    return is_call or is_for_programs(here(request)) or "application/json" in request.headers.get("accept", "")


def _to_login(request: Request, path: str) -> Response:
    if is_for_programs(path):
        words = "Users log in here. `assistant users token NAME` makes a token; send it as Authorization: Bearer TOKEN."
        refused = said(path, 401, words)
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused
    if is_asked_by_script(request):
        return said(path, 401, "You are logged out. Reload the page to log in.")
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = f"{quote(path, safe='/:@')}{query}" if request.method == "GET" and path != "/" else ""
    login = address(request, "/login", next=wanted)
    if request.headers.get("sec-fetch-site") == "cross-site" and request.method == "GET":
        # a browser that comes by a link from elsewhere holds its cookie back; one that our own page sends on shows it
        return HTMLResponse(
            f'<!doctype html><meta http-equiv="refresh" content="0; url={login.replace("&", "&amp;")}">'
        )
    return RedirectResponse(login, 303)


def _wait(limiter: RateLimiter, limit: RateLimitItem, *who: str) -> float:
    return limiter.get_window_stats(limit, *who).reset_time - time.time()


def _duration(seconds: int) -> str:
    if seconds < 90:
        return counted(seconds, "second")
    minutes = math.ceil(seconds / 60)
    return counted(minutes, "minute") if minutes < 90 else counted(math.ceil(minutes / 60), "hour")
