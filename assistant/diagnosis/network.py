"""Network: servers that the settings name, the page's port, and the promise that nothing leaves this machine."""

from __future__ import annotations

import os
import socket
import urllib.request
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

import psutil

from assistant import wiring
from assistant.diagnosis.checks import Found, Looking
from assistant.errors import AssistantError, ModelError, UsageError
from assistant.library import condition, holder
from assistant.settings import Settings, api_address, other_host

PORT = 7860
"""Where the page is served unless another port is named."""

_SECONDS = 5.0
_TELEMETRY = ("HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "ANONYMIZED_TELEMETRY", "GRADIO_ANALYTICS_ENABLED")
_NO = ("", "0", "no", "off", "false")
_SERVERS = {"chroma_url": "Chroma", "llm_url": "chat model", "embed_url": "embedding model"}


def chroma(settings: Settings) -> Found | None:
    """Ask the Chroma server that is named who asks it."""
    import httpx2

    if not settings.chroma_url:
        return None
    parts = urlsplit(settings.chroma_url)
    port = parts.port or (443 if parts.scheme == "https" else 8000)
    url = f"{parts.scheme}://{parts.hostname if ':' not in str(parts.hostname) else f'[{parts.hostname}]'}:{port}"
    start = f"chroma run --path chroma --host {parts.hostname} --port {port}"
    mend = (
        f"{start}; or leave --chroma-url out"
        if _is_here(parts.hostname or "")
        else "Start it, or leave --chroma-url out"
    )
    headers = getattr(wiring.index_place(settings), "headers", {})
    try:
        answer = httpx2.get(f"{url}/api/v2/auth/identity", headers=dict(headers), timeout=_SECONDS)
        told = answer.json() if answer.is_success else {}
    except httpx2.HTTPError as error:
        return "wrong", f"{url} does not answer ({error or type(error).__name__})", mend
    except ValueError:
        told = {}
    if answer.status_code in (401, 403):
        return "wrong", f"{url} refuses who asks ({answer.status_code})", "export ASSISTANT_CHROMA_HEADER='NAME: VALUE'"
    if not (isinstance(told, dict) and "tenant" in told):
        found = f"{url} is no Chroma server: it answers {answer.status_code}"
        return "wrong", found, "Name the address of one with --chroma-url, or leave that out"
    return "fine", f"{url} answers in {answer.elapsed.total_seconds():.2f} s", ""


def model_server(use: Literal["llm", "embed"], settings: Settings) -> Found | None:
    """Ask the server of a model that is named whether it has the model."""
    url = settings.llm_url if use == "llm" else settings.embed_url
    if not url:
        return None
    variable = settings.llm_key_env if use == "llm" else settings.embed_key_env
    try:
        name, is_told = wiring.served_model_name(settings, use, _SECONDS)
    except UsageError as error:
        return "wrong", str(error), f"export {variable}=KEY"
    except ModelError as error:
        return "wrong", str(error), _mend_of_server(use, url, variable, error.__cause__)
    if not is_told:
        found = f"{url} answers, but does not list its models: whether it has {name} is seen when it is asked"
        return "warning", found, "assistant models check"
    return "fine", f"{url} answers, and has {name}", ""


def _mend_of_server(use: str, url: str, variable: str, cause: BaseException | None) -> str:
    """Return what mends a server of a model, by what kept it from saying that it has the model."""
    import openai

    asked = f"curl {api_address(url)}/models"
    code = getattr(cause, "status_code", 0)
    if isinstance(cause, openai.APITimeoutError) or code in (429, 503):
        return f"Wait until it is ready: {asked}"
    if code >= 500:
        return f"See its own log, then try again: {asked}"
    if isinstance(cause, openai.APIConnectionError):
        return f"Start it, or leave --{use}-url out"
    if isinstance(cause, openai.AuthenticationError | openai.PermissionDeniedError):
        named = "" if variable else f"ASSISTANT_{use.upper()}_KEY_ENV=SERVER_KEY "
        return f"export {named}{variable or 'SERVER_KEY'}=KEY"
    return f"Name address and model as it has them (--{use}-url, --{use}-model): {asked}"


def page(settings: Settings) -> Found:
    """Look who has the port of the page."""
    with socket.socket() as asking:
        asking.settimeout(1)
        is_taken = asking.connect_ex(("127.0.0.1", PORT)) == 0
    if not is_taken:
        return "fine", f"port {PORT} is free", ""
    who = next((one.pid for one in _listening() if one.laddr.port == PORT and one.pid), 0)
    if who in (os.getpid(), _holding(settings)) and who:
        return "fine", f"the page is at http://127.0.0.1:{PORT}", ""
    name = f"process {who} ({psutil.Process(who).name()})" if who else "another program"
    return "warning", f"port {PORT} is taken by {name}", f"assistant serve --port {PORT + 1}"


def reach(settings: Settings) -> Found:
    """Look whether the process that has the library listens beyond this machine though nobody has to log in."""
    process = _holding(settings)
    open_to_others = [one.laddr for one in _listening() if one.pid == process and not _is_here(one.laddr.ip)]
    if not open_to_others:
        return "fine", "nothing of this program listens beyond this machine", ""
    place = ", ".join(f"{one.ip}:{one.port}" for one in open_to_others)
    if not condition(settings.library).users:
        return "wrong", f"{place} is open to others, and nobody has to log in", "assistant users add NAME --admin"
    return "fine", f"{place} is open to users who log in", ""


def _holding(settings: Settings) -> int:
    """Return the number of the process that has the library, 0 where there is none or it is not told."""
    with suppress(AssistantError, OSError):
        return holder(settings.library)[1]
    return 0


def _listening() -> list[Any]:
    try:
        return [one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    except psutil.Error:  # some systems tell it to their administrator only
        return []


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host.strip("[]").split("%")[0]).is_loopback
    except ValueError:
        return False


def telemetry(_: Settings) -> Found:
    """Look whether the environment turns telemetry of libraries on again."""
    on = [
        name
        for name in _TELEMETRY
        if (os.environ.get(name, wiring.QUIET[name]).lower() in _NO) != (wiring.QUIET[name].lower() in _NO)
    ]
    if on:
        found = ", ".join(f"{name}={os.environ[name]}" for name in on)
        return "warning", f"telemetry of a library is on: {found}", f"unset {' '.join(on)}"
    return "fine", "telemetry and update checks of all libraries are off", ""


def proxies(_: Settings) -> Found:
    """Look whether a proxy would be asked for what is on this machine."""
    known = {kind: url for kind, url in urllib.request.getproxies().items() if kind in ("http", "https", "all")}
    if not known:
        return "fine", "none", ""
    caught = [host for host in ("127.0.0.1", "localhost") if not urllib.request.proxy_bypass(host)]
    if caught and ("http" in known or "all" in known):
        found = f"requests to {' and '.join(caught)} would go through a proxy"
        return "warning", found, "export NO_PROXY=127.0.0.1,localhost,::1"
    return "fine", f"for {', '.join(sorted(known))}; not for this machine", ""


def promise(settings: Settings) -> Found:
    """Say which servers beyond this machine the settings name."""
    hosts = {name: other_host(str(getattr(settings, name, ""))) for name in _SERVERS}
    beyond = [f"{host} ({name})" for name, host in hosts.items() if host]
    if beyond:
        found = f"text of papers and questions goes to {', '.join(beyond)}, as the settings say"
        return "warning", found, "Go without these settings for a program that is wholly local."
    return "fine", "models, library and search stay on this machine; services are asked only when you add from them", ""


def checks() -> tuple[Looking, ...]:
    """Return the checks of servers and the network."""
    return (
        Looking("server", _SERVERS["chroma_url"], chroma),
        Looking("server", _SERVERS["llm_url"], partial(model_server, "llm")),
        Looking("server", _SERVERS["embed_url"], partial(model_server, "embed")),
        Looking("server", "page", page),
        Looking("network", "promise", promise),
        Looking("network", "reach", reach),
        Looking("network", "telemetry", telemetry),
        Looking("network", "proxies", proxies),
    )
