"""ZIP archives of files: what lies in one, unpacked file by file and within bounds."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

LARGEST = 4 << 30
"""Bytes that an archive may hold when it is unpacked."""

MOST_FILES = 10_000

_PIECE = 1 << 20
_SMALL = 16 << 20  # bytes below which no ratio is looked at
_HIGHEST_RATIO = 200  # text of records is packed to a tenth or so
_OF_SYSTEMS = frozenset({"__macosx", "thumbs.db", "desktop.ini"})
"""What systems put into folders unasked, besides what is hidden."""

_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")


class DamagedError(ValueError):
    """The archive, or a file in it, cannot be unpacked; the message says why, and what to do next."""


def is_zip(head: bytes) -> bool:
    """Tell whether a file that begins so is a ZIP archive, as documents of office programs are too."""
    return head.startswith(_SIGNATURES)


def is_document(path: Path) -> bool:
    """Tell whether an archive is a document of an office program."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
    return bool(names & {"[Content_Types].xml", "mimetype"})


def check(path: Path) -> None:
    """Raise DamagedError for an archive that is damaged, or larger when unpacked than it may be."""
    try:
        with zipfile.ZipFile(path) as archive:
            held = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DamagedError("The archive is cut or damaged. Fetch it again, or pack it anew.") from error
    if len(held) > MOST_FILES:
        raise DamagedError(
            f"The archive holds {len(held):,} files; the most is {MOST_FILES:,}. Unpack it and add them."
        )
    size = sum(each.file_size for each in held)
    packed = sum(each.compress_size for each in held)
    if size > LARGEST or (size > _SMALL and size > _HIGHEST_RATIO * max(packed, 1)):
        raise DamagedError(
            f"The archive would take {size / 1e9:,.1f} GB when unpacked, which is more than is tried. "
            "If you trust it, unpack it and add what is in it."
        )


def unpacked(path: Path, folder: Path) -> Iterator[tuple[str, Path | DamagedError]]:
    """Yield the name of each file of an archive and where it lies unpacked, until the next is asked for.

    What is hidden, and what systems add of their own, is passed over. A file that cannot be unpacked is yielded as the
    reason why. Where a file lies has nothing to do with its name in the archive, but for the ending.
    """
    with zipfile.ZipFile(path) as archive:
        for member in sorted(archive.infolist(), key=lambda each: each.filename):
            name = PurePosixPath(member.filename.replace("\\", "/"))
            is_of_system = any(
                part.startswith(".") or part.lower() in _OF_SYSTEMS for part in name.parts if part != ".."
            )
            if member.is_dir() or is_of_system:
                continue
            target = folder / f"file{name.suffix[:20]}"
            try:
                if member.flag_bits & 1:
                    raise DamagedError("The file is locked with a password. Unpack it and add it.")
                with archive.open(member) as source, target.open("wb") as out:
                    shutil.copyfileobj(source, out, _PIECE)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
                yield str(name), DamagedError(f"The file cannot be unpacked: {error}. Fetch the archive again.")
                continue
            except DamagedError as error:
                yield str(name), error
                continue
            yield str(name), target
            target.unlink(missing_ok=True)
