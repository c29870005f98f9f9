"""The commands export and verify, as a person runs them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.cli import export
from assistant.errors import AssistantError, UsageError
from assistant.export import bundles
from assistant.library import Library, Ownership, upsert
from assistant.types import Record
from tests.fakes import HashingEmbedder
from tests.unit.answering.test_assistant import assistant_over
from tests.unit.export.test_bundles import PAPERS, filled
from tests.unit.export.test_verification import COUNT

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(library: Library) -> Run:
    """Run a command over the library; give exit code, stdout and stderr. Errors for people are 1, wrong usage 2."""
    upsert.store(library, [Record(paper, 1) for paper in PAPERS], "/a/papers.bib")

    def go(*arguments: str, folder: Path = library.folder) -> tuple[int, str, str]:
        done = CliRunner().invoke(export.app, list(arguments), obj={"library": folder})
        if isinstance(done.exception, AssistantError):
            return (2 if isinstance(done.exception, UsageError) else 1), done.stdout, str(done.exception)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return go


def test_papers_are_written_to_stdout_and_counted_on_stderr(run: Run) -> None:
    code, out, said = run("export", "--format", "jsonl", "--author", "Naibin Gu", "--since", "2024")
    assert code == 0
    assert [json.loads(line)["title"] for line in out.splitlines()] == ["BeamLoRA", "Routing", "Light-PEFT"]
    assert "3 papers written." in said


@pytest.mark.parametrize(
    ("chosen", "title"),
    [
        (("--topic", "adapter as a beam"), "BeamLoRA"),
        (("--topic", "cranes"), "Cranes"),
        (("--code",), "Cranes"),
        (("--year", "2023"), "Cranes"),
        (("--until", "2023"), "Cranes"),
        (("--author", "Mia Wu"), "Routing"),
    ],
)
def test_filters_choose_what_is_written(run: Run, chosen: tuple[str, ...], title: str) -> None:
    code, out, said = run("export", "--format", "csv", *chosen)
    assert code == 0
    assert "1 paper written." in said
    assert title in out


def test_the_ending_of_the_file_is_the_format(run: Run, tmp_path: Path) -> None:
    code, out, said = run("export", "-o", str(tmp_path / "papers.bib"), "--source", "papers.bib")
    assert (code, out) == (0, "")
    assert f"4 papers written to {tmp_path / 'papers.bib'}" in said.replace("\n", "")
    assert (tmp_path / "papers.bib").read_text().count("@misc{") == 4


def test_a_file_without_a_format_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    assert run("export")[0] == 2
    assert run("export", "-o", str(tmp_path / "papers.txt"))[0] == 2
    assert run("export", "--format", "bibtex", "--year", "2024", "--since", "2023")[0] == 2
    assert not (tmp_path / "papers.txt").exists()


def test_no_papers_write_no_file(run: Run, tmp_path: Path) -> None:
    code, out, said = run("export", "-o", str(tmp_path / "papers.ris"), "--year", "1900")
    assert (code, out) == (1, "")
    assert "nothing was written" in said
    assert not (tmp_path / "papers.ris").exists()


def test_a_library_that_somebody_owns_can_be_exported(run: Run, library: Library) -> None:
    owner = Ownership(library.folder)
    assert run("export", "--format", "ris")[0] == 0
    owner.close()


@pytest.fixture
def bundle(library: Library, embedder: HashingEmbedder, run: Run, tmp_path: Path) -> Path:
    answer = assistant_over(library, embedder, index=filled(library, embedder)).ask(COUNT).answer()
    bundles.write(answer, library, tmp_path / "bundle")
    return tmp_path / "bundle"


def test_verify_says_what_holds(run: Run, bundle: Path) -> None:
    code, out, said = run("verify", str(bundle))
    assert code == 0
    assert out.count("✓") == 5
    assert "All of it holds." in said
    assert "Not checked: whether other papers of the library count too" in out
    assert "no library was looked into" not in out
    assert "library: Not checked: no library was looked into." in run("verify", str(bundle), "--alone")[1]
    code, out, _ = run("verify", str(bundle), "--alone", "--json")
    report = json.loads(out)
    assert (code, report["holds"], [check["name"] for check in report["checks"]]) == (
        0,
        True,
        ["files", "quotes", "text", "counts"],
    )


def test_verify_names_what_no_longer_holds_and_fails(run: Run, bundle: Path, library: Library) -> None:
    (bundle / "answer.md").write_text("Nothing.")
    code, out, said = run("verify", str(bundle))
    assert code == 1
    assert "✗ files: 1 thing does not hold." in out
    assert "answer.md is not as it was written." in out
    assert "Not all of it holds." in said


def test_verify_needs_a_bundle_and_a_library_that_is_there(run: Run, bundle: Path, tmp_path: Path) -> None:
    assert run("verify", str(tmp_path))[0] == 1
    assert run("verify", str(bundle), folder=tmp_path / "nowhere")[0] == 2
    assert run("verify", str(bundle), "--alone", folder=tmp_path / "nowhere")[0] == 0
    assert not (tmp_path / "nowhere").exists()
