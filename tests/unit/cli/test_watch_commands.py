"""The command watch, and watching beside the page."""

from __future__ import annotations

import json
import threading
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from assistant.cli import watch
from assistant.ingestion import add_files, watched_folders, watching
from assistant.library import Library
from assistant.types import IngestionReport
from tests.unit.cli.test_main import BIB, CommandLine, model, run

__all__ = ["model", "run"]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched_folders, "AT_REST", 0.01)
    monkeypatch.setattr(watching, "_STEP", 0.01)


def test_what_is_there_is_added_once_and_told_with_its_time(run: CommandLine) -> None:
    Path("in").mkdir()
    Path("in/papers.bib").write_text(BIB)
    run("watch", "in", "--once", "--json")
    events = [json.loads(line) for line in run.stdout.splitlines()]
    assert [event["event"] for event in events] == ["watching", "read", "problem"]
    assert (events[1]["added"], events[1]["problems"], events[1]["source"]) == (
        2,
        1,
        str(Path("in/papers.bib").resolve()),
    )
    assert events[2]["message"].startswith(f"{events[1]['source']}, line 5: “Nothing else here”")
    assert len(run.json("papers")) == 2
    run("watch", "in", "--once")
    assert run.stdout.split(" ", 1)[1] == f"Watching {Path('in').resolve()}.\n"
    run("watch", "in/papers.bib", "--once", code=2)
    assert "cannot be watched" in run.stderr


def test_a_look_at_a_folder_that_is_not_there_says_so_and_fails(run: CommandLine) -> None:
    Path("in").mkdir()
    run("watch", "in", "elsewhere", "--once", code=1)
    assert "elsewhere is not there; nothing was removed." in run.stdout
    assert f"Watching {Path('in').resolve()}." in run.stdout


def test_folders_are_watched_beside_the_page(
    library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, is_added = tmp_path / "in", threading.Event()
    folder.mkdir()
    (folder / "papers.bib").write_text(BIB)

    def add(sources: list[Path], **_: object) -> IngestionReport:
        is_added.set()
        return add_files(library, sources, as_of=date(2026, 1, 1))

    opened = SimpleNamespace(library=library, add=add)
    with watch.watching_beside(opened, [folder]):  # type: ignore[arg-type]
        assert is_added.wait(60)
    assert library.count() == 2
    assert "papers.bib: 2 added, 1 problem." in capsys.readouterr().out
