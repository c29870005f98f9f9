"""A text whose lines are of bounded length, so that a file of one endless line does not fill the memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from assistant.types import Problem

LONGEST_LINE = 10_000_000  # characters
PIECE = 1 << 20  # characters read at once of a line that is passed over


class BoundedLines:
    """Reads like the stream that it is given, with blank lines in the place of those that are too long."""

    def __init__(self, stream: TextIO, file: str) -> None:
        self._stream = stream
        self._file = file
        self._number = 0
        self._problems: list[Problem] = []

    def problems(self) -> Iterator[Problem]:
        """Yield, once each, the lines that were passed over since the last call."""
        while self._problems:
            yield self._problems.pop(0)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go back to the beginning; there is no other place to go to."""
        self._number = 0
        return self._stream.seek(offset, whence)

    def read(self, size: int | None = -1) -> str:
        """Return the next `size` characters as they stand in the file."""
        return self._stream.read(-1 if size is None else size)

    def readline(self, size: int | None = -1) -> str:
        """Return the next line with its line feed; with a `size`, at most so many characters of it."""
        if size is not None and size >= 0:
            return self._stream.readline(size)
        return next(self, "")

    def __iter__(self) -> BoundedLines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self._number += 1
        if len(line) <= LONGEST_LINE or line.endswith("\n"):
            return line
        length = len(line)
        while not line.endswith("\n") and (line := self._stream.readline(PIECE)):
            length += len(line)
        size, limit = length / 1_000_000, LONGEST_LINE // 1_000_000
        reason = (
            f"This line is {size:.1f} MB long and was skipped; the most is {limit} MB. Break it up, or take it out."
        )
        self._problems.append(Problem(self._file, self._number, reason))
        return "\n"
