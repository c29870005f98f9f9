"""The arithmetic of the benchmark of waiting: stages of a run, ratios question by question, and its questions."""

from __future__ import annotations

import pytest

from benchmarks.answering import IN_PROSE, QUESTIONS, STAGES, Run, quartiles, questions, ratios, table

WHOLE = Run(
    total_s=10.0,
    planned_s=0.5,
    evidence_s=1.0,
    judged_s=3.0,
    first_token_s=5.0,
    written_s=9.0,
    prompt_tokens=400,
    new_tokens=21,
)
WRITING = Run(total_s=20.0, first_token_s=10.0, written_s=20.0, prompt_tokens=400, new_tokens=21)


def test_stages_of_a_whole_answer_and_of_writing_alone() -> None:
    assert {name: stage(WHOLE) for name, stage in STAGES.items()} == {
        "request read, s": 0.5,
        "first evidence, s": 1.0,
        "judging, s": 2.0,
        "first token, s": 5.0,
        "prompt tokens/s": 100.0,
        "new tokens/s": 5.0,
        "new tokens": 21,
        "proof, s": 1.0,
        "total, s": 10.0,
    }
    alone = {name: stage(WRITING) for name, stage in STAGES.items()}
    assert (alone["prompt tokens/s"], alone["new tokens/s"], alone["total, s"]) == (40.0, 2.0, 20.0)
    assert [alone[name] for name in ("request read, s", "first evidence, s", "judging, s", "proof, s")] == [None] * 4


def test_what_was_not_measured_has_no_rate_and_no_ratio() -> None:
    refused, one_token = Run(total_s=2.0, evidence_s=1.0), Run(total_s=4.0, first_token_s=4.0, written_s=4.0)
    assert STAGES["new tokens/s"](refused) is None
    assert STAGES["new tokens/s"](one_token) is None
    assert ratios(STAGES["first token, s"], [WHOLE, refused], [WRITING, WRITING]) == [0.5]
    assert ratios(STAGES["total, s"], [WHOLE, refused], [WRITING, WRITING]) == [0.5, 0.1]


def test_ratios_are_taken_by_question_before_their_median() -> None:
    ours = [Run(total_s=seconds) for seconds in (1.0, 8.0, 3.0)]
    theirs = [Run(total_s=seconds) for seconds in (2.0, 2.0, 3.0)]
    assert quartiles(ratios(STAGES["total, s"], ours, theirs)) == pytest.approx((1.0, 0.75, 2.5))


def test_a_table_has_a_column_for_each_engine_and_each_ratio() -> None:
    lines = table({"ours": [WHOLE, WHOLE], "llama": [WRITING, WRITING]}).splitlines()
    assert lines[0].split() == ["ours", "llama", "ours/llama"]
    total = next(line for line in lines if line.startswith("total"))
    cells = [("10.00", "[10.00,", "10.00]"), ("20.00", "[20.00,", "20.00]"), ("0.50", "[0.50,", "0.50]")]
    assert total.split() == ["total,", "s", *(word for cell in cells for word in cell)]
    judging = next(line for line in lines if line.startswith("judging"))
    assert judging.split()[-2:] == ["-", "-"]


def test_questions_are_a_fixed_sample_of_those_in_prose() -> None:
    own = QUESTIONS[:1]
    every = questions(own, 0, follow_ups=False)
    assert len(every) == 30
    assert {question.line["type"] for question in every} <= set(IN_PROSE)
    assert [each.id for each in questions(own, 5, follow_ups=False)] == [
        each.id for each in questions(own, 5, follow_ups=False)
    ]
    going_on = questions(own, 0, follow_ups=True)
    assert len(going_on) == 10
    assert all(question.history for question in going_on)
