"""The commands about the library: duplicates, merge, split, remove, one paper, check."""

import json
import sqlite3
from pathlib import Path

import pytest

from assistant.library import FILE_NAME
from tests.unit.cli.test_main import BIB, CommandLine, model, run

__all__ = ["model", "run"]

TWIN = BIB.split("@article{light")[0].replace("year = 2025", "doi = {10.1000/other}, year = 2025")
RIS = """TY  - JOUR
TI  - BeamLoRa
AU  - Gu, N.
AU  - Fu, P.
PY  - 2025
AB  - BeamLoRA treats each adapter as a beam. It was tested on 12 datasets.
DO  - 10.1000/beam
ER  -
"""


@pytest.fixture
def filled(run: CommandLine) -> CommandLine:
    Path("other.ris").write_text(RIS)
    run("add", "papers.bib", "other.ris")
    return run


def titles(run: CommandLine, *arguments: str) -> list[str]:
    return [paper["title"] for paper in run.json("papers", *arguments)]


def test_one_paper_of_two_files_is_shown_with_who_says_what(filled: CommandLine) -> None:
    shown = filled.json("paper", "10.1000/beam")
    assert shown["title"] == "BeamLoRa"
    assert [Path(source["source"]).name for source in shown["sources"]] == ["papers.bib", "other.ris"]
    assert [Path(origin).name for origin in shown["said_by"]["doi"]] == ["other.ris"]
    filled("paper", "BeamLoRa")
    assert "other.ris" in filled.stdout.replace("\n", "")
    assert "beam" in filled.stdout


def test_a_paper_that_is_not_there_is_an_error_that_says_how_to_name_one(filled: CommandLine) -> None:
    filled("paper", "nonsense", code=2)
    assert "papers --json" in filled.stderr


def test_papers_of_one_file_are_listed(filled: CommandLine) -> None:
    assert titles(filled, "--source", "other.ris") == ["BeamLoRa"]
    assert titles(filled, "--source", str(Path("papers.bib").resolve())) == ["BeamLoRa", "Light-PEFT"]


def test_split_and_merge_are_remembered_when_the_files_are_added_again(filled: CommandLine) -> None:
    parts = filled.json("split", "BeamLoRa")
    assert sorted(part["title"] for part in parts) == ["BeamLoRA", "BeamLoRa"]
    assert filled.json("add", "papers.bib", "other.ris")["unchanged"] == 3
    assert len(titles(filled)) == 3
    merged = filled.json("merge", parts[0]["id"], parts[1]["id"])
    assert merged["id"] == parts[0]["id"]
    assert filled.json("add", "papers.bib", "other.ris")["unchanged"] == 3
    assert len(titles(filled)) == 2


def test_pairs_that_may_be_one_are_listed_until_somebody_decides(filled: CommandLine) -> None:
    Path("twin.bib").write_text(TWIN)
    filled("add", "twin.bib")
    pairs = filled.json("papers", "--duplicates")
    assert len(pairs) == 1
    filled("papers", "--duplicates")
    assert pairs[0]["one"]["id"] in filled.stdout
    assert "assistant merge" in filled.stderr
    filled("split", pairs[0]["one"]["id"], pairs[0]["other"]["id"])
    assert filled.json("papers", "--duplicates") == []


