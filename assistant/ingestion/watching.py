"""Watching of folders: what is new or changed in them is added once it is at rest, and nothing is removed.

A watch holds neither the library nor a model while nothing happens: it opens them when there is something to add.
"""

from __future__ import annotations

import os
import shlex
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol

from assistant.errors import AssistantError, LibraryLocked, RemoteError
from assistant.ingestion.pipeline import file_now, said_of
from assistant.ingestion.readers import zotero_database
from assistant.ingestion.remote.references import Reference
from assistant.library import Library, files_read
from assistant.settings import PROGRAM_VERSION
from assistant.text import counted
from assistant.types import IngestionReport

AT_REST = 2.0
"""Seconds for which a file must have been as it is before it is read: it may be written just now."""

LOOK_THROUGH = 600.0
"""Seconds after which a folder is looked through whole: no system tells of every change."""

ASKED = 30.0
"""Seconds after which a program is asked again whether anything has changed there."""

_STEP = 0.5
_IDLE = 5.0
"""Seconds between two looks at files that may be written, and at whether the folders are there."""

_LOCKED = 5.0
_FAILED = 60.0
"""Seconds until it is tried again where another program has the library, and where the library cannot be used."""

_FILES_AT_ONCE = 500
_NAMED = 5
"""Missed files that are named one by one."""

_UNFINISHED = (".crdownload", ".part", ".partial", ".download", ".opdownload", ".tmp", ".temp", ".swp", ".swx", ".lock")

State = tuple[int, int]
"""Bytes of a file, and nanoseconds of its last change."""

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
        self, sources: Sequence[Path | Reference], *, columns: Mapping[str, str], stop: threading.Event | None
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


