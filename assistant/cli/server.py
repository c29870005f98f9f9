"""Server of a library: runs the commands of its user's other shells with the models and the lock that it holds."""

from __future__ import annotations

import json
import math
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import IO, Any, cast

from assistant import settings as program_settings
from assistant import wiring
from assistant.cli import client, options, render, tool_calls
from assistant.cli.listening import Listener, send
from assistant.errors import AssistantError
from assistant.library import holder, make_folder
from assistant.settings import Settings
from assistant.workspace import Workspace

RunCommand = Callable[[Sequence[str], str], int]
"""Runs a command line under the name that the program was called by, and returns its exit code."""

_LOOK = 1.0
"""Seconds between two looks at whether it was idle for long."""

_START = 0.1
"""Seconds between two looks at whether a server in the background answers."""

_AGAIN = 1.0
"""Seconds after which a command whose client is gone is told again to end."""

_LAST_CALLS = 60.0
"""Seconds that a server which is to end waits for tools that are being called."""

_PROGRAM = "assistant serve --daemon"
"""How the lock of a library names a server in the background."""

_LOG = "server.log"
"""File in the library's folder that keeps what a server in the background said."""


@dataclass(eq=False)
class _Call:
    """A command that a client wants to be run, with the client's standard streams."""

    connection: socket.socket
    request: Mapping[str, Any]
    descriptors: Sequence[int]
    is_over: threading.Event = field(default_factory=threading.Event)


