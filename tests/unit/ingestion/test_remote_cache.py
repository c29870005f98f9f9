"""Answers kept between runs, and the pace for each host."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from assistant.errors import UsageError
from assistant.ingestion.remote import Services
from assistant.ingestion.remote.cache import Cache, cache_key

DAY_S = 24 * 3600.0


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def the_file(folder: Path) -> Path:
    (file,) = folder.glob("*.sqlite3")
    return file


def test_an_answer_is_kept_for_the_next_run_and_no_longer_than_a_week(tmp_path: Path, clock: Clock) -> None:
    Cache(tmp_path, clock=clock).put("key", b"answer")
    clock.now += 6 * DAY_S
    assert Cache(tmp_path, clock=clock).get("key") == b"answer"
    assert Cache(tmp_path, clock=clock).get("other") is None
    clock.now += 2 * DAY_S
    assert Cache(tmp_path, clock=clock).get("key") is None


def test_an_answer_from_the_far_future_is_not_believed(tmp_path: Path, clock: Clock) -> None:
    Cache(tmp_path, clock=clock).put("key", b"answer")
    clock.now -= 30 * DAY_S
    assert Cache(tmp_path, clock=clock).get("key") is None


def test_the_oldest_answers_go_when_the_cache_is_full(tmp_path: Path, clock: Clock) -> None:
    cache = Cache(tmp_path, clock=clock, largest=2500)
    for number in range(4):
        clock.now += 1
        cache.put(str(number), os.urandom(1000))
    assert [cache.get(str(number)) is not None for number in range(4)] == [False, False, True, True]


def test_an_answer_larger_than_the_cache_is_not_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path, largest=100)
    cache.put("key", os.urandom(1000))
    assert cache.get("key") is None


@pytest.mark.parametrize("damage", [b"not a database at all" * 100, b""])
def test_a_damaged_cache_is_thrown_away(tmp_path: Path, damage: bytes) -> None:
    cache = Cache(tmp_path)
    cache.put("key", b"answer")
    the_file(tmp_path).write_bytes(damage)
    assert cache.get("key") is None
    cache.put("key", b"again")
    assert cache.get("key") == b"again"


def test_a_cache_that_is_damaged_in_the_middle_is_thrown_away(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("key", os.urandom(50_000))
    file = the_file(tmp_path)
    data = bytearray(file.read_bytes())
    data[100:] = b"\xff" * (len(data) - 100)
    file.write_bytes(data)
    assert cache.get("key") is None
    cache.put("key", b"again")
    assert cache.get("key") == b"again"


def test_a_cache_of_another_version_is_thrown_away(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("key", b"answer")
    with sqlite3.connect(the_file(tmp_path)) as file:
        file.execute("PRAGMA user_version = 99")
    file.close()
    assert cache.get("key") is None
    cache.put("key", b"again")
    assert cache.get("key") == b"again"


def test_a_row_that_holds_something_else_counts_as_missing(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("key", b"answer")
    with sqlite3.connect(the_file(tmp_path)) as file:
        file.execute("UPDATE answers SET body = 'text', stored = 'never'")
    file.close()
    assert cache.get("key") is None


def test_a_folder_that_cannot_be_made_means_no_cache_but_the_pace_is_kept(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = Cache(tmp_path / "file" / "cache", clock=clock)
    cache.put("key", b"answer")
    assert cache.get("key") is None
    assert [cache.take_turn("host", 3.0) for _ in range(3)] == [0.0, 3.0, 6.0]


def test_turns_of_one_host_keep_their_distance_across_runs(tmp_path: Path, clock: Clock) -> None:
    assert Cache(tmp_path, clock=clock).take_turn("one", 3.0) == 0.0
    clock.now += 1
    assert Cache(tmp_path, clock=clock).take_turn("one", 3.0) == 2.0
    assert Cache(tmp_path, clock=clock).take_turn("other", 3.0) == 0.0
    clock.now += 100
    assert Cache(tmp_path, clock=clock).take_turn("one", 3.0) == 0.0


def test_a_clock_that_was_set_back_makes_nobody_wait_for_hours(tmp_path: Path, clock: Clock) -> None:
    cache = Cache(tmp_path, clock=clock)
    cache.take_turn("host", 3.0)
    clock.now -= DAY_S
    assert cache.take_turn("host", 3.0) == 0.0


def test_the_key_does_not_depend_on_the_order_of_the_parameters() -> None:
    assert cache_key("u", {"a": "1", "b": "2"}) == cache_key("u", {"b": "2", "a": "1"}) != cache_key("u", {"a": "1"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("openalex_url", "file:///etc/passwd"),
        ("arxiv_url", "export.arxiv.org"),
        ("semantic_scholar_url", "https://host:port/"),
        ("semantic_scholar_url", "https:///graph"),
        ("contact", "me@example.org\r\nX-Other: 1"),
        ("openalex_key", "two words"),
        ("semantic_scholar_key", "schlüssel"),
    ],
)
def test_a_setting_that_cannot_be_sent_is_named_and_its_value_is_not_shown(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(UsageError, match=name) as caught:
        Services(cache=tmp_path, **{name: value})  # type: ignore[arg-type]
    assert value not in str(caught.value)


def test_keys_are_not_shown_where_services_are_printed(tmp_path: Path) -> None:
    services = Services(cache=tmp_path, openalex_key="secret-one", semantic_scholar_key="secret-two")
    shown = f"{services} {services.openalex} {services.semantic_scholar}"
    assert "secret" not in shown
