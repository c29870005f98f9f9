"""Chat model behind an OpenAI-compatible server: Ollama, LM Studio, llama-server, vLLM and their kin."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import Empty, Queue
from typing import Any

import openai

from assistant.errors import ModelError
from assistant.models import thoughts
from assistant.models.server import Server, refusal
from assistant.models.thoughts import Habit
from assistant.protocols import Ended, Reading, Written
from assistant.stopping import Stopped
from assistant.types import Message, ModelInfo

_LOOK = 0.1
"""Seconds between two looks at whether an answer is still wanted."""

_BYTES_A_TOKEN = 3
"""Of UTF-8: English has more, formulas and numbers have fewer, a Chinese character is about one token."""

_MESSAGE_TOKENS = 8
"""What a chat template writes around a message."""

_WORD_TOKENS = 8
"""For a judgement in words."""

_MOST_TOLD = 20
"""Tokens whose probabilities a server tells, at most."""

_SURE, _NOT = math.log(0.9), math.log(0.1)
"""What an answer counts that the model writes, and one that it does not, where the server tells no probabilities."""

_USUAL_CONTEXT = 4096
"""Tokens of prompt and answer where the server does not tell."""


class ServedModel:
    """A chat model behind an OpenAI-compatible server.

    It shows no hidden states: it judges by how likely it would say yes and no where the server tells `top_logprobs`,
    else by which of them it writes. Lengths in tokens are estimated, on the long side. What a reasoning model thinks is
    left out, and it is asked not to think; where it does all the same it has room for that beside the answer. `model`
    may be "" where the server has only one; `at_once` is how many answers are asked for together.
    Raises ModelError where the server does not answer or does not have the model.
    """

    depth = 0
    fingerprint = ""
    memory = 0

    def __init__(self, url: str, model: str = "", key: str = "", *, at_once: int = 8) -> None:
        self._server = Server(url, key)
        self.name = self._server.find_model(model, "--llm-model")
        """What the server calls the model."""
        self._at_once = at_once
        self._context: int | None = None
        self._settling = threading.Lock()
        self._extras: dict[str, Any] = {
            "temperature": 0,
            "reasoning_effort": "none",
            "extra_body": {"chat_template_kwargs": {"enable_thinking": False}},
        }
        self._limit = "max_tokens"
        self._takes_system = True
        self._tells_shares = True
        self._habit = Habit()
        self._is_looked_at = False

    @property
    def placement(self) -> dict[str, str]:
        """Return where the model runs, under the name of its only part."""
        return {"": self._server.place}

    @property
    def info(self) -> ModelInfo:
        """Say which model this is, and which server runs it."""
        return ModelInfo(self.name, self._server.place, "", self._server.host)

    @property
    def tells_shares(self) -> bool:
        """Tell whether it judges by probabilities, as far as it has judged; else by the word that it writes."""
        return self._tells_shares and not self._habit.thinks

    @property
    def context_tokens(self) -> int:
        """Return how many tokens prompt and answer may have together, 4096 where the server does not tell."""
        if self._context is None:
            self._context = self._server.context_tokens(self.name) or _USUAL_CONTEXT
        return self._context

    @property
    def known_context(self) -> int:
        """Return the same without asking the server, which may load the model for it; 0 until it was needed."""
        return self._context or 0

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
        self._look_at_template()
        if self._tells_shares and not self._habit.thinks:
            text = "".join(self._pieces(messages, 1, stop.is_set, shares))
        if any(_fits(token, answer) for token in shares for answer in answers):
            least = min(shares.values()) - 1
            return None if stop.is_set() else Reading(tuple(_share(shares, answer, least) for answer in answers))
        if shares or not text or self._habit.thinks:  # the first token is no answer, as before a thought
            text = Written(self._written(messages, _WORD_TOKENS, stop.is_set)).whole()
        elif not stop.is_set():
            self._tells_shares = False
        if stop.is_set():
            return None
        says = [_plain(text).startswith(_plain(answer)) for answer in answers]
        return Reading(tuple(_SURE if said else _NOT for said in says)) if any(says) else Reading()

    def generate(
        self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event
    ) -> Generator[str, None, Ended]:
        """Yield the answer's text as it is written, until done, `max_new_tokens` or `stop` is set; return how it ended.

        Closing the generator stops it too: the server is told by the end of the connection.
        """
        return (yield from self._written(messages, max_new_tokens, stop.is_set))

    def write_all(
        self, prompts: Sequence[Sequence[Message]], *, max_new_tokens: int, stop: threading.Event
    ) -> Iterator[tuple[int, str]]:
        """Yield each prompt's place and its whole answer, in any order, several being written at once."""
        left = threading.Event()

        def is_stopped() -> bool:
            return stop.is_set() or left.is_set()

        def write(prompt: Sequence[Message]) -> str:
            return Written(self._written(prompt, max_new_tokens, is_stopped)).whole()

        with ThreadPoolExecutor(self._at_once) as pool:
            try:
                places = {pool.submit(write, prompt): place for place, prompt in enumerate(prompts)}
                for done in as_completed(places):
                    if stop.is_set():
                        return
                    yield places[done], done.result()
            finally:
                left.set()
                pool.shutdown(wait=False, cancel_futures=True)

    def _written(
        self, messages: Sequence[Message], max_new_tokens: int, is_stopped: Callable[[], bool]
    ) -> Generator[str, None, Ended]:
        """Yield an answer without thoughts."""
        self._look_at_template()
        return thoughts.answer(lambda most: self._pieces(messages, most, is_stopped), max_new_tokens, self._habit)

    def _look_at_template(self) -> None:
        """Ask once whether each answer begins within a thought, which the prompt opens, where the server tells."""
        if self._habit.is_open is None and not self._is_looked_at:
            self._is_looked_at = True
            try:
                self._habit.is_open = self._server.opens_thought(self.name)
            except Stopped:  # who asks for an answer then gets an empty one
                self._is_looked_at = False
            self._habit.thinks = self._habit.thinks or bool(self._habit.is_open)

    def _pieces(
        self,
        messages: Sequence[Message],
        max_new_tokens: int,
        is_stopped: Callable[[], bool],
        shares: dict[str, float] | None = None,
    ) -> Generator[str, None, Ended]:
        """Yield what the server writes, piece by piece; `shares` is filled with the first token's log-probabilities.

        The connection is another thread's, so that nobody waits for the server who does not want its answer any more.
        """
        if is_stopped():
            return Ended()
        queue: Queue[str | BaseException | Ended] = Queue()
        left = threading.Event()
        connections: list[Any] = []

        def write() -> None:
            ended = Ended()
            try:
                with self._server.call(left, connections):
                    for chunk in self._stream(messages, max_new_tokens, connections, is_judged=shares is not None):
                        if left.is_set():
                            break
                        if shares is not None and not shares:
                            shares.update(_first_shares(chunk))
                        self._habit.thinks = self._habit.thinks or _is_thought(chunk)
                        ended = _ended(chunk) or ended
                        queue.put(_text(chunk))
                queue.put(ended)
            except BaseException as error:  # noqa: BLE001 -- raised again where the answer is read
                queue.put(error)

        threading.Thread(target=write, daemon=True, name="served answer").start()
        try:
            while not is_stopped():
                try:
                    piece = queue.get(timeout=_LOOK)
                except Empty:
                    continue
                if isinstance(piece, Ended):
                    return piece
                if isinstance(piece, BaseException):
                    raise self._server.error(piece) from piece
                if piece:
                    yield piece
            return Ended()
        finally:
            left.set()
            self._server.hang_up(connections)

    def _stream(
        self, messages: Sequence[Message], max_new_tokens: int, connections: list[Any], *, is_judged: bool
    ) -> Iterator[Any]:
        """Yield the chunks of an answer; a parameter that the server does not take is left out from then on."""
        create: Any = self._server.client.chat.completions.create
        while True:
            asked = self._request(messages, max_new_tokens, is_judged=is_judged)
            try:
                stream = create(**asked)
                break
            except (openai.BadRequestError, openai.UnprocessableEntityError, openai.InternalServerError) as error:
                with self._settling:
                    is_settled = asked != self._request(messages, max_new_tokens, is_judged=is_judged)
                    if not is_settled and not self._give_up_what_is_refused(refusal(error), is_judged=is_judged):
                        raise
        with stream:
            connections.append(stream.response.extensions.get("network_stream"))
            chunk = None
            for chunk in stream:
                yield chunk
            if chunk is None:
                raise ModelError(
                    f"What answers at {self._server.place} sent no piece of an answer. See whether it is an "
                    "OpenAI-compatible server that can stream, and whether the address is right; most end with /v1."
                )

    def _request(self, messages: Sequence[Message], max_new_tokens: int, *, is_judged: bool) -> dict[str, Any]:
        """Return the parameters of a call, as far as the server is known to take them."""
        said = [{"role": each.role, "content": each.content} for each in messages]
        if not self._takes_system and len(said) > 1 and said[0]["role"] == "system":
            said[:2] = [{"role": said[1]["role"], "content": f"{said[0]['content']}\n\n{said[1]['content']}"}]
        asked = {"model": self.name, "messages": said, "stream": True, **self._extras}
        asked[self._limit] = max_new_tokens
        return asked | ({"logprobs": True, "top_logprobs": _MOST_TOLD} if is_judged and self._tells_shares else {})

    def _give_up_what_is_refused(self, why: str, *, is_judged: bool) -> bool:
        """Leave out a parameter that a server refuses; tell whether one was found."""
        if is_judged and self._tells_shares and "logprob" in why:
            self._tells_shares = False
            return True
        if "max_tokens" in why and "max_completion_tokens" in why and self._limit == "max_tokens":
            self._limit = "max_completion_tokens"
            return True
        for name, signs in _SIGNS.items():
            if name in self._extras and any(sign in why for sign in signs):
                del self._extras[name]
                return True
        if self._takes_system and _ROLE.search(why):
            self._takes_system = False
            return True
        return False


