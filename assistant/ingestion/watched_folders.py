"""Watched folders: their files are added that are new or changed since they were read, once they are at rest."""

from __future__ import annotations

import math
import os
import shlex
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from assistant.ingestion import readers
from assistant.ingestion.pipeline import file_now, said_of
from assistant.ingestion.readers.zotero import zotero_database
from assistant.ingestion.watching import Opened, Tell, tell_report
from assistant.library import Library, files_read
from assistant.settings import PROGRAM_VERSION

AT_REST = 2.0
"""Seconds for which a file must have been as it is before it is read: it may be written just now."""

LOOK_THROUGH = 600.0
"""Seconds after which a folder is looked through whole: no system tells of every change."""

_DEAF = 60.0
"""Seconds until the system is listened to again after it failed; one name that is no text is enough for that."""

_FILES_AT_ONCE = 500
_NAMED = 5
"""Missed files that are named one by one."""

_UNFINISHED = (".crdownload", ".part", ".partial", ".download", ".opdownload", ".tmp", ".temp", ".swp", ".swx", ".lock")

State = tuple[int, int, bool]
"""Bytes of a file, nanoseconds of its last change, and whether it may be read."""

_UNLIKE_ANY: State = (-1, -1, False)


class Resting:
    """Paths that were touched, until each has been the same for some seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[State | None, float]] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def touch(self, path: str) -> None:
        """Have a path looked at, unless it is already."""
        self._seen.setdefault(path, (_UNLIKE_ANY, self._clock()))

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

    `known` are the files in a folder that the library knows of, `own` is the library's folder, which is passed over, as
    is what lies behind links to folders. The system tells of changes; the folders are looked through whole besides,
    every `every` seconds.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        known: Callable[[str], Iterable[files_read.FileRead]],
        *,
        own: Path,
        recursive: bool = True,
        columns: Mapping[str, Sequence[str]] = MappingProxyType({}),
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
                    self._known[row.origin] = (row.size, row.modified, True) if self._is_read(row) else _UNLIKE_ANY
        self._resting = Resting(clock)
        self._ready: dict[str, State | None] = {}
        self._identity: dict[str, tuple[int, int] | None] = {}
        self._held_files: set[str] = set()
        self._looked_through = 0.0
        self._listen_at = math.inf
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
        if why := self._listener.failure():
            message = (
                f"The system does not tell of changes ({why}). Until it does, folders are looked through each minute."
            )
            self._say_once("", message, tell)
            self._listen_at = self._clock() + _DEAF
        if self._have_come_or_gone(tell) or self._clock() >= self._listen_at:
            self._listen_at = math.inf
            self._listener.listen([root for root in self._roots if self._identity[root]])
            self._look_through(tell)
        elif self._clock() - self._looked_through >= self._every:
            self._look_through(tell)
        self._touch(self._listener.touched(), tell)
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
            if readers.is_passed_over(Path(path)) or self._is_known(library, path, state, rows.get(path), tell):
                self._done(path, state)
            else:
                to_read.append(path)
        for first in range(0, len(to_read), _FILES_AT_ONCE):
            if stop.is_set():
                return
            batch = to_read[first : first + _FILES_AT_ONCE]
            report = opened.add([Path(path) for path in batch], columns=self._columns, stop=stop)
            tell_report(report, tell)
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
        if row and self._is_read(row) and (row.size, row.modified, True) == state and not row.gone:
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
            if row.gone:
                tell("back", path, f"{path} is there again, as it was.")
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
                tell("away", root, f"{root} is not there; nothing was removed. It is read when it is there again.")
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

    def _say_once(self, folder: str, message: str, tell: Tell) -> None:
        if folder not in self._said:
            self._said.add(folder)
            tell("problem", folder, message)

    def _files(self, folder: str, tell: Tell) -> Iterator[tuple[str, State]]:
        """Yield every file below a folder that is neither hidden nor half-written, and how it is."""
        folders = [folder]
        while folders:
            place = folders.pop()
            try:
                with os.scandir(place) as entries:
                    visible = [entry for entry in entries if not _is_passed_over(entry.name)]
            except OSError as error:
                why = f"The folder {place} cannot be read: {error.strerror}. Check its permissions."
                self._say_once(place, why, tell)
                continue
            if any(entry.name == zotero_database.FILE_NAME for entry in visible):
                visible = [entry for entry in visible if not _is_beside_zotero(place, entry)]
            for entry in visible:
                if not _is_text(entry.name):
                    self._say_once(place, f"There is a name in {place} that is not text. Rename what it names.", tell)
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
    return (found.st_size, found.st_mtime_ns, os.access(path, os.R_OK)) if stat.S_ISREG(found.st_mode) else None
