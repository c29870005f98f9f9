"""The file of a report: made with the first problem, whole, and never in the way."""

import json
from pathlib import Path

import pytest

from assistant.errors import UsageError
from assistant.ingestion import ReportFile, report_file
from assistant.types import IngestionReport, Notice, Problem

PROBLEM = Problem("a\udcff.bib", 3, "“One” has no title.")


def test_every_problem_and_notice_is_a_line_and_the_totals_are_the_last(tmp_path: Path) -> None:
    with ReportFile(tmp_path / "reports") as kept:
        kept.keep(PROBLEM)
        kept.keep(Notice("b.bib", "It is odd."))
        report = kept.finish(IngestionReport(added=2, failed=(PROBLEM,)))
    lines = [json.loads(line) for line in Path(report.report_file).read_text(encoding="utf-8").splitlines()]
    assert lines[:2] == [
        {"file": PROBLEM.file, "line": 3, "reason": PROBLEM.reason, "kind": "… has no title."},
        {"file": "b.bib", "message": "It is odd."},
    ]
    assert (lines[2]["added"], lines[2]["report_file"]) == (2, report.report_file)
    assert "failed" not in lines[2]


def test_without_a_problem_there_is_no_file_but_the_one_that_is_named(tmp_path: Path) -> None:
    with ReportFile(tmp_path / "reports") as kept:
        assert kept.finish(IngestionReport()) == IngestionReport()
    assert not (tmp_path / "reports").exists()
    with ReportFile(tmp_path / "reports", tmp_path / "mine.jsonl") as kept:
        kept.finish(IngestionReport(added=1))
    assert json.loads((tmp_path / "mine.jsonl").read_text(encoding="utf-8"))["added"] == 1


def test_the_last_reports_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_file, "_KEPT", 2)
    for name in ("2024-1", "2024-2", "2024-3"):
        (tmp_path / f"{name}.jsonl").touch()
    with ReportFile(tmp_path) as kept:
        kept.keep(PROBLEM)
    assert len(list(tmp_path.iterdir())) == 2
    assert (tmp_path / "2024-3.jsonl").exists()


def test_a_report_that_cannot_be_written_stops_nothing_unless_it_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with ReportFile(tmp_path / "reports") as kept:
        kept.keep(PROBLEM)
        kept.keep(PROBLEM)
        assert kept.finish(IngestionReport(added=1)) == IngestionReport(added=1)
    with pytest.raises(UsageError, match="--report"):
        ReportFile(tmp_path, tmp_path / "none" / "mine.jsonl")
    if Path("/dev/full").exists():
        with ReportFile(tmp_path, Path("/dev/full")) as kept:
            kept.keep(PROBLEM)
            assert kept.finish(IngestionReport()).report_file == ""
