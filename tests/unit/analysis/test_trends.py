import json
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pytest

from assistant.analysis import trends
from assistant.analysis.themes import themes
from assistant.analysis.themes.themes import Theme
from assistant.analysis.trends import Trends
from assistant.library import Library, upsert
from assistant.protocols import Vectors
from assistant.types import Paper, PaperFilter, Progress, Record
from tests.conftest import SHARED, make_paper, store_vectors
from tests.fakes import HashingEmbedder

ALL = PaperFilter()
REAL_THEMES = themes.discover
TODAY = date(2027, 1, 1)


def by_first_word(papers: Sequence[Paper], vectors: Mapping[str, Vectors]) -> list[Theme]:
    """Group papers by the first word of their titles."""
    groups: dict[str, list[str]] = {}
    for paper in papers:
        if paper.id in vectors:
            groups.setdefault(paper.title.split()[0].casefold(), []).append(paper.id)
    return [Theme(f"id-{word}", word, (word,), tuple(ids)) for word, ids in groups.items() if len(ids) > 1]


@pytest.fixture(autouse=True)
def _plain_themes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(themes, "discover", by_first_word)


def keep(library: Library, *papers: Paper, with_vectors: bool = True) -> list[str]:
    """Put papers in, with vectors; return their ids in the order of the library."""
    before = library.ids(ALL)
    upsert.store(library, [Record(paper, line, paper.title) for line, paper in enumerate(papers, 1)], "file")
    ids = [paper.id for paper in library.papers() if paper.id not in before]
    if with_vectors and ids:
        store_vectors(library, ids, HashingEmbedder().embed([paper.title for paper in library.papers_by_id(ids)]))
    return ids


def page(library: Library) -> None:
    """Put in a small author page: pruning in 2024, editing throughout, verifiable rewards only in 2026."""
    keep(
        library,
        *(make_paper(f"Pruning {word}", f"Early pruning of {word}.", date="2024-06-06") for word in ("ants", "bees")),
        *(
            make_paper(f"Editing {word}", f"We edit {word}.", date=f"{year}-02-01")
            for year, word in enumerate(("cats", "dogs", "eels"), 2024)
        ),
        *(make_paper(f"Merging {word}", f"We merge {word}.", date="2025-03-09") for word in ("figs", "goats", "hens")),
        *(
            make_paper(f"Rewarding {word}", f"Verifiable rewards for {word}.", date=f"2026-0{month}-03")
            for month, word in enumerate(("ibis", "jays", "kites"), 4)
        ),
    )


def test_every_paper_is_counted_and_shares_are_of_the_years_papers(library: Library) -> None:
    page(library)
    found = trends.find(library, ALL, "year", "papers", today=TODAY)
    assert (found.total, found.undated, found.unthemed) == (11, 0, 0)
    assert found.publications == (("2024", 3), ("2025", 4), ("2026", 4))
    rewards = next(each for each in found.themes if each.label == "rewarding")
    assert [(share.count, share.papers) for share in rewards.shares] == [(0, 3), (0, 4), (3, 4)]
    assert rewards.words.startswith("3 papers, all in 2026 (April to June); none of the 7 before 2026")
    assert [len(each.paper_ids) for each in found.themes] == [3, 3, 3, 2]


def test_terms_tell_what_no_theme_does_and_not_the_same_papers_again(library: Library) -> None:
    page(library)
    found = trends.find(library, ALL, "year", "papers", today=TODAY)
    themed = {frozenset(each.paper_ids) for each in found.themes}
    assert not themed & {frozenset(each.paper_ids) for each in found.terms}
    assert all(each.theme_id == "" for each in found.terms)


