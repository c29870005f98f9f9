"""Jobs of adding: one at a time, in order, stopped before or while they run; their pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from assistant.errors import UsageError
from assistant.types import IngestionReport, Progress, ProgressListener
from assistant.ui import jobs
from assistant.ui.jobs import Job, Jobs, Pace


def wait_for(job: Job) -> Job:
    end = time.monotonic() + 20
    while not job.is_over and time.monotonic() < end:
        time.sleep(0.01)
    return job


def reporting(added: int) -> Callable[[ProgressListener, threading.Event], IngestionReport]:
    return lambda listen, stop: IngestionReport(added=added)


def test_jobs_run_one_after_the_other() -> None:
    known = Jobs()
    begun, go_on = threading.Event(), threading.Event()

    def slow(listen: ProgressListener, stop: threading.Event) -> IngestionReport:
        listen(Progress(1, 2, "Embedding"))
        begun.set()
        assert go_on.wait(20)
        return IngestionReport(added=1)

    first = known.begin("first", slow)
    second, third = known.begin("second", reporting(2)), known.begin("third", reporting(3))
    assert begun.wait(20)
    assert (first.state, first.progress, known.before(third)) == ("running", Progress(1, 2, "Embedding"), 2)
    assert known.present() is first
    third.stop.set()
    go_on.set()
    assert [wait_for(job).state for job in (first, second, third)] == ["done", "done", "stopped"]
    assert [job.report for job in (first, second, third)] == [
        *(IngestionReport(added=1), IngestionReport(added=2), IngestionReport())
    ]
    assert (known.present(), known.named(first.id), known.named("x")) == (third, first, None)


def test_what_goes_wrong_is_said_and_the_next_job_runs(caplog: pytest.LogCaptureFixture) -> None:
    def fail(listen: ProgressListener, stop: threading.Event) -> IngestionReport:
        raise UsageError("Write an id.")

    def break_down(listen: ProgressListener, stop: threading.Event) -> IngestionReport:
        raise RuntimeError("secret")

    known = Jobs()
    for work, error in ((fail, "Write an id."), (break_down, "The program met an error")):
        job = wait_for(known.begin("it", work))
        assert (job.state, job.error.startswith(error), "secret" in job.error) == ("failed", True, False)
    assert "secret" in caplog.text
    assert wait_for(known.begin("it", reporting(1))).state == "done"


def test_a_few_jobs_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_KEPT", 2)
    known = Jobs()
    begun = [wait_for(known.begin(str(number), reporting(number))) for number in range(4)]
    assert [job.title for job in known.all()] == ["3", "2"]
    assert known.named(begun[0].id) is None


def test_pace_is_that_of_late_and_begins_anew_with_each_task() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    pace.see(Progress(0, 1000, "Embedding"))
    now = 0.5
    pace.see(Progress(10, 1000, "Embedding"))
    assert (pace.rate, pace.left) == (0.0, None)
    now = 10.0
    pace.see(Progress(200, 1000, "Embedding"))
    assert (pace.rate, pace.left) == (20.0, 40.0)
    now = 40.0
    pace.see(Progress(300, 1000, "Embedding"))
    assert pace.rate == pytest.approx(100 / 30)
    pace.see(Progress(0, 1, "Reading a.bib", 0))
    now = 42.0
    pace.see(Progress(0, 1, "Reading a.bib, 500 records", 500))
    assert (pace.rate, pace.left) == (250.0, None)
