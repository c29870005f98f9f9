"""Which records are one paper: found out by the library, decided by a person, remembered across re-imports."""

from dataclasses import replace

import pytest

from assistant.errors import UsageError
from assistant.library import Library, Reading, curation, provenance
from assistant.types import Paper, PaperFilter, Record
from tests.conftest import make_paper

ABSTRACT = "We tune adapters with beams and report gains on nine tasks over strong baselines of the same size."


def read(library: Library, origin: str, *papers: Paper) -> list[str]:
    """Read a whole source, whose records are called 1, 2, ..."""
    reading = Reading(library, origin)
    outcomes = reading.store([Record(paper, line, str(line)) for line, paper in enumerate(papers, 1)])
    reading.finish()
    return list(outcomes)


def titles(library: Library) -> set[str]:
    return {paper.title for paper in library.papers()}


def test_a_mistyped_title_of_the_same_people_and_year_is_one_paper(library: Library) -> None:
    read(library, "a.bib", make_paper("Beam tuning of low-rank adapters", ABSTRACT, authors=("Naibin Gu", "Li Ma")))
    other = make_paper("Beam tunning of low rank adapters", ABSTRACT, authors=("N. Gu", "L. Ma"), date="2025")
    assert read(library, "b.ris", other) == ["updated"]
    assert library.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        make_paper("Beam tuning of low-rank adapters, Part II", ABSTRACT),
        make_paper("Erratum: Beam tuning of low-rank adapters", ABSTRACT),
        make_paper("Beam tuning of low-rank adapters 2025", ABSTRACT),
        make_paper("Beam tuning of low-rank adapters", ABSTRACT, authors=("Zoe Nine", "Max Planck")),
        make_paper(
            "Beam tuning of low-rank adapters", "An altogether different matter: bees, honey, wax.", date="2019"
        ),
    ],
)
def test_papers_that_are_merely_alike_stay_two(library: Library, other: Paper) -> None:
    read(library, "a.bib", make_paper("Beam tuning of low-rank adapters", ABSTRACT))
    assert read(library, "b.ris", other) == ["added"]


def test_every_source_keeps_its_word_and_is_named_for_each_field(library: Library) -> None:
    read(library, "a.bib", make_paper("Beams", ABSTRACT, doi="10.1/a", venue="ICML"))
    read(library, "b.json", make_paper("Beams!", ABSTRACT, doi="10.1/a", arxiv_id="2401.00001"))
    (paper,) = library.papers()
    told = provenance(paper, curation.sources(library, paper.id))
    assert (paper.title, paper.venue) == ("Beams!", "ICML")
    assert told["title"] == ("b.json",)
    assert told["venue"] == ("a.bib",)
    assert told["abstract"] == ("a.bib", "b.json")


def test_a_field_that_its_only_source_takes_back_is_gone(library: Library) -> None:
    read(library, "a.bib", make_paper("Beams", ABSTRACT, doi="10.1/a", venue="ICMLL"))
    read(library, "b.bib", make_paper("Beams", ABSTRACT, doi="10.1/a"))
    assert read(library, "a.bib", make_paper("Beams", ABSTRACT, doi="10.1/a")) == ["updated"]
    assert [paper.venue for paper in library.papers()] == [""]


def test_two_papers_become_one_when_a_record_names_both(library: Library) -> None:
    read(library, "a.bib", make_paper("Beams", "Short.", doi="10.1/a", date="2020"))
    read(library, "b.bib", make_paper("On beams", "Long.", arxiv_id="2401.00001", date="2024"))
    assert library.count() == 2
    read(library, "c.json", make_paper("Beams", ABSTRACT, doi="10.1/a", arxiv_id="2401.00001"))
    (paper,) = library.papers()
    assert (paper.id, paper.arxiv_id) == ("doi:10.1/a", "2401.00001")
    assert library.papers_by_id(["arxiv:2401.00001"]) == [paper]
    assert library.removed_ids(9) == ["arxiv:2401.00001"]
    assert len(curation.sources(library, paper.id)) == 3


def test_a_pubmed_number_joins_what_nothing_else_does(library: Library) -> None:
    read(library, "a.nbib", make_paper("Beams", "Short.", pmid="123"))
    assert read(library, "b.ris", make_paper("Les poutres", ABSTRACT, pmid="123")) == ["updated"]


