"""Summaries while they are written: each in a thread of its own, that goes on when its reader leaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.answering import AnswerStream
from assistant.errors import AssistantError
from assistant.library import KeptSummaries
from assistant.types import AnswerEvent, AnswerFinished, Length, PaperFilter
from assistant.ui.running import LONGEST_STOP

if TYPE_CHECKING:
    from assistant.workspace import Workspace

_TICK = 0.5
"""Seconds between two looks at a summary that has nothing new."""


class Summaries:
    """The summaries of a workspace: kept ones, and those that are being written.

    One that was begun goes on when its reader leaves; who asks for the same meanwhile follows it too.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.kept = KeptSummaries(workspace.library)
        self._workspace = workspace
        self._lock = threading.Lock()
        self._running: dict[tuple[PaperFilter, Length], RunningSummary] = {}

    def running(self, filter: PaperFilter) -> Length | None:
        """Return the length of a summary of these papers that is being written; None where none is."""
        with self._lock:
            found = (
                length for (papers, length), each in self._running.items() if papers == filter and not each.is_over
            )
            return next(found, None)

    def start(self, filter: PaperFilter, length: Length, owner: str) -> RunningSummary:
        """Return the summary of these papers that is being written, begun now by `owner` where there is none."""
        with self._lock:
            for key in [key for key, each in self._running.items() if each.is_over]:
                del self._running[key]
            if (filter, length) not in self._running:
                self._running[filter, length] = RunningSummary(self._workspace, self.kept, filter, length, owner)
            return self._running[filter, length]

    def stop(self, filter: PaperFilter, length: Length, owner: str) -> None:
        """Stop a summary that `owner` began; it is not kept. Others only follow it."""
        with self._lock:
            running = self._running.get((filter, length))
        if running and running.owner == owner:
            running.stop()


class RunningSummary:
    """One summary while it is written, in a thread of its own; any number may follow it."""

    def __init__(
        self, workspace: Workspace, kept: KeptSummaries, filter: PaperFilter, length: Length, owner: str
    ) -> None:
        self.owner = owner
        self.is_over = False
        self.is_stopped = False
        self._changed = threading.Condition()
        self._events: list[AnswerEvent | Exception] = []
        self._stream: AnswerStream | None = None

        def begin() -> AnswerStream:
            if paper := one_paper(filter):
                return workspace.summarize(paper=paper, length=length)
            return workspace.summarize(filter=filter, length=length)

        def work() -> None:
            try:
                then = kept.papers_now(filter)
                self._stream = begin()
                if self.is_stopped:
                    self._stream.close()
                for event in self._stream:
                    if isinstance(event, AnswerFinished) and not self.is_stopped and not event.answer.refused:
                        kept.keep(filter, length, event.answer, then)
                    self._tell(event)
            except Exception as error:
                self._tell(error)
                if not isinstance(error, AssistantError):
                    raise
            finally:
                self._tell(None)

        threading.Thread(target=work, name="summary", daemon=True).start()

    def stop(self) -> None:
        """Ask the model to stop; those who follow are told within a second, whatever it still does."""
        self.is_stopped = True
        if self._stream:
            self._stream.close()
        timer = threading.Timer(LONGEST_STOP, self._tell, (None,))
        timer.daemon = True
        timer.start()

    def events(self) -> Iterator[AnswerEvent | Exception | None]:
        """Yield the events from the beginning; None at each look that finds nothing new."""
        told = 0
        while True:
            with self._changed:
                if told == len(self._events) and not self.is_over:
                    self._changed.wait(_TICK)
                new, is_over = self._events[told:], self.is_over
            told += len(new)
            yield from new or (None,)
            if is_over and told == len(self._events):
                return

    def _tell(self, event: AnswerEvent | Exception | None) -> None:
        with self._changed:
            if event is None:
                self.is_over = True
            elif not self.is_over:
                self._events.append(event)
            self._changed.notify_all()


def one_paper(filter: PaperFilter) -> str:
    """Return the id of the paper where a filter names one and nothing else, which is summarised by itself; else ""."""
    named = filter.among or ()
    return named[0] if len(named) == 1 and replace(filter, among=None).is_empty else ""
