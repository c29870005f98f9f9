"""Conversations turn by turn, which outlive the program and lose nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, exists, func, insert, or_, select, update

from assistant.errors import UsageError
from assistant.library.rows import rows_in
from assistant.library.schema import conversations, turns
from assistant.library.store import Library
from assistant.text import fold, one_line, shortened
from assistant.types import Answer, PaperFilter, json_adapter

TurnState = Literal["asking", "answered", "failed"]

INTERRUPTED = "The program ended while this was being answered. Ask again with Retry."
UNREADABLE = "Another version of the program kept this answer, and it cannot be read any more. Ask again with Retry."


@dataclass(frozen=True, slots=True)
class SavedConversation:
    """One conversation: its id, its title, and the turn it shows last, "" for none.

    Times are ISO, in UTC: when it was begun, when a question or an answer last came, and when it was removed (None
    where it was not). `turns` counts its questions, those of other branches too; `is_asking` where one is under way.
    """

    id: str
    title: str
    begun: str
    changed: str
    removed: str | None
    leaf: str
    turns: int
    is_asking: bool


@dataclass(frozen=True, slots=True)
class SavedTurn:
    """One question and what became of it.

    `parent` is the turn before, None for a first one; `siblings` are all turns that follow the same one, oldest first,
    this one among them. `number` is greater for later turns of the library, and says nothing else. `scope` are the
    papers it was asked of, `asked` the time in UTC, ISO. Answered, it has an answer; failed, an `error` for a person;
    `draft` is what had been written of an answer that did not end. A rating is 1, -1, or 0 for none.
    """

    id: str
    conversation_id: str
    parent: str | None
    number: int
    question: str
    scope: PaperFilter
    asked: str
    state: TurnState
    answer: Answer | None
    draft: str
    error: str
    rating: int
    remark: str
    siblings: tuple[str, ...]

    @property
    def place(self) -> int:
        """Return the place among the siblings, from 1."""
        return self.siblings.index(self.id) + 1


@dataclass(frozen=True, slots=True)
class RatedTurn:
    """A turn that was rated, and the questions that went before it."""

    turn: SavedTurn
    history: tuple[str, ...]


class Conversations:
    """The conversations of one owner over one library; "" is who uses it on this machine without a login.

    The turns of a conversation are a tree. An answer anew stands beside the one before under the same turn, an edited
    question too; what is shown is the path from the first turn to the conversation's leaf. An answer is kept whole, its
    sources too, whatever becomes of the papers. Any number of threads and processes may write: each turn is a row of
    its own. Methods that are given an id raise UsageError where the owner has nothing of that id, unless they say else.
    """

    def __init__(self, library: Library, owner: str = "") -> None:
        self._library = library
        self._owner = owner

    def begin_turn(
        self, question: str, *, conversation_id: str = "", after: str | None = None, scope: PaperFilter = PaperFilter()
    ) -> SavedTurn:
        """Write a question down before it is answered, and show it last.

        Without `conversation_id` a conversation begins, which the question gives its title. `after` is the turn that
        goes before, None for a first one: to answer anew or to edit, give the `parent` of the turn that is replaced. A
        removed conversation comes back.
        """
        now, turn_id, question = _now(), uuid.uuid4().hex, _storable(question)
        with self._library.transaction() as connection:
            if conversation_id:
                self._change(connection, conversation_id, changed=now, removed=None, leaf=turn_id)
            else:
                conversation_id, title = uuid.uuid4().hex, shortened(one_line(question))
                named = {"id": conversation_id, "owner": self._owner, "title": title, "words": fold(title)}
                connection.execute(
                    insert(conversations).values({**named, "begun": now, "changed": now, "leaf": turn_id})
                )
            known = select(turns.c.id).where(turns.c.id == after, turns.c.conversation_id == conversation_id)
            if after is not None and connection.execute(known).first() is None:
                raise _unknown("turn", after)
            place = {"id": turn_id, "conversation_id": conversation_id, "parent": after, "asked": now}
            asked = {"state": "asking", "question": question, "words": fold(question), "scope": _scope_text(scope)}
            connection.execute(insert(turns).values({**place, **asked}))
            return _read(connection, conversation_id, [turn_id])[0]

    def note_draft(self, turn_id: str, draft: str) -> None:
        """Keep what is written so far of an answer under way; nothing where it is over."""
        with self._library.transaction() as connection:
            connection.execute(
                update(turns).where(turns.c.id == turn_id, turns.c.state == "asking").values(draft=_storable(draft))
            )

    def finish(self, turn_id: str, answer: Answer) -> None:
        """Write the answer of a turn down, whatever was said of it before, and whoever owns it by now."""
        words = fold(" ".join((answer.question, answer.translation, answer.text)))
        text = json_adapter(Answer).dump_json(answer).decode()
        with self._library.transaction() as connection:
            values = {"state": "answered", "answer": text, "words": words, "draft": "", "error": ""}
            if not connection.execute(update(turns).where(turns.c.id == turn_id).values(**values)).rowcount:
                raise _unknown("turn", turn_id)
            self._note_change(connection, turn_id)

    def fail(self, turn_id: str, error: str, draft: str = "") -> None:
        """Write down, for a person, why there is no answer, and what was written of it; "" keeps the draft noted last.

        A turn that has its answer keeps it, and an unknown one is passed over.
        """
        values = {"state": "failed", "error": _storable(error), **({"draft": _storable(draft)} if draft else {})}
        with self._library.transaction() as connection:
            is_open = (turns.c.id == turn_id) & (turns.c.state != "answered")
            if connection.execute(update(turns).where(is_open).values(**values)).rowcount:
                self._note_change(connection, turn_id)

    def interrupted(self) -> int:
        """Have the turns of every owner that are still asking fail: the program that asked is gone. Return how many.

        To be called once when the program starts, before anything is asked.
        """
        with self._library.transaction() as connection:
            left = update(turns).where(turns.c.state == "asking").values(state="failed", error=INTERRUPTED)
            return connection.execute(left).rowcount

    def purge(self) -> int:
        """Delete for good what any owner removed 30 days ago or earlier. Return how many conversations went."""
        with self._library.transaction() as connection:
            old = delete(conversations).where(conversations.c.removed <= _now(timedelta(days=30)))
            return connection.execute(old).rowcount

    def path(self, conversation_id: str) -> tuple[SavedTurn, ...]:
        """Return the turns that are shown, first to last; none where the conversation is unknown."""
        with self._library.transaction() as connection:
            found = select(conversations.c.leaf).where(self._is_owned(conversation_id))
            leaf = connection.execute(found).scalar()
            if not leaf:
                return ()
            before = _parents(connection, conversation_id)
            return tuple(_read(connection, conversation_id, _path(before, leaf)))

    def turn(self, turn_id: str) -> SavedTurn | None:
        """Return a turn, None where it is unknown."""
        with self._library.transaction() as connection:
            found = connection.execute(select(turns.c.conversation_id).where(self._is_own(turn_id))).scalar()
            return next(iter(_read(connection, found, [turn_id])), None) if found else None

    def show(self, turn_id: str) -> tuple[SavedTurn, ...]:
        """Show the branch of a turn, down to the newest turn that follows it, and return the path."""
        with self._library.transaction() as connection:
            of = connection.execute(select(turns.c.conversation_id).where(self._is_own(turn_id))).scalar()
            if of is None:
                raise _unknown("turn", turn_id)
            under, newest = {turn_id}, turn_id
            for each, parent in _parents(connection, of).items():  # a turn comes after the one that it follows
                if parent in under:
                    under.add(each)
                    newest = each
            self._change(connection, of, leaf=newest)
        return self.path(of)

    def listed(
        self, words: str = "", limit: int = 50, offset: int = 0, *, removed: bool = False
    ) -> list[SavedConversation]:
        """Return conversations, the one changed last first; with `removed` those that were removed.

        With words, those of which each word stands somewhere in title, questions or answers, also as part of a word.
        """
        newest = (conversations.c.changed.desc(), conversations.c.begun.desc(), conversations.c.id)
        query = self._holding(_CONVERSATIONS, words, removed).order_by(*newest).limit(limit).offset(offset)
        with self._library.transaction() as connection:
            return [_conversation(row) for row in connection.execute(query)]

    def count(self, words: str = "", *, removed: bool = False) -> int:
        """Return how many conversations `listed` returns in all."""
        query = self._holding(select(func.count()).select_from(conversations), words, removed)
        with self._library.transaction() as connection:
            return int(connection.execute(query).scalar_one())

    def conversation(self, conversation_id: str) -> SavedConversation | None:
        """Return a conversation, also one that was removed; None where it is unknown."""
        with self._library.transaction() as connection:
            row = connection.execute(_CONVERSATIONS.where(self._is_owned(conversation_id))).first()
            return _conversation(row) if row else None

    def named(self, name: str) -> SavedConversation:
        """Return the conversation of an id, of the beginning of one, or of a whole title, also a removed one.

        Raises UsageError where there is none, or several.
        """
        begins = func.substr(conversations.c.id, 1, len(name)) == name.lower()
        query = _CONVERSATIONS.where(conversations.c.owner == self._owner, or_(begins, conversations.c.title == name))
        with self._library.transaction() as connection:
            found = connection.execute(query.limit(2)).all() if name else []
        if len(found) > 1:
            raise UsageError(f"Several conversations begin with “{name}” or are called so. Give more of the id.")
        if not found:
            raise _unknown("conversation", name)
        return _conversation(found[0])

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title. Raises UsageError for an empty one."""
        line = one_line(_storable(title))
        if not line:
            raise UsageError("A title needs at least one letter. Write one, or leave the title as it is.")
        with self._library.transaction() as connection:
            self._change(connection, conversation_id, title=line, words=fold(line))

    def remove(self, conversation_id: str) -> None:
        """Take a conversation off the list. `restore` brings it back until it is purged."""
        with self._library.transaction() as connection:
            self._change(connection, conversation_id, removed=_now())

    def restore(self, conversation_id: str) -> None:
        """Put a removed conversation back on the list, as it was."""
        with self._library.transaction() as connection:
            self._change(connection, conversation_id, removed=None)

    def rate(self, turn_id: str, rating: int, remark: str = "") -> None:
        """Rate a turn: 1 for good, -1 for bad, 0 to take that back. Raises UsageError for other numbers."""
        if rating not in (-1, 0, 1):
            raise UsageError(f"A rating is 1, -1 or 0, not {rating}.")
        with self._library.transaction() as connection:
            self._change_turn(connection, turn_id, rating=rating, remark=_storable(remark))

    def rated(self) -> tuple[RatedTurn, ...]:
        """Return the rated turns of all branches, oldest first; none of removed conversations."""
        kept = select(conversations.c.id).where(conversations.c.owner == self._owner, conversations.c.removed.is_(None))
        query = select(turns.c.id, turns.c.conversation_id).where(turns.c.rating != 0)
        with self._library.transaction() as connection:
            rows = connection.execute(query.where(turns.c.conversation_id.in_(kept)).order_by(turns.c.number)).all()
            found = []
            for row in rows:
                path = _path(_parents(connection, row.conversation_id), row.id)
                asked = rows_in(connection, select(turns.c.id, turns.c.question), turns.c.id, path)
                questions = {each.id: each.question for each in asked}
                turn = _read(connection, row.conversation_id, [row.id])[0]
                found.append(RatedTurn(turn, tuple(questions[each] for each in path[:-1])))
        return tuple(found)

    def _is_owned(self, conversation_id: str) -> ColumnElement[bool]:
        return (conversations.c.id == conversation_id) & (conversations.c.owner == self._owner)

    def _is_own(self, turn_id: str) -> ColumnElement[bool]:
        own = select(conversations.c.id).where(conversations.c.owner == self._owner)
        return (turns.c.id == turn_id) & turns.c.conversation_id.in_(own)

    def _change(self, connection: Connection, conversation_id: str, **values: str | None) -> None:
        """Write columns of a conversation. Raises UsageError where it is unknown."""
        if not connection.execute(
            update(conversations).where(self._is_owned(conversation_id)).values(**values)
        ).rowcount:
            raise _unknown("conversation", conversation_id)

    def _change_turn(self, connection: Connection, turn_id: str, **values: str | int) -> None:
        """Write columns of a turn. Raises UsageError where it is unknown."""
        if not connection.execute(update(turns).where(self._is_own(turn_id)).values(**values)).rowcount:
            raise _unknown("turn", turn_id)

    def _note_change(self, connection: Connection, turn_id: str) -> None:
        of = select(turns.c.conversation_id).where(turns.c.id == turn_id).scalar_subquery()
        connection.execute(update(conversations).where(conversations.c.id == of).values(changed=_now()))

    def _holding(self, query: Select[Any], words: str, removed: bool) -> Select[Any]:
        is_gone = conversations.c.removed.is_not(None) if removed else conversations.c.removed.is_(None)
        query = query.where(conversations.c.owner == self._owner, is_gone)
        for word in fold(words).split():
            in_turns = exists().where(
                turns.c.conversation_id == conversations.c.id, func.instr(turns.c.words, word) > 0
            )
            query = query.where(or_(func.instr(conversations.c.words, word) > 0, in_turns))
        return query


