"""Lock of a library's folder: one process owns it at a time, and a second one is told which."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from assistant.errors import LibraryError, LibraryLocked

_LOCK = "owner.lock"
_OWNER = "owner.json"

_TRY = 0.2
"""Seconds to wait for the lock: who only looks whether it is free holds it for a moment."""


class Ownership:
    """Holds the operating system's lock on a library folder until closed; it ends with the process, however that ends.

    Raises LibraryLocked when another process holds it, LibraryError when the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = FileLock(folder / _LOCK)
        try:
            self._lock.acquire(timeout=_TRY)
        except Timeout:
            raise LibraryLocked(
                f"The library {folder} is in use by {_holder(folder)}. Close that first, "
                "or name another library with --library."
            ) from None
        except OSError as error:
            raise LibraryError(
                f"The library folder {folder} cannot be written ({error.strerror or error}). "
                "Check the disk and its permissions, or name another one with --library."
            ) from error
        since = datetime.now().isoformat(" ", "minutes")
        program = Path(sys.argv[0])
        command = program.parent.name if program.stem == "__main__" else program.name
        owner = {"process": os.getpid(), "command": command, "since": since}
        with contextlib.suppress(OSError):  # only a courtesy to the second process; a full disk is no reason to stop
            (folder / _OWNER).write_text(json.dumps(owner), encoding="utf-8")

    def close(self) -> None:
        """Let the library go."""
        self._lock.release()


def holder(folder: Path) -> tuple[str, int]:
    """Return which process has the library open, in words, and its number, 0 where it is not told; ("", 0) for none.

    Raises LibraryError where the lock cannot be tried.
    """
    if not (folder / _LOCK).exists():
        return "", 0
    try:
        with FileLock(folder / _LOCK, timeout=0):
            return "", 0
    except Timeout:
        return _holder(folder), int(_owner(folder).get("process", 0))
    except OSError as error:
        raise LibraryError(f"The lock {folder / _LOCK} cannot be tried ({error.strerror or error}).") from error


def _holder(folder: Path) -> str:
    try:
        return "process {process} ({command}, since {since})".format(**_owner(folder))
    except KeyError:
        return "another process"


def _owner(folder: Path) -> dict[str, Any]:
    try:
        owner = json.loads((folder / _OWNER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return owner if isinstance(owner, dict) else {}
