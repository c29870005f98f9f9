"""Collections: who is in them, and that they follow a paper wherever it goes."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import Table

from assistant.errors import UsageError
from assistant.library import Library, Reading, curation, facets, labels
from assistant.types import Paper, PaperFilter, Record
from tests.conftest import make_paper

HONEY = "Honey and wax of nine hives, weighed each week for a year and compared with the weather of the region."


def read(library: Library, origin: str, *papers: Paper) -> None:
    reading = Reading(library, origin)
    reading.store([Record(paper, line, str(line)) for line, paper in enumerate(papers, 1)])
    reading.finish()


@pytest.fixture
def filled(library: Library) -> Library:
    read(
        library,
        "a.bib",
        make_paper("Beams", authors=("Naibin Gu",), venue="ACL 2020", categories=("CL",), date="2020"),
        make_paper("Bees", HONEY, authors=("Ada Lovelace",), venue="Findings of the ACL 2020", categories=("cs.CL",)),
        make_paper("Gears", authors=("Naibin Gu",), date="2022"),
    )
    return library


def titles(library: Library, name: str) -> list[str]:
    return sorted(paper.title for paper in library.papers(PaperFilter(label=name)))


def listed(library: Library) -> dict[str, int]:
    return {each.name: each.count for each in labels.listed(library)}


def id_of(library: Library, title: str) -> str:
    return next(paper.id for paper in library.papers() if paper.title == title)


def test_a_collection_is_what_a_filter_put_into_it(filled: Library) -> None:
    assert labels.add(filled, " Reading  list ", PaperFilter(author="Naibin Gu")) == 2
    assert labels.add(filled, "reading list", PaperFilter()) == 1
    assert listed(filled) == {"Reading list": 3}
    assert labels.remove(filled, "READING LIST", PaperFilter(since=2022)) == 2
    assert titles(filled, "reading list") == ["Beams"]
    assert filled.papers(PaperFilter(label="Reading list"))[0].labels == ("Reading list",)


def test_a_collection_that_is_called_as_another_is_joins_it(filled: Library) -> None:
    labels.add(filled, "one", PaperFilter(author="Naibin Gu"))
    labels.add(filled, "Other", PaperFilter(since=2022))
    labels.rename(filled, "one", "other")
    assert listed(filled) == {"Other": 3}
    labels.rename(filled, "other", "OTHER")
    assert listed(filled) == {"OTHER": 3}
    labels.delete_label(filled, "other")
    assert listed(filled) == {}
    assert filled.count() == 3


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_collection_has_a_name(filled: Library, name: str) -> None:
    with pytest.raises(UsageError, match="name"):
        labels.add(filled, name, PaperFilter())


def test_a_collection_that_is_not_there_cannot_be_renamed(filled: Library) -> None:
    with pytest.raises(UsageError, match="No paper is in"):
        labels.rename(filled, "nothing", "something")


def test_collections_and_the_day_follow_papers_that_are_merged_and_split(filled: Library) -> None:
    one, other = id_of(filled, "Beams"), id_of(filled, "Gears")
    days = filled.added([one, other])
    labels.add(filled, "mine", PaperFilter(among=(other,)))
    curation.merge(filled, one, other)
    assert titles(filled, "mine") == [filled.papers_by_id([one])[0].title]
    assert filled.added([one])[one] == min(days.values())
    assert filled.former_ids(one) == [other]
    parts = curation.split(filled, one)
    assert len(titles(filled, "mine")) == len(parts) == 2
    assert set(filled.added([part.id for part in parts]).values()) == {min(days.values())}


def test_what_a_source_calls_a_paper_stays_with_the_source(library: Library) -> None:
    tagged = make_paper("Bees", HONEY, labels=("honey", "To read"))
    read(library, "zotero.json", tagged, make_paper("Gears", labels=("metal",)))
    read(library, "b.bib", make_paper("Bees", HONEY, venue="Bee Journal"))
    labels.add(library, "mine", PaperFilter())
    assert listed(library) == {"honey": 1, "metal": 1, "mine": 2, "To read": 1}
    read(library, "zotero.json", replace(tagged, labels=("wax",)), make_paper("Gears", labels=("metal",)))
    assert listed(library) == {"metal": 1, "mine": 2, "wax": 1}
    curation.remove_sources(library, ["zotero.json"])
    assert listed(library) == {"mine": 1}
    curation.remove(library, [id_of(library, "Bees")])
    assert listed(library) == {}


def test_a_source_that_speaks_of_a_paper_no_more_takes_its_labels_along(library: Library) -> None:
    bees, gears = make_paper("Bees", HONEY, labels=("honey",)), make_paper("Gears", labels=("metal",))
    read(library, "zotero.json", bees, gears)
    read(library, "b.bib", make_paper("Bees", HONEY, labels=("hive",)))
    read(library, "zotero.json", gears)
    assert listed(library) == {"hive": 1, "metal": 1}
    read(library, "zotero.json", bees, gears)
    assert listed(library) == {"hive": 1, "honey": 1, "metal": 1}


def test_what_one_of_two_records_called_a_paper_goes_with_it(library: Library) -> None:
    tagged = [make_paper("Bees", HONEY, labels=(label,)) for label in ("honey", "wax")]
    read(library, "zotero.json", *tagged)
    assert listed(library) == {"honey": 1, "wax": 1}
    read(library, "zotero.json", tagged[0])
    assert listed(library) == {"honey": 1}


def test_labels_that_a_source_states_go_to_the_part_of_which_it_speaks(library: Library) -> None:
    read(library, "a.json", make_paper("Beams", doi="10.1/a", labels=("tagged",)))
    read(library, "b.json", make_paper("Bees", HONEY, doi="10.1/b"))
    one, other = id_of(library, "Beams"), id_of(library, "Bees")
    curation.merge(library, other, one)
    assert len(curation.split(library, other)) == 2
    assert titles(library, "tagged") == ["Beams"]


def test_one_source_that_speaks_of_both_parts_gives_each_its_own_labels(library: Library) -> None:
    read(
        library,
        "a.json",
        make_paper("Beams", doi="10.1/a", labels=("light",)),
        make_paper("Bees", HONEY, doi="10.1/b", labels=("honey",)),
    )
    one, other = id_of(library, "Beams"), id_of(library, "Bees")
    labels.add(library, "mine", PaperFilter(among=(one,)))
    numbers = [record.number for record in curation.sources(library, other)]
    curation.merge(library, one, other)
    assert listed(library) == {"honey": 1, "light": 1, "mine": 1}
    curation.split(library, one, numbers)
    assert (titles(library, "light"), titles(library, "honey")) == (["Beams"], ["Bees"])
    assert titles(library, "mine") == ["Beams", "Bees"]


def test_papers_with_labels_are_sound(filled: Library) -> None:
    labels.add(filled, "mine", PaperFilter())
    read(filled, "c.json", make_paper("Bees", HONEY, labels=("honey",)))
    assert filled.papers()[0].labels  # reading checks each paper's digest


def test_the_day_on_which_papers_came_is_a_filter_and_an_order(filled: Library) -> None:
    with filled.transaction() as connection:
        connection.exec_driver_sql("UPDATE papers SET added = '2026-01-31T23:59:59' WHERE title = 'Bees'")
        connection.exec_driver_sql("UPDATE papers SET added = '' WHERE title = 'Gears'")

    def found(**fields: str) -> list[str]:
        return sorted(paper.title for paper in filled.papers(PaperFilter(**fields)))  # type: ignore[arg-type]

    assert found(added_since="2026-01-31") == ["Beams", "Bees"]
    assert found(added_since="2026-02-01") == ["Beams"]
    assert found(added_until="2026-01-31") == ["Bees"]
    assert found(added_until="2026-01-30") == []
    assert [paper.title for paper in filled.find_papers("", order="added")[0]] == ["Beams", "Bees", "Gears"]


def test_the_facets_of_a_list_say_how_many_papers_each_leaves(filled: Library) -> None:
    index = facets.FacetIndex()
    labels.add(filled, "Mine", PaperFilter(author="Ada Lovelace"))
    for filter, words in ((PaperFilter(), ""), (PaperFilter(author="Naibin Gu"), ""), (PaperFilter(), "be")):
        found = index.find(filled, filter, words)
        entries = (*found.venues, *found.categories, *found.authors, *found.labels)
        assert [each.count for each in entries] == [filled.find_papers(words, each.filter, 0)[1] for each in entries]
        assert sum(count for _, count in found.years) == filled.find_papers(words, filter, 0)[1]
    found = index.find(filled, PaperFilter())
    assert found.years == ((2020, 1), (2021, 0), (2022, 1), (2023, 0), (2024, 1))
    assert [(each.name, each.count) for each in found.categories] == [("cs.CL", 2)]
    assert [(each.name, each.count) for each in found.authors] == [("Naibin Gu", 2), ("Ada Lovelace", 1)]
    assert [(each.name, each.count) for each in found.labels] == [("Mine", 1)]
    assert index.find(filled, PaperFilter(category="CL")).categories == ()


def test_the_facets_are_those_of_the_library_as_it_is_now(filled: Library) -> None:
    index = facets.FacetIndex()
    assert len(index.find(filled, PaperFilter()).years) == 5
    read(filled, "d.bib", make_paper("Dawn", date="2025"))
    assert index.find(filled, PaperFilter()).years[-1] == (2025, 1)
    curation.remove(filled, [paper.id for paper in filled.papers()])
    assert index.find(filled, PaperFilter()) == facets.Facets()


def test_one_paper_has_the_pairs_that_may_be_duplicates_of_it(library: Library) -> None:
    title = "Beam tuning of low-rank adapters"
    read(library, "a.bib", make_paper(title, HONEY, doi="10.1/a"), make_paper("Other", "Something else."))
    read(library, "b.bib", make_paper(title, HONEY, doi="10.1/b"))
    one = next(paper for paper in library.papers() if paper.doi == "10.1/a")
    (pair,) = curation.alike(library, one.id)
    assert {pair.one.doi, pair.other.doi} == {"10.1/a", "10.1/b"}
    assert curation.alike(library, id_of(library, "Other")) == []


def test_spaces_and_hidden_characters_do_not_tell_collections_apart(filled: Library) -> None:
    labels.add(filled, "My  thesis", PaperFilter(author="Naibin Gu"))
    assert labels.spelling(filled, " my \t thesis") == "My thesis"
    assert labels.spelling(filled, " another  one") == "another one"
    assert titles(filled, "my   thesis\u200b") == ["Beams", "Gears"]
    assert facets.FacetIndex().find(filled, PaperFilter(label="my   thesis")).labels == ()
    assert labels.remove(filled, "my\u00a0 thesis", PaperFilter(since=2022)) == 1
    labels.rename(filled, "my   thesis", "Our  thesis")
    assert listed(filled) == {"Our thesis": 1}
    labels.delete_label(filled, "our   thesis")
    assert listed(filled) == {}


def test_the_facets_are_told_while_papers_are_added(filled: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    query = facets._holders

    def added(table: Table) -> object:
        read(filled, f"{table.name}.bib", make_paper(f"A {table.name}", authors=("Ann Poe",), categories=("cs.AI",)))
        return query(table)

    monkeypatch.setattr(facets, "_holders", added)
    index = facets.FacetIndex()
    assert [(each.name, each.count) for each in index.find(filled, PaperFilter()).categories] == [("cs.CL", 2)]
    monkeypatch.undo()
    assert {each.name: each.count for each in index.find(filled, PaperFilter()).categories} == {"cs.CL": 2, "cs.AI": 3}


def test_labels_are_counted_anew_only_when_they_have_changed(filled: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    count, counted = facets._labels, []
    monkeypatch.setattr(facets, "_labels", lambda connection: (counted.append(1), count(connection))[1])
    index = facets.FacetIndex()

    def shown() -> list[tuple[str, int]]:
        return [(each.name, each.count) for each in index.find(filled, PaperFilter()).labels]

    labels.add(filled, "mine", PaperFilter())
    assert shown() == shown() == [("mine", 3)]
    assert len(counted) == 1
    labels.rename(filled, "mine", "Ours")
    assert shown() == [("Ours", 3)]
    labels.remove(filled, "ours", PaperFilter(since=2022))
    assert shown() == [("Ours", 1)]
    curation.remove(filled, [paper.id for paper in filled.papers(PaperFilter(label="ours"))])
    assert shown() == []
    assert len(counted) == 4


def test_large_facets_are_shown_as_they_were_while_they_are_read_anew(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "_LARGE", 0)
    index = facets.FacetIndex()
    assert len(index.find(filled, PaperFilter()).years) == 5
    read(filled, "d.bib", make_paper("Dawn", date="2025"))
    assert index.find(filled, PaperFilter()).years[-1] == (2024, 1)
    for thread in [each for each in threading.enumerate() if each.name == "facets"]:
        thread.join()
    assert index.find(filled, PaperFilter()).years[-1] == (2025, 1)


def test_an_index_alone_counts_who_is_in_a_collection(library: Library) -> None:
    with library.transaction() as connection:
        query = labels._counts().compile(connection)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
    assert any("COVERING INDEX labels_folded" in row.detail for row in plan)


def test_collections_that_a_person_made_stand_before_what_sources_state(library: Library) -> None:
    papers = [
        make_paper("Bees", labels=("soil", "Honey 100%")),
        make_paper("Ants", labels=("Soil", "Mine")),
        make_paper("Wasps", labels=("soil",)),
    ]
    read(library, "a.bib", *papers)
    labels.add(library, "zoo", PaperFilter(title_words=("bees",)))
    labels.add(library, "mine", PaperFilter(title_words=("bees",)))
    assert [(each.name, each.count, each.is_own) for each in labels.listed(library)] == [
        ("Mine", 2, True), ("zoo", 1, True), ("soil", 3, False), ("Honey 100%", 1, False)
    ]  # fmt: skip
    assert [each.name for each in labels.stated(library, "0%")] == ["Honey 100%"]
    assert [each.name for each in labels.stated(library, "SO")] == ["soil"]
    assert [each.name for each in labels.stated(library, limit=1)] == ["soil"]
    assert labels.stated_number(library) == 2
    found = facets.FacetIndex().find(library, PaperFilter())
    assert [(each.name, each.count) for each in found.labels] == [("Mine", 2), ("zoo", 1)]
    assert [(each.name, each.count) for each in found.keywords] == [("soil", 3), ("Honey 100%", 1)]


def test_one_label_of_several_spellings_in_one_batch_is_spelled_alike(library: Library) -> None:
    read(library, "a.bib", *(make_paper(title, labels=(label,)) for title, label in (("A", "Soil"), ("B", "soil"))))
    assert len({paper.labels for paper in library.papers()}) == 1


def test_a_batch_asks_once_how_its_labels_are_spelled(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    spellings = labels._spellings
    monkeypatch.setattr(labels, "_spellings", lambda *given: asked.append(given) or spellings(*given))
    read(library, "a.bib", *(make_paper(f"Paper {n}", labels=(f"a{n}", f"b{n}")) for n in range(20)))
    assert len(asked) <= 2


def test_labels_are_known_in_any_case(library: Library) -> None:
    labels.add(library, "x", PaperFilter())
    read(library, "a.bib", make_paper("Bees", labels=("To Read", "C++")))
    with library.transaction() as connection:
        assert labels.known(connection, ["to  read", "c++", "bees"]) == {"to  read": "To Read", "c++": "C++"}


def test_tags_that_a_source_took_away_go_and_a_person_s_stay(library: Library) -> None:
    read(library, "a.bib", make_paper("Bees", labels=("old", "kept")))
    labels.add(library, "mine", PaperFilter())
    labels.add(library, "old", PaperFilter(title_words=("nothing",)))
    read(library, "a.bib", make_paper("Bees", labels=("kept", "new")))
    assert library.papers()[0].labels == ("kept", "mine", "new")
    labels.add(library, "new", PaperFilter())
    read(library, "a.bib", make_paper("Bees"))
    assert library.papers()[0].labels == ("mine", "new")


def test_papers_bear_several_labels_or_one_of_them_or_none(filled: Library) -> None:
    labels.add(filled, "old", PaperFilter(until=2023))
    labels.add(filled, "Gu", PaperFilter(author="Naibin Gu"))
    labels.add(filled, "bees", PaperFilter(author="Ada Lovelace"))

    def found(**fields: object) -> list[str]:
        return sorted(paper.title for paper in filled.papers(PaperFilter(**fields)))  # type: ignore[arg-type]

    assert found(label="old", with_labels=("GU",)) == ["Beams", "Gears"]
    assert found(with_labels=("old", "bees")) == []
    assert found(any_labels=("bees", "old")) == ["Beams", "Bees", "Gears"]
    assert found(label="old", without_labels=("bees",), since=2022) == ["Gears"]
    assert found(without_labels=("gu", "nobody's")) == ["Bees"]


def test_a_facet_of_a_collection_leaves_as_many_papers_as_it_says(filled: Library) -> None:
    labels.add(filled, "old", PaperFilter(until=2023))
    labels.add(filled, "Gu", PaperFilter(since=2021))
    (facet,) = [each for each in facets.FacetIndex().find(filled, PaperFilter(label="Gu")).labels if each.name == "old"]
    assert facet.filter is not None
    assert facet.count == filled.count(facet.filter) == 1
    assert facets.FacetIndex().find(filled, facet.filter).labels == ()
