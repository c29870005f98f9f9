"""Users of the page, their passwords and where they are logged in."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from assistant.errors import UsageError
from assistant.library.schema import conversations, sessions, users
from assistant.library.store import Library

if TYPE_CHECKING:
    from argon2 import PasswordHasher

IDLE = timedelta(days=30)
"""A session that was not used for so long has ended."""

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000
"""Characters."""

_SEEN_EVERY = timedelta(hours=1)
"""How exactly it is kept when a session was used last: not every request writes."""

_NAME = re.compile(r"[^\W_][\w.@+-]{0,63}")


@dataclass(frozen=True, slots=True)
class User:
    """One user of the page. `made` and `last_seen` are times in UTC, ISO; `last_seen` is "" for one without a session.

    An administrator may delete papers, choose models and see the users; all others may read, ask and add.
    """

    name: str
    is_admin: bool
    made: str = ""
    last_seen: str = ""


class Users:
    """The users of one library. Any number of threads and processes may read and write.

    The first user takes over the conversations of who used the page without a login, and the last one leaves them so.

    A password is kept as its Argon2id hash, and a session as the hash of what the browser holds: who reads the file can
    log in with neither.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._hashing = threading.Lock()  # a hash takes 64 MB: many at once would take the memory that others need

    def add(self, name: str, password: str, *, is_admin: bool = False) -> User:
        """Add a user; the first one is an administrator. Raises UsageError for a bad or known name, a bad password."""
        name, hashed = _checked_name(name), self._hash(password)
        with self._library.transaction() as connection:
            if connection.execute(select(users.c.name).where(users.c.name == name)).first():
                raise UsageError(
                    f"There is a user {name} already. `assistant users password {name}` changes the password."
                )
            is_first = not _some(connection)
            is_admin = is_admin or is_first
            if is_first:
                _hand_over(connection, "", name)
            made = _text(_now())
            connection.execute(insert(users).values(name=name, hash=hashed, made=made, is_admin=int(is_admin)))
            return User(name, is_admin, made)

    def remove(self, name: str) -> None:
        """Remove a user, with the sessions and, where others remain, the conversations of that user.

        Raises UsageError for an unknown name, or the only administrator where others remain.
        """
        with self._library.transaction() as connection:
            user = _known(connection, name)
            others = [one for one in _all(connection) if one.name != user.name]
            if others and not any(one.is_admin for one in others):
                raise UsageError(
                    f"{user.name} is the only administrator. Add another one first: `assistant users add NAME --admin`."
                )
            if others:
                connection.execute(delete(conversations).where(conversations.c.owner == user.name))
            else:
                _hand_over(connection, user.name, "")
            connection.execute(delete(users).where(users.c.name == user.name))

    def set_password(self, name: str, password: str) -> None:
        """Change a password and end the user's sessions. Raises UsageError for an unknown name or a bad password."""
        hashed = self._hash(password)
        with self._library.transaction() as connection:
            user = _known(connection, name)
            connection.execute(update(users).where(users.c.name == user.name).values(hash=hashed))
            connection.execute(delete(sessions).where(sessions.c.user == user.name))

    def all(self) -> list[User]:
        """Return all users by name."""
        with self._library.transaction() as connection:
            return _all(connection)

    def exist(self) -> bool:
        """Tell whether there is any user."""
        with self._library.transaction() as connection:
            return _some(connection)

    def log_in(self, name: str, password: str) -> str | None:
        """Begin a session and return its token, which is kept nowhere; None where name or password is wrong.

        That takes as long for a name that nobody has.
        """
        from argon2.exceptions import InvalidHashError, VerificationError

        name = _folded(name)
        with self._library.transaction() as connection:
            hashed = connection.execute(select(users.c.hash).where(users.c.name == name)).scalar_one_or_none()
        nobody = self._nobody
        with self._hashing:
            try:
                self._hasher.verify(hashed or nobody, password[:LONGEST_PASSWORD])
            except (VerificationError, InvalidHashError):
                return None
            if hashed is None:
                return None
            fresh = self._hasher.hash(password) if self._hasher.check_needs_rehash(hashed) else hashed
        with self._library.transaction() as connection:
            same = connection.execute(
                update(users).where(users.c.name == name, users.c.hash == hashed).values(hash=fresh)
            )
            if not same.rowcount:  # the password was changed, or the user removed, in this very moment
                return None
            return _begun(connection, name)

    def token(self, name: str) -> str:
        """Begin a session for a user's programs and return its token, which is kept nowhere.

        It ends as any session does. Raises UsageError for an unknown name.
        """
        with self._library.transaction() as connection:
            return _begun(connection, _known(connection, name).name)

    def of_session(self, token: str) -> User | None:
        """Return whose session a token is; None where it has ended or never was."""
        if not token:
            return None
        now, digest = _now(), _digest(token)
        is_of = users.c.name == sessions.c.user
        query = select(users, sessions.c.last_seen).join_from(sessions, users, is_of).where(sessions.c.token == digest)
        with self._library.transaction() as connection:
            found = connection.execute(query).one_or_none()
            if found is None or found.last_seen < _text(now - IDLE):
                return None
            if found.last_seen < _text(now - _SEEN_EVERY):
                connection.execute(update(sessions).where(sessions.c.token == digest).values(last_seen=_text(now)))
        return User(found.name, bool(found.is_admin), found.made, found.last_seen)

    def log_out(self, token: str) -> None:
        """End a session."""
        with self._library.transaction() as connection:
            connection.execute(delete(sessions).where(sessions.c.token == _digest(token)))

    def _hash(self, password: str) -> str:
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise UsageError(
                f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD:,} characters; this one has "
                f"{len(password):,}. Several words that do not belong together make a good one."
            )
        with self._hashing:
            return self._hasher.hash(password)

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        return PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        """Return a hash that no password has, to be verified for a name that nobody has."""
        return self._hasher.hash(secrets.token_hex())


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _checked_name(name: str) -> str:
    folded = _folded(name)
    if not _NAME.fullmatch(folded):
        raise UsageError(
            f"“{name[:80]}” cannot be a user's name. Use up to 64 letters, digits and . _ @ + -, "
            "and begin with a letter or a digit."
        )
    return folded


