"""Charts of a set of papers: publications, themes, co-authors and a map, as a page, as a picture, or one by one."""

from assistant.analysis.charts.drawings import Drawing
from assistant.analysis.charts.plots import check_ending, draw, draw_map, draw_people, write

__all__ = ["Drawing", "check_ending", "draw", "draw_map", "draw_people", "write"]
