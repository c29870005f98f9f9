"""Summaries of one paper, of many, and comparisons: what each says, grouped, told in order and proved."""

from assistant.analysis.summaries.overview import Overviews
from assistant.analysis.summaries.paper_summary import ASPECTS, NOT_STATED
from assistant.analysis.summaries.reading_ahead import BackgroundReading

__all__ = ["ASPECTS", "NOT_STATED", "BackgroundReading", "Overviews", "lines", "paper_summary", "reading_ahead"]
