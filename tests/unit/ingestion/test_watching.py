"""Watching: what is read, when it is at rest, and what is said; the clock is a fake."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from assistant.errors import LibraryError, LibraryLocked, RemoteError
from assistant.ingestion import add_files, watched_folders, watching
from assistant.ingestion.remote import Reference
from assistant.library import Library, curation, files_read
from assistant.types import IngestionReport, Problem, ProblemKind, SourceReport

ONE = '{"id": "1", "title": "One", "abstract": "All about one.", "authors": ["A B"], "year": 2020}\n'
TWO = '{"id": "2", "title": "Two", "abstract": "All about two.", "authors": ["A B"], "year": 2020}\n'


class Opened:
    """An open library that counts which files it reads."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.read: list[str] = []

    def add(
        self, sources: Sequence[Path | Reference], *, columns: Mapping[str, str], stop: threading.Event | None
    ) -> IngestionReport:
        paths = [source for source in sources if isinstance(source, Path)]
        self.read += [path.name for path in paths]
        return add_files(self.library, paths, as_of=date(2026, 1, 1), columns=columns, stop=stop)


class Watch:
    """A watch of one folder, which is looked at when a test says so."""

    def __init__(self, library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch, **how: object) -> None:
        self.now = 1000.0
        self.opened = Opened(library)
        self.told: list[tuple[str, str]] = []
        self._touched: set[str] = set()
        monkeypatch.setattr(watched_folders._Listener, "listen", lambda *_: None)
        monkeypatch.setattr(watched_folders._Listener, "touched", lambda _: self._take())
        self.places = watched_folders.WatchedFolders(
            [folder],
            lambda root: files_read.below(library, root),
            own=library.folder,
            clock=lambda: self.now,
            **how,  # type: ignore[arg-type]
        )

    def _take(self) -> set[str]:
        touched, self._touched = self._touched, set()
        return touched

    def _tell(self, kind: str, source: str, message: str, /, **_: int) -> None:
        self.told.append((kind, message))

    def __call__(self, *touched: Path) -> list[str]:
        """Return the names of the files that are read once all is at rest."""
        self._touched.update(map(str, touched))
        before = len(self.opened.read)
        for _ in range(3):
            if self.places.look(self._tell):
                self.places.add(self.opened, self._tell, threading.Event())
            self.now += watched_folders.AT_REST
        return self.opened.read[before:]

    def kinds(self) -> list[str]:
        kinds = [kind for kind, _ in self.told]
        self.told.clear()
        return kinds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    (made / "a.jsonl").write_text(ONE)
    return made


@pytest.fixture
def begin(library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Watch]:
    return lambda **how: Watch(library, folder, monkeypatch, **how)


def test_a_file_is_read_once_it_is_at_rest_and_not_again(begin: Callable[..., Watch], folder: Path) -> None:
    watch = begin()
    assert not watch.places.look(watch._tell)
    watch.now += watched_folders.AT_REST
    (folder / "a.jsonl").write_text(ONE + TWO)
    assert not watch.places.look(watch._tell)
    assert watch.places.is_busy
    assert watch() == ["a.jsonl"]
    assert not watch.places.is_busy
    assert watch(folder / "a.jsonl") == []
    assert watch.opened.library.count() == 2
    assert watch.kinds() == ["watching", "read"]


def test_after_a_restart_only_what_changed_is_read(begin: Callable[..., Watch], folder: Path) -> None:
    assert begin()() == ["a.jsonl"]
    (folder / "sub").mkdir()
    (folder / "sub" / "b.jsonl").write_text(TWO)
    watch = begin()
    assert watch() == ["b.jsonl"]
    os.utime(folder / "a.jsonl", (1, 1))  # another time, the same content
    assert begin()() == []
    assert begin()() == []
    (folder / "a.jsonl").write_text(ONE.replace("about", "of"))
    watch = begin()
    assert watch() == ["a.jsonl"]
    assert "1 updated" in watch.told[1][1]


def test_what_add_read_is_not_read_again_unless_other_columns_are_named(
    begin: Callable[..., Watch], library: Library, folder: Path
) -> None:
    add_files(library, [folder], as_of=date(2026, 1, 1))
    assert begin()() == []
    assert begin(columns={"title": "titel"})() == ["a.jsonl"]
    assert begin(columns={"title": "titel"})() == []


