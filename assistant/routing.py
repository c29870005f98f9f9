"""What kind of question it is, by its likeness to example questions: asked where no cue decides."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from assistant.library import Library
from assistant.protocols import Embedder, Vectors
from assistant.types import Measure, PlanKind

LEAST_LIKENESS = 0.62
"""Cosine from which a question may be of an example's kind; measured in docs/EXPERIMENTS.md."""

_LEAST_LEAD = 0.04
"""How much nearer the nearest example of the kind must be than the nearest one of prose."""

_STANDING_FOR = {"a": "Smith", "p": "the paper", "d": "2020", "c": "computer vision", "v": "ACL", "q": "a topic"}
_MARK = re.compile(r"@([apdcvq])\d+")


@dataclass(frozen=True, slots=True)
class Route:
    """The kind of a question, and what it asks of the catalogue."""

    kind: PlanKind
    measure: Measure | None = None


@dataclass(frozen=True, slots=True)
class _Example:
    text: str
    route: Route


class Router:
    """Finds the example that a question is most like. The vectors are kept in the library. Safe in threads."""

    def __init__(self, library: Library, embedder: Embedder) -> None:
        self._library = library
        self._embedder = embedder
        self._lock = threading.Lock()
        self._vectors: Vectors | None = None

    def route(self, masked: str) -> Route | None:
        """Return the kind of a masked question; None where it is most like a question for prose, or like none."""
        examples = _examples()
        similarity = self._examples_vectors() @ self._embedder.embed([_spoken(masked)])[0]
        is_prose = np.array([example.route.kind == "passages" for example in examples])
        best = int(np.argmax(np.where(is_prose, -1.0, similarity)))
        prose = float(similarity[is_prose].max(initial=-1.0))
        if similarity[best] < LEAST_LIKENESS or similarity[best] < prose + _LEAST_LEAD:
            return None
        return examples[best].route

    def _examples_vectors(self) -> Vectors:
        """Return the examples' vectors, shape (n, d): made once a library and embedding model."""
        with self._lock:
            if self._vectors is None:
                texts = [example.text for example in _examples()]
                embedder = self._embedder
                name = f"routes {hashlib.sha256(' '.join([embedder.fingerprint, *texts]).encode()).hexdigest()[:16]}"
                kept = self._library.fact(name)
                if kept is None:
                    vectors: Any = embedder.embed(texts)
                    self._library.keep_fact(name, base64.b64encode(vectors.astype(np.float16).tobytes()).decode())
                else:
                    vectors = np.frombuffer(base64.b64decode(kept), np.float16).reshape(len(texts), -1)
                self._vectors = vectors.astype(np.float32)
            return self._vectors


def examples() -> Sequence[tuple[str, Route]]:
    """Return the example questions with their kinds."""
    return [(example.text, example.route) for example in _examples()]


@cache  # they ship with the program
def _examples() -> tuple[_Example, ...]:
    text = (resources.files("assistant") / "example_questions.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    return tuple(_Example(line["q"], Route(line["kind"], line.get("measure"))) for line in lines)


def _spoken(masked: str) -> str:
    """Put words for the marks, so that the question reads like an example."""
    return _MARK.sub(lambda mark: _STANDING_FOR[mark.group(1)], masked)
