"""Authors: spellings of names joined to people, and what a person decided about them."""

from assistant.library.authors.decisions import Anchor, Decision
from assistant.library.authors.lookup import Person, among, attach, find, holder, is_id

__all__ = ["Anchor", "Decision", "Person", "among", "attach", "curation", "decisions", "find", "holder", "is_id"]
