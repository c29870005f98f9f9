"""`assistant add` of references, against a local server that replays what the services answer."""

import json
from pathlib import Path

import pytest

from tests.integration.test_remote import NAMESAKES, Replay, a_feed, a_page, a_work, replay
from tests.unit.cli.test_main import CommandLine, model, run

__all__ = ["model", "replay", "run"]


@pytest.fixture
def connected(run: CommandLine, replay: Replay, tmp_path: Path) -> CommandLine:
    addresses = {
        "arxiv_url": f"{replay.url}/api/query",
        "openalex_url": f"{replay.url}/openalex",
        "semantic_scholar_url": f"{replay.url}/s2",
        "sources": str(tmp_path / "sources"),
    }
    Path("assistant.toml").write_text("".join(f'{name} = "{value}"\n' for name, value in addresses.items()))
    return run


def test_a_preprint_is_added_by_id_and_a_repeat_asks_nothing(connected: CommandLine, replay: Replay) -> None:
    replay.on("/api/query", a_feed("2502.13604v3"), id_list="2502.13604")
    report = connected.json("add", "arxiv:2502.13604")
    assert (report["added"], report["sources"][0]["source"]) == (1, "arxiv:2502.13604")
    asked = len(replay.asked)
    assert connected.json("add", "https://arxiv.org/abs/2502.13604")["unchanged"] == 1
    assert len(replay.asked) == asked
    assert connected.json("paper", "2502.13604")["said_by"]["title"] == ["arxiv:2502.13604"]


def test_the_author_who_is_meant_is_chosen(
    connected: CommandLine, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay.on("/openalex/authors", NAMESAKES)
    replay.on("/openalex/works", a_page(a_work(1), a_work(2)), filter="authorships.author.id:A3")
    refused = json.loads(connected("add", 'author:"Naibin Gu"', "--json", code=1))
    assert "openalex:A22" in refused["failed"][0]["reason"]
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: 2)
    connected("add", 'author:"Naibin Gu"')
    assert "Academy of Sciences" in connected.stderr
    assert len(connected.json("papers", "--source", "openalex:A3")) == 2


def test_without_a_network_one_sentence_says_so_and_files_go_in_all_the_same(run: CommandLine, tmp_path: Path) -> None:
    Path("assistant.toml").write_text(f'arxiv_url = "http://127.0.0.1:9"\nsources = "{tmp_path / "sources"}"\n')
    report = run.json("add", "arxiv:2502.13604", "papers.bib")
    assert report["added"] == 2
    assert "arXiv could not be reached" in report["failed"][-1]["reason"]
