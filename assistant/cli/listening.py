"""Listening to other processes of this user, on a socket of the library that this process holds."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from assistant.cli import client
from assistant.errors import AssistantError

PATIENCE = 10.0
"""Seconds that a client has to say what it wants."""

_LONGEST_REQUEST = 4_000_000
"""Bytes of a request; no system lets a command line be longer."""

Receive = Callable[[socket.socket, Mapping[str, Any]], bool]
"""Answers a request on its connection, in a thread of its own; tells whether that is to stay open."""


class Listener:
    """Hears what other processes of this user ask of a library.

    A socket that was left is replaced: this one has the lock. Raises AssistantError where the socket cannot be made.
    """

    def __init__(self, library: Path, receive: Receive) -> None:
        self._receive = receive
        self._path, self._socket = _listen(library)

    def start(self) -> None:
        """Hear requests from now on, in the background."""
        threading.Thread(target=self._accept, name="requests", daemon=True).start()

    def close(self) -> None:
        """Hear no more; who is answered just now is answered to the end."""
        with suppress(OSError):
            self._path.unlink()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # which wakes who accepts; closing alone does not on Linux
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            threading.Thread(target=self._answer, args=(connection,), name="request", daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        """Read a request and answer it. One that is malformed, or whose client is gone, ends with its connection."""
        stays = False
        try:
            if client.is_own(connection):
                request = json.loads(connection.makefile("rb").readline(_LONGEST_REQUEST))
                stays = self._receive(connection, request)
        except (AssistantError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        finally:
            if not stays:
                connection.close()


def send(connection: socket.socket, **reply: object) -> None:
    """Send one reply. Raises OSError where nobody takes it."""
    connection.sendall(json.dumps(reply).encode() + b"\n")


def _listen(library: Path) -> tuple[Path, socket.socket]:
    path = None
    try:
        path = Path(client.address(library))
        if not client.IS_POSSIBLE:
            raise OSError("this system has no Unix sockets")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not client.is_private(str(path.parent)):
            raise AssistantError(f"The folder {path.parent} is open to others. Make it your own: chmod 700.")
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        listener.listen(64)
    except OSError as error:
        raise AssistantError(f"Commands cannot be served{f' at {path}' if path else ''}: {error}.") from error
    return path, listener
