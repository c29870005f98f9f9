"""Calls of the views: each is made in one place, and by whom it is known there alone."""

from __future__ import annotations

from assistant.ui import site, summaries


def test_who_makes_a_call_is_known_in_one_place() -> None:
    assert summaries.caller is site.caller
