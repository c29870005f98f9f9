"""Which sentence of an abstract states what a question asks for, told by where the chat model's attention goes.

Some attention heads look up in the prompt what the question asks for: Wu et al., "Retrieval Head Mechanistically
Explains Long-Context Factuality", 2024. A probe weighs the heads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from assistant.models import probes
from assistant.protocols import Reading, Vectors
from assistant.text import split_sentences

TASK = "evidence"
STRENGTH = 0.01
"""Inverse of the regularisation of the fit (C)."""

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


def passages(fingerprint: str, made: Path | None, abstract: str, reading: Reading) -> tuple[Passage, ...]:
    """Return an abstract's sentences, the likeliest first, long lists in parts.

    There are none where the model has no probe or shows no attention.
    """
    probe = probes.find(fingerprint, TASK, made)
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
