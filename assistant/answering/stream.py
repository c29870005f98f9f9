"""Answer streams: iterate to follow an answer, iterate again to replay it, close to stop it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from assistant.types import Answer, AnswerEvent, AnswerFinished


class AnswerStream:
    """Events of one answer. Nothing is computed until it is iterated; what was computed is kept.

    One reader at a time draws new events; closing may come from any thread.
    """

    def __init__(self, events: Iterator[AnswerEvent], stop: threading.Event) -> None:
        self._source = events
        self._kept: list[AnswerEvent] = []
        self._stop = stop

    def __iter__(self) -> Iterator[AnswerEvent]:
        number = 0
        while True:
            if number == len(self._kept):
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
