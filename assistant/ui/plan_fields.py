"""Plan of a question as fields that a reader can correct."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import get_args

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


@dataclass(frozen=True, slots=True)
class PlanFields:
    """A plan as the texts of the fields of a form; an empty one says nothing."""

    kind: str = "passages"
    measure: str = ""
    author: str = ""
    since: str = ""
    until: str = ""
    category: str = ""
    words: str = ""
    code: str = ""


def fields(plan: Plan, called: Called) -> PlanFields:
    """Return a plan as the values of the fields."""
    plan = _meant(plan)
    filter = plan.filter
    kind = plan.kind if plan.kind in [known for _, known in KINDS] else "passages"
    code = "" if filter.has_code is None else "yes" if filter.has_code else "no"
    author = called(filter.author) if filter.author else ""
    topic = plan.topic if isinstance(plan, OverviewPlan) else ""
    words = "; ".join(word for word in (*filter.words, topic) if word)
    measure = plan.measure if isinstance(plan, CataloguePlan) else ""
    since, until = str(filter.since or ""), str(filter.until or "")
    return PlanFields(kind, measure, author, since, until, filter.category, words, code)


def corrected(plan: Plan, asked: PlanFields, called: Called) -> Plan:
    """Return the plan as the fields say it now; what they do not show of it stays as it is. Raises UsageError."""
    plan = _meant(plan)
    before = plan.filter
    author = asked.author.strip()
    is_same_author = before.author and author == called(before.author)
    filter: PaperFilter = replace(
        before,
        author=before.author if is_same_author else author,
        position=before.position if author else "",
        since=_year(asked.since),
        until=_year(asked.until),
        category=asked.category.strip(),
        words=tuple(word.strip() for word in asked.words.split(";") if word.strip()),
        has_code={"yes": True, "no": False}.get(asked.code),
    )
    kind = next((known for _, known in KINDS if known == asked.kind), None)
    measure = next((known for _, known in MEASURES if known == asked.measure), None)
    if kind is None or (asked.measure and measure is None):
        raise UsageError(f"A question cannot be read as “{asked.kind} {asked.measure}”. Choose from the lists.")
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


def still_in(scope: PaperFilter, filter: PaperFilter) -> PaperFilter:
    """Return what of a scope a filter still says: a question that was corrected is kept to no more than that."""
    kept = {field.name: getattr(scope, field.name) for field in dataclasses.fields(scope)}
    return PaperFilter(**{name: value for name, value in kept.items() if value == getattr(filter, name)})


def _meant(plan: Plan) -> Plan:
    """Return the plan behind a question who is meant; any other as it is."""
    return (plan.intended or plan) if isinstance(plan, ClarificationPlan) else plan


def _year(value: str) -> int | None:
    """Return a year; None for an empty field or what is not a year."""
    return int(value) if value.isdecimal() and 1000 <= int(value[:5]) <= 3000 else None
