import gzip
import json
import os
import shutil
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from assistant.ingestion import pipeline
from assistant.library import Library
from assistant.search import PersistentIndex, embedding_queue
from assistant.types import Paper, Problem, Progress, ReaderItem, Record
from tests.conftest import pending_ids
from tests.fakes import HashingEmbedder, MemoryPlace

AS_OF = date(2026, 11, 23)


def write_records(path: Path, *titles: str) -> Path:
    rows = [
        {"id": title, "title": title, "abstract": f"All about {title}.", "authors": ["A B"], "year": 2024}
        for title in titles
    ]
    text = "\n".join(json.dumps(row) for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_adding_twice_changes_nothing(library: Library, tmp_path: Path) -> None:
    path = write_records(tmp_path / "a.jsonl", "One", "Two")
    first = pipeline.add_files(library, [path], as_of=AS_OF)
    assert (first.added, first.pending) == (2, 2)
    second = pipeline.add_files(library, [path], as_of=AS_OF)
    assert (second.added, second.updated, second.unchanged) == (0, 0, 2)


def test_the_report_is_the_stable_contract(library: Library, tmp_path: Path) -> None:
    path = write_records(tmp_path / "a.jsonl", "One")
    path.write_text(path.read_text() + '\n{"id": "bad", "title": "No abstract"}\n')
    value = pipeline.add_files(library, [path, tmp_path / "missing.bib"], as_of=AS_OF).to_json()
    counts = ["without_abstract", "completable", "notices", "kinds", "report_file"]
    assert list(value) == ["added", "updated", "unchanged", "failed", "pending", "sources", *counts]
    assert [set(failure) for failure in value["failed"]] == [{"file", "line", "reason", "kind"}] * 2
    assert [set(kind) for kind in value["kinds"]] == [{"kind", "count", "files", "example"}] * 2
    assert (value["failed"][0]["line"], value["added"]) == (2, 1)
    assert value["failed"][1]["file"] == str(tmp_path / "missing.bib")


def test_a_folder_is_read_with_everything_below_it(library: Library, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    write_records(tmp_path / "in" / "a.jsonl", "One")
    write_records(tmp_path / "in" / "deep" / "b.jsonl.gz", "Two")
    (tmp_path / "in" / ".hidden").write_text("not read")
    (tmp_path / "in" / ".git" / "objects").mkdir(parents=True)
    (tmp_path / "in" / ".git" / "objects" / "a.jsonl").write_text("not read")
    report = pipeline.add_files(library, [tmp_path / "in"], as_of=AS_OF)
    assert (report.added, report.failed) == (2, ())


def test_a_path_that_the_system_refuses_is_reported_and_the_rest_goes_on(library: Library, tmp_path: Path) -> None:
    loop = tmp_path / "loop.bib"
    loop.symlink_to(loop)
    good = write_records(tmp_path / "a.jsonl", "One")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.bib"))
    odd.write_text("x")
    problem = pipeline.add_files(library, [odd], as_of=AS_OF).failed[0]
    assert problem.file == f"{tmp_path}/?.bib"
    assert "its name is not text" in problem.reason
    report = pipeline.add_files(library, [tmp_path / ("x" * 300), loop, good], as_of=AS_OF)
    assert report.added == 1
    assert [problem.file for problem in report.failed] == [str(tmp_path / ("x" * 300)), str(loop)]
    assert "too long" in report.failed[0].reason


def test_an_interrupted_embedding_goes_on_where_it_was(library: Library, tmp_path: Path) -> None:
    class Interrupted(HashingEmbedder):
        def embed(self, texts):  # type: ignore[no-untyped-def]
            if self.texts:
                raise KeyboardInterrupt
            return super().embed(texts)

    titles = [f"Paper {number}" for number in range(200)]
    pipeline.add_files(library, [write_records(tmp_path / "a.jsonl", *titles)], as_of=AS_OF)
    index, first = PersistentIndex(library, MemoryPlace()), Interrupted()
    with pytest.raises(KeyboardInterrupt):
        embedding_queue.embed_pending(library, index, first)
    left = len(pending_ids(library))
    assert 0 < left < 200
    second = HashingEmbedder()
    assert embedding_queue.embed_pending(library, index, second) == left
    assert len(second.texts) == left
    assert (index.count(), library.indexed_count()) == (200, 200)


def test_a_lost_index_is_filled_without_the_model(library: Library, tmp_path: Path, embedder: HashingEmbedder) -> None:
    pipeline.add_files(library, [write_records(tmp_path / "a.jsonl", "One", "Two")], as_of=AS_OF)
    index = PersistentIndex(library, MemoryPlace())
    embedding_queue.embed_pending(library, index, embedder)
    index.rebuild()
    assert index.count() == 0
    index.update()
    assert index.count() == 2
    assert len(embedder.texts) == 2


def test_progress_counts_files_and_papers(library: Library, tmp_path: Path, embedder: HashingEmbedder) -> None:
    seen: list[Progress] = []
    pipeline.add_files(library, [write_records(tmp_path / "a.jsonl", "One")], as_of=AS_OF, on_progress=seen.append)
    embedding_queue.embed_pending(library, PersistentIndex(library, MemoryPlace()), embedder, on_progress=seen.append)
    assert [(progress.done, progress.total) for progress in seen] == [(0, 1), (0, 1), (1, 1), (0, 1), (1, 1)]


def test_papers_without_an_abstract_are_counted_by_what_they_can_be_asked_for(library: Library, tmp_path: Path) -> None:
    rows = [
        {"id": "1", "title": "Tides", "year": 2020},
        {"id": "2", "title": "Waves", "doi": "10.1000/2"},
        {"id": "3", "title": "Gulls", "arxivId": "2401.00001", "pmid": "3"},
        {"id": "4", "title": "Ropes", "year": 2020, "abstract": "Of ropes."},
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    for added in (4, 0):
        report = pipeline.add_files(library, [path], as_of=AS_OF)
        assert (report.added, report.without_abstract, report.completable) == (added, 3, 2)
    rows[1]["abstract"] = "Of waves."
    other = tmp_path / "b.jsonl"
    other.write_text(json.dumps(rows[1]))
    assert pipeline.add_files(library, [other], as_of=AS_OF).without_abstract == 0
    assert pipeline.add_files(library, [path], as_of=AS_OF).without_abstract == 2


def test_records_that_were_refused_before_are_kept_when_their_file_is_added_again(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"title": "Tides", "year": 2020, "abstract": "Of tides."}, {"title": "Waves", "year": 2020}]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    read = pipeline.readers.read

    def refusing(file: Path, **how: object) -> Iterator[ReaderItem]:
        for item in read(file, **how):  # type: ignore[arg-type]
            is_bare = isinstance(item, Record) and not item.paper.abstract
            yield Problem(str(file), 2, "It has no abstract.") if is_bare else item

    with monkeypatch.context() as before:
        before.setattr(pipeline.readers, "read", refusing)
        assert pipeline.add_files(library, [path], as_of=AS_OF).added == 1
    report = pipeline.add_files(library, [path], as_of=AS_OF)
    assert (report.added, report.unchanged, report.failures) == (1, 1, 0)


def test_problems_of_one_kind_are_counted_together_and_the_most_frequent_come_first(
    library: Library, tmp_path: Path
) -> None:
    one, other = tmp_path / "a.csv", tmp_path / "b.jsonl"
    one.write_text("title,abstract\n,Of “tides” (the 2nd)\nA,B\n,Of 12 waves\n")
    other.write_text('{"title": "It’s a “nested” title”"}\n{"title": "2 Ropes"}\n{"title": "Gulls"}\nx\n')
    report = pipeline.add_files(library, [one, other, tmp_path / "missing"], as_of=AS_OF)
    assert [(kind.count, kind.files, kind.example.line) for kind in report.kinds] == [
        (3, 1, 1),
        (2, 1, 2),
        (1, 1, 4),
        (1, 1, 0),
    ]
    assert (report.failures, report.records) == (7, 1)
    bare = Path(shutil.copy(other, tmp_path / "c.jsonl"))
    report = pipeline.add_files(library, [other, bare], as_of=AS_OF)
    assert [(kind.count, kind.files) for kind in report.kinds] == [(6, 2), (2, 2)]


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("“A “b” c” has 12 cells, not 1,300.", "… has … cells, not …."),
        ("Its fields are “a”, “b” and “c”.", "Its fields are …."),
        ("It's the owner's word ('=' expected, at (1, 2)).", "It's the owner's word (… expected, at …)."),
        ("“A has no title.", "“A has no title."),
    ],
)
def test_a_kind_is_a_reason_without_what_it_quotes_and_counts(reason: str, kind: str) -> None:
    assert Problem("a.bib", 1, reason).kind == kind


