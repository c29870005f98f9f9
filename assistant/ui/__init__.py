"""The web page: what a browser shows of a workspace."""

from assistant.ui.app import serve

__all__ = ["serve"]
