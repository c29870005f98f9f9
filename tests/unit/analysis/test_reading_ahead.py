"""Reading ahead: papers are read while nobody asks, left at once when somebody does, and never twice."""

from __future__ import annotations

import threading

import pytest

from assistant.analysis.summaries import lines, reading_ahead
from assistant.analysis.summaries.reading_ahead import BackgroundReading
from assistant.answering import Foreground
from assistant.library import Library, upsert
from assistant.types import PaperFilter, Progress, Record
from tests.conftest import make_paper
from tests.fakes import HashingEmbedder, ScriptedModel

PAPERS = [
    make_paper(f"Pruner {number}", f"We propose Pruner {number}, which prunes adapters of models early.", date="2024")
    for number in range(1, 4)
]
GOOD = [f"The paper proposes Pruner {number}, which prunes adapters of models early." for number in range(1, 4)]


@pytest.fixture
def filled(library: Library) -> Library:
    upsert.store(library, [Record(paper, 1) for paper in PAPERS], "x")
    return library


def _read(library: Library, model: ScriptedModel, stop: threading.Event, seen: list[Progress] | None = None) -> int:
    embed = HashingEmbedder().embed
    listen = seen.append if seen is not None else lambda _: None
    return reading_ahead.read(library, model, embed, 3000, stop, on_progress=listen)


def test_every_paper_is_read_once_with_progress(filled: Library) -> None:
    seen: list[Progress] = []
    assert _read(filled, ScriptedModel(*GOOD), threading.Event(), seen) == 3
    assert (seen[0].done, seen[0].total, seen[-1].done) == (0, 3, 3)
    assert len(lines.kept(filled, [paper.id for paper in filled.papers()])) == 3
    assert _read(filled, ScriptedModel(), threading.Event()) == 0


def test_what_was_stopped_goes_on_where_it_was_left(filled: Library) -> None:
    stop = threading.Event()

    def listen(progress: Progress) -> None:
        if progress.done == 1:
            stop.set()

    embed = HashingEmbedder().embed
    assert reading_ahead.read(filled, ScriptedModel(*GOOD), embed, 3000, stop, on_progress=listen) == 1
    assert lines.unread_count(filled, "scripted") == 2
    assert _read(filled, ScriptedModel(*GOOD), threading.Event()) == 2


def test_only_the_papers_of_a_filter_are_read(filled: Library) -> None:
    embed, stop = HashingEmbedder().embed, threading.Event()
    nothing = PaperFilter(author="Nobody")
    assert reading_ahead.read(filled, ScriptedModel(), embed, 3000, stop, filter=nothing) == 0


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_ahead, "_QUIET", 0.0)


@pytest.mark.usefixtures("at_once")
def test_reading_is_left_when_something_begins_and_goes_on_after_it() -> None:
    begun, left = threading.Semaphore(0), threading.Semaphore(0)

    def work(stop: threading.Event) -> None:
        begun.release()
        stop.wait(10)
        left.release()

    background = BackgroundReading(work)
    background.begin()
    assert begun.acquire(timeout=10)
    with background.held():
        assert left.acquire(timeout=10)
        assert not begun.acquire(timeout=0.2)
    assert begun.acquire(timeout=10)
    background.close()
    assert left.acquire(timeout=10)


@pytest.mark.usefixtures("at_once")
def test_nothing_runs_once_nothing_is_left_and_papers_that_come_are_read() -> None:
    runs = threading.Semaphore(0)
    background = BackgroundReading(lambda _: runs.release())
    background.begin()
    assert runs.acquire(timeout=10)
    assert not runs.acquire(timeout=0.2)
    with background.held():
        pass
    assert runs.acquire(timeout=10)
    background.close()


@pytest.mark.usefixtures("at_once")
def test_without_a_beginning_nothing_is_ever_read() -> None:
    runs: list[int] = []
    background = BackgroundReading(lambda _: runs.append(1))
    with background.held():
        pass
    background.close()
    assert runs == []


@pytest.mark.usefixtures("at_once")
def test_an_answer_interrupts_reading_and_keeps_it_waiting_until_it_is_made() -> None:
    begun, left = threading.Semaphore(0), threading.Semaphore(0)

    def work(stop: threading.Event) -> None:
        begun.release()
        stop.wait(10)
        left.release()

    background = BackgroundReading(work, lambda: foreground.is_busy)
    foreground = Foreground(background.leave)
    background.begin()
    assert begun.acquire(timeout=10)
    with foreground:
        assert left.acquire(timeout=10)
        assert not begun.acquire(timeout=0.2)
    assert begun.acquire(timeout=10)
    background.close()
