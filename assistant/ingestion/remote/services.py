"""Addresses and keys of the services on the network, and how long one waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from assistant.errors import UsageError

ARXIV_URL = "https://export.arxiv.org/api/query"
OPENALEX_URL = "https://api.openalex.org"
ZOTERO_URL = "http://127.0.0.1:23119/api"
SEMANTIC_SCHOLAR_URL = "https://api.semanticscholar.org/graph/v1"

_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one waits: seconds, but `attempts`. `sleep` and `clock` (seconds since 1970) are there for tests."""

    connect_s: float = 10.0
    read_s: float = 30.0
    whole_s: float = 180.0
    attempts: int = 4
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class Service:
    """One service as the client needs it. `secret_parameters` and `secret_headers` go to this host and nowhere else.

    `interval_s` is the least time between two requests; `key_setting` is "" where the service knows no keys.
    """

    name: str
    url: str
    interval_s: float
    key_setting: str = ""
    secret_parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def has_key(self) -> bool:
        """Tell whether requests carry a key."""
        return bool(self.secret_parameters or self.secret_headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that fetching needs to know; the names are those of the settings.

    `cache` is the folder for answers, made when needed; `contact` is a mail address for the services' operators.
    Raises UsageError for an address or a key that cannot be one.
    """

    cache: Path
    arxiv_url: str = ARXIV_URL
    openalex_url: str = OPENALEX_URL
    semantic_scholar_url: str = SEMANTIC_SCHOLAR_URL
    zotero_url: str = ZOTERO_URL
    openalex_key: str = field(default="", repr=False)
    semantic_scholar_key: str = field(default="", repr=False)
    contact: str = ""
    patience: Patience = Patience()

    def __post_init__(self) -> None:
        for name in ("arxiv_url", "openalex_url", "semantic_scholar_url"):
            if not _is_address(getattr(self, name)):
                raise UsageError(f"The setting {name} is not a web address. Write one that begins with https://.")
        if not _is_address(self.zotero_url) or urlsplit(self.zotero_url).hostname not in _THIS_MACHINE:
            raise UsageError("The setting zotero_url is no address on this machine. Write http://127.0.0.1:PORT/api.")
        for name in ("openalex_key", "semantic_scholar_key", "contact"):
            value = getattr(self, name)
            if any(not "!" <= letter <= "~" for letter in value):
                raise UsageError(f"The setting {name} holds a space or a letter that cannot be sent. Copy it again.")

    @property
    def arxiv(self) -> Service:
        """Return arXiv, which asks for one request each three seconds."""
        return Service("arXiv", self.arxiv_url, 3.0)

    @property
    def openalex(self) -> Service:
        """Return OpenAlex, which allows a hundred requests a second; ten are plenty."""
        key = {"api_key": self.openalex_key} if self.openalex_key else {}
        return Service("OpenAlex", self.openalex_url.rstrip("/"), 0.1, "openalex_key", secret_parameters=key)

    @property
    def semantic_scholar(self) -> Service:
        """Return Semantic Scholar, whose keys begin with one request a second; without one, all share a pool."""
        key = {"x-api-key": self.semantic_scholar_key} if self.semantic_scholar_key else {}
        url = self.semantic_scholar_url.rstrip("/")
        return Service("Semantic Scholar", url, 1.1, "semantic_scholar_key", secret_headers=key)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is not a number
        return False
    return is_whole and all("!" <= letter <= "~" for letter in text)