_SIGNS: Mapping[str, tuple[str, ...]] = {
    "extra_body": ("chat_template_kwargs", "enable_thinking", "nrecognized", "nexpected", "xtra"),
    "reasoning_effort": ("reasoning", "think", "nrecognized", "nexpected", "xtra"),
    "temperature": ("temperature",),
}
"""Words of an error that speaks of a parameter."""

_ROLE = re.compile(r"\broles?\b", re.IGNORECASE)
"""Templates of some models know no instructions of a system."""


def _delta(chunk: Any) -> Any:
    """Return what a chunk adds to the answer; None for one that adds nothing."""
    return next((choice.delta for choice in chunk.choices or ()), None)


def _parts(chunk: Any) -> list[dict[str, Any]]:
    """Return the parts that a chunk adds to the answer; some servers send thoughts as such."""
    said = getattr(_delta(chunk), "content", None)
    parts = said if isinstance(said, list) else [{"type": "text", "text": said}]
    return [part for part in parts if isinstance(part, dict)]


def _text(chunk: Any) -> str:
    """Return what a chunk adds to the answer's text."""
    texts = (part.get("text") for part in _parts(chunk) if part.get("type") == "text")
    return "".join(text for text in texts if isinstance(text, str))


def _ended(chunk: Any) -> Ended | None:
    """Return how an answer ended, where a chunk tells that it is whole or as long as it may be."""
    told = next((getattr(choice, "finish_reason", None) for choice in chunk.choices or ()), None)
    if told == "length":
        return Ended("length")
    return Ended("stop") if told in ("stop", "eos", "eos_token", "stop_sequence", "end_turn") else None


