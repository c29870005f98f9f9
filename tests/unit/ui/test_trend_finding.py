"""Finding trends in the background: once for all who ask, errors in words."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.analysis import trends
from assistant.errors import AssistantError, LibraryError, UsageError
from assistant.types import PaperFilter, Progress
from assistant.ui import trend_finding
from assistant.ui.trend_finding import Question, TrendFinder

ALL = Question(PaperFilter())


def finder() -> TrendFinder:
    return TrendFinder(SimpleNamespace(library=None, nearest=None))  # type: ignore[arg-type]


def test_an_address_says_what_is_asked() -> None:
    pairs = [("author", "Ada"), ("topic", "  fine   tuning "), ("by", "month"), ("theme", "t1")]
    assert Question.read(pairs) == Question(PaperFilter(author="Ada"), "fine tuning", "month")
    assert Question.read([("by", "<script>")]) == ALL
    assert ALL.extra == {"topic": "", "by": ""}
    with pytest.raises(UsageError):
        Question.read([("since", "soon")])


def test_who_asks_the_same_shares_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, begun = threading.Event(), []

    def find(*asked: Any, on_progress: Any) -> None:
        begun.append(asked)
        on_progress(Progress(1, 2, "Reading papers"))
        assert go_on.wait(10)

    monkeypatch.setattr(trends, "find_and_keep", find)
    searching = finder()
    first, second = searching.begin(ALL), searching.begin(ALL)
    other = searching.begin(Question(PaperFilter(author="Ada")))
    assert first is second
    assert other is not first
    go_on.set()
    assert all(each.done.wait(10) for each in (first, other))
    assert len(begun) == 2
    assert first.progress == Progress(1, 2, "Reading papers")
    assert searching.begin(ALL) is not first  # what is done is found anew when it is asked for again


def test_only_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(trends, "find_and_keep", lambda *_, **__: go_on.wait(10))
    monkeypatch.setattr(trend_finding, "_MOST_WAITING", 2)
    searching = finder()
    begun = [searching.begin(Question(PaperFilter(since=year))) for year in (2023, 2024)]
    with pytest.raises(AssistantError, match="Try again"):
        searching.begin(ALL)
    assert searching.begin(Question(PaperFilter(since=2023))) is begun[0]
    go_on.set()
    assert all(each.done.wait(10) for each in begun)
    assert searching.begin(ALL).done.wait(10)


@pytest.mark.parametrize(
    ("error", "words"), [(LibraryError("The disk is gone."), "The disk is gone."), (KeyError("x"), "met an error")]
)
def test_an_error_is_told_and_holds_up_nobody(error: Exception, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    monkeypatch.setattr(trends, "find_and_keep", fail)
    searching = finder()
    finding = searching.begin(ALL)
    assert finding.done.wait(10)
    assert words in finding.error
    monkeypatch.setattr(trends, "find_and_keep", lambda *_, **__: None)
    assert searching.begin(ALL).done.wait(10)
