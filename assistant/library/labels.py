"""Labels of papers: collections that a person makes, and tags that sources state."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, delete, func, literal_column, select, update

from assistant.errors import UsageError
from assistant.library.field_provenance import SourceRecord
from assistant.library.filters import label_key, papers_passing
from assistant.library.rows import insert_rows, pages, rows_in
from assistant.library.schema import facts, labels, papers
from assistant.library.store import Library
from assistant.text import one_line, plain
from assistant.types import Paper, PaperFilter

LONGEST = 200
"""Characters of a label."""

_VERSION = "labels version"
"""Fact: a word that triggers of the table make another after every change."""

_IS_OWN = labels.c.origin == literal_column("''")  # as it stands in the index of those that a person gave


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A label, and how many papers bear it; whether it `is_own`: a person gave it to some of them, not only sources."""

    name: str
    count: int
    is_own: bool


def listed(library: Library) -> list[LabelCount]:
    """Return the labels: those that a person gave by name, then those that only sources state, by count."""
    return [*own(library), *stated(library)]


def own(library: Library) -> list[LabelCount]:
    """Return the labels that a person gave, by name, each with all papers that bear it."""
    with library.transaction() as connection:
        keys = own_keys(connection)
        counts = {row.folded: row.number for row in rows_in(connection, _counts(), labels.c.folded, keys)}
        spelled = _spellings(connection, keys)
        return [LabelCount(spelled[key], counts[key], True) for key in sorted(keys)]


def stated(library: Library, words: str = "", limit: int | None = None) -> list[LabelCount]:
    """Return the labels that only sources state, and that hold the words, most papers first, then by name."""
    query = _counts().where(labels.c.folded.not_in(select(labels.c.folded).where(_IS_OWN)))
    if words:
        query = query.where(labels.c.folded.contains(label_key(words), autoescape=True))
    with library.transaction() as connection:
        rows = connection.execute(query.order_by(literal_column("number").desc(), labels.c.folded).limit(limit)).all()
        spelled = _spellings(connection, [row.folded for row in rows])
        return [LabelCount(spelled[row.folded], row.number, False) for row in rows]


def stated_number(library: Library) -> int:
    """Return how many labels only sources state."""
    others = select(labels.c.folded).where(_IS_OWN)
    query = select(func.count(labels.c.folded.distinct())).where(labels.c.folded.not_in(others))
    with library.transaction() as connection:
        return int(connection.execute(query).scalar_one())


def own_keys(connection: Connection) -> set[str]:
    """Return the labels that a person gave, by what is the same of all their spellings."""
    return set(connection.execute(select(labels.c.folded).where(_IS_OWN).distinct()).scalars())


def spellings(connection: Connection) -> dict[str, str]:
    """Return how the library spells every label, by what is the same of all spellings."""
    return _spellings(connection, connection.execute(select(labels.c.folded).distinct()).scalars().all())


def _counts() -> Select[Any]:
    """Return a query for labels and how many papers bear each, which an index alone answers."""
    return select(labels.c.folded, func.count(labels.c.paper_id.distinct()).label("number")).group_by(labels.c.folded)


def _spellings(connection: Connection, keys: Collection[str]) -> dict[str, str]:
    """Return how the library spells each label that it has: all of one folding are spelled alike, so that one tells."""
    held = labels.alias()
    key = func.json_each(json.dumps(list(keys))).table_valued("value").c.value
    one = select(held.c.label).where(held.c.folded == key).limit(1).scalar_subquery()
    return {row.key: row.label for row in connection.execute(select(key.label("key"), one.label("label"))) if row.label}


