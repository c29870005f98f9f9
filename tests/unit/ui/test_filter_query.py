"""Filters of papers in addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import UsageError
from assistant.types import PaperFilter
from assistant.ui import filter_query

_WORD = st.text("abcXYZ é中&=+%/ ", min_size=1, max_size=12).map(str.strip).filter(bool)
_FILTERS = st.builds(
    PaperFilter,
    author=st.just("") | _WORD,
    since=st.none() | st.integers(1900, 2100),
    has_code=st.none() | st.booleans(),
    words=st.lists(_WORD, max_size=3).map(tuple),
    among=st.none() | st.lists(_WORD, max_size=3).map(tuple),
    without_years=st.lists(st.integers(1900, 2100), max_size=2).map(tuple),
    position=st.sampled_from(["", "first", "last"]),
)


@given(_FILTERS)
def test_a_filter_comes_back_from_its_parameters(filter: PaperFilter) -> None:
    assert filter_query.read(filter_query.parameters(filter)) == filter


def test_other_parameters_are_passed_over_and_wrong_values_are_named() -> None:
    assert filter_query.read([("q", "loom"), ("page", "2"), ("since", " 2020 ")]) == PaperFilter(since=2020)
    with pytest.raises(UsageError, match="since “soon”"):
        filter_query.read([("since", "soon")])


def test_each_condition_is_a_chip_that_can_be_taken_away() -> None:
    filter = PaperFilter(author="ada", position="first", since=2020, until=2021, words=("loom",))
    chips = filter_query.chips(filter, {"ada": "Ada Lovelace"}.__getitem__)
    assert [chip.words for chip in chips] == [
        "by Ada Lovelace as first author",
        "from 2020 to 2021",
        "that mention “loom”",
    ]
    assert chips[0].without == PaperFilter(since=2020, until=2021, words=("loom",))


@pytest.mark.parametrize("name", ["since", "without_years", "most_authors"])
def test_numbers_that_no_library_counts_to_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} “9999"):
        filter_query.read([(name, "9" * 30)])


@pytest.mark.parametrize("name", ["first_day", "last_day", "added_since", "added_until"])
@pytest.mark.parametrize("value", ["xxxx", "abcd-ef-gh", "2025-13-45", "2025-1x-01", "0000-00-00"])
def test_dates_that_are_none_are_refused(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"{name} “{value}”"):
        filter_query.read([(name, value)])


@pytest.mark.parametrize(
    ("value", "read"), [("", 1), ("x", 1), ("-3", 1), ("0", 1), (" 12 ", 12), ("9" * 30, 10**9), ("9" * 5000, 10**9)]
)
def test_the_number_of_a_page_is_read_whatever_stands_there(value: str, read: int) -> None:
    assert filter_query.number(value) == read
