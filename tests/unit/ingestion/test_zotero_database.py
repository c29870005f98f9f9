"""Tests of Zotero's database: what is read of it, and that Zotero is left alone meanwhile."""

from __future__ import annotations

import datetime
import gzip
import os
import shutil
import sqlite3
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from assistant.ingestion import pipeline, readers
from assistant.ingestion.readers.zotero import zotero_database
from assistant.library import Library, labels
from assistant.types import EndOfSource, Notice, PaperFilter, Problem, ReaderItem, Record
from tests.unit.ingestion.zotero_files import GROUP, ZoteroDatabase

AS_OF = datetime.date(2026, 11, 23)


def read(path: Path) -> list[ReaderItem]:
    """Read a file as `assistant add` does."""
    return list(readers.read(path, as_of=AS_OF))


def records(path: Path) -> list[Record]:
    """Return the records of a file without problems."""
    items = read(path)
    assert not [item for item in items if isinstance(item, Problem)]
    return [item for item in items if isinstance(item, Record)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "zotero.sqlite"


@pytest.mark.parametrize("version", [5, 10])
def test_an_item_with_all_that_belongs_to_it(path: Path, version: int) -> None:
    made = ZoteroDatabase(path, version)
    thesis = made.collection("Thesis")
    chapter = made.collection("Chapter 1", thesis)
    made.item(
        title="Lamps <i>drift</i>",
        abstractNote="We measure lamps.",
        date="2020-05-00 May 2020",
        publicationTitle="Journal of Lamps",
        DOI="10.1000/x",
        url="https://lamps.example/1",
        extra="PMID: 123456\nCitation Key: berg2020",
        volume=7,
        creators=[
            ("editor", "Ed", "Itor"),
            ("author", "Rick", "Roe"),
            ("author", "Lamp Agency"),
            ("author", "A", "Berg"),
        ],
        tags=["optics", "to read"],
        collections=[chapter],
    )
    (record,) = records(made.close())
    paper = record.paper
    assert (paper.title, paper.abstract, paper.date) == ("Lamps drift", "We measure lamps.", "2020-05")
    assert paper.authors == ("Rick Roe", "Lamp Agency", "A Berg")
    assert (paper.venue, paper.doi, paper.pmid, paper.url) == (
        "Journal of Lamps",
        "10.1000/x",
        "123456",
        "https://lamps.example/1",
    )
    assert paper.labels == ("Thesis", "Chapter 1", "optics", "to read")
    assert record.source_key == "berg2020"


def test_what_is_no_paper_and_what_lies_in_the_bin_is_left_out(path: Path) -> None:
    made = ZoteroDatabase(path)
    for kind in ("attachment", "note", "annotation"):
        made.item(kind, title="Not a paper", date="2020")
    binned = made.item(title="In the bin", date="2020")
    made.run("INSERT INTO deletedItems (itemID) VALUES (?)", binned)
    fed = made.item(title="In a feed", date="2020")
    made.run("INSERT INTO feedItems (itemID, guid) VALUES (?, 'x')", fed)
    made.item(title="Lamps", date="2020")
    assert [record.paper.title for record in records(made.close())] == ["Lamps"]


def test_items_of_a_group_bear_its_name(path: Path) -> None:
    made = ZoteroDatabase(path)
    made.item(title="Lamps", date="2020", library=GROUP, collections=[made.collection("Optics", library=GROUP)])
    assert records(made.close())[0].paper.labels == ("Lamp Group", "Optics")


def test_collections_in_the_bin_are_no_labels_nor_what_lies_in_them(path: Path) -> None:
    made = ZoteroDatabase(path)
    gone = made.collection("Gone")
    inside = made.collection("Inside", gone)
    made.run("INSERT INTO deletedCollections (collectionID) VALUES (?)", gone)
    made.item(title="Lamps", date="2020", collections=[inside, made.collection("Kept")])
    assert records(made.close())[0].paper.labels == ("Kept",)


def test_collections_that_lie_in_each_other_end(path: Path) -> None:
    made = ZoteroDatabase(path)
    one = made.collection("One", 2)
    made.collection("Two", one)
    made.run("INSERT INTO deletedCollections (collectionID) VALUES (3)")
    made.item(title="Lamps", date="2020", collections=[one])
    assert records(made.close())[0].paper.labels == ("Two", "One")


def test_retracted_papers_are_told(path: Path) -> None:
    made = ZoteroDatabase(path)
    for number in range(5):
        item = made.item(title=f"Lamps {number}", date="2020")
        made.run("INSERT INTO retractedItems (itemID) VALUES (?)", item)
    (notice,) = [item for item in read(made.close()) if isinstance(item, Notice)]
    assert notice.message == (
        "Zotero says that 5 of these were retracted: “Lamps 0”; “Lamps 1”; “Lamps 2”; and 2 more."
    )


def test_citation_keys_of_better_bibtex_stand_in_for_missing_ones(path: Path) -> None:
    made = ZoteroDatabase(path)
    made.item(title="Lamps", date="2020")
    made.item(title="Wells", date="2020", citationKey="native")
    made.item(title="Ropes", date="2020", library=GROUP)
    with sqlite3.connect(path.with_name("better-bibtex.sqlite")) as beside:
        beside.execute("CREATE TABLE citationkey (itemID, itemKey, libraryID, citationKey, pinned)")
        rows = [(1, "KEY00001", 1, "berg2020", 0), (2, "KEY00002", 1, "older", 0), (3, "KEY00003", 1, "other", 0)]
        beside.executemany("INSERT INTO citationkey VALUES (?, ?, ?, ?, ?)", rows)
    beside.close()
    assert [record.source_key for record in records(made.close())] == ["berg2020", "native", "KEY00003"]


def test_a_damaged_database_of_better_bibtex_costs_only_its_keys(path: Path) -> None:
    made = ZoteroDatabase(path)
    made.item(title="Lamps", date="2020")
    path.with_name("better-bibtex.sqlite").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    items = read(made.close())
    assert [type(item) for item in items] == [Notice, Record, EndOfSource]
    assert "better-bibtex.sqlite beside it cannot be read" in str(items[0])


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_running_zotero_holds_its_lock_and_what_it_wrote_last_is_read(path: Path, journal: str) -> None:
    made = ZoteroDatabase(path, journal=journal)
    made.run("PRAGMA locking_mode = EXCLUSIVE")
    made.item(title="Lamps", date="2020")
    made.run("BEGIN IMMEDIATE")
    made.item(title="Not committed", date="2020")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0).execute("SELECT * FROM items")
    before = {file.name: file.stat().st_mtime_ns for file in path.parent.iterdir()}
    assert [record.paper.title for record in records(path)] == ["Lamps"]
    assert {file.name: file.stat().st_mtime_ns for file in path.parent.iterdir()} == before
    made.run("COMMIT")
    assert [record.paper.title for record in records(path)] == ["Lamps", "Not committed"]
    made.close()


