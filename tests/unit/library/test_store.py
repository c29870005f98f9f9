import sqlite3
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from sqlalchemy import inspect, select

from assistant.errors import LibraryError, StorageFull
from assistant.library import FILE_NAME, Library, Order, schema, store, upsert
from assistant.types import AuthorProfile, Paper, PaperFilter, Record
from tests.conftest import make_paper, pending_ids, store_vectors


@pytest.fixture
def filled(library: Library) -> Library:
    papers = [
        make_paper("Beams", authors=("Naibin Gu", "Peng Fu"), date="2025-02-19", categories=("CL",), has_code=True),
        make_paper("Rotations", authors=("Chenxu Yang",), date="2024", categories=("LG", "CL")),
        make_paper("Undated", authors=("N. Gu",), date=""),
    ]
    upsert.store(library, [Record(paper, 1) for paper in papers], "x")
    return library


def titles(papers: list[Paper]) -> list[str]:
    return [paper.title for paper in papers]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (PaperFilter(), ["Beams", "Rotations", "Undated"]),
        (PaperFilter(author="Naibin Gu"), ["Beams", "Undated"]),
        (PaperFilter(author="gu"), ["Beams", "Undated"]),
        (PaperFilter(author="Fu"), ["Beams"]),
        (PaperFilter(author="N. Gu"), ["Beams", "Undated"]),
        (PaperFilter(author="gu naibin"), ["Beams", "Undated"]),
        (PaperFilter(author="Peng Gu"), []),
        (PaperFilter(author="N"), []),
        (PaperFilter(author="Nobody"), []),
        (PaperFilter(since=2025), ["Beams"]),
        (PaperFilter(until=2024), ["Rotations"]),
        (PaperFilter(category="cl"), ["Beams", "Rotations"]),
        (PaperFilter(has_code=True), ["Beams"]),
        (PaperFilter(author="100%_", category="CL"), []),
    ],
)
def test_filters_choose_papers(filled: Library, chosen: PaperFilter, expected: list[str]) -> None:
    found = filled.papers(chosen)
    assert titles(found) == expected
    assert filled.count(chosen) == len(expected)
    assert filled.ids(chosen) == {paper.id for paper in found}
    numbers = filled.paper_numbers([paper.id for paper in found])
    assert filled.numbers(chosen).tolist() == sorted(numbers.values())


def test_papers_come_a_page_at_a_time(filled: Library) -> None:
    assert titles(filled.papers(limit=2)) == ["Beams", "Rotations"]
    assert titles(filled.papers(limit=2, offset=2)) == ["Undated"]
    assert titles(filled.papers(PaperFilter(category="CL"), limit=1, offset=1)) == ["Rotations"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ["Beams", "Rotations", "Undated"]),
        ("beam", ["Beams"]),
        ("GU", ["Beams", "Undated"]),
        ("gu beams", ["Beams"]),
        ("2024 rot", ["Rotations"]),
        ("2025-02", ["Beams"]),
        ("cl chén", ["Rotations"]),
        ("nobody", []),
        ('" OR beams*', []),
        ("?!", ["Beams", "Rotations", "Undated"]),
    ],
)
def test_papers_are_found_by_the_beginnings_of_words_of_their_listing(
    filled: Library, words: str, expected: list[str]
) -> None:
    assert titles(filled.find_papers(words)[0]) == expected
    assert titles(filled.find_papers(words, limit=1, offset=1)[0]) == expected[1:2]
    assert filled.find_papers(words, limit=1)[1] == len(expected)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("newest", ["Beams", "Rotations", "Undated"]),
        ("oldest", ["Rotations", "Beams", "Undated"]),
        ("title", ["Beams", "Rotations", "Undated"]),
        ("added", ["Undated", "Beams", "Rotations"]),
    ],
)
def test_the_list_has_several_orders(filled: Library, order: Order, expected: list[str]) -> None:
    with filled.transaction() as connection:
        connection.exec_driver_sql("UPDATE papers SET added = '2030-01-01T00:00:00' WHERE title = 'Undated'")
    whole = titles(filled.find_papers("", order=order)[0])
    assert whole == expected
    assert [titles(filled.find_papers("", PaperFilter(), 1, place, order)[0]) for place in range(3)] == [
        [title] for title in whole
    ]


@pytest.mark.parametrize("order", get_args(Order))
def test_no_order_of_the_whole_list_has_to_sort_it(library: Library, order: Order) -> None:
    with library.transaction() as connection:
        query = select(schema.papers.c.id).order_by(*store._ORDERS[order]).limit(50)
        compiled = query.compile(connection.engine, compile_kwargs={"literal_binds": True})
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all()
    assert not any("USE TEMP B-TREE FOR ORDER BY" in row.detail for row in plan), plan


