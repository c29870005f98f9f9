"""Embedder behind an OpenAI-compatible server."""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import numpy as np
import openai

from assistant import stopping
from assistant.errors import ModelError
from assistant.models.server import Server, refusal
from assistant.protocols import Vectors

_AT_ONCE = 4
"""Batches asked for at once."""

_BATCH = 32
_SHORTEST = 64
"""Characters down to which a text is cut that is too long for the server."""

_PATIENCE, _PATIENCE_EACH = 20.0, 10.0
"""Seconds for a batch, and for each text of it: a CPU may do several batches at once. No try begins after them."""

_TOO_LONG = re.compile(r"\b(?:long|length|large|exceed\w*|context|batch size|tokens)\b", re.IGNORECASE)
"""How servers say that a text, or a batch, is too long for them."""


class ServedEmbedder:
    """Embeds with a model behind an OpenAI-compatible server. `model` may be "" where the server has only one.

    Vectors are told apart by the model's name and their dimension: two servers that call different models alike must
    not share a library. Texts that are too long for the server are cut. Raises ModelError, and Stopped where it was
    waited for in vain.
    """

    dtype = ""
    context_tokens = 0  # the server does not tell

    def __init__(self, url: str, model: str = "", key: str = "") -> None:
        self._server = Server(url, key)
        self.name = self._server.find_model(model, "--embed-model")
        """What the server calls the model."""
        self.dimension = 0
        self.dimension = self._asked(["A text."]).shape[1]
        """The length of every vector."""
        self.fingerprint = f"served model={self.name} dimension={self.dimension}"
        """Identifies the model."""

    @property
    def placement(self) -> dict[str, str]:
        """Return where the model runs, under the name of its only part."""
        return {"": self._server.place}

    @property
    def host(self) -> str:
        """Return the name of the machine where it runs, "" for this one."""
        return self._server.host

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), dimension), float32. Raises ModelError."""
        vectors: Vectors = np.empty((len(texts), self.dimension), np.float32)
        for positions, values in self.embed_many(texts):
            vectors[positions] = values
        return vectors

    def embed_many(self, texts: Iterable[str]) -> Generator[tuple[list[int], Vectors], None, None]:
        """Yield the texts' vectors batch by batch, shape (n, dimension), with the positions that they belong to."""
        remaining, start, left = iter(texts), 0, threading.Event()

        def work(batch: Sequence[str]) -> Vectors:
            with stopping.stopped_by(left):
                return self._asked(batch)

        with ThreadPoolExecutor(_AT_ONCE, "served embedding") as pool:
            running: list[tuple[list[int], Future[Vectors]]] = []
            try:
                while batch := list(islice(remaining, _BATCH)):
                    running.append((list(range(start, start + len(batch))), pool.submit(work, batch)))
                    start += len(batch)
                    if len(running) > _AT_ONCE:
                        positions, values = running.pop(0)
                        yield positions, stopping.result(values)
                while running:
                    positions, values = running.pop(0)
                    yield positions, stopping.result(values)
            finally:
                left.set()
                pool.shutdown(wait=False, cancel_futures=True)

    def _asked(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vectors of a batch; a text that the server refuses for its length is halved until it fits."""
        patience = _PATIENCE + _PATIENCE_EACH * len(texts)
        create = self._server.client.with_options(timeout=patience).embeddings.create
        given = [text or " " for text in texts]
        try:
            told = self._server.awaited(lambda: create(model=self.name, input=given, encoding_format="float"), patience)
        except openai.APIStatusError as error:
            is_too_long = error.status_code == 413 or (
                error.status_code in (400, 422, 500) and _TOO_LONG.search(refusal(error))
            )
            if is_too_long and len(texts) > 1:
                return np.concatenate([self._asked([text]) for text in texts])
            if is_too_long and len(texts[0]) > _SHORTEST:
                return self._asked([texts[0][: len(texts[0]) // 2]])
            raise self._server.error(error) from error
        except (openai.OpenAIError, ValueError) as error:
            raise self._server.error(error) from error
        try:
            ordered = sorted(told.data, key=lambda each: each.index or 0)
            values = np.array([each.embedding for each in ordered], np.float32)
        except (AttributeError, TypeError, ValueError):
            values = np.empty((0, 0), np.float32)
        if values.ndim != 2 or len(values) != len(texts) or not np.isfinite(values).all():
            raise ModelError(
                f"For {len(texts)} texts {self._server.place} did not send as many vectors of numbers. See whether "
                f"{self.name} is a model that embeds, and the server's own log."
            )
        if self.dimension not in (0, values.shape[1]):
            raise ModelError(
                f"For {self.name} {self._server.place} sent vectors of {self.dimension} numbers, and now of "
                f"{values.shape[1]}: it has another model of that name. Start this program again."
            )
        unit: Vectors = values / np.linalg.norm(values, axis=1, keepdims=True).clip(1e-12)
        return unit
