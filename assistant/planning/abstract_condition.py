"""Condition that papers have an abstract, or have none, read in the embedding model's vector of a request.

So it is read also where the chat model shows no hidden states. The probe is a linear one, fitted on labelled requests
by `benchmarks/abstract_condition.py`; an embedding model for which none was fitted reads no such condition.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import resources

from assistant.models import Probe, probes
from assistant.planning.intent_training import examples, examples_of_labels
from assistant.planning.intents import Named, Request, Slot
from assistant.protocols import Embedder

TASK = "request_abstract"
_HAS, _LACKS = "has", "lacks"
_LEAST = 0.6
"""How sure it must be that a request says whether papers have an abstract; see E48 in docs/experiments."""

_STRENGTH = 0.03
_EVERY = 6
"""Of so many other requests one shows, too, what says nothing of it."""

_NOT_OF_LISTS = frozenset({"content", "paper_summary", "detail", "meta"})
_OF_WORDS: tuple[Slot, ...] = ("topic", "not_topic", "title_word")


def place(embedder: Embedder) -> str:
    """Return the name of the folder in which an embedding model's probe lies."""
    return hashlib.sha256(embedder.fingerprint.encode()).hexdigest()[:16]


def read(request: Request, embedder: Embedder) -> Request:
    """Return a request with the condition that it states; words that were read as a topic and state it are none.

    It is read without what the request names, which says nothing of it and only blurs the vector; with the topics where
    one of them may be the condition.
    """
    probe = None if request.kind in _NOT_OF_LISTS else probes.find(place(embedder), TASK)
    if probe is None:
        return request

    def told(left_out: Iterable[Named]) -> bool | None:
        vector = embedder.embed([_without(request.text, left_out)])[0]
        has, lacks = (probe.probability(label, vector) for label in (_HAS, _LACKS))
        return has > lacks if has + lacks >= _LEAST else None

    names = [each for each in request.named if each.slot not in _OF_WORDS]
    has_abstract = told(request.named)
    if has_abstract is None and len(names) < len(request.named):
        has_abstract = told(names)
    if has_abstract is None:
        return request
    named = tuple(each for each in request.named if each in names or told((*names, each)) == has_abstract)
    return replace(request, named=named, has_abstract=has_abstract)


def _without(text: str, left_out: Iterable[Named]) -> str:
    for each in sorted(left_out, key=lambda each: each.start, reverse=True):
        text = f"{text[: each.start]} {text[each.end :]}"
    return text


def fitted(embedder: Embedder) -> Probe:
    """Return the probe of an embedding model, fitted on the labelled requests that ship."""
    told = list(_labelled())
    vectors = embedder.embed([text for text, _ in told])
    return probes.fit(0, vectors, [label for _, label in told], _STRENGTH)


def _labelled() -> Iterator[tuple[str, str]]:
    lines = (resources.files("assistant.models") / "labelled" / "abstracts.jsonl").read_text(encoding="utf-8")
    names = {True: _HAS, False: _LACKS, None: "none"}
    yield from ((line["q"], names[line["has_abstract"]]) for line in map(json.loads, lines.splitlines()))
    others = [each for each in examples() if not each.earlier and each.tells_names]
    yield from ((each.text, "none") for each in (*examples_of_labels(), *others[::_EVERY]))
