"""Does an abstract state what a question asks for? The chat model reads both, and a probe on its inside tells.

A question may be near the library's topics and still have no answer there: "What batch size did X use?". What the
hidden states say of it, and what the model's own yes or no, is in docs/EXPERIMENTS.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assistant import conversation, probes
from assistant.protocols import LanguageModel, Vectors
from assistant.sentences import split
from assistant.types import Source

TASK: Final = "answerability"
_LOOKED_AT = 3
"""How many sources are read, best first: the one that states the answer is nearly always the first."""

_SURELY = 0.95
"""Probability from which no further source is read; below it the next one is: of two papers on one thing both may."""

_SURE = 0.7
"""Probability from which no written answer is needed to hold that the source states one."""

Embed = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Which sources state what a question asks for.

    `answering` are the numbers of those that likely do, the likeliest first. `nearest` is the number of the likeliest
    one, `probability` how likely it is, in [0, 1], and `quote` its sentence nearest to the question where none is.
    """

    answering: tuple[int, ...] = ()
    nearest: int | None = None
    probability: float = 0.0
    quote: str = ""

    @property
    def is_sure(self) -> bool:
        """Tell whether a sentence of the source may be quoted as the answer where the model fails to write one."""
        return bool(self.answering) and self.probability >= _SURE


@dataclass(frozen=True, slots=True)
class Judge:
    """Has the chat model read the sources one by one. `sureness` in [0, 1] is how likely it must be that one answers.

    `probes` is the folder of the probes that were made on this machine. The beginning of each prompt is that of an
    answer from the same source, so that the answer needs no second reading.
    """

    embed: Embed
    sureness: float
    probes: Path | None = None

    def judge(
        self,
        question: str,
        sources: Sequence[Source],
        model: LanguageModel,
        *,
        budget: int,
        stop: threading.Event,
    ) -> Judgement:
        """Read the sources, best first, until one surely states the answer; else take all that likely do.

        Prompts have at most `budget` tokens.
        """
        likely: dict[int, float] = {}
        for source in sources[:_LOOKED_AT]:
            messages = conversation.judgement(TASK, question, [source], model, budget)
            told = probes.yes(model, TASK, messages, self.probes, stop)
            if stop.is_set():
                return Judgement()
            likely[source.number] = 1.0 if told is None else told  # a model that tells nothing is asked for the answer
            if likely[source.number] >= _SURELY or (len(likely) > 1 and max(likely.values()) >= self.sureness):
                break
        if not likely:
            return Judgement()
        order = sorted(likely, key=lambda number: -likely[number])
        answering = tuple(number for number in order if likely[number] >= self.sureness)
        if answering:
            return Judgement(answering, order[0], likely[order[0]])
        nearest = next(source for source in sources if source.number == order[0])
        return Judgement((), order[0], likely[order[0]], self.nearest_sentence(question, nearest))

    def nearest_sentence(self, question: str, source: Source) -> str:
        """Return the sentence of an abstract whose meaning is nearest to the question; "" of an empty one."""
        said = split(source.abstract)
        if not said:
            return ""
        vectors = self.embed([question, *said])
        return said[int((vectors[1:] @ vectors[0]).argmax())]
