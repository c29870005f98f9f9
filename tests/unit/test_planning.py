"""From a question to a plan, over a small library of people, papers, years and categories."""

from __future__ import annotations

from datetime import date

import pytest

from assistant import recording
from assistant.library import Library
from assistant.planning import Planner
from assistant.types import AuthorProfile, PaperFilter, Plan, Record
from tests.conftest import make_paper
from tests.fakes import NoRoute

PAPERS = (
    make_paper(
        "BeamLoRA: Beams of Adapters",
        "BeamLoRA treats each LoRA adapter as a beam of an ensemble.",
        authors=("Naibin Gu", "Peng Fu"),
        date="2025-02-19",
        categories=("cs.CL",),
        venue="Annual Meeting of the Association for Computational Linguistics",
    ),
    make_paper(
        "Light-PEFT: Early Pruning",
        "Light-PEFT prunes the foundation model early. It builds on LoRA.",
        authors=("Naibin Gu", "Xiyu Liu"),
        date="2024-06-06",
        categories=("cs.CL",),
        has_code=True,
    ),
    make_paper(
        "Orthogonal Rotations for Preference Optimization",
        "We introduce RoPO, which rotates weights for reinforcement learning.",
        authors=("Chenxu Yang", "Naibin Gu"),
        date="2024-09-23",
        categories=("cs.LG",),
    ),
    make_paper(
        "Blink: Visual Tokens",
        "Blink scans images as people do.",
        authors=("José María Ruiz", "Xiyu Liu"),
        date="2026-01-11",
        categories=("cs.CV",),
    ),
    make_paper("Locks and Keys of Locksmiths", "All about locks.", authors=("Wei Wang", "Ann Lee"), date="2020"),
    make_paper("Ships at Sea", "All about ships.", authors=("Ying Wang",), date="2021"),
)


@pytest.fixture
def planner(library: Library) -> Planner:
    recording.keep(library, [Record(paper, 1) for paper in PAPERS], "x")
    return Planner(library, NoRoute(), lambda: date(2026, 11, 25))  # type: ignore[arg-type]


def titles(planner: Planner, plan: Plan) -> list[str]:
    return [paper.title.split(":")[0] for paper in planner.library.papers_by_id(plan.papers)]


def chosen(planner: Planner, question: str) -> list[str]:
    return sorted(paper.title.split(":")[0] for paper in planner.library.papers(planner.plan(question).chosen))


@pytest.mark.parametrize(
    "name", ["Naibin Gu", "naibin gu", "NAIBIN GU", "Gu Naibin", "N. Gu", "Nabin Gu", "Naibin Gü", "Naibin Gu's"]
)
def test_a_person_is_found_in_every_spelling(planner: Planner, name: str) -> None:
    plan = planner.plan(f"How many papers by {name} are there?")
    assert (plan.kind, plan.measure, planner.called(plan.chosen.author)) == ("catalogue", "count", "Naibin Gu")


@pytest.mark.parametrize("question", ["List Gu's papers", "papers by gu", "gu's latest paper", "What did Gu publish?"])
def test_a_family_name_is_enough_where_it_can_only_be_a_name(planner: Planner, question: str) -> None:
    assert planner.called(planner.plan(question).chosen.author) == "Naibin Gu"


def test_a_name_read_in_another_spelling_is_said(planner: Planner) -> None:
    plan = planner.plan("How many papers by Nabin Gu?")
    assert plan.corrections == (("Nabin Gu", "Naibin Gu"),)
    assert "“Nabin Gu” read as “Naibin Gu”" in plan.words


def test_a_name_that_several_have_is_asked_back(planner: Planner) -> None:
    plan = planner.plan("How many papers by Wang are there?")
    assert {candidate.name for candidate in plan.candidates} == {"Wei Wang", "Ying Wang"}
    assert "with Ann Lee" in next(each.words for each in plan.candidates if each.name == "Wei Wang")


def test_a_name_that_nobody_has_is_told_as_such(planner: Planner) -> None:
    plan = planner.plan("How many papers did John Smithers publish?")
    assert (plan.kind, plan.unknown_author) == ("catalogue", "John Smithers")


