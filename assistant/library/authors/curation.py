"""Merging and splitting of people by hand, and decisions carried from one library to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import Connection, select

from assistant.errors import UsageError
from assistant.library.authors import decisions, lookup
from assistant.library.authors.decisions import Anchor, Decision
from assistant.library.authors.lookup import Person
from assistant.library.rows import pages
from assistant.library.schema import authorships, identifiers, papers
from assistant.text import fold

_MOST_NAMED = 8
_LASTING = ("doi:", "arxiv:", "pmid:", "title:")
"""Beginnings of the keys by which a paper is known in any library."""


class _NameOnPaper(BaseModel):
    """A name on a paper in an exported file; `paper` holds the keys by which any library may know the paper."""

    paper: list[str]
    title: str = ""
    name: str


class _ExportedDecision(BaseModel):
    kind: Literal["merge", "split"]
    person: str
    one: list[_NameOnPaper]
    other: list[_NameOnPaper]
    spellings: list[str]


class _DecisionFile(BaseModel):
    format: Literal["assistant author decisions 1"] = "assistant author decisions 1"
    decisions: list[_ExportedDecision]


def named(connection: Connection, words: str) -> Person:
    """Return the one person whom words mean. Raises UsageError when it is nobody, or several."""
    found = lookup.find(connection, words)
    if not found:
        raise UsageError(f"Nobody in the library is called “{words}”. `assistant authors` lists everybody.")
    if len(found) > 1:
        listed = "; ".join(f"{each.id} ({len(each.paper_ids):,})" for each in found[:_MOST_NAMED])
        raise UsageError(f"“{words}” may be {len(found):,} people: {listed}. Give one of these ids.")
    return found[0]


def merge(connection: Connection, one: Person, other: Person) -> Decision:
    """Make one person of two, who keeps the first one's id. Raises UsageError when they are one already.

    Who the people are now, `holders` tells in a transaction of its own: in a large library that takes long, and what
    is decided must not keep others from writing meanwhile.
    """
    if one.id == other.id:
        raise UsageError(f"{one.id} is one person already.")
    decision = Decision("merge", one.id, _anchors(connection, one), _anchors(connection, other))
    return decisions.keep(connection, decision)


def split(connection: Connection, person: Person, parts: Sequence[str]) -> Decision:
    """Take spellings or papers off a person and give them to another; without `parts`, undo the last merge: see `undo`.

    `parts` are spellings of the person's name or ids of papers. A spelling goes off on later papers too. Raises
    UsageError when nothing goes off, or nothing stays.
    """
    anchors = _anchors(connection, person)
    if not parts:
        merges = [each for each in decided(connection, person) if each.kind == "merge"]
        if not merges:
            raise UsageError(f"Nobody has merged {person.id}. Say which spellings or which papers are somebody else's.")
        return undo(connection, merges[-1].number)
    folded = {fold(part) for part in parts}
    spellings = tuple(variant.name for variant in person.variants if fold(variant.name) in folded)
    known_parts = {*person.paper_ids, *map(fold, spellings)}
    if unknown := [part for part in parts if not known_parts & {part, fold(part)}]:
        listed = ", ".join(variant.name for variant in person.variants)
        raise UsageError(
            f"{person.id} has neither a spelling nor a paper “{unknown[0]}”. Spellings: {listed}; "
            f"`assistant papers --author {person.id} --json` lists the papers."
        )
    off = tuple((paper_id, name) for paper_id, name in anchors if paper_id in parts or name in spellings)
    kept = tuple(anchor for anchor in anchors if anchor not in off)
    if not kept:
        raise UsageError(f"Nothing would be left of {person.id}.")
    return decisions.keep(connection, Decision("split", person.id, kept, off, spellings))


def decided(connection: Connection, person: Person) -> list[Decision]:
    """Return the decisions that speak of a person's names on papers, in order."""
    anchors = set(_anchors(connection, person))
    return [each for each in decisions.read(connection) if anchors.intersection((*each.one, *each.other))]


def undo(connection: Connection, number: int) -> Decision:
    """Take a decision back. Raises UsageError where there is no such decision."""
    found = next((each for each in decisions.read(connection) if each.number == number), None)
    if found is None:
        raise UsageError("This decision was taken back already.")
    decisions.forget(connection, [number])
    return found


