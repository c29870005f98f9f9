"""Thoughts that a model writes before its answer, told from the answer as they come."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass

from assistant.protocols import Ended, Written

BEGIN, END = "<think>", "</think>"

_ROOM = 2048
"""Tokens that a model may write beside its answer that thinks, though it is asked not to."""

_END_OF_THOUGHT = re.compile(
    rf"(?:^|[.!?…。！？][\"'”’)\]*_]*)[ \t]*{END}(?![\"'”’»)\]}}`])|{END}(?=[ \t]*\n[ \t]*\n)", re.MULTILINE
)
"""The tag where no sentence or quotation goes on: first on a line, behind a sentence, or before an empty line."""


@dataclass(slots=True)
class Habit:
    """What is known of a model: whether it thinks, and whether its prompt opens the thought, None where nobody told.

    `is_seen` says that an answer looked like that where nobody told, so that no answer is lost on it.
    """

    thinks: bool = False
    is_open: bool | None = None
    is_seen: bool = False


def is_opened(prompt: str) -> bool:
    """Tell whether a prompt opens the thought with which the answer goes on."""
    return prompt.rstrip().endswith(BEGIN)


def answer(write: Callable[[int], Generator[str, None, Ended]], most: int, habit: Habit) -> Generator[str, None, Ended]:
    """Yield an answer of at most `most` tokens without thoughts; where they left none of it, it is written again.

    `write` is told how many tokens it may write: more for a model that is known to think.
    """
    while True:
        room, is_empty = room_for(habit), True
        written = Written(left_out(write(most + room), habit))
        for count, piece in enumerate(written):
            if count > most:  # more than a token a piece is rare, and the last may be half a one
                return Ended("length")
            is_empty = False
            yield piece
        if not is_empty or room or not habit.thinks:
            return written.ended


def room_for(habit: Habit) -> int:
    """Return how many tokens a model may write beside its answer."""
    return _ROOM if habit.thinks or habit.is_open else 0


def left_out(pieces: Generator[str, None, Ended], habit: Habit) -> Generator[str, None, Ended]:
    """Yield the text but the thought at its beginning: what stands in tags, or before a lone tag that ends a thought.

    The prompt may have opened the thought. Where nobody told, its end is the first sign of it: it is yielded then,
    once, and how the text ended says how long it was; a tag within a sentence or a quotation is no sign. A text that
    ends by itself without the end of a thought is an answer, and so is any where a thought was only supposed. How the
    text is cut into pieces makes no difference. `habit` is brought up to date.
    """
    is_open, is_seen = habit.is_open, habit.is_seen  # one answer goes by what was known when it began
    held, said, end = "", "", 0
    is_sure, is_over = bool(is_open), False
    is_led = True  # what stands between thought and answer is part of neither
    text = Written(pieces)
    with closing(pieces):
        for piece in text:
            if not is_over:
                held += piece
                start = held.lstrip()
                if len(start) < len(BEGIN) and BEGIN.startswith(start):
                    continue
                is_sure = is_sure or start.startswith(BEGIN)
                if is_sure or is_seen:
                    end = _end_of_thought(held, is_sure=is_sure)
                    if not end or (end == len(held) and not is_sure):  # what follows may close a quotation
                        continue
                habit.thinks = habit.thinks or _says_something(held[:end])
                is_over, held, piece = True, "", held[end:]
                is_led = not end
            if not is_led:
                piece = piece.lstrip()
                is_led = bool(piece)
            said += piece
            if piece:
                yield piece
        if is_sure and text.ended.why != "stop":
            habit.thinks = habit.thinks or _says_something(held)
        elif held:
            said += held
            yield held
    if is_open is None and not (is_over and end) and (end := _end_of_thought(said, is_sure=False)):
        habit.thinks = habit.is_seen = True
        return Ended(text.ended.why, end)
    return text.ended


def _end_of_thought(text: str, *, is_sure: bool) -> int:
    """Return where the thought ends with which a text begins, for sure or as it seems; 0 for nowhere."""
    if is_sure:
        return text.find(END) + len(END) if END in text else 0
    found = _END_OF_THOUGHT.search(text.partition(BEGIN)[0]) if END in text else None
    return found.end() if found else 0


def _says_something(thought: str) -> bool:
    return bool(re.search(r"\w", thought.replace(BEGIN, "").replace(END, "")))
