"""Embedder behind an OpenAI-compatible server."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import numpy as np
import openai

from assistant.models.server import Server
from assistant.protocols import Vectors

_AT_ONCE = 4
"""Batches asked for at once."""

_BATCH = 32
_SHORTEST = 64
"""Characters down to which a text is cut that is too long for the server."""


class ServedEmbedder:
    """Embeds with a model behind an OpenAI-compatible server. `model` may be "" where the server has only one.

    Vectors are told apart by the model's name and their dimension: two servers that call different models alike must
    not share a library. Texts that are too long for the server are cut. Raises ModelError.
    """

    dtype = ""
    context_tokens = 0  # the server does not tell

    def __init__(self, url: str, model: str = "", key: str = "") -> None:
        self._server = Server(url, key)
        self.name = self._server.find_model(model, "--embed-model")
        """What the server calls the model."""
        self.dimension = len(self._asked(["A text."])[0])
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
        remaining, start = iter(texts), 0
        with ThreadPoolExecutor(_AT_ONCE, "served embedding") as pool:
            running: list[tuple[list[int], Future[Vectors]]] = []
            try:
                while batch := list(islice(remaining, _BATCH)):
                    running.append((list(range(start, start + len(batch))), pool.submit(self._asked, batch)))
                    start += len(batch)
                    if len(running) > _AT_ONCE:
                        positions, values = running.pop(0)
                        yield positions, values.result()
                while running:
                    positions, values = running.pop(0)
                    yield positions, values.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _asked(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vectors of a batch; a text that the server refuses for its length is halved until it fits."""
        try:
            told = self._server.client.embeddings.create(
                model=self.name, input=[text or " " for text in texts], encoding_format="float"
            )
        except (openai.BadRequestError, openai.InternalServerError) as error:
            if len(texts) > 1:
                return np.concatenate([self._asked([text]) for text in texts])
            if len(texts[0]) > _SHORTEST:
                return self._asked([texts[0][: len(texts[0]) // 2]])
            raise self._server.error(error) from error
        except openai.OpenAIError as error:
            raise self._server.error(error) from error
        ordered = sorted(told.data, key=lambda each: each.index)
        values = np.array([each.embedding for each in ordered], np.float32)
        unit: Vectors = values / np.linalg.norm(values, axis=1, keepdims=True).clip(1e-12)
        return unit