def test_what_a_person_merged_stays_one_when_its_sources_are_read_again(library: Library) -> None:
    one, other = make_paper("Beams", ABSTRACT), make_paper("Rays", "Other words.")
    read(library, "a.bib", one, other)
    kept, gone = curation.named(library, "Beams"), curation.named(library, "Rays")
    paper = curation.merge(library, kept.id, gone.id)
    assert library.papers() == [paper]
    assert read(library, "a.bib", one, other) == ["unchanged", "unchanged"]
    assert read(library, "b.bib", other) == ["unchanged"]
    assert library.count() == 1
    curation.remove(library, [paper.id])
    assert read(library, "b.bib", other, one) == ["added", "updated"]
    assert [found.id for found in library.papers()] == [kept.id]


def test_what_a_person_parted_stays_two_when_its_sources_are_read_again(library: Library) -> None:
    one = make_paper("Beams", ABSTRACT, doi="10.1/a")
    other = make_paper("Beams, the talk", "We talk about beams.", doi="10.1/a")
    read(library, "a.bib", one)
    read(library, "b.bib", other)
    assert library.count() == 1
    parted = curation.split(library, "doi:10.1/a")
    assert {paper.title for paper in parted} == {"Beams", "Beams, the talk"}
    assert parted[0].id == "doi:10.1/a"
    assert read(library, "a.bib", one) + read(library, "b.bib", other) == ["unchanged", "unchanged"]
    changed = replace(other, abstract="We talk about beams at length.")
    assert read(library, "b.bib", changed) == ["updated"]
    assert {paper.abstract for paper in library.papers()} == {ABSTRACT, changed.abstract}


def test_papers_kept_apart_are_not_joined_and_no_longer_listed(library: Library) -> None:
    one = make_paper("Beam tuning of low-rank adapters", ABSTRACT, doi="10.1/a")
    other = make_paper("Beam tuning of low-rank adapters", ABSTRACT, doi="10.1/b")
    read(library, "a.bib", one)
    read(library, "b.bib", other)
    (pair,) = curation.alike_pairs(library)
    assert {pair.one.doi, pair.other.doi} == {"10.1/a", "10.1/b"}
    assert "identifiers" in pair.because
    curation.keep_apart(library, pair.one.id, pair.other.id)
    assert curation.alike_pairs(library) == []
    read(library, "c.bib", make_paper("Beam tuning of low-rank adapters", ABSTRACT, doi="10.1/a", pmid="1"))
    read(library, "d.bib", make_paper("Beam tuning of low-rank adapters", ABSTRACT, doi="10.1/b", pmid="1"))
    assert library.count() == 2


def test_a_split_that_is_merged_again_is_one_again(library: Library) -> None:
    read(library, "a.bib", make_paper("Beams", ABSTRACT))
    read(library, "b.bib", make_paper("Beams", "Other words about beams."))
    (paper,) = library.papers()
    one, other = curation.split(library, paper.id)
    assert curation.merge(library, one.id, other.id).id == one.id
    assert library.papers_by_id([other.id]) == library.papers()


def test_one_record_cannot_be_parted(library: Library) -> None:
    read(library, "a.bib", make_paper("Beams", ABSTRACT, doi="10.1/a"))
    with pytest.raises(UsageError, match="one record"):
        curation.split(library, "doi:10.1/a")
    with pytest.raises(UsageError, match="one paper"):
        curation.merge(library, "doi:10.1/a", "doi:10.1/a")


def test_a_source_that_goes_takes_with_it_only_what_no_other_tells(library: Library) -> None:
    read(library, "a.bib", make_paper("Beams", ABSTRACT, doi="10.1/a"), make_paper("Rays", "Alone."))
    read(library, "b.bib", make_paper("Beams again", ABSTRACT, doi="10.1/a"))
    curation.remove_sources(library, ["b.bib"])
    assert titles(library) == {"Beams", "Rays"}
    curation.remove_sources(library, ["a.bib"])
    assert library.count() == 0
    assert len(library.removed_ids(9)) == 2
    assert not library.text_search("beams", 5)
    assert read(library, "a.bib", make_paper("Rays", "Alone.")) == ["added"]
    assert library.removed_ids(9) == ["doi:10.1/a"]


