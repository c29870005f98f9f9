"""What a request of a talk means on its own."""

from __future__ import annotations

import pytest

from assistant import catalogue
from assistant.library import labels
from assistant.planning import Planner
from assistant.planning.intents import Request
from assistant.types import PaperFilter, Plan, Turn
from tests.fakes import marked
from tests.unit.planning.test_planner import ROPO
from tests.unit.planning.test_planner import planner as planner  # the same library

LISTED = marked("list", "List the papers by {Naibin Gu|author}")
IN_2024 = marked("count", "How many papers did {Naibin Gu|author} publish in {2024|year}?")


def talk(planner: Planner, *requests: Request) -> list[tuple[Plan, tuple[str, ...]]]:
    """Ask one after the other; return the plan of each and the titles it leads to."""
    history: list[Turn] = []
    said = []
    for request in requests:
        planner.reader.requests[request.text] = request  # type: ignore[attr-defined]
        plan = planner.plan(request.text, history=history)
        ids = plan.papers
        if plan.kind == "catalogue":
            found = catalogue.answer(planner.library, plan)
            ids = tuple(row["paper_id"] for row in found.rows if "paper_id" in row)
        history.append(Turn(request.text, "…", ids, plan.question, plan))
        said.append((plan, tuple(paper.title.split(":")[0] for paper in planner.library.papers_by_id(ids))))
    return said


def follow(text: str, ask: str = "same", mode: str = "narrow") -> Request:
    return marked("followup", text, ask=ask, mode=mode)


def test_a_new_topic_drags_nothing_along(planner: Planner) -> None:
    plan, _ = talk(planner, IN_2024, marked("count", "How many papers are there?"))[1]
    assert (plan.question, plan.filter.is_empty) == ("How many papers are there?", True)


@pytest.mark.parametrize(
    ("request_read", "titles"),
    [
        (follow("which of those are from {2024|year}?", "list"), (ROPO, "Light-PEFT")),
        (follow("with {Xiyu Liu|co_author}?"), ("Light-PEFT",)),
        (follow("only by {Xiyu Liu|author}"), ("Light-PEFT",)),
        (follow("not {2024|not_year}"), ("BeamLoRA",)),
        (follow("now {Xiyu Liu|author}", mode="change"), ("Blink", "Light-PEFT")),
        (follow("the newest of them?", "newest"), ("BeamLoRA",)),
        (follow("those on {pruning|topic}"), ("Light-PEFT",)),
    ],
)
def test_a_list_is_narrowed_or_changed(planner: Planner, request_read: Request, titles: tuple[str, ...]) -> None:
    assert talk(planner, LISTED, request_read)[1][1] == titles


def test_those_are_narrowed_again_and_again(planner: Planner) -> None:
    said = talk(planner, LISTED, follow("how many from {2024|year}?", "count"), follow("which have code?", "list"))
    assert (said[1][0].measure, said[1][1]) == ("count", (ROPO, "Light-PEFT"))
    assert said[2][1] == ("Light-PEFT",)


def test_a_count_is_asked_again_for_another_year(planner: Planner) -> None:
    plan, titles = talk(planner, IN_2024, follow("and in {2025|year}?", mode="change"))[1]
    assert (plan.measure, titles) == ("count", ("BeamLoRA",))


def test_another_collection_takes_the_place_of_the_one_before(planner: Planner) -> None:
    labels.add(planner.library, "maps", PaperFilter(title_words=("blink",)))
    labels.add(planner.library, "bees", PaperFilter(title_words=("beam",)))
    first = marked("count", "How many papers are in {maps|label}?")
    changed, _ = talk(planner, first, follow("and in {bees|label}?", mode="change"))[1]
    assert (changed.measure, changed.filter.in_labels) == ("count", ("bees",))
    narrowed, _ = talk(planner, first, follow("which of them are in {bees|label}?"))[1]
    assert narrowed.filter.in_labels == ("maps", "bees")


@pytest.mark.parametrize(
    ("text", "title"),
    [("when did the second one appear?", ROPO), ("the third", "Light-PEFT"), ("the last?", "Light-PEFT")],
)
def test_the_second_one_is_the_second_of_the_list(planner: Planner, text: str, title: str) -> None:
    plan, titles = talk(planner, LISTED, follow(text, "detail", "refer"))[1]
    assert (plan.measure, titles) == ("details", (title,))


def test_it_means_the_paper_of_the_talk(planner: Planner) -> None:
    first = marked("content", "What does {BeamLoRA|title} treat as a beam?")
    plan, titles = talk(planner, first, follow("How many beams does it have?", "content", "refer"))[1]
    assert (plan.kind, titles) == ("passages", ("BeamLoRA",))
    assert plan.subject == "BeamLoRA: Beams of Adapters: How many beams does it have?"


def test_the_papers_of_a_list_are_summed_up(planner: Planner) -> None:
    plan, _ = talk(planner, LISTED, follow("now summarise them", "overview"))[1]
    assert (plan.kind, planner.called(plan.filter.author)) == ("synthesis", "Naibin Gu")


@pytest.mark.parametrize("choice", ["the second", "2", "Ying Wang", "Ying"])
def test_one_of_several_people_is_chosen(planner: Planner, choice: str) -> None:
    said = talk(planner, marked("count", "How many papers by {Wang|author} are there?"), Request(choice, "content"))
    second = "Ying Wang" if choice.startswith("Ying") else said[0][0].candidates[1].name
    assert planner.called(said[1][0].filter.author) == second
    assert said[1][0].kind == "catalogue"
    assert len(said[1][1]) == 1


LORA = marked("overview", "Give me an overview of {LoRA|topic}")


def test_a_count_after_an_overview_counts_the_papers_of_its_topic(planner: Planner) -> None:
    for topic, count in (("LoRA", 2), ("ensemble of a beam", 1)):
        overview = marked("overview", f"Give me an overview of {{{topic}|topic}}")
        plan, _ = talk(planner, overview, follow("how many are there?", ask="count"))[1]
        assert planner.library.count(plan.filter) == count, topic


def test_another_topic_takes_the_place_of_an_overview_s_or_narrows_it(planner: Planner) -> None:
    other = "an overview of {foundation model|topic}"
    changed, _ = talk(planner, LORA, follow(f"rather {other}", ask="overview", mode="change"))[1]
    assert (changed.topic, changed.filter.words) == ("foundation model", ())
    narrowed, _ = talk(planner, LORA, follow(f"of those {other}", ask="overview"))[1]
    assert (narrowed.topic, [word.casefold() for word in narrowed.filter.words]) == ("foundation model", ["lora"])
    only, _ = talk(planner, LORA, follow("only from {2024|year}"))[1]
    assert (only.kind, only.topic, only.filter.since) == ("synthesis", "LoRA", 2024)


WHOSE = marked("count", "How many papers by {Wang|author} are there?")


def test_a_request_that_goes_on_from_a_question_who_is_meant_keeps_what_was_asked(planner: Planner) -> None:
    asked_back, (plan, _) = (said for said in talk(planner, WHOSE, follow("only from {2021|year}")))
    assert asked_back[0].kind == "clarification"
    assert (plan.kind, plan.measure, plan.filter.since) == ("catalogue", "count", 2021)


def test_a_person_is_chosen_after_a_follow_up_that_asked_back(planner: Planner) -> None:
    said = talk(planner, IN_2024, follow("now those of {Wang|author}", mode="change"), Request("2", "content"))
    assert [plan.kind for plan, _ in said] == ["catalogue", "clarification", "catalogue"]
    assert planner.called(said[2][0].filter.author) == said[1][0].candidates[1].name
