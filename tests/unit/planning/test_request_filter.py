"""What a request names, as a filter: people, categories, topics, years, bounds."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.planning import Planner
from assistant.planning.intents import Kind
from assistant.planning.request_filter import Linked
from tests.fakes import marked
from tests.unit.planning.test_planner import planner as planner  # the same library


def linked(planner: Planner, text: str, kind: Kind = "list") -> Linked:
    return planner.linker.link(marked(kind, text))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("papers from {2024|year} on", {"since": 2024, "until": None}),
        ("papers between {2024|year_from} and {2025|year_to}", {"since": 2024, "until": 2025}),
        ("papers in {cs.CL|category}", {"category": "cs.CL"}),
        ("papers about {LoRA|topic}", {"words": ("LoRA",)}),
        ("papers about {LoRA|topic} with code", {"words": ("LoRA",), "has_code": True}),
        ("papers without code", {"has_code": False}),
        ("papers not from {2024|not_year}", {"without_years": (2024,)}),
        ("papers at {ACL|venue}", {"venue": "ACL"}),
        ("papers that do not mention {locks|not_topic}", {"without_words": ("locks",)}),
    ],
)
def test_each_passage_restricts_its_field(planner: Planner, text: str, fields: dict[str, Any]) -> None:
    filter = linked(planner, text).filter
    assert {name: getattr(filter, name) for name in fields} == fields


def test_people_have_their_roles(planner: Planner) -> None:
    found = linked(
        planner, "papers by {Naibin Gu|author} with {Xiyu Liu|co_author} but not {Peng Fu|not_author}"
    ).filter
    called = [planner.called(person) for person in (found.author, *found.with_authors, *found.without_authors)]
    assert called == ["Naibin Gu", "Xiyu Liu", "Peng Fu"]


def test_a_person_whom_nobody_knows_is_named_and_does_not_restrict(planner: Planner) -> None:
    found = linked(planner, "papers by {Jane Doe|author}")
    assert (found.unknown_author, found.filter.author) == ("Jane Doe", "")


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("who wrote at least {3|min_count} papers?", (3, None)),
        ("who wrote more than {3|min_count} papers?", (4, None)),
        ("who wrote fewer than {3|max_count} papers?", (None, 2)),
        ("who wrote exactly {3|exact_count} papers?", (3, 3)),
    ],
)
def test_bounds_of_a_ranking_are_inclusive(planner: Planner, text: str, bounds: tuple[int | None, int | None]) -> None:
    found = linked(planner, text, "ranking_people")
    assert (found.least, found.most) == bounds
