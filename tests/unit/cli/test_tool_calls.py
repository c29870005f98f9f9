"""Tool calls between processes: a library that is lent stays open for them, and nothing of it is left afterwards."""

from __future__ import annotations

import asyncio
import gc
import json
import tempfile
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from mcp.server.mcpserver.exceptions import ToolError

from assistant import mcp_server
from assistant import settings as program_settings
from assistant.cli import client, main, options, tool_calls
from assistant.cli.server import CommandServer
from assistant.diagnosis.library_state import ServerState
from assistant.errors import UsageError
from assistant.library import Library, Ownership
from assistant.mcp_server import Lender
from assistant.queries import Queries
from assistant.settings import Settings
from assistant.workspace import Workspace

pytestmark = pytest.mark.skipif(not client.IS_POSSIBLE, reason="needs Unix sockets")

LONG = 60.0


class Opened:
    """A workspace whose answers last until they are told to end, or are stopped."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.library = settings, Library(settings.library)
        self.begun, self.ends = threading.Event(), threading.Event()
        self.what_happened: list[str] = []

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.what_happened.append("workspace closed")
        self.library.close()

    def ask(self, *_: object, **__: object) -> Opened:
        return self

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self.begun.set()
        assert self.ends.wait(LONG)
        raise StopIteration

    def close(self) -> None:
        self.ends.set()
        self.what_happened.append("answer closed")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    with tempfile.TemporaryDirectory() as sockets:  # a socket's path must be short
        monkeypatch.setenv("XDG_RUNTIME_DIR", sockets)
        monkeypatch.chdir(tmp_path)
        Library(tmp_path / "papers").close()
        yield program_settings.load(library="papers")  # which is relative


def lender_of(settings: Settings) -> Lender:
    return Lender(settings, cast(Any, Opened), tool_calls.lent, idle=10 * LONG)


def asked(settings: Settings) -> dict[str, Any] | None:
    async def tell(*_: object) -> None:
        pass

    return asyncio.run(tool_calls.call_elsewhere(settings, "ask", {"question": "What is woven?"}, tell))


def opened_by(lender: Lender) -> Opened:
    with lender.lend() as workspace:
        return cast(Opened, workspace)


@pytest.mark.timeout(3 * LONG)
def test_a_library_stays_open_while_another_process_is_answered(settings: Settings) -> None:
    lender = lender_of(settings)
    opened = opened_by(lender)
    with ThreadPoolExecutor() as others:
        reply = others.submit(asked, settings)
        assert opened.begun.wait(LONG)
        lender.close()  # as once it was idle
        for request in ("let go", "stop"):
            client.ask(settings.library, request, gently=True)
        assert lender.is_open
        opened.ends.set()
        assert "stopped before it was finished" in (reply.result(LONG) or {})["error"]
    lender.close(LONG)
    assert opened.what_happened == ["answer closed", "workspace closed"]
    assert asked(settings) is None


@pytest.mark.timeout(3 * LONG)
def test_an_answer_that_nobody_waits_for_is_ended_before_its_library_is_closed(settings: Settings) -> None:
    lender = lender_of(settings)
    opened = opened_by(lender)
    with client.connect(settings.library) as connection:
        essentials = options.essentials(options.served(settings))
        request = {"do": "call", "version": client.version(), "essentials": essentials, "tool": "ask"}
        connection.sendall(json.dumps({**request, "arguments": {"question": "Why?"}}).encode() + b"\n")
        assert opened.begun.wait(LONG)
    lender.close(LONG)
    assert opened.what_happened == ["answer closed", "workspace closed"]


@pytest.mark.timeout(3 * LONG)
def test_nothing_is_left_of_a_library_that_was_let_go(settings: Settings) -> None:
    lender, before = lender_of(settings), set(threading.enumerate())
    opened = weakref.ref(opened_by(lender))
    assert lender._closing
    lender._closing.cancel()
    lender.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(LONG)
        assert not thread.is_alive(), thread
    gc.collect()
    assert opened() is None


def test_who_asks_who_holds_the_library_is_told_and_takes_it_from_nobody(settings: Settings) -> None:
    lender = lender_of(settings)
    opened_by(lender)
    assert client.ask(settings.library, "who") == {"state": "lends"}
    assert client.ask(settings.library, "status") == {}  # it is no server of commands
    assert lender.is_open
    lender.close()
    assert client.ask(settings.library, "who") == {}


def test_the_doctor_asks_who_holds_the_library(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    lender = lender_of(settings)
    opened_by(lender)
    told = list[object]()

    def diagnose(_: object, *, server: ServerState, **__: object) -> None:
        told.append(server(settings))
        raise UsageError("That is all that is to be known.")

    monkeypatch.setattr("assistant.diagnosis.diagnose", diagnose)
    monkeypatch.setattr("sys.argv", ["assistant", "doctor"])
    with pytest.raises(SystemExit):
        main.main()
    lender.close()
    assert told == [{"state": "lends"}]


def test_a_call_never_opens_what_was_let_go(settings: Settings) -> None:
    lender = lender_of(settings)
    opened = cast(Workspace, opened_by(lender))
    lender.close()
    with pytest.raises(UsageError, match="let go"), lender.lend(opened):
        pass
    assert not lender.is_open


@pytest.mark.timeout(3 * LONG)
def test_a_server_that_is_to_end_waits_for_what_is_being_called(settings: Settings) -> None:
    with Opened(options.served(settings)) as opened, ThreadPoolExecutor() as others:
        server = CommandServer(cast(Any, opened), lambda *_: 0)

        def stop() -> None:
            assert opened.begun.wait(LONG)
            server._end()
            while Path(client.address(settings.library)).exists():
                threading.Event().wait(0.01)
            opened.ends.set()

        reply, stopping = others.submit(asked, settings), others.submit(stop)
        server.serve()
        assert opened.ends.is_set()
        assert not server._is_busy()
        stopping.result(LONG)
        assert "stopped before it was finished" in (reply.result(LONG) or {})["error"]


def test_a_library_of_another_program_is_tried_until_that_answers(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp_server, "_PAUSE", 0.0)
    replies = iter([None, None, {"result": {"content": [], "structuredContent": {"text": "Beams."}}}])

    async def elsewhere(*_: object) -> dict[str, Any] | None:
        return next(replies)

    async def tell(*_: object) -> None:
        pass

    with closing(Ownership(settings.library)), closing(Library(settings.library)) as library:
        server = mcp_server.server(Queries(library, Lender(settings).lend), elsewhere)
        context = mcp_server._Heard(tell)
        result = asyncio.run(server.call_tool("ask", {"question": "What is a beam?"}, context))
        assert cast(Any, result).structured_content == {"text": "Beams."}
        replies = iter([None] * 20)
        with pytest.raises(ToolError, match="in use by"):
            asyncio.run(server.call_tool("ask", {"question": "What is a beam?"}, context))


@pytest.mark.parametrize(
    "request_", [b"[]", b'"do"', b"7", b"null", b"[" * 100_000, b'{"do": "call", "essentials": 1}']
)
def test_a_request_that_is_malformed_ends_with_its_connection(
    settings: Settings, request_: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: list[object] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    lender = lender_of(settings)
    opened_by(lender)
    with client.connect(settings.library) as connection:
        connection.sendall(request_ + b"\n")
        assert connection.recv(1) == b""
    lender.close()
    assert not raised
