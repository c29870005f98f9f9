"""Retrieval: the vector index, the embedding queue, hybrid search, and the papers of a topic."""

from assistant.search.hybrid import Retriever
from assistant.search.topics import Search
from assistant.search.vector_index import FINGERPRINT, INDEX_FACTS, PersistentIndex

__all__ = ["FINGERPRINT", "INDEX_FACTS", "PersistentIndex", "Retriever", "Search", "embedding_queue", "topics"]
