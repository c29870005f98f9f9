"""Papers into the library: files of many formats, and the services that hold papers."""

from assistant.ingestion.completion import WantedAbstracts, complete, wanted_abstracts
from assistant.ingestion.pasted import Pasted, read_pasted
from assistant.ingestion.pipeline import add_fetched, add_files, combine_reports, parse_columns, parse_sources
from assistant.ingestion.report_file import ReportFile
from assistant.ingestion.zotero import fetch_zotero, zotero_state

__all__ = [
    "Pasted",
    "ReportFile",
    "WantedAbstracts",
    "add_fetched",
    "add_files",
    "combine_reports",
    "complete",
    "fetch_zotero",
    "parse_columns",
    "parse_sources",
    "read_pasted",
    "readers",
    "remote",
    "wanted_abstracts",
    "watched_folders",
    "watching",
    "zotero_state",
]
