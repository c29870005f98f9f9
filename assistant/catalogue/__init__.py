"""Exact answers by typed queries over the library: counts, lists, rankings and facts, never the model."""

from assistant.catalogue.answers import CatalogueAnswer, answer
from assistant.catalogue.listings import MOST_ROW_IDS
from assistant.catalogue.reply import paper_row

__all__ = [
    "MOST_ROW_IDS",
    "CatalogueAnswer",
    "answer",
    "caveats",
    "paper_counts",
    "paper_details",
    "paper_row",
]
