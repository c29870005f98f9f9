"""Where a redirect may lead, and what goes with it; the transport is replaced, so that other hosts can be played."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from assistant.errors import RemoteError
from assistant.ingestion.remote import Services
from assistant.ingestion.remote.client import Client, decode_json
from assistant.ingestion.remote.services import Service

KEYED = Service(
    "Service",
    "https://home.example/api",
    0.0,
    "service_key",
    secret_parameters={"api_key": "secret-one"},
    secret_headers={"x-api-key": "secret-two"},
)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[httpx2.Request]]:
    """Return a function that sets where `home.example` redirects to; it returns the requests as they come."""
    asked: list[httpx2.Request] = []

    def start(location: str) -> list[httpx2.Request]:
        def answer(_: httpx2.HTTPTransport, request: httpx2.Request) -> httpx2.Response:
            asked.append(request)
            if len(asked) == 1:
                return httpx2.Response(302, headers={"Location": location}, stream=httpx2.ByteStream(b""))
            return httpx2.Response(200, stream=httpx2.ByteStream(b'{"title": "x"}'))

        monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", answer)
        return asked

    return start


def get(folder: Path) -> dict[str, object]:
    with Client(Services(cache=folder)) as client:
        return client.get(KEYED, "/paper", {"fields": "title"}, decode_json)


def test_a_key_goes_to_its_own_host_only(tmp_path: Path, play: Callable[..., list[httpx2.Request]]) -> None:
    asked = play("https://other.example/paper?api_key=secret-one&fields=title")
    assert get(tmp_path) == {"title": "x"}
    assert asked[0].url.params["api_key"] == "secret-one"
    assert asked[0].headers["x-api-key"] == "secret-two"
    assert str(asked[1].url) == "https://other.example/paper?fields=title"
    assert "secret" not in str(asked[1].headers.multi_items())


def test_a_key_goes_along_on_its_own_host(tmp_path: Path, play: Callable[..., list[httpx2.Request]]) -> None:
    asked = play("/moved")
    assert get(tmp_path) == {"title": "x"}
    assert asked[1].url.path == "/moved"
    assert (asked[1].url.params["api_key"], asked[1].headers["x-api-key"]) == ("secret-one", "secret-two")


@pytest.mark.parametrize("location", ["http://home.example/paper", "http://other.example/paper", "ftp://home.example/"])
def test_encryption_is_not_given_up(tmp_path: Path, play: Callable[..., list[httpx2.Request]], location: str) -> None:
    asked = play(location)
    with pytest.raises(RemoteError):
        get(tmp_path)
    assert len(asked) == 1
