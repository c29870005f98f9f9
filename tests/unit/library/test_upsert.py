"""Adding records: new, changed or already there."""

from dataclasses import replace

import pytest

from assistant.library import Library, curation, fulltext, identity, integrity, upsert
from assistant.types import Paper, PaperFilter, Record
from tests.conftest import make_paper, pending_ids, store_vectors


def keep(library: Library, *papers: Paper, origin: str = "a.bib", source_keys: tuple[str, ...] = ()) -> list[str]:
    """Add one whole file."""
    names = source_keys or ("",) * len(papers)
    batch = [Record(paper, 1, name) for paper, name in zip(papers, names, strict=True)]
    reading = upsert.Reading(library, origin)
    outcomes = reading.store(batch)
    reading.finish()
    return list(outcomes)


def test_adding_twice_changes_nothing(library: Library) -> None:
    papers = (make_paper("One"), make_paper("Two"))
    assert keep(library, *papers) == ["added", "added"]
    assert keep(library, *papers) == ["unchanged", "unchanged"]
    assert library.count() == 2


def test_a_changed_abstract_updates_the_paper_its_text_and_its_vector(library: Library, embedder) -> None:
    keep(library, make_paper("One", "Old words."))
    (paper_id,) = pending_ids(library)
    store_vectors(library, [paper_id], embedder.embed(["Old words."]))
    assert keep(library, make_paper("One", "Fresh wording.")) == ["updated"]
    assert [paper.abstract for paper in library.papers()] == ["Fresh wording."]
    assert library.text_search("wording", 5)
    assert not library.text_search("old", 5)
    assert pending_ids(library) == [paper_id]


def test_a_new_flag_alone_keeps_the_vector(library: Library, embedder) -> None:
    keep(library, make_paper("One"))
    store_vectors(library, pending_ids(library), embedder.embed(["x"]))
    assert keep(library, make_paper("One", has_code=True)) == ["updated"]
    assert pending_ids(library) == []


def test_the_same_paper_from_two_files_is_one_paper(library: Library) -> None:
    keep(library, make_paper("Attention", "A.", doi="10.1/x", arxiv_id="1706.03762"), origin="a.bib")
    assert keep(library, make_paper("ATTENTION!", "A.", arxiv_id="1706.03762v7"), origin="b.jsonl") == ["updated"]
    assert keep(library, make_paper("attention", "A."), origin="page.txt") == ["updated"]
    assert library.count() == 1
    assert library.papers()[0].id == "doi:10.1/x"


def test_two_sources_that_disagree_do_not_flip_the_paper_back_and_forth(library: Library) -> None:
    one, other = make_paper("T", "Abstract of one."), make_paper("T", "Abstract of the other.")
    keep(library, one, origin="a.bib")
    assert keep(library, other, origin="b.bib") == ["updated"]
    assert keep(library, one, origin="a.bib") == ["unchanged"]
    assert keep(library, other, origin="b.bib") == ["unchanged"]
    assert library.papers()[0].abstract == "Abstract of the other."


def test_one_catalogue_may_hold_different_papers_of_one_title(library: Library) -> None:
    first, second = make_paper("Editorial", "Of spring."), make_paper("Editorial", "Of autumn.")
    for _ in range(2):
        outcomes = keep(library, first, second, source_keys=("1", "2"))
    assert outcomes == ["unchanged", "unchanged"]
    assert library.count() == 2


def test_a_record_listed_twice_in_one_file_is_one_paper(library: Library) -> None:
    assert keep(library, make_paper("T"), make_paper("T"), source_keys=("1", "2")) == ["added", "unchanged"]
    (paper,) = library.papers()
    assert library.source_keys([paper.id]) == {paper.id: ("1", "2")}


def test_a_corrected_title_under_the_same_own_id_updates_the_paper(library: Library) -> None:
    keep(library, make_paper("Atention"), source_keys=("k",))
    assert keep(library, make_paper("Attention"), source_keys=("k",)) == ["updated"]
    assert [paper.title for paper in library.papers()] == ["Attention"]


def test_an_own_id_given_to_another_paper_does_not_overwrite_the_first(library: Library) -> None:
    keep(library, make_paper("Cats", authors=("A One",)), source_keys=("1",))
    assert keep(library, make_paper("Dogs", authors=("B Two",), date="2020"), source_keys=("1",)) == ["added"]
    assert library.count() == 2


def test_contradicting_dois_keep_papers_of_one_title_apart(library: Library) -> None:
    keep(library, make_paper("T", doi="10.1/a"), make_paper("T", doi="10.1/b"))
    assert {paper.doi for paper in library.papers()} == {"10.1/a", "10.1/b"}


