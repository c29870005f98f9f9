"""Saved conversations, which outlive the program."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.sqlite import insert as insert_or_pass

from assistant.library.schema import answers, chats
from assistant.library.store import Library
from assistant.types import Answer

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class SavedConversation:
    """One conversation: its id, the time of its first question, and that question."""

    id: str
    begun: str
    title: str


class Conversations:
    """The conversations over one library. An answer is kept whole, its sources too, whatever becomes of the papers."""

    def __init__(self, library: Library) -> None:
        self._library = library

    @staticmethod
    def new_id() -> str:
        """Return the id of a conversation that begins now."""
        return uuid.uuid4().hex

    def save(self, chat_id: str, given: Sequence[Answer]) -> None:
        """Save a conversation as it stands now: its answers in order, replacing what was saved of it before."""
        rows = [
            {"chat_id": chat_id, "ordinal": ordinal, "answer": _answer_json().dump_json(answer).decode()}
            for ordinal, answer in enumerate(given, 1)
        ]
        with self._library.transaction() as connection:
            begun = datetime.now().isoformat(" ", "seconds")
            connection.execute(insert_or_pass(chats).values(id=chat_id, begun=begun).on_conflict_do_nothing())
            connection.execute(delete(answers).where(answers.c.chat_id == chat_id))
            if rows:
                connection.execute(insert(answers), rows)

    def latest(self, limit: int) -> list[SavedConversation]:
        """Return the newest conversations, newest first."""
        query = (
            select(chats, answers.c.answer)
            .join(answers, (answers.c.chat_id == chats.c.id) & (answers.c.ordinal == 1))
            .order_by(chats.c.begun.desc(), chats.c.id)
            .limit(limit)
        )
        with self._library.transaction() as connection:
            rows = connection.execute(query).all()
        return [SavedConversation(row.id, row.begun, _answer_json().validate_json(row.answer).question) for row in rows]

    def answers(self, chat_id: str) -> tuple[Answer, ...]:
        """Return the answers of a conversation in order; none where it is unknown."""
        query = select(answers.c.answer).where(answers.c.chat_id == chat_id).order_by(answers.c.ordinal)
        with self._library.transaction() as connection:
            return tuple(_answer_json().validate_json(text) for text in connection.execute(query).scalars())

    def forget(self, chat_id: str) -> None:
        """Delete a conversation."""
        with self._library.transaction() as connection:
            connection.execute(delete(chats).where(chats.c.id == chat_id))


@cache
def _answer_json() -> TypeAdapter[Answer]:
    """Return what reads and writes answers as JSON."""
    from pydantic import TypeAdapter

    return TypeAdapter(Answer)
