"""Saved runs of labelled questions, to resume or to compare."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from assistant.errors import UsageError
from assistant.evaluation.scoring import Verdict, verdict_json

_FORMAT = 1
_VERDICTS = TypeAdapter(tuple[Verdict, ...])


def save(path: Path, verdicts: Sequence[Verdict]) -> None:
    """Write a run so that the file is at any moment the old run or the new one, whole."""
    draft = path.with_name(f"{path.name}.part")
    value = {"format": _FORMAT, "verdicts": [verdict_json(verdict) for verdict in verdicts]}
    try:
        with draft.open("w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise UsageError(f"The run cannot be saved as {path}: {error}. Name another file with --save.") from error


def load(path: Path) -> tuple[Verdict, ...]:
    """Read a run. Raises UsageError when there is none in the file."""
    try:
        value: Any = json.loads(path.read_text(encoding="utf-8"))
        if value["format"] != _FORMAT:
            raise UsageError(f"{path} is a run of format {value['format']}; this version reads format {_FORMAT}.")
        return _VERDICTS.validate_python(value["verdicts"])
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, ValidationError) as error:
        raise UsageError(f"{path} was not written by `assistant evaluate --save`. Name a file that was.") from error
