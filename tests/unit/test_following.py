"""What a question of a talk means on its own."""

from __future__ import annotations

import pytest

from assistant import catalogue, following
from assistant.planning import Planner
from assistant.types import Plan, Turn
from tests.unit.test_planning import planner as planner  # the same library


def talk(planner: Planner, *questions: str) -> list[tuple[str, Plan, tuple[str, ...]]]:
    """Ask questions one after the other; return each on its own, its plan, and the titles it leads to."""
    history: list[Turn] = []
    said = []
    for question in questions:
        followed = following.standalone(question, history, planner, planner.library.papers_by_id)
        plan = followed.plan or planner.plan(followed.question, of_list=followed.of_list, person=followed.person)
        plan = planner.restricted(plan, followed.chosen)
        ids = plan.papers
        if plan.kind == "catalogue" and plan.measure and not plan.candidates:
            found = catalogue.answer(planner.library, plan.measure, plan.chosen, plan.limit, plan.papers)
            ids = tuple(row["paper_id"] for row in found.rows if "paper_id" in row)
        history.append(Turn(question, "…", ids, plan.question, plan))
        titles = tuple(paper.title.split(":")[0] for paper in planner.library.papers_by_id(ids))
        said.append((plan.question, plan, titles))
    return said


def test_without_a_talk_a_question_stands_alone(planner: Planner) -> None:
    assert talk(planner, "What does it propose?")[0][0] == "What does it propose?"


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("How many beams does it have?", "How many beams does BeamLoRA have?"),
        ("What are its limits?", "What are BeamLoRA's limits?"),
        ("Does the method use LoRA?", "Does BeamLoRA use LoRA?"),
        ("Who wrote it?", "Who wrote BeamLoRA?"),
        ("And Light-PEFT?", "What does Light-PEFT treat as a beam?"),
        ("Why?", "What does BeamLoRA treat as a beam? Why?"),
    ],
)
def test_it_means_the_paper_of_the_talk(planner: Planner, question: str, alone: str) -> None:
    assert talk(planner, "What does BeamLoRA treat as a beam?", question)[1][0] == alone


@pytest.mark.parametrize(
    "question", ["What does Blink scan?", "How many papers are there?", "Who in Blink says that it scans?", "Hello"]
)
def test_a_new_topic_drags_nothing_along(planner: Planner, question: str) -> None:
    _, plan, _ = talk(planner, "How many papers did Naibin Gu publish in 2024?", question)[1]
    assert plan.question == question
    assert plan.chosen.author == ""
    assert plan.chosen.since is None


def test_those_are_the_papers_of_the_list(planner: Planner) -> None:
    said = talk(planner, "Which papers are about LoRA?", "Which of those is the newest?", "What does it propose?")
    assert said[0][2] == ("BeamLoRA", "Light-PEFT")
    assert said[1][2] == ("BeamLoRA",)
    assert said[2][0] == "What does BeamLoRA propose?"


def test_those_are_narrowed_again_and_again(planner: Planner) -> None:
    said = talk(planner, "papers by Naibin Gu", "how many of those are from 2024?", "which of them have code?")
    assert said[1][2] == ("Orthogonal Rotations for Preference Optimization", "Light-PEFT")
    assert said[2][2] == ("Light-PEFT",)


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("and in 2025?", ("BeamLoRA",)),
        ("what about Xiyu Liu?", ("Light-PEFT",)),
        ("with code?", ("Light-PEFT",)),
        ("and in cs.LG?", ("Orthogonal Rotations for Preference Optimization",)),
    ],
)
def test_a_change_takes_the_place_of_what_it_changes(planner: Planner, question: str, titles: tuple[str, ...]) -> None:
    said = talk(planner, "Which papers did Naibin Gu publish in 2024?", question)
    assert said[1][1].measure == "papers"
    assert said[1][2] == titles


def test_a_count_is_asked_again_for_another_year(planner: Planner) -> None:
    said = talk(planner, "How many papers did Naibin Gu publish in 2024?", "and in 2025?")
    assert said[1][0] == "How many papers did Naibin Gu publish in 2025?"
    assert (said[1][1].measure, said[1][2]) == ("count", ("BeamLoRA",))


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("What does the second one propose?", "What does “Orthogonal Rotations for Preference Optimization” propose?"),
        ("What does the last one propose?", "What does Light-PEFT propose?"),
        ("What does [1] propose?", "What does BeamLoRA propose?"),
        ("What does paper 3 propose?", "What does Light-PEFT propose?"),
    ],
)
def test_the_second_one_is_the_second_of_the_list(planner: Planner, question: str, alone: str) -> None:
    assert talk(planner, "List the papers by Naibin Gu", question)[1][0] == alone


def test_a_place_beyond_the_list_is_no_paper(planner: Planner) -> None:
    question = "What does the ninth one propose?"
    assert talk(planner, "List the papers by Naibin Gu", question)[1][0] == question


def test_she_is_the_author_of_the_talk(planner: Planner) -> None:
    said = talk(planner, "What has Naibin Gu worked on?", "How many papers did she publish in 2025?")
    assert said[1][0] == "How many papers did Naibin Gu publish in 2025?"


@pytest.mark.parametrize("choice", ["the second", "2", "Ying Wang", "Ying"])
def test_one_of_several_people_is_chosen(planner: Planner, choice: str) -> None:
    said = talk(planner, "How many papers by Wang are there?", choice)
    second = said[0][1].candidates[1].name
    if choice.startswith("Ying"):
        second = "Ying Wang"
    assert planner.called(said[1][1].chosen.author) == second
    assert said[1][1].candidates == ()
    assert len(said[1][2]) == 1


def test_a_summary_is_asked_again_on_another_topic(planner: Planner) -> None:
    said = talk(planner, "Summarise Naibin Gu's work on adapters", "What about pruning?")
    assert said[1][0] == "Summarise Naibin Gu's work on pruning"
