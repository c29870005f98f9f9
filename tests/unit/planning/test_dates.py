"""The time that a question speaks of."""

from __future__ import annotations

from datetime import date

import pytest

from assistant.planning.dates import find_period

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        ("How many papers in 2024?", 2024, 2024),
        ("papers from 2024", 2024, 2024),
        ("papers from 2024 on", 2024, None),
        ("between 2020 and 2023", 2020, 2023),
        ("2019-2021", 2019, 2021),
        ("papers of 2020-22", 2020, 2022),
        ("since 2024", 2024, None),
        ("after 2024", 2025, None),
        ("before 2025", None, 2024),
        ("2024 or later", 2024, None),
        ("by the end of 2022", None, 2022),
        ("in the last two years", 2025, None),
        ("last year", 2025, 2025),
        ("since last year", 2025, None),
        ("this year", 2026, 2026),
        ("the 1990s", 1990, 1999),
        ("2024年发表了几篇", 2024, 2024),
        ("2020到2023年", 2020, 2023),
        ("2023年以来", 2023, None),
    ],
)
def test_years_and_ranges_are_read(question: str, since: int | None, until: int | None) -> None:
    period = find_period(question, TODAY)
    assert period is not None
    assert (period.since, period.until, period.first_day, period.last_day) == (since, until, "", "")


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("in March 2025", "2025-03", "2025-03"),
        ("from Jan to May 2025", "2025-01", "2025-05"),
        ("from November 2024 to Feb 2025", "2024-11", "2025-02"),
        ("since March 2025", "2025-03", ""),
        ("before March 2025", "", "2025-02"),
        ("after 2025-12", "2026-01", ""),
        ("on 2025-03-04", "2025-03-04", "2025-03-04"),
        ("in the last 6 months", "2026-05", ""),
        ("last month", "2026-10", "2026-10"),
    ],
)
def test_months_and_days_are_read(question: str, first: str, last: str) -> None:
    period = find_period(question, TODAY)
    assert period is not None
    assert (period.since, period.until, period.first_day, period.last_day) == (None, None, first, last)


@pytest.mark.parametrize(
    "question", ["ResNet-50 with 1024 units", "2048 tokens", "may improve results", "what happened in may", "57.2024"]
)
def test_numbers_that_are_no_years_are_left_alone(question: str) -> None:
    assert find_period(question, TODAY) is None


def test_where_the_time_stands_is_told() -> None:
    question = "How many papers since 2024 have code?"
    period = find_period(question, TODAY)
    assert period is not None
    assert question[period.start : period.end] == "since 2024"


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("after 2025-02-30", "2025-03", ""),
        ("before 2025-02-31", "", "2025-01"),
        ("on 2025-02-45", "2025-02", "2025-02"),
    ],
)
def test_of_a_day_that_there_is_not_the_month_is_read(question: str, first: str, last: str) -> None:
    period = find_period(f"papers {question}", TODAY)
    assert period is not None
    assert (period.first_day, period.last_day) == (first, last)
