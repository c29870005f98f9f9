"""Duplicates: pairs of papers that may be one, looked for in the background and kept until the library changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import SequenceMatcher

from markupsafe import Markup, escape
from sqlalchemy import func, select

from assistant.errors import AssistantError
from assistant.library import AlikePair, Library, curation, fulltext, schema
from assistant.types import Paper
from assistant.ui.rendering import one_line

_SOON = 1.0
"""Seconds that a page waits for the pairs of a small library."""

_HOLDS = 5
"""Times as long as the comparing took its result holds though the library changes: adding does so all the time."""

FIELDS: Mapping[str, Callable[[Paper], str]] = {
    "Title": lambda paper: paper.title,
    "Authors": lambda paper: ", ".join(paper.authors),
    "Date": lambda paper: paper.date,
    "Venue": lambda paper: paper.venue,
    "DOI": lambda paper: paper.doi,
    "arXiv": lambda paper: paper.arxiv_id,
    "PubMed": lambda paper: paper.pmid,
    "Categories": lambda paper: ", ".join(paper.categories),
    "Abstract": lambda paper: paper.abstract,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One field of two papers, and whether they differ in it."""

    name: str
    one: str
    other: str

    @property
    def differs(self) -> bool:
        """Tell whether the two say different things."""
        return self.one != self.other

    @property
    def likeness(self) -> float:
        """Return the share of words that both have in the same order, in [0, 1]."""
        return SequenceMatcher(None, *self._words(), autojunk=False).ratio()

    @property
    def marked(self) -> tuple[Markup, Markup]:
        """Return both as HTML, the words marked that only one of them has."""
        mine, theirs = self._words()
        steps = SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes()
        return (
            Markup(" ").join(_shown(mine[start:end], step) for step, start, end, _, _ in steps if end > start),
            Markup(" ").join(_shown(theirs[start:end], step) for step, _, _, start, end in steps if end > start),
        )

    def _words(self) -> tuple[list[str], list[str]]:
        return one_line(self.one).split(" "), one_line(self.other).split(" ")


class Duplicates:
    """The pairs of one library. Comparing takes seconds where papers are many, so that a thread does it."""

    def __init__(self, library: Library, clock: Callable[[], float] = time.monotonic) -> None:
        self._library = library
        self._clock = clock
        self._comparing = threading.Lock()
        self._lock = threading.Lock()
        self._state: object = None
        self._pairs: Sequence[AlikePair] = ()
        self._holds_until = 0.0

    def known(self) -> Sequence[AlikePair] | None:
        """Return the pairs if they are known of the library as it is, or nearly so. Nothing is compared."""
        with self._lock:
            is_known = self._state is not None and (self._clock() < self._holds_until or self._state == self._now())
            return self._pairs if is_known else None

    def pairs(self, patience: float = _SOON) -> Sequence[AlikePair] | None:
        """Return the pairs, the likeliest first; None while they are looked for."""
        if (found := self.known()) is not None:
            return found

        def compare() -> None:
            with suppress(AssistantError):  # said to whoever waits for it
                self.compare()

        comparing = threading.Thread(target=compare, name="duplicates", daemon=True)
        comparing.start()
        comparing.join(patience)
        return self.known()

    def compare(self) -> int:
        """Compare the papers, unless that is known or done by then; return how many pairs there are."""
        with self._comparing:
            if (found := self.known()) is not None:
                return len(found)
            began, state = self._clock(), self._now()
            pairs = curation.alike_pairs(self._library)
            with self._lock:
                self._state, self._pairs = state, pairs
                self._holds_until = self._clock() + _HOLDS * (self._clock() - began)
            return len(pairs)

    @contextmanager
    def deciding(self, pair: tuple[str, str]) -> Iterator[None]:
        """Leave out a pair that is decided meanwhile: what was known of the library before still is, and no more."""
        before = self._now()
        yield
        with self._lock:
            gone = set(pair) - {paper.id for paper in self._library.papers_by_id(list(pair))}
            kept = [
                each
                for each in self._pairs
                if {each.one.id, each.other.id} != set(pair) and not {each.one.id, each.other.id} & gone
            ]
            self._pairs = kept
            if self._state == before:
                self._state = self._now()

    def forget(self) -> None:
        """Have the papers compared anew when the pairs are asked for next."""
        with self._lock:
            self._state = None

    def _now(self) -> object:
        """Return what changes whenever papers come, go or are reworded, or a pair is decided."""
        tables = (schema.papers, schema.records, schema.kept_apart, schema.aliases)
        counts = [select(func.count()).select_from(table).scalar_subquery() for table in tables]
        newest = select(func.max(schema.records.c.number)).scalar_subquery()
        with self._library.transaction() as connection:
            return *connection.execute(select(*counts, newest)).one(), fulltext.version(connection)


def _shown(words: Sequence[str], step: str) -> Markup:
    shown = " ".join(words)
    return escape(shown) if step == "equal" else Markup("<mark>{}</mark>").format(shown)


def compared(one: Paper, other: Paper) -> list[Row]:
    """Return what two papers say, field by field; what neither says is left out."""
    rows = [Row(name, said(one), said(other)) for name, said in FIELDS.items()]
    return [row for row in rows if row.one or row.other]
