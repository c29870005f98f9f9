"""Watching of folders and of a running Zotero: what is new or changed is added, and nothing is removed.

A watch holds neither the library nor a model while nothing happens: it opens them when there is something to add.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from assistant.errors import AssistantError, LibraryLocked, RemoteError
from assistant.ingestion.remote.references import Reference
from assistant.library import Library
from assistant.text import counted
from assistant.types import IngestionReport

ASKED = 30.0
"""Seconds after which a program is asked again whether anything has changed there."""

_STEP = 0.5
_IDLE = 5.0
"""Seconds between two looks at files that may be written, and at whether the folders are there."""

_LOCKED = 5.0
_FAILED = 60.0
"""Seconds until it is tried again where another program has the library, and where the library cannot be used."""

EventKind = Literal["watching", "read", "renamed", "gone", "away", "back", "waiting", "problem", "notice", "stopped"]


@dataclass(frozen=True, slots=True)
class Event:
    """What a watch found or did: when, with what, in words for a person; with the figures of a file that was read."""

    kind: EventKind
    source: str
    message: str
    time: str
    figures: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return the event as the object that `watch --json` prints."""
        said = {"time": self.time, "event": self.kind, "source": self.source, "message": self.message}
        return {**said, **self.figures}


class Opened(Protocol):
    """An open library to which files can be added, such as a workspace."""

    library: Library

    def add(
        self, sources: Sequence[Path | Reference], *, columns: Mapping[str, Sequence[str]], stop: threading.Event | None
    ) -> IngestionReport:
        """Add files, and what references name, and give the papers vectors."""


class Watched(Protocol):
    """A place of papers that is watched."""

    @property
    def is_busy(self) -> bool:
        """Tell whether something may have changed there that is not added yet."""

    def look(self, tell: Tell) -> bool:
        """Look without the library; tell whether there is something to add."""

    def add(self, opened: Opened, tell: Tell, stop: threading.Event) -> None:
        """Add what there is. What is not reached because of `stop` or an error is found again."""

    def close(self) -> None:
        """Watch no more."""


class Tell(Protocol):
    """Takes what a watch found or did."""

    def __call__(self, kind: EventKind, source: str, message: str, /, **figures: int) -> None:
        """Take it."""


class Watcher:
    """Watches places until `stop` is called, or with `once` until what is there now has been added.

    `opened` opens the library, and raises LibraryLocked while another program has it; that is told once, and tried
    again. So is any other error that a person can mend; with `once` it is raised.
    """

    def __init__(
        self,
        places: Sequence[Watched],
        opened: Callable[[], AbstractContextManager[Opened]],
        listen: Callable[[Event], object],
    ) -> None:
        self._places = places
        self._opened = opened
        self._listen = listen
        self._stop = threading.Event()
        self._awake = threading.Event()
        self._told = ""
        self._not_before = 0.0

    def stop(self) -> None:
        """End the watch soon; what was begun is left as it can be gone on with."""
        self._stop.set()
        self._awake.set()

    def run(self, *, once: bool = False) -> None:
        """Watch."""
        try:
            self._run(once)
        finally:
            for place in self._places:
                place.close()

    def _run(self, once: bool) -> None:
        while not self._stop.is_set():
            due = [place for place in self._places if place.look(self._tell)]
            if due and time.monotonic() >= self._not_before:
                self._add(due, once)
            is_busy = any(place.is_busy for place in self._places)
            if once and not is_busy:
                break
            self._awake.wait(_STEP if is_busy else _IDLE)
            self._awake.clear()
        if not once:
            self._tell("stopped", "", "Stopped.")

    def _add(self, due: Iterable[Watched], once: bool) -> None:
        try:
            with self._opened() as opened:
                self._told = ""
                for place in due:
                    place.add(opened, self._tell, self._stop)
        except AssistantError as error:
            if once:
                raise
            is_locked = isinstance(error, LibraryLocked)
            self._not_before = time.monotonic() + (_LOCKED if is_locked else _FAILED)
            kind: EventKind = "waiting" if is_locked else "problem"
            self._tell_once(kind, f"{error} What changes waits until then; it is tried again by itself.")

    def _tell_once(self, kind: EventKind, message: str) -> None:
        if message != self._told:
            self._told = message
            self._tell(kind, "", message)

    def _tell(self, kind: EventKind, source: str, message: str, /, **figures: int) -> None:
        self._listen(Event(kind, source, message, datetime.now().isoformat(timespec="seconds"), figures))


class WatchedReference:
    """What a reference names where a program on this machine answers for it, such as a running Zotero.

    `state` asks it for its present state, without the library; it raises RemoteError while the program does not answer,
    which is told once. `noted` is the state in which the library says that it was added last, `known` the one before
    this watch. It is asked every `every` seconds, and after an adding that failed ten times as seldom.
    """

    def __init__(
        self,
        reference: Reference,
        state: Callable[[], str],
        noted: Callable[[Library], str],
        known: str,
        *,
        every: float = ASKED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reference = reference
        self._state = state
        self._noted = noted
        self._known = known
        self._every = every
        self._clock = clock
        self._next = 0.0
        self._is_due = False
        self._is_away: bool | None = None
        self._said = ""

    @property
    def is_busy(self) -> bool:
        """Tell whether something has changed that is not added yet."""
        return self._is_due

    def look(self, tell: Tell) -> bool:
        """Ask where it is time to; tell whether something has changed."""
        name = str(self._reference)
        if self._is_due or self._clock() < self._next:
            return self._is_due
        self._next = self._clock() + self._every
        try:
            self._is_due = self._state() != self._known
        except RemoteError as error:
            if not self._is_away or self._said != str(error):
                tell("away", name, f"{error} A watch asks it again every {self._every:.0f} seconds.")
            self._is_away, self._said = True, str(error)
            return False
        if self._is_away is not False:
            tell("watching" if self._is_away is None else "back", name, f"{name} answers.")
        self._is_away = False
        return self._is_due

    def add(self, opened: Opened, tell: Tell, stop: threading.Event) -> None:
        """Add what has changed."""
        report = opened.add([self._reference], columns={}, stop=stop)
        if stop.is_set():
            return
        self._is_due, self._known = False, self._noted(opened.library)
        if report.failures and not report.records:
            self._next = self._clock() + 10 * self._every
        tell_report(report, tell)

    def close(self) -> None:
        """Do nothing: it is not asked unless it is looked at."""


def tell_report(report: IngestionReport, tell: Tell) -> None:
    """Say what became of each file that holds papers, then each kind of problem and notice once."""
    for one in report.sources:
        if one.added or one.updated or one.unchanged:
            figures = {"added": one.added, "updated": one.updated, "unchanged": one.unchanged, "problems": one.failed}
            words = [f"{count:,} {what}" for what, count in figures.items() if count and what != "problems"]
            said = ", ".join([*words, *([counted(one.failed, "problem")] if one.failed else [])])
            tell("read", one.source, f"{one.source}: {said}.", **figures)
    for kind in report.kinds:
        place = f"{kind.example.file}, line {kind.example.line:,}" if kind.example.line else kind.example.file
        times = f"{kind.count:,} times, first in " if kind.count > 1 else ""
        tell("problem", kind.example.file, f"{times}{place}: {kind.example.reason}", problems=kind.count)
    if report.report_file and report.failures > len(report.kinds):
        tell("notice", report.report_file, f"All {report.failures:,} problems are in {report.report_file}.")
    for notice, _ in report.notice_kinds:
        tell("notice", notice.file, f"{notice.file}: {notice.message}")