def _is_thought(chunk: Any) -> bool:
    """Tell whether a chunk holds something of a thought that the server keeps apart."""
    said = [getattr(_delta(chunk), name, None) for name in ("reasoning_content", "reasoning")]
    is_told = any(each.strip() for each in said if isinstance(each, str))
    return is_told or any(part.get("type") != "text" for part in _parts(chunk))


def _first_shares(chunk: Any) -> dict[str, float]:
    """Return the log-probabilities of the likeliest tokens at the place that a chunk writes first; {} for none."""
    for choice in (chunk.choices or ())[:1]:
        told = choice.logprobs.content if choice.logprobs else None
        for place in told or ():
            return {each.token: each.logprob for each in place.top_logprobs or ()} or {place.token: place.logprob}
    return {}


def _share(shares: Mapping[str, float], answer: str, least: float) -> float:
    """Return the log-probability that an answer comes next, by the tokens that it may begin with, however written."""
    fitting = [share for token, share in shares.items() if _fits(token, answer)]
    return math.log(sum(map(math.exp, fitting))) if fitting else least


def _fits(token: str, answer: str) -> bool:
    """Tell whether an answer may begin with a token."""
    said = _plain(token)
    return bool(said) and _plain(answer).startswith(said)


def _plain(text: str) -> str:
    return re.sub(r"[^\w]+", "", text).casefold()
