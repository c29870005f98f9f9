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
