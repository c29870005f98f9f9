"""Calls of the views: each is made in one place, and by whom it is known there alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from assistant.ui import site, summaries
from assistant.ui.views import VIEWS, authors


def test_who_makes_a_call_is_known_in_one_place() -> None:
    assert summaries.caller is site.caller


def test_summaries_are_asked_for_by_calls_of_their_own() -> None:
    shown: Any = SimpleNamespace(library=None, workspace=None)
    assert [call.name for call in authors.lay_out(shown)[1]] == ["author_themes"]
    assert summaries in VIEWS
    assert [call.name for call in summaries.lay_out(shown)[1]] == ["summarize", "stop_summary"]
