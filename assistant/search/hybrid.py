"""Hybrid search: dense and lexical retrieval, their scores combined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.errors import IndexFailed
from assistant.library import Library
from assistant.protocols import Embedder, Vectors
from assistant.types import PaperFilter, Passage
from vectorstore import Match, VectorIndexError

CANDIDATES = 200
"""How many papers each of the two searches proposes."""

_DENSE_WEIGHT = 0.7
"""How much the dense score counts in the combined one, in [0, 1]; see E1 in docs/experiments."""


class NearestPapers(Protocol):
    """Knows the papers whose vectors are most like another vector."""

    def query(self, vector: Vectors, limit: int, among: NDArray[np.int64] | None = None) -> list[Match]:
        """Return the ids of the nearest papers, most similar first; `among`: numbers of the papers to search in."""

    def prepare(self) -> None:
        """Begin whatever the first `query` would have to wait for."""


@dataclass(frozen=True, slots=True)
class Retriever:
    """Searches one library. Every method returns passages best first."""

    library: Library
    index: NearestPapers
    embedder: Embedder

    def search(self, question: str, limit: int, filter: PaperFilter = PaperFilter()) -> list[Passage]:
        """Return the papers whose combined score is highest.

        Each candidate of either search gets both scores: the cosine, scaled to [0, 1] between the least and the
        greatest of the candidates, and BM25 divided by the greatest. Their convex combination is the score (Bruch, Gai
        and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023); figures are E1 in docs/experiments.
        """
        among = None if filter.is_empty else self.library.numbers(filter)
        candidates = max(CANDIDATES, limit)
        if among is None:
            self.index.prepare()  # while the embedding model loads
        ((_, (vector,)),) = self.embedder.embed_many([question])  # as the papers were, to the last digit: see E28
        try:
            similarity = dict(self.index.query(vector, candidates, among))
        except VectorIndexError as error:
            raise IndexFailed(error) from error
        lexical = dict(self.library.text_search(question, candidates, among))
        unseen = [paper_id for paper_id in lexical if paper_id not in similarity]
        similarity.update((i, float(kept @ vector)) for i, kept in self.library.vectors(unseen).items())
        return combine(similarity, lexical, _DENSE_WEIGHT)[:limit]


def combine(similarity: Mapping[str, float], lexical: Mapping[str, float], dense_weight: float) -> list[Passage]:
    """Return the papers of either mapping by the convex combination of their normalised scores, best first.

    A paper without a similarity (it waits for its vector) counts as the least similar one.
    """
    least, greatest = min(similarity.values(), default=0.0), max(similarity.values(), default=0.0)
    spread = (greatest - least) or 1.0
    most = max(lexical.values(), default=0.0) or 1.0
    passages = [
        Passage(
            paper_id,
            dense_weight * (similarity.get(paper_id, least) - least) / spread
            + (1 - dense_weight) * lexical.get(paper_id, 0.0) / most,
            similarity.get(paper_id),
        )
        for paper_id in dict.fromkeys([*similarity, *lexical])
    ]
    return sorted(passages, key=lambda passage: (-passage.score, passage.paper_id))
