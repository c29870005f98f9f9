"""Answer streams: iterate to follow an answer, iterate again to replay it, close to stop it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator

from assistant.stopping import stopped_by
from assistant.types import Answer, AnswerEvent, AnswerFinished

_PAUSE = 0.5
"""Seconds without work on an answer after which it counts as ended, or as left alone by its reader."""


class Foreground:
    """Tells work in the background whether an answer is being made just now: enter it while one is computed.

    `interrupt` is called whenever some of an answer begins to be computed.
    """

    def __init__(self, interrupt: Callable[[], None] = lambda: None) -> None:
        self._interrupt = interrupt
        self._lock = threading.Lock()
        self._answers = 0
        self._left = -math.inf

    def __enter__(self) -> None:
        with self._lock:
            self._answers += 1
        self._interrupt()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._answers -= 1
            self._left = time.monotonic()

    @property
    def is_busy(self) -> bool:
        """Tell whether an answer is computed, or was a moment ago."""
        with self._lock:
            return self._answers > 0 or time.monotonic() - self._left < _PAUSE


class AnswerStream:
    """Events of one answer. Nothing is computed until it is iterated; what was computed is kept.

    While an event is computed, `foreground` is busy. One reader at a time draws new events; closing may come from any
    thread.
    """

    def __init__(self, events: Iterator[AnswerEvent], stop: threading.Event, foreground: Foreground) -> None:
        self._source = events
        self._foreground = foreground
        self._kept: list[AnswerEvent] = []
        self._stop = stop

    def __iter__(self) -> Iterator[AnswerEvent]:
        number = 0
        while True:
            if number == len(self._kept):
                with self._foreground, stopped_by(self._stop):
                    event = next(self._source, None)
                if event is None:
                    return
                self._kept.append(event)
            yield self._kept[number]
            number += 1

    def answer(self) -> Answer:
        """Read to the end and return the finished answer; one that was stopped holds what had been written."""
        for event in self:
            if isinstance(event, AnswerFinished):
                return event.answer
        raise RuntimeError("The answer's events ended without an answer.")

    def close(self) -> None:
        """Ask the model to stop. The events still to come are the end of the answer as far as it was written."""
        self._stop.set()
