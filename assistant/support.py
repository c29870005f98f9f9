"""Do abstracts support a sentence? The chat model reads both, and a probe on its inside tells."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant import conversation, probes
from assistant.protocols import LanguageModel
from assistant.types import Message, Source

TASK = "support"

Supports = Callable[[str, Sequence[Source]], float | None]
"""Tells how likely sources support a sentence wholly, in [0, 1]; None where that cannot be told."""


def reader(model: LanguageModel, made: Path | None, budget: int) -> Supports:
    """Return what has a model read a sentence beside its sources, in prompts of at most `budget` tokens.

    `made` is the folder of the probes that were made on this machine. Where the sources stood first in the prompt
    before, only the sentence is read.
    """

    def supports(sentence: str, sources: Sequence[Source]) -> float | None:
        return probes.yes(model, TASK, prompt(sentence, sources, model, budget), made, threading.Event())

    return supports


def prompt(sentence: str, sources: Sequence[Source], model: LanguageModel, budget: int) -> tuple[Message, ...]:
    """Return what the model is shown to judge one sentence; it begins as a prompt for an answer does."""
    messages, _ = conversation.messages(
        sentence, sources, task="support", count_tokens=model.count_prompt_tokens, budget=budget
    )
    return messages
