"""Nearest vectors by cosine similarity. Knows vectors and ids, not papers.

One Protocol, `VectorIndex`, and one for where indexes lie, `IndexPlace`. Chroma ships in two places: `ChromaFolders`
and `ChromaServer` (chromadb is imported when one of them opens an index, because it is heavy). `VectorMatrix` searches
exactly in memory.
"""

from vectorstore.exact import VectorMatrix
from vectorstore.places import ChromaFolders, ChromaServer
from vectorstore.protocol import IndexPlace, IndexUnreachable, Match, Metadata, VectorIndex, VectorIndexError

__all__ = [
    "ChromaFolders",
    "ChromaServer",
    "IndexPlace",
    "IndexUnreachable",
    "Match",
    "Metadata",
    "VectorIndex",
    "VectorIndexError",
    "VectorMatrix",
]
