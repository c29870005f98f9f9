"""A plan as the fields of the page, and back."""

from __future__ import annotations

from assistant.types import CataloguePlan, ClarificationPlan, OverviewPlan, PaperFilter
from assistant.ui.plan import corrected, fields

OVERVIEW = OverviewPlan(question="?", filter=PaperFilter(words=("pruning",)), topic="LoRA")


def test_an_overview_s_topic_stands_beside_the_words_and_stays_when_something_else_is_corrected() -> None:
    values = list(fields(OVERVIEW, str))
    assert values[6] == "pruning; LoRA"
    values[3] = 2024
    plan = corrected(OVERVIEW, tuple(values), str)
    assert (plan.topic, plan.filter.words, plan.filter.since) == ("LoRA", ("pruning",), 2024)


def test_read_as_a_list_the_topic_becomes_words() -> None:
    values = ("catalogue", *fields(OVERVIEW, str)[1:])
    plan = corrected(OVERVIEW, values, str)
    assert (plan.kind, plan.filter.words, plan.measure) == ("catalogue", ("pruning", "LoRA"), "papers")


def test_a_question_who_is_meant_is_shown_and_corrected_as_what_was_asked() -> None:
    intended = CataloguePlan(question="?", measure="count", filter=PaperFilter(author="Wang"))
    plan = ClarificationPlan(question="?", filter=intended.filter, intended=intended)
    values = list(fields(plan, str))
    assert values[:3] == ["catalogue", "count", "Wang"]
    values[2] = "Ying Wang"
    changed = corrected(plan, tuple(values), str)
    assert (changed.kind, changed.measure, changed.filter.author) == ("catalogue", "count", "Ying Wang")
