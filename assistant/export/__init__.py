"""Papers and answers as files for other programs and other people."""

from assistant.export.papers import format_for, save, stream, text

__all__ = ["bundles", "conversations", "format_for", "save", "stream", "text"]
