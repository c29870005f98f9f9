"""Curation of papers by a person: merge, split, keep apart, remove."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, ScalarSelect, Select, delete, func, or_, select, update

from assistant.errors import UsageError
from assistant.library import identity, labels
from assistant.library.field_provenance import SourceRecord, merged
from assistant.library.identity import new_ids
from assistant.library.rows import (
    delete_papers,
    insert_papers,
    insert_rows,
    pages,
    read_papers,
    read_records,
    update_papers,
)
from assistant.library.schema import aliases, identifiers, kept_apart, papers, records
from assistant.library.store import Library
from assistant.text import fold
from assistant.types import Paper, PaperFilter

_KEYS = "keys"
"""Name of the metadata that says by which version of the keys the library's papers are found."""

_KEYS_VERSION = "1"
"""To be raised when `identity.keys` changes; every paper then gets the new ones."""

_IS_NEAR = identifiers.c.value.startswith("near:")
_PAIRS_AT_ONCE = 5000
_SHORTEST_PREFIX = 4
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class AlikePair:
    """Two papers that may be one, and how likely, in [0, 1]; `because` says why the library did not join them."""

    one: Paper
    other: Paper
    likeness: float
    because: str


def named(library: Library, text: str) -> Paper:
    """Return the paper that a person names: by id, DOI, arXiv id, PubMed number, citation key, part of an id, title.

    What else a source calls it, such as its number in a catalogue, will do too. Raises UsageError when no paper is
    meant, or several are.
    """
    if found := library.papers_by_id([text]):
        return found[0]
    key = text.removeprefix("@")
    ids: Sequence[str] = library.called([key]).get(key, ())[:_MOST_NAMED]
    with library.transaction() as connection:
        spelled = [name.casefold() for name in (text, *(f"{kind}:{text}" for kind in ("doi", "arxiv", "pmid")))]
        keys_of = select(identifiers.c.paper_id).where(identifiers.c.value.in_(spelled))
        if found := read_papers(connection, connection.execute(keys_of).scalars().all()):
            return found[0]
        if not ids:
            alike = papers.c.title.collate("NOCASE") == text
            if len(text) >= _SHORTEST_PREFIX:
                alike = alike | papers.c.id.startswith(text, autoescape=True)
            query = select(papers.c.id).where(alike).order_by(papers.c.id).limit(_MOST_NAMED)
            ids = connection.execute(query).scalars().all()
        found = read_papers(connection, ids)
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"“{text}” may be any of these: " + "; ".join(f"{one.id} ({one.title})" for one in found))
    raise UsageError(
        f"No paper is called “{text}”. `assistant papers --json` gives the ids; a DOI, an arXiv id, a citation key, "
        "the beginning of an id and a whole title will do too."
    )


def alike_pairs(library: Library) -> list[AlikePair]:
    """Return the pairs of papers of which a person should say whether they are one, the likeliest first."""
    return _alike(library, select(identifiers.c.value, identifiers.c.paper_id).where(_IS_NEAR))


def alike(library: Library, paper_id: str) -> list[AlikePair]:
    """Return the pairs of a paper and another of which a person should say whether they are one."""
    own = select(identifiers.c.value).where(identifiers.c.paper_id == paper_id, _IS_NEAR)
    pairs = _alike(library, select(identifiers.c.value, identifiers.c.paper_id).where(identifiers.c.value.in_(own)))
    return [each for each in pairs if paper_id in (each.one.id, each.other.id)]


def _alike(library: Library, near: Select[Any]) -> list[AlikePair]:
    with library.transaction() as connection:
        blocks: dict[str, list[str]] = {}
        for row in connection.execute(near):
            blocks.setdefault(row.value, []).append(row.paper_id)
        apart = {(row.one, row.other) for row in connection.execute(select(kept_apart))}
        found: list[AlikePair] = []
        titles = identity.Titles({row.id: row.title for row in connection.execute(select(papers.c.id, papers.c.title))})
        candidates = [
            ids for ids in identity.neighbours(blocks.values()) if ids not in apart and titles.may_be_alike(*ids)
        ]
        for start in range(0, len(candidates), _PAIRS_AT_ONCE):
            part = candidates[start : start + _PAIRS_AT_ONCE]
            known = {paper.id: paper for paper in read_papers(connection, sorted({one for ids in part for one in ids}))}
            for one, other in ((known[first], known[second]) for first, second in part):
                alike = identity.likeness(one, other)
                if alike >= identity.UNCERTAIN:
                    found.append(AlikePair(one, other, alike, _because(one, other, alike)))
    return sorted(found, key=lambda entry: -entry.likeness)


def merge(library: Library, remaining: str, gone: str) -> Paper:
    """Make one paper of two, for good; return it. It keeps the first one's id, and the second one's leads to it.

    Raises UsageError when they are one already.
    """
    with library.transaction() as connection:
        if remaining == gone:
            raise UsageError(f"{remaining} is one paper already.")
        one, other = pair(remaining, gone)
        connection.execute(delete(kept_apart).where(kept_apart.c.one == one, kept_apart.c.other == other))
        join(connection, remaining, gone)
        return read_papers(connection, [remaining])[0]


