import pytest

from assistant.analysis.trends import timeline
from tests.conftest import make_paper


def laid_out(by: timeline.By, *dates: str) -> timeline.Timeline:
    return timeline.lay_out([make_paper(f"Of {date}", date=date, id=f"p{date}") for date in dates], by)


def test_years_without_papers_stand_between_those_with_some() -> None:
    found = laid_out("year", "2021-05", "2024", "2021-06-07")
    assert found.periods == ("2021", "2022", "2023", "2024")
    assert found.papers.tolist() == [2, 0, 0, 1]


def test_months_run_on_from_one_year_to_the_next_and_years_alone_stand_in_none() -> None:
    found = laid_out("month", "2023-11-30", "2024-02", "2024")
    assert found.periods == ("2023-11", "2023-12", "2024-01", "2024-02")
    assert found.papers.tolist() == [1, 0, 0, 1]
    assert "p2024" not in found.place


def test_no_dates_make_no_periods() -> None:
    found = laid_out("year", "")
    assert found.periods == ()
    assert found.split == 0
    assert found.counts(["p"]).tolist() == []


def test_dates_that_are_none_stand_in_no_period() -> None:
    assert laid_out("month", "2024-13", "2024-00", "20x4-01").periods == ()


def test_a_very_long_span_is_laid_out_whole() -> None:
    found = laid_out("month", "1665-03", "2026-01")
    assert len(found.periods) == (2026 - 1665) * 12 - 2 + 1
    assert int(found.papers.sum()) == 2


def test_the_newest_come_first_and_those_without_a_date_last() -> None:
    found = laid_out("year", "2021", "", "2024-05", "2024-04-30")
    assert found.newest_first(["p", "p2021", "p2024-04-30", "p2024-05"]) == ("p2024-05", "p2024-04-30", "p2021", "p")


def test_a_span_is_said_in_words() -> None:
    assert timeline.span_in_words(["2024-03", "2024-04", "2024-05"]) == "March 2024 to May 2024"
    assert timeline.span_in_words(["2024"]) == "2024"
    assert timeline.span_in_words([]) == ""


@pytest.mark.parametrize(
    ("papers", "place"),
    [
        ([], 0),
        ([7], 0),
        ([0, 7, 0], 0),
        ([3, 9, 10], 2),
        ([5, 5], 1),
        ([100, 1], 1),
        ([1, 100], 1),
        ([5, 0, 0, 5], 3),  # the later half begins where there are papers again
    ],
)
def test_papers_are_halved_between_periods_as_evenly_as_can_be(papers: list[int], place: int) -> None:
    assert timeline.halving(papers) == place
