"""Files of questions in JSON Lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import UsageError

_TEXT_KEYS = ("q", "text", "question", "query", "statement")


@dataclass(frozen=True, slots=True)
class Question:
    """One line: the question, the questions that went before it, and everything else the line says.

    `number` is the line's place in its file, from 1; 0 for a question that stands in none.
    """

    id: str
    text: str
    history: tuple[str, ...]
    line: dict[str, Any]
    number: int = 0


def read(path: Path) -> list[Question]:
    """Read a file of questions; the text may stand under "q", "text", "question" or "query".

    Raises UsageError when the file cannot be read or a line holds no question.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from error
    return [_question(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _question(path: Path, number: int, line: str) -> Question:
    try:
        value = json.loads(line)
        text = next((value[key] for key in _TEXT_KEYS if key in value), None)
        history = value.get("history") or []
    except (ValueError, AttributeError) as error:
        raise UsageError(f"{path}, line {number} is not a JSON object ({error}); JSON Lines are expected.") from error
    is_list = isinstance(history, list) and all(isinstance(earlier, str) for earlier in history)
    if not isinstance(text, str) or not is_list:
        raise UsageError(f'{path}, line {number} needs a text under "q"; "history" is a list of texts.')
    return Question(str(value.get("id", number)), text, tuple(history), value, number)
