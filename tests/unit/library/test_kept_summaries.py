"""Kept summaries, and how their papers have changed since."""

from __future__ import annotations

from dataclasses import replace

from assistant.library import KeptSummaries, Library, upsert
from assistant.library.curation import remove
from assistant.types import Answer, PaperFilter, Record, Source, Timings
from tests.conftest import make_paper

EVERYTHING = PaperFilter()
ANSWER = Answer(
    question="Summarise the papers.",
    standalone_question="Summarise the papers.",
    kind="synthesis",
    text="Looms weave.",
    refused=False,
    reason="",
    sources=(Source(1, "loom", "Loom", ("Ada",), "1843", "", "The loom weaves."),),
    timings=Timings(0.1, None, 0.2),
)


def add(library: Library, **abstracts: str) -> None:
    papers = [make_paper(title, abstract, authors=("Ada Lovelace",)) for title, abstract in abstracts.items()]
    upsert.store(library, [Record(paper, line, paper.title) for line, paper in enumerate(papers, 1)], "file")


def test_a_summary_is_kept_for_its_papers_and_its_length(library: Library) -> None:
    add(library, Loom="The loom weaves.")
    kept = KeptSummaries(library)
    then = kept.papers_now(EVERYTHING)
    kept.keep(EVERYTHING, "short", ANSWER, then)
    found = kept.latest(EVERYTHING, "short")
    assert found
    assert (found.answer, found.length, found.is_current) == (ANSWER, "short", True)
    assert kept.latest(EVERYTHING, "long") is None
    assert kept.latest(PaperFilter(author="ada-lovelace")) is None
    kept.keep(EVERYTHING, "short", replace(ANSWER, text="Anew."), then)
    again = kept.latest(EVERYTHING)
    assert again
    assert again.answer.text == "Anew."


def test_it_says_how_many_papers_came_changed_and_went(library: Library) -> None:
    add(library, Loom="The loom weaves.", Engine="Gears carry numbers.", Wings="Silk flies.")
    kept = KeptSummaries(library)
    kept.keep(EVERYTHING, "medium", ANSWER, kept.papers_now(EVERYTHING))
    add(library, Engine="Gears of brass carry numbers.", Notes="Notes on the engine.")
    remove(library, [next(paper for paper in library.papers() if paper.title == "Wings").id])
    found = kept.latest(EVERYTHING)
    assert found
    assert (found.added, found.changed, found.removed, found.is_current) == (1, 1, 1, False)


def test_the_order_of_papers_that_were_picked_tells_nothing_else_apart(library: Library) -> None:
    add(library, Loom="The loom weaves.", Engine="Gears carry numbers.")
    one, other = (paper.id for paper in library.papers())
    kept = KeptSummaries(library)
    picked = PaperFilter(among=(one, other))
    kept.keep(picked, "medium", ANSWER, kept.papers_now(picked))
    assert kept.latest(PaperFilter(among=(other, one)))
    assert kept.latest(PaperFilter(among=(one,))) is None
    assert kept.latest(PaperFilter(among=())) is None


def test_what_another_version_wrote_and_cannot_be_read_is_passed_over(library: Library) -> None:
    kept = KeptSummaries(library)
    kept.keep(EVERYTHING, "medium", ANSWER, kept.papers_now(EVERYTHING))
    with library.transaction() as connection:
        connection.exec_driver_sql("UPDATE kept_summaries SET answer = '{}'")
    assert kept.latest(EVERYTHING) is None
