"""Lookup of people by name, by id and by paper."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, Engine

from assistant.library import fulltext
from assistant.library.authors import decisions
from assistant.library.authors.resolution import Directory
from assistant.library.authors.resolution import Person as Person
from assistant.library.authors.resolution import Variant as Variant
from assistant.library.authors.roster import Roster

_ID = re.compile(r"[^\W_]+(?:-[^\W_]+)+")
_OPTION = "people"
"""Execution option of a library's connections: its `People`."""


class People:
    """The directory of one library's people, made anew when the library has changed. Safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._roster_lock = threading.Lock()
        self._made: tuple[str, str, Directory] | None = None
        """The versions of text and decisions, and the people by them."""
        self._roster: Roster | None = None

    def directory(self, connection: Connection) -> Directory:
        """Return the people of the library as it is now. The first call after a change reads all names."""
        with self._lock:
            text, decided = fulltext.version(connection), decisions.version(connection)
            if self._made is None or self._made[0] != text:
                self._made = text, decided, Directory(connection, decisions.read(connection))
            elif self._made[1] != decided:
                self._made = text, decided, self._made[2].decided(decisions.read(connection))
            return self._made[2]

    def is_known(self, connection: Connection) -> bool:
        """Tell whether the people of the library as it is now need not be made anew."""
        made = self._made
        return made is not None and made[:2] == (fulltext.version(connection), decisions.version(connection))

    def roster(self, connection: Connection) -> Roster:
        """Return the figures of the people as they are now; where they are not known, all names are read."""
        now, known = version(connection), self.former_roster(connection)
        if known and known.version == now:
            return known
        made = Roster.made(connection, self.directory(connection), now)
        with self._roster_lock:
            self._roster = made
        return made

    def former_roster(self, connection: Connection) -> Roster | None:
        """Return the figures of the people as they were last known, in this or an earlier run; None if never."""
        now = version(connection)
        with self._roster_lock:
            if self._roster is None:
                self._roster = Roster.kept(connection)
            elif self._roster.version != now:
                self._roster = Roster.kept(connection, now) or self._roster
            return self._roster


def attach(engine: Engine) -> None:
    """Let the connections of a library's engine share one directory of people."""
    engine.update_execution_options(**{_OPTION: People()})


def find(connection: Connection, words: str) -> list[Person]:
    """Return the people whom words may mean, who wrote most first; none where nobody fits.

    An id means one person. A name in full means those who have it, in any of its spellings and orders, and only where
    there is nobody those whose initials or left-out names fit. Initials mean all whom they fit; one word means
    everybody with that word in the name; initials alone mean nobody.
    """
    directory = _directory(connection)
    if _is_id(words) and words in directory.by_id:
        return [directory.by_id[words]]
    found = {person.id: person for key in directory.index.find(words) for person in directory.by_key.get(key, ())}
    return sorted(found.values(), key=lambda person: (-len(person.paper_ids), person.id))


def among(connection: Connection, paper_ids: Sequence[str]) -> list[Person]:
    """Return everybody who has a part in these papers, with those of their papers; who wrote most of them first."""
    directory = _directory(connection)
    wanted = set(paper_ids)
    people = {person.id: person for paper_id in wanted for _, person in directory.by_paper.get(paper_id, ())}
    parts = (
        replace(person, paper_ids=tuple(each for each in person.paper_ids if each in wanted))
        for person in people.values()
    )
    return sorted(parts, key=lambda person: (-len(person.paper_ids), person.name, person.id))


def coauthors(connection: Connection, person: Person) -> list[Person]:
    """Return with whom a person wrote, most papers first; of each the joint papers only."""
    return [each for each in among(connection, person.paper_ids) if each.id != person.id]


def holder(connection: Connection, paper_id: str, name: str) -> Person | None:
    """Return the person who has a name, as the source spells it, on a paper; None where it does not stand there."""
    named = _directory(connection).by_paper.get(paper_id, ())
    return next((person for spelling, person in named if spelling == name), None)


def alike(connection: Connection, person: Person) -> list[Person]:
    """Return others whose name may be this person's by its letters, who wrote most first."""
    directory = _directory(connection)
    keys = {directory.index.key_of[variant.name] for variant in person.variants}
    near = {other for key in keys for other in (key, *directory.index.matches.get(key, ()))}
    found = {each.id: each for key in near for each in directory.by_key.get(key, ()) if each.id != person.id}
    return sorted(found.values(), key=lambda each: (-len(each.paper_ids), each.id))


def are_known(connection: Connection) -> bool:
    """Tell whether people can be asked for at once; if not, whoever asks first waits until all names are read."""
    return _people(connection).is_known(connection)


def roster(connection: Connection) -> Roster:
    """Return everybody in figures. The first call after a change reads all names, which takes long in large libraries.

    What `Roster.keep` has kept is taken where the library is as it was.
    """
    return _people(connection).roster(connection)


def former_roster(connection: Connection) -> Roster | None:
    """Return everybody in figures as they were counted last, at once; None where they never were."""
    return _people(connection).former_roster(connection)


def version(connection: Connection) -> str:
    """Return a word that is another after every change of papers and every decision about people."""
    return f"{fulltext.version(connection)} {decisions.version(connection)}"


def _is_id(words: str) -> bool:
    """Tell whether words have the form of a person's id: "naibin-gu"."""
    return words == words.casefold() and _ID.fullmatch(words) is not None


def _directory(connection: Connection) -> Directory:
    return _people(connection).directory(connection)


def _people(connection: Connection) -> People:
    people: People = connection.get_execution_options().get(_OPTION) or People()
    return people
