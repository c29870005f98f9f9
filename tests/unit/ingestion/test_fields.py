"""What every reader makes of a field, and of a record."""

from dataclasses import replace

import pytest

from assistant.ingestion.readers import fields
from assistant.types import Paper, Problem, Record


def test_the_first_identifier_in_several_texts_is_taken() -> None:
    assert fields.find_doi("", "no identifier", "https://doi.org/10.1000/a.", "10.1000/b") == "10.1000/a"
    assert fields.find_url("ftp://example.org", "see https://example.org/x, page 2") == "https://example.org/x"
    assert fields.find_arxiv_id("2502.13604", "arXiv:2401.00001v2") == "2401.00001"
    assert fields.find_arxiv_id("2502.13604", "arXiv:2401.00001v2", bare=True) == "2502.13604"
    assert fields.find_pmid("12", "PMID: 34") == "34"
    assert fields.find_pmid("", "12", bare=True) == "12"
    assert fields.find_doi() == fields.find_url("") == fields.find_arxiv_id() == fields.find_pmid("x") == ""


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (("2020", "2020-05-01"), "2020-05-01"),
        (("", "2020-05", "2021-01-01"), "2020-05"),
        (("", ""), ""),
        ((), ""),
    ],
)
def test_a_later_date_only_makes_the_first_one_more_precise(dates: tuple[str, ...], expected: str) -> None:
    assert fields.most_precise(*dates) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("Tides.",), "Tides"),
        (("[Les marées].",), "Les marées"),
        (("[Not Available].", "Les marées"), "Les marées"),
        (("[a] and [b]",), "[a] and [b]"),
        (("Notes on vitamin B.A.",), "Notes on vitamin B.A."),
    ],
)
def test_a_title_stands_without_full_stop_and_brackets(texts: tuple[str, ...], expected: str) -> None:
    assert fields.title_of(*texts) == expected


def test_a_record_says_whether_its_authors_are_all() -> None:
    whole = fields.record(Paper("Tides", "Wet."), ["Ada Lovelace", "Al Ng"], file="f", line=3, source_key="k")
    cut = fields.record(Paper("Tides", "Wet."), ["Ada Lovelace", "et al."], file="f", line=3)
    told = fields.record(Paper("Tides", "Wet.", authors_complete=False), ["Ada Lovelace"], file="f", line=3)
    assert isinstance(whole, Record)
    assert (whole.paper.authors, whole.paper.authors_complete) == (("Ada Lovelace", "Al Ng"), True)
    assert (whole.line, whole.source_key) == (3, "k")
    assert isinstance(cut, Record)
    assert (cut.paper.authors, cut.paper.authors_complete) == (("Ada Lovelace",), False)
    assert isinstance(told, Record)
    assert not told.paper.authors_complete


@pytest.mark.parametrize(
    "said", [{"date": "2020"}, {"doi": "10.1000/1"}, {"arxiv_id": "2401.00001"}, {"pmid": "3"}, {"abstract": "Wet."}]
)
def test_a_record_is_a_paper_by_its_title_and_one_thing_more(said: dict[str, str]) -> None:
    record = fields.record(replace(Paper("Tides", ""), **said), file="f", line=3)
    assert isinstance(record, Record)
    assert record.paper.abstract == said.get("abstract", "")
    assert isinstance(fields.record(replace(Paper("", ""), **said), ["Lena Berg"], file="f", line=3), Problem)
    assert isinstance(fields.record(Paper("Tides", ""), ["Lena Berg"], file="f", line=3), Record)


def test_a_title_alone_is_a_problem_that_names_it() -> None:
    problem = fields.record(Paper("Tides", ""), file="f", line=3)
    assert isinstance(problem, Problem)
    assert "“Tides” has a title and nothing else" in problem.reason
    assert "Complete the record" in problem.reason


