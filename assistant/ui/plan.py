"""How a question was read, shown as fields that a reader can correct."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

from assistant.text import measure_in_words
from assistant.types import Measure, PaperFilter, Plan, PlanKind

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

Called = Callable[[str], str]
"""Returns the name of a person who stands in a filter."""

Fields = tuple[Any, ...]
"""Kind, measure, author, since, until, category, words, code: the values of the fields, in this order."""


def fields(plan: Plan | None, called: Called) -> Fields:
    """Return a plan as the values of the fields."""
    if plan is None:
        return ("passages", None, "", None, None, "", "", "")
    chosen = plan.chosen
    kind = plan.kind if plan.kind != "about" else "passages"
    code = "" if chosen.has_code is None else "yes" if chosen.has_code else "no"
    author = called(chosen.author) if chosen.author else ""
    words = "; ".join(word for word in (*chosen.words, plan.topic) if word)
    return (kind, plan.measure, author, chosen.since, chosen.until, chosen.category, words, code)


def corrected(plan: Plan, values: Fields, called: Called) -> Plan:
    """Return the plan as the fields say it now; what they do not show of it stays as it is."""
    kind, measure, author, since, until, category, words, code = values
    before = plan.chosen
    kept_author = before.author and (author or "").strip() == called(before.author)
    chosen: PaperFilter = replace(
        before,
        author=before.author if kept_author else (author or "").strip(),
        position=before.position if (author or "").strip() else "",
        since=_year(since),
        until=_year(until),
        category=(category or "").strip(),
        words=tuple(word.strip() for word in (words or "").split(";") if word.strip()),
        has_code={"yes": True, "no": False}.get(code or ""),
    )
    is_counted = kind == "catalogue"
    topic = plan.topic if plan.topic in chosen.words and kind == "synthesis" else ""
    if kind == "synthesis" and plan.kind != "synthesis" and not chosen.words:
        topic = plan.subject
    return replace(
        plan,
        topic=topic,
        kind=kind or "passages",
        measure=(measure or "papers") if is_counted else None,
        chosen=replace(chosen, words=tuple(word for word in chosen.words if word != topic)),
        candidates=(),
        unknown_author="",
    )


def _year(value: Any) -> int | None:
    """Return a year; nothing for an empty field or what is no year."""
    try:
        year = int(value)
    except (TypeError, ValueError):
        return None
    return year if 1000 <= year <= 3000 else None
