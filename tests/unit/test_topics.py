"""Which papers a topic means."""

from __future__ import annotations

import pytest

from assistant import recording, topics
from assistant.library import Library
from assistant.types import PaperFilter, Passage, Record
from tests.conftest import make_paper

PAPERS = [
    *(make_paper(f"Diffusion Model {n}", "A diffusion model of images.", date=f"202{n}") for n in range(4)),
    make_paper("Diffusion of Heat", "A model of heat in metals."),
    make_paper("Pruning", "Pruning removes weights."),
]


@pytest.fixture
def filled(library: Library) -> Library:
    recording.keep(library, [Record(paper, 1) for paper in PAPERS], "x")
    return library


def titles(library: Library, chosen: PaperFilter) -> set[str]:
    return {paper.title for paper in library.papers(chosen)}


def test_papers_that_hold_the_phrase_are_meant_in_singular_and_plural(filled: Library) -> None:
    for topic in ("diffusion model", "Diffusion models"):
        found = topics.select(filled, topic, PaperFilter())
        assert titles(filled, found.chosen) == {f"Diffusion Model {n}" for n in range(4)}
        assert found.note == ""


def test_where_few_hold_the_phrase_those_with_its_words_are_meant(filled: Library) -> None:
    assert titles(filled, topics.select(filled, "heat in metals of a model", PaperFilter()).chosen) == {
        "Diffusion of Heat"
    }


def test_a_filter_of_the_reader_stays(filled: Library) -> None:
    chosen = topics.select(filled, "diffusion model", PaperFilter(since=2022)).chosen
    assert titles(filled, chosen) == {"Diffusion Model 2", "Diffusion Model 3"}


def test_where_no_paper_holds_the_words_the_nearest_in_meaning_are_taken_and_it_is_said(filled: Library) -> None:
    pruning = next(paper.id for paper in filled.papers() if paper.title == "Pruning")
    heat = next(paper.id for paper in filled.papers() if paper.title == "Diffusion of Heat")

    def search(_text: str, _limit: int, _chosen: PaperFilter) -> list[Passage]:
        return [Passage(pruning, 1.0, 0.6), Passage(heat, 0.2, 0.1)]

    found = topics.select(filled, "sparsification", PaperFilter(), search)
    assert titles(filled, found.chosen) == {"Pruning"}
    assert "1 paper nearest in meaning" in found.note


def test_a_topic_far_from_everything_chooses_nothing(filled: Library) -> None:
    found = topics.select(filled, "zzyzx", PaperFilter(), lambda *_: [Passage("x", 1.0, 0.1)])
    assert filled.count(found.chosen) == 0


@pytest.mark.parametrize("topic", ["", "  ", "?!"])
def test_a_topic_without_words_restricts_nothing(filled: Library, topic: str) -> None:
    assert topics.select(filled, topic, PaperFilter()).chosen == PaperFilter()