class Resting:
    """Paths that were touched, until each has been the same for some seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[State | None, float]] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def touch(self, path: str) -> None:
        """Have a path looked at, unless it is already."""
        self._seen.setdefault(path, ((-1, -1), self._clock()))

    def ready(self) -> dict[str, State | None]:
        """Return the paths that have come to rest, and what is there: None for nothing. They are looked at no more."""
        now = self._clock()
        found: dict[str, State | None] = {}
        for path, (before, since) in list(self._seen.items()):
            state = _state(path)
            if state != before:
                self._seen[path] = state, now
            elif now - since >= AT_REST:
                found[path] = state
                del self._seen[path]
        return found


class WatchedFolders:
    """Folders of which the files are added that are new or changed since they were read, by this program or `add`.

    `known` are the files that the library knows of. Links to folders are not followed. `changes` yields paths that were
    touched, as watchfiles does; the folders are looked through whole besides, every `every` seconds.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        known: Callable[[str], Iterable[files_read.FileRead]],
        *,
        own: Path,
        recursive: bool = True,
        columns: Mapping[str, str] = MappingProxyType({}),
        every: float = LOOK_THROUGH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roots = list(dict.fromkeys(os.path.realpath(folder) for folder in folders))
        self._own = os.path.realpath(own)
        self._recursive = recursive
        self._columns = columns
        self._every = every
        self._clock = clock
        self._known: dict[str, State] = {}
        for root in self._roots:
            for row in known(root):
                if not row.gone:
                    self._known[row.origin] = (row.size, row.modified) if self._is_read(row) else (-1, -1)
        self._resting = Resting(clock)
        self._ready: dict[str, State | None] = {}
        self._identity: dict[str, tuple[int, int] | None] = {}
        self._held_files: set[str] = set()
        self._looked_through = 0.0
        self._said: set[str] = set()
        self._listener = _Listener(recursive)

    @property
    def is_busy(self) -> bool:
        """Tell whether a file may be read soon."""
        return bool(self._ready or self._resting)

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    def look(self, tell: Tell) -> bool:
        """Take note of what was touched and has come to rest; tell whether there is something to add."""
        if self._have_come_or_gone(tell):
            self._listener.listen([root for root in self._roots if self._identity[root]])
            self._look_through(tell)
        elif self._clock() - self._looked_through >= self._every:
            self._look_through(tell)
        self._touch(self._listener.touched(), tell)
        if why := self._listener.failure():
            tell("problem", "", f"The system tells of no changes ({why}); folders are looked through meanwhile.")
        for path, state in self._resting.ready().items():
            is_there = state is not None and state[0] > 0  # an empty file is about to be written
            if is_there and self._known.get(path) != state:
                self._ready[path] = state
            elif state is None and path in self._known and self._is_surely_gone(path):
                self._ready[path] = None
        return bool(self._ready)

    def add(self, opened: Opened, tell: Tell, stop: threading.Event) -> None:
        """Add the files that have come to rest, and say which are missed."""
        library = opened.library
        rows = files_read.named(library, self._ready)
        missed = [path for path, state in self._ready.items() if state is None]
        to_read: list[str] = []
        for path, state in list(self._ready.items()):
            if state is None:
                continue
            if self._is_known(library, path, state, rows.get(path), tell):
                self._done(path, state)
            else:
                to_read.append(path)
        for first in range(0, len(to_read), _FILES_AT_ONCE):
            if stop.is_set():
                return
            batch = to_read[first : first + _FILES_AT_ONCE]
            report = opened.add([Path(path) for path in batch], columns=self._columns, stop=stop)
            _tell_report(report, tell)
            if stop.is_set():
                return
            for path in batch:
                self._done(path, self._ready[path])
        told = files_read.note_gone(library, [path for path in missed if path in self._ready])
        for path in missed:
            self._done(path, None)
        _tell_gone(told, tell)

    def _done(self, path: str, state: State | None) -> None:
        self._ready.pop(path, None)
        if state is None:
            self._known.pop(path, None)
            return
        self._known[path] = state
        self._held_files.update(root for root in self._roots if _is_below(path, root))

    def _is_known(self, library: Library, path: str, state: State, row: files_read.FileRead | None, tell: Tell) -> bool:
        """Tell whether a file need not be read: it is as it was, only its time has changed, or it was renamed."""
        if row and self._is_read(row) and (row.size, row.modified) == state and not row.gone:
            return True
        others = [] if row else [one for one in files_read.alike(library, state[0]) if not os.path.lexists(one.origin)]
        if not (others or row):
            return False
        try:
            now = file_now(Path(path), self._columns)
        except OSError:
            return False
        if row and self._is_read(row) and row.digest == now.digest:
            files_read.note(library, [replace(now, version=row.version, problems=row.problems)])
            return True
        for other in others:
            is_same = self._is_read(other) and other.digest == now.digest
            now = replace(now, version=other.version, problems=other.problems)
            if is_same and files_read.rename(library, other.origin, now):
                self._done(other.origin, None)
                tell("renamed", path, f"{path} was {other.origin} before; its papers come from there now.")
                return True
        return False

    def _is_read(self, row: files_read.FileRead) -> bool:
        """Tell whether a file that has not changed need not be read: no more would be read of it.

        A later version does so only where there were problems: what a person removed of other files stays removed.
        """
        is_told_alike = row.columns == said_of(self._columns)
        return is_told_alike and (row.version == PROGRAM_VERSION or not row.problems)

    def _have_come_or_gone(self, tell: Tell) -> bool:
        """Tell whether a folder is another than before, or there again, or no more."""
        has_changed = False
        for root in self._roots:
            now, is_first = _identity(root), root not in self._identity
            before = self._identity.get(root)
            if now == before and not is_first:
                continue
            has_changed = True
            self._identity[root] = now
            self._held_files.discard(root)
            if now is None:
                tell("away", root, f"{root} is not there. It is waited for; nothing was removed.")
            else:
                tell("watching" if is_first else "back", root, f"{'Watching' if is_first else 'There again:'} {root}.")
        return has_changed

    def _is_surely_gone(self, path: str) -> bool:
        """Tell whether a file that is not there was there in this folder, whose drive may have been taken out."""
        return any(root in self._held_files and _is_below(path, root) for root in self._roots)

    def _look_through(self, tell: Tell) -> None:
        self._looked_through = self._clock()
        missed = set(self._known)
        for root in self._roots:
            if not self._identity[root]:
                continue
            for path, state in self._files(root, tell):
                self._held_files.add(root)
                missed.discard(path)
                if self._known.get(path) != state:
                    self._resting.touch(path)
            if root not in self._held_files and (count := sum(_is_below(path, root) for path in missed)):
                message = f"{root} is empty; {count:,} files were read from it before. Is its drive there?"
                tell("away", root, f"{message} Nothing was removed.")
        for path in missed:
            self._resting.touch(path)

    def _touch(self, paths: Iterable[str], tell: Tell) -> None:
        """Have paths that were touched looked at: files, and what is below folders that came or went."""
        missed: set[str] = set()
        for path in filter(self._is_watched, paths):
            is_folder = Path(path).is_dir()
            if is_folder and self._recursive and not Path(path).is_symlink():
                for each, state in self._files(path, tell):
                    if self._known.get(each) != state:
                        self._resting.touch(each)
            elif not is_folder:
                self._resting.touch(os.path.realpath(path))
                if path not in self._known and not os.path.lexists(path):
                    missed.add(path)
        for each in self._known if missed else ():
            if not missed.isdisjoint(map(str, Path(each).parents)):
                self._resting.touch(each)

    def _is_watched(self, path: str) -> bool:
        root = next((root for root in self._roots if _is_below(path, root)), "")
        parts = Path(path).relative_to(root).parts if root else ()
        if not parts or any(map(_is_passed_over, parts)) or _is_below(path, self._own, or_it=True):
            return False
        for folder in Path(path).parents[: len(parts)]:
            if zotero_database.is_beside(folder, Path(path)) and (folder / zotero_database.FILE_NAME).exists():
                return False
        parent = str(Path(path).parent)
        is_behind_link = os.path.realpath(parent) != parent
        return _is_text(path) and (self._recursive or len(parts) == 1) and not is_behind_link

    def _say_once(self, folder: str, what: str, tell: Tell) -> None:
        if folder not in self._said:
            self._said.add(folder)
            tell("problem", folder, what.format(folder))

    def _files(self, folder: str, tell: Tell) -> Iterator[tuple[str, State]]:
        """Yield every file below a folder that is neither hidden nor half-written, and how it is."""
        folders = [folder]
        while folders:
            place = folders.pop()
            try:
                with os.scandir(place) as entries:
                    visible = [entry for entry in entries if not _is_passed_over(entry.name)]
            except OSError as error:
                why = f"The folder {{}} cannot be read: {error.strerror}. Check its permissions."
                self._say_once(place, why, tell)
                continue
            if any(entry.name == zotero_database.FILE_NAME for entry in visible):
                visible = [entry for entry in visible if not _is_beside_zotero(place, entry)]
            for entry in visible:
                if not _is_text(entry.name):
                    self._say_once(place, "There is a name in {} that is not text. Rename what it names.", tell)
                elif entry.is_dir(follow_symlinks=False):
                    if self._recursive and entry.path != self._own:
                        folders.append(entry.path)
                elif entry.is_symlink():
                    path = os.path.realpath(entry.path)
                    state = _state(path)
                    if state:
                        yield path, state
                elif state := _state(entry.path):
                    yield entry.path, state


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
            if not self._is_away:
                tell("away", name, f"{error} It is asked again by itself every {self._every:.0f} seconds.")
            self._is_away = True
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
        _tell_report(report, tell)

    def close(self) -> None:
        """Do nothing: it is not asked unless it is looked at."""


