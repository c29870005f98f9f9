"""Small honest stand-ins for the two models, for tests of what stands around them."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from assistant.grounding.answerability import Judgement, Passage
from assistant.planning.intents import Kind, Named, Request
from assistant.protocols import Ended, Reading, Vectors
from assistant.text import fold, split_sentences
from assistant.types import Message, ModelInfo, Source
from vectorstore import Match, Metadata, VectorMatrix


class HashingEmbedder:
    """Bags of words, hashed into a few hundred dimensions: texts that share words are near each other."""

    fingerprint = "hashing-256"
    dimension = 256

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts.extend(texts)
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            for word in fold(text).split() or [""]:
                digest = hashlib.sha256(word.encode()).digest()
                vectors[row, digest[0]] += 1.0 if digest[1] % 2 else -1.0
            if not vectors[row].any():
                vectors[row, 0] = 1.0
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def embed_many(self, texts: Iterable[str]) -> Generator[tuple[list[int], Vectors], None, None]:
        remaining, start = iter(texts), 0
        while batch := list(islice(remaining, 16)):
            positions = list(range(start, start + len(batch)))[::-1]  # any order is allowed
            yield positions, self.embed(batch[::-1])
            start += len(batch)


class ExactIndex:
    """An index in memory that compares the query with every vector: the reference for Chroma."""

    def __init__(self) -> None:
        self._vectors: dict[str, Vectors] = {}

    def upsert(self, ids: Sequence[str], vectors: Vectors, metadata: Sequence[Metadata]) -> None:
        self._vectors.update(zip(ids, vectors, strict=True))

    def delete(self, ids: Sequence[str]) -> None:
        for vector_id in ids:
            self._vectors.pop(vector_id, None)

    def query(self, vector: Vectors, limit: int) -> list[Match]:
        numbers = np.arange(len(self._vectors))
        return VectorMatrix(numbers, list(self._vectors), np.array(list(self._vectors.values()))).nearest(vector, limit)

    def count(self) -> int:
        return len(self._vectors)

    def close(self) -> None:
        pass


class MemoryPlace:
    """Keeps exact indexes in memory, by name."""

    server = ""

    def __init__(self) -> None:
        self.indexes: dict[str, ExactIndex] = {}

    def open(self, name: str) -> ExactIndex:
        return self.indexes.setdefault(name, ExactIndex())

    def checksum(self, name: str) -> str:
        return name if name in self.indexes else ""

    def delete_former(self, name: str) -> None:
        self.indexes = {known: index for known, index in self.indexes.items() if known == name}


class ScriptedModel:
    """Gives the queued replies in turn, word by word, and keeps the prompts that it was shown.

    Asked to judge, it tells nothing; with words in `denied`, it says the second answer of a prompt that holds one of
    them, else the first. Asked what a request asks for, it says `request`.
    """

    info = ModelInfo("scripted", "cpu", "none")
    context_tokens = 4096
    fingerprint = ""
    depth = 0
    denied: tuple[str, ...] = ()
    request = '{"kind": "content"}'

    def __init__(self, *replies: str, delay: float = 0.0) -> None:
        self.replies = list(replies)
        self.delay = delay
        self.prompts: list[tuple[Message, ...]] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        return sum(self.count_tokens(message.content) for message in messages)

    def read(
        self,
        messages: Sequence[Message],
        *,
        answers: Sequence[str] = (),
        layers: Sequence[int] = (),
        of: str = "",
        attention: bool = False,
        stop: threading.Event,
    ) -> Reading | None:
        said = 1 if any(word in messages[-1].content for word in self.denied) else 0
        shares = tuple(-0.01 if place == said else -5.0 for place in range(len(answers)))
        return None if stop.is_set() else Reading((shares or None) if self.denied else None)

    def generate(
        self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event
    ) -> Generator[str, None, Ended]:
        if stop.is_set():
            return Ended()
        if messages[0].content.startswith("You sort requests"):
            yield self.request
            return Ended("stop")
        self.prompts.append(tuple(messages))
        words = self.replies.pop(0).split(" ")
        for word in words[:max_new_tokens]:
            if stop.wait(self.delay) if self.delay else stop.is_set():
                return Ended()
            yield f"{word} "
        return Ended("length" if len(words) > max_new_tokens else "stop")

    def write_all(
        self, prompts: Sequence[Sequence[Message]], *, max_new_tokens: int, stop: threading.Event
    ) -> Iterator[tuple[int, str]]:
        for place, messages in enumerate(prompts):
            if stop.is_set():
                return
            yield place, "".join(self.generate(messages, max_new_tokens=max_new_tokens, stop=stop)).strip()


class FailingModel(ScriptedModel):
    """Writes a few words and then breaks."""

    def generate(
        self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event
    ) -> Generator[str, None, Ended]:
        yield from super().generate(messages, max_new_tokens=max_new_tokens, stop=stop)
        raise RuntimeError("out of memory")


def marked(kind: Kind, text: str, **said: Any) -> Request:
    """Return a request whose passages are marked with what they name: "papers by {Naibin Gu|author}"."""
    plain, named = "", list[Named]()
    for part in re.split(r"(\{[^{}|]*\|\w+\})", text):
        words, _, slot = part.strip("{}").partition("|") if part.startswith("{") else (part, "", "")
        if slot:
            named.append(Named(slot, words, len(plain), len(plain) + len(words)))  # type: ignore[arg-type]
        plain += words
    return Request(plain, kind, tuple(named), **said)


class MarkedReader:
    """Reads the requests that it was given, and any other as one for the abstracts."""

    def __init__(self, *requests: Request) -> None:
        self.requests = {request.text: request for request in requests}

    def read(self, text: str, earlier: Sequence[str] = (), stop: threading.Event | None = None) -> Request:
        return self.known(text)

    def known(self, text: str) -> Request:
        return self.requests.get(text) or Request(text, "content")


class TrustingJudge:
    """Thinks that the source with most words of a question answers it, but for those with one of the given words."""

    probability = 0.5

    def __init__(self, *refused: str) -> None:
        self.refused = refused

    def judge(self, question: str, sources: Sequence[Source], _model: object, **_: object) -> Judgement:
        asked = set(fold(question).split())
        best = max(sources, key=lambda source: len(asked & set(fold(f"{source.title} {source.abstract}").split())))
        passages = {best.number: (Passage(split_sentences(best.abstract)[0], 0.9),)}
        if any(word in question for word in self.refused):
            return Judgement((), best.number, 0.0, passages)
        return Judgement((best.number,), best.number, self.probability, passages)
