"""Storing of records: for each, whether its paper is new, changed or already there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Literal

from sqlalchemy import Connection, func, insert, select

from assistant.library import identity, labels
from assistant.library.curation import join, pair, rebuild_from_sources, renew_keys
from assistant.library.field_provenance import SourceRecord, digest, merged, statement
from assistant.library.identity import contradict, new_ids, prospective_ids
from assistant.library.rows import (
    delete_in,
    insert_papers,
    insert_rows,
    pages,
    read_papers,
    read_records,
    rows_in,
    update_papers,
)
from assistant.library.schema import aliases, identifiers, kept_apart, papers, records
from assistant.library.store import Library
from assistant.text import fold
from assistant.types import Paper, Record

Outcome = Literal["added", "updated", "unchanged"]

_IDS_REMEMBERED = 5
"""Ids that a record would take by itself, of which a decision to keep papers apart may speak."""


class Reading:
    """One reading of one source, from its first record to its last.

    `origin` names the source lastingly (a file's absolute path, an author's id at a service): a record that it gave
    when it was last read changes nothing, even where another source has said something else since.
    """

    def __init__(self, library: Library, origin: str) -> None:
        self._library = library
        self._origin = origin
        self._seen: set[int] = set()
        renew_keys(library)

    def store(self, batch: Sequence[Record]) -> list[Outcome]:
        """Write a batch of records in one transaction; return what became of each, in order."""
        if not batch:
            return []
        new: list[SourceRecord] = []
        for record in batch:
            text = statement(record.paper)
            cited = next(iter(record.paper.citation_keys), "")
            told = SourceRecord(self._origin, record.source_key, record.paper, text, digest(text), citation_key=cited)
            new.append(told)
        with self._library.transaction() as connection:
            columns = select(records.c.digest, records.c.source_key, records.c.citation_key, records.c.number)
            query = columns.where(records.c.origin == self._origin)
            rows = rows_in(connection, query, records.c.digest, {record.digest for record in new})
            known = {(row.digest, row.source_key, row.citation_key): row.number for row in rows}
            numbers = [known.get((record.digest, record.source_key, record.citation_key), 0) for record in new]
            self._seen.update(number for number in numbers if number)
            if all(numbers):
                return ["unchanged"] * len(batch)
            decisions = _Decisions.read(connection, self._origin, self._seen, new)
            outcomes: list[Outcome] = [
                "unchanged" if number and number not in decisions.superseded else decisions.admit(record)
                for record, number in zip(new, numbers, strict=True)
            ]
            self._seen |= decisions.write()
            return outcomes

    def keep(self, source_keys: Collection[str]) -> None:
        """Note that the source says still what it said under these names."""
        with self._library.transaction() as connection:
            query = select(records.c.number).where(records.c.origin == self._origin)
            self._seen.update(row.number for row in rows_in(connection, query, records.c.source_key, source_keys))

    def finish(self) -> int:
        """Forget what the source said before and no longer says, so that a record put back counts as a change.

        The labels that it stated there go too. The last that was said of a paper is never forgotten: a paper leaves the
        library only when it is removed. Return how many papers are in it of which nothing else is said.
        """
        left: set[str] = set()
        with self._library.transaction() as connection:
            query = select(records.c.number, records.c.paper_id).where(records.c.origin == self._origin)
            rows = connection.execute(query)
            stale = {row.number: row.paper_id for row in rows if row.number not in self._seen}
            for page in pages(stale):
                ids = {stale[number] for number in page}
                others = select(records.c.paper_id).where(records.c.paper_id.in_(ids), records.c.number.not_in(page))
                spoken_for = set(connection.execute(others).scalars())
                left |= ids - spoken_for
                gone = [number for number in page if stale[number] in spoken_for]
                delete_in(connection, records, records.c.number, gone)
                told = rebuild_from_sources(connection, sorted({stale[number] for number in gone}))
                still = {
                    paper_id: [record.paper for record in of_paper if record.origin == self._origin]
                    for paper_id, of_paper in told.items()
                }
                labels.state(connection, self._origin, still)
        return len(left)


def store(library: Library, batch: Sequence[Record], origin: str) -> list[Outcome]:
    """Write records as one reading of a source that is not read to its end."""
    return Reading(library, origin).store(batch)


@dataclass
class _Decisions:
    """What the library knows of the papers that a batch may be about, kept up to date while the batch is decided."""

    connection: Connection
    origin: str
    seen: set[int]
    papers: dict[str, Paper] = field(default_factory=dict)
    ids_by_key: dict[str, list[str]] = field(default_factory=dict)
    source_records: dict[str, list[SourceRecord]] = field(default_factory=dict)
    """Paper id -> what all sources say of it, in order; the number of what this batch adds is 0."""
    ids_by_source_key: dict[str, list[str]] = field(default_factory=dict)
    """Source key -> papers of which this source has spoken under it."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Ids of papers that a person or a record made one -> the id under which they are one, which leads to itself."""
    apart: set[tuple[str, str]] = field(default_factory=set)
    prospective: set[str] = field(default_factory=set)
    """The ids that the papers of this batch would take were they new, and which of them are taken."""
    taken: set[str] = field(default_factory=set)
    changed: dict[str, bool] = field(default_factory=dict)
    """Paper id -> whether the paper is new."""
    superseded: set[int] = field(default_factory=set)
    new_keys: list[tuple[str, str]] = field(default_factory=list)
    """(key, paper id) pairs that this batch adds; a paper keeps every key it ever had."""
    reworded: set[str] = field(default_factory=set)
    """Ids of known papers whose title or abstract changed, so that their vector is out of date."""
    joined: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of known papers that a record of this batch shows to be one."""

    @classmethod
    def read(cls, connection: Connection, origin: str, seen: set[int], batch: Sequence[SourceRecord]) -> _Decisions:
        known = cls(connection, origin, seen)
        wanted = {key for record in batch for key in identity.keys(record.paper)}
        named = {record.source_key for record in batch if record.source_key}
        known.prospective = prospective = {one for record in batch for one in prospective_ids(record.paper)}
        found = {row.paper_id for row in rows_in(connection, select(identifiers), identifiers.c.value, wanted)}
        query = select(records.c.paper_id).where(records.c.origin == origin)
        found.update(row.paper_id for row in rows_in(connection, query, records.c.source_key, named))
        known.taken = {row.id for row in rows_in(connection, select(papers.c.id), papers.c.id, prospective)}
        for column in (aliases.c.id, aliases.c.paper_id):
            rows = rows_in(connection, select(aliases), column, prospective)
            known.aliases.update((row.id, row.paper_id) for row in rows)
        known.aliases.update((paper_id, paper_id) for paper_id in list(known.aliases.values()))
        found.update(known.aliases.values())
        known.papers = {paper.id: paper for paper in read_papers(connection, sorted(found))}
        for row in rows_in(connection, select(identifiers), identifiers.c.paper_id, known.papers):
            known._name(row.value, row.paper_id)
        known.source_records = read_records(connection, known.papers)
        entries = [(record, paper_id) for paper_id, told in known.source_records.items() for record in told]
        for record, paper_id in sorted(entries, key=lambda entry: entry[0].number):
            if record.origin == origin and record.source_key:
                known.ids_by_source_key.setdefault(record.source_key, []).append(paper_id)
        ids = {one for record in batch for one in islice(new_ids(record.paper), _IDS_REMEMBERED)}
        for column in (kept_apart.c.one, kept_apart.c.other):
            rows = rows_in(connection, select(kept_apart), column, ids | known.papers.keys())
            known.apart.update((row.one, row.other) for row in rows)
        return known

    def admit(self, record: SourceRecord) -> Outcome:
        """Decide one record."""
        existing = self._match(record)
        if existing is None:
            self._put(replace(record.paper, id=self._new_id(record.paper)), [record], is_new=True)
            return "added"
        known = self.source_records.get(existing.id, [])
        same = [one for one in known if (one.origin, one.source_key) == (self.origin, record.source_key)]
        said = (record.digest, record.citation_key)
        if any((one.digest, one.citation_key) == said and one.number not in self.superseded for one in same):
            return "unchanged"
        old = [one for one in same if one.number and one.number not in self.seen]
        self.superseded.update(one.number for one in old)
        told = [*(one for one in known if one not in old), record]
        union = merged(told, existing.id)
        self._tell(existing.id, told)
        if union == existing:
            return "unchanged" if _labels(told) == _labels(known) else "updated"
        self._put(union, told, is_new=self.changed.get(existing.id, False))
        return "updated"

    def _match(self, record: SourceRecord) -> Paper | None:
        """Return the known paper that a record is about.

        A paper of which any source has said just this is the one. Else a DOI, arXiv id or PubMed number decides, and
        joins the papers that it shows to be one. Else the title key does where the title says enough, or the same text
        in whichever year, or a title, authors and year that are nearly the same; unless the same source calls that
        paper by another id and gives it another abstract: two records of one catalogue that differ are two papers
        ("Part I", "Part II" under one title). Where abstracts cannot be compared they are two as well, but for a
        preprint and its publication, of which one alone has an arXiv id. Else the source key does, where title or
        abstract are nearly the same: ids are used again. What a person has merged or kept apart stays so.
        """
        for paper in self._known_by(identity.keys(record.paper), record):
            if any(one.digest == record.digest for one in self.source_records.get(paper.id, ())):
                return paper
        named = self._known_by(identity.strong_keys(record.paper), record)
        if named := [paper for paper in named if not self._is_apart(paper, record)]:
            self._join(named)
            return named[0]
        for paper_id in prospective_ids(record.paper):
            if paper_id in self.aliases and self.aliases[paper_id] in self.papers:
                return self.papers[self.aliases[paper_id]]
        weak = self._known_by((identity.title_key(record.paper), *identity.text_keys(record.paper)), record)
        own = [self.papers[paper_id] for paper_id in self.ids_by_source_key.get(record.source_key, ())]
        weak = [paper for paper in weak if identity.share_title(paper, record.paper)]
        candidates = [paper for paper in weak if not self._told_apart(paper, record)]
        candidates += [paper for paper in own if identity.akin(paper, record.paper)]
        fitting = (paper for paper in candidates if self._may_be(paper, record))
        return next(fitting, None) or self._nearest(record)

    def _nearest(self, record: SourceRecord) -> Paper | None:
        known = self._known_by(tuple(identity.near_keys(record.paper)), record)
        near = [(identity.likeness(paper, record.paper), paper) for paper in known]
        alike = sorted((entry for entry in near if entry[0] >= identity.SAME), key=lambda entry: -entry[0])
        fitting = (paper for _, paper in alike if self._may_be(paper, record))
        return next((paper for paper in fitting if not self._told_apart(paper, record)), None)

    def _known_by(self, keys: Sequence[str], record: SourceRecord) -> list[Paper]:
        """Return the papers that any of the keys names; first those of which the same source has spoken."""
        found = dict.fromkeys(paper_id for key in keys for paper_id in self.ids_by_key.get(key, ()))

        def strangeness(paper_id: str) -> tuple[bool, bool]:
            differs = len(found) > 1 and fold(self.papers[paper_id].abstract) != fold(record.paper.abstract)
            return not self._is_spoken_of(paper_id, record), differs

        return [self.papers[paper_id] for paper_id in sorted(found, key=strangeness)]

    def _may_be(self, paper: Paper, record: SourceRecord) -> bool:
        """Tell whether nothing speaks against it: no other identifier, and nobody who kept the two apart."""
        return not contradict(paper, record.paper) and not self._is_apart(paper, record)

    def _is_apart(self, paper: Paper, record: SourceRecord) -> bool:
        """Tell whether a person kept this paper apart from one that the record would rather be by itself.

        Its ids stand from the widest, a DOI that two parts may share, to the narrowest. The paper of which the same
        source has spoken stays the one.
        """
        if not self.apart or self._is_spoken_of(paper.id, record):
            return False
        ids = list(islice(new_ids(record.paper), _IDS_REMEMBERED))
        narrower = ids[ids.index(paper.id) + 1 :] if paper.id in ids else ids
        return any(pair(paper.id, other) in self.apart for other in narrower)

    def _is_spoken_of(self, paper_id: str, record: SourceRecord) -> bool:
        """Tell whether this source has spoken of a paper under the record's name."""
        told = self.source_records.get(paper_id, ())
        return any((one.origin, one.source_key) == (self.origin, record.source_key) for one in told)

    def _told_apart(self, paper: Paper, record: SourceRecord) -> bool:
        told = self.source_records.get(paper.id, ())
        source_keys = {one.source_key for one in told if one.origin == self.origin and one.source_key}
        if not record.source_key or not source_keys or record.source_key in source_keys:
            return False
        if paper.abstract and record.paper.abstract:
            return fold(paper.abstract) != fold(record.paper.abstract)
        return bool(paper.arxiv_id) == bool(record.paper.arxiv_id)

    def _join(self, named: Sequence[Paper]) -> None:
        """Note that papers which one record names are one, where nothing speaks against it."""
        first, *others = named
        for other in others:
            if not contradict(first, other) and pair(first.id, other.id) not in self.apart:
                self.joined.append((first.id, other.id))

    def _new_id(self, paper: Paper) -> str:
        """Return an id that is free; of a paper that was merged into one that is gone, that one's."""
        merged_into = (self.aliases[one] for one in prospective_ids(paper) if one in self.aliases)
        return next(one for one in chain(merged_into, new_ids(paper)) if not self._is_taken(one))

    def _put(self, paper: Paper, told: list[SourceRecord], *, is_new: bool) -> None:
        before = self.papers.get(paper.id)
        if before and (before.title, before.abstract) != (paper.title, paper.abstract):
            self.reworded.add(paper.id)
        self.papers[paper.id] = paper
        self._tell(paper.id, told)
        self.changed[paper.id] = is_new
        self.new_keys.extend((key, paper.id) for key in identity.keys(paper) if self._name(key, paper.id))

    def _tell(self, paper_id: str, told: list[SourceRecord]) -> None:
        self.source_records[paper_id] = told
        if source_key := told[-1].source_key:
            self.ids_by_source_key.setdefault(source_key, []).append(paper_id)

    def _told_by_it(self, paper_id: str) -> list[Paper]:
        return [record.paper for record in self.source_records[paper_id] if record.origin == self.origin]

    def _name(self, key: str, paper_id: str) -> bool:
        """Note that a key means a paper; tell whether that was new."""
        ids = self.ids_by_key.setdefault(key, [])
        if paper_id in ids:
            return False
        ids.append(paper_id)
        return True

    def _is_taken(self, paper_id: str) -> bool:
        if paper_id in self.papers or paper_id in self.taken:
            return True
        query = select(papers.c.id).where(papers.c.id == paper_id)
        return paper_id not in self.prospective and self.connection.execute(query).first() is not None

    def write(self) -> set[int]:
        """Write every decided paper and record; return the numbers of the records written."""
        connection = self.connection
        delete_in(connection, records, records.c.number, self.superseded)
        insert_papers(connection, [self.papers[paper_id] for paper_id, is_new in self.changed.items() if is_new])
        updated = [self.papers[paper_id] for paper_id, is_new in self.changed.items() if not is_new]
        update_papers(connection, updated, self.reworded)
        insert_rows(connection, identifiers, [{"value": key, "paper_id": paper_id} for key, paper_id in self.new_keys])
        last = connection.execute(select(func.coalesce(func.max(records.c.number), 0))).scalar_one()
        new = [(paper_id, one) for paper_id, told in self.source_records.items() for one in told if not one.number]
        rows = [
            {
                "number": number,
                "paper_id": paper_id,
                "origin": one.origin,
                "source_key": one.source_key,
                "citation_key": one.citation_key,
                "digest": one.digest,
                "statement": one.text,
            }
            for number, (paper_id, one) in enumerate(new, last + 1)
        ]
        if rows:
            connection.execute(insert(records), rows)
        labels.state(connection, self.origin, {paper_id: self._told_by_it(paper_id) for paper_id, _ in new})
        home: dict[str, str] = {}
        for one, other in self.joined:
            remaining, gone = home.get(one, one), home.get(other, other)
            if remaining != gone and pair(remaining, gone) not in self.apart:
                join(connection, remaining, gone)
                home = {**{key: remaining if value == gone else value for key, value in home.items()}, gone: remaining}
        return set(range(last + 1, last + 1 + len(rows)))


def _labels(told: Sequence[SourceRecord]) -> set[str]:
    return {label for record in told for label in record.paper.labels}
