"""Web page of a workspace."""

from assistant.ui.app import serve
from assistant.ui.hardening import Reach

__all__ = ["Reach", "serve"]
