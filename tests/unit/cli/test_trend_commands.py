import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from assistant import wiring, workspace
from assistant.analysis.themes import themes
from assistant.analysis.themes.themes import Theme
from assistant.cli import trends
from assistant.errors import UsageError
from assistant.library import Library, upsert
from assistant.protocols import Vectors
from assistant.types import Message, Paper, Record
from tests.conftest import make_paper, store_vectors
from tests.fakes import HashingEmbedder


class Commands:
    """Runs `assistant trends` over one library."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = typer.Typer()
        self.app.add_typer(trends.app)

        @self.app.callback()
        def _settings(context: typer.Context) -> None:
            context.obj = {"library": folder}

    def run(self, *arguments: str) -> Result:
        result = CliRunner().invoke(self.app, ["trends", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def __call__(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))


def _by_first_word(papers: Sequence[Paper], vectors: Mapping[str, Vectors]) -> list[Theme]:
    groups: dict[str, list[str]] = {}
    for paper in papers:
        groups.setdefault(paper.title.split()[0], []).append(paper.id)
    return [Theme(word, word, (word,), tuple(ids)) for word, ids in groups.items() if len(ids) > 1]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(themes, "discover", _by_first_word)
    library = Library(tmp_path / "library")
    papers = [
        make_paper("Pruning ants", date="2024-06-06", authors=("Naibin Gu",)),
        make_paper("Pruning bees", date="2024-08-06", authors=("Naibin Gu",)),
        make_paper("Rewards for cats", "Rewards that can be verified.", date="2026-04-06", authors=("Naibin Gu",)),
        make_paper("Rewards for dogs", "Rewards that can be verified.", date="2026-05-06", authors=("Ning Guo",)),
    ]
    upsert.store(library, [Record(paper, line, paper.title) for line, paper in enumerate(papers, 1)], "file")
    ids = [paper.id for paper in library.papers()]
    store_vectors(library, ids, HashingEmbedder().embed([paper.title for paper in library.papers_by_id(ids)]))
    library.close()
    return Commands(tmp_path / "library")


def _no_model(*_: object) -> Any:
    raise AssertionError("a model was loaded")


def test_trends_need_no_model_and_say_what_they_cover(run: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "load_language_model", _no_model)
    monkeypatch.setattr(wiring, "load_embedder", _no_model)
    shown = run()
    assert "4 of 4 papers, 2024 to 2026." in shown
    assert "Papers per year: 2 in 2024 and 2 in 2026." in shown
    assert "Rewards: 2 papers, all in 2026 (April to May)" in shown
    assert "[1] " in shown


def test_filters_choose_the_papers(run: Commands) -> None:
    assert run.json("--author", "Naibin Gu")["total"] == 3
    assert run.json("--author", "Naibin Gu")["selected"] == "papers by Naibin Gu"
    assert run.json("--since", "2025")["total"] == 2
    assert run.json("--topic", "ants")["total"] == 1
    assert [each["period"] for each in run.json("--by", "month", "--since", "2026")["periods"]] == [
        "2026-04",
        "2026-05",
    ]


def test_nothing_but_the_json_is_on_stdout(run: Commands) -> None:
    result = run.run("--json")
    assert json.loads(result.stdout)["by"] == "year"
    assert len(result.stdout.splitlines()) == 1


def test_no_papers_say_what_to_do(run: Commands) -> None:
    result = run.run("--author", "Nobody Known")
    assert result.exit_code == 0
    assert "assistant papers" in result.stderr
    assert result.stdout == ""


def test_a_topic_that_no_abstract_holds_is_looked_for_by_meaning(
    run: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace.Workspace, "_load_embedder", lambda _: HashingEmbedder())
    library = Library(run.folder)
    library.set_metadata("embedder", HashingEmbedder.fingerprint)
    library.close()
    found = run.json("--topic", "ants cats zebra")
    assert 0 < found["total"] <= 4
    assert found["selected"].endswith("near to “ants cats zebra”")
    assert "nearest in meaning" in found["remarks"][0]


def test_plots_are_written_beside_the_figures(run: Commands, tmp_path: Path) -> None:
    page, picture = tmp_path / "plot.html", tmp_path / "plot.png"
    run("--plot", str(page), "--plot", str(picture))
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["plot.gif", "plot", "nowhere/plot.png"])
def test_a_plot_that_cannot_be_written_is_refused_before_the_work(
    run: Commands, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(themes, "discover", _no_model)
    with pytest.raises(UsageError):
        run("--plot", str(tmp_path / name))


def test_no_papers_make_no_plot_and_that_is_an_error(run: Commands, tmp_path: Path) -> None:
    result = run.run("--author", "Nobody Known", "--plot", str(tmp_path / "plot.png"))
    assert result.exit_code == 1
    assert not (tmp_path / "plot.png").exists()


class Namer:
    """Calls every theme the same."""

    def write_all(self, prompts: Sequence[Sequence[Message]], **_: object) -> Iterator[tuple[int, str]]:
        yield from ((place, "Rewards") for place in range(len(prompts)))


def test_themes_can_be_named_by_the_model_where_their_papers_say_so(
    run: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "load_language_model", lambda _settings: Namer())
    labels = {each["label"] for each in run.json("--names")["themes"]}
    assert labels == {"Pruning", "Rewards"}  # the papers on pruning do not bear the name out


def test_several_people_of_a_name_are_taken_together_and_that_is_said(run: Commands) -> None:
    library = Library(run.folder)
    upsert.store(library, [Record(make_paper("Other", authors=("Peng Gu",)), 1, "x")], "other")
    library.close()
    found = run.json("--author", "Gu")
    assert found["total"] == 4
    assert any("may mean 2 people" in remark for remark in found["remarks"])


def test_year_and_since_exclude_each_other(run: Commands) -> None:
    with pytest.raises(UsageError):
        run("--year", "2025", "--since", "2024")
