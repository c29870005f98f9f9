"""A person's decisions about authors, in order: two are one, or some papers are another's. The last one holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select

from assistant.library.schema import aliases, author_decisions, facts

_VERSION = "author decisions"
"""Fact: a word that is another after every decision."""

Anchor = tuple[str, str]
"""A paper's id and a name on it, as a source spells it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Two lists of names on papers that are one person's ("merge") or two people's ("split").

    `person_id` is the id that the person of `one` keeps. `spellings` are split off wherever they stand among the
    person's papers, also on later ones.
    """

    kind: Literal["merge", "split"]
    person_id: str
    one: tuple[Anchor, ...]
    other: tuple[Anchor, ...]
    spellings: tuple[str, ...] = ()
    number: int = 0


def read(connection: Connection) -> list[Decision]:
    """Return every decision in order; ids of papers that were merged lead on to the paper they are now."""
    rows = connection.execute(select(author_decisions).order_by(author_decisions.c.number)).all()
    if not rows:
        return []
    merged = {row.id: row.paper_id for row in connection.execute(select(aliases))}

    def anchors(text: str) -> tuple[Anchor, ...]:
        return tuple((merged.get(paper_id, paper_id), name) for paper_id, name in json.loads(text))

    return [
        Decision(
            row.kind, row.person_id, anchors(row.one), anchors(row.other), tuple(json.loads(row.spellings)), row.number
        )
        for row in rows
    ]


def version(connection: Connection) -> str:
    """Return a word that is another after every decision."""
    return str(connection.execute(select(facts.c.value).where(facts.c.name == _VERSION)).scalar())


def keep(connection: Connection, decision: Decision) -> Decision:
    """Add a decision as the last one, and return it with its number; an earlier one that is the same is forgotten."""
    same = [known.number for known in read(connection) if replace(known, number=decision.number) == decision]
    forget(connection, same)
    row = insert(author_decisions).values(
        kind=decision.kind,
        person_id=decision.person_id,
        one=json.dumps(decision.one),
        other=json.dumps(decision.other),
        spellings=json.dumps(decision.spellings),
    )
    return replace(decision, number=connection.execute(row).lastrowid)


def forget(connection: Connection, numbers: Sequence[int]) -> None:
    """Take decisions back."""
    connection.execute(delete(author_decisions).where(author_decisions.c.number.in_(list(numbers))))
    # not a counter: one that an undone transaction had reached would come again
    connection.execute(insert(facts).prefix_with("OR REPLACE").values(name=_VERSION, value=uuid4().hex))
