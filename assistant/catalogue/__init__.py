"""Exact answers by typed queries over the library: counts, lists, rankings and facts, never the model."""

from assistant.catalogue.answers import CatalogueAnswer, answer
from assistant.catalogue.paper_counts import PaperCount

__all__ = ["CatalogueAnswer", "PaperCount", "answer", "caveats", "paper_counts", "paper_details"]