def test_a_paper_is_named_by_id_identifier_beginning_or_title(library: Library) -> None:
    read(library, "a.bib", make_paper("Beams", ABSTRACT, doi="10.1/a"), make_paper("Rays", "Alone.", doi="10.1/b"))
    for name in ("doi:10.1/a", "10.1/A", "beams"):
        assert curation.named(library, name).title == "Beams"
    with pytest.raises(UsageError, match=r"any of these.*10\.1/a.*10\.1/b"):
        curation.named(library, "doi:10.1")
    with pytest.raises(UsageError, match="No paper"):
        curation.named(library, "Nobody")


def test_what_a_source_no_longer_says_stays_while_nobody_else_speaks_of_the_paper(library: Library) -> None:
    read(library, "a.bib", make_paper("Beams", ABSTRACT), make_paper("Rays", "Alone."))
    read(library, "a.bib", make_paper("Beams", ABSTRACT))
    assert titles(library) == {"Beams", "Rays"}


def test_a_split_holds_when_the_files_come_from_another_folder_and_when_a_part_was_removed(library: Library) -> None:
    one = make_paper("Beams", ABSTRACT, doi="10.1/a")
    other = make_paper("Beams, the talk", "We talk about beams.", doi="10.1/a")
    read(library, "a.bib", one)
    read(library, "b.bib", other)
    first, second = curation.split(library, "doi:10.1/a")
    assert read(library, "moved/a.bib", one) + read(library, "moved/b.bib", other) == ["unchanged", "unchanged"]
    assert library.papers_by_id([first.id, second.id]) == [first, second]
    curation.remove(library, [second.id])
    assert read(library, "b.bib", other) == ["added"]
    assert {paper.abstract for paper in library.papers()} == {one.abstract, other.abstract}


def test_parts_of_one_title_are_told_apart_by_their_abstracts_in_another_folder(library: Library) -> None:
    one, other = make_paper("Editorial", "Of honey."), make_paper("Editorial", "Of wax and candles.")
    read(library, "a.bib", one)
    read(library, "b.bib", other)
    curation.split(library, library.papers()[0].id)
    read(library, "moved/b.bib", replace(other, venue="Bees"))
    assert {(paper.abstract, paper.venue) for paper in library.papers()} == {
        ("Of honey.", ""),
        ("Of wax and candles.", "Bees"),
    }


def test_a_record_may_join_a_whole_chain_of_papers(library: Library) -> None:
    read(library, "a.bib", make_paper("One", "First.", doi="10.1/a"))
    read(library, "b.bib", make_paper("Two", "Second.", arxiv_id="2401.00001"))
    read(library, "c.bib", make_paper("Three", "Third.", pmid="7"))
    both = make_paper("One", ABSTRACT, doi="10.1/a", arxiv_id="2401.00001")
    also = make_paper("Two", ABSTRACT, arxiv_id="2401.00001", pmid="7")
    read(library, "d.json", both, also)
    assert [paper.id for paper in library.papers()] == ["doi:10.1/a"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "Supervised adaptation of deep networks to new domains",
            "Unsupervised adaptation of deep networks to new domains",
        ),
        ("Notes on elastic creep, Part A", "Notes on elastic creep, Part B"),
    ],
)
def test_titles_that_differ_by_the_letters_that_matter_are_two_papers(library: Library, one: str, other: str) -> None:
    read(library, "a.bib", make_paper(one, f"{ABSTRACT} Labels are given for all of the data."))
    assert read(library, "b.ris", make_paper(other, f"No label is given at all, and yet: {ABSTRACT[:60]}")) == ["added"]


def test_a_source_of_two_names_is_forgotten_by_both_at_once(library: Library) -> None:
    paper = make_paper("Beams", ABSTRACT)
    read(library, "/x/refs.bib", paper)
    read(library, "/uploads/abc/refs.bib", paper)
    origins = curation.origins(library, "refs.bib")
    assert [found.title for found in curation.only_of(library, origins)] == ["Beams"]
    assert curation.origins(library, "/x/refs.bib") == ["/x/refs.bib"]
    assert curation.only_of(library, ["/x/refs.bib"]) == []


def test_words_that_are_none_choose_nothing(library: Library) -> None:
    read(library, "a.bib", make_paper("Beams", ABSTRACT))
    with pytest.raises(UsageError, match="no word"):
        curation.chosen_papers(library, [], PaperFilter(), "--")