def test_a_crash_in_the_midst_of_writing_is_undone_in_the_copy(path: Path, tmp_path: Path) -> None:
    made = ZoteroDatabase(path)
    made.item(title="Lamps", date="2020")
    made.run("PRAGMA cache_spill = ON")
    made.run("PRAGMA cache_size = 1")
    made.run("BEGIN")
    for number in range(200):
        made.item(title=f"Not committed {number}", date="2020", abstractNote="x" * 2000)
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for name in ("zotero.sqlite", "zotero.sqlite-journal"):
        shutil.copyfile(path.with_name(name), crashed / name)
    made.close()
    assert [record.paper.title for record in records(crashed / "zotero.sqlite")] == ["Lamps"]


def test_a_database_that_changes_all_the_time_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ZoteroDatabase(path)
    made.item(title="Lamps", date="2020")
    made.close()
    copyfile, written = shutil.copyfile, iter(range(1, 100))

    def copy(source: Path, target: Path) -> None:
        copyfile(source, target)
        os.utime(source, ns=(0, next(written)))

    monkeypatch.setattr(shutil, "copyfile", copy)
    (problem,) = read(path)
    assert isinstance(problem, Problem)
    assert "Zotero is writing to this database" in problem.reason


def test_nothing_is_left_behind(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ZoteroDatabase(path)
    for number in range(3):
        made.item(title=f"Lamps {number}", date="2020")
    made.close()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    items = readers.read(path, as_of=AS_OF)
    next(items)
    assert list((tmp_path / "temporary").iterdir())
    items.close()  # type: ignore[attr-defined]
    assert not list((tmp_path / "temporary").iterdir())


def test_a_database_of_another_program(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE documents (id)")
    other.close()
    (problem,) = read(path)
    assert isinstance(problem, Problem)
    assert "not Zotero's" in problem.reason


def test_a_database_of_zotero_4(path: Path) -> None:
    made = ZoteroDatabase(path, 5)
    made.run("DROP TABLE creators")
    made.run("CREATE TABLE creators (creatorID INTEGER PRIMARY KEY, creatorDataID INT, libraryID INT, key TEXT)")
    (problem,) = read(made.close())
    assert isinstance(problem, Problem)
    assert "has no creators of the kind that Zotero 5 and later make" in problem.reason


def test_a_view_that_never_ends_is_no_table(path: Path) -> None:
    made = ZoteroDatabase(path)
    made.run("DROP TABLE feedItems")
    made.run(
        "CREATE VIEW feedItems AS WITH RECURSIVE endless(itemID) AS "
        "(SELECT 1 UNION ALL SELECT itemID + 1 FROM endless) SELECT itemID FROM endless"
    )
    (problem,) = read(made.close())
    assert isinstance(problem, Problem)
    assert "feedItems" in problem.reason


def test_a_damaged_database(path: Path) -> None:
    made = ZoteroDatabase(path)
    for number in range(300):
        made.item(title=f"Lamps {number}", date="2020", abstractNote=f"{number} " * 300)
    made.close()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    problems = [item for item in read(path) if isinstance(item, Problem)]
    assert "The database is damaged" in problems[-1].reason


def test_a_compressed_database(path: Path) -> None:
    made = ZoteroDatabase(path)
    made.item(title="Lamps", date="2020")
    content = made.close().read_bytes()
    path.write_bytes(gzip.compress(content))
    (problem,) = read(path)
    assert isinstance(problem, Problem)
    assert "This database is compressed" in problem.reason


def test_a_database_in_an_archive(path: Path) -> None:
    made = ZoteroDatabase(path)
    made.item(title="Lamps", date="2020")
    made.close()
    with zipfile.ZipFile(path.with_name("a.zip"), "w") as archive:
        archive.write(path, "Zotero/zotero.sqlite")
    assert [record.paper.title for record in records(path.with_name("a.zip"))] == ["Lamps"]


def test_an_empty_database(path: Path) -> None:
    (problem,) = read(ZoteroDatabase(path).close())
    assert isinstance(problem, Problem)
    assert problem.reason == zotero_database.NOTHING_FOUND


def test_memory_does_not_grow_with_the_database(path: Path) -> None:
    made = ZoteroDatabase(path)
    made.run("BEGIN")
    for number in range(3000):
        made.item(title=f"Lamps {number}", date="2020", abstractNote=f"{number} " * 400)
    made.run("COMMIT")
    made.close()
    tracemalloc.start()
    assert sum(isinstance(item, Record) for item in readers.read(path, as_of=AS_OF)) == 3000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6_000_000  # of 6 MB in the abstracts alone, some 500 at a time


def test_of_a_folder_of_zotero_the_database_is_read(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "Zotero"
    (folder / "storage" / "ABCD2345").mkdir(parents=True)
    (folder / "storage" / "ABCD2345" / "paper.pdf").write_bytes(b"%PDF-1.4")
    (folder / "styles").mkdir()
    (folder / "styles" / "apa.csl").write_text("<style/>")
    made = ZoteroDatabase(folder / "zotero.sqlite")
    made.item(title="Lamps", date="2020", tags=["optics"])
    made.close()
    shutil.copyfile(folder / "zotero.sqlite", folder / "zotero.sqlite.bak")
    (folder / "mine.bib").write_text("@book{a, title={Wells}, author={A Berg}, year={2020}}")
    report = pipeline.add_files(library, [folder.parent], as_of=AS_OF)
    assert (report.added, report.failed) == (2, ())
    assert [source.source for source in report.sources] == [str(folder / "mine.bib"), str(folder / "zotero.sqlite")]
    assert [label.name for label in labels.listed(library)] == ["optics"]


def test_what_is_deleted_is_forgotten_also_beside_items_that_say_too_little(library: Library, path: Path) -> None:
    made = ZoteroDatabase(path)
    gone = made.item(title="Lamps", date="2020", tags=["optics"])
    made.item(title="Wells", date="2020")
    made.item(title="Nothing else")
    assert pipeline.add_files(library, [path], as_of=AS_OF).added == 2
    path.with_name("a.bib").write_text("@book{a, title={Lamps}, year={2020}}")
    pipeline.add_files(library, [path.with_name("a.bib")], as_of=AS_OF)
    made.run("INSERT INTO deletedItems (itemID) VALUES (?)", gone)
    report = pipeline.add_files(library, [path], as_of=AS_OF)
    assert (report.unchanged, len(report.failed), report.notices) == (1, 1, ())
    assert not labels.listed(library)
    assert library.count(PaperFilter(source=str(path))) == 1
    assert library.count(PaperFilter()) == 2
    made.close()


def test_the_end_of_a_database_in_an_archive_is_not_that_of_the_archive(library: Library, path: Path) -> None:
    made = ZoteroDatabase(path)
    made.item(title="Lamps", date="2020")
    made.close()
    archive, bib = path.with_name("a.zip"), "@book{w, title={Wells}, year={2020}}"
    for text in (bib, "@book{w, title={Wells}, year"):
        with zipfile.ZipFile(archive, "w") as written:
            written.write(path, "zotero.sqlite")
            written.writestr("a.bib", text)
        report = pipeline.add_files(library, [archive], as_of=AS_OF)
    assert report.failed
    assert not [notice for notice in report.notices if "no longer there" in notice.message]
    made.close()
