"""Intents and slots of requests, written as JSON by a chat model that shows no hidden states.

The model is shown the labelled requests that are nearest in meaning, each with its line, and writes the line of the
request (Liu et al., "What Makes Good In-Context Examples for GPT-3?", 2022). What it names must stand in the request.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

import numpy as np

import prompts
from assistant.planning.intent_training import Example, examples
from assistant.planning.intents import KINDS, LONGEST, Named, Request, Slot, earlier_text
from assistant.planning.labelled_vectors import LabelledVectors
from assistant.protocols import Embedder, LanguageModel, Written
from assistant.types import Message

_SHOWN = 8
_OF_A_KIND = 12
"""Labelled requests of one kind in one language that may be shown: their vectors are made once a library."""

_LINE_TOKENS = 160
_VALUES = {
    "of": ("papers", "people", "venues", "years", "authors"),
    "order": ("asc", "desc"),
    "position": ("first", "last"),
    "ask": ("same", *KINDS),
    "mode": ("narrow", "change", "refer"),
}
_SLOTS: tuple[Slot, ...] = get_args(Slot)
_SHARE = 0.9
"""How probable a kind is taken to be that was written."""


@dataclass(frozen=True, slots=True)
class WrittenReader:
    """Reads requests by having the chat model write what they ask for; one that it cannot is for the abstracts."""

    embedder: Embedder
    model: Callable[[], LanguageModel]
    vectors: LabelledVectors

    def read(self, text: str, earlier: Sequence[str] = (), stop: threading.Event | None = None) -> Request:
        """Read a request that follows these earlier ones."""
        said, stop = text[:LONGEST], stop or threading.Event()
        shown = _shown(bool(earlier))
        near = self.vectors.of([example.text for example in shown]) @ self.embedder.embed([said])[0]
        nearest = [shown[place] for place in np.argsort(-near)[:_SHOWN]]
        system = prompts.load("request_written", kinds=", ".join(KINDS), names=", ".join(_SLOTS))
        asked = [Message("system", system)]
        for example in reversed(nearest):  # the nearest last, next to the request
            asked += [
                Message("user", earlier_text(example.earlier) + example.text),
                Message("assistant", line(example)),
            ]
        asked.append(Message("user", earlier_text(earlier) + said))
        written = Written(self.model().generate(asked, max_new_tokens=_LINE_TOKENS, stop=stop)).whole()
        return understood(text, written, is_first=not earlier)

    def known(self, text: str) -> None:
        """Leave every request to the model."""


@cache
def _shown(follows: bool) -> tuple[Example, ...]:
    """Return the labelled requests that may be shown: some of each kind and language; those that follow, or do not."""
    counts: Counter[tuple[str, str]] = Counter()
    kept = []
    for example in examples():
        key = example.labels["kind"], example.labels["language"]
        if example.tells_names and (follows or not example.earlier) and counts[key] < _OF_A_KIND:
            counts[key] += 1
            kept.append(example)
    return tuple(kept)


def line(example: Example) -> str:
    """Return what a labelled request asks for and names, as the line that the model is to write."""
    told: dict[str, Any] = {"kind": example.labels["kind"]}
    told |= {task: value for task, value in example.labels.items() if task in _VALUES and value != "none"}
    told["language"] = example.labels["language"]
    for start, end, slot in example.named:
        told.setdefault(slot, []).append(example.text[start:end])
    return json.dumps(told, ensure_ascii=False)


def understood(text: str, written: str, *, is_first: bool = True) -> Request:
    """Return a request as the model's line tells it; what is not valid in the line is left out."""
    told = _object(written)
    kind = told.get("kind")
    if kind not in KINDS or (kind == "followup" and is_first):
        return Request(text, "content", share=0.0)
    values = {name: told[name] for name, allowed in _VALUES.items() if told.get(name) in allowed}
    language = told.get("language")
    if isinstance(language, str) and re.fullmatch("[a-z]{2}", language):
        values["language"] = language
    return Request(text, kind, named=tuple(_named(text, told)), share=_SHARE, **values)


def _named(text: str, told: dict[str, Any]) -> list[Named]:
    """Return what a line names, where it stands in the request, in reading order; no passage names two things."""
    found: list[Named] = []
    for slot in _SLOTS:
        passages = told.get(slot)
        for passage in passages if isinstance(passages, list) else [passages]:
            said = passage.strip() if isinstance(passage, str) else ""
            for match in re.finditer(rf"(?<!\w){re.escape(said)}(?!\w)|{re.escape(said)}", text, re.I) if said else ():
                if all(match.end() <= each.start or match.start() >= each.end for each in found):
                    found.append(Named(slot, match[0], *match.span()))
                    break
    return sorted(found, key=lambda each: each.start)


def _object(written: str) -> dict[str, Any]:
    """Return the first object of JSON in a text, {} without one."""
    start = written.find("{")
    if start < 0:
        return {}
    try:
        told, _ = json.JSONDecoder().raw_decode(written[start:])
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