def test_remove_shows_what_goes_and_asks(filled: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    filled("remove", "--author", "Naibin Gu", code=1)
    assert "Light-PEFT" in filled.stdout
    assert len(titles(filled)) == 2
    monkeypatch.setattr("typer.confirm", lambda *_, **__: True)
    filled("remove", "Light-PEFT")
    assert titles(filled) == ["BeamLoRa"]
    assert filled.json("add", "papers.bib")["added"] == 1


@pytest.mark.parametrize("chosen", [("--query", "prunes foundation"), ("--year", "2024"), ("Light-PEFT",)])
def test_remove_by_words_filter_or_name(filled: CommandLine, chosen: tuple[str, ...]) -> None:
    assert len(filled.json("remove", *chosen, "--yes")["removed"]) == 1
    assert titles(filled) == ["BeamLoRa"]
    assert filled.json("search", "prunes early")[0]["title"] == "BeamLoRa"


def test_a_source_that_is_forgotten_takes_only_its_own_papers(filled: CommandLine) -> None:
    assert len(filled.json("remove", "--source", "papers.bib", "--yes")["removed"]) == 1
    assert titles(filled) == ["BeamLoRa"]
    filled("remove", "--source", "nobody.bib", "--yes", code=2)
    filled("remove", "--yes", code=2)
    filled("remove", "--source", "other.ris", "--year", "2024", "--yes", code=2)


def test_a_sound_library_passes_the_check(filled: CommandLine) -> None:
    report = filled.json("check")
    assert (report["papers"], report["records"], report["vectors"], report["findings"]) == (2, 3, 2, [])
    assert "no damage found" in filled("check")


@pytest.mark.parametrize(
    ("part", "damage"),
    [
        ("paper", "UPDATE papers SET abstract = replace(abstract, '12', '21')"),
        ("paper", "UPDATE authorships SET name = 'Mallory' WHERE ordinal = 2"),
        ("source", "UPDATE records SET statement = replace(statement, '12', '21') WHERE origin LIKE '%papers.bib'"),
        ("paper", "UPDATE papers SET abstract = CAST(x'ff' || substr(CAST(abstract AS BLOB), 2) AS TEXT)"),
        ("search", "DELETE FROM papers_text WHERE rowid = 1"),
        ("search", "DELETE FROM papers_listed"),
        ("vector", "UPDATE vectors SET vector = substr(vector, 2) WHERE rowid = 1"),
        ("vector", "UPDATE vectors SET vector = CAST(x'00ff' || substr(vector, 3) AS BLOB)"),
    ],
)
def test_damage_is_found_refused_and_repaired(filled: CommandLine, part: str, damage: str) -> None:
    before = filled.json("papers")
    with sqlite3.connect(filled.library / FILE_NAME) as connection:
        connection.execute(damage)
    connection.close()
    report = json.loads(filled("check", "--json", code=1))
    assert part in {finding["part"] for finding in report["findings"]}
    if part == "paper":
        filled("papers", code=1)
        assert "check --mend" in filled.stderr
    repaired = filled.json("check", "--mend")
    assert repaired["is_sound"]
    assert filled.json("check")["findings"] == []
    assert filled.json("papers") == before
    assert filled.json("add", "papers.bib", "other.ris")["added"] == 0


def test_a_library_whose_file_is_gone_or_emptied_is_refused(filled: CommandLine) -> None:
    filled("papers")
    file = filled.library / FILE_NAME
    file.write_bytes(b"")
    filled("papers", code=1)
    assert "empty" in filled.stderr
    file.unlink()
    filled("add", "papers.bib", code=1)
    assert "gone" in filled.stderr


def test_columns_of_a_table_can_be_named(run: CommandLine) -> None:
    Path("table.csv").write_text("Titel;Zusammenfassung;Wer\nBalken;Wir biegen Balken.;Gu, N.\n")
    named = ("--column", "title=Titel", "--column", "abstract=Zusammenfassung", "--column", "authors=Wer")
    assert run.json("add", "table.csv", *named)["added"] == 1
    assert titles(run) == ["Balken"]
    run("add", "table.csv", "--column", "Titel", code=2)


def test_a_reference_that_is_none_is_wrong_usage(run: CommandLine) -> None:
    run("add", "arxiv:nonsense", code=2)
    assert "2502.13604" in run.stderr


def test_papers_are_put_into_a_collection_and_taken_out_again(filled: CommandLine) -> None:
    assert filled.json("label", "To read", "10.1000/beam") == {"label": "To read", "papers": 1}
    assert filled.json("label", "to read", "--since", "1900") == {"label": "to read", "papers": 1}
    assert filled.json("labels") == [{"name": "To read", "count": 2, "is_own": True}]
    assert filled.json("label", "To read", "Light-PEFT", "--remove")["papers"] == 1
    assert titles(filled, "--label", "To read") == ["BeamLoRa"]
    assert "To read" in filled("paper", "BeamLoRa")
    filled("label", "To read", "--remove")
    assert "1 paper taken out of" in filled.stderr
    assert filled.json("labels") == []
    assert titles(filled, "--added-since", "2999-01-01") == []


def test_a_collection_of_everything_has_to_be_asked_for(filled: CommandLine) -> None:
    filled("label", "All", code=2)
    assert "Choose what to put" in filled.stderr


def test_a_paper_is_shown_by_its_citation_key(filled: CommandLine) -> None:
    for name in ("light", "@light", "LIGHT"):
        shown = filled.json("paper", name)
        assert (shown["title"].partition(":")[0], shown["citation_keys"]) == ("Light-PEFT", ["light"])
    assert "cited as" in filled("paper", "light")
    assert "{light," in filled("export", "--format", "bibtex", "--since", "1900")


@pytest.mark.parametrize("option", ["--label", "--without-label"])
@pytest.mark.parametrize("command", ["papers", "export", "summarize"])
def test_a_collection_that_there_is_not_is_named(filled: CommandLine, command: str, option: str) -> None:
    filled(command, option, "Thesi", code=2)
    assert "No paper is in a collection called “Thesi”. `assistant labels` lists them." in filled.stderr.replace(
        "\n", " "
    )


def test_papers_of_several_collections_are_listed_and_those_outside_of_one(filled: CommandLine) -> None:
    filled("label", "Thesis", "--since", "1900")
    filled("label", "Read", "light")
    assert titles(filled, "--label", "thesis", "--label", "read") == titles(filled, "--label", "read")
    assert titles(filled, "--label", "thesis", "--without-label", "read") == titles(filled, "--without-label", "read")


@pytest.mark.parametrize(
    "words",
    [
        ("papers",),
        ("labels",),
        ("paper", "x"),
        ("label", "x", "--year", "2020"),
        ("complete", "--dry-run"),
        ("remove", "--year", "2020", "--yes"),
        ("export", "--format", "ris"),
        ("ask", "How many papers are there?"),
        ("search", "rain"),
        ("summarize",),
        ("authors",),
        ("conversations", "list"),
        ("trends",),
        ("check",),
        ("users", "token", "anna"),
    ],
)
def test_a_library_that_is_not_there_is_named_and_none_is_made(run: CommandLine, words: tuple[str, ...]) -> None:
    run(*words, code=2)
    said = "".join(run.stderr.split())
    assert f"Thereisnolibraryin{run.library}." in said
    assert "assistantaddFILE" in said
    assert not run.library.exists()
