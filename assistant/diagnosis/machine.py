"""Machine: Python, packages, memory, processor, GPU, clock, and the disks that are written to."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
import sys
import tempfile
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import psutil
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from assistant import wiring
from assistant.diagnosis.checks import Found, Looking, size
from assistant.errors import AssistantError
from assistant.library import condition
from assistant.settings import Settings
from assistant.text import counted

_PACKAGE = "abstract-assistant"

_NO_ROOM, _LITTLE_ROOM = 50_000_000, 1_000_000_000
"""Free bytes of a disk below which nothing can be written, and below which it will soon be so."""

_OVERHEAD = 1_500_000_000
"""Bytes that Python, the libraries and an answer take beside the models' weights."""

_CONTAINER = Path("/sys/fs/cgroup")
"""Where Linux tells a container's limits (cgroup v2)."""

_MADE = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right shows a time before."""

_REMOTE_DISKS = ("nfs", "nfs4", "cifs", "smbfs", "smb3", "fuse.sshfs", "afpfs", "9p", "webdav", "fuse.davfs2")
_SYNCED = ("dropbox", "onedrive", "icloud", "google drive", "googledrive", "nextcloud", "owncloud")


def python(_: Settings) -> Found:
    """Look at the version of Python."""
    version = ".".join(map(str, sys.version_info[:3]))
    wanted = metadata.metadata(_PACKAGE)["Requires-Python"] or ""
    if not SpecifierSet(wanted).contains(version, prereleases=True):
        return "wrong", f"Python {version}; {wanted} is needed", "Install it with another Python."
    if sys.maxsize < 2**32:
        return "wrong", f"Python {version} of 32 bits", "Install Python for 64 bits."
    return "fine", f"Python {version}", ""


def packages(_: Settings) -> Found:
    """Compare the packages that are installed with those that the program asks for."""
    off = []
    for requirement in map(Requirement, metadata.requires(_PACKAGE) or ()):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            off.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            off.append(f"{requirement.name} {version} (wanted {requirement.specifier})")
    if off:
        return "wrong", "; ".join(off), f"pip install --upgrade {_PACKAGE}"
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("torch", "transformers", "chromadb", "gradio"))
    return "fine", versions, ""


def sqlite(_: Settings) -> Found:
    """Look whether SQLite searches words."""
    with sqlite3.connect(":memory:") as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
        except sqlite3.OperationalError as error:
            return "wrong", f"SQLite {sqlite3.sqlite_version} lacks FTS5 ({error})", "Install Python with FTS5."
    return "fine", f"SQLite {sqlite3.sqlite_version}", ""


def processor(_: Settings) -> Found:
    """Look at the processor's instructions, and at how many threads torch may use."""
    import torch

    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    may_use = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    can = {name for name, value in torch.cpu.get_capabilities().items() if value is True}
    kinds = {"AMX": {"amx_bf16", "amx_tile"}, "AVX-512 BF16": {"avx512_bf16"}, "AVX2": {"avx2"}}
    has = [name for name, flags in kinds.items() if flags & can]
    threads = torch.get_num_threads()
    found = f"{counted(cores, 'core')}, {counted(threads, 'thread')} for torch; {', '.join(has) or 'no AVX2'}"
    if threads * 2 <= min(cores, may_use):
        return "warning", found, "unset OMP_NUM_THREADS MKL_NUM_THREADS"
    has_gpu = torch.cuda.is_available() or torch.backends.mps.is_available()
    if not ({"amx_bf16", "avx512_bf16"} & can or has_gpu):
        return "warning", f"{found}; no bfloat16 instructions: half a minute to a minute an answer", _SMALLER
    return "fine", found, ""


_SMALLER = "assistant models get qwen2.5-coder-0.5b, then assistant --model qwen2.5-coder-0.5b: quicker, less good"


def gpu(_: Settings) -> Found:
    """Look which GPU torch sees, and whether there is one that it does not see."""
    import torch

    build = f"torch {torch.__version__}"
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
        free, total = torch.cuda.mem_get_info()
        found = f"{', '.join(names)}: {size(free)} of {size(total)} free; {build}"
        if free < 4e9:
            return "warning", found, "Close what else uses the GPU (nvidia-smi shows it)."
        return "fine", found, ""
    if torch.backends.mps.is_available():
        return "fine", f"Apple GPU; {build}", ""
    if Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi"):
        why = "cannot use its driver" if torch.version.cuda else "is a build without CUDA"
        mend = "Update the driver." if torch.version.cuda else "Install torch's build with CUDA."
        return "warning", f"there is an NVIDIA driver, and {build} {why}", mend
    return "fine", f"none; the processor computes; {build}", ""


def memory(settings: Settings) -> Found:
    """Compare the memory that is free with what the models need; what this process holds already counts as free."""
    free = min(psutil.virtual_memory().available, _left_in_container()) + psutil.Process().memory_info().rss
    needed, found = _weights(settings), f"{size(free)} free for this program"
    if not needed:
        return "fine", found, ""
    needed += _OVERHEAD
    found = f"{found}; the models need about {size(needed)}"
    if free < needed:
        return "wrong", found, f"Close other programs, or take a smaller model: {_SMALLER}"
    return ("warning", found, "Close other programs.") if free < needed * 1.2 else ("fine", found, "")