def test_words_and_a_filter_hold_together(filled: Library) -> None:
    found, count = filled.find_papers("gu", PaperFilter(since=2025), 10)
    assert (titles(found), count) == (["Beams"], 1)


def test_papers_of_a_library_of_the_former_version_are_found_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = schema._migrations()
    number = next(place for place, script in enumerate(steps) if "papers_listed" in script)
    monkeypatch.setattr(schema, "_migrations", lambda: steps[:number])
    Library(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute(
            "INSERT INTO papers (id, title, abstract, date, year, venue, doi, arxiv_id, url, authors_complete) "
            "VALUES ('p', 'Naïve beams', 'Of light.', '2024', 2024, 'ACL', '', '', '', 1)"
        )
        connection.execute("INSERT INTO authorships VALUES ('p', 1, 'José Ruiz', 'jose ruiz', 1)")
        connection.execute("INSERT INTO papers_text (rowid, title, abstract) VALUES (1, 'Naïve beams', 'Of light.')")
    monkeypatch.setattr(schema, "_migrations", lambda: steps)
    library = Library(tmp_path)
    assert [paper.id for paper in library.find_papers("naive jose acl 2024")[0]] == ["p"]
    assert library.count(PaperFilter(author="J. Ruiz")) == 1
    assert library.text_search("light", 5)[0][0] == "p"
    library.close()


def test_papers_come_back_as_they_went_in(filled: Library) -> None:
    (paper,) = filled.papers(PaperFilter(author="Peng Fu"))
    assert [(author.name, author.position) for author in paper.authorships] == [("Naibin Gu", 1), ("Peng Fu", 2)]
    assert (paper.date, paper.year, paper.categories, paper.has_code) == ("2025-02-19", 2025, ("CL",), True)


def test_a_library_is_the_same_after_closing_and_opening(filled: Library) -> None:
    before = filled.papers()
    filled.close()
    again = Library(filled.folder)
    assert again.papers() == before
    again.close()


def test_the_tables_of_the_code_are_the_tables_of_the_migrations(library: Library) -> None:
    found = inspect(library._engine)
    for table in schema.metadata.tables.values():
        assert {column["name"] for column in found.get_columns(table.name)} == {column.name for column in table.columns}


def test_a_library_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    Library(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LibraryError, match="version 99"):
        Library(tmp_path)


def test_a_file_that_is_no_library_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database, " * 100)
    with pytest.raises(LibraryError, match="cannot be opened"):
        Library(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes().startswith(b"not a database")


def test_a_full_disk_is_a_clear_error_and_loses_nothing(filled: Library) -> None:
    with filled.transaction() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    filled.close()
    small = Library(filled.folder)
    with small._engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageFull, match="disk"), small.transaction() as limited:
            limited.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            limited.exec_driver_sql("INSERT INTO facts VALUES ('big', ?)", (("x" * 1_000_000),))
    assert small.count() == 3
    small.close()


def test_profiles_keep_the_page_s_own_words(library: Library) -> None:
    profile = AuthorProfile("Naibin Gu", "CL", (("h-index", "45"), ("papers", "22")), "2026-11-23")
    library.save_profile(profile, "page.txt")
    library.save_profile(profile, "page.txt")
    assert library.profiles() == [profile]


def test_vectors_survive_as_half_precision_and_wait_for_the_index(filled: Library) -> None:
    ids = pending_ids(filled)
    values = np.eye(3, 8, dtype=np.float32)
    store_vectors(filled, ids, values)
    assert pending_ids(filled) == []
    waiting, vectors = filled.unindexed(10)
    assert sorted(waiting) == sorted(ids)
    np.testing.assert_allclose(np.sort(vectors, axis=0), np.sort(values, axis=0), atol=1e-3)
    filled.mark_indexed(waiting[:2])
    assert filled.indexed_count() == 2
    filled.forget_index()
    assert filled.indexed_count() == 0


def test_search_takes_no_query_syntax_from_a_question(filled: Library) -> None:
    for hostile in ('" OR 1', "NEAR(beams rotations)", "title: beams*", "'; DROP TABLE papers; --", "(((", "AND"):
        filled.text_search(hostile, 5)
    assert filled.count() == 3


def test_search_finds_stems_and_folds_diacritics(library: Library) -> None:
    upsert.store(library, [Record(make_paper("Pruning naïve adapters"), 1)], "x")
    assert library.text_search("pruned adapter naive", 5)
