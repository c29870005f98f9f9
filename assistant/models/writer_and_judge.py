"""Chat model of two: one that has no probes writes the answers, one that has them reads requests and judges."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.models.chat_model import TransformersModel
from assistant.models.served_model import ServedModel
from assistant.protocols import Ended, Reading
from assistant.types import Message, ModelInfo


@dataclass(frozen=True, slots=True, eq=False)
class WriterAndJudge:
    """A model that writes, a server's or one of this machine, beside one of this machine with probes, which judges."""

    writer: ServedModel | TransformersModel
    judge: TransformersModel

    @property
    def name(self) -> str:
        """Return the name of the model that writes."""
        return self.writer.info.name

    @property
    def info(self) -> ModelInfo:
        """Say which model writes, and where."""
        return self.writer.info

    @property
    def placement(self) -> Mapping[str, str]:
        """Return where the parts of the model that writes run."""
        return self.writer.placement

    @property
    def memory(self) -> int:
        """Return how many bytes the weights take on this machine."""
        return self.writer.memory + self.judge.memory

    @property
    def context_tokens(self) -> int:
        """Return how many tokens prompt and answer may have together, for both models."""
        return min(self.writer.context_tokens, self.judge.context_tokens)

    @property
    def known_context(self) -> int:
        """Return the same without asking a server; 0 until it was needed."""
        is_known = not isinstance(self.writer, ServedModel) or self.writer.known_context
        return self.context_tokens if is_known else 0

    @property
    def fingerprint(self) -> str:
        """Identify the weights that judge."""
        return self.judge.fingerprint

    @property
    def depth(self) -> int:
        """Return how many layers' hidden states the model that judges shows."""
        return self.judge.depth

    def count_tokens(self, text: str) -> int:
        """Return the length of a text in tokens of the model that writes."""
        return self.writer.count_tokens(text)

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the prompt that these messages make, in tokens of the model that writes."""
        return self.writer.count_prompt_tokens(messages)

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
        """Read a prompt with the model that judges, and judge what comes next; None where `stop` was set."""
        return self.judge.read(messages, answers=answers, layers=layers, of=of, attention=attention, stop=stop)

    def generate(
        self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event
    ) -> Generator[str, None, Ended | None]:
        """Yield the answer's text as it is written, until done, `max_new_tokens` or `stop` is set."""
        return self.writer.generate(messages, max_new_tokens=max_new_tokens, stop=stop)

    def write_all(
        self, prompts: Sequence[Sequence[Message]], *, max_new_tokens: int, stop: threading.Event
    ) -> Iterator[tuple[int, str]]:
        """Yield each prompt's place and its whole answer, in any order, several being written at once."""
        return self.writer.write_all(prompts, max_new_tokens=max_new_tokens, stop=stop)