def _known(connection: Connection, name: str) -> User:
    known = _all(connection)
    user = next((one for one in known if one.name == _folded(name)), None)
    if user is None:
        names = ", ".join(one.name for one in known)
        raise UsageError(
            f"There is no user {name[:80]}. {f'The users are {names}.' if names else 'There are no users.'}"
        )
    return user


def _some(connection: Connection) -> bool:
    return bool(connection.execute(select(exists(select(users.c.name)))).scalar_one())


def _begun(connection: Connection, name: str) -> str:
    """Begin a session of a user and return its token; those that have ended are forgotten."""
    token, now = secrets.token_urlsafe(32), _text(_now())
    connection.execute(delete(sessions).where(sessions.c.last_seen < _text(_now() - IDLE)))
    row = {"token": _digest(token), "user": name, "made": now, "last_seen": now}
    connection.execute(insert(sessions).values(row))
    return token


def _hand_over(connection: Connection, owner: str, heir: str) -> None:
    """Give the conversations of one owner to another."""
    connection.execute(update(conversations).where(conversations.c.owner == owner).values(owner=heir))


def _all(connection: Connection) -> list[User]:
    seen = select(func.max(sessions.c.last_seen)).where(sessions.c.user == users.c.name).scalar_subquery()
    found = connection.execute(select(users, seen.label("last_seen")).order_by(users.c.name)).all()
    return [User(row.name, bool(row.is_admin), row.made, row.last_seen or "") for row in found]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)


def _text(time: datetime) -> str:
    return time.isoformat(timespec="seconds")
