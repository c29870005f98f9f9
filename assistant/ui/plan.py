"""Plan of a question as fields that a reader can correct."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, get_args

from assistant.errors import UsageError
from assistant.planning import converted
from assistant.text import measure_in_words
from assistant.types import (
    CataloguePlan,
    ClarificationPlan,
    ComparisonPlan,
    Measure,
    OverviewPlan,
    PaperFilter,
    PassagesPlan,
    Plan,
    PlanKind,
)

KINDS: tuple[tuple[str, PlanKind], ...] = (
    ("Search the abstracts", "passages"),
    ("Look up papers, counts, people", "catalogue"),
    ("Compare the papers named", "comparison"),
    ("Give an overview", "synthesis"),
)
MEASURES: tuple[tuple[str, Measure], ...] = tuple(
    (f"{measure_in_words(measure)[:1].upper()}{measure_in_words(measure)[1:]}", measure)
    for measure in get_args(Measure)
)
CODE = (("any", ""), ("released", "yes"), ("not released", "no"))

_MOST_COMPARED = 8

Called = Callable[[str], str]
"""Returns the name of a person who stands in a filter."""

Fields = tuple[Any, ...]
"""Kind, measure, author, since, until, category, words, code: the values of the fields, in this order."""


def fields(plan: Plan | None, called: Called) -> Fields:
    """Return a plan as the values of the fields."""
    if plan is None:
        return ("passages", None, "", None, None, "", "", "")
    plan = _meant(plan)
    filter = plan.filter
    kind = plan.kind if plan.kind in [known for _, known in KINDS] else "passages"
    code = "" if filter.has_code is None else "yes" if filter.has_code else "no"
    author = called(filter.author) if filter.author else ""
    topic = plan.topic if isinstance(plan, OverviewPlan) else ""
    words = "; ".join(word for word in (*filter.words, topic) if word)
    measure = plan.measure if isinstance(plan, CataloguePlan) else None
    return (kind, measure, author, filter.since, filter.until, filter.category, words, code)


def corrected(plan: Plan, values: Fields, called: Called) -> Plan:
    """Return the plan as the fields say it now; what they do not show of it stays as it is."""
    asked_kind, measure, author, since, until, category, words, code = values
    plan = _meant(plan)
    before = plan.filter
    author = (author or "").strip()
    is_same_author = before.author and author == called(before.author)
    filter: PaperFilter = replace(
        before,
        author=before.author if is_same_author else author,
        position=before.position if author else "",
        since=_year(since),
        until=_year(until),
        category=(category or "").strip(),
        words=tuple(word.strip() for word in (words or "").split(";") if word.strip()),
        has_code={"yes": True, "no": False}.get(code or ""),
    )
    kind: PlanKind = asked_kind or "passages"
    topic_before = plan.topic if isinstance(plan, OverviewPlan) else ""
    subject = plan.subject if isinstance(plan, PassagesPlan) else plan.question
    topic = topic_before if topic_before in filter.words else subject if plan.kind != kind and not filter.words else ""
    changed = plan if plan.kind == kind else converted(plan, kind, subject)
    if isinstance(changed, CataloguePlan):
        changed = replace(changed, measure=measure or "papers", unknown_author="")
    elif isinstance(changed, OverviewPlan):
        filter = replace(filter, words=tuple(word for word in filter.words if word != topic))
        changed = replace(changed, topic=topic, unknown_author="")
    return replace(changed, filter=filter)


def over(kind: str, question: str, scope: PaperFilter, ids: Callable[[PaperFilter], Collection[str]]) -> Plan | None:
    """Return the plan of a comparison or an overview of all papers of a scope; None for any other kind.

    `ids` are the papers that pass a filter. Raises UsageError where there are too few or too many to compare.
    """
    if kind == "synthesis":
        return OverviewPlan(question=question, filter=scope)
    if kind != "comparison":
        return None
    papers = scope.among if scope.among is not None else tuple(sorted(ids(scope)))
    if not 2 <= len(papers) <= _MOST_COMPARED:
        raise UsageError(
            f"Two to {_MOST_COMPARED} papers can be compared; these are {len(papers):,}. Pick some of them."
        )
    return ComparisonPlan(question=question, papers=papers)


def filtered(plan: Plan, filter: PaperFilter) -> Plan:
    """Return the plan for the papers of another filter."""
    return replace(_meant(plan), filter=filter)


def _meant(plan: Plan) -> Plan:
    """Return the plan behind a question who is meant; any other as it is."""
    return (plan.intended or plan) if isinstance(plan, ClarificationPlan) else plan


def _year(value: int | None) -> int | None:
    """Return a year; None for an empty field or a number that is not a year."""
    return value if value is not None and 1000 <= value <= 3000 else None