def test_a_term_of_the_newest_papers_is_found_where_no_theme_holds_it(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(themes, "discover", lambda papers, vectors: [])
    page(library)
    found = trends.find(library, ALL, "year", "papers", today=TODAY)
    told = next(each for each in found.terms if "verifiable" in each.label.casefold())
    assert told.words.startswith("3 papers, all in 2026")
    assert found.themes == ()
    assert any("tell themes apart" in remark for remark in found.remarks)


def test_each_statement_has_papers_that_show_it_under_numbers(library: Library) -> None:
    page(library)
    found = trends.find(library, ALL, "year", "papers", today=TODAY)
    numbers = {each.paper_id: each.number for each in found.exemplars}
    assert sorted(numbers.values()) == list(range(1, len(numbers) + 1))
    for each in (*found.themes, *found.terms):
        assert 1 <= len(each.exemplars) <= 3
        assert set(each.exemplars) <= set(each.paper_ids) & set(numbers)


def test_the_json_is_plain_and_complete(library: Library) -> None:
    page(library)
    found = trends.find(library, ALL, "year", "papers", today=TODAY)
    value = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert set(value) == {
        "selected", "by", "total", "undated", "unthemed", "split", "periods", "themes", "terms", "terms_looked_at",
        "exemplars", "remarks",
    }  # fmt: skip
    theme = value["themes"][0]
    assert set(theme) == {
        "id", "label", "first", "last", "papers", "paper_ids", "change", "words", "exemplars", "shares", "compared",
        "phrases",
    }  # fmt: skip
    assert theme["papers"] == len(theme["paper_ids"])
    assert set(theme["shares"][0]) == {"period", "count", "papers", "share", "low", "high"}
    assert value["periods"] == [{"period": year, "papers": papers} for year, papers in found.publications]
    assert value["split"] == "2026"


def lines(found: Trends) -> list[str]:
    """Return all that is said of trends."""
    numbers = {each.paper_id: each.number for each in found.exemplars}
    return [
        trends.heading(found),
        trends.publications_in_words(found),
        *trends.verdicts(found),
        *(trends.statement(each, numbers) for each in (*found.themes, *found.terms)),
        *found.remarks,
        *map(trends.reference, found.exemplars),
    ]


def test_what_is_said_has_coverage_themes_terms_and_cites_papers_that_are_listed(library: Library) -> None:
    page(library)
    said = lines(trends.find(library, ALL, "year", "papers by Ada Lovelace", today=TODAY))
    assert said[0] == "11 of 11 papers by Ada Lovelace, 2024 to 2026."
    assert said[1] == "Papers per year: 3 in 2024, 4 in 2025 and 4 in 2026."
    assert any(line.startswith("rewarding: 3 papers, all in 2026") and "[1]" in line for line in said)
    assert any(line.startswith("[1] ") for line in said)


def test_verdicts_count_every_theme(library: Library) -> None:
    page(library)
    assert trends.verdicts(trends.find(library, ALL, "year", "papers", today=TODAY)) == [
        "Rising: no theme for certain.",
        "Falling: no theme for certain.",
        "Steady: 0; too few papers to say: 4 of 4 themes.",
    ]


def test_what_is_said_is_harmless_whatever_papers_hold(library: Library) -> None:
    keep(
        library,
        *(
            make_paper(f"\x1b[31m[7]\nEvil {word}\u202e", f"[8] bad {word}", date="2025")
            for word in ("one", "two", "3")
        ),
    )
    for line in lines(trends.find(library, ALL, "year", "papers", today=TODAY)):
        assert "\x1b" not in line
        assert "\n" not in line
        assert "\u202e" not in line
        assert "[7]" not in line
        assert "[8]" not in line


def test_no_papers_say_what_to_do_next(library: Library) -> None:
    found = trends.find(library, PaperFilter(author="Nobody Known"), "year", "papers by Nobody Known", today=TODAY)
    assert (found.total, found.periods, found.themes, found.terms) == (0, (), (), ())
    assert "assistant papers" in " ".join(found.remarks)
    json.dumps(found.to_json(), allow_nan=False)


def test_one_paper_is_told_by_its_date(library: Library) -> None:
    keep(library, make_paper("Pruning ants", date="2024-06-06"))
    found = trends.find(library, ALL, "year", "papers", today=TODAY)
    assert trends.heading(found) == "1 of 1 paper, 2024."
    assert any("there is no change to tell" in remark for remark in found.remarks)


def test_papers_without_dates_are_counted_and_said_to_be_undated(library: Library) -> None:
    keep(library, make_paper("Pruning ants", date=""), make_paper("Pruning bees", date=""))
    found = trends.find(library, ALL, "year", "papers", today=TODAY)
    assert (found.total, found.undated, found.periods) == (2, 2, ())
    assert any(remark.startswith("2 papers without a date") for remark in found.remarks)
    assert trends.heading(found) == "2 of 2 papers."


def test_papers_with_only_a_year_stand_in_no_month(library: Library) -> None:
    keep(library, make_paper("Pruning ants", date="2024"), make_paper("Pruning bees", date="2024-05-02"))
    found = trends.find(library, ALL, "month", "papers", today=TODAY)
    assert (found.periods, found.undated) == (("2024-05",), 1)
    assert any("names only the year" in remark for remark in found.remarks)


def test_papers_without_a_vector_are_in_no_theme_and_said(library: Library) -> None:
    page(library)
    keep(library, make_paper("Rewarding larks", date="2026-07-01"), with_vectors=False)
    found = trends.find(library, ALL, "year", "papers", today=TODAY)
    assert (found.total, found.unthemed) == (12, 1)
    assert any(remark.startswith("1 paper without a vector") for remark in found.remarks)


def test_a_time_that_is_not_over_is_said(library: Library) -> None:
    page(library)
    assert any(
        remark.startswith("2026 is not over")
        for remark in trends.find(library, ALL, "year", "papers", today=date(2026, 11, 25)).remarks
    )
    assert not any(
        "is not over" in remark for remark in trends.find(library, ALL, "year", "papers", today=TODAY).remarks
    )


def test_papers_that_may_be_meant_too_are_said_and_not_counted(library: Library) -> None:
    page(library)
    keep(library, make_paper("Cut list", authors=("Someone Else",), authors_complete=False))
    found = trends.find(library, PaperFilter(author="Ada Lovelace"), "year", "papers", today=TODAY)
    assert found.total == 11
    assert any("1 more paper that may be by this author too" in remark for remark in found.remarks)


def test_themes_keep_their_ids_when_papers_are_added(library: Library) -> None:
    page(library)
    before = {each.label: each.theme_id for each in trends.find(library, ALL, "year", "papers").themes}
    keep(library, make_paper("Merging larks", date="2026-07-01"))
    after = {each.label: each.theme_id for each in trends.find(library, ALL, "year", "papers").themes}
    assert before == after


def test_a_theme_takes_the_name_that_a_model_gave_it(library: Library) -> None:
    page(library)
    found = trends.find(library, ALL, "year", "papers", today=TODAY)
    called = trends.named(found, {found.themes[0].theme_id: "A better name"})
    assert called.themes[0].label == "A better name"
    assert next(theme for theme in called.found if theme.id == found.themes[0].theme_id).name == "A better name"
    assert called.themes[1] == found.themes[1]


def test_of_many_themes_the_large_ones_and_those_that_change_are_shown() -> None:
    all_themes = [
        trends.Trend(str(number), str(number), (), "", "", (), "rising" if number > 25 else "unclear", "", ())
        for number in range(30)
    ]
    shown = [each.label for each in trends.shown_themes(all_themes, 10)]
    assert shown == ["0", "1", "2", "3", "4", "5", "26", "27", "28", "29"]
    assert len(trends.shown_themes(all_themes[:3], 10)) == 3


def test_progress_is_told_step_by_step_to_its_end(library: Library) -> None:
    page(library)
    told: list[Progress] = []
    trends.find(library, ALL, "year", "papers", on_progress=told.append)
    assert [each.message.split()[0] for each in told[::2]] == ["Reading", "Grouping", "Comparing"]
    assert all(each.done == each.total == 11 for each in told[1::2])


def test_the_real_themes_of_two_unlike_groups_are_followed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(themes, "discover", REAL_THEMES)
    random = np.random.default_rng(3)
    for year, axis, word in ((2024, 0, "pruning"), (2026, 1, "rewards")):
        papers = [
            make_paper(f"{word} number {number}", f"About {word} and {word}.", date=f"{year}") for number in range(8)
        ]
        ids = keep(library, *papers, with_vectors=False)
        vectors = 0.05 * random.standard_normal((len(ids), 16)) + np.eye(16)[axis]
        store_vectors(library, ids, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    found = trends.find(library, ALL, "year", "papers", today=TODAY)
    assert found.themes
    assert all(sum(share.count > 0 for share in each.shares) == 1 for each in found.themes)  # none mixes the two
    assert found.unthemed < found.total


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data is not there")
def test_the_author_page_tells_by_its_dates_that_rlvr_and_distillation_are_of_2026(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistant.ingestion import pipeline

    monkeypatch.setattr(themes, "discover", lambda papers, vectors: [])  # by the terms alone: no model is needed
    pipeline.add_files(library, sorted((SHARED / "seeds").glob("*.txt")), as_of=date(2026, 11, 23))
    found = trends.find(library, PaperFilter(author="Naibin Gu"), "year", "papers by Naibin Gu", today=TODAY)
    said = {term: each.words for each in found.terms for term in (each.label.casefold(), *map(str.casefold, each.also))}
    for asked in ("verifiable rewards", "distillation"):
        words = next(words for term, words in said.items() if asked in term)
        assert ", all in " in words
        assert "2026" in words.split(";")[0]
        assert "none of the 12 before 2026" in words
