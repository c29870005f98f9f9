"""Trends: how the themes and the terms of a set of papers come and go, with intervals."""

from assistant.analysis.trends.changes import Change, Share, Trend, percent
from assistant.analysis.trends.kept_trends import KeptTrends, find_and_keep, kept
from assistant.analysis.trends.timeline import By, period_named, span_in_words
from assistant.analysis.trends.trends import Exemplar, Trends, find, named, overview, select, shown_themes
from assistant.analysis.trends.wording import (
    heading,
    publications_in_words,
    reference,
    selected_in_words,
    statement,
    verdicts,
)

__all__ = [
    "By",
    "Change",
    "Exemplar",
    "KeptTrends",
    "Share",
    "Trend",
    "Trends",
    "find",
    "find_and_keep",
    "heading",
    "kept",
    "named",
    "overview",
    "percent",
    "period_named",
    "publications_in_words",
    "reference",
    "select",
    "selected_in_words",
    "shown_themes",
    "span_in_words",
    "statement",
    "verdicts",
]
