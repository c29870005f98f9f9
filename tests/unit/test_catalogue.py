"""Exact answers: the number is true, the words say what was looked for, and every line names its papers."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from assistant import recording
from assistant.catalogue import CatalogueAnswer, answer, shown_text
from assistant.ingestion import add_files
from assistant.library import Library
from assistant.paper_rows import delete_papers, insert_papers
from assistant.schema import papers
from assistant.types import AuthorProfile, Authorship, Measure, Paper, PaperFilter, Record
from tests.conftest import SHARED, make_paper

MEASURES: tuple[Measure, ...] = get_args(Measure)


def keep(library: Library, *papers: Paper) -> list[str]:
    """Put papers into the library; return their ids in the same order."""
    recording.keep(library, [Record(paper, line) for line, paper in enumerate(papers, 1)], "x")
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
    assert "1 of 5 papers has no date." in found.note
    assert lines(answer(filled, "newest", PaperFilter(), limit=2))[0] == "The 2 newest of 5 papers in the library:"


def test_dates_of_unlike_precision_are_not_ranked_by_guess(filled: Library) -> None:
    oldest = answer(filled, "oldest", PaperFilter(until=2024))
    assert [row["title"] for row in oldest.rows] == ["Bees"]
    assert "“Ants” (2024) may be older still: the date given is no nearer." in oldest.text
    newest = answer(filled, "newest", PaperFilter(until=2024))
    assert [row["title"] for row in newest.rows] == ["Bees"]
    assert "“Ants” (2024) may be newer still" in newest.note
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
    assert "A paper of several categories counts in each of them." in found.note
    assert "- No category: 3 papers (60%)" in found.text


def test_venues_are_counted(filled: Library) -> None:
    found = answer(filled, "per_venue", PaperFilter(since=2025))
    assert [(row["venue"], row["papers"]) for row in found.rows] == [("ICML", 1), ("", 1)]


def test_ties_at_the_cut_are_all_named(filled: Library) -> None:
    found = answer(filled, "per_author", PaperFilter(), limit=1)
    assert [(row["author"], row["papers"]) for row in found.rows] == [("Li Ma", 3), ("Naibin Gu", 3), ("Peng Fu", 3)]
    assert "3 share the first place with 3 papers each; all of them are named." in found.text
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
    assert "In 2 more papers the list of authors is cut before Naibin Gu's place" in last.note
    first = answer(library, "count", PaperFilter(author="Naibin Gu", position="first"))
    assert first.count == 0
    assert "In 1 paper the list of authors is cut before Naibin Gu's place" in first.text
    assert "1 paper does not tell the first author." in answer(library, "per_first_author", PaperFilter()).note
    partners = answer(library, "coauthors", PaperFilter(author="Naibin Gu"))
    assert "In 2 of 3 papers the list of authors is cut" in partners.note
    together = answer(library, "papers", PaperFilter(author="Naibin Gu", with_authors=("C Three",)))
    assert (together.count, "C Three may be among those left out" in together.note) == (1, True)
    apart = answer(library, "papers", PaperFilter(author="Naibin Gu", without_authors=("C Three",)))
    assert (apart.count, "In 2 of them the list of authors is cut" in apart.note) == (2, True)
    partner = answer(library, "count", PaperFilter(author="C Three")).note
    assert partner == "In 2 more papers the list of authors is cut, so C Three may be among those left out."
    (beams,) = library.ids(PaperFilter(author="A One", words=("beams",)))
    told = answer(library, "authors_of", PaperFilter(), papers=[beams]).text
    assert told == (
        "A One, B Two and others wrote “Beams”; the list of authors is cut there. Naibin Gu is one of the others, at a "
        "place that the source does not tell. [1]"
    )


def test_papers_that_do_not_say_whether_code_is_out_are_counted_apart(filled: Library) -> None:
    found = answer(filled, "papers", PaperFilter(has_code=True))
    assert [row["title"] for row in found.rows] == ["Beams"]
    assert "In 3 more papers the source does not say whether code is released." in found.note


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
    assert "none among them" in answer(filled, "papers", PaperFilter(among=())).text


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
            "Not known: the sources do not tell whether “Ants” (Li Ma) is a paper from May 2024.",
        ),
        (
            "Ants",
            PaperFilter(has_code=True),
            "Not known: the sources do not tell whether “Ants” (Li Ma) is a paper with released code.",
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
    filled.keep_profile(older, "a.txt")
    filled.keep_profile(newer, "b.txt")
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
    assert "No author page of Li Ma is in the library" in answer(filled, "profile", PaperFilter(author="Ma")).text


def test_several_people_of_one_name_are_named(library: Library) -> None:
    keep(library, make_paper("A", authors=("Dan Roth",)), make_paper("B", authors=("Michael Roth",)))
    assert (
        "“Roth” fits 2 people here: Dan Roth (1), Michael Roth (1)."
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
        assert found.text == shown_text(found.sentences)
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
    assert "115 more have 1 paper each, as many as the last one named here." in people.note
    years = answer(library, "per_year", PaperFilter())
    assert (years.rows[0]["papers"], len(years.rows[0]["paper_ids"]), len(years.paper_ids)) == (120, 120, 50)
    assert "50 of these 120 papers are shown as sources" in years.note


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


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    library = Library(tmp_path_factory.mktemp("scratch"))
    yield library
    library.close()


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
        if kept and measure in key:
            assert {row[key[measure]]: row["papers"] for row in found.rows} == expected[measure]
        elif kept and measure in expected:
            least = sorted(expected[measure].values(), reverse=True)[: limit or 10][-1:]
            named = {name: count for name, count in expected[measure].items() if [count] >= least}
            assert {row["author"]: row["papers"] for row in found.rows} == named
            assert found.count == len(expected[measure])
        for row in found.rows:
            assert len(row["paper_ids"]) == row.get("papers", 1)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data")
def test_the_author_page_is_answered_exactly(library: Library) -> None:
    add_files(library, sorted((SHARED / "seeds").glob("*.txt")), as_of=date(2026, 11, 23))
    assert answer(library, "count", PaperFilter()).count == 22
    assert answer(library, "count", PaperFilter(author="naibin gu", since=2024, until=2024)).count == 3
    assert len(answer(library, "papers", PaperFilter(category="cs.CV")).rows) == 3
    partners = answer(library, "coauthors", PaperFilter(author="Naibin Gu"), limit=5)
    assert [row["papers"] for row in partners.rows] == [7, 6, 5, 5, 4, 4]
    assert "In 22 of 22 papers the list of authors is cut" in partners.note
    assert answer(library, "count", PaperFilter(author="Naibin Gu", position="first")).count == 5
    assert len(answer(library, "profile", PaperFilter()).rows[0]["contradictions"]) == 2
