"""Tool calls of MCP servers, answered by whichever process holds the library."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from assistant.cli import client, options
from assistant.cli.listening import Listener, send
from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.mcp_server import Lender, Tell
    from assistant.settings import Settings
    from assistant.workspace import Workspace

_LONGEST_REPLY = 1 << 26
"""Bytes of a reply, which is one line: answers come with what proves them."""


class Tools:
    """Calls tools for other processes on a workspace that is open here, and is lent to each call; several at once."""

    def __init__(self, opened: Workspace, lend: Callable[[], AbstractContextManager[Workspace]]) -> None:
        from assistant import mcp_server
        from assistant.queries import Queries

        self._call = mcp_server.call
        self._server = mcp_server.server(Queries(opened.library, lend))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tools", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Call no more tools; none is called just now."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def answer(self, connection: socket.socket, tool: str, arguments: Mapping[str, Any]) -> None:
        """Call a tool, and tell what it does meanwhile; it is ended as soon as nobody waits for it."""

        async def tell(seconds: float, message: str) -> None:
            await asyncio.to_thread(send, connection, seconds=seconds, message=message)

        async def call() -> None:
            try:
                reply = await self._call(self._server, tool, dict(arguments), tell)
                await asyncio.to_thread(send, connection, **reply)
            finally:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

        async def begin() -> asyncio.Task[None]:
            return asyncio.create_task(call())

        async def end(calling: asyncio.Task[None]) -> None:
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)  # nobody hears what went wrong

        connection.settimeout(None)
        calling = asyncio.run_coroutine_threadsafe(begin(), self._loop).result()
        with suppress(OSError):
            connection.recv(1)  # which has nothing more to say: it hangs up, or is hung up on
        asyncio.run_coroutine_threadsafe(end(calling), self._loop).result()


async def call_elsewhere(
    settings: Settings, tool: str, arguments: Mapping[str, Any], tell: Tell
) -> dict[str, Any] | None:
    """Have the process that holds the library call a tool; return what `mcp_server.call` returns there.

    None where none runs that could: of this version, and with these settings.
    """
    if not client.IS_POSSIBLE:
        return None
    settings = options.served(settings)
    asked = {"do": "call", "tool": tool, "arguments": arguments, "version": client.version()}
    try:
        connection = await asyncio.to_thread(client.connect, settings.library)
    except OSError:
        return None
    connection.setblocking(False)
    reader, writer = await asyncio.open_unix_connection(sock=connection, limit=_LONGEST_REPLY)
    with closing(writer), suppress(OSError, ValueError):
        request = json.dumps({**asked, "essentials": options.essentials(settings)})
        writer.write(request.encode() + b"\n")
        first = await asyncio.wait_for(reader.readline(), client.PATIENCE)
        if not first or json.loads(first).get("state") != "ready":
            return None
        while line := await reader.readline():
            reply: dict[str, Any] = json.loads(line)
            if "message" not in reply:
                return reply
            await tell(reply["seconds"], reply["message"])
        return {"error": "The program that has the library open ended before it had answered. Ask again."}
    return None


@contextmanager
def lent(opened: Workspace, lender: Lender) -> Iterator[None]:
    """Meanwhile call tools for other MCP servers, and say so to whoever asks who holds the library.

    A process that needs the library itself has its lender close it.
    """
    if not client.IS_POSSIBLE:
        yield
        return
    lend, version = partial(lender.lend, opened), client.version()
    essentials = options.essentials(options.served(opened.settings))

    def receive(connection: socket.socket, request: Mapping[str, Any]) -> bool:
        is_alike = request.get("version") == version and not options.differing(
            request.get("essentials", {}), essentials
        )
        if request["do"] == "call" and is_alike:
            with lend():
                send(connection, state="ready")
                tools.answer(connection, request["tool"], request["arguments"])
        elif request["do"] == "who":
            send(connection, state="lends")
        elif request["do"] in ("stop", "let go", "call"):
            lender.close()
        return False

    try:
        listener = Listener(opened.settings.library, receive)
    except AssistantError:  # others then hear that the library is in use
        yield
        return
    with closing(Tools(opened, lend)) as tools, closing(listener):
        listener.start()
        yield