@pytest.mark.parametrize(
    ("question", "found"),
    [
        (
            "Which papers did Naibin Gu publish in 2024?",
            ["Light-PEFT", "Orthogonal Rotations for Preference Optimization"],
        ),
        ("papers by Naibin Gu as first author", ["BeamLoRA", "Light-PEFT"]),
        ("papers of Naibin Gu with Xiyu Liu", ["Light-PEFT"]),
        ("papers by Naibin Gu without Peng Fu since 2025", []),
        ("papers by Peng Fu or Chenxu Yang", ["BeamLoRA", "Orthogonal Rotations for Preference Optimization"]),
        ("List the computer vision papers", ["Blink"]),
        ("papers in cs.LG", ["Orthogonal Rotations for Preference Optimization"]),
        ("Which papers released code?", ["Light-PEFT"]),
        ("Which papers are about LoRA?", ["BeamLoRA", "Light-PEFT"]),
        ("Which papers mention RoPO?", ["Orthogonal Rotations for Preference Optimization"]),
        ("How many papers mention “reinforcement learning”?", ["Orthogonal Rotations for Preference Optimization"]),
        ("papers before 2021", ["Locks and Keys of Locksmiths"]),
        ("papers from June 2024", ["Light-PEFT"]),
        ("papers at ACL", ["BeamLoRA"]),
        ("how mny papres did naibin gu publsh in 2025", ["BeamLoRA"]),
        ("Naibin Gu 在2024年发表了几篇论文？", ["Light-PEFT", "Orthogonal Rotations for Preference Optimization"]),
    ],
)
def test_filters_are_read_and_combined(planner: Planner, question: str, found: list[str]) -> None:
    assert planner.plan(question).kind == "catalogue"
    assert chosen(planner, question) == found


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What does BeamLoRA propose?", ["BeamLoRA"]),
        ("what does beamlora propose", ["BeamLoRA"]),
        ("What does BeamLroA propose?", ["BeamLoRA"]),
        ("How does light peft prune?", ["Light-PEFT"]),
        ("What is preference optimization?", ["Orthogonal Rotations for Preference Optimization"]),
        (
            "What does orthogonal rotations for preference optimization do?",
            ["Orthogonal Rotations for Preference Optimization"],
        ),
        ("What does RoPO rotate?", ["Orthogonal Rotations for Preference Optimization"]),
        ("How are images scanned?", []),
        ("BeamLoRA 提出了什么？", ["BeamLoRA"]),
    ],
)
def test_papers_are_named_by_title_by_short_name_or_by_what_only_they_hold(
    planner: Planner, question: str, named: list[str]
) -> None:
    plan = planner.plan(question)
    assert (plan.kind, titles(planner, plan)) == ("passages", named)


def test_two_papers_are_compared(planner: Planner) -> None:
    plan = planner.plan("Compare BeamLoRA and Light-PEFT.")
    assert (plan.kind, sorted(titles(planner, plan))) == ("comparison", ["BeamLoRA", "Light-PEFT"])
    assert planner.plan("What is the difference between RoPO and BeamLoRA?").kind == "comparison"


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What has Naibin Gu worked on?", "synthesis"),
        ("What are the main themes of the 2024 papers?", "synthesis"),
        ("Hello!", "about"),
        ("What can you do?", "about"),
        ("What does Naibin Gu say about protein folding?", "passages"),
        ("Who won the 2018 world cup?", "passages"),
    ],
)
def test_the_kind_of_a_question_is_told(planner: Planner, question: str, kind: str) -> None:
    assert planner.plan(question).kind == kind


def test_a_year_in_a_name_is_no_filter_of_prose(planner: Planner) -> None:
    assert planner.plan("Who won the 2018 world cup?").chosen.is_empty
    assert planner.plan("What did the 2024 papers find out about pruning?").chosen == PaperFilter(
        since=2024, until=2024
    )


def test_an_author_in_a_question_of_content_restricts_the_search(planner: Planner) -> None:
    plan = planner.plan("What does Naibin Gu say about pruning?")
    assert (planner.called(plan.chosen.author), plan.subject) == ("Naibin Gu", "What does say about pruning?")


def test_the_reader_s_own_filter_stays(planner: Planner) -> None:
    plan = planner.plan("How many papers did Naibin Gu publish in 2024?", PaperFilter(author="Xiyu Liu", since=2020))
    assert (plan.chosen.author, plan.chosen.since, plan.chosen.until) == ("Xiyu Liu", 2020, None)


def test_a_pronoun_means_the_owner_of_the_only_author_page(planner: Planner) -> None:
    planner.library.keep_profile(AuthorProfile("Naibin Gu", "CL", (("h-index", "45"),), "2026-11-23"), "page")
    assert planner.plan("List her first-author papers").chosen == PaperFilter(author="Naibin Gu", position="first")
    assert planner.plan("What is Naibin Gu's h-index?").measure == "profile"


def test_the_plan_is_said_in_words(planner: Planner) -> None:
    plan = planner.plan("How many papers did Naibin Gu publish in 2024?")
    assert plan.words == "Look up how many papers there are: papers by Naibin Gu from 2024"


@pytest.mark.parametrize(
    "question", ["", "?", "@a0 #h @p0", "“”", "[" * 500, "the of and", "\u202epapers by \u200bGu", "'" * 99]
)
def test_odd_questions_get_a_plan_too(planner: Planner, question: str) -> None:
    assert planner.plan(question).kind in ("passages", "catalogue", "synthesis", "about")


