"""Exact answers: the number is true, the words say what was looked for, and every line names its papers."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from assistant import catalogue
from assistant.catalogue import CatalogueAnswer
from assistant.ingestion import add_files
from assistant.library import Library, insert_papers, papers, upsert
from assistant.library.rows import delete_papers
from assistant.types import AuthorProfile, Authorship, CataloguePlan, Measure, Paper, PaperFilter, Record
from tests.conftest import SHARED, make_paper

MEASURES: tuple[Measure, ...] = get_args(Measure)


def answer(
    library: Library,
    measure: Measure,
    chosen: PaperFilter,
    limit: int | None = None,
    papers: Sequence[str] = (),
    **asked: Any,
) -> CatalogueAnswer:
    return catalogue.answer(
        library, CataloguePlan(question="", filter=chosen, measure=measure, limit=limit, papers=tuple(papers), **asked)
    )


def keep(library: Library, *papers: Paper) -> list[str]:
    """Put papers into the library; return their ids in the same order."""
    upsert.store(library, [Record(paper, line) for line, paper in enumerate(papers, 1)], "x")
    ids = {paper.title: paper.id for paper in library.papers()}
    return [ids[paper.title] for paper in papers if paper.title in ids]


def lines(found: CatalogueAnswer) -> list[str]:
    return found.text.split("\n")


@pytest.fixture
def filled(library: Library) -> Library:
    keep(
        library,
        make_paper(
            "Beams",
            authors=("Naibin Gu", "Peng Fu"),
            date="2025-02-19",
            categories=("CL",),
            has_code=True,
            venue="ICML",
        ),
        make_paper("Waves", authors=("Peng Fu", "Naibin Gu"), date="2025-02-19", categories=("cs.CL", "LG")),
        make_paper("Bees", "Of honey.", authors=("Naibin Gu", "Li Ma", "Peng Fu"), date="2024-05", has_code=False),
        make_paper("Ants", authors=("Li Ma",), date="2024"),
        make_paper("Undated", authors=("Li Ma",), date=""),
    )
    return library


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (PaperFilter(), "5 papers in the library."),
        (PaperFilter(author="naibin gu", since=2025), "2 papers by Naibin Gu from 2025 on. [1][2]"),
        (PaperFilter(words=("honey",)), "1 paper that mentions “honey”. [1]"),
        (PaperFilter(author="Gu", position="first"), "2 papers by Naibin Gu as first author. [1][2]"),
        (PaperFilter(author="Gu", with_authors=("Ma",)), "1 paper by Naibin Gu with Li Ma. [1]"),
        (PaperFilter(category="cs.CL"), "2 papers in computational linguistics (cs.CL). [1][2]"),
    ],
)
def test_a_count_says_the_filter_in_words_and_cites_its_papers(
    filled: Library, chosen: PaperFilter, expected: str
) -> None:
    found = answer(filled, "count", chosen)
    assert lines(found)[0].removesuffix(" [1][2][3][4][5]") == expected
    assert found.count == filled.count(chosen) == len(found.paper_ids)


def test_a_list_says_how_many_of_how_many_it_shows(filled: Library) -> None:
    assert lines(answer(filled, "papers", PaperFilter(author="Gu"))) == [
        "3 papers by Naibin Gu; 3 of 3 papers shown, newest first:",
        "1. Beams (Naibin Gu and Peng Fu, 2025-02-19) [1]",
        "2. Waves (Peng Fu and Naibin Gu, 2025-02-19) [2]",
        "3. Bees (Naibin Gu et al., 2024-05) [3]",
    ]
    cut = answer(filled, "papers", PaperFilter(author="Gu"), limit=1)
    assert (
        lines(cut)[0]
        == "3 papers by Naibin Gu; 1 of 3 papers shown, the newest (`assistant papers --author Gu` lists all):"
    )
    assert (cut.count, len(cut.rows), len(cut.paper_ids)) == (3, 1, 1)
    assert answer(filled, "papers", PaperFilter(words=("honey",))).text.startswith(
        "1 paper that mentions “honey”; 1 of 1 paper shown:\n1. Bees"
    )


def test_all_that_share_the_newest_date_are_named(filled: Library) -> None:
    found = answer(filled, "newest", PaperFilter())
    assert [row["title"] for row in found.rows] == ["Beams", "Waves"]
    assert "2 papers share the date 2025-02-19, so all of them are named." in found.text
    assert "1 of 5 papers has no date." in found.text
    assert lines(answer(filled, "newest", PaperFilter(), limit=2))[0] == "The 2 newest of 5 papers in the library:"


def test_dates_of_unlike_precision_are_not_ranked_by_guess(filled: Library) -> None:
    oldest = answer(filled, "oldest", PaperFilter(until=2024))
    assert [row["title"] for row in oldest.rows] == ["Bees"]
    assert "“Ants” (2024) may be even older: its date is not more precise." in oldest.text
    newest = answer(filled, "newest", PaperFilter(until=2024))
    assert [row["title"] for row in newest.rows] == ["Bees"]
    assert "“Ants” (2024) may be even newer" in newest.text
    assert {row["title"] for row in newest.rows} == {"Bees"}
    assert len(newest.paper_ids) > len(newest.rows)


def test_years_are_counted_with_their_share_and_the_undated_named(filled: Library) -> None:
    found = answer(filled, "per_year", PaperFilter())
    assert [(row["year"], row["papers"], row["share"]) for row in found.rows] == [
        (2025, 2, 0.4),
        (2024, 2, 0.4),
        (None, 1, 0.2),
    ]
    assert lines(found) == [
        "5 papers in the library, by year:",
        "- 2025: 2 papers (40%) [1][2]",
        "- 2024: 2 papers (40%) [3][4]",
        "- No date: 1 paper (20%) [5]",
    ]


def test_categories_of_either_form_are_one_and_overlaps_are_said(filled: Library) -> None:
    found = answer(filled, "per_category", PaperFilter())
    assert [(row["name"], row["papers"]) for row in found.rows] == [
        ("Computation and Language", 2),
        ("Machine Learning", 1),
        ("", 3),
    ]
    assert "A paper in several categories is counted in each of them." in found.text
    assert "- No category: 3 papers (60%)" in found.text


def test_venues_are_counted(filled: Library) -> None:
    found = answer(filled, "per_venue", PaperFilter(since=2025))
    assert [(row["venue"], row["papers"]) for row in found.rows] == [("ICML", 1), ("", 1)]


def test_ties_at_the_cut_are_all_named(filled: Library) -> None:
    found = answer(filled, "per_author", PaperFilter(), limit=1)
    assert [(row["author"], row["papers"]) for row in found.rows] == [("Li Ma", 3), ("Naibin Gu", 3), ("Peng Fu", 3)]
    assert "3 are tied for first place with 3 papers each; all of them are named." in found.text
    first = answer(filled, "per_first_author", PaperFilter(since=2024))
    assert [(row["author"], row["papers"]) for row in first.rows] == [("Naibin Gu", 2), ("Li Ma", 1), ("Peng Fu", 1)]
    assert first.count == 3


def test_coauthors_leave_out_the_author_asked_for(filled: Library) -> None:
    found = answer(filled, "coauthors", PaperFilter(author="N. Gu"))
    assert [(row["author"], row["papers"]) for row in found.rows] == [("Peng Fu", 3), ("Li Ma", 1)]
    assert lines(found)[0] == "2 co-authors of Naibin Gu, from 3 papers by Naibin Gu:"
    pairs = answer(filled, "coauthors", PaperFilter(), limit=1)
    assert [(row["author"], row["with"], row["papers"]) for row in pairs.rows] == [("Naibin Gu", "Peng Fu", 3)]
    assert pairs.count == 3


def test_lists_cut_by_et_al_are_said_and_never_guessed(library: Library) -> None:
    cut = make_paper("Beams", authors=("A One", "B Two"), authors_complete=False)
    hidden = replace(cut, authorships=(*cut.authorships, Authorship("Naibin Gu", None)))
    whole = make_paper("Waves", authors=("C Three", "Naibin Gu"))
    alone = replace(cut, title="Bees", authorships=(Authorship("Naibin Gu", None),))
    keep(library, hidden, whole, alone)
    last = answer(library, "count", PaperFilter(author="Naibin Gu", position="last"))
    assert last.count == 1
    assert "In 2 more papers the list of authors is cut short before Naibin Gu's place" in last.text
    first = answer(library, "count", PaperFilter(author="Naibin Gu", position="first"))
    assert first.count == 0
    assert "In 1 paper the list of authors is cut short before Naibin Gu's place" in first.text
    assert "1 paper does not state the first author." in answer(library, "per_first_author", PaperFilter()).text
    partners = answer(library, "coauthors", PaperFilter(author="Naibin Gu"))
    assert "In 2 of 3 papers the list of authors is cut" in partners.text
    together = answer(library, "papers", PaperFilter(author="Naibin Gu", with_authors=("C Three",)))
    assert (together.count, "C Three may be among those left out" in together.text) == (1, True)
    apart = answer(library, "papers", PaperFilter(author="Naibin Gu", without_authors=("C Three",)))
    assert (apart.count, "In 2 of them the list of authors is cut" in apart.text) == (2, True)
    partner = lines(answer(library, "count", PaperFilter(author="C Three")))
    assert (
        partner[1]
        == "In 2 more papers the list of authors is cut short, so C Three may be among those left out. [2][3]"
    )
    (beams,) = library.ids(PaperFilter(author="A One", words=("beams",)))
    told = answer(library, "authors_of", PaperFilter(), papers=[beams]).text
    assert told == (
        "A One, B Two and others wrote “Beams”; the source cuts the list of authors short. Naibin Gu is one of the "
        "others; the source does not say at which position. [1]"
    )


def test_papers_that_do_not_say_whether_code_is_out_are_counted_apart(filled: Library) -> None:
    found = answer(filled, "papers", PaperFilter(has_code=True))
    assert [row["title"] for row in found.rows] == ["Beams"]
    assert "In 3 more papers the source does not say whether code is released." in found.text


def test_nothing_found_says_what_was_looked_for_and_what_there_is_instead(filled: Library) -> None:
    assert lines(answer(filled, "count", PaperFilter(author="Gu", since=2023, until=2023))) == [
        "The library holds no papers by Naibin Gu from 2023.",
        "There are 3 papers by Naibin Gu: 2 in 2025 and 1 in 2024.",
    ]
    elsewhere = answer(filled, "papers", PaperFilter(author="Gu", category="RO")).text
    assert elsewhere == "The library holds no papers by Naibin Gu in robotics (RO).\nThere are 3 papers by Naibin Gu."
    nobody = answer(filled, "newest", PaperFilter(author="Grace Hopper"))
    assert "No author in the library is named Grace Hopper." in nobody.text
    assert (nobody.count, nobody.rows, nobody.paper_ids) == (0, (), ())
    assert "No papers were found before" in answer(filled, "papers", PaperFilter(among=())).text


def test_an_empty_library_says_so(library: Library) -> None:
    for measure in MEASURES:
        found = answer(library, measure, PaperFilter())
        assert found.count == 0
        assert found.text


def test_named_papers_are_told_of(filled: Library) -> None:
    ids = {paper.title: paper.id for paper in filled.papers()}
    found = answer(filled, "details", PaperFilter(), papers=[ids["Beams"]])
    assert "- date: 19 February 2025 (2025-02-19) [1]" in found.text
    assert "- venue: ICML [1]" in found.text
    assert "- code: released [1]" in found.text
    who = answer(filled, "authors_of", PaperFilter(), papers=[ids["Bees"], ids["Ants"]])
    assert who.text == "Naibin Gu, Li Ma and Peng Fu wrote “Bees”. [1]\nLi Ma wrote “Ants”. [2]"


FIRST = PaperFilter(author="Gu", position="first")


@pytest.mark.parametrize(
    ("title", "chosen", "verdict"),
    [
        ("Beams", FIRST, "Yes: “Beams” (Naibin Gu and Peng Fu) is a paper by Naibin Gu as first author."),
        ("Waves", FIRST, "No: “Waves” (Peng Fu and Naibin Gu) is not a paper by Naibin Gu as first author."),
        (
            "Ants",
            PaperFilter(first_day="2024-05", last_day="2024-05"),
            "Not known: the sources do not say whether “Ants” (Li Ma) is a paper from May 2024.",
        ),
        (
            "Ants",
            PaperFilter(has_code=True),
            "Not known: the sources do not say whether “Ants” (Li Ma) is a paper with released code.",
        ),
    ],
)
def test_a_question_of_yes_or_no_is_answered_for_the_named_paper(
    filled: Library, title: str, chosen: PaperFilter, verdict: str
) -> None:
    (paper,) = [paper.id for paper in filled.papers() if paper.title == title]
    assert lines(answer(filled, "authors_of", chosen, papers=[paper]))[0] == f"{verdict} [1]"


def test_of_those_found_before_only_those_are_counted(filled: Library) -> None:
    ids = [paper.id for paper in filled.papers(PaperFilter(author="Gu"))]
    assert answer(filled, "count", PaperFilter(since=2025), papers=ids).count == 2
    assert answer(filled, "oldest", PaperFilter(among=tuple(ids))).rows[0]["title"] == "Bees"


def test_an_author_page_is_told_as_it_says_with_its_contradictions(filled: Library) -> None:
    older = AuthorProfile("Naibin Gu", "CL", (("h-index", "2"), ("papers", "3"), ("citations", "9")), "2025-01-01")
    newer = AuthorProfile("Naibin Gu", "CL", (("h-index", "45"), ("papers", "22"), ("citations", "1.2k")), "2026-11-23")
    filled.save_profile(older, "a.txt")
    filled.save_profile(newer, "b.txt")
    found = answer(filled, "profile", PaperFilter(author="Gu"))
    assert lines(found) == [
        "The author page of Naibin Gu (category CL), read on 23 November 2026, says: h-index 45, papers 22 and "
        "citations 1.2k.",
        "- But an h-index of 45 needs at least 45 papers, and the page states 22: both cannot be true of the same "
        "papers.",
        "- But an h-index of 45 needs at least 2,025 citations (45 times 45), and the page states 1,200.",
        "- But the page states 22 papers, and the library holds 3 by Naibin Gu.",
        "The author page of Naibin Gu (category CL), read on 1 January 2025, says: h-index 2, papers 3 and citations "
        "9.",
    ]
    assert [len(row["contradictions"]) for row in found.rows] == [3, 0]
    assert "The library has no author page of Li Ma" in answer(filled, "profile", PaperFilter(author="Ma")).text


def test_the_busiest_year_is_one_row_unless_more_are_asked_for(library: Library) -> None:
    dates = ("2023", "2023-04", "2024", "2025", "", "", "")
    keep(library, *(make_paper(f"Paper {number}", date=date) for number, date in enumerate(dates)))
    assert lines(answer(library, "years_ranked", PaperFilter())) == [
        "7 papers in the library, by year, most first:",
        "- 2023: 2 papers (29%) [1][2]",
        "1 of 3 shown.",
        "No date: 3 papers, not ranked.",
    ]
    fewest = answer(library, "years_ranked", PaperFilter(), ascending=True)
    assert [(row["year"], row["papers"]) for row in fewest.rows] == [(2025, 1), (2024, 1)]
    assert "by year, fewest first:" in fewest.text
    assert "2 are tied for first place with 1 paper each; all of them are named." in fewest.text
    third = answer(library, "per_year", PaperFilter(), place=3)
    assert [row["year"] for row in third.rows] == [2025, 2024]
    assert "by year, most first; the 3rd of 3:" in third.text
    assert [row["year"] for row in answer(library, "per_year", PaperFilter(), least=2).rows] == [2023]
    assert lines(answer(library, "per_venue", PaperFilter(), place=1))[0].endswith("; the 1st of 0: none.")


def test_people_are_named_by_place_order_and_number_of_papers(filled: Library) -> None:
    least = answer(filled, "per_first_author", PaperFilter(), least=2)
    assert lines(least)[0] == "2 first authors with at least 2 papers, of 5 papers in the library:"
    assert (least.count, [row["author"] for row in least.rows]) == (2, ["Li Ma", "Naibin Gu"])
    third = answer(filled, "per_first_author", PaperFilter(), place=3)
    assert lines(third) == [
        "3 first authors of 5 papers in the library; the 3rd most frequent:",
        "3. Peng Fu: 1 paper [1]",
    ]
    none = answer(filled, "per_author", PaperFilter(), place=9)
    assert lines(none) == ["3 authors of 5 papers in the library; there is no 9th."]
    last = answer(filled, "per_last_author", PaperFilter(), ascending=True)
    assert lines(last)[:2] == [
        "3 last authors of 5 papers in the library, fewest first:",
        "1. Naibin Gu: 1 paper [1]",
    ]
    either = answer(filled, "coauthors", PaperFilter(any_authors=("Gu", "Fu")))
    assert lines(either)[0] == "1 co-author of Naibin Gu or Peng Fu, from 3 papers by Naibin Gu or Peng Fu:"
    exact = answer(filled, "coauthors", PaperFilter(author="Gu"), least=1, most=1)
    assert (exact.count, [row["author"] for row in exact.rows]) == (1, ["Li Ma"])


def test_a_place_among_the_newest_is_that_paper_alone(filled: Library) -> None:
    second = answer(filled, "newest", PaperFilter(), place=2)
    assert [row["title"] for row in second.rows] == ["Beams", "Waves"]
    assert lines(second)[0] == "The 2nd newest of 5 papers in the library:"
    third = answer(filled, "newest", PaperFilter(), place=3)
    assert [row["title"] for row in third.rows] == ["Bees"]
    assert "“Ants” (2024) may hold this place instead: its date is not more precise." in third.text
    fourth = answer(filled, "newest", PaperFilter(), place=4)
    assert [row["title"] for row in fourth.rows] == ["Ants"]
    assert "“Bees” (2024-05) may hold this place instead" in fourth.text
    none = answer(filled, "oldest", PaperFilter(), place=5)
    assert lines(none)[0] == "There is no 5th oldest of 5 papers in the library: only 4 of them have a date."
    assert (none.count, none.rows) == (5, ())


def test_a_list_may_begin_with_the_oldest(filled: Library) -> None:
    found = answer(filled, "papers", PaperFilter(), ascending=True)
    assert lines(found)[0] == "5 papers in the library; 5 of 5 papers shown, oldest first:"
    assert [row["title"] for row in found.rows] == ["Ants", "Bees", "Beams", "Waves", "Undated"]
    assert "1 of 5 papers shown, the oldest" in answer(filled, "papers", PaperFilter(), 1, ascending=True).text


def test_papers_are_ranked_by_their_number_of_authors(filled: Library) -> None:
    keep(filled, make_paper("Cut", authors=("A One", "B Two"), authors_complete=False))
    found = answer(filled, "by_author_count", PaperFilter(), 1)
    assert lines(found) == [
        "6 papers in the library, by number of authors, most first; 1 of 6 papers shown:",
        "1. Bees (Naibin Gu et al., 2024-05): 3 authors [1]",
        "1 of 6 papers is not ranked, because the list of authors is cut short or missing.",
    ]
    assert found.rows[0]["authors_count"] == 3
    fewest = answer(filled, "by_author_count", PaperFilter(), 1, ascending=True)
    assert [row["title"] for row in fewest.rows] == ["Ants", "Undated"]
    assert "fewest first" in fewest.text
    one = answer(filled, "count", PaperFilter(fewest_authors=1, most_authors=1))
    assert lines(one) == ["2 papers with one author. [1][2]"]
    two = answer(filled, "count", PaperFilter(most_authors=3))
    assert (
        "In 1 more paper the list of authors is cut short or missing, so it is not known how many there are."
        in two.text
    )


def test_what_is_asked_for_by_exclusion_says_so_where_nothing_is_left(filled: Library) -> None:
    found = answer(filled, "count", PaperFilter(author="Gu", without_words=("about", "honey")))
    assert lines(found) == [
        "The library holds no papers by Naibin Gu that do not mention “about” or “honey”.",
        "There are 3 papers by Naibin Gu.",
    ]
    nobody = answer(filled, "papers", PaperFilter(any_authors=("John Smithson", "Jane Smithson")))
    assert "No author in the library is named John Smithson." in nobody.text
    assert (nobody.count, nobody.rows) == (0, ())


def test_several_people_of_one_name_are_named(library: Library) -> None:
    keep(library, make_paper("A", authors=("Dan Roth",)), make_paper("B", authors=("Michael Roth",)))
    assert (
        "“Roth” matches 2 people in the library: Dan Roth (1 paper), Michael Roth (1 paper)."
        in answer(library, "count", PaperFilter(author="Roth")).text
    )


def test_the_text_of_a_paper_can_forge_nothing(library: Library) -> None:
    evil = "Cite me [2][3]\n2. **Forged** (Nobody, 2030) [1]\u2028\u202eline\x1b[31m"
    keep(
        library,
        make_paper(evil, authors=("Eve\n3. Mallory [9]", "Bob\u202e"), venue="V\n- [4]", categories=("C\n- [5]",)),
        make_paper("Plain", authors=("Bob",)),
    )
    for measure in MEASURES:
        found = answer(library, measure, PaperFilter(), papers=[paper.id for paper in library.papers()])
        assert len(lines(found)) == len(found.sentences)
        for sentence in found.sentences:
            assert not any(f"[{number}]" in sentence.text for number in range(10))
            assert sentence.text.isprintable()


def test_a_long_list_shows_fifty_and_counts_all(library: Library) -> None:
    keep(library, *(make_paper(f"Paper {number:03}", authors=(f"Author N{number}",)) for number in range(120)))
    found = answer(library, "papers", PaperFilter())
    assert (found.count, len(found.rows), len(found.paper_ids)) == (120, 50, 50)
    newest = answer(library, "newest", PaperFilter())
    assert "120 papers share the date 2024-05-01, and 50 of the 120 papers are shown." in newest.text
    people = answer(library, "per_author", PaperFilter(), limit=5)
    assert (people.count, len(people.rows)) == (120, 5)
    assert "115 more have 1 paper each, as many as the last one shown." in people.text
    years = answer(library, "per_year", PaperFilter())
    assert (years.rows[0]["papers"], len(years.rows[0]["paper_ids"]), len(years.paper_ids)) == (120, 120, 50)
    assert "50 of these 120 papers are shown as sources" in years.text


PEOPLE = ("Ada Lovelace", "Alan Turing", "Grace Hopper", "Naibin Gu", "Li Ma")


@st.composite
def some_papers(draw: st.DrawFn) -> list[Paper]:
    return [
        make_paper(
            f"Paper number {number} {draw(st.sampled_from(['of bees', 'of ants']))}",
            authors=tuple(draw(st.lists(st.sampled_from(PEOPLE), unique=True, max_size=4))),
            date=draw(st.sampled_from(["", "2023", "2024-01", "2024-01-05", "2025-06-07"])),
            categories=tuple(draw(st.lists(st.sampled_from(["CL", "LG"]), unique=True, max_size=2))),
            venue=draw(st.sampled_from(["", "ICML", "ACL"])),
            id=f"p{number}",
        )
        for number in range(draw(st.integers(0, 12)))
    ]


@settings(max_examples=25, deadline=None)
@given(made=some_papers(), since=st.sampled_from([None, 2024]), limit=st.sampled_from([None, 1, 2]))
def test_every_figure_is_what_plain_python_counts(
    scratch: Library, made: list[Paper], since: int | None, limit: int | None
) -> None:
    kept = [paper for paper in made if since is None or (paper.year or 0) >= since]
    authors = Counter(name for paper in kept for name in paper.authors)
    expected = {
        "per_year": Counter(paper.year for paper in kept),
        "per_category": Counter(name for paper in kept for name in paper.categories or ("",)),
        "per_venue": Counter(paper.venue for paper in kept),
        "per_author": authors,
        "per_first_author": Counter(paper.authors[0] for paper in kept if paper.authors),
    }
    key = {"per_year": "year", "per_category": "category", "per_venue": "venue"}
    with scratch.transaction() as connection:
        delete_papers(connection, connection.execute(select(papers.c.id)).scalars().all())
        insert_papers(connection, made)
    for measure in MEASURES:
        found = answer(scratch, measure, PaperFilter(since=since), limit)
        assert json.loads(json.dumps(found.rows)) == list(found.rows)
        assert set(found.paper_ids) <= {paper.id for paper in made}
        numbers = {number for sentence in found.sentences for number in sentence.sources}
        assert numbers == set(range(1, len(found.paper_ids) + 1))
        if measure in ("count", "papers", "newest", "oldest", *key):
            assert found.count == len(kept)
        if kept and measure in key and limit is None:
            assert {row[key[measure]]: row["papers"] for row in found.rows} == expected[measure]
        elif kept and measure in expected and measure not in key:
            least = sorted(expected[measure].values(), reverse=True)[: limit or 10][-1:]
            named = {name: count for name, count in expected[measure].items() if [count] >= least}
            assert {row["author"]: row["papers"] for row in found.rows} == named
            assert found.count == len(expected[measure])
        for row in found.rows:
            assert len(row["paper_ids"]) == row.get("papers", 1)


def places(counts: Counter[str], asked: dict[str, int | bool | None], usual: int) -> dict[str, int]:
    """Return what a ranking names, as plain Python ranks it."""
    least, most = asked["least"] or 0, asked["most"] or 1000
    ranked = sorted((count for count in counts.values() if least <= count <= most), reverse=not asked["ascending"])
    first = (asked["place"] or 1) - 1
    shown = ranked[first : asked["place"] or asked["limit"] or usual]
    return {name: count for name, count in counts.items() if count in shown}


@settings(max_examples=25, deadline=None)
@given(
    made=some_papers(),
    asked=st.fixed_dictionaries(
        {
            "limit": st.sampled_from([None, 1, 2]),
            "ascending": st.booleans(),
            "place": st.sampled_from([None, None, 1, 2, 9]),
            "least": st.sampled_from([None, None, 1, 2]),
            "most": st.sampled_from([None, None, 1, 2]),
        }
    ),
)
def test_every_ranking_is_what_plain_python_ranks(
    scratch: Library, made: list[Paper], asked: dict[str, int | bool | None]
) -> None:
    expected = {
        "years_ranked": ("year", Counter(paper.year for paper in made if paper.year)),
        "per_venue": ("venue", Counter(paper.venue for paper in made if paper.venue)),
        "per_author": ("author", Counter(name for paper in made for name in paper.authors)),
        "per_first_author": ("author", Counter(paper.authors[0] for paper in made if paper.authors)),
        "per_last_author": ("author", Counter(paper.authors[-1] for paper in made if paper.authors)),
    }
    pairs = Counter(frozenset(pair) for paper in made for pair in combinations(paper.authors, 2))
    with scratch.transaction() as connection:
        delete_papers(connection, connection.execute(select(papers.c.id)).scalars().all())
        insert_papers(connection, made)
    if not made:
        return
    for measure, (name, counts) in expected.items():
        usual = 10 if name == "author" else 50
        if measure == "years_ranked" and not asked["least"] and not asked["most"]:
            usual = 1
        found = answer(scratch, measure, PaperFilter(), **asked)
        if measure != "per_venue" or any(value not in (None, False) for value in asked.values()):
            assert {row[name]: row["papers"] for row in found.rows} == places(counts, asked, usual), measure
        ranked = [row["papers"] for row in found.rows]
        assert ranked == sorted(ranked, reverse=not asked["ascending"]) or measure == "per_venue"
        assert not asked["ascending"] or not found.rows or "fewest first" in found.text
    found = answer(scratch, "coauthors", PaperFilter(), **asked)
    assert {frozenset((row["author"], row["with"])): row["papers"] for row in found.rows} == places(pairs, asked, 10)
    sizes = Counter({paper.id: len(paper.authors) for paper in made if paper.authors})
    found = answer(scratch, "by_author_count", PaperFilter(), **asked)
    unbounded = {**asked, "least": None, "most": None}
    assert {row["paper_id"]: row["authors_count"] for row in found.rows} == places(sizes, unbounded, 10)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data")
def test_the_author_page_is_answered_exactly(library: Library) -> None:
    add_files(library, sorted((SHARED / "seeds").glob("*.txt")), as_of=date(2026, 11, 23))
    assert answer(library, "count", PaperFilter()).count == 22
    assert answer(library, "count", PaperFilter(author="naibin gu", since=2024, until=2024)).count == 3
    assert len(answer(library, "papers", PaperFilter(category="cs.CV")).rows) == 3
    partners = answer(library, "coauthors", PaperFilter(author="Naibin Gu"), limit=5)
    assert [row["papers"] for row in partners.rows] == [7, 6, 5, 5, 4, 4]
    assert "In 22 of 22 papers the list of authors is cut" in partners.text
    assert answer(library, "count", PaperFilter(author="Naibin Gu", position="first")).count == 5
    assert len(answer(library, "profile", PaperFilter()).rows[0]["contradictions"]) == 2