def test_authors_and_categories_follow_an_update(library: Library) -> None:
    keep(library, make_paper("T", doi="10.1/a", authors=("A One",), categories=("CL",)))
    keep(library, make_paper("T", doi="10.1/a", authors=("B Two", "C Three"), categories=("CV",)))
    (paper,) = library.papers()
    assert paper.authors == ("B Two", "C Three")
    assert not library.papers(PaperFilter(author="A One"))
    assert library.papers(PaperFilter(category="cv")) == [paper]


def test_a_file_whose_rows_were_renumbered_loses_no_paper(library: Library) -> None:
    one, other = make_paper("Cats"), make_paper("Dogs")
    keep(library, one, other, source_keys=("1", "2"))
    assert keep(library, other, source_keys=("1",)) == ["unchanged"]
    assert {paper.title for paper in library.papers()} == {"Cats", "Dogs"}


def test_a_key_used_again_for_another_paper_of_the_same_people_overwrites_nothing(library: Library) -> None:
    keep(library, make_paper("Beams of adapters", "On beams."), source_keys=("Gu_2024",))
    assert keep(library, make_paper("Early pruning", "On pruning."), source_keys=("Gu_2024",)) == ["added"]
    assert library.count() == 2


def test_a_page_that_tells_one_paper_twice_in_other_words_settles_down(library: Library) -> None:
    first, second = make_paper("T", "One wording."), make_paper("T", "Another wording.")
    assert keep(library, first, second) == ["added", "updated"]
    assert keep(library, first, second) == ["unchanged", "unchanged"]


def test_a_record_that_is_put_back_counts_as_a_change(library: Library) -> None:
    keep(library, make_paper("T", "Old."))
    keep(library, make_paper("T", "New."))
    assert keep(library, make_paper("T", "Old.")) == ["updated"]
    assert library.papers()[0].abstract == "Old."


def test_papers_of_one_title_may_come_and_go_in_a_catalogue(library: Library) -> None:
    spring, autumn, winter = (make_paper("Editorial", f"Of {season}.") for season in ("spring", "autumn", "winter"))
    keep(library, spring, autumn, source_keys=("1", "2"))
    keep(library, spring, winter, autumn, source_keys=("1", "2", "3"))
    assert {paper.abstract for paper in library.papers()} >= {"Of spring.", "Of winter.", "Of autumn."}
    assert keep(library, spring, winter, autumn, source_keys=("1", "2", "3")) == ["unchanged"] * 3


