"""Nearest vectors by cosine similarity. Knows vectors and ids, not papers.

One Protocol, `VectorIndex`; `vectorstore.chroma.ChromaIndex` is the one that ships (imported on its own, because it is
heavy), `ExactIndex` searches a matrix in memory.
"""

from vectorstore.exact import ExactIndex
from vectorstore.protocol import Match, Metadata, VectorIndex, VectorIndexError

__all__ = ["ExactIndex", "Match", "Metadata", "VectorIndex", "VectorIndexError"]
