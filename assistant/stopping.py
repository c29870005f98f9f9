"""Stopping: whoever waits for another program looks meanwhile whether the work is still wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
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


def apart(work: Callable[[], _T], name: str) -> Future[_T]:
    """Do work in a thread of its own, which keeps no program that ends waiting, as an executor's does."""
    coming: Future[_T] = Future()
    threading.Thread(target=fulfil, args=(coming, work), name=name, daemon=True).start()
    return coming


def fulfil(coming: Future[_T], work: Callable[[], _T]) -> None:
    """Do what is waited for; an error is raised where it is waited for."""
    try:
        coming.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again in the thread that asks for the result
        coming.set_exception(error)


def result(coming: Future[_T]) -> _T:
    """Return what another thread makes. Raises Stopped once that is not wanted any more, and what it raises there."""
    stop = _stop.get()
    while stop is not None and not coming.done():
        if stop.is_set():
            raise Stopped
        with suppress(TimeoutError):
            coming.exception(_LOOK)
    return coming.result()
