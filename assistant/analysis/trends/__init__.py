"""How themes and terms come and go, with intervals."""

from assistant.analysis.trends.courses import Course, Share, percent
from assistant.analysis.trends.trends import (
    By,
    Trends,
    find,
    heading,
    named,
    publications_in_words,
    reference,
    selected_in_words,
    shown_themes,
    statement,
    verdicts,
)

__all__ = [
    "By",
    "Course",
    "Share",
    "Trends",
    "find",
    "heading",
    "named",
    "percent",
    "publications_in_words",
    "reference",
    "selected_in_words",
    "shown_themes",
    "statement",
    "verdicts",
]
