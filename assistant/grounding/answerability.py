"""Answerability of a question from abstracts, and the sentences that state the answer.

The chat model reads both. A probe on its hidden states tells whether an abstract states what is asked for; a question
may be near the library's topics and still have no answer there: "What batch size did X use?". Another probe tells by
which sentence, from where the model's attention goes: some attention heads look up in the prompt what the question asks
for (Wu et al., "Retrieval Head Mechanistically Explains Long-Context Factuality", 2024). See E21 and E23
in docs/experiments.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from assistant.grounding.alignment import Embed
from assistant.models import probes, prompting
from assistant.protocols import LanguageModel, Reading, Vectors
from assistant.text import prompt_safety, split_sentences
from assistant.types import Source

TASK: Final = "answerability"
EVIDENCE_TASK: Final = "evidence"

_LOOKED_AT = 3
"""How many sources are read, best first: the one that states the answer is nearly always the first."""

_SURELY = 0.95
"""Probability from which no further source is read; below it the next one is: of two papers on one thing both may."""

_SURE = 0.7
"""Probability from which no written answer is needed to hold that the source states one."""

_LEAST_EVIDENCE = 0.15
"""Probability from which a sentence is put behind an answer: of seven sentences each has it by chance."""

_LONG = 300
"""Characters from which a sentence is taken apart at its semicolons."""

_SEMICOLON = re.compile(r"(?<=;)\s+")
_LEAST_MASS = 1e-4
"""What is added to a head's attention to a sentence before the logarithm."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence of an abstract, and how likely it is the one that states what is asked for, in [0, 1]."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """Which sources state what a question asks for.

    `answering` are the numbers of those that likely do, the likeliest first. `nearest` is the number of the likeliest
    one, and `probability` how likely it is, in [0, 1]. `passages` are the sentences of each source that was read, the
    likeliest to state the answer first.
    """

    answering: tuple[int, ...] = ()
    nearest: int | None = None
    probability: float = 0.0
    passages: Mapping[int, tuple[Passage, ...]] = field(default_factory=dict)

    @property
    def quote(self) -> str:
        """Return the sentence of the likeliest source that comes nearest to an answer; "" where there is none."""
        passages = self.passages.get(self.nearest or 0)
        return passages[0].text if passages else ""

    @property
    def states_answer(self) -> bool:
        """Tell whether that sentence was read as the one that states the answer, and is not only near in meaning."""
        passages = self.passages.get(self.nearest or 0, ())
        return bool(passages) and passages[0].probability >= _LEAST_EVIDENCE

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
        passages: dict[int, tuple[Passage, ...]] = {}
        for source in sources[:_LOOKED_AT]:
            messages = prompting.judgement(TASK, question, [source], model, budget)
            abstract = prompt_safety.quoted(source.abstract)
            of = abstract if probes.find(model.fingerprint, EVIDENCE_TASK, self.probes) else ""
            probability, reading = probes.read(model, TASK, messages, self.probes, stop, of=of)
            if stop.is_set():
                return Judgement()
            # a model that tells nothing is asked for the answer
            likely[source.number] = 1.0 if probability is None else probability
            found = evidence(model.fingerprint, self.probes, abstract, reading)
            passages[source.number] = _verbatim(found, source) or self._nearest(question, source)
            if likely[source.number] >= _SURELY or (len(likely) > 1 and max(likely.values()) >= self.sureness):
                break
        if not likely:
            return Judgement()
        order = sorted(likely, key=lambda number: -likely[number])
        answering = tuple(number for number in order if likely[number] >= self.sureness)
        return Judgement(answering, order[0], likely[order[0]], passages)

    def _nearest(self, question: str, source: Source) -> tuple[Passage, ...]:
        """Return the sentence of an abstract whose meaning is nearest to the question, where nothing better tells."""
        sentences = split_sentences(source.abstract)
        if not sentences:
            return ()
        vectors = self.embed([question, *sentences])
        return (Passage(sentences[int((vectors[1:] @ vectors[0]).argmax())], 0.0),)


def evidence(fingerprint: str, made: Path | None, abstract: str, reading: Reading) -> tuple[Passage, ...]:
    """Return an abstract's sentences, the likeliest first, long lists in parts.

    There are none where the model has no probe or shows no attention.
    """
    probe = probes.find(fingerprint, EVIDENCE_TASK, made)
    sentences = [part for sentence in split_sentences(abstract) for part in _parts(sentence)]
    if probe is None or reading.attention is None or not sentences:
        return ()
    shares = probe.probabilities(features(reading, abstract, sentences))[:, probe.labels.index("yes")]
    return tuple(Passage(sentences[place], float(shares[place])) for place in np.argsort(-shares, kind="stable"))


def _parts(sentence: str) -> list[str]:
    """Return a sentence, or the parts of a long list between its semicolons."""
    return _SEMICOLON.split(sentence) if len(sentence) > _LONG else [sentence]


def features(reading: Reading, abstract: str, sentences: Sequence[str]) -> Vectors:
    """Return how much each head attends to each sentence beside the others, shape (sentences, layers * heads)."""
    assert reading.attention is not None
    starts = [0]
    for sentence in sentences:
        starts.append(abstract.index(sentence, starts[-1]) + len(sentence))
    masses = [
        reading.attention[..., [start <= begin < end for begin, _ in reading.spans]].sum(axis=-1).ravel()
        for start, end in pairwise(starts)
    ]
    logs = np.log(np.stack(masses) + _LEAST_MASS)
    centred: Vectors = (logs - logs.mean(axis=0)).astype(np.float32)
    return centred


def _verbatim(found: Sequence[Passage], source: Source) -> tuple[Passage, ...]:
    """Return passages as they stand in the abstract; none where the first stands otherwise in the prompt."""
    patterns = (r"\s+".join(map(re.escape, each.text.split())) for each in found)
    held = [re.search(pattern, source.abstract) for pattern in patterns]
    if not held or held[0] is None:
        return ()
    return tuple(Passage(match[0], each.probability) for match, each in zip(held, found, strict=True) if match)
