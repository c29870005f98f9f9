"""Chat model behind an OpenAI-compatible server: Ollama, LM Studio, llama-server, vLLM and their kin."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from queue import Empty, Queue
from typing import Any

import openai

from assistant.models.server import Server
from assistant.protocols import Reading
from assistant.types import Message, ModelInfo

_AT_ONCE = 8
"""Answers asked for at once; servers write several together."""

_LOOK = 0.1
"""Seconds between two looks at whether an answer is still wanted."""

_BYTES_A_TOKEN = 3
"""Of UTF-8: English has more, formulas and numbers have fewer, a Chinese character is about one token."""

_MESSAGE_TOKENS = 8
"""What a chat template writes around a message."""

_MOST_TOLD = 20
"""Tokens whose probabilities a server tells, at most."""

_SURE, _NOT = math.log(0.9), math.log(0.1)
"""What an answer counts that the model writes, and one that it does not, where the server tells no probabilities."""

_USUAL_CONTEXT = 4096
"""Tokens of prompt and answer where the server does not tell."""

_THOUGHT = re.compile(r"<think>.*?(?:</think>\s*|$)", re.DOTALL)


class ServedModel:
    """A chat model behind an OpenAI-compatible server.

    It shows no hidden states: it judges by how likely it would say yes and no where the server tells `top_logprobs`,
    else by which of them it writes. Lengths in tokens are estimated, on the long side. What a reasoning model thinks is
    left out, and it is asked not to think. `model` may be "" where the server has only one.
    Raises ModelError where the server does not answer or does not have the model.
    """

    depth = 0
    fingerprint = ""

    def __init__(self, url: str, model: str = "", key: str = "") -> None:
        self._server = Server(url, key)
        self.name = self._server.find_model(model, "--llm-model")
        """What the server calls the model."""
        self._context: int | None = None
        self._extras: dict[str, Any] = {
            "temperature": 0,
            "reasoning_effort": "none",
            "extra_body": {"chat_template_kwargs": {"enable_thinking": False}},
        }
        self._tells_shares = True

    @property
    def placement(self) -> dict[str, str]:
        """Return where the model runs, under the name of its only part."""
        return {"": self._server.place}

    @property
    def info(self) -> ModelInfo:
        """Say which model this is, and which server runs it."""
        return ModelInfo(self.name, self._server.place, "", self._server.host)

    @property
    def context_tokens(self) -> int:
        """Return how many tokens prompt and answer may have together, 4096 where the server does not tell."""
        if self._context is None:
            self._context = self._server.context_tokens(self.name) or _USUAL_CONTEXT
        return self._context

    def count_tokens(self, text: str) -> int:
        """Estimate the length of a text in tokens."""
        return math.ceil(len(text.encode("utf-8", "replace")) / _BYTES_A_TOKEN)

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Estimate the length of the prompt that these messages make, in tokens."""
        return sum(self.count_tokens(message.content) + _MESSAGE_TOKENS for message in messages)

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
        """Judge what comes next after a prompt; hidden states and attention are not shown. None where stopped."""
        if stop.is_set():
            return None
        if not answers:
            return Reading()
        shares: dict[str, float] = {}
        text = ""
        for piece in self._pieces(messages, 1 if self._tells_shares else 8, stop, shares):
            text += piece
        if stop.is_set():
            return None
        self._tells_shares = bool(shares)
        if shares:
            least = min(shares.values()) - 1
            return Reading(tuple(_share(shares, answer, least) for answer in answers))
        written = _plain(_THOUGHT.sub("", text))
        says = [written.startswith(_plain(answer)) for answer in answers]
        return Reading(tuple(_SURE if said else _NOT for said in says)) if any(says) else Reading()

    def generate(
        self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event
    ) -> Generator[str, None, None]:
        """Yield the answer's text as it is written, until done, `max_new_tokens` or `stop` is set.

        Closing the generator stops it too: the server is told by the end of the connection.
        """
        yield from _without_thoughts(self._pieces(messages, max_new_tokens, stop))

    def write_all(
        self, prompts: Sequence[Sequence[Message]], *, max_new_tokens: int, stop: threading.Event
    ) -> Iterator[tuple[int, str]]:
        """Yield each prompt's place and its whole answer, in any order, several being written at once."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            places = {
                pool.submit(
                    lambda said: "".join(self.generate(said, max_new_tokens=max_new_tokens, stop=stop)), each
                ): n
                for n, each in enumerate(prompts)
            }
            for done in as_completed(places):
                if stop.is_set():
                    pool.shutdown(wait=False, cancel_futures=True)
                    return
                yield places[done], done.result()

    def _pieces(
        self,
        messages: Sequence[Message],
        max_new_tokens: int,
        stop: threading.Event,
        shares: dict[str, float] | None = None,
    ) -> Generator[str, None, None]:
        """Yield what the server writes, piece by piece; `shares` is filled with the first token's log-probabilities.

        The connection is another thread's, so that nobody waits for the server who does not want its answer any more.
        """
        if stop.is_set():
            return
        queue: Queue[str | BaseException | None] = Queue()
        left = threading.Event()
        opened: list[Any] = []

        def write() -> None:
            try:
                for chunk in self._stream(messages, max_new_tokens, opened, is_judged=shares is not None):
                    if left.is_set():
                        break
                    if shares is not None and not shares:
                        shares.update(_first_shares(chunk))
                    queue.put(_text(chunk))
                queue.put(None)
            except BaseException as error:  # noqa: BLE001 -- raised again where the answer is read
                queue.put(error)
            finally:
                for stream in opened:
                    with suppress(Exception):
                        stream.close()

        threading.Thread(target=write, daemon=True, name="served answer").start()
        try:
            while not stop.is_set():
                try:
                    piece = queue.get(timeout=_LOOK)
                except Empty:
                    continue
                if piece is None:
                    return
                if isinstance(piece, BaseException):
                    raise self._server.error(piece) from piece
                if piece:
                    yield piece
        finally:
            left.set()
            for stream in opened:
                with suppress(Exception):
                    self._server.hang_up(stream)

    def _stream(
        self, messages: Sequence[Message], max_new_tokens: int, opened: list[Any], *, is_judged: bool
    ) -> Iterator[Any]:
        """Yield the chunks of an answer; a parameter that the server does not take is left out from then on."""
        create: Any = self._server.client.chat.completions.create
        while True:
            asked: dict[str, Any] = dict(self._extras)
            if is_judged and self._tells_shares:
                asked |= {"logprobs": True, "top_logprobs": _MOST_TOLD}
            limit = asked.pop("limit", "max_tokens")
            try:
                stream = create(
                    model=self.name,
                    messages=[{"role": each.role, "content": each.content} for each in messages],
                    stream=True,
                    **{limit: max_new_tokens},
                    **asked,
                )
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if not self._give_up_what_is_refused(str(error), is_judged):
                    raise
                continue
            opened.append(stream)
            yield from stream
            return

    def _give_up_what_is_refused(self, why: str, is_judged: bool) -> bool:
        """Leave out a parameter that a server refuses; tell whether one was found."""
        if is_judged and self._tells_shares and "logprob" in why:
            self._tells_shares = False
            return True
        if "max_tokens" in why and "max_completion_tokens" in why and "limit" not in self._extras:
            self._extras["limit"] = "max_completion_tokens"
            return True
        for name, signs in _SIGNS.items():
            if name in self._extras and any(sign in why for sign in signs):
                del self._extras[name]
                return True
        return False


_SIGNS: Mapping[str, tuple[str, ...]] = {
    "extra_body": ("chat_template_kwargs", "enable_thinking", "nrecognized", "nexpected", "xtra"),
    "reasoning_effort": ("reasoning", "think", "nrecognized", "nexpected", "xtra"),
    "temperature": ("temperature",),
}
"""Words of an error that speaks of a parameter."""


def _text(chunk: Any) -> str:
    return "".join(choice.delta.content or "" for choice in chunk.choices[:1] if choice.delta)


def _first_shares(chunk: Any) -> dict[str, float]:
    """Return the log-probabilities of the likeliest tokens at the place that a chunk writes first; {} for none."""
    for choice in chunk.choices[:1]:
        told = choice.logprobs.content if choice.logprobs else None
        for place in told or ():
            return {each.token: each.logprob for each in place.top_logprobs or ()} or {place.token: place.logprob}
    return {}


def _share(shares: Mapping[str, float], answer: str, least: float) -> float:
    """Return the log-probability that an answer comes next, by the tokens that it may begin with, however written."""
    whole = _plain(answer)
    fitting = [share for token, share in shares.items() if (said := _plain(token)) and whole.startswith(said)]
    return math.log(sum(map(math.exp, fitting))) if fitting else least


def _plain(text: str) -> str:
    return re.sub(r"[^\w]+", "", text).casefold()


def _without_thoughts(pieces: Generator[str, None, None]) -> Generator[str, None, None]:
    """Yield the text but what stands in <think> tags at its beginning."""
    begin, held = "<think>", ""
    thinks: bool | None = None  # not known yet
    try:
        for piece in pieces:
            if thinks is False:
                yield piece
                continue
            held += piece
            if thinks is None:
                start = held.lstrip()
                if len(start) < len(begin) and begin.startswith(start):
                    continue
                thinks = start.startswith(begin)
            if thinks and "</think>" not in held:
                continue
            rest = held.rpartition("</think>")[2].lstrip() if thinks else held
            thinks, held = False, ""
            if rest:
                yield rest
        if thinks is None and held:
            yield held
    finally:
        pieces.close()