def test_a_failing_batch_leaves_nothing_behind(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("interrupted while writing")

    monkeypatch.setattr(fulltext, "write", fail)
    with pytest.raises(RuntimeError):
        keep(library, make_paper("One"), make_paper("Two"))
    assert library.count() == 0


def test_the_same_page_read_as_of_another_year_dates_its_papers_anew(library: Library) -> None:
    keep(library, make_paper("T", "The same words.", date="2026-06-02"))
    assert keep(library, make_paper("T", "The same words.", date="2025-06-02")) == ["updated"]
    assert [paper.date for paper in library.papers()] == ["2025-06-02"]


def bare(title: str, **fields: object) -> Paper:
    """Return a paper without an abstract."""
    return replace(make_paper(title, **fields), abstract="")


def test_a_paper_without_an_abstract_is_kept_and_gets_it_from_a_later_source(library: Library, embedder) -> None:
    assert keep(library, bare("Attention to beams", venue="ACL")) == ["added"]
    (paper_id,) = pending_ids(library)
    store_vectors(library, [paper_id], embedder.embed(["x"]))
    assert keep(library, make_paper("Attention to Beams", "Beams attend."), origin="b.bib") == ["updated"]
    (paper,) = library.papers()
    assert (paper.id, paper.abstract, paper.venue) == (paper_id, "Beams attend.", "ACL")
    assert library.text_search("attend", 5)
    assert pending_ids(library) == [paper_id]
    assert keep(library, bare("Attention to beams", venue="ACL")) == ["unchanged"]
    assert library.papers() == [paper]


def test_a_preprint_of_the_year_before_gives_a_paper_its_abstract_where_the_title_says_enough(library: Library) -> None:
    keep(library, bare("Attention to beams of light"), bare("Editorial"))
    others = (
        make_paper("Attention to beams of light", "Beams.", date="2023"),
        make_paper("Editorial", "E.", date="2023"),
    )
    assert keep(library, *others, origin="b.bib") == ["updated", "added"]


def test_titles_that_come_every_year_are_a_paper_each(library: Library) -> None:
    years = [bare("Editorial", date=str(year)) for year in (2021, 2022, 2023)]
    unsigned = [bare("Editorial", authors=(), venue=venue) for venue in ("Nature", "Science")]
    assert keep(library, *years, *unsigned) == ["added"] * 5
    assert keep(library, *years, *unsigned) == ["unchanged"] * 5


@pytest.mark.parametrize(
    ("author", "venue", "count"),
    [
        ("Bob Smith", "Journal of Ants", 2),
        ("Bob Smith", "", 2),
        ("Anna Smith", "Journal of Ants", 2),
        ("A. Smith", "journal of bees", 1),
        ("Anna Smith", "", 1),
    ],
)
@pytest.mark.parametrize("is_one_file", [True, False])
def test_a_short_title_without_abstracts_joins_one_author_and_one_venue(
    library: Library, author: str, venue: str, count: int, is_one_file: bool
) -> None:
    one = bare("Editorial", authors=("Anna Smith",), venue="Journal of Bees")
    other = bare("Editorial", authors=(author,), venue=venue)
    for _ in range(2):
        if is_one_file:
            outcomes = keep(library, one, other)
        else:
            outcomes = keep(library, one, origin="a.ris") + keep(library, other, origin="b.ris")
        assert library.count() == count
    assert outcomes == ["unchanged", "unchanged"]
    if author == "Anna Smith" and count == 2:
        assert len(curation.alike_pairs(library)) == 1


def test_a_longer_title_without_an_abstract_joins_its_year_whatever_the_venue_is_called(library: Library) -> None:
    keep(library, bare("Attention to beams of light", venue="Proc. ACL"))
    assert keep(library, bare("Attention to beams of light", venue="ACL"), origin="b.bib") == ["updated"]


def test_one_catalogue_may_list_papers_of_one_title_without_abstracts(library: Library) -> None:
    spring, autumn = bare("Book reviews", date="2024-03"), bare("Book reviews", date="2024-09")
    assert keep(library, spring, autumn, source_keys=("1", "2")) == ["added", "added"]
    assert keep(library, spring, autumn, source_keys=("1", "2")) == ["unchanged", "unchanged"]


def test_a_preprint_and_its_publication_in_one_catalogue_are_one_paper(library: Library) -> None:
    preprint, published = bare("Beams", arxiv_id="2502.13604", venue="CoRR"), bare("Beams", doi="10.1/b", venue="ACL")
    assert keep(library, preprint, published, source_keys=("corr/1", "acl/1")) == ["added", "updated"]
    assert library.count() == 1


def test_a_key_used_again_for_another_paper_without_an_abstract_overwrites_nothing(library: Library) -> None:
    keep(library, bare("Beams of adapters"), source_keys=("Gu_2024",))
    assert keep(library, bare("Early pruning"), source_keys=("Gu_2024",)) == ["added"]
    assert library.count() == 2


def test_many_papers_without_abstracts_share_no_key(library: Library) -> None:
    assert not set(identity.keys(bare("Cats"))) & set(identity.keys(bare("Dogs")))


def test_a_library_of_titles_is_sound(library: Library) -> None:
    keep(library, bare("Cats"), bare("Dogs", doi="10.1/d"))
    assert integrity.check(library).findings == ()
    assert [paper.abstract for paper in library.papers()] == ["", ""]
    assert library.find_papers("dog ada")[1] == 1
    assert library.text_search("cats", 5)


def test_papers_alike_without_abstracts_are_shown_to_a_person(library: Library) -> None:
    keep(library, bare("Attention to supervised beams of light"), bare("Attention to unsupervised beams of light"))
    assert library.count() == 2
    (pair,) = curation.alike_pairs(library)
    assert {pair.one.abstract, pair.other.abstract} == {""}


def test_initials_of_a_later_source_do_not_take_names_away(library: Library) -> None:
    text = "Fog is collected by harps of wire."
    keep(library, make_paper("Fog Harps", text, authors=("Anna Berg", "Rick Roe"), date="2020"))
    keep(library, make_paper("Fog Harps", text, authors=("A. Berg", "R Roe"), date="2020"), origin="b.csv")
    (paper,) = library.papers()
    assert paper.authors == ("Anna Berg", "Rick Roe")
    keep(library, make_paper("Fog Harps", text, authors=("Anna M. Berg", "Rick Roe"), date="2020"), origin="c.bib")
    (paper,) = library.papers()
    assert paper.authors == ("Anna M. Berg", "Rick Roe")
