"""OpenAI-compatible servers of models: connection, models, context length, and errors in words for a person."""

from __future__ import annotations

import difflib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
import openai

from assistant import stopping
from assistant.errors import ModelError
from assistant.models import thoughts
from assistant.settings import api_address, other_host

_T = TypeVar("_T")

_RETRIES = 3
_CONNECT, _TELLING, _SILENCE = 5.0, 10.0, 600.0
"""Seconds until a server must have taken a call, told of its models, and said something: a CPU reads slowly."""

_CONTEXT_FIELDS = ("max_model_len", "loaded_context_length", "context_length", "max_context_length", "n_ctx")
_LOADING = 120.0
"""Seconds that a server may take to read a model's weights."""

_OLLAMA_CONTEXT = 4096
_NO_LIST = (404, 405, 501)
_OF_OTHERS = ("x-stainless", "openai-")
"""Headers that the client would add: what this machine is, and to whom the person is known at OpenAI."""


class Server:
    """An OpenAI-compatible server at an address; calls are tried again with growing pauses where it is busy.

    Nothing is sent to another address, also where the server asks for that. Raises ModelError.
    """

    def __init__(self, url: str, key: str = "") -> None:
        self._base = api_address(url)
        parts = urlsplit(url)
        self.root = f"{parts.scheme}://{parts.netloc}"
        self.host = other_host(url)
        """The name of the machine where the server runs, "" for this one."""
        self.lists_models = True
        """Whether it tells which models it has, as far as it was asked."""
        self._calls = threading.local()
        try:
            self.client = openai.OpenAI(
                base_url=self._base,
                api_key=key or "none",
                max_retries=_RETRIES,
                timeout=openai.Timeout(_SILENCE, connect=_CONNECT),
                http_client=openai.DefaultHttpxClient(
                    trust_env=bool(self.host),  # a proxy of the environment is for other machines
                    follow_redirects=False,
                    event_hooks={"request": [self._before]},
                    # a call that has a connection of its own is ended by the end of that
                    limits=httpx2.Limits(max_keepalive_connections=20 if self.host else 0),
                ),
            )
        except (ImportError, ValueError, httpx2.InvalidURL) as error:
            raise ModelError(
                f"The address {self._base}, or a proxy that the environment names for it, cannot be used: {error}."
            ) from error

    @property
    def place(self) -> str:
        """Return where the server is, for people."""
        return f"the server at {urlsplit(self.root).netloc}"

    def find_model(self, wanted: str, flag: str, seconds: float = _TELLING) -> str:
        """Return the model that is wanted, or the only one that there is. Raises ModelError."""
        try:
            names = [each["id"] for each in self._listed(seconds)]
        except openai.APIStatusError as error:
            if error.status_code not in _NO_LIST:
                raise self.error(error) from error
            self.lists_models = False
            if wanted:
                return wanted
            raise ModelError(
                f"The server at {self._base} does not list its models ({error.status_code}). See whether the address "
                f"is right; most end with /v1. If it is, name a model with {flag}."
            ) from error
        except (openai.OpenAIError, ValueError, httpx2.InvalidURL) as error:
            raise self.error(error) from error
        self.lists_models = bool(names)
        if wanted and (not names or wanted in names):
            return wanted
        listed = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        if wanted:
            if f"{wanted}:latest" in names:
                return wanted
            near = difflib.get_close_matches(wanted, names, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ModelError(f"The server at {self._base} has no model {wanted}.{hint} It has: {listed}.")
        if len(names) == 1:
            return str(names[0])
        if not names:
            raise ModelError(f"The server at {self._base} has no model. Load one there, then try again.")
        raise ModelError(f"The server at {self._base} has several models. Name one with {flag}: {listed}.")

    def context_tokens(self, model: str) -> int:
        """Return how many tokens prompt and answer may have together, 0 where the server does not tell."""
        with suppress(openai.OpenAIError, ModelError, ValueError):
            for each in self._listed():
                if each["id"] == model and (found := _first_number(each | _object(each.get("meta")))):
                    return found
        for path in ("/props", f"/api/v0/models/{model}"):  # llama-server, LM Studio
            told = self._asked(path)
            if found := _first_number(told | _object(told.get("default_generation_settings"))):
                return found
        if not (shown := self._asked("/api/show", {"model": model})):
            return 0
        self._asked("/api/generate", {"model": model}, _LOADING)  # Ollama tells it of a model that is loaded only
        for each in map(_object, self._asked("/api/ps").get("models") or ()):
            if each.get("name") in (model, f"{model}:latest") and (found := _first_number(each)):
                return found
        parameter = re.search(r"num_ctx\s+(\d+)", str(shown.get("parameters", "")))
        return int(parameter[1]) if parameter else _OLLAMA_CONTEXT

    def opens_thought(self, model: str) -> bool | None:
        """Tell whether the chat template opens a thought at the prompt's end, None where the server does not tell."""
        asked = {
            "model": model,
            "messages": [{"role": "user", "content": "A question."}],
            "chat_template_kwargs": {"enable_thinking": False},
        }
        prompt = self._asked("/apply-template", asked).get("prompt")  # llama-server
        if prompt is None and (tokens := self._asked("/tokenize", asked).get("tokens")):  # vLLM
            prompt = self._asked("/detokenize", {"model": model, "tokens": tokens}).get("prompt")
        return thoughts.is_opened(prompt) if isinstance(prompt, str) else None

    def _listed(self, seconds: float = _TELLING) -> list[dict[str, Any]]:
        """Return what the server says of each of its models, with a name in "id"."""
        client = self.client.with_options(timeout=min(_TELLING, seconds))
        told = self.awaited(lambda: client.get("/models", cast_to=object), min(_TELLING, seconds))
        if not isinstance(told, dict) or not isinstance(told.get("data", []), list | None):
            raise ModelError(
                f"What answers at {self._base} is no OpenAI-compatible server. See whether the address is right; "
                "most end with /v1."
            )
        return [each for each in map(_object, told.get("data") or ()) if isinstance(each.get("id"), str)]

    def _asked(self, path: str, body: object = None, seconds: float = _CONNECT) -> dict[str, Any]:
        """Return what the server says at a path of its own, {} where it has none."""
        with suppress(openai.OpenAIError, ValueError):
            client = self.client.with_options(max_retries=0, timeout=openai.Timeout(seconds, connect=_CONNECT))
            url = f"{self.root}{path}"
            if body is None:
                return _object(self.awaited(lambda: client.get(url, cast_to=object), seconds))
            return _object(self.awaited(lambda: client.post(url, cast_to=object, body=body), seconds))
        return {}

    def awaited(self, call: Callable[[], _T], patience: float) -> _T:
        """Return what calls of the server return, made in a thread that nobody waits for who does not want it any more.

        After `patience` seconds none is begun. Raises Stopped, and what the calls raise.
        """
        left, connections = threading.Event(), list[Any]()

        def work() -> _T:
            with self.call(left, connections, patience):
                return call()

        coming = stopping.apart(work, "call of a server")
        try:
            return stopping.result(coming)
        finally:
            left.set()
            if not coming.done():
                self.hang_up(connections)

    @contextmanager
    def call(self, left: threading.Event, connections: list[Any], patience: float = _SILENCE) -> Iterator[None]:
        """Note the connections of the calls that this thread makes meanwhile.

        None is begun after `left` is set, or more than `patience` seconds after the first.
        """
        self._calls.now = left, connections, time.monotonic() + patience
        try:
            yield
        finally:
            del self._calls.now

    def _before(self, request: httpx2.Request) -> None:
        """See to a call before it is sent."""
        for name in [name for name in request.headers if name.startswith(_OF_OTHERS)]:
            del request.headers[name]
        if not hasattr(self._calls, "now"):
            return
        left, connections, last = self._calls.now
        if left.is_set() or time.monotonic() > last:
            raise openai.APITimeoutError(request=request)  # a call that nobody waits for is not tried again

        def note(event: str, told: dict[str, Any]) -> None:
            if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
                connections.append(told["return_value"])
                if left.is_set():
                    self.hang_up(connections)

        request.extensions["trace"] = note

    def hang_up(self, connections: list[Any]) -> None:
        """End calls at once, whether or not the server is saying something."""
        for each in connections:
            with suppress(Exception):
                each.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def error(self, error: BaseException) -> ModelError:
        """Return what went wrong, in words for a person."""
        if isinstance(error, ModelError):
            return error
        at = f"The server at {self._base}"
        if isinstance(error, openai.APITimeoutError):
            return ModelError(f"{at} did not answer in time. See whether it is busy, and try again.")
        if isinstance(error, openai.APIConnectionError) and isinstance(error.__cause__, httpx2.ConnectError):
            return ModelError(
                f"No server answers at {self._base}. Start it, or leave the address out to use a model of this machine."
            )
        if isinstance(error, openai.APIConnectionError):
            return ModelError(f"{at} broke off the connection. See whether it still runs, and try again.")
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return ModelError(
                f"{at} wants a key that it accepts. Put it into a variable and name that: --llm-key-env for the chat "
                "model, --embed-key-env for the embedding model."
            )
        said = refusal(error)[:300].rstrip(".")
        if isinstance(error, openai.APIStatusError) and error.response.is_redirect:
            target = error.response.headers.get("location", "")
            return ModelError(f"{at} sends callers on to {target}. If you trust that address, name it instead.")
        if isinstance(error, openai.RateLimitError) or getattr(error, "status_code", 0) == 503:
            return ModelError(f"{at} is busy or not ready yet: {said}. Wait a moment, then try again.")
        return ModelError(f"{at} failed: {said}. See its own log for more.")


def refusal(error: BaseException) -> str:
    """Return what a server says of an error, in whatever form it says it."""
    said = getattr(error, "message", "") or str(error)
    response = getattr(error, "response", None)
    if response is not None and " - " not in said:  # only messages of OpenAI's form are read by the client
        with suppress(httpx2.StreamError):
            return f"{said} - {response.text.strip()}".rstrip(" -")
    return said


def _object(told: object) -> dict[str, Any]:
    return told if isinstance(told, dict) else {}


def _first_number(told: dict[str, Any]) -> int:
    return next((value for name in _CONTEXT_FIELDS if isinstance(value := told.get(name), int) and value > 0), 0)
