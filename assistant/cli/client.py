"""Client of a running server, which runs a command in place of this process; it imports little, so that it is quick.

The client sends its arguments, folder and settings, and its three standard streams themselves: the server writes to
the same terminal, pipe or file. It sends those last, so that a server that does not answer holds no pipe open. Only a
user's own processes reach the socket, which lies in a private folder.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import sys
import zlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = frozenset(
    (
        *("add", "ask", "authors", "check", "complete", "conversations", "export", "label", "labels", "merge", "paper"),
        *("papers", "read", "reindex", "remove", "search", "split", "summarize", "trends"),
    )
)
"""The commands that a server runs; the others are quick without one, or hold models and libraries of their own."""

IS_POSSIBLE = hasattr(socket, "AF_UNIX") and hasattr(socket, "send_fds")
"""Whether this system has what a server needs."""

READING = frozenset(("conversations", "export", "labels", "paper", "papers"))
"""Those of them that need no lock, and so are not made to wait for another command."""

INTERRUPT, GO = b"\x03", b"g"

_PASSED = ("ASSISTANT_", "LC_")
_PASSED_NAMES = (
    *("COLORTERM", "COLUMNS", "FORCE_COLOR", "LANG", "LANGUAGE", "LINES", "NO_COLOR", "TERM", "TZ"),
    *("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_DIR", "SSL_CERT_FILE"),
)
_OWN_FILES = ("/dev/fd/", "/dev/std", "/dev/tty", "/proc/self/")
"""Files that are others in another process."""

_SWITCHES = ("--help", "--no-server", "--server", "--version")
_NO = ("0", "f", "false", "n", "no", "off")

PATIENCE = 5.0
"""Seconds to wait for a server's first word; one that is busy answers too."""


def run(arguments: Sequence[str]) -> int | None:
    """Have the server of the library run a command; return its exit code, None where this process must run it.

    That is so where no server runs, where it is of another version or has other settings, where it is busy and the
    command can do without it, and where an argument names a file of this process alone, as `<(...)` does. Ctrl-C
    reaches the command as if it ran here.
    """
    _fill_streams()
    command = _command(arguments)
    if not IS_POSSIBLE or command not in COMMANDS or not _is_wanted(arguments):
        return None
    if any(name in argument for name in _OWN_FILES for argument in arguments):
        return None
    try:
        return _run(connect(library(arguments)), arguments, command)
    except OSError:
        return None
    except KeyboardInterrupt:
        return 130


def _run(connection: socket.socket, arguments: Sequence[str], command: str) -> int | None:
    """Have a command run. Raises OSError where that was not begun."""
    with connection, _Interrupts(connection) as interrupts:
        request = {
            "do": "run",
            "arguments": list(arguments),
            "program": _program(),
            "folder": os.getcwd(),
            "umask": _umask(),
            "environment": passed(os.environ, _key_variables(arguments)),
            "encodings": [(each.encoding, each.errors) if each else ("utf-8", "replace") for each in _streams()],
            "version": version(),
            "wait": command not in READING,
        }
        connection.sendall(json.dumps(request).encode() + b"\n")
        replies = connection.makefile("r", encoding="utf-8")
        reply = _reply(replies.readline())
        if reply.get("state") == "busy" and request["wait"]:
            print("The server runs another command; this one waits for it.", file=sys.stderr)
            connection.settimeout(None)
            reply = _reply(replies.readline())
        if reply.get("state") != "ready":
            return None
        connection.settimeout(None)
        # Nothing runs before this is sent: a server that is late must not run what was run here.
        socket.send_fds(connection, [GO], range(3))
        interrupts.are_sent = True
        try:
            last = _reply(replies.readline())
        except OSError:
            last = {}
    if last.get("state") == "ended":
        return int(last["code"])
    if last.get("state") == "elsewhere":
        return None
    print("The server that ran this command ended before the command did. Run it again.", file=sys.stderr)
    return 1


def ask(folder: Path | str, do: str, **more: object) -> dict[str, Any]:
    """Ask the server of a library something, and wait until it hangs up.

    {} where none runs; a state of its own, "silent", where it does not answer.
    """
    if not IS_POSSIBLE:
        return {}
    try:
        with connect(folder) as connection:
            connection.sendall(json.dumps({"do": do, "version": version(), **more}).encode() + b"\n")
            replies = connection.makefile("r", encoding="utf-8")
            reply = _reply(replies.readline())
            connection.settimeout(None)
            with suppress(OSError):
                replies.read()
            return reply
    except TimeoutError:
        return {"state": "silent"}
    except OSError:
        return {}


