"""A person's last word on who is who: merge, split, take back; and decisions carried to another library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from assistant.errors import UsageError
from assistant.library.authors import decisions as author_decisions
from assistant.library.authors import lookup
from assistant.library.authors.decisions import Anchor, Decision
from assistant.library.authors.lookup import Person
from assistant.library.rows import pages
from assistant.library.schema import authorships, identifiers, papers
from assistant.text import fold

_FORMAT = "assistant author decisions 1"
_MOST_NAMED = 8
_LASTING = ("doi:", "arxiv:", "pmid:", "title:")
"""Beginnings of the keys by which a paper is known in any library."""


def named(connection: Connection, words: str) -> Person:
    """Return the one person whom words mean. Raises UsageError when it is nobody, or several."""
    found = lookup.find(connection, words)
    if not found:
        raise UsageError(f"Nobody in the library is called “{words}”. `assistant authors` lists everybody.")
    if len(found) > 1:
        listed = "; ".join(f"{each.id} ({len(each.paper_ids):,})" for each in found[:_MOST_NAMED])
        raise UsageError(f"“{words}” may be {len(found):,} people: {listed}. Give one of these ids.")
    return found[0]


def merge(connection: Connection, one: Person, other: Person) -> Person:
    """Make one person of two, who keeps the first one's id. What had split just these two is forgotten.

    Raises UsageError when they are one already.
    """
    if one.id == other.id:
        raise UsageError(f"{one.id} is one person already.")
    mine, theirs = _anchors(connection, one), _anchors(connection, other)
    undone = [
        known.number
        for known in author_decisions.read(connection)
        if known.kind == "split" and _are(known, mine, theirs)
    ]
    author_decisions.forget(connection, undone)
    if not undone or not _is_held(connection, mine, theirs):
        author_decisions.keep(connection, Decision("merge", one.id, mine, theirs))
    return _holder(connection, mine)


def split(connection: Connection, person: Person, parts: Sequence[str]) -> list[Person]:
    """Take spellings or papers off a person and give them to another; without `parts`, undo the last merge.

    `parts` are spellings of the person's name or ids of papers. A spelling goes off on later papers too. Raises
    UsageError when nothing goes off, or nothing stays.
    """
    all_of = _anchors(connection, person)
    if not parts:
        merges = [
            known
            for known in author_decisions.read(connection)
            if known.kind == "merge" and {*known.one, *known.other} & set(all_of)
        ]
        if not merges:
            raise UsageError(f"Nobody has merged {person.id}. Say which spellings or which papers are somebody else's.")
        author_decisions.forget(connection, [merges[-1].number])
        return [_holder(connection, merges[-1].one), _holder(connection, merges[-1].other)]
    spelt = {fold(variant.name): variant.name for variant in person.variants}
    spellings = [variant.name for variant in person.variants if fold(variant.name) in map(fold, parts)]
    ids = [part for part in parts if part in person.paper_ids]
    unknown = [part for part in parts if part not in ids and fold(part) not in spelt]
    if unknown:
        known = ", ".join(variant.name for variant in person.variants)
        raise UsageError(
            f"{person.id} has neither a spelling nor a paper “{unknown[0]}”. Spellings: {known}; "
            f"`assistant papers --author {person.id} --json` lists the papers."
        )
    off = tuple(anchor for anchor in all_of if anchor[0] in ids or anchor[1] in spellings)
    kept = tuple(anchor for anchor in all_of if anchor not in off)
    if not kept:
        raise UsageError(f"Nothing would be left of {person.id}.")
    merges_of = [
        known.number for known in author_decisions.read(connection) if known.kind == "merge" and _are(known, kept, off)
    ]
    author_decisions.forget(connection, merges_of)
    if not merges_of or _is_held(connection, kept, off):
        author_decisions.keep(connection, Decision("split", person.id, kept, off, tuple(spellings)))
    return [_holder(connection, kept), _holder(connection, off)]


def export(connection: Connection) -> dict[str, Any]:
    """Return every decision as plain JSON values, papers by keys that hold in other libraries."""
    decisions = author_decisions.read(connection)
    ids = {paper_id for known in decisions for paper_id, _ in (*known.one, *known.other)}
    keys: dict[str, list[str]] = {paper_id: [] for paper_id in ids}
    titles: dict[str, str] = {}
    for page in pages(sorted(ids)):
        for row in connection.execute(select(identifiers).where(identifiers.c.paper_id.in_(page))):
            if row.value.startswith(_LASTING):
                keys[row.paper_id].append(row.value)
        rows = connection.execute(select(papers.c.id, papers.c.title).where(papers.c.id.in_(page)))
        titles.update((row.id, row.title) for row in rows)

    def told(anchors: Sequence[Anchor]) -> list[dict[str, Any]]:
        return [
            {
                "paper": sorted({*keys[paper_id], *([paper_id] if paper_id.startswith(_LASTING) else [])}),
                "title": titles.get(paper_id, ""),
                "name": name,
            }
            for paper_id, name in anchors
        ]

    return {
        "format": _FORMAT,
        "decisions": [
            {
                "kind": known.kind,
                "person": known.person_id,
                "one": told(known.one),
                "other": told(known.other),
                "spellings": list(known.spellings),
            }
            for known in decisions
        ],
    }


def bring(connection: Connection, text: str) -> tuple[int, int]:
    """Take decisions that another library exported; return how many are kept, and how many speak of no paper here.

    Raises UsageError when the text is something else.
    """
    try:
        content = json.loads(text)
        if content["format"] != _FORMAT:
            raise ValueError(content["format"])
        entries = [
            (
                str(entry["kind"]),
                str(entry["person"]),
                _stated(entry["one"]),
                _stated(entry["other"]),
                tuple(map(str, entry["spellings"])),
            )
            for entry in content["decisions"]
        ]
        if any(kind not in ("merge", "split") for kind, *_ in entries):
            raise ValueError("kind")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"This is no file of author decisions ({type(error).__name__}: {error}). "
            "`assistant authors export` makes one."
        ) from error
    known = _ids_of(connection, {key for _, _, one, other, _ in entries for keys, _ in (*one, *other) for key in keys})
    kept = 0
    for kind, person_id, one, other, spellings in entries:
        mine, theirs = _here(one, known), _here(other, known)
        if mine and (theirs or spellings):
            side = "merge" if kind == "merge" else "split"
            author_decisions.keep(connection, Decision(side, person_id, mine, theirs, spellings))  # type: ignore[arg-type]
            kept += 1
    return kept, len(entries) - kept


def _stated(anchors: Any) -> list[tuple[tuple[str, ...], str]]:
    return [(tuple(str(key) for key in anchor["paper"]), str(anchor["name"])) for anchor in anchors]


def _here(anchors: Sequence[tuple[tuple[str, ...], str]], known: dict[str, str]) -> tuple[Anchor, ...]:
    found = ((next((known[key] for key in keys if key in known), ""), name) for keys, name in anchors)
    return tuple((paper_id, name) for paper_id, name in found if paper_id)


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
    found: list[Anchor] = []
    for page in pages(person.paper_ids):
        rows = connection.execute(
            select(authorships.c.paper_id, authorships.c.name).where(authorships.c.paper_id.in_(page))
        )
        found += [(row.paper_id, row.name) for row in rows if row.name in names]
    return tuple(sorted(set(found)))


def _are(known: Decision, mine: Sequence[Anchor], theirs: Sequence[Anchor]) -> bool:
    """Tell whether a decision speaks of just these two."""
    sides = [set(known.one), set(known.other)]
    return sides in ([set(mine), set(theirs)], [set(theirs), set(mine)])


def _is_held(connection: Connection, mine: Sequence[Anchor], theirs: Sequence[Anchor]) -> bool:
    """Tell whether two lists of names on papers are one person's as things stand."""
    return _holder(connection, mine).id == _holder(connection, theirs).id


def _holder(connection: Connection, anchors: Sequence[Anchor]) -> Person:
    """Return the person who has the first of these names on papers."""
    paper_id, name = anchors[0]
    person = lookup.holder(connection, paper_id, name)
    if person is None:
        raise UsageError(f"The paper {paper_id} is no longer in the library.")
    return person