_OF_CONVERSATION = turns.c.conversation_id == conversations.c.id
_CONVERSATIONS = select(
    conversations,
    select(func.count()).where(_OF_CONVERSATION).select_from(turns).scalar_subquery().label("turns"),
    exists().where(_OF_CONVERSATION, turns.c.state == "asking").label("is_asking"),
)


def _conversation(row: Row[Any]) -> SavedConversation:
    return SavedConversation(
        row.id, row.title, row.begun, row.changed, row.removed, row.leaf, row.turns, bool(row.is_asking)
    )


def _parents(connection: Connection, conversation_id: str) -> dict[str, str | None]:
    """Return the turns of a conversation, oldest first, each with the one it follows."""
    query = select(turns.c.id, turns.c.parent).where(turns.c.conversation_id == conversation_id)
    return {row.id: row.parent for row in connection.execute(query.order_by(turns.c.number))}


def _path(parents: Mapping[str, str | None], leaf: str) -> list[str]:
    """Return the turns from the first one down to a leaf."""
    path: list[str] = []
    at: str | None = leaf
    while at is not None and at in parents:
        path.append(at)
        at = parents[at]
    return path[::-1]


def _read(connection: Connection, conversation_id: str, ids: Iterable[str]) -> list[SavedTurn]:
    """Return turns of one conversation, in the order of their ids."""
    ids = list(ids)
    siblings: dict[str | None, tuple[str, ...]] = {}
    parents = _parents(connection, conversation_id)
    for each, parent in parents.items():
        siblings[parent] = (*siblings.get(parent, ()), each)
    rows = {row.id: row for row in rows_in(connection, select(turns), turns.c.id, ids)}
    return [_turn(rows[each], siblings[parents[each]]) for each in ids if each in rows and each in parents]


