import math

import numpy as np
import pytest

from assistant.analysis.trends import By, Trend, percent
from assistant.analysis.trends.changes import change, confinement, trend
from assistant.analysis.trends.timeline import Timeline, lay_out
from assistant.statistics import bonferroni, compare
from tests.conftest import make_paper


def of(by: By, *dates: str) -> Timeline:
    return lay_out([make_paper(f"{number}", date=date, id=str(number)) for number, date in enumerate(dates)], by)


def followed(timeline: Timeline, *paper_ids: str, theme_id: str = "t", statements: int = 1) -> Trend:
    return trend("editing", theme_id, paper_ids, paper_ids[:1], timeline, timeline.papers, statements)


YEARS = of("year", *["2024-06-01"] * 3, *["2025-03-01"] * 9, *["2026-04-01"] * 9, "2026-06-02")


def test_shares_are_of_all_papers_of_a_period() -> None:
    found = followed(YEARS, "0", "3", "4")
    assert [(share.period, share.count, share.papers) for share in found.shares] == [
        ("2024", 1, 3),
        ("2025", 2, 9),
        ("2026", 0, 10),
    ]
    assert found.shares[1].share == pytest.approx(2 / 9)
    assert found.shares[1].low < 2 / 9 < found.shares[1].high


def test_a_period_without_papers_has_the_widest_interval() -> None:
    found = followed(of("year", "2020", "2022"), "0")
    assert (found.shares[1].papers, found.shares[1].low, found.shares[1].high) == (0, 0, 1)


def test_what_the_dates_prove_is_said_however_few_the_papers() -> None:
    found = followed(YEARS, "12", "13", "21")
    assert found.words.startswith("3 papers, all in 2026 (April to June); none of the 12 before 2026; too few papers")
    assert (found.first, found.last, found.change) == ("2026-04-01", "2026-06-02", "unclear")
    assert found.paper_ids == ("21", "12", "13")


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        (("2025-03-01", "2025-03-09"), "2 papers, all in March 2025;"),
        (("2025-03-01",), "1 paper, in March 2025;"),
        (("2019", "2024"), "2 papers, first in 2019, last in 2024;"),
        (("2024-06", "2026-01-05"), "2 papers, first in June 2024, last in January 2026;"),
        (("2025", "2025-04"), "2 papers, all in 2025;"),
        (("2025-03-01", ""), "2 papers, in March 2025 (1 more without a date);"),
        (("", ""), "2 papers, none with a date;"),
    ],
)
def test_dates_are_said_as_precisely_as_they_are_known(dates: tuple[str, ...], said: str) -> None:
    found = followed(of("year", *dates), *(str(number) for number in range(len(dates))))
    assert found.words.startswith(said)


def test_what_surely_rises_is_said_with_both_shares() -> None:
    timeline = of("year", *["2024"] * 100, *["2025"] * 100)
    rising = followed(timeline, *(str(number) for number in (*range(5), *range(100, 140))))
    assert rising.change == "rising"
    assert "rising: 5.0 % of the papers of 2024, 40 % of those of 2025" in rising.words
    assert rising.compared is not None
    assert rising.compared.low > 1
    falling = followed(timeline, *(str(number) for number in (*range(40), *range(100, 105))))
    assert falling.change == "falling"


def test_one_of_many_statements_is_made_more_carefully() -> None:
    timeline = of("year", *["2024"] * 40, *["2025"] * 40)
    held = [str(number) for number in (*range(3), *range(40, 52))]
    assert followed(timeline, *held).change == "rising"
    assert followed(timeline, *held, statements=100).change == "unclear"


def test_what_comes_and_goes_is_not_called_steady() -> None:
    timeline = of("year", *(str(year) for year in range(2018, 2024) for _ in range(300)))
    peaked = [str(number) for number in (*range(600, 690), *range(900, 990))]  # in the two years of the middle
    found = followed(timeline, *peaked)
    assert found.change == "unclear"
    assert "it came and went" in found.words
    assert "most in 2020 (30 %)" in found.words
    even = [str(number) for number in range(1800) if number % 6 == 0]
    assert followed(timeline, *even).change == "steady"


def test_papers_that_nobody_looked_at_pass_for_no_change() -> None:
    timeline = of("year", *["2024"] * 60, *["2025"] * 60)
    looked_at = np.array([60, 6])  # the newest have no vector yet
    found = trend("editing", "t", [str(number) for number in (*range(30), 60, 61, 62)], (), timeline, looked_at, 1)
    assert found.change == "unclear"
    assert found.shares[1].papers == 60


def test_papers_of_one_year_are_compared_with_nothing() -> None:
    found = followed(of("year", "2026", "2026-05"), "0")
    assert found.compared is None
    assert found.words.endswith("nothing earlier or later to compare with")


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0 %"), (0.2, "20 %"), (0.0345, "3.5 %"), (0.0004, "under 0.1 %"), (1, "100 %"), (0.0996, "10 %")],
)
def test_shares_are_said_as_people_read_them(share: float, said: str) -> None:
    assert percent(share) == said


def test_what_surely_grows_is_rising_and_its_mirror_image_falling() -> None:
    grows = compare(5, 100, 40, 100, 0.95)
    assert change(grows) == "rising"
    assert change(compare(40, 100, 5, 100, 0.95)) == "falling"
    assert grows.low < grows.ratio < grows.high


def test_a_few_papers_prove_no_change() -> None:
    few = compare(0, 12, 2, 10, 0.95)
    assert change(few) == "unclear"
    assert few.high == math.inf


def test_steady_is_only_what_neither_doubled_nor_halved() -> None:
    assert change(compare(200, 2000, 210, 2000, 0.95)) == "steady"
    assert change(compare(10, 100, 11, 100, 0.95)) == "unclear"


@pytest.mark.parametrize("counts", [(0, 12, 0, 10), (12, 12, 10, 10), (0, 0, 3, 10), (3, 10, 0, 0)])
def test_tables_that_tell_nothing_are_unclear(counts: tuple[int, int, int, int]) -> None:
    assert change(compare(*counts, 0.95)) == "unclear"


def test_more_statements_need_surer_ones() -> None:
    assert change(compare(3, 40, 12, 40, bonferroni(1))) == "rising"
    assert change(compare(3, 40, 12, 40, bonferroni(100))) == "unclear"


def test_no_more_false_changes_are_told_than_promised() -> None:
    random = np.random.default_rng(5)
    wrong = 0
    for _ in range(300):
        earlier, later = random.binomial(60, 0.1), random.binomial(50, 0.1)
        wrong += change(compare(int(earlier), 60, int(later), 50, 0.95)) in ("rising", "falling")
    assert wrong <= 0.05 * 300


def test_the_chance_of_keeping_to_some_papers_is_the_hypergeometric_one() -> None:
    counts, among = np.array([3, 1, 4]), np.array([10, 10, 3])
    assert confinement(counts, among, 22) == pytest.approx([120 / 1540, 10 / 22, 0])
