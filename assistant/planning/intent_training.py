"""Training of the probes that read requests, on the labelled requests that ship.

A labelled request names its passages: `{"q", "language", "kind", "named": [[start, end, slot]], "of", "order",
"position", "history"}`, and where it follows up on a talk, `ask` and `mode`. Where `named` is null, what it names is
not labelled. Requests that name collections and tags, and such as do not though they sound alike, are a file of their
own, and tell nothing else.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from assistant.models import Probe, probes
from assistant.planning import intents
from assistant.protocols import LanguageModel, Reading
from assistant.types import Progress, ProgressListener

DEPTH_OF_TOKENS, DEPTH_OF_LAST = 0.5, 0.79
"""Where in a model names are told, and kinds, as shares of its layers: 14 and 22 of 28 (E22 in docs/experiments)."""

_STRENGTH = {"slots": 0.02, intents.LABEL: 0.005}
_USUAL_STRENGTH = 0.004
"""Inverse of the regularisation of the fit (C)."""

_EVERY = 20
"""Of so many other requests one shows, too, what names no collection."""


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled request: its labels by task, and what its passages name, where its line tells that."""

    text: str
    earlier: tuple[str, ...]
    labels: Mapping[str, str]
    named: tuple[tuple[int, int, str], ...]
    tells_names: bool = True

    def slot_at(self, place: float) -> str:
        """Return what is named at a character."""
        return next((slot for start, end, slot in self.named if start <= place < end), "none")


@cache  # they ship with the program
def examples() -> tuple[Example, ...]:
    """Return the labelled requests."""
    return tuple(map(_example, _lines("requests")))


def examples_of_labels() -> tuple[Example, ...]:
    """Return the requests of which it is labelled where they name a collection or a tag."""
    told = (Example(line["q"], (), {}, _passages(line)) for line in _lines("collections"))
    others = [each for each in examples() if not each.earlier and each.tells_names]
    return (*told, *others[::_EVERY])


def _lines(name: str) -> Iterator[dict[str, Any]]:
    text = (resources.files("assistant.models") / "labelled" / f"{name}.jsonl").read_text(encoding="utf-8")
    return map(json.loads, text.splitlines())


def _passages(line: Mapping[str, Any]) -> tuple[tuple[int, int, str], ...]:
    return tuple((start, end, slot) for start, end, slot in line["named"] or ())


def _example(line: Mapping[str, Any]) -> Example:
    labels = {task: line[task] for task in intents.TASKS if line.get(task)}
    labels.setdefault("position", "none")
    return Example(line["q"], tuple(line.get("history", ())), labels, _passages(line), line["named"] is not None)


def layers(depth: int) -> tuple[int, int]:
    """Return the layers at which a model of so many layers is read: that of the tokens and that of the last token."""
    return round(DEPTH_OF_TOKENS * depth), round(DEPTH_OF_LAST * depth)


def calibrate(model: LanguageModel, on_progress: ProgressListener = lambda _: None) -> dict[str, Probe]:
    """Have a model read the labelled requests and return the probes by task; none where it shows no hidden states."""
    if not model.depth:
        return {}
    of_tokens, of_last = layers(model.depth)
    of_labels = examples_of_labels()
    known = (*examples(), *of_labels)
    readings: list[Reading] = []
    for done, example in enumerate(known):
        on_progress(Progress(done, len(known), "Reading labelled requests"))
        prompt = intents.messages(example.text, example.earlier)
        reading = model.read(prompt, layers=(of_tokens, of_last), of=example.text, stop=threading.Event())
        assert reading is not None
        readings.append(reading)
    found = fitted(examples(), readings[: -len(of_labels)], of_tokens, of_last)
    return {**found, intents.LABEL: fitted_to_labels(of_labels, readings[-len(of_labels) :], of_tokens)}


def fitted_to_labels(known: Sequence[Example], readings: Sequence[Reading], layer: int) -> Probe:
    """Return the probe that tells which words name a collection, fitted on what a model made of requests."""
    roles = [role if role == intents.LABEL else "none" for role in _slots(zip(known, readings, strict=True))]
    tokens = np.concatenate([reading.tokens[layer] for reading in readings])
    return probes.fit(layer, tokens, roles, _STRENGTH[intents.LABEL])


def fitted(known: Sequence[Example], readings: Sequence[Reading], of_tokens: int, of_last: int) -> dict[str, Probe]:
    """Return the probes by task, fitted on what a model made of labelled requests."""
    states = np.stack([intents.summary(reading, of_tokens, of_last) for reading in readings])
    found: dict[str, Probe] = {}
    for task in intents.TASKS:
        if task == "slots":
            labelled = [pair for pair in zip(known, readings, strict=True) if pair[0].tells_names]
            tokens = np.concatenate([reading.tokens[of_tokens] for _, reading in labelled])
            found[task] = probes.fit(of_tokens, tokens, list(_slots(labelled)), _STRENGTH[task])
            continue
        rows = [place for place, example in enumerate(known) if task in example.labels]
        labels = [known[place].labels[task] for place in rows]
        found[task] = probes.fit(of_last, states[rows], labels, _USUAL_STRENGTH)
    return found


def _slots(labelled: Iterable[tuple[Example, Reading]]) -> Iterator[str]:
    for example, reading in labelled:
        yield from (example.slot_at((start + end) / 2) for start, end in reading.spans)
