"""Trends: how the themes and the terms of a set of papers come and go, with intervals."""

from assistant.analysis.trends.changes import Change, Share, Trend, percent
from assistant.analysis.trends.timeline import By, span_in_words
from assistant.analysis.trends.trends import Exemplar, Trends, find, named, select, shown_themes
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
    "Share",
    "Trend",
    "Trends",
    "find",
    "heading",
    "named",
    "percent",
    "publications_in_words",
    "reference",
    "select",
    "selected_in_words",
    "shown_themes",
    "span_in_words",
    "statement",
    "verdicts",
]
