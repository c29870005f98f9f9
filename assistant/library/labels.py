"""Labels of papers: collections that a person makes, and tags that sources state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update

from assistant.errors import UsageError
from assistant.library.field_provenance import SourceRecord
from assistant.library.filters import label_key, papers_passing
from assistant.library.rows import insert_rows, pages, rows_in
from assistant.library.schema import facts, labels, papers
from assistant.library.store import Library
from assistant.text import one_line
from assistant.types import Paper, PaperFilter

LONGEST = 200
"""Characters of a label."""

_VERSION = "labels version"
"""Fact: a word that triggers of the table make another after every change."""

_ONE = labels.alias()
_SPELLED = select(_ONE.c.label).where(_ONE.c.folded == labels.c.folded).limit(1).scalar_subquery()
_LISTED = select(_SPELLED, func.count(labels.c.paper_id.distinct())).group_by(labels.c.folded).order_by(labels.c.folded)
"""Labels and how many papers bear each: counted by an index alone, all of one folding being spelled alike."""


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A label, and how many papers bear it."""

    name: str
    count: int


def listed(library: Library) -> list[LabelCount]:
    """Return the labels of the library by name."""
    with library.transaction() as connection:
        return [LabelCount(str(name), int(number)) for name, number in connection.execute(_LISTED)]


def known(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """Return those of the names that labels have, each with the label as the library spells it."""
    query = select(labels.c.folded, func.min(labels.c.label).label("spelled")).group_by(labels.c.folded)
    keys = {name: label_key(name) for name in names}
    found = {row.folded: row.spelled for row in rows_in(connection, query, labels.c.folded, set(keys.values()))}
    return {name: found[key] for name, key in keys.items() if key in found}


def version(connection: Connection) -> str:
    """Return a word that is another after every change of labels."""
    return str(connection.execute(select(facts.c.value).where(facts.c.name == _VERSION)).scalar())


def add(library: Library, name: str, filter: PaperFilter) -> int:
    """Give a label to the papers of a filter; return how many did not bear it.

    A label that differs only in capitals is the same, and keeps its spelling. Raises UsageError for an empty name.
    """
    name = _checked(name)
    with library.transaction() as connection:
        spelled = _spelling(connection, name)
        bearing = select(labels.c.paper_id).where(labels.c.folded == label_key(name))
        query = papers_passing(connection, select(papers.c.id), filter).where(papers.c.id.not_in(bearing))
        ids = connection.execute(query).scalars().all()
        _insert(connection, ((paper_id, spelled, "") for paper_id in ids))
        return len(ids)


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
        if not changed and one != folded and not _known(connection, other):
            raise UsageError(f"No paper is in a collection called “{one_line(name)}”. `assistant labels` lists them.")


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
    rows = {(paper_id, label[:LONGEST]) for paper_id, label in given if label}
    _insert(connection, ((paper_id, _spelling(connection, label), origin) for paper_id, label in sorted(rows)))


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


def _known(connection: Connection, name: str) -> str:
    query = select(func.min(labels.c.label)).where(labels.c.folded == label_key(name))
    return connection.execute(query).scalar_one() or ""


def _spelling(connection: Connection, name: str) -> str:
    """Return a label as the library spells it, else as it is given."""
    return _known(connection, name) or name


def _checked(name: str) -> str:
    name = one_line(name)
    if not name or len(name) > LONGEST:
        raise UsageError(f"A collection needs a name of up to {LONGEST} characters.")
    return name