def _left_in_container() -> float:
    """Return the bytes that a container's limit leaves, infinity where there is none."""
    try:
        most, used = ((_CONTAINER / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        told = dict(line.split(maxsplit=1) for line in (_CONTAINER / "memory.stat").read_text().splitlines())
        return math.inf if most == "max" else int(most) - int(used) + int(told.get("inactive_file", 0))
    except (OSError, ValueError):
        return math.inf


def _weights(settings: Settings) -> int:
    """Return the bytes of the weights of the models in use, as far as they are here."""
    known, total = wiring.registry(settings), 0
    for name in wiring.local_models(settings).values():
        with suppress(AssistantError):
            total += sum(path.stat().st_size for path in Path(known.resolve(name)).glob("*.safetensors"))
    return total


def clock(settings: Settings) -> Found:
    """Compare the clock with times that have been: of this program, and of the newest paper in the library."""
    now = datetime.now(UTC)
    zone = datetime.now().astimezone().tzname() or "no time zone"
    found, mend = f"{now:%Y-%m-%d %H:%M} UTC, time zone {zone}", "Set the clock: timedatectl set-ntp true"
    if now < _MADE or now.year > 2100:
        return "wrong", f"{found}: that cannot be", mend
    added, last_year = "", 0
    with suppress(AssistantError):
        state = condition(settings.library)
        added, last_year = state.added, state.last_year
    if added[:10] > f"{now:%Y-%m-%d}":
        return "wrong", f"{found}, before the newest paper came into the library ({added} UTC)", mend
    if last_year > now.year + 1:
        return "warning", f"{found}; a paper of the library is of {last_year}", f"assistant papers --since {last_year}"
    return "fine", found, ""


def room(settings: Settings) -> Found:
    """Look at the room on the disks of the library, the models, the cache of the services, and temporary files."""
    places, missing = defaultdict[tuple[int, int], list[str]](list), 0
    for name, folder in _folders(settings).items():
        there = _there(folder)
        places[there.stat().st_dev, shutil.disk_usage(there).free].append(name)
    known = wiring.registry(settings)
    for model in wiring.local_models(settings).values():
        if any(entry.name == model for entry in known.entries()) and not known.is_present(model):
            missing += known.entry(model).room_needed
    found = "; ".join(f"{', '.join(names)}: {size(free)} free" for (_, free), names in places.items())
    least = min(free for _, free in places)
    if least < _NO_ROOM:
        return "wrong", f"a disk is full: {found}", "Free some space, or name other folders (--library, TMPDIR)."
    of_models = shutil.disk_usage(_there(settings.models)).free
    if of_models < missing:
        mend = "Free some space, or point ASSISTANT_MODELS to a larger disk."
        return "wrong", f"{found}; the models that are missing need {size(missing)}", mend
    return ("warning", found, "Free some space.") if least < _LITTLE_ROOM else ("fine", found, "")


def writable(settings: Settings) -> Found:
    """Write a file into each folder that is written to."""
    cannot = []
    for name, folder in _folders(settings).items():
        try:
            with tempfile.TemporaryFile(dir=_there(folder)) as file:
                file.write(b"x")
        except OSError as error:
            cannot.append(f"{name} ({_there(folder)}): {error.strerror or error}")
    if cannot:
        return "wrong", f"cannot be written: {'; '.join(cannot)}", "chmod -R u+rwX on it, or name another (--library)."
    return "fine", "library, models, sources and temporary files can be written", ""


def kind_of_disk(settings: Settings) -> Found | None:
    """Look whether the library lies where several machines write: SQLite's locks do not hold there."""
    folder = settings.library.expanduser().absolute()
    mounts = [part for part in psutil.disk_partitions(all=True) if folder.is_relative_to(part.mountpoint)]
    kind = max(mounts, key=lambda part: len(part.mountpoint)).fstype if mounts else ""
    mend = "assistant --library FOLDER, with a folder on a disk of this machine"
    if kind.lower() in _REMOTE_DISKS:
        return "warning", f"the library {folder} is on a network disk ({kind}), where locks may not hold", mend
    if any(name in part.lower() for part in folder.parts for name in _SYNCED):
        return "warning", f"the library {folder} is in a folder that a program copies elsewhere while it changes", mend
    return None


def _folders(settings: Settings) -> dict[str, Path]:
    folders = {"library": settings.library, "models": settings.models, "sources": settings.sources}
    return {**folders, "temporary files": Path(tempfile.gettempdir())}


def _there(folder: Path) -> Path:
    """Return the folder, or the nearest above it that is there."""
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())


CHECKS = (
    Looking("machine", "Python", python),
    Looking("machine", "packages", packages),
    Looking("machine", "SQLite", sqlite),
    Looking("machine", "processor", processor),
    Looking("machine", "GPU", gpu),
    Looking("machine", "memory", memory),
    Looking("machine", "clock", clock),
    Looking("disk", "room", room),
    Looking("disk", "writing", writable),
    Looking("disk", "kind", kind_of_disk),
)
