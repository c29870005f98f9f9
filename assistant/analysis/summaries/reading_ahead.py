"""Reading of papers by the chat model ahead of questions, while nobody asks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from assistant.analysis.summaries import lines
from assistant.errors import QuestionError
from assistant.grounding import Embed, support
from assistant.library import Library
from assistant.protocols import LanguageModel
from assistant.types import PaperFilter, Progress, ProgressListener, Source

_QUIET = 3.0
"""Seconds without a question after which papers are read in the background."""


def read(
    library: Library,
    model: LanguageModel,
    embed: Embed,
    prompt_tokens: int,
    stop: threading.Event,
    *,
    probes: Path | None = None,
    filter: PaperFilter = PaperFilter(),
    on_progress: ProgressListener = lambda _: None,
) -> int:
    """Have the model read papers that it has not, until `stop` is set; return how many it read.

    Each line is kept as soon as it is written, so that what was interrupted goes on there.
    """
    if stop.is_set():  # it may have been while the model was loaded
        return 0
    total = lines.unread_count(library, model.info.name, filter)
    supports = support.reader(model, probes, prompt_tokens, stop)
    done = 0
    for paper in lines.unread(library, model.info.name, filter):
        on_progress(Progress(done, total, "Reading ahead"))
        with suppress(QuestionError):  # a text too long for the prompts that are allowed
            lines.written(library, Source.of(1, paper), model, supports, embed, stop)
        if stop.is_set():
            return done
        done += 1
    if total:
        on_progress(Progress(total, total, "Read ahead"))
    return done


class BackgroundReading:
    """Reads in a thread of its own while nothing else is done, and sleeps when nothing is left.

    `work` reads until its event is set, which happens as soon as something else begins. `is_busy` tells whether an
    answer is being made.
    """

    def __init__(self, work: Callable[[threading.Event], object], is_busy: Callable[[], bool] = lambda: False) -> None:
        self._work = work
        self._is_busy = is_busy
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._busy = 0
        self._has_work = self._is_wanted = self._is_closed = False
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Read what is unread, now and whenever something else has ended."""
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="reading ahead", daemon=True)
                self._thread.start()
            self._has_work = self._is_wanted = True
            self._changed.notify()

    def end(self) -> None:
        """Read no more until `begin`."""
        with self._changed:
            self._is_wanted = False
            self._stop.set()

    @property
    def is_reading(self) -> bool:
        """Tell whether there is something to read, now or as soon as nothing else is done."""
        with self._changed:
            return self._is_wanted and self._has_work

    def leave(self) -> None:
        """Leave what is being read at once; it is read again after a while without an answer."""
        with self._changed:
            self._stop.set()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep from reading while papers are added; then there may be more to read."""
        with self._changed:
            self._busy += 1
            self._stop.set()
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._has_work = True
                self._changed.notify()

    def close(self) -> None:
        """End the thread, within a second."""
        with self._changed:
            self._is_closed = True
            self._stop.set()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=1)

    @property
    def _may_read(self) -> bool:
        return self._has_work and self._is_wanted and not self._busy

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or self._may_read)
                if self._is_closed:
                    return
                self._stop = stop = threading.Event()
            if stop.wait(_QUIET) or self._is_busy():
                continue
            self._work(stop)
            with self._changed:
                self._has_work = self._has_work and stop.is_set()
