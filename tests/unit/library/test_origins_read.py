"""Tests of sources that say themselves what changed: their state, and what is kept of what they do not say again."""

from __future__ import annotations

from assistant.library import Library, Reading, origins_read
from assistant.types import PaperFilter, Record
from tests.conftest import make_paper


def record(title: str, key: str, **fields: object) -> Record:
    return Record(make_paper(title, **fields), 1, key)


def test_a_source_that_was_never_read_has_no_state(library: Library) -> None:
    assert origins_read.state(library, "zotero:") == ""
    assert origins_read.items(library, "zotero:") == {}


def test_the_last_state_of_each_source_is_kept(library: Library) -> None:
    origins_read.note(library, "zotero:", "one", {"A": "berg2020", "B": ""})
    origins_read.note(library, "zotero:group/77", "other", {})
    origins_read.note(library, "zotero:", "two", {"A": "Åberg"})
    assert origins_read.state(library, "zotero:") == "two"
    assert origins_read.items(library, "zotero:") == {"A": "Åberg"}
    assert origins_read.state(library, "zotero:group/77") == "other"


def test_what_is_kept_is_not_forgotten(library: Library) -> None:
    first = Reading(library, "zotero:")
    first.store([record("Lamps", "a"), record("Wells", "b"), record("Ropes", "c")])
    assert first.finish() == 0
    Reading(library, "a.bib").store([record("Wells", "w"), record("Ropes", "r")])
    assert origins_read.stated(library, "zotero:", {"a", "b", "x"}) == {"a", "b"}
    again = Reading(library, "zotero:")
    again.keep({"a", "b"})
    again.store([])
    assert again.finish() == 0
    assert origins_read.stated(library, "zotero:", {"a", "b", "c"}) == {"a", "b"}


def test_papers_of_which_nothing_else_is_said_stay_and_are_counted(library: Library) -> None:
    Reading(library, "zotero:").store([record("Lamps", "a"), record("Wells", "b"), record("Ropes", "c")])
    again = Reading(library, "zotero:")
    again.keep({"a"})
    assert again.finish() == 2
    assert library.count(PaperFilter()) == 3