def holders(connection: Connection, decision: Decision) -> list[Person]:
    """Return who has the names of which a decision speaks as things are now, each person once, of `one` first.

    Names on papers that are gone are passed over.
    """
    held = (
        next(filter(None, (lookup.holder(connection, *anchor) for anchor in side)), None)
        for side in (decision.one, decision.other)
    )
    return list({person.id: person for person in held if person}.values())


def export(connection: Connection) -> dict[str, Any]:
    """Return every decision as plain JSON values, papers by keys that hold in other libraries."""
    known = decisions.read(connection)
    ids = sorted({paper_id for each in known for paper_id, _ in (*each.one, *each.other)})
    keys = {paper_id: {paper_id} if paper_id.startswith(_LASTING) else set() for paper_id in ids}
    titles: dict[str, str] = {}
    for page in pages(ids):
        for row in connection.execute(select(identifiers).where(identifiers.c.paper_id.in_(page))):
            if row.value.startswith(_LASTING):
                keys[row.paper_id].add(row.value)
        rows = connection.execute(select(papers.c.id, papers.c.title).where(papers.c.id.in_(page)))
        titles.update((row.id, row.title) for row in rows)

    def exported(anchors: Sequence[Anchor]) -> list[_NameOnPaper]:
        return [
            _NameOnPaper(paper=sorted(keys[paper_id]), title=titles.get(paper_id, ""), name=name)
            for paper_id, name in anchors
        ]

    return _DecisionFile(
        decisions=[
            _ExportedDecision(
                kind=each.kind,
                person=each.person_id,
                one=exported(each.one),
                other=exported(each.other),
                spellings=list(each.spellings),
            )
            for each in known
        ]
    ).model_dump()


def bring(connection: Connection, text: str) -> tuple[int, int]:
    """Take decisions that another library exported; return how many are kept, and how many speak of no paper here.

    Raises UsageError when the text is something else.
    """
    try:
        file = _DecisionFile.model_validate_json(text)
        if "format" not in file.model_fields_set:
            raise ValueError("format")
    except ValueError as error:  # pydantic's errors are of this kind
        raise UsageError("This is not a file of author decisions. `assistant authors export` makes one.") from error
    stated = [name for entry in file.decisions for name in (*entry.one, *entry.other)]
    ids = _ids_of(connection, {key for name in stated for key in name.paper})

    def here(names: Sequence[_NameOnPaper]) -> tuple[Anchor, ...]:
        found = ((next((ids[key] for key in each.paper if key in ids), ""), each.name) for each in names)
        return tuple((paper_id, name) for paper_id, name in found if paper_id)

    kept = 0
    for entry in file.decisions:
        decision = Decision(entry.kind, entry.person, here(entry.one), here(entry.other), tuple(entry.spellings))
        if decision.one and (decision.other or decision.spellings):
            decisions.keep(connection, decision)
            kept += 1
    return kept, len(file.decisions) - kept


def _ids_of(connection: Connection, keys: set[str]) -> dict[str, str]:
    """Return the id of the paper that each key names; unknown ones, and those of several papers, are left out."""
    found: dict[str, set[str]] = {}
    for page in pages(sorted(keys)):
        for row in connection.execute(select(identifiers).where(identifiers.c.value.in_(page))):
            found.setdefault(row.value, set()).add(row.paper_id)
        for paper_id in connection.execute(select(papers.c.id).where(papers.c.id.in_(page))).scalars():
            found[paper_id] = {paper_id}
    return {key: next(iter(ids)) for key, ids in found.items() if len(ids) == 1}


def _anchors(connection: Connection, person: Person) -> tuple[Anchor, ...]:
    """Return a person's names on papers."""
    names = {variant.name for variant in person.variants}
    found: set[Anchor] = set()
    for page in pages(person.paper_ids):
        query = select(authorships.c.paper_id, authorships.c.name).where(authorships.c.paper_id.in_(page))
        found |= {(row.paper_id, row.name) for row in connection.execute(query) if row.name in names}
    return tuple(sorted(found))
