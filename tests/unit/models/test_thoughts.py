"""Thoughts before an answer: left out wherever they are told from it, however the text comes in pieces."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import pytest

from assistant.models.thoughts import Habit, is_opened, left_out, without
from assistant.protocols import Ended, Written


def answered(pieces: Sequence[str], habit: Habit, why: str = "stop") -> str:
    def written() -> Generator[str, None, Ended]:
        yield from pieces
        return Ended(why)  # type: ignore[arg-type]

    return Written(left_out(written(), habit)).whole()


def cuts(text: str) -> list[list[str]]:
    """Return a text in one piece, by characters, with each tag as a piece of its own, and with a tag cut in two."""
    apart = text.replace("</think>", "\0</think>\0").replace("<think>", "\0<think>\0").split("\0")
    return [[text], list(text), [piece for piece in apart if piece], text.replace("think>", "th\0ink>").split("\0")]


MARKED = [
    ("<think>Let me see.</think>A beam.", "A beam."),
    ("\n<think>\n</think> \n\n A beam.", "A beam."),
    ("<think>So it is</think>A beam. <think> is a tag.", "A beam. <think> is a tag."),
    ("<think>Let me see.", ""),
    ("<thin air", "<thin air"),
    ("A <think>beam</think> is one.", "A <think>beam</think> is one."),
]


@pytest.mark.parametrize(("text", "answer"), MARKED)
@pytest.mark.parametrize("is_open", [None, False])
def test_a_thought_in_tags_is_left_out(text: str, answer: str, is_open: bool | None) -> None:
    for pieces in cuts(text):
        habit = Habit(is_open=is_open)
        assert answered(pieces, habit) == answer
        assert habit == Habit("Let me see" in text or "So it is" in text, is_open)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("thought.</think>Answer", "Answer"),
        ("Let me see. </think> A beam.", "A beam."),
        ("Let me see.\n</think>\n\nA beam.", "A beam."),
        ("Let me see.\n</think>A beam.", "A beam."),
        ("(So it is.)</think>\nA beam.", "A beam."),
        ("It must be a beam</think>A beam.", "A beam."),
        ("It must be a beam</think>\n\nA beam.", "A beam."),
        ("It must be</think>\nA beam.", None),
        ("Why not?</think>", ""),
        ("</think>\n\nA beam.", "A beam."),
        ("</think> A beam.", "A beam."),
        ("梁。</think>A beam.", "A beam."),
        ("Beams end with </think> tags.", None),
        ("The tags are `<think>` and `</think>`.", None),
        ("It writes <think>reasoning</think> before it answers.", None),
        ("It is called “</think>” there.", None),
        ("A beam.", None),
    ],
)
def test_a_tag_that_nobody_announced_ends_a_thought_where_no_sentence_goes_on(text: str, answer: str | None) -> None:
    for pieces in cuts(text):
        habit = Habit()
        assert answered(pieces, habit) == (text if answer is None else answer)
        assert habit == (Habit() if answer is None else Habit(thinks=True, is_open=True))
        assert answered(pieces, Habit(is_open=False)) == text


@pytest.mark.parametrize(
    ("text", "why", "answer"),
    [
        ("It may be that </think> A beam.", "stop", "A beam."),
        ("</think>\n\nA beam.", "stop", "A beam."),
        ("A beam.", "stop", "A beam."),
        ("Let me see", "length", ""),
    ],
)
def test_where_the_prompt_opens_the_thought_the_first_tag_ends_it(text: str, why: str, answer: str) -> None:
    for pieces in cuts(text):
        habit = Habit(is_open=True)
        assert answered(pieces, habit, why) == answer
        assert habit.is_open == (None if text == "A beam." else True)  # it has thought of nothing


def test_a_model_that_thinks_now_and_then_is_told_from_its_answers_each_time() -> None:
    habit = Habit()
    for _ in range(2):
        assert answered(["Let me see.", "</think>", "A beam."], habit) == "A beam."
        assert answered(["Yes."], habit) == "Yes."


def test_a_prompt_says_whether_it_opens_a_thought() -> None:
    assert is_opened("<|assistant|><think>\n")
    assert without("It may be </think>\n\nA beam.", "<|assistant|><think>\n") == "A beam."
    assert without("Beams.</think>A tag.", "<|assistant|>") == "Beams.</think>A tag."
