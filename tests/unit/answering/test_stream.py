from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from assistant.answering import AnswerStream, Foreground, stream
from assistant.types import AnswerEvent, TextProduced


def test_the_foreground_is_busy_while_an_event_is_computed_and_a_moment_after(monkeypatch: pytest.MonkeyPatch) -> None:
    foreground = Foreground()
    seen: list[bool] = []

    def events() -> Iterator[AnswerEvent]:
        seen.append(foreground.is_busy)
        yield TextProduced("one")

    answer = AnswerStream(events(), threading.Event(), foreground)
    assert not foreground.is_busy
    for _ in answer:
        seen.append(foreground.is_busy)
        monkeypatch.setattr(stream, "_PAUSE", 0.0)
        assert not foreground.is_busy, "a reader may leave an answer alone for ever"
    assert seen == [True, True]


def test_the_foreground_is_busy_until_the_last_of_several_answers() -> None:
    foreground = Foreground()
    with foreground:
        with foreground:
            assert foreground.is_busy
        assert foreground.is_busy


def test_an_answer_that_fails_frees_the_foreground(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_PAUSE", 0.0)
    foreground = Foreground()

    def events() -> Iterator[AnswerEvent]:
        raise ValueError("broken")
        yield

    with pytest.raises(ValueError, match="broken"):
        list(AnswerStream(events(), threading.Event(), foreground))
    assert not foreground.is_busy