def test_a_merge_is_undone_as_a_whole_and_the_pair_is_asked_about_again(library: Library) -> None:
    one = make_paper("Beam tuning of low-rank adapters", ABSTRACT, doi="10.1/a")
    read(library, "a.bib", one)
    read(library, "b.bib", replace(one, doi="10.1/b"))
    read(library, "c.bib", replace(one, doi="10.1/b", arxiv_id="2401.00001"))
    (pair,) = curation.alike_pairs(library)
    before = {paper.id: paper for paper in library.papers()}
    numbers = [record.number for record in curation.sources(library, "doi:10.1/b")]
    curation.merge(library, "doi:10.1/a", "doi:10.1/b")
    parted = curation.split(library, "doi:10.1/a", numbers)
    assert [paper.id for paper in parted] == ["doi:10.1/a", "doi:10.1/b"]
    assert {paper.id: paper for paper in library.papers()} == before
    assert curation.alike_pairs(library) == []
    curation.forget_apart(library, "doi:10.1/b", "doi:10.1/a")
    assert curation.alike_pairs(library) == [pair]
    with pytest.raises(UsageError, match="nothing to part"):
        curation.split(library, "doi:10.1/a", [record.number for record in curation.sources(library, "doi:10.1/a")])


def test_what_a_merged_paper_was_kept_apart_from_is_so_from_both_when_that_is_undone(library: Library) -> None:
    one = make_paper("Beam tuning of low-rank adapters", ABSTRACT, doi="10.1/a")
    for name, doi in (("a.bib", "10.1/a"), ("b.bib", "10.1/b"), ("c.bib", "10.1/c")):
        read(library, name, replace(one, doi=doi))
    curation.keep_apart(library, "doi:10.1/b", "doi:10.1/c")
    numbers = [record.number for record in curation.sources(library, "doi:10.1/b")]
    curation.merge(library, "doi:10.1/a", "doi:10.1/b")
    curation.split(library, "doi:10.1/a", numbers)
    assert library.count() == 3
    assert curation.alike_pairs(library) == []


def cited(library: Library, origin: str, **titles: str) -> None:
    """Read a source that cites papers of these titles by these keys."""
    reading = Reading(library, origin)
    papers = {key: make_paper(title, f"{title}. {ABSTRACT}", citation_keys=(key,)) for key, title in titles.items()}
    reading.store([Record(paper, line, key) for line, (key, paper) in enumerate(papers.items(), 1)])
    reading.finish()


def test_a_paper_is_named_by_its_citation_key_in_its_own_case_first(library: Library) -> None:
    cited(library, "a.bib", gu2025="Beams of light", Gu2025="Rays of other light", doe2020="Bees in spring")
    assert curation.named(library, "gu2025").title == "Beams of light"
    assert curation.named(library, "@Gu2025").title == "Rays of other light"
    assert curation.named(library, "DOE2020").title == "Bees in spring"
    with pytest.raises(UsageError, match="may be any of these"):
        curation.named(library, "GU2025")
    assert library.find_papers("doe2020")[1] == len(library.found_ids("@doe2020")) == 1
    assert library.numbers(PaperFilter(), "doe2020").size == 1
    assert library.find_papers("doe2020", PaperFilter(since=2030))[1] == 0


def test_a_paper_is_named_by_what_a_catalogue_calls_it(library: Library) -> None:
    Reading(library, "openalex").store([Record(make_paper("Bees"), 1, "W2741809807")])
    assert curation.named(library, "W2741809807").title == "Bees"
    assert library.papers()[0].citation_keys == ()


def test_citation_keys_follow_papers_and_sources(library: Library) -> None:
    cited(library, "a.bib", one="Beams of light", two="Rays of other light")
    one, other = curation.named(library, "one"), curation.named(library, "two")
    merged = curation.merge(library, one.id, other.id)
    assert merged.citation_keys == ("one", "two")
    parts = curation.split(library, merged.id)
    assert sorted(part.citation_keys for part in parts) == [("one",), ("two",)]
    cited(library, "a.bib", three="Beams of light", two="Rays of other light")
    assert curation.named(library, "three").citation_keys == ("three",)
    with pytest.raises(UsageError, match="No paper"):
        curation.named(library, "one")


def test_a_key_that_alone_has_changed_is_taken_over(library: Library) -> None:
    for key in ("old", "new"):
        Reading(library, "zotero").store([Record(make_paper("Bees", citation_keys=(key,)), 1, "ABCD2345")])
        (paper,) = library.papers()
        assert paper.citation_keys == (key,)
