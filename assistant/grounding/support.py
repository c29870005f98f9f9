"""Support of a sentence by abstracts, judged by the chat model and a probe on its hidden states."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from assistant.models import probes, prompting
from assistant.protocols import LanguageModel
from assistant.types import Source

TASK: Final = "support"

Supports = Callable[[str, Sequence[Source]], float | None]
"""Tells how likely sources support a sentence wholly, in [0, 1]; None where that cannot be told."""


def reader(model: LanguageModel, made: Path | None, budget: int, stop: threading.Event | None = None) -> Supports:
    """Return what has a model read a sentence beside its sources, in prompts of at most `budget` tokens.

    `made` is the folder of the probes that were made on this machine. Where the sources stood first in the prompt
    before, only the sentence is read. Without a `stop` nothing ends it: what was written until then is proved too.
    """

    def supports(sentence: str, sources: Sequence[Source]) -> float | None:
        messages = prompting.judgement(TASK, sentence, sources, model, budget)
        return probes.yes(model, TASK, messages, made, stop or threading.Event())

    return supports
