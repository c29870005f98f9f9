"""Readers of paper files: a path in; records, problems and notices out. Bad content is reported, never raised.

`formats` holds the table of formats and says how to add one. The other modules that are listed here are what writers
of files must agree on with the readers.
"""

from assistant.ingestion.readers.fields import NO_COLUMNS
from assistant.ingestion.readers.files import about_passed_over, is_passed_over, read

__all__ = [
    "NO_COLUMNS",
    "about_passed_over",
    "exported",
    "fields",
    "formats",
    "is_passed_over",
    "markup",
    "names",
    "read",
    "tagged",
    "tex",
]
