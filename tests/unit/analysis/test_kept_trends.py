"""Trends kept in the library: the same the second time, known to be old when the papers changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import isfinite

import pytest
from sqlalchemy import delete, select, update

from assistant.analysis import trends
from assistant.analysis.themes import saved_themes
from assistant.analysis.trends import kept_trends
from assistant.analysis.trends.kept_trends import find_and_keep, kept
from assistant.library import Library, upsert
from assistant.library import kept_trends as table
from assistant.library.schema import papers, vectors
from assistant.types import Paper, PaperFilter, Passage, Record
from tests.conftest import make_paper, store_vectors
from tests.fakes import HashingEmbedder

ALL = PaperFilter()


class LaterDate(date):
    @classmethod
    def today(cls) -> date:
        return date(2999, 1, 1)


def no_search(text: str, limit: int, filter: PaperFilter) -> Sequence[Passage]:
    return ()


def put_in(library: Library, *given: Paper) -> None:
    upsert.store(library, [Record(paper, line, paper.title) for line, paper in enumerate(given, 1)], "file")
    held = library.papers()
    store_vectors(library, [each.id for each in held], HashingEmbedder().embed([each.abstract for each in held]))


@pytest.fixture
def woven(library: Library) -> Library:
    put_in(
        library,
        *(
            make_paper(
                f"Loom {number}",
                "Punched cards weave threads." if number % 2 else "Gears of brass carry numbers.",
                authors=("Ada Lovelace",) if number % 2 else ("Charles Babbage",),
                date=f"{2022 + number % 3}-05",
            )
            for number in range(12)
        ),
    )
    return library


def test_what_was_found_is_there_again_after_a_restart(woven: Library) -> None:
    assert kept(woven, "", ALL, "year") is None
    found = find_and_keep(woven, "", ALL, "year", no_search)
    again = Library(woven.folder)
    assert repr(kept(again, "", ALL, "year")) == repr(found)  # figures that are not numbers equal nothing
    assert found.is_fresh
    assert kept(again, "", ALL, "month") is None
    assert kept(again, "looms", ALL, "year") is None
    assert kept(again, "", PaperFilter(author="Ada Lovelace"), "year") is None
    again.close()


def test_infinite_figures_are_kept(woven: Library) -> None:
    put_in(woven, *(make_paper(f"Engine {number}", "Engines compute.", date="2026-01") for number in range(30)))
    found = find_and_keep(woven, "", ALL, "year", no_search)
    ratios = [each.compared.ratio for each in (*found.found.themes, *found.found.terms) if each.compared]
    assert not all(isfinite(ratio) for ratio in ratios)
    assert repr(kept(woven, "", ALL, "year")) == repr(found)


def test_it_is_old_when_its_papers_change_and_only_then(woven: Library) -> None:
    by_ada = PaperFilter(author="Ada Lovelace")
    find_and_keep(woven, "", by_ada, "year", no_search)
    put_in(woven, make_paper("Other", "Of another's.", authors=("Mary Somerville",)))
    known = kept(woven, "", by_ada, "year")
    assert known is not None
    assert known.is_fresh
    put_in(woven, make_paper("More", "More of hers."))
    known = kept(woven, "", by_ada, "year")
    assert known is not None
    assert not known.is_fresh
    assert known.found.total == 6
    assert find_and_keep(woven, "", by_ada, "year", no_search).found.total == 7
    known = kept(woven, "", by_ada, "year")
    assert known is not None
    assert known.is_fresh


@pytest.mark.parametrize("change", ["reworded", "without a vector", "another model", "another method", "next month"])
def test_whatever_decides_what_is_found_makes_it_old(
    woven: Library, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_and_keep(woven, "", ALL, "year", no_search)
    with woven.transaction() as connection:
        if change == "reworded":
            first = select(papers.c.number).limit(1).scalar_subquery()
            connection.execute(update(papers).where(papers.c.number == first).values(digest="another"))
        if change == "without a vector":
            first = select(vectors.c.paper_id).limit(1).scalar_subquery()
            connection.execute(delete(vectors).where(vectors.c.paper_id == first))
    if change == "another model":
        woven.set_metadata(kept_trends.FINGERPRINT, "another")
    if change == "another method":
        monkeypatch.setattr(kept_trends, "METHOD", kept_trends.METHOD + 1)
    if change == "next month":
        monkeypatch.setattr(kept_trends, "date", LaterDate)
    known = kept(woven, "", ALL, "year")
    assert known is not None
    assert not known.is_fresh


def test_themes_have_the_names_that_they_have_now(woven: Library) -> None:
    found = find_and_keep(woven, "", ALL, "year", no_search).found
    saved_themes.save_name(woven, "all", found.themes[0].theme_id, "Weaving")
    known = kept(woven, "", ALL, "year")
    assert known is not None
    assert known.found.themes[0].label == "Weaving"


def test_those_found_longest_ago_leave(woven: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_trends, "_MOST_KEPT", 2)
    for year in (2022, 2023, 2024):
        find_and_keep(woven, "", PaperFilter(since=year), "year", no_search)
    assert kept(woven, "", PaperFilter(since=2022), "year") is None
    assert kept(woven, "", PaperFilter(since=2024), "year") is not None


def test_what_another_version_wrote_is_found_anew(woven: Library) -> None:
    find_and_keep(woven, "", ALL, "year", no_search)
    with woven.transaction() as connection:
        connection.execute(update(table).values(found=b"not ours"))
    assert kept(woven, "", ALL, "year") is None


@pytest.mark.parametrize("by", ["year", "month"])
def test_the_overview_counts_as_the_trends_do(woven: Library, by: trends.By) -> None:
    put_in(woven, make_paper("Undated", date=""), make_paper("Coarse", date="2023"))
    found = trends.find(woven, ALL, by, "papers")
    counted = trends.overview(woven, ALL, by, "papers")
    assert (counted.total, counted.undated) == (found.total, found.undated)
    assert counted.publications == found.publications
    assert trends.heading(counted) == trends.heading(found)


def test_the_overview_of_no_papers_is_empty(library: Library) -> None:
    counted = trends.overview(library, ALL, "year", "papers")
    assert (counted.total, counted.periods, counted.publications) == (0, (), ())
