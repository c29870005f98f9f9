"""A watch as a process: killed in the middle and begun again, nothing is lost and nothing is there twice."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import LibraryLocked
from assistant.library import Library, Ownership
from tests.integration.zotero_server import FakeZotero, serving
from tests.unit.cli.test_main import CommandLine, model, run

__all__ = ["model", "run"]

PROGRAM = """
import sys
from assistant import workspace
from assistant.cli import main
from assistant.ingestion import watched_folders, watching
from tests.fakes import HashingEmbedder

workspace.Workspace._load_embedder = lambda _: HashingEmbedder()
watched_folders.AT_REST = watching._STEP = watching._LOCKED = 0.2
main.main()
"""


class Running:
    """A watch in a process of its own, and the lines that it prints."""

    def __init__(self, library: Path, folder: Path, *options: str) -> None:
        command = [sys.executable, "-c", PROGRAM, "--library", str(library), "watch", str(folder), "--json", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(json.loads(line))

    def until(self, event: str, source: str = "") -> list[dict[str, Any]]:
        """Return what is told until something happens, to a file of that name."""
        told: list[dict[str, Any]] = []
        while not told or told[-1]["event"] != event or not told[-1]["source"].endswith(source):
            told.append(self._lines.get(timeout=120))
        return told

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(60)


@contextmanager
def watching(library: Path, folder: Path, *options: str) -> Iterator[Running]:
    running = Running(library, folder, *options)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def write(path: Path, first: int, count: int) -> None:
    rows = [
        {
            "id": str(number),
            "title": f"Paper {number}",
            "abstract": f"All about paper {number}.",
            "doi": f"10.1/{number}",
        }
        for number in range(first, first + count)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))


@contextmanager
def owned(library: Path) -> Iterator[None]:
    """Own a library as soon as the watch has let go of it."""
    while True:
        with suppress(LibraryLocked), closing(Ownership(library)):
            yield
            return


def titles(library: Path) -> list[str]:
    with closing(Library(library)) as opened:
        assert opened.waiting_count() == 0
        return sorted(paper.title for paper in opened.papers())


def test_a_watch_that_is_killed_in_the_middle_goes_on_where_it_was(tmp_path: Path) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    folder.mkdir()
    for number in range(12):
        write(folder / f"{number:02}.jsonl", number * 200, 200)
    with watching(library, folder) as running:
        running.until("watching")
        while not (library / "library.sqlite3").exists():
            assert running.process.poll() is None
        with closing(Library(library)) as opened:
            while not opened.count():
                assert running.process.poll() is None
            running.end(signal.SIGKILL)
            assert 0 < opened.count() < 12 * 200
    with watching(library, folder) as running:
        running.until("read", "11.jsonl")
        write(folder / "12.jsonl", 12 * 200, 5)
        running.until("read", "12.jsonl")
        assert running.end(signal.SIGTERM) == 0
    assert titles(library) == sorted(f"Paper {number}" for number in range(12 * 200 + 5))
    with watching(library, folder, "--once") as running:
        assert running.process.wait(120) == 0
        assert [event["event"] for event in running.until("watching")] == ["watching"]


def test_changes_are_told_and_added_while_it_runs_and_the_library_is_free_between(tmp_path: Path) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    (folder / "sub").mkdir(parents=True)
    write(folder / "a.jsonl", 0, 3)
    with watching(library, folder) as running:
        running.until("read", "a.jsonl")
        with owned(library):
            write(folder / "sub" / "b.jsonl.part", 3, 2)
            (folder / "sub" / "b.jsonl.part").rename(folder / "sub" / "b.jsonl")
            told = running.until("waiting")
            assert "is in use by process" in told[-1]["message"]
        told = running.until("read", "b.jsonl")
        assert (told[-1]["added"], told[-1]["problems"]) == (2, 0)
        (folder / "sub" / "b.jsonl").rename(folder / "c.jsonl")
        assert [event["event"] for event in running.until("renamed")] == ["renamed"]
        (folder / "a.jsonl").unlink()
        running.until("gone", "a.jsonl")
        folder.rename(tmp_path / "away")
        running.until("away")
        (tmp_path / "away").rename(folder)
        running.until("back")
        write(folder / "c.jsonl", 3, 3)
        assert running.until("read", "c.jsonl")[-1]["added"] == 1
        assert running.end(signal.SIGINT) == 0
        assert running.until("stopped")[-1]["event"] == "stopped"
    assert len(titles(library)) == 6


def test_a_running_zotero_is_asked_for_what_has_changed(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def events(code: int = 0) -> list[str]:
        run("watch", "zotero", "--once", "--json", code=code)
        return [json.loads(line)["event"] for line in run.stdout.splitlines()]

    zotero = FakeZotero()
    zotero.put("AAAA1111", title="One", abstractNote="All about one.")
    with serving(zotero) as address:
        monkeypatch.setenv("ASSISTANT_ZOTERO_URL", address)
        assert events() == ["watching", "read"]
        assert events() == ["watching"]
        zotero.put("BBBB2222", title="Two", abstractNote="All about two.")
        assert events() == ["watching", "read"]
        assert {paper["title"] for paper in run.json("papers")} == {"One", "Two"}
    assert events(code=1) == ["away"]
    run("watch", "arxiv:2502.13604", "--once", code=2)
    assert "cannot be watched" in run.stderr