def known(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """Return those of the names that labels have, each with the label as the library spells it."""
    keys = {name: label_key(name) for name in names}
    found = _spellings(connection, set(keys.values()))
    return {name: found[key] for name, key in keys.items() if key in found}


def not_known(name: str) -> str:
    """Return what to say of a label that no paper bears."""
    return f"No paper is in a collection called “{plain(name)}”. `assistant labels` lists them."


def version(connection: Connection) -> str:
    """Return a word that is another after every change of labels."""
    return str(connection.execute(select(facts.c.value).where(facts.c.name == _VERSION)).scalar())


def add(library: Library, name: str, filter: PaperFilter) -> int:
    """Give a label to the papers of a filter; return how many did not bear it.

    On those of which a source states it, it stays when the source does so no more. A label that differs only in
    capitals is the same, and keeps its spelling. Raises UsageError for an empty name.
    """
    name = _checked(name)
    with library.transaction() as connection:
        spelled = _spelling(connection, name)
        bearing = set(connection.execute(select(labels.c.paper_id).where(labels.c.folded == label_key(name))).scalars())
        ids = connection.execute(papers_passing(connection, select(papers.c.id), filter)).scalars().all()
        _insert(connection, ((paper_id, spelled, "") for paper_id in ids))
        return sum(paper_id not in bearing for paper_id in ids)


def spelling(library: Library, name: str) -> str:
    """Return a label as the library spells it, else as it would."""
    with library.transaction() as connection:
        return _spelling(connection, one_line(name))


def remove(library: Library, name: str, filter: PaperFilter) -> int:
    """Take a label from the papers of a filter, whoever gave it; return how many bore it."""
    with library.transaction() as connection:
        bearing = select(labels.c.paper_id).where(labels.c.folded == label_key(name))
        query = papers_passing(connection, select(papers.c.id), filter).where(papers.c.id.in_(bearing))
        ids = connection.execute(query).scalars().all()
        for page in pages(ids):
            connection.execute(delete(labels).where(labels.c.folded == label_key(name), labels.c.paper_id.in_(page)))
        return len(ids)


def rename(library: Library, name: str, other: str) -> None:
    """Give a label another name; one that the library has already takes in its papers. Raises UsageError."""
    other = _checked(other)
    one, folded = label_key(name), label_key(other)
    with library.transaction() as connection:
        spelled = other if one == folded else _spelling(connection, other)
        held = labels.alias()
        has_both = select(held.c.paper_id).where(
            held.c.folded == folded, held.c.paper_id == labels.c.paper_id, held.c.origin == labels.c.origin
        )
        if one != folded:
            connection.execute(delete(labels).where(labels.c.folded == one, has_both.exists()))
        changed = connection.execute(
            update(labels).where(labels.c.folded == one).values(label=spelled, folded=folded)
        ).rowcount
        if not changed and one != folded and not known(connection, [other]):
            raise UsageError(not_known(name))


def delete_label(library: Library, name: str) -> None:
    """Take a label from every paper; the papers stay."""
    with library.transaction() as connection:
        connection.execute(delete(labels).where(labels.c.folded == label_key(name)))


def move(connection: Connection, gone: str, remaining: str) -> None:
    """Give a paper the labels of another, which is about to leave the library."""
    _copy(connection, gone, [remaining])


def share(connection: Connection, paper_id: str, parts: Mapping[str, Sequence[SourceRecord]]) -> None:
    """Give the parts of a paper that was split its labels: a person's all, a source's where its records state them.

    `parts` are the records of each part, by id; the part that keeps the id is among them.
    """
    connection.execute(delete(labels).where(labels.c.paper_id == paper_id, labels.c.origin != ""))
    _copy(connection, paper_id, [part for part in parts if part != paper_id])
    for origin in {record.origin for told in parts.values() for record in told}:
        stated = {part: [one.paper for one in told if one.origin == origin] for part, told in parts.items()}
        state(connection, origin, stated)


def state(connection: Connection, origin: str, stated: Mapping[str, Sequence[Paper]]) -> None:
    """Write the labels that a source states of papers, by id, in the place of those that it stated before."""
    for page in pages(stated):
        connection.execute(delete(labels).where(labels.c.origin == origin, labels.c.paper_id.in_(page)))
    given = ((paper_id, one_line(each)) for paper_id, told in stated.items() for one in told for each in one.labels)
    rows = sorted({(paper_id, label[:LONGEST]) for paper_id, label in given if label})
    spelled = _spellings(connection, {label_key(label) for _, label in rows})
    _insert(
        connection,
        ((paper_id, spelled.setdefault(label_key(label), label), origin) for paper_id, label in rows),
    )


def forget(connection: Connection, origins: Sequence[str]) -> None:
    """Take away the labels that sources state."""
    connection.execute(delete(labels).where(labels.c.origin.in_(origins)))


def _copy(connection: Connection, paper_id: str, others: Sequence[str]) -> None:
    held = connection.execute(select(labels.c.label, labels.c.origin).where(labels.c.paper_id == paper_id)).all()
    _insert(connection, ((other, row.label, row.origin) for other in others for row in held))


def _insert(connection: Connection, given: Iterable[tuple[str, str, str]]) -> None:
    rows = [
        {"paper_id": paper_id, "label": label, "folded": label_key(label), "origin": origin}
        for paper_id, label, origin in given
    ]
    insert_rows(connection, labels, rows)


def _spelling(connection: Connection, name: str) -> str:
    """Return a label as the library spells it, else as it is given."""
    return known(connection, [name]).get(name, name)


def _checked(name: str) -> str:
    name = one_line(name)
    if not name or len(name) > LONGEST:
        raise UsageError(f"A collection needs a name of up to {LONGEST} characters.")
    return name
