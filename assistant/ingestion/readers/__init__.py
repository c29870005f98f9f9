"""Readers of paper files: a path in; records, problems and notices out. Bad content is reported, never raised."""

from assistant.ingestion.readers.exported import EXPORTER, guarded, list_cell, positions_text
from assistant.ingestion.readers.fields import MONTHS, SUFFIX
from assistant.ingestion.readers.files import NO_COLUMNS, read
from assistant.ingestion.readers.formats import READABLE
from assistant.ingestion.readers.latex import LONGEST_LATEX, MATH, to_text
from assistant.ingestion.readers.markup import visible
from assistant.ingestion.readers.ris import OTHERS, own_name

__all__ = [
    "EXPORTER",
    "LONGEST_LATEX",
    "MATH",
    "MONTHS",
    "NO_COLUMNS",
    "OTHERS",
    "READABLE",
    "SUFFIX",
    "bibtex",
    "exported",
    "guarded",
    "list_cell",
    "own_name",
    "positions_text",
    "read",
    "to_text",
    "visible",
]
