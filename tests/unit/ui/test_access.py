"""How often and how much is let through, and where a login leads."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import UsageError
from assistant.settings import Settings
from assistant.ui.access import Allowance, TooMany, Tries, safe_next


def test_tries_are_counted_by_address_and_by_name_and_forgiven() -> None:
    tries = Tries()
    for number in range(5):
        tries.count("192.0.2.1", f"name{number}")
    with pytest.raises(TooMany, match="seconds"):
        tries.count("192.0.2.1", "other")
    tries.count("192.0.2.2", "other")
    for number in range(9):
        tries.count(f"192.0.2.{number + 3}", "Other ")
    with pytest.raises(TooMany, match="minutes"):
        tries.count("192.0.2.99", "other")
    tries.forgive("192.0.2.1", "other")
    tries.count("192.0.2.1", "other")


def test_a_right_login_gives_the_address_back_its_own_try_alone() -> None:
    tries = Tries()
    for number in range(4):
        tries.count("192.0.2.1", f"name{number}")
        tries.count("192.0.2.1", "own")
        tries.forgive("192.0.2.1", "own")
    tries.count("192.0.2.1", "name4")
    with pytest.raises(TooMany):
        tries.count("192.0.2.1", "own")
    for _ in range(50):  # people of one house who all know their passwords
        tries.count("192.0.2.2", "own")
        tries.forgive("192.0.2.2", "own")


def test_tries_at_the_same_moment_are_counted_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    tries, begun = Tries(), threading.Barrier(2)
    look = tries._of_addresses.test

    def slow(*who: Any) -> bool:
        found = look(*who)
        with suppress(threading.BrokenBarrierError):
            begun.wait(0.05)  # both have looked, unless one waits for the other
        return found

    for number in range(4):
        tries.count("192.0.2.1", f"name{number}")
    monkeypatch.setattr(tries._of_addresses, "test", slow)

    def let_in(name: str) -> bool:
        with suppress(TooMany):
            tries.count("192.0.2.1", name)
            return True
        return False

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(let_in, ("ada", "bob"))) == [False, True]


def test_what_is_refused_is_not_charged(tmp_path: Path) -> None:
    allowance = Allowance(Settings(library=tmp_path, models=tmp_path, upload_per_day=1))
    with pytest.raises(UsageError, match="smaller"):
        allowance.upload("ada", 2_000_000)
    allowance.upload("ada", 1_000_000)
    with pytest.raises(TooMany, match="hours"):
        allowance.upload("ada", 1)
    allowance.upload("bob", 1)


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("/papers?q=a", "/papers?q=a"),
        ("", "/"),
        ("papers", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/login?next=/login", "/"),
        ("/a\r\nSet-Cookie: a=b", "/"),
        ("http://[", "/"),
    ],
)
def test_after_the_login_nobody_is_sent_elsewhere(said: str, path: str) -> None:
    assert safe_next(said) == path
