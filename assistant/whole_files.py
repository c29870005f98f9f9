"""Whole files: written beside their place, and put there once they are complete."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replaced(file: Path) -> Iterator[BinaryIO]:
    """Open what takes a file's place at the end of the block; after an error that stays as it was. Raises OSError."""
    draft = file.with_name(f".{file.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        with draft.open("xb") as written:
            if file.exists():
                shutil.copymode(file, draft)
            yield written
            written.flush()
            os.fsync(written.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
