"""Trends as pictures that a person can read, and as pages."""

from assistant.analysis.charts.plots import Picture, check_ending, draw, write

__all__ = ["Picture", "check_ending", "draw", "write"]
