"""Web page of a workspace."""

from assistant.ui.app import serve

__all__ = ["serve"]
