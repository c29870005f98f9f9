"""Jobs of adding: one at a time, in a thread of its own; any tab can follow one, and a reload loses nothing."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from assistant.errors import AssistantError
from assistant.types import IngestionReport, Progress, ProgressListener

Work = Callable[[ProgressListener, threading.Event], object]
"""Adds something and returns a report: tells its progress, and ends soon once the event is set."""

State = Literal["waiting", "running", "done", "stopped", "failed"]

_KEPT = 20
"""Jobs that are over and can still be looked at."""

_LATELY = 20.0
"""Seconds over which a rate is taken: work rests while an answer is made."""

_SHORTEST = 1.0
"""Seconds before a rate is told."""


class Pace:
    """How fast a task goes and how long it will take, from what was done lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._task = ""
        self._seen: deque[tuple[float, int]] = deque()
        self.rate = 0.0
        """Papers a second, 0 while it is not known."""
        self.left: float | None = None
        """Seconds left, None while they are not known."""

    def see(self, progress: Progress) -> None:
        """Take note of how far a task is."""
        task = progress.message.split(",")[0]
        is_read = progress.message.startswith("Reading")
        counted, total = (progress.records, 0) if is_read else (progress.done, progress.total)
        now = self._clock()
        if task != self._task:
            self._task = task
            self._seen.clear()
        self._seen.append((now, counted))
        while now - self._seen[0][0] > _LATELY and len(self._seen) > 2:
            self._seen.popleft()
        since, before = self._seen[0]
        enough = now - since >= _SHORTEST and counted > before
        self.rate = (counted - before) / (now - since) if enough else 0.0
        self.left = (total - counted) / self.rate if enough and total else None


@dataclass
class Job:
    """Something that is added: what, in words, how far it is, and what became of it.

    `over` is called when nothing more is done, also where the job was stopped before it began.
    """

    id: str
    title: str
    work: Work
    over: Callable[[], object] = lambda: None
    state: State = "waiting"
    progress: Progress = field(default_factory=lambda: Progress(0, 0, ""))
    pace: Pace = field(default_factory=Pace)
    report: object = None
    error: str = ""
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will come of it."""
        return self.state in ("done", "stopped", "failed")


class Jobs:
    """The jobs of one server, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: list[Job] = []
        self._is_working = False

    def begin(self, title: str, work: Work, over: Callable[[], object] = lambda: None) -> Job:
        """Have something added once everything before it is; return the job at once. See `Job.over`."""
        job = Job(secrets.token_hex(8), title, work, over)
        with self._lock:
            past = [known for known in self._jobs if known.is_over]
            for old in past[: max(0, len(past) - _KEPT + 1)]:
                self._jobs.remove(old)
            self._jobs.append(job)
            if not self._is_working:
                self._is_working = True
                threading.Thread(target=self._run, name="adding", daemon=True).start()
        return job

    def named(self, job_id: str) -> Job | None:
        """Return a job by its id."""
        with self._lock:
            return next((job for job in self._jobs if job.id == job_id), None)

    def present(self) -> Job | None:
        """Return the job that is under way, else the next, else the last one."""
        with self._lock:
            return next((job for job in self._jobs if not job.is_over), self._jobs[-1] if self._jobs else None)

    def all(self) -> list[Job]:
        """Return the jobs that are remembered, the newest first."""
        with self._lock:
            return self._jobs[::-1]

    def before(self, job: Job) -> int:
        """Return how many jobs come before one that waits."""
        with self._lock:
            place = self._jobs.index(job) if job in self._jobs else 0
            return sum(not known.is_over for known in self._jobs[:place])

    def _next(self) -> Job | None:
        with self._lock:
            job = next((known for known in self._jobs if known.state == "waiting"), None)
            self._is_working = job is not None
            return job

    def _run(self) -> None:
        while job := self._next():
            try:
                job.report = _worked(job)
                job.state = "stopped" if job.stop.is_set() else "done"
            except AssistantError as error:
                job.error, job.state = str(error), "failed"
            except Exception:
                logging.getLogger(__name__).exception("Adding failed")
                job.error = (
                    "The program met an error; the terminal it runs in says which. What was read is in the library."
                )
                job.state = "failed"


def _worked(job: Job) -> object:
    """Return the report of a job; of one that was stopped before it began an empty one."""
    try:
        if job.stop.is_set():
            return IngestionReport()
        job.state = "running"
        return job.work(_listener(job), job.stop)
    finally:
        job.over()


def _listener(job: Job) -> ProgressListener:
    def listen(progress: Progress) -> None:
        job.pace.see(progress)
        job.progress = progress

    return listen
