"""A plan as the fields of the page, and back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.errors import UsageError
from assistant.types import CataloguePlan, ClarificationPlan, ComparisonPlan, OverviewPlan, PaperFilter
from assistant.ui.plan_fields import corrected, fields, over, still_in

OVERVIEW = OverviewPlan(question="?", filter=PaperFilter(words=("pruning",)), topic="LoRA")


def test_an_overview_s_topic_stands_beside_the_words_and_stays_when_something_else_is_corrected() -> None:
    asked = fields(OVERVIEW, str)
    assert asked.words == "pruning; LoRA"
    plan = corrected(OVERVIEW, replace(asked, since="2024"), str)
    assert (plan.topic, plan.filter.words, plan.filter.since) == ("LoRA", ("pruning",), 2024)


def test_read_as_a_list_the_topic_becomes_words() -> None:
    plan = corrected(OVERVIEW, replace(fields(OVERVIEW, str), kind="catalogue"), str)
    assert (plan.kind, plan.filter.words, plan.measure) == ("catalogue", ("pruning", "LoRA"), "papers")


def test_a_question_who_is_meant_is_shown_and_corrected_as_what_was_asked() -> None:
    intended = CataloguePlan(question="?", measure="count", filter=PaperFilter(author="Wang"))
    plan = ClarificationPlan(question="?", filter=intended.filter, intended=intended)
    asked = fields(plan, str)
    assert (asked.kind, asked.measure, asked.author) == ("catalogue", "count", "Wang")
    changed = corrected(plan, replace(asked, author="Ying Wang"), str)
    assert (changed.kind, changed.measure, changed.filter.author) == ("catalogue", "count", "Ying Wang")


@pytest.mark.parametrize("wrong", [{"kind": "junk"}, {"kind": ""}, {"measure": "junk"}])
def test_what_no_field_offers_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="cannot be read as"):
        corrected(OVERVIEW, replace(fields(OVERVIEW, str), **wrong), str)


def test_a_scope_is_compared_whole_where_it_is_small_enough() -> None:
    scope = PaperFilter(since=2020)
    assert over("comparison", "?", scope, lambda _: {"b", "a"}) == ComparisonPlan(question="?", papers=("a", "b"))
    assert over("synthesis", "?", scope, lambda _: set()) == OverviewPlan(question="?", filter=scope)
    assert over("", "?", scope, lambda _: set()) is None
    for few in ({"a"}, set(map(str, range(9)))):
        with pytest.raises(UsageError, match="can be compared"):
            over("comparison", "?", scope, lambda _, few=few: few)


def test_of_a_scope_remains_what_the_corrected_filter_says() -> None:
    scope = PaperFilter(author="ada", since=1840)
    assert still_in(scope, PaperFilter(author="ada", words=("loom",))) == PaperFilter(author="ada")
