"""The library: papers, people and vectors in one SQLite file, the source of truth."""

from assistant.library.condition import Condition, condition, refusal_to_write
from assistant.library.conversations import INTERRUPTED, Conversations, RatedTurn, SavedTurn
from assistant.library.curation import AlikePair
from assistant.library.field_provenance import SourceRecord, provenance, provenance_json
from assistant.library.filters import (
    UNKNOWN_FIELDS,
    UnknownField,
    count_papers,
    label_key,
    papers_passing,
    papers_with_unknown,
    venues_named,
)
from assistant.library.identity import has_title_of
from assistant.library.integrity import CheckReport, Finding
from assistant.library.kept_summaries import KeptSummaries, KeptSummary
from assistant.library.lock import Ownership, holder
from assistant.library.rows import citation_keys, insert_papers, pages, read_merged, read_papers
from assistant.library.schema import (
    aliases,
    authorships,
    categories,
    kept_trends,
    name_words,
    paper_lines,
    papers,
    papers_read,
    profiles,
    themes,
    vectors,
)
from assistant.library.sizes import sizes
from assistant.library.store import FILE_NAME, Library, Order, is_there, make_folder
from assistant.library.upsert import Outcome, Reading
from assistant.library.users import User, Users

__all__ = [
    "FILE_NAME",
    "INTERRUPTED",
    "UNKNOWN_FIELDS",
    "AlikePair",
    "CheckReport",
    "Condition",
    "Conversations",
    "Finding",
    "KeptSummaries",
    "KeptSummary",
    "Library",
    "Order",
    "Outcome",
    "Ownership",
    "RatedTurn",
    "Reading",
    "SavedTurn",
    "SourceRecord",
    "UnknownField",
    "User",
    "Users",
    "aliases",
    "authors",
    "authorships",
    "categories",
    "citation_keys",
    "condition",
    "count_papers",
    "curation",
    "facets",
    "files_read",
    "filters",
    "fulltext",
    "has_title_of",
    "holder",
    "insert_papers",
    "integrity",
    "is_there",
    "kept_trends",
    "label_key",
    "labels",
    "make_folder",
    "missing_abstracts",
    "name_words",
    "origins_read",
    "pages",
    "paper_lines",
    "papers",
    "papers_passing",
    "papers_read",
    "papers_with_unknown",
    "profiles",
    "provenance",
    "provenance_json",
    "read_merged",
    "read_papers",
    "refusal_to_write",
    "schema",
    "sizes",
    "themes",
    "vectors",
    "venues_named",
]
