"""Questions of the self-test, and how their answers are summed up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import workspace as workspaces
from assistant.diagnosis import self_test
from assistant.library import upsert
from assistant.settings import Settings
from assistant.types import Record
from assistant.workspace import Workspace
from tests.conftest import make_paper
from tests.fakes import HashingEmbedder, ScriptedModel, TrustingJudge

PAPERS = [
    make_paper("Beams", "Each adapter is a beam. BeamX-2 reaches 91 on GLUE.", id="p1"),
    make_paper("Lamps", "A lamp is lit by LUM-4 each evening.", id="p2"),
    make_paper("Quiet words", "Nothing here but understatement.", id="p3"),
]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index_in_memory: None) -> Iterator[Workspace]:
    monkeypatch.setattr(Workspace, "_load_embedder", lambda _: HashingEmbedder())
    monkeypatch.setattr(Workspace, "_load_language_model", lambda _: ScriptedModel(*["A lamp is lit by LUM-4."] * 9))
    monkeypatch.setattr(workspaces, "Judge", lambda *_: TrustingJudge())
    with Workspace(Settings(library=tmp_path / "library", models=tmp_path)) as opened:
        yield opened


def test_a_name_of_one_paper_is_asked_of_it_and_of_another_that_does_not_hold_it() -> None:
    made = [one for one in self_test.questions(PAPERS, 5, 3) if one.line["type"] != "aggregate"]
    assert [one.line["type"] for one in made] == ["fact", "unanswerable"] * 3
    by_title = {paper.title: f"{paper.title} {paper.abstract}" for paper in PAPERS}
    for question in made:
        name = question.text.rpartition(" about ")[2].rstrip("?")
        holds = name.casefold() in by_title[question.line["paper"]].casefold()
        assert holds == (question.line["type"] == "fact"), question.text
    assert {"BeamX-2", "LUM-4", "understatement"} & {one.text.rpartition(" about ")[2].rstrip("?") for one in made} == {
        "BeamX-2",
        "LUM-4",
        "understatement",
    }
    assert self_test.questions(PAPERS, 5, 3)[1:] == made


def test_one_paper_alone_is_asked_what_it_answers_and_none_is_asked_nothing() -> None:
    assert [one.line["type"] for one in self_test.questions(PAPERS[:1], 5, 0)] == ["aggregate", "fact"]
    assert self_test.questions([], 5, 0) == []


def test_numbers_are_asked_for_first_and_of_a_year_where_every_paper_can_be_counted() -> None:
    dated = [replace(paper, date=f"202{number // 2}") for number, paper in enumerate(PAPERS)]
    made = self_test.questions(dated, 3, 0)
    assert [one.text for one in made[:2]] == ["How many papers are there?", "How many papers are from 2020?"]
    assert re.search(made[1].line["must"], "2 papers from 2020.")
    assert not re.search(made[1].line["must"], "12 papers from 2020.")
    assert [one.line["type"] for one in self_test.questions(dated, 4, 0)].count("aggregate") == 1


def test_what_an_abstract_names_twice_is_asked_about_before_what_it_names_in_passing() -> None:
    once = [make_paper(f"T{n}", f"LONGEST-NAME-{n} is here.", id=f"once {n}") for n in range(3)]
    twice = make_paper("U", "OVEN-4 bakes, unlike SOME-OTHER-OVEN. OVEN-4 is warm. " + "word " * 50, id="twice")
    asked = [one.text for one in self_test.questions([*once, twice], 9, 0) if one.line["type"] == "fact"]
    assert asked[0] == "What does “U” say about OVEN-4?"


def test_short_abstracts_are_asked_about_before_long_ones() -> None:
    papers = [make_paper(f"T{n}", f"Here is NAME-{n}. " + "word " * n, id=str(n)) for n in range(9)]
    asked = {one.line["paper"] for one in self_test.questions(papers, 10, 0) if one.line["type"] == "fact"}
    assert asked == {"T0", "T1", "T2"}


def test_answers_are_counted_and_those_that_are_wrong_are_named(workspace: Workspace) -> None:
    upsert.store(workspace.library, [Record(paper, line) for line, paper in enumerate(PAPERS, 1)], "a.bib")
    found = self_test.run(workspace, seed=1)
    assert (found.asked, found.planned, found.answerable, found.unanswerable) == (8, 8, 3, 3)
    assert found.right == found.counted + found.answered + found.refused == 8 - len(found.wrong)
    assert (found.answered, found.refused) == (1, 2)  # the model says the same of every paper: right of Lamps only
    assert [wrong for wrong in found.wrong if "not refused" in wrong] == [
        "What does “Lamps” say about understatement? not refused"
    ]
    assert " counted, 1 of 3 with an answer got it, 2 of 3 without one refused; " in found.said()
    assert "did not fit" not in found.said()


def test_one_question_is_asked_and_others_as_they_fit_into_the_time(workspace: Workspace) -> None:
    upsert.store(workspace.library, [Record(paper, line) for line, paper in enumerate(PAPERS, 1)], "a.bib")
    found = self_test.run(workspace, seconds=0)
    assert (found.asked, found.countable, found.planned) == (1, 1, 8)
    assert f"7 of 8 did not fit into the time, all take {found.all_seconds} s" in found.said()


def test_an_empty_library_is_asked_nothing(workspace: Workspace) -> None:
    found = self_test.run(workspace)
    assert (found.asked, found.seconds) == (0, None)