class _Listener:
    """Paths that the system says were touched, gathered in a thread; none where it says nothing."""

    def __init__(self, recursive: bool) -> None:
        self._recursive = recursive
        self._lock = threading.Lock()
        self._touched: set[str] = set()
        self._failure = ""
        self._stop = threading.Event()

    def listen(self, folders: Sequence[str]) -> None:
        """Listen to these folders from now on, and to no others."""
        self.close()
        self._stop = threading.Event()
        if folders:
            threading.Thread(target=self._run, args=(folders, self._stop), name="watching", daemon=True).start()

    def touched(self) -> set[str]:
        """Return the paths that were touched since this was asked last."""
        with self._lock:
            touched, self._touched = self._touched, set()
        return touched

    def failure(self) -> str:
        """Return once why nothing is heard any more, "" where that is not so."""
        failure, self._failure = self._failure, ""
        return failure

    def close(self) -> None:
        """Listen no more."""
        self._stop.set()

    def _run(self, folders: Sequence[str], stop: threading.Event) -> None:
        import watchfiles

        changes = watchfiles.watch(
            *folders,
            watch_filter=None,
            debounce=1000,
            step=500,  # it wakes that often to see whether it is to stop
            stop_event=stop,
            raise_interrupt=False,
            recursive=self._recursive,
            ignore_permission_denied=True,
        )
        try:
            for change in changes:
                with self._lock:
                    self._touched.update(path for _, path in change)
        except (OSError, RuntimeError) as error:  # so many folders, say, that the system listens to no more
            self._failure = str(error)


def _tell_report(report: IngestionReport, tell: Tell) -> None:
    """Say what became of each file that told something new, then each kind of problem and notice once."""
    for one in report.sources:
        if one.added or one.updated:
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


def _tell_gone(paths: Sequence[str], tell: Tell) -> None:
    for path in paths[:_NAMED]:
        forget = f"`assistant remove --source {shlex.quote(path)}` removes what it alone told of."
        tell("gone", path, f"{path} is not there any more; its papers stay. {forget}")
    if len(paths) > _NAMED:
        message = f"{len(paths) - _NAMED:,} more files are not there any more; their papers stay."
        tell("gone", "", message, files=len(paths) - _NAMED)


def _is_passed_over(name: str) -> bool:
    """Tell whether a file or folder is hidden, or of a name that programs give to what is not finished."""
    return name.startswith((".", "~$", "#")) or name.endswith("~") or name.lower().endswith(_UNFINISHED)


def _is_beside_zotero(folder: str, entry: os.DirEntry[str]) -> bool:
    """Tell whether Zotero put a file or folder beside its database."""
    path = Path(entry.path, "any") if entry.is_dir(follow_symlinks=False) else Path(entry.path)
    return zotero_database.is_beside(Path(folder), path)


def _is_text(name: str) -> bool:
    """Tell whether a name is one that the library can hold."""
    try:
        return bool(name.encode())
    except UnicodeError:
        return False


def _is_below(path: str, folder: str, *, or_it: bool = False) -> bool:
    return path.startswith(folder.rstrip(os.sep) + os.sep) or (or_it and path == folder)


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        found = Path(folder).stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


def _state(path: str) -> State | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None
