"""Thoughts that a model writes before its answer, told from the answer as they come."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

from assistant.protocols import Ended, Written

BEGIN, END = "<think>", "</think>"

_END_OF_THOUGHT = re.compile(
    rf"(?:^|[.!?…。！？][\"'”’)\]*_]*)[ \t]*{END}|(?<=\w){END}(?=\w|\s*\Z)|{END}(?=[ \t]*\n[ \t]*\n)", re.MULTILINE
)
"""The tag where no sentence goes on: first on a line, behind a sentence, between two words, or before an empty line."""


@dataclass(slots=True)
class Habit:
    """What is known of a model: whether it thinks, and whether its prompt opens the thought, None for not known."""

    thinks: bool = False
    is_open: bool | None = None


def is_opened(prompt: str) -> bool:
    """Tell whether a prompt opens the thought with which the answer goes on."""
    return prompt.rstrip().endswith(BEGIN)


def left_out(pieces: Generator[str, None, Ended], habit: Habit) -> Generator[str, None, Ended]:
    """Yield the text but the thought at its beginning: what stands in tags, or before a lone tag that ends a thought.

    The prompt may have opened the thought. Where nobody told, its end is the first sign of it: it is yielded then,
    once, and how the text ended says how long it was; a tag within a sentence is no sign. How the text is cut into
    pieces makes no difference. `habit` is brought up to date.
    """
    held, said = "", ""
    is_marked = is_over = False
    is_led = True  # what stands between thought and answer is part of neither
    text = Written(pieces)
    with closing(pieces):
        for piece in text:
            if not is_over:
                held += piece
                start = held.lstrip()
                if len(start) < len(BEGIN) and BEGIN.startswith(start):
                    continue
                is_marked = start.startswith(BEGIN)
                thinks = is_marked or bool(habit.is_open)
                thought, closed, rest = held.partition(END) if thinks else ("", "", held)
                if thinks and not closed:
                    continue
                habit.thinks = habit.thinks or _says_something(thought)
                is_over, held, piece = True, "", rest
                is_led = not thinks
            if not is_led:
                piece = piece.lstrip()
                is_led = bool(piece)
            said += piece
            if piece:
                yield piece
        if held and (is_marked or (habit.is_open and text.ended.why != "stop")):
            habit.thinks = habit.thinks or _says_something(held)
        elif held:
            habit.is_open = None if habit.is_open else habit.is_open  # it has thought of nothing, this time
            yield held
    if habit.is_open is None and not is_marked and (found := _END_OF_THOUGHT.search(said)):
        habit.thinks = habit.is_open = True
        return Ended(text.ended.why, found.end())
    return text.ended


def without(text: str, prompt: str) -> str:
    """Return a whole text but the thought before it, by the prompt to which it is the answer."""

    def once() -> Generator[str, None, Ended]:
        yield text
        return Ended()

    return Written(left_out(once(), Habit(is_open=is_opened(prompt)))).whole()


def _says_something(thought: str) -> bool:
    return bool(re.search(r"\w", thought.replace(BEGIN, "")))
