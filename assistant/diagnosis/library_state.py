"""State of the library: its settings, folder, lock, file, vectors and index, without opening or changing it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any

import psutil

from assistant import wiring
from assistant.diagnosis.checks import Found, Looking
from assistant.diagnosis.installation import upgrading
from assistant.diagnosis.model_files import embedder_fingerprint
from assistant.errors import LibraryError
from assistant.library import FILE_NAME, Condition, condition, holder, is_there, refusal_to_write
from assistant.search import FINGERPRINT, INDEX_FACTS
from assistant.settings import Settings
from assistant.text import counted

_ANEW = "assistant reindex"


ServerState = Callable[[Settings], Mapping[str, Any]]
"""Asks the process that holds a library for its state, {} where none answers."""

_GOES_ON = "it lets the library go once no question came for five minutes"


def lock(server: ServerState, settings: Settings) -> Found | None:
    """Look whether another program has the library open, or writes into its file."""
    try:
        name, process = holder(settings.library)
    except (LibraryError, OSError):
        return None  # it cannot be written, which is said of the disk
    if process == os.getpid():
        return "fine", "open in this program", ""
    if name:
        return _held(name, process, server(settings), settings)
    place = settings.library / FILE_NAME
    if not os.access(place, os.W_OK):
        return None
    if "locked" in refusal_to_write(settings.library):
        found = f"another program writes into {place}, and nothing can be added meanwhile"
        return "warning", found, f"Close it; this tells which it is: lsof {quote(str(place))}"
    return "fine", "free", ""


def _held(name: str, process: int, state: Mapping[str, Any], settings: Settings) -> Found:
    """Say of another process that has the library whether it is in anybody's way, and what ends that."""
    if state.get("state") == "runs":
        kind = "a server in the background" if state["idle_minutes"] else "`assistant serve`, which shows the page,"
        return "fine", f"open in {kind} since {state['since']}: it runs your commands and answers MCP", ""
    by, is_mcp = _started_by(process)
    if state.get("state") == "lends":
        given = f"{_GOES_ON}, or as soon as a command or the page needs it and no answer is under way"
        return "fine", f"open in an MCP server{by}, {name}: it answers those of other programs too, and {given}", ""
    if is_mcp:
        found = f"in use by an MCP server{by}, {name}, which does not give way to this program; {_GOES_ON}"
        return "warning", found, "Wait for that, or turn the server off in the program that started it."
    if not process:
        return "warning", f"in use by {name}", f"lsof {quote(str(settings.library / 'owner.lock'))}"
    found = f"in use by {name}: where that is `assistant serve` it runs your commands, else they wait for its end"
    return "warning", found, f"assistant serve --stop || kill {process}"


def _started_by(process: int) -> tuple[str, bool]:
    """Return which program started a process, in words, and whether it is an MCP server, as far as the system tells."""
    with suppress(psutil.Error):
        one = psutil.Process(process) if process else None
        parent = one.parent() if one else None
        return f" that {parent.name()} started" if parent else "", one is not None and _command(one.cmdline()) == "mcp"
    return "", False


def _command(words: Sequence[str]) -> str:
    """Return the command in a command line of this program: the first word that is no option and no option's value."""
    begins = next((place for place, word in enumerate(words) if Path(word).stem == "assistant"), 0) + 1
    pairs = zip(words[begins:], ["", *words[begins:]], strict=False)
    return next((word for word, before in pairs if not word.startswith("-") and not before.startswith("-")), "")


def file(settings: Settings) -> Found | None:
    """Look whether the library's file is there, is sound, and has tables that this program knows."""
    folder, place = quote(str(settings.library)), settings.library / FILE_NAME
    anew = f"Restore it from a copy; or begin anew: mv {folder} {folder}.damaged && assistant add FILE"
    try:
        if not is_there(settings.library):
            return "warning", f"there is no library in {settings.library} yet", "assistant add FILE"
        state = condition(settings.library, damage=True)
    except LibraryError as error:
        can_be_read = os.access(settings.library, os.X_OK) and (not place.exists() or os.access(place, os.R_OK))
        return ("wrong", str(error), anew) if can_be_read else None
    except PermissionError:
        return None  # which is said of the disk
    if state.version > state.newest:
        found = f"{place} was written by a newer program (version {state.version}; known up to {state.newest})"
        return "wrong", found, upgrading()
    if state.damage:
        return "wrong", f"{place} is damaged: {state.damage}", anew
    if not state.is_known:
        found = f"{place} has version {state.version}; it is brought to {state.newest} when it is opened next"
        return "warning", found, f"cp -r {folder} {folder}.copy && assistant papers"
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

    if not _known(settings) or not os.access(settings.library, os.W_OK):
        return None  # SQLite wants to make files beside it
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
        flag = "--embed-url and --embed-model" if kept.startswith("served ") else "--embedder"
        return "wrong", f"{found}; name that one with {flag}, or have new ones made", _ANEW
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
    mode, mend = folder.stat().st_mode, f"chmod -R o-rwx {quote(str(folder))}"
    file = folder / FILE_NAME
    if (mode | (file.stat().st_mode if os.access(file, os.F_OK) else 0)) & stat.S_IWOTH:
        return "wrong", f"everybody on this machine may change {folder}", mend
    if mode & stat.S_IROTH and all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents)):
        return "warning", f"everybody on this machine may read {folder}", mend
    return "fine", "closed to others", ""


def secrets(settings: Settings) -> Found | None:
    """Look whether others may read keys that stand in assistant.toml."""
    toml = Path("assistant.toml").absolute()
    if os.name != "posix" or not toml.exists():
        return None
    if not os.access(toml, os.R_OK):
        return None  # which is said of the settings
    text = toml.read_text(encoding="utf-8", errors="replace")
    if toml.stat().st_mode & stat.S_IROTH and any(name in text for name in ("_key", "chroma_header")):
        return "warning", f"everybody may read the keys in {toml}", f"chmod 600 {quote(str(toml))}"
    return "fine", f"{toml} holds", ""


def _known(settings: Settings) -> Condition | None:
    """Return the condition of a library that can be read; what keeps it from that is said by `file`."""
    try:
        state = condition(settings.library)
    except (LibraryError, OSError):
        return None
    return state if state.is_known else None


def checks(*, deep: bool, server: ServerState = lambda _: {}) -> tuple[Looking, ...]:
    """Return the checks of the library; with `deep` every row is read."""
    rows = (Looking("library", "every row", every_row),) if deep else ()
    return (
        Looking("settings", "assistant.toml", secrets),
        Looking("library", "lock", partial(lock, server)),
        Looking("library", "file", file),
        *rows,
        Looking("library", "vectors", vectors),
        Looking("library", "index", index),
        Looking("library", "permissions", permissions),
    )