def test_another_version_reads_again_what_was_a_problem_and_what_was_removed_stays_so(
    begin: Callable[..., Watch], folder: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "b.jsonl").write_text("nothing")
    assert sorted(begin()()) == ["a.jsonl", "b.jsonl"]
    curation.remove(library, [paper.id for paper in library.papers()])
    for module in ("pipeline", "watched_folders"):
        monkeypatch.setattr(f"assistant.ingestion.{module}.PROGRAM_VERSION", "99")
    assert begin()() == ["b.jsonl"]
    assert begin()() == []
    (folder / "a.jsonl").touch()
    assert begin()() == []
    assert library.count() == 0


def test_what_is_hidden_half_written_or_the_librarys_own_is_passed_over(
    begin: Callable[..., Watch], folder: Path, library: Library
) -> None:
    names = (".a.jsonl", "b.jsonl.part", "c.bib.crdownload", "~$d.xlsx", "e.bib~", "#f.bib#", ".git/g.jsonl", "h.TMP")
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(ONE)
    (folder / "empty.bib").touch()
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere.bib").symlink_to(folder / "nothing")
    watch = begin()
    assert watch() == ["a.jsonl"]
    assert watch(*(folder / name for name in names), folder / "loop" / "a.jsonl", folder / "empty.bib") == []
    (library.folder / "reports").mkdir()
    (library.folder / "reports" / "x.jsonl").write_text(ONE)
    watch.places = watched_folders.WatchedFolders(
        [folder.parent], lambda _: (), own=library.folder, clock=lambda: watch.now
    )
    assert watch(library.folder / "reports" / "x.jsonl") == []
    assert watch.opened.read == ["a.jsonl"]


def test_a_picture_is_no_problem(begin: Callable[..., Watch], folder: Path) -> None:
    watch = begin()
    picture = folder / "plate.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1")
    assert watch(picture) == ["a.jsonl"]
    assert watch.kinds() == ["watching", "read"]
    assert watch(picture) == []


