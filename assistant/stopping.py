"""Stopping: whoever waits for another program looks meanwhile whether the work is still wanted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TypeVar

_T = TypeVar("_T")

_LOOK = 0.1
"""Seconds between two looks."""

_stop: ContextVar[threading.Event | None] = ContextVar("stop", default=None)


class Stopped(Exception):
    """Says that what was waited for is not wanted any more."""


@contextmanager
def stopped_by(stop: threading.Event) -> Iterator[None]:
    """Have what is awaited meanwhile in this thread given up once `stop` is set."""
    token = _stop.set(stop)
    try:
        yield
    finally:
        _stop.reset(token)


def result(coming: Future[_T]) -> _T:
    """Return what another thread makes. Raises Stopped once that is not wanted any more, and what it raises there."""
    stop = _stop.get()
    while stop is not None and not coming.done():
        if stop.is_set():
            raise Stopped
        with suppress(TimeoutError):
            coming.exception(_LOOK)
    return coming.result()