class CommandServer:
    """Runs commands for other processes of this user, one at a time and in the main thread, where Ctrl-C reaches them.

    A command that has other settings than the workspace was opened with is sent back. With `idle` seconds the server
    ends when nothing was asked for so long, and gives way to a process that needs the library for itself. `pages` are
    the addresses of what is served beside.
    Raises AssistantError where the socket cannot be made.
    """

    def __init__(self, opened: Workspace, run: RunCommand, idle: float = math.inf, pages: Sequence[str] = ()) -> None:
        self._opened = opened
        self._essentials = options.essentials(opened.settings)
        self._run = run
        self._pages = pages
        self._idle = idle
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()  # a signal handler may put
        self._busy = threading.Lock()
        self._running: _Call | None = None
        self._streams = [os.open(os.devnull, os.O_RDWR) for _ in range(3)]
        self._ending = threading.Event()
        self._told: list[socket.socket] = []
        self._since = datetime.now().isoformat(" ", "minutes")
        self._version = client.version()
        self._count = 0
        self._last = time.monotonic()
        self._tools: tool_calls.Tools | None = None
        self._called = 0
        self._counting = threading.Condition()
        self._patience = _LAST_CALLS
        self._listener = Listener(opened.settings.library, self._receive)

    def serve(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Run commands until Ctrl-C, until it was idle for long, or until what runs beside it does not go on."""
        self._listener.start()
        handlers = {signal.SIGINT: self._handle, signal.SIGTERM: self._handle, signal.SIGUSR1: self._pass_on}
        before = {each: signal.signal(each, handler) for each, handler in handlers.items()}
        try:
            while goes_on() and not self._ending.is_set() and not self._is_idle():
                with suppress(queue.Empty, KeyboardInterrupt):  # the latter came too late for its command
                    if call := self._calls.get(timeout=_LOOK):
                        self._answer(call)
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
            self._ending.set()
            self._listener.close()
            with self._counting:
                self._counting.wait_for(lambda: not self._called, self._patience)

    def _end(self) -> None:
        self._ending.set()
        self._calls.put(None)

    def _is_busy(self) -> bool:
        return self._busy.locked() or self._called > 0

    def _is_idle(self) -> bool:
        return not self._is_busy() and time.monotonic() - self._last > self._idle

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        """End at this process's own Ctrl-C, with the command that runs, or at a request to end, after it."""
        self._end()
        if number == signal.SIGINT:
            self._patience = 0.0
            if self._running:
                raise KeyboardInterrupt

    def _pass_on(self, _number: int, frame: FrameType | None) -> None:
        """Do with the command that runs what Ctrl-C would do in a process of its own."""
        handler = signal.getsignal(signal.SIGINT)
        if self._running and callable(handler) and handler != self._handle:
            handler(signal.SIGINT, frame)
        elif self._running:
            raise KeyboardInterrupt

    def _receive(self, connection: socket.socket, request: Mapping[str, Any]) -> bool:
        """Answer a request; tell whether its connection stays open until this process lets the library go."""
        is_spare = self._idle < math.inf
        if request["do"] == "stop" and not (request["gently"] and (self._is_busy() or not is_spare)):
            self._told.append(connection)
            send(connection, state="ends", process=os.getpid())
            self._end()
        elif request["do"] in ("run", "call") and request["version"] != self._version:
            send(connection, state="other version")
            if is_spare:
                self._end()
        elif request["do"] == "run":
            self._take(connection, request)
        elif request["do"] == "call":
            self._call(connection, request)
        else:
            send(connection, **self._state(request))
        return connection in self._told

    def _state(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "state": "runs",
            "process": os.getpid(),
            "since": self._since,
            "commands": self._count,
            "is_busy": self._is_busy(),
            "pages": list(self._pages),
            "idle_minutes": self._idle / 60 if self._idle < math.inf else None,
            "differing": options.differing(request.get("essentials", self._essentials), self._essentials),
        }

    def _call(self, connection: socket.socket, request: Mapping[str, Any]) -> None:
        """Call a tool of MCP beside the commands, where whoever asks has the settings of this server."""
        if options.differing(request["essentials"], self._essentials):
            send(connection, state="elsewhere")
            return
        with self._counting:
            if self._ending.is_set():
                return
            self._called += 1
            self._count += 1
        try:
            send(connection, state="ready")
            with self._counting:  # the first time takes seconds
                self._tools = self._tools or tool_calls.Tools(self._opened, lambda: nullcontext(self._opened))
            self._tools.answer(connection, request["tool"], request["arguments"])
        finally:
            with self._counting:
                self._called -= 1
                self._last = time.monotonic()
                self._counting.notify_all()

    def _take(self, connection: socket.socket, request: Mapping[str, Any]) -> None:
        """Have a command run, and stay with it until it is over."""
        if not self._busy.acquire(blocking=False):
            send(connection, state="busy")
            if not request["wait"]:
                return
            self._busy.acquire()
        descriptors: list[int] = []
        try:
            if self._ending.is_set():
                self._told.append(connection)  # what waited runs in its own process, once the library is free
                return
            send(connection, state="ready")
            word, descriptors, _, _ = socket.recv_fds(connection, len(client.GO), 3)
            if word == client.GO:
                connection.settimeout(None)
                call = _Call(connection, request, descriptors)
                self._calls.put(call)
                self._follow(call)
        finally:
            for number in descriptors:
                os.close(number)
            self._last = time.monotonic()
            self._busy.release()

    def _follow(self, call: _Call) -> None:
        """Pass on each Ctrl-C, and end a command whose client is gone."""
        with suppress(OSError):
            while call.connection.recv(1):
                self._interrupt(call)
        while not call.is_over.wait(_AGAIN):
            self._interrupt(call)

    def _interrupt(self, call: _Call) -> None:
        if self._running is call:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def _answer(self, call: _Call) -> None:
        """Run a command, and say how it ended."""
        self._count += 1
        outcome: dict[str, Any] = {"state": "elsewhere"}  # where its folder is gone
        try:
            with _in_place_of(call, self._streams), options.holding(self._opened, self._essentials):
                outcome = {"state": "ended", "code": 130}
                try:
                    self._running = call
                    outcome["code"] = self._run(call.request["arguments"], call.request["program"])
                    with suppress(OSError):  # nobody reads on
                        sys.stdout.flush()
                except options.Elsewhere:
                    outcome = {"state": "elsewhere"}
                except Exception:  # noqa: BLE001 - shown as it would be without a server, which goes on
                    traceback.print_exc()
                    outcome["code"] = 1
                finally:
                    self._running = None
        except (KeyboardInterrupt, OSError, LookupError, TypeError, ValueError):  # the last three: a malformed request
            pass
        finally:
            self._running = None
            with suppress(OSError):
                send(call.connection, **outcome)
                call.connection.shutdown(socket.SHUT_RDWR)
            call.is_over.set()


@contextmanager
def _in_place_of(call: _Call, places: Sequence[int]) -> Iterator[None]:
    """Give this process the streams, the folder and the settings of a client. Raises OSError where that is gone.

    The streams lie at the same places for every client: what a library has kept of one, to log to for instance, then
    never writes to another file.
    """
    folder, umask, encodings, environment = (
        call.request[name] for name in ("folder", "umask", "encodings", "environment")
    )
    own_streams, own_folder, own = (
        (sys.stdin, sys.stdout, sys.stderr),
        Path.cwd(),
        client.passed(os.environ, environment),
    )
    own_umask = os.umask(umask)
    nothing = os.open(os.devnull, os.O_RDWR)
    streams: list[IO[str]] = []
    try:
        os.chdir(folder)
        given = [call.descriptors[0] if _may_read(call.descriptors[0]) else nothing, *call.descriptors[1:]]
        for number, place, mode, buffering, (encoding, errors) in zip(
            given, places, "rww", (-1, -1, 1), encodings, strict=True
        ):
            os.dup2(number, place, inheritable=False)
            streams.append(open(place, mode, buffering, encoding=encoding, errors=errors, closefd=False))  # noqa: SIM115
        _change_environment(own, {**_size(call.descriptors), **environment})
        sys.stdin, sys.stdout, sys.stderr = streams
        render.look_again()
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = own_streams
        os.umask(own_umask)
        _change_environment(client.passed(os.environ, environment), own)
        render.look_again()
        for number in (*call.descriptors, *places):
            os.dup2(nothing, number, inheritable=False)
        for stream in streams:
            if not stream.closed:
                stream.flush()  # what is still buffered must not wait for a reader
        os.close(nothing)
        os.chdir(own_folder)


def _may_read(descriptor: int) -> bool:
    """Tell whether a client's terminal may be read: one from which this process runs in the background stops it."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # no terminal, or one of another session
        return True


def _change_environment(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    for name in before:
        del os.environ[name]
    os.environ.update(after)
    time.tzset()


def _size(descriptors: Sequence[int]) -> dict[str, str]:
    """Return the size of the client's terminal; without one, what is taken for it."""
    for number in descriptors:
        with suppress(OSError):
            size = os.get_terminal_size(number)
            return {"COLUMNS": str(size.columns), "LINES": str(size.lines)} if size.columns else {}
    return {"COLUMNS": "80", "LINES": "25"}


def start(settings: Settings, flags: Mapping[str, Any]) -> dict[str, Any]:
    """Start a server in the background, with the settings that the flags name, and return its state once it answers.

    Where one runs already, that one's state is returned. Raises AssistantError with what it said where it ends.
    """
    if not client.IS_POSSIBLE:
        raise AssistantError("A server in the background needs Unix sockets, which this system does not have.")
    if state := client.ask(settings.library, "status"):
        return state
    make_folder(settings.library)
    log = settings.library / _LOG
    given = {name: str(value) if isinstance(value, Path) else value for name, value in flags.items()}
    try:
        said = log.open("wb")
    except OSError as error:
        raise AssistantError(
            f"{log}, where the server says what goes wrong, cannot be written ({error.strerror})."
        ) from error
    with said:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from assistant.cli import server; server.background()"],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)},
        )
    with cast(IO[bytes], process.stdin) as pipe, suppress(OSError):
        pipe.write(json.dumps(given).encode())
    while not (state := client.ask(settings.library, "status")):
        # Another shell's, started at the same moment, has the library before it answers.
        if process.poll() is not None and f"({_PROGRAM}," not in holder(settings.library)[0]:
            if state := client.ask(settings.library, "status"):
                return state
            raise AssistantError(log.read_text(encoding="utf-8", errors="replace").strip() or "The server ended.")
        time.sleep(_START)
    return state


def background() -> None:
    """Serve commands until nobody asked for long, with the settings whose flags stand on standard input."""
    from assistant.cli import main

    wiring.quiet_environment()
    sys.argv = [_PROGRAM]
    try:
        loaded = options.served(program_settings.load(**json.load(sys.stdin)))
        os.chdir("/")
        client.ask(loaded.library, "let go")
        with Workspace(loaded) as opened:
            server = CommandServer(opened, main.run, loaded.idle_minutes * 60)
            opened.load_ahead()
            opened.catch_up()
            server.serve()
    except AssistantError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)  # models that are still loading are not waited for
