"""Machine: memory, processor, GPU, clock, and the disks that are written to."""

from __future__ import annotations

import errno
import math
import os
import shutil
import sqlite3
import sys
import tempfile
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

import psutil

from assistant import wiring
from assistant.diagnosis.checks import Found, Looking, size
from assistant.errors import AssistantError, UsageError
from assistant.library import condition
from assistant.settings import Settings
from assistant.text import counted

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
    has_gpu = torch.cuda.is_available() or torch.backends.mps.is_available() or torch.xpu.is_available()
    if not ({"amx_bf16", "avx512_bf16"} & can or has_gpu):
        slow = (
            "no bfloat16 instructions: half a minute to a minute an answer; a smaller model is quicker, and less good"
        )
        return "warning", f"{found}; {slow}", _SMALLER
    return "fine", found, ""


_SMALLER = "assistant models get qwen2.5-coder-0.5b && export ASSISTANT_MODEL=qwen2.5-coder-0.5b"


def gpu(settings: Settings) -> Found:
    """Look which GPU torch sees, and whether there is one that it does not see."""
    import torch

    from assistant.models import device

    try:
        chosen = device.choose(settings.device)
    except UsageError as error:
        return "wrong", str(error), "export ASSISTANT_DEVICE=auto, or leave --device out"
    build = f"torch {torch.__version__}"
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
        free, total = torch.cuda.mem_get_info()
        found = f"{', '.join(names)}: {size(free)} of {size(total)} free; {build}"
        if free < 4e9:
            return "warning", found, "Close what else uses the GPU (nvidia-smi shows it)."
        return "fine", found, ""
    if chosen.name != "cpu":
        return "fine", f"{' '.join(chosen.reasons)} {build}", ""
    if Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi"):
        why = "cannot use its driver" if torch.version.cuda else "is a build without CUDA"
        other = f"uv pip install --python {quote(sys.executable)} --reinstall-package torch --torch-backend auto torch"
        mend = f"Update the driver, or take the torch that fits it: {other}" if torch.version.cuda else other
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
        return "wrong", f"{found}: close other programs, or take a smaller model", _SMALLER
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
    with suppress(AssistantError, OSError):
        state = condition(settings.library)
        added, last_year = state.added, state.last_year
    if added[:10] > f"{now:%Y-%m-%d}":
        return "wrong", f"{found}, before the newest paper came into the library ({added} UTC)", mend
    if last_year > now.year + 1:
        return "warning", f"{found}; a paper of the library is of {last_year}", f"assistant papers --since {last_year}"
    return "fine", found, ""


def room(settings: Settings) -> Found:
    """Look at the room on the disks of the library, the models, the cache of the services, and temporary files."""
    places, missing = defaultdict[tuple[int, int], list[str]](list), _room_of_missing_models(settings)
    for name, folder in _folders(settings).items():
        there = _there(folder)
        places[there.stat().st_dev, _free(there)].append(name)
    found = "; ".join(f"{', '.join(names)}: {size(free)} free" for (_, free), names in places.items())
    least = min(free for _, free in places)
    if least < _NO_ROOM:
        full = quote(str(min((_there(folder) for folder in _folders(settings).values()), key=_free)))
        mend = f"Free some space, or name other folders (--library, TMPDIR); what takes it: du -xh {full} | sort -h"
        return "wrong", f"a disk is full: {found}", mend
    if _free(_there(settings.models)) < missing:
        mend = "Free some space, or point ASSISTANT_MODELS to a larger disk."
        return "wrong", f"{found}; the models that are missing need {size(missing)}", mend
    return ("warning", found, "Free some space.") if least < _LITTLE_ROOM else ("fine", found, "")


def writable(settings: Settings) -> Found:
    """Write a file into each folder that is written to, and look whether the library's own files may be changed.

    The folder of models is written to only where one is missing.
    """
    cannot, mends, written = [], [], _folders(settings)
    if not _room_of_missing_models(settings):
        del written["models"]
    for name, folder in written.items():
        place = _there(folder)
        try:
            with tempfile.TemporaryFile(dir=place) as file:
                file.write(b"x")
            if name == "library":
                place = next((each for each in place.glob("*.*") if not os.access(each, os.W_OK)), place)
                if not os.access(place, os.W_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            cannot.append(f"{name} ({place}): {error.strerror or error}")
            mends.append(_right_to_write(place, error.errno))
    if cannot:
        return "wrong", f"cannot be written: {'; '.join(cannot)}", " && ".join(dict.fromkeys(mends))
    return "fine", f"can be written: {', '.join(written)}", ""


def _right_to_write(place: Path, number: int | None) -> str:
    """Return what lets files be written in a place, by the number of the error that kept them from it."""
    path = quote(str(place))
    match number:
        case errno.ENOSPC | errno.EDQUOT:
            return f"Free some space, or delete files where there are too many: df -h {path}; df -i {path}"
        case errno.ENOTDIR | errno.EEXIST:
            return f"mv {path} {path}.moved"
        case errno.EROFS:
            mount = next(each for each in (place, *place.parents) if each.is_mount())
            return f"Name another folder (--library), or: sudo mount -o remount,rw {quote(str(mount))}"
        case _ if os.name != "posix":
            return f"Allow yourself to write in {place}, or name another folder (--library)."
    folder = quote(str(place if place.is_dir() else place.parent))
    is_own = place.stat().st_uid == os.geteuid()
    return f"chmod -R u+rwX {folder}" if is_own else f'sudo chown -R "$(id -u)" {folder}'


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


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _folders(settings: Settings) -> dict[str, Path]:
    folders = {"library": settings.library, "models": settings.models, "sources": settings.sources}
    return {**folders, "temporary files": Path(tempfile.gettempdir())}


def _room_of_missing_models(settings: Settings) -> int:
    """Return the bytes that the models in use need which this program can fetch and has not."""
    known, used = wiring.registry(settings), wiring.local_models(settings).values()
    return sum(each.room_needed for each in known.entries() if each.name in used and not known.is_present(each.name))


def _there(folder: Path) -> Path:
    """Return the folder, or the nearest above it that is there."""
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())


CHECKS = (
    Looking("machine", "SQLite", sqlite),
    Looking("machine", "processor", processor),
    Looking("machine", "GPU", gpu),
    Looking("machine", "memory", memory),
    Looking("machine", "clock", clock),
    Looking("disk", "room", room),
    Looking("disk", "writing", writable),
    Looking("disk", "kind", kind_of_disk),
)
