"""Author disambiguation: which names on papers are one person."""

from assistant.library.authors.decisions import Anchor, Decision
from assistant.library.authors.lookup import Person, among, find, holder, is_id

__all__ = ["Anchor", "Decision", "Person", "among", "curation", "decisions", "find", "holder", "is_id"]
