"""OpenAI-compatible servers of models: connection, models, context length, and errors in words for a person."""

from __future__ import annotations

import difflib
import ipaddress
import re
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import openai

from assistant.errors import ModelError

_RETRIES = 3
_CONNECT, _SILENCE = 5.0, 600.0
"""Seconds until a server must have taken a call, and until it must have said something: a CPU reads slowly."""

_CONTEXT_FIELDS = ("max_model_len", "loaded_context_length", "context_length", "max_context_length", "n_ctx")
_OLLAMA_CONTEXT = 4096


class Server:
    """An OpenAI-compatible server at an address; calls are tried again with growing pauses where it is busy."""

    def __init__(self, url: str, key: str = "") -> None:
        parts = urlsplit(url.rstrip("/"))
        self.root = f"{parts.scheme}://{parts.netloc}"
        self._name = parts.hostname or ""
        base = url.rstrip("/") if parts.path else f"{self.root}/v1"
        # a proxy of the environment is for other machines
        http = openai.DefaultHttpxClient(trust_env=not is_local(self._name))
        self.client = openai.OpenAI(
            base_url=base, api_key=key or "none", max_retries=_RETRIES, timeout=_SILENCE, http_client=http
        ).with_options(timeout=openai.Timeout(_SILENCE, connect=_CONNECT))
        self._base = base

    @property
    def host(self) -> str:
        """Return the name of the machine where the server runs, "" for this one."""
        return "" if is_local(self._name) else self._name

    @property
    def place(self) -> str:
        """Return where the server is, for people."""
        return f"the server at {urlsplit(self.root).netloc}"

    def find_model(self, wanted: str, flag: str) -> str:
        """Return the model that is wanted, or the only one that there is. Raises ModelError."""
        try:
            names = [each.id for each in self.client.models.list()]
        except openai.NotFoundError as error:  # a server that does not list its models
            if wanted:
                return wanted
            raise ModelError(f"The server at {self._base} does not list its models. Name one with {flag}.") from error
        except openai.OpenAIError as error:
            raise self.error(error) from error
        if wanted and (not names or wanted in names):
            return wanted
        listed = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        if wanted:
            tagged = [name for name in names if name == f"{wanted}:latest"]
            if tagged:
                return wanted
            near = difflib.get_close_matches(wanted, names, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ModelError(f"The server at {self._base} has no model {wanted}.{hint} It has: {listed}.")
        if len(names) == 1:
            return names[0]
        if not names:
            raise ModelError(f"The server at {self._base} has no model. Load one there, then try again.")
        raise ModelError(f"The server at {self._base} has several models. Name one with {flag}: {listed}.")

    def context_tokens(self, model: str) -> int:
        """Return how many tokens prompt and answer may have together, 0 where the server does not tell."""
        with suppress(openai.OpenAIError):
            for each in self.client.models.list():
                if each.id == model:
                    told = each.model_dump()
                    if found := _first_number(told | (told.get("meta") or {})):
                        return found
        for path in ("/props", f"/api/v0/models/{model}"):  # llama-server, LM Studio
            told = self._asked(path)
            if found := _first_number(told | told.get("default_generation_settings", {})):
                return found
        for each in self._asked("/api/ps").get("models", ()):  # Ollama, for a model that is loaded
            if each.get("name") in (model, f"{model}:latest") and (found := _first_number(each)):
                return found
        if shown := self._asked("/api/show", {"model": model}):
            parameter = re.search(r"num_ctx\s+(\d+)", str(shown.get("parameters", "")))
            return int(parameter[1]) if parameter else _OLLAMA_CONTEXT
        return 0

    def _asked(self, path: str, body: object = None) -> dict[str, Any]:
        """Return what the server says at a path of its own, {} where it has none."""
        with suppress(openai.OpenAIError, ValueError):
            client = self.client.with_options(max_retries=0, timeout=_CONNECT)
            url = f"{self.root}{path}"
            told = client.get(url, cast_to=object) if body is None else client.post(url, cast_to=object, body=body)
            return told if isinstance(told, dict) else {}
        return {}

    def hang_up(self, stream: Any) -> None:
        """End a call at once, whether or not the server is saying something."""
        network = stream.response.extensions.get("network_stream")
        connection = network.get_extra_info("socket") if network else None
        if connection is not None:
            connection.shutdown(socket.SHUT_RDWR)

    def error(self, error: BaseException) -> ModelError:
        """Return what went wrong, in words for a person."""
        if isinstance(error, ModelError):
            return error
        at = f"the server at {self._base}"
        if isinstance(error, openai.APITimeoutError):
            return ModelError(f"{at.capitalize()} did not answer in time. See whether it is busy, and try again.")
        if isinstance(error, openai.APIConnectionError):
            return ModelError(
                f"No server answers at {self._base}. Start it, or leave the address out to use a model of this machine."
            )
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return ModelError(
                f"{at.capitalize()} wants a key that it accepts. Put it into a variable and name that: --llm-key-env."
            )
        said = getattr(error, "message", "") or str(error)
        return ModelError(f"{at.capitalize()} failed: {said[:300].rstrip('.')}. See its own log for more.")


def is_local(host: str) -> bool:
    """Tell whether a host is this machine by its name or number."""
    if host.casefold() == "localhost" or host.casefold().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _first_number(told: dict[str, Any]) -> int:
    return next((value for name in _CONTEXT_FIELDS if isinstance(value := told.get(name), int) and value > 0), 0)