def keep_apart(library: Library, one: str, other: str) -> None:
    """Remember that two papers are two, however alike: they are not joined and no longer listed as duplicates."""
    if one == other:
        raise UsageError(f"{one} is one paper. `assistant split {one}` parts what its sources say.")
    with library.transaction() as connection:
        _remember_apart(connection, [(one, other)])


def forget_apart(library: Library, one: str, other: str) -> None:
    """Take back that two papers are two: they are listed as duplicates again."""
    first, second = pair(one, other)
    with library.transaction() as connection:
        connection.execute(delete(kept_apart).where(kept_apart.c.one == first, kept_apart.c.other == second))


def split(library: Library, paper_id: str, apart: Collection[int] = ()) -> list[Paper]:
    """Part a paper into those that its sources speak of, for good; return them, the one that keeps the id first.

    Records that would be one paper by their own identifiers, or by title, first author and year, stay together, unless
    all would; then each record is a paper. With `apart`, numbers of records, these become one paper and the rest the
    other. Each is in the collections that the paper was in, and apart from what that was apart from. Raises UsageError
    when a single source speaks of it, or there is no such rest.
    """
    with library.transaction() as connection:
        told = _records(connection, paper_id)
        chosen = [record for record in told if record.number in apart]
        rest = [record for record in told if record.number not in apart]
        groups = [group for group in (rest, chosen) if group] if apart else _groups(told, paper_id)
        first, *others = groups or [[]]
        if not others:
            raise UsageError(
                f"{paper_id} comes from one record of one source, so there is nothing to part. "
                "`assistant remove` takes it out of the library."
            )
        connection.execute(delete(identifiers).where(identifiers.c.paper_id == paper_id))
        ids = [paper_id]
        for group in others:
            paper = merged(group, "")
            paper = replace(paper, id=_free_id(connection, paper))
            former = {one for record in group for one in identity.prospective_ids(record.paper)} - {paper_id}
            connection.execute(delete(aliases).where(aliases.c.id.in_({*former, paper.id})))
            insert_papers(connection, [paper])
            _write_keys(connection, paper)
            connection.execute(update(papers).where(papers.c.id == paper.id).values(added=_added(paper_id)))
            numbers = [record.number for record in group]
            connection.execute(update(records).where(records.c.number.in_(numbers)).values(paper_id=paper.id))
            ids.append(paper.id)
        parts = zip(ids, (first, *others), strict=True)
        labels.share(connection, paper_id, dict(parts))
        rebuild_from_sources(connection, [paper_id])
        _write_keys(connection, merged(first, paper_id))
        kept = _apart_from(connection, paper_id)
        _remember_apart(connection, [(one, other) for one in ids for other in {*ids, *kept} if one != other])
        return read_papers(connection, ids)


def remove(library: Library, ids: Sequence[str]) -> None:
    """Take papers out of the library, with all that sources said of them. Adding a source again brings them back."""
    with library.transaction() as connection:
        delete_papers(connection, ids)


def remove_sources(library: Library, forgotten: Sequence[str]) -> None:
    """Forget what sources said; papers of which no other source speaks leave the library."""
    with library.transaction() as connection:
        told = set(connection.execute(select(records.c.paper_id).where(records.c.origin.in_(forgotten))).scalars())
        connection.execute(delete(records).where(records.c.origin.in_(forgotten)))
        labels.forget(connection, forgotten)
        still = set(connection.execute(select(records.c.paper_id).distinct()).scalars()) & told
        delete_papers(connection, sorted(told - still))
        rebuild_from_sources(connection, sorted(still))


def sources(library: Library, paper_id: str) -> list[SourceRecord]:
    """Return what each source says of a paper, in the order in which it was said."""
    with library.transaction() as connection:
        return _records(connection, paper_id)


def origins(library: Library, source: str) -> list[str]:
    """Return the sources that a person means by a path, a file's name or a reference. Raises UsageError for none."""
    with library.transaction() as connection:
        known = connection.execute(select(records.c.origin).distinct()).scalars().all()
    path = str(Path(source).absolute())
    exact = [origin for origin in known if origin in (source, path)]
    found = exact or [origin for origin in known if origin.endswith(f"/{source}")]
    if not found:
        raise UsageError(f"No paper comes from “{source}”. `assistant paper NAME` shows where a paper comes from.")
    return sorted(found)


def only_of(library: Library, told_by: Sequence[str]) -> list[Paper]:
    """Return the papers of which only these sources speak."""
    with library.transaction() as connection:
        others = select(records.c.paper_id).where(records.c.origin.not_in(told_by))
        query = select(records.c.paper_id).where(records.c.origin.in_(told_by), records.c.paper_id.not_in(others))
        return read_papers(connection, connection.execute(query.distinct()).scalars().all())