def _turn(row: Row[Any], siblings: tuple[str, ...]) -> SavedTurn:
    """Return a row as a turn. One that cannot be read is a failed one, which says so."""
    state: TurnState = row.state
    answer, error, scope = None, row.error, PaperFilter()
    try:
        scope = json_adapter(PaperFilter).validate_json(row.scope) if row.scope else scope
        answer = json_adapter(Answer).validate_json(row.answer) if state == "answered" else None
    except ValueError:
        state, error = "failed", UNREADABLE
    return SavedTurn(
        row.id, row.conversation_id, row.parent, row.number, row.question, scope, row.asked, state, answer, row.draft,
        error, row.rating, row.remark, siblings,
    )  # fmt: skip


def _unknown(what: str, given: str) -> UsageError:
    return UsageError(f"There is no {what} “{given}” any more. `assistant conversations list` lists what there is.")


def _now(before: timedelta = timedelta()) -> str:
    """Return the time in UTC, ISO, some time before now."""
    return (datetime.now(UTC) - before).isoformat(timespec="microseconds")


def _storable(text: str) -> str:
    """Return text with a question mark for each half of a character, which a browser may send and no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _scope_text(scope: PaperFilter) -> str:
    return "" if scope.is_empty else json_adapter(PaperFilter).dump_json(scope, exclude_defaults=True).decode()