def connect(folder: Path | str) -> socket.socket:
    """Connect to the process that holds a library. Raises OSError where none runs that is this user's."""
    path = address(folder)
    if not is_private(os.path.dirname(path)):
        raise FileNotFoundError(path)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(PATIENCE)
    try:
        connection.connect(path)
        if not is_own(connection):
            raise PermissionError(path)
    except OSError:
        connection.close()
        raise
    return connection


def library(arguments: Sequence[str]) -> str:
    """Return the library that a command line means, read as the settings are, but without importing them."""
    given = _option(arguments, "--library") or os.environ.get("ASSISTANT_LIBRARY") or _file().get("library")
    if given:
        return str(given)
    import platformdirs

    return os.path.join(platformdirs.user_data_dir("abstract-assistant", appauthor=False), "library")


def address(folder: Path | str) -> str:
    """Return the socket of a library's server, which need not be there."""
    whole = os.path.realpath(os.path.expanduser(folder))
    return os.path.join(_sockets(), f"{zlib.crc32(os.fsencode(whole)):08x}{len(whole):x}.sock")


def is_private(folder: str) -> bool:
    """Tell whether a folder is this user's, and nobody else may enter it."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def is_own(connection: socket.socket) -> bool:
    """Tell whether the process at the other end is this user's, as far as the system says."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the folder is private
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(found[4:8], sys.byteorder) == os.getuid()


def version() -> str:
    """Return what changes when the program does: where it lies, and the time and size of its files."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    newest = size = 0
    folders = [os.path.join(root, name) for name in ("assistant", "prompts", "vectorstore")]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name != "__pycache__":
                        folders.append(entry.path)
                else:
                    found = entry.stat(follow_symlinks=False)
                    newest, size = max(newest, found.st_mtime_ns), size + found.st_size
    return f"{sys.prefix}:{root}:{newest}:{size}"


def passed(environment: Mapping[str, str], more: Collection[str] = ()) -> dict[str, str]:
    """Return the part of an environment that a command obeys, and `more` of it: variables that hold its keys."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(_PASSED) or name.upper() in _PASSED_NAMES or name in more
    }


def _key_variables(arguments: Sequence[str]) -> list[str]:
    """Return the variables that hold keys of servers of models, read as the settings are."""
    names = ("llm_key_env", "embed_key_env")
    return [
        str(
            _option(arguments, f"--{name.replace('_', '-')}")
            or os.environ.get(f"ASSISTANT_{name.upper()}")
            or _file().get(name, "")
        )
        for name in names
    ]


def _sockets() -> str:
    import warnings

    import platformdirs

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # says that XDG_RUNTIME_DIR is not set
        return platformdirs.user_runtime_dir("abstract-assistant", appauthor=False)


class _Interrupts:
    """Sends Ctrl-C to a command that runs in the server; the third one ends this process, whatever the server does."""

    are_sent = False

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.count = 0

    def __enter__(self) -> _Interrupts:
        self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _handle(self, _signal: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 2 or not self.are_sent:
            raise KeyboardInterrupt
        with suppress(OSError):
            self._connection.send(INTERRUPT)


def _fill_streams() -> None:
    """Put nothing in the place of a standard stream that is closed, so that no file or socket opened later takes it."""
    while (number := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(number)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _streams() -> list[Any]:
    return [sys.stdin, sys.stdout, sys.stderr]


def _program() -> str:
    """Return how the program was called, as its usage shows it."""
    started = sys.modules["__main__"]
    return "python -m assistant" if started.__package__ else os.path.basename(sys.argv[0])


def _command(arguments: Sequence[str]) -> str:
    """Return the command among arguments; what cannot be told is none that a server runs."""
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("-"):
            return argument
        if argument not in _SWITCHES and "=" not in argument:
            next(rest, "")
    return ""


def _is_wanted(arguments: Sequence[str]) -> bool:
    if "--no-server" in arguments:
        return False
    if "--server" in arguments:
        return True
    asked = os.environ.get("ASSISTANT_SERVER") or _file().get("server", True)
    return str(asked).lower() not in _NO


def _option(arguments: Sequence[str], name: str) -> str:
    for argument, following in zip(arguments, (*arguments[1:], ""), strict=False):
        if argument == name:
            return following
        if argument.startswith(f"{name}="):
            return argument.removeprefix(f"{name}=")
    return ""


def _file() -> dict[str, Any]:
    if not os.path.exists("assistant.toml"):
        return {}
    import tomllib

    try:
        with open("assistant.toml", "rb") as file:
            return tomllib.load(file)
    except (OSError, ValueError):  # said by the settings
        return {}


def _reply(line: str) -> dict[str, Any]:
    try:
        reply: dict[str, Any] = json.loads(line or "{}")
    except ValueError:
        return {}
    return reply
