"""Analyses of a set of papers: themes, trends, summaries and charts."""

__all__ = ["charts", "summaries", "themes", "trends"]
