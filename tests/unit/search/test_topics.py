"""Which papers a topic means."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from assistant.library import Library, upsert
from assistant.search import topics
from assistant.types import PaperFilter, Passage, Record
from tests.conftest import make_paper
from tests.fakes import ScriptedModel

PAPERS = [
    *(make_paper(f"Diffusion Model {n}", "A diffusion model of images.", date=f"202{n}") for n in range(4)),
    make_paper("Diffusion of Heat", "A model of heat in metals."),
    make_paper("Pruning", "Pruning removes weights."),
]


@pytest.fixture
def filled(library: Library) -> Library:
    upsert.store(library, [Record(paper, 1) for paper in PAPERS], "x")
    return library


def titles(library: Library, chosen: PaperFilter) -> set[str]:
    return {paper.title for paper in library.papers(chosen)}


def test_papers_that_hold_the_phrase_are_meant_in_singular_and_plural(filled: Library) -> None:
    for topic in ("diffusion model", "Diffusion models"):
        found = topics.select(filled, topic, PaperFilter())
        assert titles(filled, found.filter) == {f"Diffusion Model {n}" for n in range(4)}
        assert found.note == ""


def test_where_few_hold_the_phrase_those_with_its_words_are_meant(filled: Library) -> None:
    assert titles(filled, topics.select(filled, "heat in metals of a model", PaperFilter()).filter) == {
        "Diffusion of Heat"
    }


def test_a_filter_of_the_reader_stays(filled: Library) -> None:
    chosen = topics.select(filled, "diffusion model", PaperFilter(since=2022)).filter
    assert titles(filled, chosen) == {"Diffusion Model 2", "Diffusion Model 3"}


def test_where_no_paper_holds_the_words_the_nearest_in_meaning_are_taken_and_it_is_said(filled: Library) -> None:
    pruning = next(paper.id for paper in filled.papers() if paper.title == "Pruning")
    heat = next(paper.id for paper in filled.papers() if paper.title == "Diffusion of Heat")

    def search(_text: str, _limit: int, _chosen: PaperFilter) -> list[Passage]:
        return [Passage(pruning, 1.0, 0.6), Passage(heat, 0.2, 0.1)]

    found = topics.select(filled, "sparsification", PaperFilter(), search)
    assert titles(filled, found.filter) == {"Pruning"}
    assert "1 paper nearest in meaning" in found.note


def test_a_topic_far_from_everything_chooses_nothing(filled: Library) -> None:
    found = topics.select(filled, "zzyzx", PaperFilter(), lambda *_: [Passage("x", 1.0, 0.1)])
    assert filled.count(found.filter) == 0


def test_papers_near_a_topic_that_hold_none_of_its_words_are_read_and_those_about_it_join(filled: Library) -> None:
    near = {paper.title: paper.id for paper in filled.papers()}

    def search(_text: str, _limit: int, _chosen: PaperFilter) -> list[Passage]:
        return [Passage(near[title], 1.0, 0.6) for title in ("Diffusion Model 1", "Pruning", "Diffusion of Heat")]

    held = topics.select(filled, "diffusion models", PaperFilter(), search)
    unread = topics.unread(filled, "diffusion models", PaperFilter(), held, search)
    assert [paper.title for paper in unread] == ["Pruning", "Diffusion of Heat"]
    model = ScriptedModel()
    model.denied = ("Pruning",)
    told = {paper.id: topics.is_about("diffusion models", paper, model, None, threading.Event()) for paper in unread}
    assert told == {near["Pruning"]: False, near["Diffusion of Heat"]: True}
    meant = topics.with_read(filled, "diffusion models", held, [paper for paper, about in told.items() if about])
    assert titles(filled, meant.filter) == {"Diffusion of Heat", *(f"Diffusion Model {n}" for n in range(4))}
    assert meant.note == "4 papers by the words “diffusion models”, 1 more as the model reads them"


def test_where_none_is_about_the_topic_as_the_model_reads_them_nothing_is_meant(filled: Library) -> None:
    pruning = next(paper.id for paper in filled.papers() if paper.title == "Pruning")
    near = topics.select(filled, "sparsification", PaperFilter(), lambda *_: [Passage(pruning, 1.0, 0.6)])
    assert filled.count(topics.with_read(filled, "sparsification", near, []).filter) == 0


def test_a_topic_of_many_papers_and_none_at_all_need_no_reading(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(_text: str, _limit: int, _chosen: PaperFilter) -> list[Passage]:
        return [Passage(paper.id, 1.0, 0.6) for paper in filled.papers()]

    monkeypatch.setattr(topics, "MOST_HELD", 3)
    for topic in ("diffusion models", ""):
        held = topics.select(filled, topic, PaperFilter(), search)
        assert topics.unread(filled, topic, PaperFilter(), held, search) == ()


def test_a_model_that_does_not_tell_leaves_the_papers_as_they_are(filled: Library) -> None:
    paper = filled.papers()[0]
    assert topics.is_about("pruning", paper, ScriptedModel(), None, threading.Event()) is None


@pytest.mark.parametrize("topic", ["", "  ", "?!"])
def test_a_topic_without_words_restricts_nothing(filled: Library, topic: str) -> None:
    assert topics.select(filled, topic, PaperFilter()).filter == PaperFilter()


def test_a_paper_without_an_abstract_is_not_read(filled: Library) -> None:
    bare = replace(make_paper("Sparsity"), abstract="")
    upsert.store(filled, [Record(bare, 1)], "y")
    near = {paper.title: paper.id for paper in filled.papers()}

    def search(_text: str, _limit: int, _chosen: PaperFilter) -> list[Passage]:
        return [Passage(near[title], 1.0, 0.6) for title in ("Sparsity", "Pruning")]

    for topic in ("diffusion models", "weightlessness"):
        held = topics.select(filled, topic, PaperFilter(), search)
        assert [paper.title for paper in topics.unread(filled, topic, PaperFilter(), held, search)] == ["Pruning"]