@pytest.mark.parametrize(
    ("question", "words", "years"),
    [
        ("Give me an overview of LoRA", ("lora",), (None, None)),
        ("What trends do you see in reinforcement learning since 2024?", ("reinforcement learning",), (2024, None)),
        ("How did the work on LoRA adapters evolve?", ("lora adapters",), (None, None)),
        ("What are the main themes of the 2025 papers?", (), (2025, 2025)),
        ("What changed since 2024?", (), (None, None)),
        ("Summarise Naibin Gu's work", (), (None, None)),
        ("How has Naibin Gu's focus changed over the years?", (), (None, None)),
        ("Summarize the papers by Naibin Gu on preference optimization", ("preference optimization",), (None, None)),
    ],
)
def test_an_overview_is_of_all_papers_that_hold_its_topic(
    planner: Planner, question: str, words: tuple[str, ...], years: tuple[int | None, int | None]
) -> None:
    plan = planner.plan(question)
    assert plan.kind == "synthesis"
    assert tuple(word.casefold() for word in plan.chosen.words) == words
    assert (plan.chosen.since, plan.chosen.until) == years
    assert bool(plan.chosen.author) == ("Naibin" in question)
    assert plan.topic == ""


def test_a_topic_that_no_paper_holds_is_kept_for_a_search_by_meaning(planner: Planner) -> None:
    plan = planner.plan("Give me an overview of protein folding")
    assert (plan.kind, plan.topic, plan.chosen.words) == ("synthesis", "protein folding", ())
    assert "“protein folding”" in plan.words


@pytest.mark.parametrize(
    "question", ["Summarise Jane Doe's work", "Summarise the work of Jane Doe", "What are Jane Doe's main themes?"]
)
def test_an_overview_of_a_person_who_is_not_there_says_so(planner: Planner, question: str) -> None:
    assert planner.plan(question).unknown_author == "Jane Doe"


@pytest.mark.parametrize("question", ["Summarise BeamLoRA", "Give me a summary of BeamLoRA", "TL;DR of BeamLoRA"])
def test_a_named_paper_is_summarised_by_itself(planner: Planner, question: str) -> None:
    plan = planner.plan(question)
    assert plan.kind == "synthesis"
    assert titles(planner, plan) == ["BeamLoRA"]


def test_a_question_of_fact_about_a_named_paper_is_no_summary(planner: Planner) -> None:
    assert planner.plan("What are the main contributions of BeamLoRA?").kind == "passages"


@pytest.mark.parametrize(
    ("question", "length"),
    [
        ("Briefly summarise Naibin Gu's work", "short"),
        ("Summarise Naibin Gu's work", "medium"),
        ("Give me a detailed overview of Naibin Gu's work", "long"),
    ],
)
def test_an_overview_is_as_long_as_is_asked(planner: Planner, question: str, length: str) -> None:
    assert planner.plan(question).length == length


@pytest.mark.parametrize(
    ("question", "position", "has_code", "count"),
    [
        ("Summarise the papers with released code", "", True, 1),
        ("Summarise the papers where Naibin Gu is first author", "first", None, 2),
        ("Summarise all 12 papers", "", None, 6),
        ("What is hot in this pile?", "", None, 6),
        ("what's hot?", "", None, 6),
        ("Give me an overview of the library in 3 sentences", "", None, 6),
    ],
)
def test_flags_and_numbers_of_an_overview_are_no_topic(
    planner: Planner, question: str, position: str, has_code: bool | None, count: int
) -> None:
    plan = planner.plan(question)
    assert (plan.kind, plan.topic, plan.chosen.words) == ("synthesis", "", ())
    assert (plan.chosen.position, plan.chosen.has_code) == (position, has_code)
    assert planner.library.count(plan.chosen) == count


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Summarise the 2 newest papers", ["Blink", "BeamLoRA"]),
        ("Summarise the most recent paper", ["Blink"]),
        ("Summarise the latest paper by Naibin Gu", ["BeamLoRA"]),
        ("Give me an overview of the two oldest papers", ["Locks and Keys of Locksmiths", "Ships at Sea"]),
    ],
)
def test_an_overview_may_be_of_the_newest_or_oldest_only(planner: Planner, question: str, named: list[str]) -> None:
    plan = planner.plan(question)
    assert (plan.kind, plan.topic) == ("synthesis", "")
    assert titles(planner, plan) == named


def test_what_changed_since_a_year_is_told_beside_what_was_before(planner: Planner) -> None:
    assert planner.plan("What changed since 2025?").chosen == PaperFilter()
    assert planner.plan("What are the main themes since 2025?").chosen == PaperFilter(since=2025)


def test_a_question_read_as_an_overview_by_the_reader_keeps_its_topic(planner: Planner) -> None:
    plan = planner.as_kind(planner.plan("What does RoPO rotate for reinforcement learning?"), "synthesis")
    assert plan.kind == "synthesis"
    assert plan.topic or plan.chosen.words or plan.papers
