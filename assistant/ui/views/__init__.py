"""The views of the page: each lays out its addresses and the calls that take long."""

from __future__ import annotations

from assistant.ui.views import adding, authors, chat, paper, papers, status, trends

VIEWS = (chat, papers, paper, authors, trends, adding, status)

__all__ = ["VIEWS"]
