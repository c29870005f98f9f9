"""Tables of what was counted: the number in a row leads to as many papers."""

from __future__ import annotations

import pytest

from assistant import catalogue
from assistant.library import Library, upsert
from assistant.types import Answer, CataloguePlan, Measure, PaperFilter, Record, Timings
from assistant.ui import answers
from tests.conftest import make_paper

PAPERS = (
    make_paper("Looms", authors=("Ada Lovelace", "Charles Babbage"), date="2020", venue="ACL", categories=("cs.CL",)),
    make_paper("Gears", authors=("Charles Babbage", "Ada Lovelace"), date="2021", venue="ACL", categories=("cs.LG",)),
    make_paper("Cards", authors=("Ada Lovelace", "Mary Somerville"), date="2021-03", categories=("cs.CL", "cs.LG")),
)
GROUPED: list[Measure] = [
    "per_year",
    "years_ranked",
    "per_category",
    "per_venue",
    "per_author",
    "per_first_author",
    "per_last_author",
    "coauthors",
]
FILTERS = (
    PaperFilter(),
    PaperFilter(author="ada-lovelace"),
    PaperFilter(category="cs.CL"),
    PaperFilter(venue="ACL"),
    PaperFilter(first_day="2021-02"),
    PaperFilter(since=2021),
)


@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize("measure", GROUPED)
def test_a_number_leads_to_as_many_papers(library: Library, measure: Measure, filter: PaperFilter) -> None:
    upsert.store(library, [Record(paper, line) for line, paper in enumerate(PAPERS, 1)], "a.bib")
    plan = CataloguePlan(question="?", measure=measure, filter=filter)
    found = catalogue.answer(library, plan)
    answer = Answer(
        question="?", standalone_question="?", kind="catalogue", text="", refused=False, reason="", plan=plan,
        rows=found.rows, timings=Timings(0, None, 0),
    )  # fmt: skip
    table = answers._table(answer)
    assert table
    linked = [(row, group) for row, group in table.rows if group]
    assert all(library.count(group) == row["papers"] for row, group in linked)
    if filter == PaperFilter():
        assert linked
