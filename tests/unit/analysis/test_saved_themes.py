from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.analysis.themes.saved_themes import save, save_name, scope_of
from assistant.analysis.themes.themes import Theme
from assistant.library import Library
from assistant.types import PaperFilter


def theme(provisional: str, *ids: int, name: str = "") -> Theme:
    return Theme(provisional, f"label {provisional}", (), tuple(f"p{one}" for one in ids), name)


def ids(found: list[Theme]) -> list[str]:
    return [one.id for one in found]


def test_the_scope_leaves_times_out() -> None:
    author = PaperFilter(author="Ada")
    assert scope_of(author) == scope_of(replace(author, since=2020, until=2022, first_day="2020-01", last_day="2021"))
    assert scope_of(author) != scope_of(PaperFilter())
    assert scope_of(author) != scope_of(PaperFilter(author="Bob"))
    assert scope_of(PaperFilter(among=())) != scope_of(PaperFilter())
    assert scope_of(PaperFilter(has_code=False)) != scope_of(PaperFilter())


def test_ids_stay_when_papers_are_added(library: Library) -> None:
    first = save(library, "all", [theme("a", 1, 2, 3), theme("b", 4, 5, 6)])
    again = save(library, "all", [theme("x", 4, 5, 6, 7), theme("y", 1, 2, 3, 8), theme("z", 9, 10)])
    assert ids(again) == [first[1].id, first[0].id, "z"]
    assert ids(save(library, "all", again)) == ids(again)


def test_each_id_goes_to_the_one_theme_that_overlaps_most(library: Library) -> None:
    save(library, "all", [theme("a", 1, 2, 3, 4, 5, 6)])
    assert ids(save(library, "all", [theme("x", 1, 2), theme("y", 3, 4, 5, 6)])) == ["x", "a"]


def test_a_theme_that_comes_back_has_its_old_id(library: Library) -> None:
    save(library, "all", [theme("a", 1, 2, 3)])
    save(library, "all", [theme("b", 7, 8, 9)])
    assert ids(save(library, "all", [theme("c", 1, 2, 3, 4)])) == ["a"]


def test_scopes_are_kept_apart(library: Library) -> None:
    save(library, "one", [theme("a", 1, 2, 3)])
    assert ids(save(library, "other", [theme("b", 1, 2, 3)])) == ["b"]


def test_an_id_that_is_taken_is_not_given_again(library: Library) -> None:
    save(library, "all", [theme("a", 1, 2, 3)])
    found = save(library, "all", [theme("a", 7, 8, 9), theme("a", 10, 11)])
    assert len({"a", *ids(found)}) == 3


def test_a_name_stays_with_a_theme_that_is_still_the_same(library: Library) -> None:
    save(library, "all", [theme("a", 1, 2, 3, 4)])
    save_name(library, "all", "a", "  Editing \n knowledge ")
    (same,) = save(library, "all", [theme("b", 1, 2, 3, 4, 5)])
    assert (same.id, same.name, same.title) == ("a", "Editing knowledge", "Editing knowledge")


def test_a_name_does_not_stay_with_one_that_has_changed(library: Library) -> None:
    save(library, "all", [theme("a", 1, 2, 3, 4)])
    save_name(library, "all", "a", "Editing")
    (changed,) = save(library, "all", [theme("b", 1, 2, 3, 5, 6, 7)])
    assert (changed.id, changed.name) == ("a", "")


def test_a_theme_does_not_drift_away_from_its_name(library: Library) -> None:
    save(library, "all", [theme("a", *range(10))])
    save_name(library, "all", "a", "Editing")
    for start in range(1, 10):
        (found,) = save(library, "all", [theme("b", *range(start, start + 10))])
    assert found.name == ""


def test_an_unknown_id_gets_no_name(library: Library) -> None:
    save_name(library, "all", "nobody", "Name")
    assert save(library, "all", []) == []


@pytest.mark.parametrize("name", ["'; DROP TABLE themes; --", "<b>&amp;", "思路"])
def test_names_are_kept_as_they_are(library: Library, name: str) -> None:
    save(library, "all", [theme("a", 1, 2, 3)])
    save_name(library, "all", "a", name)
    assert save(library, "all", [theme("a", 1, 2, 3)])[0].name == name
