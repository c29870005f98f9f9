"""The views of the page, and the summaries in several: each lays out its addresses and the calls that take long."""

from __future__ import annotations

from assistant.ui import api, summaries
from assistant.ui.views import adding, authors, chat, login, paper, papers, status, trends

VIEWS = (chat, papers, paper, authors, trends, adding, status, login, summaries, api)

__all__ = ["VIEWS"]