def test_kinds_do_not_grow_with_a_bad_file_and_none_is_lost(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_MOST_KINDS", 3)
    said = [Problem("x", 0, f"Letter {chr(97 + number % 7)} is wrong.") for number in range(70)]
    kept: list[object] = []
    report = pipeline.add_fetched(library, ["x"], lambda _: iter(said), keep=kept.append)
    assert [kind.count for kind in report.kinds] == [40, 10, 10, 10]
    assert kept == said


def test_the_folder_of_the_library_is_no_source(library: Library, tmp_path: Path) -> None:
    write_records(tmp_path / "a.jsonl", "One")
    (library.folder / "reports").mkdir()
    (library.folder / "reports" / "a.jsonl").write_text("nothing")
    report = pipeline.add_files(library, [tmp_path], as_of=AS_OF)
    assert [source.source for source in report.sources] == [str(tmp_path / "a.jsonl")]


def test_a_stop_keeps_what_was_read_and_forgets_nothing(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_RECORDS_AT_ONCE", 2)
    first, second = write_records(tmp_path / "a.jsonl", *"abcde"), write_records(tmp_path / "b.jsonl", "f")
    pipeline.add_files(library, [first], as_of=AS_OF)
    write_records(first, *"vwxyz")
    stop = threading.Event()

    def stop_after_two(progress: Progress) -> None:
        if progress.records == 2:
            stop.set()

    report = pipeline.add_files(library, [first, second], as_of=AS_OF, on_progress=stop_after_two, stop=stop)
    assert (report.added, [source.source for source in report.sources]) == (2, [str(first)])
    assert [Path(notice.file).name for notice in report.notices] == ["a.jsonl", "b.jsonl"]
    assert {paper.title for paper in library.papers()} == {*"abcdevw"}
    fetched = pipeline.add_fetched(
        library, ["x:1", "x:2"], lambda _: iter([Record(Paper("New", "It is new."), 0)]), stop=stop
    )
    assert (fetched.added, [notice.file for notice in fetched.notices]) == (0, ["x:1"])
    assert "nor 1 more" in fetched.notices[0].message


def test_pictures_in_a_folder_are_counted_and_one_that_is_named_is_a_problem(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_records(folder / "a.jsonl", "One")
    for name in ("b.png", "c.png"):
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1")
    report = pipeline.add_files(library, [folder], as_of=AS_OF)
    assert (report.added, report.failed, len(report.sources)) == (1, (), 1)
    assert [notice.message[:12] for notice in report.notices] == ["2 picture(s)"]
    (problem,) = pipeline.add_files(library, [folder / "b.png"], as_of=AS_OF).failed
    assert "binary file" in problem.reason
