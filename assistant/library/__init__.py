"""The library: papers, people and vectors in one SQLite file, the source of truth."""

from assistant.library.conversations import Conversations, RatedTurn, SavedConversation, SavedTurn
from assistant.library.curation import AlikePair
from assistant.library.field_provenance import SourceRecord, provenance
from assistant.library.filters import (
    UNKNOWN_FIELDS,
    UnknownField,
    count_papers,
    papers_passing,
    papers_with_unknown,
    venues_named,
)
from assistant.library.identity import strong_keys, title_key
from assistant.library.integrity import CheckReport, Finding
from assistant.library.lock import Ownership
from assistant.library.rows import insert_papers, pages, read_papers
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
from assistant.library.store import FILE_NAME, Library, make_folder
from assistant.library.upsert import Outcome, Reading

__all__ = [
    "FILE_NAME",
    "UNKNOWN_FIELDS",
    "AlikePair",
    "CheckReport",
    "Conversations",
    "Finding",
    "Library",
    "Outcome",
    "Ownership",
    "RatedTurn",
    "Reading",
    "SavedConversation",
    "SavedTurn",
    "SourceRecord",
    "UnknownField",
    "aliases",
    "authors",
    "authorships",
    "categories",
    "count_papers",
    "curation",
    "filters",
    "fulltext",
    "insert_papers",
    "integrity",
    "kept_trends",
    "make_folder",
    "name_words",
    "pages",
    "paper_lines",
    "papers",
    "papers_passing",
    "papers_read",
    "papers_with_unknown",
    "profiles",
    "provenance",
    "read_papers",
    "schema",
    "strong_keys",
    "themes",
    "title_key",
    "vectors",
    "venues_named",
]
