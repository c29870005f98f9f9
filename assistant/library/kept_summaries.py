"""Kept summaries: what was written of a set of papers, and how the papers have changed since."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from assistant.library.filters import papers_passing
from assistant.library.schema import kept_summaries, papers
from assistant.library.store import Library
from assistant.types import Answer, Length, PaperFilter, json_adapter

_DIGEST = 8
"""Hexadecimal digits of a paper's digest that tell whether it has changed."""

PapersThen = NDArray[np.uint32]
"""Papers as they were at a time, shape (n, 2): number and beginning of the digest."""


@dataclass(frozen=True, slots=True)
class KeptSummary:
    """A summary that is kept: when it was made (local time), and how many of its papers have changed since."""

    answer: Answer
    length: Length
    made: str
    added: int
    changed: int
    removed: int

    @property
    def is_current(self) -> bool:
        """Tell whether the papers are as they were."""
        return not (self.added or self.changed or self.removed)


class KeptSummaries:
    """The kept summaries of one library, one of each length for each filter of papers."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def papers_now(self, filter: PaperFilter) -> PapersThen:
        """Return the papers that pass a filter as they are, for `keep`: take it before the summary is begun."""
        with self._library.transaction() as connection:
            query = papers_passing(connection, select(papers.c.number, papers.c.digest), filter)
            rows = [(row.number, int(row.digest[:_DIGEST] or "0", 16)) for row in connection.execute(query)]
        return np.array(sorted(rows), np.uint32).reshape(-1, 2)

    def keep(self, filter: PaperFilter, length: Length, answer: Answer, then: PapersThen) -> None:
        """Keep a summary in place of the one before."""
        row = {
            "scope": _scope(filter),
            "length": length,
            "made": datetime.now().isoformat(" ", "seconds"),
            "answer": json_adapter(Answer).dump_json(answer).decode(),
            "papers": then.astype("<u4").tobytes(),
        }
        with self._library.transaction() as connection:
            connection.execute(insert(kept_summaries).prefix_with("OR REPLACE"), [row])

    def latest(self, filter: PaperFilter, length: Length | None = None) -> KeptSummary | None:
        """Return the summary of these papers that was made last, of a length or of any; None where none is kept."""
        query = select(kept_summaries).where(kept_summaries.c.scope == _scope(filter))
        if length:
            query = query.where(kept_summaries.c.length == length)
        with self._library.transaction() as connection:
            row = connection.execute(query.order_by(kept_summaries.c.made.desc())).first()
        if row is None:
            return None
        try:
            answer = json_adapter(Answer).validate_json(row.answer)
        except ValueError:  # as another version of the program wrote it
            return None
        then = dict(np.frombuffer(row.papers, "<u4").reshape(-1, 2).tolist())
        now = dict(self.papers_now(filter).tolist())
        changed = sum(then[number] != now[number] for number in then.keys() & now.keys())
        return KeptSummary(
            answer, row.length, row.made, len(now.keys() - then.keys()), changed, len(then.keys() - now.keys())
        )


def _scope(filter: PaperFilter) -> str:
    """Return a word for the papers of a filter, however many it names."""
    if filter.among:
        filter = replace(filter, among=tuple(sorted(filter.among)))
    said = {name: value for name, value in asdict(filter).items() if value != getattr(PaperFilter(), name)}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=list).encode()).hexdigest()[:32]
