from dataclasses import replace
from itertools import islice, product

from assistant.library.field_provenance import digest, merge, statement
from assistant.library.identity import UNCERTAIN, Titles, contradict, likeness, new_ids, strong_keys, title_key
from assistant.types import Authorship
from tests.conftest import make_paper


def test_a_doi_wins_over_an_arxiv_id_and_that_over_the_title() -> None:
    paper = make_paper("A Title", doi="10.1/ABC", arxiv_id="2502.13604v2")
    assert strong_keys(paper) == ("doi:10.1/abc", "arxiv:2502.13604")
    assert next(new_ids(paper)) == "doi:10.1/abc"
    assert next(new_ids(replace(paper, doi=""))) == "arxiv:2502.13604"
    assert next(new_ids(replace(paper, doi="", arxiv_id=""))).startswith("title:")
    assert len(set(islice(new_ids(paper), 9))) == 9


def test_the_title_key_ignores_case_punctuation_accents_and_given_names() -> None:
    one = make_paper("Über-Attention: Is It All?", authors=("Ada M. Lovelace",))
    other = make_paper("uber attention is it all", "Another abstract.", authors=("A. Lovelace",))
    assert title_key(one) == title_key(other)


def test_the_title_key_tells_years_and_first_authors_apart() -> None:
    paper = make_paper("Editorial")
    assert title_key(paper) != title_key(make_paper("Editorial", date="2023"))
    assert title_key(paper) != title_key(make_paper("Editorial", authors=("Alan Turing",)))


def test_a_title_without_author_or_year_is_no_key_of_its_own() -> None:
    one = make_paper("Note on creep buckling", "First part.", authors=())
    other = make_paper("Note on creep buckling", "Second part.", authors=())
    assert title_key(one) != title_key(other)


def test_different_dois_contradict_and_a_shared_arxiv_id_reconciles() -> None:
    one = make_paper("T", doi="10.1/a", arxiv_id="1706.03762")
    assert contradict(one, make_paper("T", doi="10.1/b"))
    assert not contradict(one, make_paper("T", doi="10.1/b", arxiv_id="1706.03762v5"))
    assert not contradict(one, make_paper("T"))


def test_merging_takes_the_newer_word_and_keeps_the_older_where_the_newer_is_silent() -> None:
    older = make_paper("A title", "Old abstract.", doi="10.1/a", date="2024-05-01", has_code=True, id="doi:10.1/a")
    newer = make_paper("A Title", "New abstract.", date="2024", venue="ICML")
    merged = merge(older, newer)
    assert (merged.id, merged.doi, merged.abstract, merged.venue) == ("doi:10.1/a", "10.1/a", "New abstract.", "ICML")
    assert merged.date == "2024-05-01"
    assert merged.has_code is True


def test_a_cut_author_line_never_replaces_a_full_one_but_its_hidden_owner_joins() -> None:
    full = make_paper("T", authors=("A One", "B Two", "C Three", "D Four"))
    cut = replace(
        make_paper("T", authors=("A One", "B Two")),
        authors_complete=False,
        authorships=(Authorship("A One", 1), Authorship("B Two", 2), Authorship("D. Four", None)),
    )
    assert merge(full, cut).authorships == full.authorships
    unknown = replace(cut, authorships=(*cut.authorships[:2], Authorship("Zoe Nine", None)))
    assert merge(full, unknown).authorships[-1] == Authorship("Zoe Nine", None)
    assert merge(cut, full).authorships == full.authorships
    assert merge(cut, full).authors_complete


def test_the_digest_depends_on_every_field_but_the_id() -> None:
    paper = make_paper("T")
    assert digest(statement(paper)) == digest(statement(replace(paper, id="x")))
    assert digest(statement(paper)) != digest(statement(replace(paper, has_code=True)))


def test_a_doi_of_arxiv_is_an_arxiv_id() -> None:
    assert strong_keys(make_paper("T", doi="10.48550/arXiv.2502.13604")) == ("arxiv:2502.13604",)
    assert strong_keys(make_paper("T", arxiv_id="cs/0601001v1")) == ("arxiv:cs/0601001",)


def test_of_two_cut_author_lines_the_longer_stays() -> None:
    longer = replace(make_paper("T", authors=("A One", "B Two", "C Three")), authors_complete=False)
    shorter = replace(make_paper("T", authors=("A One",)), authors_complete=False)
    assert merge(longer, shorter).authors == longer.authors
    assert merge(shorter, longer).authors == longer.authors


def test_titles_pass_over_only_pairs_that_nothing_could_make_alike() -> None:
    titles = [
        *(
            "Beam tuning of low-rank adapters",
            "Beam tunning of low rank adapters",
            "Beam tuning of low-rank adapters II",
        ),
        *("Beam tuning of low-rank adapters: a study", "Erratum: Beam tuning of low-rank adapters", "BERT", "Bees"),
        *("Low-rank adapters: beam tuning", "Beam search for adapters of low rank", "Beam tuning!", "Beam tuning"),
    ]
    known = Titles({title: title for title in titles})
    passed = {pair for pair in product(titles, repeat=2) if known.may_be_alike(*pair)}
    alike = {
        (one, other)
        for one, other in product(titles, repeat=2)
        if likeness(make_paper(one), make_paper(other)) >= UNCERTAIN
    }
    assert alike <= passed
    assert len(passed) < len(titles) ** 2 / 3
