"""Calls: what takes long, run by Gradio's queue and sent to the page as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import gradio as gr

from assistant.errors import AssistantError


@dataclass(frozen=True, slots=True)
class Call:
    """A function that the page's scripts, and clients of Gradio, call by name.

    What it yields or returns is plain JSON; its parameters and what it returns carry types, and a parameter of type
    `gradio.Request` tells who calls. It raises `gradio.Error` with words for a person. `at_once` is how many of one
    name may run at the same time; None is any number, for a function that is asynchronous and mostly waits. People who
    log in may make so many calls a minute; one that costs next to nothing is not counted.
    """

    name: str
    run: Callable[..., Any]
    at_once: int | None = 4
    is_counted: bool = True


def refused(words: str) -> gr.Error:
    """Return what a call raises to be refused in words for a person."""
    return gr.Error(words, print_exception=False)


@contextmanager
def errors_said() -> Iterator[None]:
    """Have errors that a person can mend said to who makes a call."""
    try:
        yield
    except AssistantError as error:
        raise refused(str(error)) from error
