"""The page of a workspace, served in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from assistant.ui import Reach
from assistant.ui.app import server
from assistant.workspace import Workspace


@contextmanager
def page_served(workspace: Workspace, reach: Reach | None = None) -> Iterator[str]:
    """Serve the page on any free port, give its address, and have the server end."""
    addresses: list[str] = []
    ready = threading.Event()
    served = server(workspace, "127.0.0.1", 0, lambda url: (addresses.append(url), ready.set()), reach)
    thread = threading.Thread(target=served.run, daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield addresses[0]
    finally:
        served.should_exit = True
        thread.join(10)
    assert not thread.is_alive()
