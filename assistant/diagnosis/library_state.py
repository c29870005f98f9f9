"""State of the library: its settings, folder, lock, file, vectors and index, without opening or changing it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from assistant import wiring
from assistant.diagnosis.checks import Found, Looking
from assistant.diagnosis.model_files import embedder_fingerprint
from assistant.errors import LibraryError
from assistant.library import FILE_NAME, Condition, condition, holder
from assistant.search import FINGERPRINT, INDEX_FACTS
from assistant.settings import Settings
from assistant.text import counted

_ANEW = "assistant reindex"


def lock(settings: Settings) -> Found | None:
    """Look whether another program has the library open."""
    name, process = holder(settings.library)
    if process == os.getpid():
        return "fine", "open in this program", ""
    if name:
        stop = f"kill {process}" if process else "Find it with lsof."
        mend = f"Use the page that it serves, or end it: {stop}"
        return "warning", f"in use by {name}: commands that answer or add wait for its end", mend
    return ("fine", "free", "") if settings.library.exists() else None


def file(settings: Settings) -> Found:
    """Look whether the library's file is there, is sound, and has tables that this program knows."""
    place = settings.library / FILE_NAME
    if not place.exists():
        if (settings.library / "library.made").exists():
            mend = f"Restore it from a copy, or delete {settings.library} to begin anew."
            return "wrong", f"{place} is gone, and its papers with it", mend
        return "warning", f"there is no library in {settings.library} yet", "assistant add FILE"
    mend = f"assistant check --mend; else restore {place} from a copy"
    try:
        state = condition(settings.library)
    except LibraryError as error:
        return "wrong", str(error), mend
    if state.damage:
        return "wrong", f"{place} is damaged: {state.damage}", mend
    if state.version > state.newest:
        found = f"{place} was written by a newer program (version {state.version}; known up to {state.newest})"
        return "wrong", found, "pip install --upgrade abstract-assistant"
    if not state.is_known:
        found = f"{place} has version {state.version}; it is brought to {state.newest} when it is opened next"
        return "warning", found, f"cp -r {settings.library} {settings.library}.copy, then any command"
    if not state.papers:
        return "warning", f"{place} holds no paper", "assistant add FILE"
    found = f"{counted(state.papers, 'paper')}, {state.with_abstract:,} with an abstract, in {settings.library}"
    if not state.with_abstract:
        return "warning", f"{found}: nothing can be answered from them", "assistant complete"
    return "fine", found, ""


def every_row(settings: Settings) -> Found | None:
    """Read every row, as `assistant check` does."""
    from contextlib import closing

    from assistant.library import Library, integrity

    state = _known(settings)
    if not state:
        return None
    with closing(Library(settings.library)) as library:
        report = integrity.check(library)
    if report.findings:
        first = report.findings[0]
        found = f"{counted(len(report.findings), 'fault')}, the first: {first.part}: {first.what}"
        return "wrong", found, "assistant check --mend"
    return "fine", f"{counted(report.papers, 'paper')} as they were written", ""


def vectors(settings: Settings) -> Found | None:
    """Look whether every paper has a vector, of the embedding model in use."""
    state = _known(settings)
    if not state or not state.papers:
        return None
    kept, present = (state.facts or {}).get(FINGERPRINT, ""), embedder_fingerprint(settings)
    if kept and present and kept != present:
        found = f"they were made by another embedding model ({kept}) than the one in use ({present})"
        return "wrong", found, f"assistant --embedder THAT ONE, or new vectors: {_ANEW}"
    if state.without_vector:
        found = f"{counted(state.without_vector, 'paper')} of {state.papers:,} without one, found by words only"
        return "warning", found, _ANEW
    return "fine", "every paper has one" + (", of the embedding model in use" if present and kept else ""), ""


def index(settings: Settings) -> Found | None:
    """Look whether the index holds every vector and its files are as they were left."""
    state = _known(settings)
    if not state or not state.papers or state.without_vector == state.papers:
        return None
    facts = state.facts or {}
    name, server, checksum = (facts.get(fact, "") for fact in INDEX_FACTS)
    place = wiring.index_place(settings)
    if state.unindexed:
        found = f"it lacks {counted(state.unindexed, 'vector')}; they are found all the same"
        return "warning", found, _ANEW
    if server != place.server:
        found = f"it is {f'on {server}' if server else 'in a folder'}; the settings name another place"
        return "warning", f"{found}, where it is made anew", _ANEW
    if place.server:
        return "fine", f"{name} on {server}", ""
    if not checksum and holder(settings.library)[0]:
        return "fine", "open", ""
    if not checksum or place.checksum(name) != checksum:
        found = "its files are not as they were left; no answer depends on it, and it is made anew"
        return "warning", found, _ANEW
    return "fine", "as it was left", ""


def permissions(settings: Settings) -> Found | None:
    """Look whether others on this machine may read or change the library."""
    folder = settings.library.absolute()
    if os.name != "posix" or not folder.exists():
        return None
    modes = {path: path.stat().st_mode for path in (folder, folder / FILE_NAME) if path.exists()}
    if any(mode & stat.S_IWOTH for mode in modes.values()):
        return "wrong", f"everybody on this machine may change {folder}", f"chmod -R o-rwx {folder}"
    is_open = all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))
    if is_open and modes[folder] & stat.S_IROTH:
        return "warning", f"everybody on this machine may read {folder}", f"chmod -R o-rwx {folder}"
    return "fine", "closed to others", ""


def secrets(settings: Settings) -> Found | None:
    """Look whether others may read keys that stand in assistant.toml."""
    toml = Path("assistant.toml").absolute()
    if os.name != "posix" or not toml.exists():
        return None
    text = toml.read_text(encoding="utf-8", errors="replace")
    if toml.stat().st_mode & stat.S_IROTH and any(name in text for name in ("_key", "chroma_header")):
        return "warning", f"everybody may read the keys in {toml}", f"chmod 600 {toml}"
    return "fine", f"{toml} holds", ""


def _known(settings: Settings) -> Condition | None:
    """Return the condition of a library that can be read; what keeps it from that is said by `file`."""
    try:
        state = condition(settings.library)
    except LibraryError:
        return None
    return state if state.is_known and not state.damage else None


def checks(*, deep: bool) -> tuple[Looking, ...]:
    """Return the checks of the library; with `deep` every row is read."""
    rows = (Looking("library", "every row", every_row),) if deep else ()
    return (
        Looking("settings", "assistant.toml", secrets),
        Looking("library", "lock", lock),
        Looking("library", "file", file),
        *rows,
        Looking("library", "vectors", vectors),
        Looking("library", "index", index),
        Looking("library", "permissions", permissions),
    )
