"""The roster: people in figures, searched and sorted, and who wrote with whom."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from assistant.library import Library, authors, upsert
from assistant.library.authors import Roster, RosterPart
from assistant.types import Authorship, Paper, PaperFilter, Record
from tests.conftest import make_paper


def add(library: Library, *papers: Paper) -> None:
    upsert.store(library, [Record(paper, line) for line, paper in enumerate(papers, 1)], "file")


def wrote(*names: str, date: str = "2024", **fields: object) -> Paper:
    title = f"{' and '.join(names)} in {date}"
    return make_paper(title, f"About {title}.", authors=names, date=date, **fields)


def part(library: Library, filter: PaperFilter = PaperFilter()) -> RosterPart:
    ids = None if filter.is_empty else library.ids(filter)
    with library.transaction() as connection:
        return authors.roster(connection).among(ids)


def names(people: RosterPart, words: str = "", order: authors.RosterOrder = "papers", limit: int = 50) -> list[str]:
    return [entry.name for entry in people.page(words, order, limit)[0]]


def test_people_have_exact_figures(library: Library) -> None:
    add(library, wrote("Naibin Gu", "Peng Fu"), wrote("Xiyu Liu", "N. Gu", date="2025-03"), wrote("Xiyu Liu", date=""))
    entries, total = part(library).page("", "papers", 50)
    gu = next(entry for entry in entries if entry.id == "naibin-gu")
    assert (total, gu.papers, gu.first_authored, gu.since, gu.until, gu.others) == (3, 2, 1, 2024, 2025, ("N. Gu",))
    assert (gu.companion_name, gu.together) == ("Peng Fu", 1)
    assert [entry.papers for entry in part(library, PaperFilter(author="peng-fu")).page("", "papers", 9)[0]] == [1, 1]


def test_a_filter_leaves_its_papers_people_and_figures(library: Library) -> None:
    add(library, wrote("Ann Poe", "Bo Ray"), wrote("Ann Poe", date="2020"), wrote("Cy Doe", date="2020"))
    older = part(library, PaperFilter(until=2020))
    assert names(older, order="name") == ["Cy Doe", "Ann Poe"]
    assert [(entry.papers, entry.until, entry.companion) for entry in older.page("ann", "papers", 9)[0]] == [
        (1, 2020, "")
    ]
    assert len(part(library, PaperFilter(since=2030))) == 0


def test_orders(library: Library) -> None:
    add(library, wrote("Zoe Abel", "Ann Poe"), wrote("Zoe Abel", "Ann Poe", date="2021"), wrote("Bo Ray", date="2026"))
    people = part(library)
    assert names(people) == ["Zoe Abel", "Ann Poe", "Bo Ray"]
    assert names(people, order="name") == ["Zoe Abel", "Ann Poe", "Bo Ray"]
    assert names(people, order="newest") == ["Bo Ray", "Zoe Abel", "Ann Poe"]
    assert names(people, order="first") == ["Zoe Abel", "Bo Ray", "Ann Poe"]
    assert [entry.name for entry in people.page("", "papers", 1, 1)[0]] == ["Ann Poe"]


def test_words_begin_words_of_any_spelling(library: Library) -> None:
    add(library, wrote("Hinrich Schütze"), wrote("H. Schuetze", date="2020"), wrote("Łukasz Kaiser"), wrote("王伟"))
    people = part(library)
    for words in ("schutz", "schuetze", "hin sch", "SCHÜTZE h"):
        assert names(people, words) == ["Hinrich Schütze"], words
    assert names(people, "lukasz") == ["Łukasz Kaiser"]
    assert names(people, "王") == ["王伟"]
    assert names(people, "utze") == []
    assert names(people, "…") == []


def test_pairs_are_counted_without_papers_of_a_crowd(library: Library) -> None:
    crowd = wrote("Ann Poe", "Cy Doe", *(f"Person Number{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(120)))
    add(library, wrote("Ann Poe", "Bo Ray"), wrote("Ann Poe", "Bo Ray", date="2020"), wrote("Cy Doe", "Bo Ray"), crowd)
    people = part(library)
    pairs = [({pair.one_name, pair.other_name}, pair.papers) for pair in people.pairs(5)]
    assert pairs == [({"Ann Poe", "Bo Ray"}, 2), ({"Cy Doe", "Bo Ray"}, 1)]
    assert people.left_out == 1
    assert len(people.pairs(1)) == 1


def test_a_hidden_first_author_is_not_counted_as_one(library: Library) -> None:
    add(library, Paper("Hidden", "An abstract.", (Authorship("Ann Poe", None),), authors_complete=False))
    assert part(library).page("", "papers", 1)[0][0].first_authored == 0


def test_a_kept_roster_is_taken_until_the_library_changes(library: Library) -> None:
    add(library, wrote("Ann Poe", "Bo Ray"))
    with library.transaction() as connection:
        made = authors.roster(connection)
        made.keep(connection)
    again = Library(library.folder)
    with again.transaction() as connection:
        kept = authors.roster(connection)
    assert kept.version == made.version
    assert kept.among().page("", "papers", 9) == made.among().page("", "papers", 9)
    assert kept.among().pairs(9) == made.among().pairs(9)
    add(again, wrote("Cy Doe"))
    with again.transaction() as connection:
        assert authors.former_roster(connection) is kept
        assert sorted(names(authors.roster(connection).among())) == ["Ann Poe", "Bo Ray", "Cy Doe"]
        assert Roster.kept(connection, authors.version(connection)) is None
    again.close()


def test_those_of_a_like_name_are_offered(library: Library) -> None:
    add(library, wrote("Ann Poe"), wrote("Bo Ray"), wrote("Anna Poe"), wrote("A. Poe", date="2019"))
    with library.transaction() as connection:
        person = authors.find(connection, "ann-poe")[0]
        assert "bo-ray" not in [other.id for other in authors.alike(connection, person)]
        assert person.id not in [other.id for other in authors.alike(connection, person)]
        assert [other.name for other in authors.alike(connection, person)] == ["A. Poe"]


def test_threads_that_ask_at_once_read_the_kept_roster_once(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    add(library, wrote("Ann Poe"))
    with library.transaction() as connection:
        made = authors.roster(connection)
    together, reads = threading.Barrier(2), []

    def kept(*asked: object) -> Roster:
        reads.append(asked)
        with suppress(threading.BrokenBarrierError):
            together.wait(0.3)
        return made

    def ask(_: int) -> Roster | None:
        with again.transaction() as connection:
            return authors.former_roster(connection)

    again = Library(library.folder)
    monkeypatch.setattr(Roster, "kept", kept)
    with ThreadPoolExecutor() as threads:
        assert list(threads.map(ask, range(2))) == [made, made]
    assert len(reads) == 1
    again.close()
