from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from assistant.errors import UsageError
from assistant.library import Conversations, Library, Users, schema

PASSWORD = "correct horse battery"


@pytest.fixture
def users(library: Library) -> Users:
    return Users(library)


def test_the_first_user_is_an_administrator_and_others_only_where_it_is_said(users: Users) -> None:
    assert not users.exist()
    users.add("Ada", PASSWORD)
    users.add("bob", PASSWORD)
    users.add("李雷", PASSWORD, is_admin=True)
    assert users.exist()
    assert [(one.name, one.is_admin) for one in users.all()] == [("ada", True), ("bob", False), ("李雷", True)]


def test_a_password_and_a_token_are_kept_as_hashes_only(users: Users, library: Library) -> None:
    users.add("ada", PASSWORD)
    token = users.log_in(" ADA ", PASSWORD)
    assert token
    user = users.of_session(token)
    assert user is not None
    assert (user.name, user.is_admin) == ("ada", True)
    with library.transaction() as connection:
        kept = [*connection.execute(select(schema.users)).one(), *connection.execute(select(schema.sessions)).one()]
    assert not [value for value in map(str, kept) if PASSWORD in value or token in value]
    assert any(str(value).startswith("$argon2id$") for value in kept)


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong horse battery"), ("eve", PASSWORD), ("", "")])
def test_a_wrong_name_and_a_wrong_password_are_told_alike_and_cost_a_hash_each(
    users: Users, monkeypatch: pytest.MonkeyPatch, name: str, password: str
) -> None:
    users.add("ada", PASSWORD)
    verified: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hashed: str, said: str) -> bool:
        verified.append(hashed)
        return verify(self, hashed, said)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    assert users.log_in(name, password) is None
    assert len(verified) == 1


def test_a_hash_with_old_parameters_is_made_anew_at_login(users: Users, library: Library) -> None:
    users.add("ada", PASSWORD)
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with library.transaction() as connection:
        connection.execute(update(schema.users).values(hash=old))
    assert users.log_in("ada", PASSWORD)
    with library.transaction() as connection:
        kept = connection.execute(select(schema.users.c.hash)).scalar_one()
    assert kept != old
    assert users.log_in("ada", PASSWORD)


def test_sessions_end_by_logging_out_by_a_new_password_by_removal_and_when_idle(users: Users, library: Library) -> None:
    users.add("ada", PASSWORD)
    users.add("bob", PASSWORD)

    def begun(name: str = "bob") -> str:
        token = users.log_in(name, PASSWORD)
        assert token
        return token

    one, other, idle, staying = begun(), begun(), begun(), begun("ada")
    users.log_out(one)
    assert users.of_session(one) is None
    long_ago = (datetime.now(UTC) - timedelta(days=31)).isoformat(timespec="seconds")
    with library.transaction() as connection:
        is_it = schema.sessions.c.token == _digest(idle)
        connection.execute(update(schema.sessions).where(is_it).values(last_seen=long_ago))
    assert users.of_session(idle) is None
    assert users.of_session(other)
    users.set_password("bob", f"{PASSWORD} staple")
    assert users.of_session(other) is None
    last = users.log_in("bob", f"{PASSWORD} staple")
    assert last
    users.remove("bob")
    assert users.of_session(last) is None
    assert users.of_session(staying)
    assert users.of_session("") is users.of_session("x") is None


def test_using_a_session_keeps_it(users: Users, library: Library) -> None:
    users.add("ada", PASSWORD)
    token = users.log_in("ada", PASSWORD)
    assert token
    before = (datetime.now(UTC) - timedelta(days=29)).isoformat(timespec="seconds")
    with library.transaction() as connection:
        connection.execute(update(schema.sessions).values(last_seen=before))
    assert users.of_session(token)
    assert users.all()[0].last_seen > before


def test_names_and_passwords_that_cannot_be_are_refused_with_what_to_do(users: Users) -> None:
    users.add("ada", PASSWORD)
    for name in ("", "a b", "<b>", ".ada", "a" * 65, "a\nb"):
        with pytest.raises(UsageError, match="letter"):
            users.add(name, PASSWORD)
    with pytest.raises(UsageError, match="already"):
        users.add("ADA", PASSWORD)
    with pytest.raises(UsageError, match="10 to 1,000"):
        users.add("bob", "short")
    with pytest.raises(UsageError, match="The users are ada"):
        users.set_password("bob", PASSWORD)
    users.add("bob", PASSWORD)
    with pytest.raises(UsageError, match="only administrator"):
        users.remove("ada")
    users.remove("bob")
    users.remove("ada")
    assert not users.exist()


def test_conversations_pass_to_the_first_user_and_back_from_the_last_and_go_with_the_others(
    users: Users, library: Library
) -> None:
    Conversations(library).begin_turn("Before anybody?")

    def questions(owner: str) -> list[str]:
        return [each.title for each in Conversations(library, owner).listed()]

    users.add("ada", PASSWORD)
    users.add("bob", PASSWORD)
    Conversations(library, "bob").begin_turn("What is Bob's?")
    assert (questions(""), questions("ada")) == ([], ["Before anybody?"])
    users.remove("bob")
    users.add("bob", PASSWORD)
    assert questions("bob") == []
    users.remove("bob")
    users.remove("ada")
    assert questions("") == ["Before anybody?"]


def _digest(token: str) -> str:
    import hashlib

    return hashlib.sha256(token.encode()).hexdigest()
