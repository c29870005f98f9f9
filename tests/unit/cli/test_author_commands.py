import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from assistant import workspace
from assistant.cli import authors
from assistant.errors import UsageError
from assistant.library import Library, upsert
from assistant.types import Record
from tests.conftest import make_paper
from tests.fakes import HashingEmbedder


class Commands:
    """Runs `assistant authors ...` over one library."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = typer.Typer()
        self.app.add_typer(authors.app, name="authors")

        @self.app.callback()
        def _settings(context: typer.Context) -> None:
            context.obj = {"library": folder}

    def __call__(self, *arguments: str) -> str:
        result = CliRunner().invoke(self.app, ["authors", *arguments], catch_exceptions=True)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return str(result.stdout)

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(workspace.Workspace, "_load_embedder", lambda _: HashingEmbedder())
    library = Library(tmp_path / "library")
    papers = [
        make_paper("One", authors=("Naibin Gu", "Peng Fu")),
        make_paper("Two", authors=("Gu, N.", "Peng Fu")),
        make_paper("Three", authors=("Ning Guo",)),
    ]
    upsert.store(library, [Record(paper, line, paper.title) for line, paper in enumerate(papers, 1)], "file")
    library.close()
    return Commands(tmp_path / "library")


def test_everybody_is_listed_with_most_papers_first(run: Commands) -> None:
    assert [(each["id"], each["papers"]) for each in run.json()] == [("naibin-gu", 2), ("peng-fu", 2), ("ning-guo", 1)]
    assert len(run.json("--limit", "1")) == 1
    assert "Gu, N." in run()


def test_a_name_shows_whom_it_may_mean_and_why(run: Commands) -> None:
    [person] = run.json("gu naibin")
    assert person["coauthors"] == [{"name": "Peng Fu", "papers": 2}]
    assert {each["name"]: each["confidence"] for each in person["variants"]} == {"Naibin Gu": 1.0, "Gu, N.": 0.9}
    shown = run("N. Gu")
    assert "initials for given names (0.90)" in shown
    assert "with Peng Fu (2)" in shown


def test_a_name_that_is_a_command_can_be_listed(run: Commands) -> None:
    with pytest.raises(UsageError, match="Nobody"):
        run("list", "merge")


def test_nobody_of_a_name_is_an_error_that_says_what_to_do(run: Commands) -> None:
    with pytest.raises(UsageError, match="assistant authors"):
        run("Ada Lovelace")


def test_people_are_merged_and_split_again(run: Commands) -> None:
    before = run.json()
    assert run.json("merge", "Ning Guo", "naibin-gu")["papers"] == 3
    assert [each["id"] for each in run.json()] == ["ning-guo", "peng-fu"]
    assert {each["id"] for each in run.json("split", "ning-guo")} == {"ning-guo", "naibin-gu"}
    assert run.json() == before
    assert [each["papers"] for each in run.json("split", "naibin-gu", "Gu, N.")] == [1, 1]


def test_decisions_are_written_to_a_file_and_read_again(run: Commands, tmp_path: Path) -> None:
    run("merge", "Ning Guo", "naibin-gu")
    run("export", "decisions.json")
    assert json.loads(Path("decisions.json").read_text()) == json.loads(run("export"))
    run("split", "ning-guo")
    run("import", "decisions.json")
    assert run.json("ning-guo")[0]["papers"] == 3
    with pytest.raises(UsageError, match="cannot be read"):
        run("import", "nothing.json")
    with pytest.raises(UsageError, match="cannot be written"):
        run("export", "no/such/folder.json")


def test_help_names_the_commands(run: Commands) -> None:
    shown = run("--help")
    assert all(name in shown for name in ("merge", "split", "export", "import", "list"))
