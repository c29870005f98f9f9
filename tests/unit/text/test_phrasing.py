from typing import Any, get_args

import pytest

from assistant.text import (
    counted,
    date_in_words,
    filter_in_words,
    joined,
    listing_command,
    measure_in_words,
    place_in_words,
    plain,
    plan_in_words,
)
from assistant.types import CataloguePlan, Measure, PaperFilter

NEW_FIELDS: dict[str, Any] = {
    "any_authors": ("Fu",),
    "without_words": ("bees",),
    "title_words": ("bees",),
    "venues": ("ACL",),
    "without_venues": ("ACL",),
    "without_categories": ("CL",),
    "without_years": (2017,),
    "fewest_authors": 2,
    "most_authors": 2,
}


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (PaperFilter(), ""),
        (PaperFilter(author="gu", since=2025, until=2025), "by Naibin Gu from 2025"),
        (PaperFilter(author="Somebody"), "by Somebody"),
        (PaperFilter(since=2024), "from 2024 on"),
        (PaperFilter(until=2024), "up to 2024"),
        (PaperFilter(label="To read"), "in the collection “To read”"),
        (PaperFilter(label="To read", with_labels=("maps",)), "in the collections “To read” and “maps”"),
        (PaperFilter(with_labels=("maps",)), "in the collection “maps”"),
        (PaperFilter(any_labels=("maps", "bees")), "in the collection “maps” or “bees”"),
        (
            PaperFilter(label="a", without_labels=("maps", "bees")),
            "in the collection “a” not in the collection “maps” or “bees”",
        ),
        (PaperFilter(added_since="2026-01-31"), "added from 31 January 2026 on"),
        (PaperFilter(added_until="2026-01-31"), "added up to 31 January 2026"),
        (PaperFilter(first_day="2025-03", last_day="2025-03"), "from March 2025"),
        (PaperFilter(first_day="2025-02-19"), "from 19 February 2025 on"),
        (PaperFilter(last_day="2025"), "up to 2025"),
        (PaperFilter(with_authors=("A", "B"), without_authors=("C", "D")), "with A and B without C or D"),
        (PaperFilter(has_code=False), "without released code"),
        (PaperFilter(author="gu", has_abstract=False), "by Naibin Gu without an abstract"),
        (PaperFilter(has_abstract=True), "with an abstract"),
        (PaperFilter(any_authors=("gu", "B")), "by Naibin Gu or B"),
        (PaperFilter(author="gu", any_authors=("B", "C")), "by Naibin Gu with B or C"),
        (PaperFilter(without_words=("x", "y")), "that do not mention “x” or “y”"),
        (PaperFilter(title_words=("x", "y")), "with “x” and “y” in the title"),
        (PaperFilter(words=("x",), without_words=("y", "")), "that mention “x” and do not mention “y”"),
        (PaperFilter(without_venues=("ACL",)), "not published at “ACL”"),
        (PaperFilter(venues=("ACL", "EMNLP")), "published at “ACL” or “EMNLP”"),
        (PaperFilter(without_categories=("cs.CL", "bees")), "not in computational linguistics (cs.CL) or bees"),
        (PaperFilter(without_years=(2017, 2019)), "not from 2017 or 2019"),
        (PaperFilter(fewest_authors=1, most_authors=1), "with one author"),
        (PaperFilter(fewest_authors=3, most_authors=3), "with 3 authors"),
        (PaperFilter(fewest_authors=50), "with at least 50 authors"),
        (PaperFilter(most_authors=2), "with at most 2 authors"),
        (PaperFilter(fewest_authors=2, most_authors=4), "with 2 to 4 authors"),
        (PaperFilter(among=("x",)), "among those found before"),
        (PaperFilter(venue="ICML", source="a.bib"), "published at “ICML” read from “a.bib”"),
        (
            PaperFilter(
                author="gu",
                position="first",
                with_authors=("Zhenyu Zhang",),
                since=2024,
                until=2025,
                category="CV",
                has_code=True,
                words=("mixture of experts", " "),
            ),
            "by Naibin Gu as first author, with Zhenyu Zhang, from 2024 to 2025, in computer vision (CV), "
            "with released code, that mention “mixture of experts”",
        ),
    ],
)
def test_a_filter_is_said_as_what_follows_the_papers(chosen: PaperFilter, expected: str) -> None:
    assert filter_in_words(chosen, {"gu": "Naibin Gu"}) == expected


