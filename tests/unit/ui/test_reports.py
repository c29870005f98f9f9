"""Reports of adding: each kind of problem once, and where the papers are; pairs of papers side by side."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assistant.ingestion import ReportFile, add_files, pipeline
from assistant.library import AlikePair, Library, Reading, curation
from assistant.types import IngestionReport, Paper, PaperFilter, Record, SourceReport
from assistant.ui import reports
from assistant.ui.duplicates import Duplicates, Row, compared
from tests.conftest import make_paper


def test_every_problem_of_a_report_is_downloaded_by_the_name_that_its_file_had(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_MOST_PROBLEMS", 2)
    bad = tmp_path / "bad.jsonl"
    bad.write_text("nothing\n" * 5, encoding="utf-8")
    with ReportFile(tmp_path / "reports") as kept:
        report = kept.finish(add_files(library, [bad], as_of=date(2025, 1, 1), keep=kept.keep))
    lines = [json.loads(line) for line in reports.problem_lines(report)]
    assert [(line["file"], line["line"]) for line in lines] == [("bad.jsonl", number) for number in range(1, 6)]
    said = reports.to_json(report).decode()
    assert str(tmp_path) not in said
    assert json.loads(said)["kinds"][0]["count"] == 5


def test_a_file_in_an_archive_is_named_with_its_archive(library: Library, tmp_path: Path) -> None:
    packed = tmp_path / "hidden" / "export.zip"
    packed.parent.mkdir()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("from Übersee/a.jsonl", "nothing\n")
        archive.writestr("b.jsonl", "nothing\n")
    (tmp_path / "b.jsonl").write_text("nothing\n", encoding="utf-8")
    with ReportFile(tmp_path / "reports") as kept:
        found = add_files(library, [packed, tmp_path / "b.jsonl"], as_of=date(2025, 1, 1), keep=kept.keep)
        report = kept.finish(found)
    names = ["export.zip/b.jsonl", "export.zip/from Übersee/a.jsonl", "b.jsonl"]
    assert [problem["file"] for problem in json.loads(reports.to_json(report))["failed"]] == names
    assert [json.loads(line)["file"] for line in reports.problem_lines(report)] == names
    assert "hidden" not in reports.to_json(report).decode()


def test_papers_are_found_by_the_name_of_their_file(library: Library, tmp_path: Path) -> None:
    files = []
    for folder, title in (("x", "One"), ("y", "Two"), ("z", "Three")):
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / ("b.jsonl" if folder == "z" else "a.jsonl"))
        files[-1].write_text(json.dumps({"title": title, "abstract": f"All about {title}."}), encoding="utf-8")
    bad = tmp_path / "bad.bib"
    bad.write_text("nothing", encoding="utf-8")
    report = add_files(library, [*files, bad], as_of=date(2025, 1, 1))
    came = reports.came(library, report)
    assert [one.name for one in came] == ["a.jsonl", "a.jsonl", "b.jsonl", "bad.bib"]
    assert [one.filter.source for one in came[:3]] == [str(files[0]), str(files[1]), "b.jsonl"]
    assert [library.count(one.filter) for one in came] == [1, 1, 1, 0]
    assert reports.together(library, came[2:]) == PaperFilter(source="b.jsonl")
    assert reports.together(library, came[3:]) is None
    all_of_them = reports.together(library, came)
    assert all_of_them is not None
    assert library.count(all_of_them) == 3
    assert all_of_them.among is not None
    said = json.loads(reports.to_json(report))
    assert str(tmp_path) not in json.dumps(said)
    assert said["sources"][0]["source"] == "a.jsonl"


def test_references_keep_their_names() -> None:
    report = IngestionReport(sources=(SourceReport("doi:10.1000/a/b", 1, 0, 0, 0),))
    assert json.loads(reports.to_json(report))["sources"][0]["source"] == "doi:10.1000/a/b"
    assert reports.source_name("arxiv:nonsense/..") == ".."


def test_what_differs_is_marked_and_nothing_of_it_is_html() -> None:
    row = Row("Title", "The <b>loom</b> weaves", "The <b>loom</b> wove <i>")
    assert [str(text) for text in row.marked] == [
        "The &lt;b&gt;loom&lt;/b&gt; <mark>weaves</mark>",
        "The &lt;b&gt;loom&lt;/b&gt; <mark>wove &lt;i&gt;</mark>",
    ]
    rows = compared(Paper("A", "Same.", doi="10.1/a"), Paper("A", "Same."))
    assert [(row.name, row.differs) for row in rows] == [("Title", False), ("DOI", True), ("Abstract", False)]


def test_pairs_are_looked_for_anew_when_the_library_changes(library: Library) -> None:

    def read(origin: str, doi: str) -> None:
        paper = make_paper("Beam tuning of low-rank adapters", "We tune adapters with beams on nine tasks.", doi=doi)
        Reading(library, origin).store([Record(paper, 1)])

    duplicates = Duplicates(library, clock=lambda: 0.0)
    assert duplicates.known() is None
    assert duplicates.pairs(20) == []
    read("a.bib", "10.1/a")
    assert duplicates.known() is None
    read("b.bib", "10.1/b")
    assert duplicates.compare() == 1
    pairs = duplicates.known()
    assert pairs is not None
    pair = (pairs[0].one.id, pairs[0].other.id)
    with duplicates.deciding(pair):
        curation.merge(library, *pair)
    assert duplicates.known() == []
    duplicates.forget()
    assert duplicates.known() is None


def test_a_decision_makes_nothing_known_that_was_not_compared(library: Library) -> None:
    paper = make_paper("Beam tuning of low-rank adapters", "We tune adapters with beams on nine tasks.")

    def read(name: str) -> None:
        Reading(library, f"{name}.bib").store([Record(replace(paper, doi=f"10.1/{name}"), 1)])

    def keep_apart(pair: AlikePair) -> None:
        ids = (pair.one.id, pair.other.id)
        with duplicates.deciding(ids):
            curation.keep_apart(library, *ids)

    duplicates = Duplicates(library, clock=lambda: 0.0)
    for name in ("a", "b", "c"):
        read(name)
    first, *others = curation.alike_pairs(library)
    keep_apart(first)
    assert duplicates.known() is None
    assert duplicates.compare() == len(others) == 2
    keep_apart(others[0])
    assert duplicates.known() == others[1:]
    read("d")
    keep_apart(others[1])
    assert duplicates.known() is None
    assert duplicates.compare() == 3
    duplicates.forget()
    keep_apart(curation.alike_pairs(library)[0])
    assert duplicates.known() is None


def test_a_paper_that_takes_the_place_of_another_is_compared(library: Library) -> None:
    duplicates = Duplicates(library, clock=lambda: 0.0)
    for title in ("Cats", "Dogs"):
        Reading(library, "a.bib").store([Record(make_paper(title), 1)])
    assert duplicates.compare() == 0
    curation.remove(library, [paper.id for paper in library.papers() if paper.title == "Dogs"])
    Reading(library, "a.bib").store([Record(make_paper("Bees"), 1)])
    assert duplicates.known() is None