def test_of_zoteros_folder_the_database_is_read_and_not_what_lies_beside_it(
    begin: Callable[..., Watch], folder: Path
) -> None:
    for name in ("zotero/zotero.sqlite", "zotero/zotero.sqlite.bak", "zotero/storage/A1/a.pdf", "storage/b.jsonl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("nothing")
    watch = begin()
    assert sorted(watch()) == ["a.jsonl", "b.jsonl", "zotero.sqlite"]
    (folder / "zotero/storage/A1/a.pdf").write_text("something else")
    assert watch(folder / "zotero/storage/A1/a.pdf") == []


def test_folders_below_are_left_out_where_that_is_asked_for(begin: Callable[..., Watch], folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "b.jsonl").write_text(TWO)
    watch = begin(recursive=False)
    assert watch() == ["a.jsonl"]
    assert watch(folder / "sub", folder / "sub" / "b.jsonl") == []


def test_a_folder_that_is_moved_in_is_read_and_one_that_is_moved_out_is_missed(
    begin: Callable[..., Watch], folder: Path, tmp_path: Path
) -> None:
    watch = begin()
    watch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.jsonl").write_text(TWO)
    (tmp_path / "sub").rename(folder / "sub")
    assert watch(folder / "sub") == ["b.jsonl"]
    watch.kinds()
    (folder / "sub").rename(tmp_path / "sub")
    assert watch(folder / "sub") == []
    assert watch.kinds() == ["gone"]


def test_a_missed_file_is_told_once_and_its_papers_stay(begin: Callable[..., Watch], folder: Path) -> None:
    watch = begin()
    watch()
    (folder / "a.jsonl").unlink()
    watch.kinds()
    watch(folder / "a.jsonl")
    assert f"assistant remove --source {folder / 'a.jsonl'}" in watch.told[0][1]
    assert watch.kinds() == ["gone"]
    assert watch.opened.library.count() == 1
    (folder / "b.jsonl").write_text(TWO)
    again = begin()
    assert again() == ["b.jsonl"]
    assert again.kinds() == ["watching", "read"]
    (folder / "a.jsonl").write_text(ONE)
    assert again(folder / "a.jsonl") == []  # the same as before
    assert again.kinds() == ["back"]
    (folder / "a.jsonl").unlink()
    again.kinds()
    again(folder / "a.jsonl")
    assert again.kinds() == ["gone"]


def test_many_missed_files_are_told_as_a_number(begin: Callable[..., Watch], folder: Path) -> None:
    for number in range(20):
        (folder / f"{number}.jsonl").write_text(ONE.replace("One", f"Paper {number}"))
    watch = begin(every=1.0)
    assert len(watch()) == 21
    watch.kinds()
    for number in range(20):
        (folder / f"{number}.jsonl").unlink()
    watch()
    assert watch.told[-1][1].startswith("15 more files")
    assert watch.kinds() == ["gone"] * 6


def test_a_renamed_file_keeps_its_papers_and_is_not_read_again(
    begin: Callable[..., Watch], folder: Path, library: Library
) -> None:
    watch = begin()
    watch()
    (folder / "a.jsonl").rename(folder / "z.jsonl")
    assert watch(folder / "a.jsonl", folder / "z.jsonl") == []
    assert watch.kinds() == ["watching", "read", "renamed"]
    assert [row.origin for row in files_read.below(library, str(folder))] == [str(folder / "z.jsonl")]
    (folder / "z.jsonl").write_text(TWO)
    assert watch(folder / "z.jsonl") == ["z.jsonl"]
    (folder / "copy.jsonl").write_text(TWO)  # the other one is still there
    assert watch(folder / "copy.jsonl") == ["copy.jsonl"]


def test_a_folder_that_goes_and_comes_again_loses_nothing(
    begin: Callable[..., Watch], folder: Path, tmp_path: Path
) -> None:
    watch = begin()
    watch()
    folder.rename(tmp_path / "away")
    assert watch(folder / "a.jsonl") == []
    assert watch.kinds() == ["watching", "read", "away"]
    folder.mkdir()  # where a drive is mounted, without the drive
    assert watch() == []
    assert watch.kinds() == ["back", "away"]
    folder.rmdir()
    (tmp_path / "away").rename(folder)
    (folder / "b.jsonl").write_text(TWO)
    assert watch() == ["b.jsonl"]
    assert watch.kinds() == ["back", "read"]
    later = begin()
    folder.rename(tmp_path / "away")
    assert later() == []
    assert later.kinds() == ["away"]


def test_a_folder_or_a_name_that_cannot_be_read_is_told_once(
    begin: Callable[..., Watch], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def closed(place: str) -> object:
        if place.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(place)

    monkeypatch.setattr(watched_folders.os, "scandir", closed)
    (folder / "closed").mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.bib")).write_text("x")
    watch = begin(every=1.0)
    assert watch(Path(os.fsdecode(os.fsencode(folder) + b"/\xff.bib"))) == ["a.jsonl"]
    assert watch.kinds().count("problem") == 2


def test_where_the_system_tells_no_changes_that_is_said_and_the_folders_are_looked_through(
    begin: Callable[..., Watch], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = begin()
    watch()
    heard: list[Sequence[str]] = []
    monkeypatch.setattr(watched_folders._Listener, "listen", lambda _, folders: heard.append(folders))
    for name in ("b", "c"):
        watch.places._listener._failure = "a {name} that is no text"
        (folder / f"{name}.jsonl").write_text(TWO)
        assert watch() == []
        watch.now += watched_folders._DEAF
        assert watch() == [f"{name}.jsonl"]
    assert heard == [[str(folder)]] * 2
    assert watch.kinds() == ["watching", "read", "problem", "read", "read"]


def test_a_file_that_may_not_be_read_is_read_once_it_may(
    begin: Callable[..., Watch], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = {str(folder / "a.jsonl")}
    monkeypatch.setattr(watched_folders.os, "access", lambda path, _: path not in closed)
    watch = begin()
    watch.opened.add = lambda *_, **__: IngestionReport()  # type: ignore[method-assign]
    assert watch() == watch(folder / "a.jsonl") == []
    del watch.opened.add
    assert watch(folder / "a.jsonl") == []
    closed.clear()
    assert watch(folder / "a.jsonl") == ["a.jsonl"]


def test_a_file_whose_papers_are_known_is_told_too(begin: Callable[..., Watch], folder: Path) -> None:
    watch = begin()
    watch()
    (folder / "b.jsonl").write_text(ONE + "\n")
    watch(folder / "b.jsonl")
    assert watch.told[-1] == ("read", f"{folder / 'b.jsonl'}: 1 unchanged.")


def test_what_cannot_be_read_is_told_by_kind(begin: Callable[..., Watch], folder: Path) -> None:
    for number in range(9):
        (folder / f"{number}.pdf").write_bytes(b"%PDF-1.4\0")
    watch = begin()
    watch()
    assert watch.kinds() == ["watching", "read", "problem"]
    assert begin()() == []


def test_a_locked_library_is_tried_again_and_told_once(
    begin: Callable[..., Watch], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, again = begin(), begin()
    monkeypatch.setattr(watching, "_STEP", 0.001)
    monkeypatch.setattr(watching, "_LOCKED", 0.0)
    monkeypatch.setattr(watching, "_FAILED", 0.0)
    events: list[watching.Event] = []
    errors = [LibraryLocked("In use by process 7."), LibraryLocked("In use by process 7."), LibraryError("Full.")]

    @contextmanager
    def opened() -> Iterator[Opened]:
        if errors:
            raise errors.pop(0)
        yield watch.opened

    def listen(event: watching.Event) -> None:
        events.append(event)
        if event.kind == "read":
            watcher.stop()

    def at_rest(_: object) -> dict[str, object]:
        watch.now += watched_folders.AT_REST
        again.now += watched_folders.AT_REST
        return ready(_)  # type: ignore[arg-type, return-value]

    ready = watched_folders.Resting.ready
    monkeypatch.setattr(watched_folders.Resting, "ready", at_rest)
    watcher = watching.Watcher([watch.places], opened, listen)  # type: ignore[list-item]
    watcher.run()
    assert [event.kind for event in events] == ["watching", "waiting", "problem", "read", "stopped"]
    assert events[3].to_json().items() >= {"event": "read", "added": 1, "problems": 0}.items()
    errors.append(LibraryLocked("In use."))
    (folder / "b.jsonl").write_text(TWO)
    with pytest.raises(LibraryLocked):
        watching.Watcher([again.places], opened, events.append).run(once=True)


def test_a_program_is_asked_now_and_then_and_added_where_it_has_changed() -> None:
    away = [RemoteError(f"It is {why}.") for why in ("away", "away", "locked")]
    answers: list[str | RemoteError] = [*away, "2", "2"]
    now, told, asked = [0.0], list[str](), list[object]()
    bad = Problem("arxiv:1", 0, "It broke.")
    reports = [
        IngestionReport(added=1, sources=(SourceReport("arxiv:1", 1, 0, 0, 0),)),
        IngestionReport(sources=(SourceReport("arxiv:1", 0, 0, 0, 1),), kinds=(ProblemKind("x", 1, 1, bad),)),
    ]

    class Program:
        library = None

        def add(self, sources: object, **_: object) -> IngestionReport:
            asked.append(sources)
            return reports.pop(0)

    def state() -> str:
        answer = answers.pop(0)
        if isinstance(answer, RemoteError):
            raise answer
        return answer

    def look() -> None:
        if place.look(lambda kind, *_, **__: told.append(kind)):
            place.add(Program(), lambda kind, *_, **__: told.append(kind), threading.Event())  # type: ignore[arg-type]

    noted = ["2", "2"]
    place = watching.WatchedReference(
        Reference("arxiv", "1"), state, lambda _: noted.pop(), "1", every=10, clock=lambda: now[0]
    )
    for _ in range(5):
        look()
        look()
        now[0] += 10
    assert (told, asked) == (["away", "away", "back", "read"], [[Reference("arxiv", "1")]])
    answers += ["3", "3"]
    look()
    now[0] += 50
    look()
    assert told[4:] == ["problem"]
    assert len(answers) == 1
