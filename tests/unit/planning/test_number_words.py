"""Numbers and bounds in requests, and choices among people."""

from __future__ import annotations

import pytest

from assistant.planning import follow_ups, number_words
from assistant.types import Candidate, ClarificationPlan, Turn


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("once", 1),
        ("eleven", 11),
        ("twenty-five papers", 25),
        ("二十篇", 20),
        ("十五篇", 15),
        ("最近三年", 3),
        ("drei", 3),
        ("the 12 newest", 12),
        ("none", None),
    ],
)
def test_numbers_are_read_in_words_and_figures(text: str, number: int | None) -> None:
    assert number_words.number(text) == number


@pytest.mark.parametrize(
    ("answer", "chosen"),
    [
        ("the second one", "b"),
        ("2", "b"),
        ("I mean the first", "a"),
        ("Who is the first author of LoRA?", None),
        ("What was published last year?", None),
        ("How do second-order methods work here?", None),
    ],
)
def test_only_a_short_answer_chooses_among_people(answer: str, chosen: str | None) -> None:
    candidates = (Candidate("a", "Wei Wang", "3 papers, 2019"), Candidate("b", "Wei Wang", "1 paper, 2024"))
    turn = Turn("papers by Wei Wang", "Which one?", (), "", ClarificationPlan(question="q", candidates=candidates))
    found = follow_ups.choice(answer, [turn])
    assert (found.id if found else None) == chosen