@pytest.mark.parametrize(
    ("address", "doi"),
    [
        ("https://doi.org/10.1000/a.b", "10.1000/a.b"),
        ("https://link.example.com/article/10.1000/s11469-019-0056-4", "10.1000/s11469-019-0056-4"),
        ("https://link.example.com/content/pdf/10.1000%2Fs11469-4.pdf", "10.1000/s11469-4"),
        ("https://onlinelibrary.example.com/doi/abs/10.1000/lamp.12345", "10.1000/lamp.12345"),
        ("https://www.example.org/doi/full/10.1000/lamp.1?journalCode=x", "10.1000/lamp.1"),
        ("https://www.example.org/articles/10.1000/lamp.2013.00863/full", "10.1000/lamp.2013.00863"),
        ("https://example.org/article/doi/10.1093/lamp/btz123/5333333", "10.1093/lamp/btz123"),
        ("https://example.org/article/10.1000/2019/1234567", "10.1000/2019/1234567"),
        ("https://example.org/article/10.1000/0956797614567341/full", "10.1000/0956797614567341"),
        ("https://example.org/doi/suppl/10.1000/lamp.1/suppl_file/lamp_sm.pdf", "10.1000/lamp.1"),
        ("https://example.org/10.1000/s1/fulltext.html", "10.1000/s1"),
        ("https://doi.org/10.1000/lamp/202039988", "10.1000/lamp/202039988"),
        ("https://doi.org/10.1000/lamp/full", "10.1000/lamp/full"),
        ("https://doi.org/doi:10.1000/lamp", "10.1000/lamp"),
        ("https://doi.org//10.1000/lamp", "10.1000/lamp"),
        ("https://doi.org/%2010.1000/lamp", "10.1000/lamp"),
        ("https://example.org/10.1000/a" + "/full" * 8000 + "/x", ""),
        ("https://example.org/lampone/article?id=10.1000/lamp.0000217", "10.1000/lamp.0000217"),
        ("https://example.org/record.uri?eid=2-s2.0-1&doi=10.1000%2fs1-x&partnerID=4", "10.1000/s1-x"),
        ("https://www.example.org/content/10.1101/2020.01.01.123456v1.full.pdf", "10.1101/2020.01.01.123456"),
        ("https://example.org/doi/10.1000/lamp.1/pdf;jsessionid=A1", "10.1000/lamp.1"),
        ("https://example.org/doi/10.1002/(SICI)1097-0258(19980815)17:15/16", ""),  # cut off at "<"
        ("https://example.org/page?id=10", ""),
        ("https://example.org/10.1/lamps", ""),
    ],
)
def test_addresses_of_publishers_hold_dois(address: str, doi: str) -> None:
    assert fields.doi_of_addresses(address) == doi


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("12 août 2019", "2019-08-12"),
        ("März 2019", "2019-03"),
        ("Online 2019, out of print", "2019"),
        ("Gen. Assembly 2019", "2019"),
        ("Ott (2020)", "2020"),
    ],
)
def test_months_of_other_languages_are_no_other_words(text: str, date: str) -> None:
    assert fields.find_date(text) == date


def test_the_resolvers_address_goes_before_a_page_s() -> None:
    assert fields.doi_of_addresses("https://example.org/cites/10.1000/b", "https://doi.org/10.1000/a") == "10.1000/a"


@pytest.mark.parametrize(
    ("note", "doi"),
    [
        ("doi: 10.1000/x.", "10.1000/x"),
        ("PMID: 3; DOI: 10.1000/z", "10.1000/z"),
        ("Some words.\nDOI: 10.1000/y", "10.1000/y"),
        ("<b>a</b><br/>electronic-resource-num: 10.1000/p.2<br/>", "10.1000/p.2"),
        ("Erratum in: Lamps 2; doi: 10.1000/other", ""),
        ("see 10.1000/other", ""),
    ],
)
def test_a_note_that_begins_with_a_doi_states_it(note: str, doi: str) -> None:
    assert fields.doi_of_note(note) == doi


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("https://doi.org/10.1000%2Ftides.1", "10.1000/tides.1"),
        ("https://example.org/doi/abs/10.1000/tides.1?journalCode=harb", "10.1000/tides.1"),
        ("(doi:10.1000/tides.1)", "10.1000/tides.1"),
        ("[10.1000/tides.1]", "10.1000/tides.1"),
        ('<a href="https://doi.org/10.1000/tides.1">link</a>', "10.1000/tides.1"),
        (
            "10.1002/(SICI)1097(199808)17:15<1661::AID>3.0.CO;2-2",
            "10.1002/(SICI)1097(199808)17:15<1661::AID>3.0.CO;2-2",
        ),
        ("10.1016/S0140-6736(20)30183-5", "10.1016/S0140-6736(20)30183-5"),
    ],
)
def test_a_doi_is_without_what_it_stands_in(text: str, doi: str) -> None:
    assert fields.find_doi(text) == doi
