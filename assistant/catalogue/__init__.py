"""Exact answers by typed queries over the library: counts, lists, rankings and facts, never the model."""

from assistant.catalogue.answers import CatalogueAnswer, answer, planned
from assistant.catalogue.paper_counts import Tally

__all__ = ["CatalogueAnswer", "Tally", "answer", "caveats", "paper_counts", "paper_details", "planned"]
