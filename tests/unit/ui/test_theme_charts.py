"""Small charts of themes: spans of enough papers, shares with intervals, places within the chart."""

from __future__ import annotations

from itertools import pairwise

import pytest

from assistant.analysis.trends import Share, Trend
from assistant.statistics import Comparison
from assistant.types import PaperFilter
from assistant.ui.site import translations
from assistant.ui.theme_charts import (
    HEIGHT,
    WIDTH,
    Span,
    change_in_words,
    changing,
    marks,
    odds_in_words,
    scale,
    share_in_words,
    shares_over,
    spans,
    step,
    within,
)

CHINESE = translations("zh")
INFINITE, UNKNOWN = float("inf"), float("nan")


def theme(label: str = "looms", counts: tuple[int, ...] = (1, 0, 30), papers: int = 40, **fields: object) -> Trend:
    shares = tuple(
        Share(str(2022 + place), count, papers, count / papers, 0.0, 1.0) for place, count in enumerate(counts)
    )
    given = {"change": "unclear", "words": "", "exemplars": (), **fields}
    return Trend(label, "t", ("p",), "", "", shares, **given)  # type: ignore[arg-type]


def compared(ratio: float, low: float, high: float) -> Comparison:
    return Comparison(2, 40, 8, 40, ratio, low, high, 0.95)


def test_every_period_stands_in_one_span_and_the_fullest_alone() -> None:
    publications = [(str(year), 1 + (year - 1984) ** 2) for year in range(1984, 2027)]
    held = spans(publications, 10)
    assert len(held) == 10
    assert sum(each.papers for each in held) == sum(papers for _, papers in publications)
    assert (held[0].first, held[-1].last) == ("1984", "2026")
    assert all(int(one.last) + 1 == int(other.first) for one, other in pairwise(held))
    assert held[-1] == Span("2026", "2026", publications[-1][1])


def test_a_period_of_so_few_papers_that_a_share_is_chance_is_told_with_its_neighbour() -> None:
    assert spans([("2024", 500), ("2025", 600), ("2026", 5)]) == (Span("2024", "2024", 500), Span("2025", "2026", 605))
    assert spans([("2024", 3), ("2025", 600), ("2026", 500)])[0] == Span("2024", "2025", 603)
    assert len(spans([("2024", 3), ("2025", 9), ("2026", 10)])) == 3
    assert spans([("2024", 0), ("2025", 0)]) == (Span("2024", "2024", 0), Span("2025", "2025", 0))
    assert spans([]) == ()


def test_a_span_is_named_in_words_and_in_few_signs() -> None:
    assert (Span("1984", "2009", 1).words(), Span("1984", "2009", 1).short) == ("1984 to 2009", "1984–2009")
    assert Span("2025", "2026", 1).short == "2025–26"
    assert Span("2025-03", "2025-05", 1).words(CHINESE) == "2025年3月 至 2025年5月"
    assert (Span("2025-03", "2025-03", 1).words(), Span("2025-03", "2025-03", 1).short) == ("March 2025", "2025-03")


def test_a_period_narrows_the_filter_to_its_papers() -> None:
    asked = PaperFilter(author="Ada", since=1990, first_day="1990-02")
    assert within(asked, "2024", "2025") == PaperFilter(author="Ada", since=2024, until=2025)
    assert within(asked, "2024-03", "2024-05") == PaperFilter(author="Ada", first_day="2024-03", last_day="2024-05")


def test_a_share_of_a_span_is_of_all_its_papers() -> None:
    [share, last] = shares_over(theme(counts=(1, 3, 30)).shares, [Span("2022", "2023", 80), Span("2024", "2024", 40)])
    assert (last.count, last.papers) == (30, 40)
    assert (share.count, share.papers, share.share) == (4, 80, 0.05)
    assert 0 < share.low < 0.05 < share.high < 0.15
    assert share_in_words(share).startswith("4 of 80 papers, 5.0 % (95 % interval 2.0 % to ")
    assert share_in_words(shares_over((), [Span("2022", "2022", 0)])[0]) == "no papers"
    assert share_in_words(share, CHINESE).startswith("80 篇论文中的 4 篇，占 5.0 %（95% 区间 2.0 % 至 ")


def test_marks_lie_within_the_chart_and_the_interval_around_them() -> None:
    held = spans([("2022", 40), ("2023", 40), ("2024", 40)])
    drawn = marks(theme(), held, scale([theme()], held))
    assert [mark.span.first for mark in drawn] == ["2022", "2023", "2024"]
    assert all(0 <= mark.high <= mark.y <= mark.low <= HEIGHT for mark in drawn)
    assert all(0 < mark.x < step(held) * 3 for mark in drawn)
    assert drawn[1].y == HEIGHT
    assert step([held[0]] * 10) * 10 == WIDTH
    assert step([held[0]] * 40) >= 24


def test_one_scale_holds_the_largest_share_and_no_more_than_all() -> None:
    held = spans([("2022", 40), ("2023", 40), ("2024", 40)])
    assert scale([theme(counts=(40, 40, 40))], held) == 1
    assert scale([theme(counts=(0, 0, 0))], held) == 0.05
    assert scale([], ()) == 0.05


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (compared(4.12, 2.2, 17.3), "odds × 4.1 (2.2 to 17)"),
        (compared(0.456, 0.2, 0.91), "odds × 0.46 (0.20 to 0.91)"),
        (compared(INFINITE, 1.12, INFINITE), "odds × 1.1 at least"),
        (compared(0, 0, 0.5), "odds × 0.50 at most"),
        (compared(UNKNOWN, UNKNOWN, UNKNOWN), ""),
        (None, ""),
    ],
)
def test_the_odds_are_told_with_their_interval(ratio: Comparison | None, words: str) -> None:
    assert odds_in_words(theme(compared=ratio)) == words
    assert change_in_words(theme(compared=ratio)) == ("5.0 % → 20 %" if ratio else "")


def test_what_surely_changes_most_comes_first() -> None:
    themes = [
        theme("a little", change="rising", compared=compared(2, 1.1, 3)),
        theme("much", change="rising", compared=compared(3, 2, 9)),
        theme("down", change="falling", compared=compared(0.5, 0.2, 0.9)),
        theme("far down", change="falling", compared=compared(0.1, 0.01, 0.3)),
    ]
    assert [each.label for each in changing(themes, "rising")] == ["much", "a little"]
    assert [each.label for each in changing(themes, "falling")] == ["far down", "down"]
