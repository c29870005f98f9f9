"""Exact answers by typed queries over the library: counts, lists, rankings and facts, never the model."""

from assistant.catalogue.answers import CatalogueAnswer, answer, planned
from assistant.catalogue.paper_counts import Tally
from assistant.catalogue.reply import IDS_IN_A_ROW, MOST_SOURCES, paper_row

__all__ = [
    "IDS_IN_A_ROW",
    "MOST_SOURCES",
    "CatalogueAnswer",
    "Tally",
    "answer",
    "caveats",
    "paper_counts",
    "paper_details",
    "paper_row",
    "planned",
]
