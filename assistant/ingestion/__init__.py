"""Papers into the library: files of many formats, and the services that hold papers."""

from assistant.ingestion.pipeline import add_fetched, add_files, together

__all__ = ["add_fetched", "add_files", "arguments", "readers", "remote", "together"]
