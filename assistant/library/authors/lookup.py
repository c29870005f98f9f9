"""Who wrote what: the people behind the names on papers, told apart and put together by stated rules.

Names that share a family name and an initial are compared (`name_forms`); papers under one name are parted by
co-authors, topics and time (`same_names`); what a person decided stands above both (`author_decisions`). Nothing of it
is stored but the decisions: people are worked out, name by name, when they are asked for, and kept until the library
changes.
"""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Engine

from assistant.library import fulltext
from assistant.library.authors import decisions
from assistant.library.authors.resolution import People
from assistant.library.authors.resolution import Person as Person
from assistant.library.authors.resolution import Variant as Variant

_ID = re.compile(r"[^\W_]+(?:-[^\W_]+)+")
_MANY = 400
"""Papers of a question from which on the whole library is read at once."""


@dataclass
class _Kept:
    """The people of a library as they were last worked out, and for which state of it."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    version: tuple[str, str] = ("", "")
    people: People | None = None


_kept: weakref.WeakKeyDictionary[Engine, _Kept] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def find(connection: Connection, words: str) -> list[Person]:
    """Return the people whom words may mean, who wrote most first; none where nobody fits.

    An id means one person. A name in full means those who have it, in any of its spellings and orders, and only where
    there is nobody those whose initials or left-out names fit. Initials mean all whom they fit; one word means
    everybody with that word in the name; initials alone mean nobody.
    """
    with _people(connection) as people:
        if is_id(words):
            person = people.with_id(connection, words)
            if person is not None:
                return [person]
        found = {
            (person.id, person.paper_ids): person
            for plain in people.index.named(words)
            for person in people.named(connection, plain)
        }
    return sorted(found.values(), key=lambda person: (-len(person.paper_ids), person.id))


def among(connection: Connection, paper_ids: Sequence[str]) -> list[Person]:
    """Return everybody who has a part in these papers, with those of their papers; who wrote most of them first."""
    wanted = set(paper_ids)
    found: dict[tuple[str, tuple[str, ...]], Person] = {}
    with _people(connection) as people:
        if len(wanted) > _MANY:
            people.rows.read_all(connection)
        names = {name for paper in people.rows.of_ids(connection, sorted(wanted)) for _, name in paper.names}
        for plain in sorted({people.index.plain_of[name] for name in names if name in people.index.plain_of}):
            found.update(((each.id, each.paper_ids), each) for each in people.named(connection, plain))
    parts = (
        replace(person, paper_ids=tuple(each for each in person.paper_ids if each in wanted))
        for person in found.values()
    )
    return sorted(
        (person for person in parts if person.paper_ids),
        key=lambda person: (-len(person.paper_ids), person.name, person.id),
    )


def holder(connection: Connection, paper_id: str, name: str) -> Person | None:
    """Return the person who has a name, as the source spells it, on a paper; None where it does not stand there."""
    with _people(connection) as people:
        plain = people.index.plain_of.get(name, "")
        persons = people.named(connection, plain) if plain else []
    held = (person for person in persons if paper_id in person.paper_ids)
    return next((person for person in held if any(variant.name == name for variant in person.variants)), None)


def is_id(words: str) -> bool:
    """Tell whether words have the form of a person's id: "naibin-gu"."""
    return words == words.casefold() and _ID.fullmatch(words) is not None


@contextmanager
def _people(connection: Connection) -> Iterator[People]:
    """Open the people of the library as it is now, for one thread at a time."""
    with _lock:
        kept = _kept.setdefault(connection.engine, _Kept())
    with kept.lock:
        version = fulltext.version(connection), decisions.version(connection)
        if kept.people is None or kept.version != version:
            kept.people, kept.version = People(connection, decisions.read(connection)), version
        yield kept.people
