"""Protocols of the embedding model and the chat model."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.types import Message, ModelInfo

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors of a fixed dimension."""

    @property
    def fingerprint(self) -> str:
        """Identify model, weights and text handling: vectors of different fingerprints must not be mixed."""

    @property
    def dimension(self) -> int:
        """Return the length of every vector."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), dimension), float32."""

    def embed_many(self, texts: Iterable[str]) -> Generator[tuple[list[int], Vectors], None, None]:
        """Yield the vectors of any number of texts batch by batch, with the texts' positions, in any order.

        Texts are taken as they are needed; close the iterator to leave early.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a model made of a prompt, without an answer to it.

    `answers` are the log-probabilities that each answer asked about comes next, by its first token; None where the
    model does not tell. `last` are the hidden states of the prompt's last token by layer, shape (width,); `tokens`
    those of the tokens of a passage, shape (n, width), and `spans` where these stand in it, as characters. Both are
    empty where the model shows none. `attention` is how much each head attends to each of the passage's tokens,
    the mean over the prompt's tokens behind the passage, shape (layers, heads, n); None where it is not shown.
    """

    answers: tuple[float, ...] | None = None
    last: Mapping[int, Vectors] = field(default_factory=dict)
    tokens: Mapping[int, Vectors] = field(default_factory=dict)
    spans: tuple[tuple[int, int], ...] = ()
    attention: Vectors | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a text came to its end: by itself ("stop"), at the longest allowed ("length"), or "" where it is not told.

    `thought` is how many of its first characters turned out to be a thought, and no part of it.
    """

    why: Literal["stop", "length", ""] = ""
    thought: int = 0


class Written:
    """What a model writes: iterate over its pieces, then ask for the text and how it ended."""

    def __init__(self, pieces: Generator[str, None, Ended | None]) -> None:
        self._pieces = pieces
        self._text = ""
        self.ended = Ended()
        """How it ended, once it has."""

    def __iter__(self) -> Iterator[str]:
        while True:
            try:
                piece = next(self._pieces)
            except StopIteration as end:
                self.ended = end.value or self.ended
                return
            self._text += piece
            yield piece

    @property
    def text(self) -> str:
        """Return what was written so far, without a thought before it."""
        return self._text[self.ended.thought :].lstrip() if self.ended.thought else self._text

    def whole(self) -> str:
        """Read on to the end, and return the text."""
        for _ in self:
            pass
        return self.text


class LanguageModel(Protocol):
    """Reads a chat, and writes its next message piece by piece.

    What a prompt has in common at its beginning with one read before is not read again, while there is room to keep it.
    """

    @property
    def info(self) -> ModelInfo:
        """Say which model this is and where it runs."""

    @property
    def context_tokens(self) -> int:
        """Return how many tokens prompt and answer may have together."""

    def count_tokens(self, text: str) -> int:
        """Return the length of a text in tokens."""

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the prompt that these messages make, in tokens."""

    @property
    def fingerprint(self) -> str:
        """Identify the weights, for what was fitted on their hidden states; "" where they show none."""

    @property
    def depth(self) -> int:
        """Return how many layers' hidden states it shows; 0 for none."""

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
        """Read a prompt and judge what comes next; None where `stop` was set.

        Layers count from 1, which is the first one's output. `of` is the passage whose tokens are looked at, where it
        stands last in the prompt: at their hidden states, or with `attention` at
        what of them the rest of the prompt attends to.
        """

    def generate(
        self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event
    ) -> Generator[str, None, Ended | None]:
        """Yield the answer's text as it is written, until done, `max_new_tokens` or `stop` is set; return how it ended.

        Closing the generator stops it too. `Written` reads it.
        """

    def write_all(
        self, prompts: Sequence[Sequence[Message]], *, max_new_tokens: int, stop: threading.Event
    ) -> Iterator[tuple[int, str]]:
        """Yield each prompt's place and its whole answer, in any order, several being written at once.

        After `stop` is set no more come.
        """
