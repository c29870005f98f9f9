"""Thoughts before an answer: left out wherever they are told from it, however the text comes in pieces."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import pytest

from assistant.models.thoughts import Habit, answer, is_opened, left_out
from assistant.protocols import Ended, Written


def answered(pieces: Sequence[str], habit: Habit, why: str = "stop") -> str:
    return Written(left_out(ended(pieces, why), habit)).whole()


def ended(pieces: Sequence[str], why: str) -> Generator[str, None, Ended]:
    yield from pieces
    return Ended(why)  # type: ignore[arg-type]


def cuts(text: str) -> list[list[str]]:
    """Return a text in one piece, by characters, with each tag as a piece of its own, and with a tag cut in two."""
    apart = text.replace("</think>", "\0</think>\0").replace("<think>", "\0<think>\0").split("\0")
    return [[text], list(text), [piece for piece in apart if piece], text.replace("think>", "th\0ink>").split("\0")]


MARKED = [
    ("<think>Let me see.</think>A beam.", "A beam."),
    ("\n<think>\n</think> \n\n A beam.", "A beam."),
    ("<think>So it is</think>A beam. <think> is a tag.", "A beam. <think> is a tag."),
    ("<think>Let me", "<think>Let me"),
    ("<think> is the tag with which it begins.", "<think> is the tag with which it begins."),
    ("<thin air", "<thin air"),
    ("A <think>beam</think> is one.", "A <think>beam</think> is one."),
]


@pytest.mark.parametrize(("text", "rest"), MARKED)
@pytest.mark.parametrize("is_open", [None, False])
def test_a_thought_in_tags_is_left_out(text: str, rest: str, is_open: bool | None) -> None:
    for pieces in cuts(text):
        habit = Habit(is_open=is_open)
        assert answered(pieces, habit) == rest
        assert habit == Habit("Let me see" in text or "So it is" in text, is_open)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("thought.</think>Answer", "Answer"),
        ("Let me see. </think> A beam.", "A beam."),
        ("Let me see.\n</think>\n\nA beam.", "A beam."),
        ("Let me see.\n</think>A beam.", "A beam."),
        ("(So it is.)</think>\nA beam.", "A beam."),
        ("It must be a beam</think>\n\nA beam.", "A beam."),
        ("It must be</think>\nA beam.", None),
        ("Tags such as thought</think>answer are used.", None),
        ("It writes “<think>Let me see.</think>” before it answers.", None),
        ("The format is <think>reasoning</think>answer.", None),
        ("The format is <think>...</think><answer>...</answer>.", None),
        ("It writes\n<think>\nreasoning\n</think>\nfirst.", None),
        ("It writes <think>reasoning</think>", None),
        ("It ends with “done.</think>” each time.", None),
        ("It ends with (done. </think>) each time.", None),
        ("It ends with `\n</think>` each time.", None),
        ("Let me see.</think>“Beam” is <think>.", "“Beam” is <think>."),
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
def test_a_tag_that_nobody_announced_ends_a_thought_where_no_sentence_goes_on(text: str, rest: str | None) -> None:
    for pieces in cuts(text):
        habit = Habit()
        assert answered(pieces, habit) == (text if rest is None else rest)
        assert habit == (Habit() if rest is None else Habit(thinks=True, is_seen=True))
        assert answered(pieces, Habit(is_open=False)) == text


@pytest.mark.parametrize(
    ("text", "why", "rest"),
    [
        ("It may be that </think> A beam.", "stop", "A beam."),
        ("</think>\n\nA beam.", "stop", "A beam."),
        ("A beam.", "stop", "A beam."),
        ("Let me see", "length", ""),
    ],
)
def test_where_the_prompt_opens_the_thought_the_first_tag_ends_it(text: str, why: str, rest: str) -> None:
    for pieces in cuts(text):
        habit = Habit(is_open=True)
        assert answered(pieces, habit, why) == rest
        assert habit.is_open  # though it may think of nothing


def test_a_model_that_thinks_now_and_then_is_told_from_its_answers_each_time() -> None:
    habit = Habit()
    for _ in range(2):
        assert answered(["Let me see.", "</think>", "A beam."], habit) == "A beam."
        assert answered(["Yes."], habit) == "Yes."


def test_a_prompt_says_whether_it_opens_a_thought() -> None:
    assert is_opened("<|assistant|><think>\n")
    assert not is_opened("<|assistant|><think>\n</think>\n")


@pytest.mark.parametrize("why", ["stop", "length", ""])
def test_what_one_answer_looked_like_loses_no_later_one(why: str) -> None:
    habit = Habit()
    assert answered(["Let me see.</think>", "A beam."], habit) == "A beam."
    quotation = "It ends with “done.</think>” each time."
    for text in ("A beam.", quotation, "It writes <think>so it is.</think>"):
        for pieces in cuts(text):
            assert answered(pieces, habit, why) == text
    for pieces in cuts("Let me see.</think>A beam."):
        assert "".join(left_out(ended(pieces, why), habit)) == "A beam."  # which is held back until then
    assert answered(["Let me see.</think>"], habit, why) == ""


def test_answers_written_at_once_do_not_change_each_other() -> None:
    for is_open in (None, True):
        habit = Habit(is_open=is_open)

        def slow(others: str, habit: Habit = habit) -> Generator[str, None, Ended]:
            yield "Let me see what beams"
            assert answered([others], habit) == others.rpartition("</think>")[2].strip()
            yield " are.\n</think>\n\nA beam."
            return Ended("stop")

        for others in ("Hm.\n</think>\n\nB.", "B."):
            assert Written(left_out(slow(others), habit)).whole() == "A beam."
        assert habit.is_open == is_open


@pytest.mark.parametrize(("is_open", "is_marked"), [(None, True), (False, True), (True, False)])
def test_a_thought_has_room_beside_the_answer(is_open: bool | None, is_marked: bool) -> None:
    habit, asked = Habit(is_open=is_open), list[int]()

    def written(most: int) -> Generator[str, None, Ended]:
        asked.append(most)
        words = [*["<think>"] * is_marked, *["so "] * 50, "</think>", *["beam "] * 9]
        yield from words[:most]
        return Ended("length" if most < len(words) else "stop")

    for _ in range(2):
        assert Written(answer(written, 20, habit)).whole() == "beam " * 9
    assert [most > 1000 for most in asked] == ([False, True, True] if is_marked else [True, True])
