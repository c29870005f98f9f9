"""Summaries of one paper, of many, and comparisons: what each says, grouped, written up and proved."""

from assistant.analysis.summaries.overview import Overviews
from assistant.analysis.summaries.paper_summary import ASPECTS, NOT_STATED

__all__ = ["ASPECTS", "NOT_STATED", "Overviews", "paper_summary"]
