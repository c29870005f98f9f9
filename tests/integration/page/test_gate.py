"""The gate before the page: what answers, whom, and with which headers."""

from __future__ import annotations

import json
import os
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from assistant.errors import AssistantError
from assistant.ui import serve
from assistant.ui.hardening import seal_environment
from tests.integration.page.conftest import Running


def fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, method=method, headers={"Accept-Encoding": "identity", **headers})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, {name.lower(): value for name, value in response.headers.items()}, response.read()
    except urllib.error.HTTPError as error:
        return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()


@pytest.mark.parametrize("path", ["", "papers", "config", "static/site.js", "gradio_api/info", "no/such/thing"])
def test_every_answer_carries_the_security_headers(app: Running, path: str) -> None:
    _, headers, _ = fetch(app.url + path)
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"https?:|\*|unsafe-eval|script-src [^;]*unsafe", policy)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"


def test_running_configuration_of_gradio_opens_nothing(app: Running) -> None:
    config = json.loads(fetch(app.url + "config")[2])
    expected = {
        "analytics_enabled": False,
        "run_history": False,
        "mcp_server": False,
        "pwa": False,
        "vibe_mode": False,
        "dev_mode": False,
        "max_file_size": 200 * 1024 * 1024,
        "footer_links": [],
    }
    assert {name: config[name] for name in expected} == expected
    assert str(app.workspace.library.folder) not in json.dumps(config)


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/file=/etc/hostname",
        "gradio_api/file=http://evil.example/",
        "gradio_api/proxy=http://evil.example/",
        "gradio_api/vibe-code/",
        "gradio_api/deep_link",
        "monitoring/summary",
        "docs",
        "openapi.json",
        "theme.css",
        "static/../../../etc/hostname",
    ],
)
def test_no_address_serves_a_file_or_fetches_one(app: Running, path: str) -> None:
    assert fetch(app.url + path)[0] in (403, 404)


def test_library_files_are_not_served(app: Running) -> None:
    assert fetch(f"{app.url}gradio_api/file={app.workspace.library.folder / 'library.sqlite3'}")[0] == 404


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_requests_of_other_pages_are_refused(app: Running, headers: dict[str, str]) -> None:
    assert fetch(app.url + "config", **headers)[0] == 403
    assert fetch(app.url + "turns", method="POST", **headers)[0] == 403
    assert fetch(app.url + "gradio_api/upload", method="POST", **headers)[0] == 403


@pytest.mark.parametrize("name", ["ask", "predict"])
def test_queue_is_the_only_way_to_an_answer(app: Running, name: str) -> None:
    config = json.loads(fetch(app.url + "config")[2])
    ask_index = next(d["id"] for d in config["dependencies"] if d["api_name"] == "ask")
    body = json.dumps({"data": ["What does the loom weave?"], "fn_index": ask_index, "session_hash": "x"}).encode()
    request = urllib.request.Request(f"{app.url}gradio_api/run/{name}", body, {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(request)


def test_a_port_in_use_is_named(app: Running) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(AssistantError, match=f"Port {port} .* in use"):
            serve(app.workspace, "127.0.0.1", port, on_ready=lambda _: None)


def test_the_environment_of_gradio_is_dropped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GRADIO_SHARE", "GRADIO_ALLOWED_PATHS", "GRADIO_MCP_SERVER", "GRADIO_VIBE_MODE", "GRADIO_NEW_DOOR"):
        monkeypatch.setenv(name, "True")
    for name in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR", "GRADIO_EXAMPLES_CACHE"):
        monkeypatch.setenv(name, os.environ.get(name, "x"))
    seal_environment(tmp_path)
    kept = {name: value for name, value in os.environ.items() if name.startswith("GRADIO_")}
    assert set(kept) == {"GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR", "GRADIO_EXAMPLES_CACHE"}
    assert kept["GRADIO_ANALYTICS_ENABLED"] == "False"


@pytest.mark.parametrize("view", ["", "papers", "authors", "trends", "add", "status"])
def test_an_open_page_on_which_nothing_moves_asks_nothing(
    app: Running, open_page: Callable[..., Page], view: str
) -> None:
    page = open_page(app.url + view)
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(3000)
    assert asked == []