def chosen_papers(library: Library, listed: Sequence[Paper], filter: PaperFilter, words: str) -> list[Paper]:
    """Return the papers that pass the filter and hold all the words in title or abstract; of those listed, if any.

    Raises UsageError where there is no word in `words`.
    """
    if words.strip() and not fold(words):
        raise UsageError(f"“{words}” holds no word to look for.")
    found = list(listed) or library.papers(filter)
    passing = library.ids(filter)
    for use in library.word_use(fold(words).split(), [paper.id for paper in found]).values():
        passing &= use.paper_ids
    return [paper for paper in found if paper.id in passing]


def join(connection: Connection, remaining: str, gone: str) -> None:
    """Move all that is said of one paper to another, which is then told anew; the first one's id leads there."""
    if len(read_papers(connection, [remaining, gone])) < 2:
        return
    connection.execute(update(records).where(records.c.paper_id == gone).values(paper_id=remaining))
    moved = select(identifiers.c.value).where(identifiers.c.paper_id == gone)
    rows = [{"value": value, "paper_id": remaining} for value in connection.execute(moved).scalars()]
    insert_rows(connection, identifiers, rows)
    connection.execute(update(aliases).where(aliases.c.paper_id == gone).values(paper_id=remaining))
    connection.execute(delete(aliases).where(aliases.c.id.in_([remaining, gone])))
    insert_rows(connection, aliases, [{"id": gone, "paper_id": remaining}])
    apart = _apart_from(connection, gone)
    connection.execute(delete(kept_apart).where(or_(kept_apart.c.one == gone, kept_apart.c.other == gone)))
    _remember_apart(connection, [(remaining, other) for other in sorted(apart - {remaining})])
    labels.move(connection, gone, remaining)
    earlier = func.min(papers.c.added, _added(gone))
    connection.execute(update(papers).where(papers.c.id == remaining).values(added=earlier))
    delete_papers(connection, [gone])
    rebuild_from_sources(connection, [remaining])


def rebuild_from_sources(
    connection: Connection, ids: Sequence[str], *, force: bool = False
) -> Mapping[str, Sequence[SourceRecord]]:
    """Make papers anew of what their sources say, and return that, by the papers' ids.

    With `force` they are written even where that changes nothing.
    """
    known = {paper.id: paper for paper in read_papers(connection, ids)}
    by_paper = read_records(connection, known)
    for paper_id, told in by_paper.items():
        before = known[paper_id]
        now = merged(told, paper_id) if told else before
        if force or now != before:
            reworded = [paper_id] if (now.title, now.abstract) != (before.title, before.abstract) else []
            update_papers(connection, [now], reworded)
    return by_paper


def renew_keys(library: Library) -> None:
    """Give every paper the keys of the present version, where an older program gave it others."""
    if library.metadata(_KEYS) == _KEYS_VERSION:
        return
    with library.transaction() as connection:
        for page in pages(connection.execute(select(papers.c.id)).scalars()):
            for paper in read_papers(connection, page):
                _write_keys(connection, paper)
    library.set_metadata(_KEYS, _KEYS_VERSION)


def pair(one: str, other: str) -> tuple[str, str]:
    """Return two ids, the lesser first."""
    return (one, other) if one < other else (other, one)


def _added(paper_id: str) -> ScalarSelect[str]:
    """Return as an expression when a paper came."""
    of = papers.alias()
    return select(of.c.added).where(of.c.id == paper_id).scalar_subquery()


def _records(connection: Connection, paper_id: str) -> list[SourceRecord]:
    known = {paper.id: paper for paper in read_papers(connection, [paper_id])}
    return read_records(connection, known).get(paper_id, [])


def _groups(told: Sequence[SourceRecord], paper_id: str) -> list[list[SourceRecord]]:
    """Return the records that would be one paper by themselves, the group first that keeps the paper's id."""
    by_id: dict[str, list[SourceRecord]] = {}
    for record in told:
        by_id.setdefault(next(new_ids(record.paper)), []).append(record)
    if len(by_id) == 1:
        by_id = {}
        for record in told:
            by_id.setdefault(f"{record.origin}\n{record.source_key}\n{record.paper}", []).append(record)
    return sorted(by_id.values(), key=lambda group: paper_id != next(new_ids(group[0].paper)))


def _free_id(connection: Connection, paper: Paper) -> str:
    taken = select(papers.c.id)
    return next(one for one in new_ids(paper) if not connection.execute(taken.where(papers.c.id == one)).first())


def _write_keys(connection: Connection, paper: Paper) -> None:
    insert_rows(connection, identifiers, [{"value": key, "paper_id": paper.id} for key in identity.keys(paper)])


def _apart_from(connection: Connection, paper_id: str) -> set[str]:
    """Return the ids of the papers that a person kept apart from this one."""
    query = select(kept_apart).where(or_(kept_apart.c.one == paper_id, kept_apart.c.other == paper_id))
    return {one for row in connection.execute(query) for one in (row.one, row.other)} - {paper_id}


def _remember_apart(connection: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    insert_rows(connection, kept_apart, [dict(zip(("one", "other"), pair(*ids), strict=True)) for ids in pairs])


def _because(one: Paper, other: Paper, alike: float) -> str:
    if identity.contradict(one, other):
        return "they have different identifiers"
    return "one catalogue lists both" if alike >= identity.SAME else "title, authors or year differ"