def test_one_paper_mentions_and_many_mention() -> None:
    assert filter_in_words(PaperFilter(words=("bees", "wax")), one=True) == "that mentions “bees” and “wax”"
    assert filter_in_words(PaperFilter(without_words=("bees",)), one=True) == "that does not mention “bees”"


@pytest.mark.parametrize(
    ("date", "expected"), [("2025-02-09", "9 February 2025"), ("2025-12", "December 2025"), ("2025", "2025")]
)
def test_dates_are_said_as_far_as_they_are_known(date: str, expected: str) -> None:
    assert date_in_words(date) == expected


def test_counts_and_lists_agree_with_their_number() -> None:
    assert [counted(1, "paper"), counted(0, "paper"), counted(1234, "paper")] == ["1 paper", "0 papers", "1,234 papers"]
    assert counted(2, "pair of authors", "pairs of authors") == "2 pairs of authors"
    assert [joined([]), joined(["A"]), joined(["A", "B"]), joined(["A", "B", "C"], "or")] == [
        "",
        "A",
        "A and B",
        "A, B or C",
    ]


def test_text_of_papers_can_forge_neither_a_line_nor_a_citation() -> None:
    assert plain("A [1]\n2. Forged\u2028line \u202e[2, 3]\x07\u200b") == "A (1) 2. Forged line (2, 3)"
    assert len(plain("long " * 1000)) <= 300


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (PaperFilter(), "assistant papers"),
        (
            PaperFilter(author="Dan O'Hara", since=2020, has_code=True),
            "assistant papers --author 'Dan O'\"'\"'Hara' --since 2020 --code",
        ),
        (PaperFilter(since=2020, has_abstract=False), "assistant papers --since 2020 --no-abstract"),
        (
            PaperFilter(label="To read", added_since="2026-01-31"),
            "assistant papers --added-since 2026-01-31 --label 'To read'",
        ),
        (
            PaperFilter(label="To read", with_labels=("maps",), without_labels=("half done",)),
            "assistant papers --label 'To read' --label maps --without-label 'half done'",
        ),
        (PaperFilter(any_labels=("maps", "bees")), ""),
        (PaperFilter(added_until="2026-01-31"), ""),
        (PaperFilter(words=("bees",)), ""),
        *((PaperFilter(author="Gu", **{name: value}), "") for name, value in NEW_FIELDS.items()),
    ],
)
def test_a_command_is_named_only_where_it_says_the_same(chosen: PaperFilter, expected: str) -> None:
    assert listing_command(chosen) == expected


def test_measures_are_said_as_phrases() -> None:
    assert measure_in_words("per_first_author") == "the most frequent first authors"
    assert all(measure_in_words(measure) for measure in get_args(Measure))


@pytest.mark.parametrize(("place", "expected"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (1022, "1,022nd")])
def test_places_are_said_as_people_write_them(place: int, expected: str) -> None:
    assert place_in_words(place) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"measure": "per_author"}, "Look up the most frequent authors"),
        (
            {"measure": "per_author", "ascending": True, "place": 2, "least": 3, "most": 3},
            "Look up the least frequent authors, fewest first, only the 2nd, only with 3 papers",
        ),
        ({"measure": "papers", "ascending": True}, "Look up a list of the papers, oldest first"),
        (
            {"measure": "per_last_author", "least": 5},
            "Look up the most frequent last authors, only with at least 5 papers",
        ),
    ],
)
def test_a_plan_says_order_place_and_bounds(asked: dict[str, Any], expected: str) -> None:
    assert (
        plan_in_words(CataloguePlan(question="q", filter=PaperFilter(since=2020), **asked))
        == f"{expected}: papers from 2020 on"
    )
