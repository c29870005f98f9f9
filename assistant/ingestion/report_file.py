"""File of a report: every problem and notice of one adding, a line of JSON each, and its totals in the last line."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import IO

from assistant.errors import UsageError
from assistant.types import IngestionReport, Notice, Problem

_KEPT = 20
"""Reports of a library that are kept; older ones are deleted."""


class ReportFile:
    """A file that takes problems as they come, so that none is lost and memory does not grow with them.

    A `file` that a person names is written in any case; else one is made in `folder`, with the first problem, and the
    oldest there are deleted. Use it in a `with`. Raises UsageError where the named file cannot be written; one that
    cannot be written any more, on a full disk, stops nothing.
    """

    def __init__(self, folder: Path, file: Path | None = None) -> None:
        self._folder = folder
        self._path = file
        self._stream: IO[str] | None = None
        self._is_broken = False
        if file:
            try:
                self._stream = file.open("w", encoding="utf-8", errors="backslashreplace")
            except OSError as error:
                raise UsageError(
                    f"The report cannot be written to {file} ({error.strerror}). Name another file with --report."
                ) from error

    def __enter__(self) -> ReportFile:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream:
            with contextlib.suppress(OSError):
                self._stream.close()

    def keep(self, item: Problem | Notice) -> None:
        """Write down a problem or a notice."""
        self._write(asdict(item))

    def finish(self, report: IngestionReport) -> IngestionReport:
        """Write the totals; return the report with the path of this file where there is one."""
        if not self._stream:
            return report
        report = replace(report, report_file=str(self._path))
        totals = report.to_json()
        del totals["failed"], totals["notices"]
        self._write(totals)
        try:
            self._stream.flush()
        except OSError:
            self._is_broken = True
        return replace(report, report_file="") if self._is_broken else report

    def _write(self, value: dict[str, object]) -> None:
        if self._is_broken:
            return
        try:
            stream = self._stream or self._made()
            stream.write(json.dumps(value, ensure_ascii=False) + "\n")
        except OSError:
            self._is_broken = True

    def _made(self) -> IO[str]:
        self._folder.mkdir(exist_ok=True)
        for old in sorted(self._folder.glob("*.jsonl"))[: 1 - _KEPT]:
            old.unlink(missing_ok=True)
        now = datetime.now().isoformat(timespec="milliseconds").replace(":", "-")
        self._path = self._folder / f"{now}.jsonl"
        self._stream = self._path.open("w", encoding="utf-8", errors="backslashreplace")
        return self._stream
