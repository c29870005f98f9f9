"""Preparation of a downloaded artifact as a folder that transformers loads: safetensors, with a manifest."""

from __future__ import annotations

import errno
import os
import shutil
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from assistant.errors import ChecksumError, ModelError
from assistant.models.download import Facts, PinnedFile, Report, sha256_of
from assistant.types import Progress
from assistant.whole_files import replaced

MANIFEST = "manifest.json"


class Manifest(Facts):
    """What a prepared folder holds and what it was made from; without one a folder does not count."""

    format: Literal[1] = 1
    name: str
    origin: str
    artifact: tuple[PinnedFile, ...]
    artifact_sha256: str
    prepared_with: dict[str, str]
    files: tuple[PinnedFile, ...]


def prepare(source: Path, target: Path, report: Report) -> None:
    """Fill the new folder `target` from the verified files in `source`; a GGUF file becomes bfloat16 safetensors.

    Converting takes about a minute, and 6 GB of memory for 1.5B parameters. Raises ModelError for a GGUF file that
    transformers cannot read.
    """
    ggufs = list(source.glob("*.gguf"))
    if ggufs:
        target.mkdir()
        _convert(source, ggufs[0].name, target, report)
    else:
        shutil.copytree(source, target, copy_function=_link_or_copy)


def write_manifest(
    folder: Path, name: str, origin: str, artifact: tuple[PinnedFile, ...], artifact_sha256: str
) -> None:
    """Measure every file of a prepared folder and write its manifest, whole or not at all."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = Manifest(
        name=name,
        origin=origin,
        artifact=artifact,
        artifact_sha256=artifact_sha256,
        prepared_with={package: version(package) for package in ("gguf", "safetensors", "torch", "transformers")},
        files=tuple(
            PinnedFile(path=path.relative_to(folder).as_posix(), size=path.stat().st_size, sha256=sha256_of(path))
            for path in paths
        ),
    )
    with replaced(folder / MANIFEST) as file:
        file.write(manifest.model_dump_json(indent=2).encode() + b"\n")


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest if the folder has a valid one and every file in it has its size, else None."""
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        sizes_hold = all((folder / file.path).stat().st_size == file.size for file in manifest.files)
    except (OSError, ValidationError):
        return None
    return manifest if sizes_hold else None


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Recompute the SHA-256 of every prepared file; a ChecksumError names the first that differs."""
    for file in manifest.files:
        got = sha256_of(folder / file.path)
        if got != file.sha256:
            raise ChecksumError(f"{folder / file.path} was changed: expected SHA-256 {file.sha256}, got {got}.")


def _link_or_copy(source: str, target: str) -> None:
    # A link costs no space and no time; the downloads are deleted once the prepared folder is in place.
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _convert(source: Path, gguf: str, target: Path, report: Report) -> None:
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    try:
        with _reported(report):
            tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=gguf)
            model = AutoModelForCausalLM.from_pretrained(
                source, gguf_file=gguf, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
            )
            model.save_pretrained(target)
            tokenizer.save_pretrained(target)
    except SafetensorError as error:
        # safetensors writes files in Rust and wraps the system's error in a text.
        if f"os error {errno.ENOSPC}" in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target)) from error
        raise ModelError(f"The prepared weights could not be written to {target}: {error}") from error
    except (ValueError, LookupError, RuntimeError, MemoryError, struct.error) as error:
        raise ModelError(f"transformers could not convert {gguf} to safetensors: {error!r}") from error


@contextmanager
def _reported(report: Report) -> Iterator[None]:
    """Count the tensors while transformers converts them, in place of the bars that it would draw itself."""
    reader: Any = import_module("transformers.modeling_gguf_pytorch_utils")
    logging: Any = import_module("transformers.utils.logging")
    bar, bars_were_on = getattr(reader, "tqdm", None), logging.is_progress_bar_enabled()

    def counted(tensors: Sequence[Any], **_: object) -> Iterator[Any]:
        for number, tensor in enumerate(tensors, start=1):
            report(Progress(number, len(tensors), "Converting to safetensors, which is done once"))
            yield tensor

    reader.tqdm = counted
    logging.disable_progress_bar()
    try:
        yield
    finally:
        reader.tqdm = bar
        if bars_were_on:
            logging.enable_progress_bar()
