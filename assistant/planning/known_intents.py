"""Intents of requests that are worded like a labelled one, read without the chat model."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from assistant.planning import abstract_condition
from assistant.planning.entity_linking import Gazetteer
from assistant.planning.intent_training import Example, examples
from assistant.planning.intents import Named, Reads, Request
from assistant.planning.labelled_vectors import LabelledVectors
from assistant.protocols import Embedder

LEAST_LIKENESS = 0.97
"""Cosine from which a request is read as the labelled one that is nearest; see E22 in docs/experiments."""

_AGREEING = 2
"""So many of the nearest must say the same where they are as near."""

_STANDING_FOR = {"author": "Smith", "year": "2020"}
_ROLES = {"author": "author", "co_author": "author", "not_author": "author"} | dict.fromkeys(
    ("year", "year_from", "year_to", "not_year"), "year"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


@dataclass(frozen=True, slots=True)
class KnownReader:
    """Reads a request as the labelled one that it is worded like; any other is left to `reader`."""

    embedder: Embedder
    reader: Reads
    gazetteer: Gazetteer
    vectors: LabelledVectors

    def read(self, text: str, earlier: Sequence[str] = (), stop: threading.Event | None = None) -> Request:
        """Read a request that follows these earlier ones."""
        known = None if earlier else self.known(text)
        return known or abstract_condition.read(self.reader.read(text, earlier, stop), self.embedder)

    def known(self, text: str) -> Request | None:
        """Return a request as the labelled one that it is worded like; None where there is none."""
        passages = [
            *((each.start, each.end, "author") for each in self.gazetteer.mentions(text) if each.kind == "author"),
            *((match.start(), match.end(), "year") for match in _YEAR.finditer(text)),
        ]
        masked = _masked(text, passages)
        known = self.vectors.of(_masked_texts())
        similarity = known @ self.embedder.embed([masked])[0]
        nearest = np.argsort(-similarity)[:_AGREEING]
        if similarity[nearest[0]] < LEAST_LIKENESS:
            return None
        found = [_plain()[place] for place in nearest if similarity[place] >= LEAST_LIKENESS]
        first, roles = found[0], [role for _, _, role in sorted(passages)]
        slots = [slot for _, _, slot in sorted(first.named)]
        if any(_meaning(each) != _meaning(first) for each in found) or [_ROLES[slot] for slot in slots] != roles:
            return None
        named = tuple(
            Named(slot, text[start:end], start, end)
            for slot, (start, end, _) in zip(slots, sorted(passages), strict=True)
        )
        said: dict[str, Any] = {task: value for task, value in first.labels.items() if value != "none"}
        return abstract_condition.read(Request(text, named=named, **said), self.embedder)


@cache
def _plain() -> tuple[Example, ...]:
    """Return the labelled requests that name nothing but people and years."""
    return tuple(
        each
        for each in examples()
        if not each.earlier and each.tells_names and all(slot in _ROLES for _, _, slot in each.named)
    )


@cache
def _masked_texts() -> tuple[str, ...]:
    return tuple(_masked(each.text, _stood_for(each)) for each in _plain())


def _stood_for(example: Example) -> list[tuple[int, int, str]]:
    return [(start, end, _ROLES[slot]) for start, end, slot in example.named]


def _masked(text: str, passages: Iterable[tuple[int, int, str]]) -> str:
    """Put the same name in the place of every name, and the same year in that of every year."""
    for start, end, role in sorted(passages, reverse=True):
        text = f"{text[:start]}{_STANDING_FOR[role]}{text[end:]}"
    return text


def _meaning(example: Example) -> tuple[object, ...]:
    return (sorted(example.labels.items()), [slot for _, _, slot in sorted(example.named)])
