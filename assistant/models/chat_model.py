"""Chat model: answers and readings of prompts, by transformers and accelerate."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import cached_property, partial, wraps
from pathlib import Path
from queue import Queue
from typing import Any

import numpy as np
import torch
from accelerate.utils import align_module_device
from jinja2 import TemplateError
from transformers import AutoModelForCausalLM, AutoTokenizer, StoppingCriteria, StoppingCriteriaList, TextStreamer

from assistant.errors import ModelError
from assistant.models import thoughts
from assistant.models.attention import use_grouped
from assistant.models.device import Device, choose, give_memory_back, is_out_of_memory, placing, weights_size
from assistant.models.prefix_cache import Prefixes
from assistant.models.quantized import Quantized, pays
from assistant.models.thoughts import Habit
from assistant.protocols import Ended, Reading, Written
from assistant.settings import Quantize
from assistant.types import Message, ModelInfo

_DRAFTING = {"prompt_lookup_num_tokens": 5, "max_matching_ngram_size": 3}
"""How many tokens are drafted from the prompt, which one forward pass checks, and how many before them must recur."""

_GREEDY = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}

_BATCH = 8
"""Answers written at once: each step reads all weights, whether it makes one token or eight."""

_BATCH_TOKENS = 6_000
"""Tokens of the prompts in a batch, padded to the longest."""


class _MemoryFull(Exception):
    """Says that a device has no room for a model."""


class _Stopped(Exception):
    """Ends a generation from within a forward pass."""


class TransformersModel:
    """A chat model from a local folder or the hub; safetensors only, and no code of the model's is run.

    One answer is written at a time; others wait. Decoding is greedy, with drafts looked up in the prompt (Saxena,
    "Prompt Lookup Decoding", 2023), which an answer that quotes its sources uses well.

    `device` is where it runs (`device.choose`). With `quantize`, a GPU keeps the weights in 8 or 4 bits; a CPU writes
    answers in 8-bit integers where it is faster with them, and reads prompts as ever. A GPU that was not named and
    whose memory is full leaves the model to the CPU.
    Raises ModelError when the model cannot be loaded or has no chat template, UsageError for a device that is not here.
    """

    def __init__(self, model: str, name: str = "", *, quantize: Quantize = "no", device: str = "auto") -> None:
        places = [choose(device)]
        if device == "auto" and places[0].kind != "cpu":
            full = f"The memory of {places[0].name} had no room for it."
            places.append(replace(choose("cpu"), reasons=(full, *choose("cpu").reasons)))
        for place in places:
            try:
                self._load(model, place, quantize)
                break
            except _MemoryFull as error:
                if place is places[-1]:
                    raise ModelError(
                        f"The chat model {model} finds no room in the memory of {place.name}: {error}. Close other "
                        "programs that use it, choose --quantize 8 or 4, a smaller --model, or --device cpu."
                    ) from error
            give_memory_back()
        if not self._tokenizer.chat_template:
            raise ModelError(f"The model {model} has no chat template, so it cannot answer. Name an instruct model.")
        self._name = name or model
        self._takes_system = self._shows_system_message()
        # a recurrent state cannot go back to before a draft that was wrong
        self._drafting = {} if self._model._is_stateful else _DRAFTING
        self._control_tokens = sorted(
            {*self._tokenizer.all_special_tokens, *self._tokenizer.get_added_vocab()}, key=len, reverse=True
        )
        use_grouped(self._model)
        writes_in_8_bits = quantize in ("8", "auto") and self._bits == 16 and not self._model._is_stateful
        is_quantized = writes_in_8_bits and pays(self._model)
        self._quantized = Quantized(self._model) if is_quantized else None
        self._prefixes = Prefixes(self._model.config)
        self._known = 0
        self._habit = Habit()
        self._model.prepare_inputs_for_generation = self._only_the_rest(self._model.prepare_inputs_for_generation)
        self._turn = threading.Lock()
        self._stops: tuple[threading.Event, ...] = ()
        for module in self._model.modules():
            if type(module).__name__ in (self._model._no_split_modules or ()):
                module.register_forward_pre_hook(self._leave_when_stopped)

    def _load(self, model: str, device: Device, quantize: Quantize) -> None:
        """Load tokenizer and weights. Raises ModelError, _MemoryFull."""
        local = Path(model).exists()
        self.why = device.reasons
        """Why it runs there, in sentences."""
        self._bits = device.bits(quantize, weights_size(model))
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(model, trust_remote_code=False, local_files_only=local)
            self._model: Any = AutoModelForCausalLM.from_pretrained(
                model,
                **placing(device, self._bits),
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=local,
            )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                raise _MemoryFull(str(error).splitlines()[0] if str(error) else "it is full") from error
            raise ModelError(
                f"The chat model {model} cannot be loaded: {error}. Name another one with --model, "
                "or fetch a known one with `assistant models get NAME`."
            ) from error

    @property
    def info(self) -> ModelInfo:
        """Say which model this is and where it runs."""
        return ModelInfo(self._name, str(self._model.device), self.dtype)

    @property
    def dtype(self) -> str:
        """Return the number format of the weights, and that in which answers are written where it is another."""
        read = str(self._model.dtype).removeprefix("torch.")
        if self._bits < 16:
            return f"{read}, weights in {self._bits} bits"
        return f"{read}, int8 for answers" if self._quantized else read

    @property
    def placement(self) -> dict[str, str]:
        """Return where accelerate put each part of the model; one entry, "", when all of it is in one place."""
        placed: dict[str, Any] = getattr(self._model, "hf_device_map", None) or {"": self._model.device}
        return {part: str(device) for part, device in placed.items()}

    @property
    def memory(self) -> int:
        """Return the bytes that the weights take, those in 8 bits not counted."""
        return int(self._model.get_memory_footprint())

    @property
    def context_tokens(self) -> int:
        """Return how many tokens prompt and answer may have together."""
        return int(getattr(self._model.config.get_text_config(), "max_position_embeddings", 4096))

    def count_tokens(self, text: str) -> int:
        """Return the length of a text in tokens."""
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the prompt that these messages make, in tokens."""
        return int(self._encode(messages)["input_ids"].shape[1])

    @property
    def depth(self) -> int:
        """Return how many layers there are."""
        return int(self._model.config.get_text_config().num_hidden_layers)

    @cached_property
    def fingerprint(self) -> str:
        """Identify the weights, in whatever number format they were loaded: by those of the layers' norms.

        Weights in fewer bits than 16 are told apart, since probes can be fitted on what those make of a prompt.
        """
        read = hashlib.sha256()
        for name, module in self._model.named_modules():
            own = [each for each, weights in module.named_parameters(name, recurse=False) if weights.dim() == 1]
            if any("norm" in each for each in own):
                with align_module_device(module):  # of a part for which no GPU has room only the name is here
                    for each, weights in module.named_parameters(name, recurse=False):
                        if each in own and "norm" in each:
                            read.update(weights.detach().to("cpu", torch.bfloat16).view(torch.int16).numpy().tobytes())
        return read.hexdigest()[:16] + (f"-{self._bits}bit" if self._bits < 16 else "")

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
        """Read a prompt, all but the beginning that it has in common with one read before; None where stopped."""
        text = self._rendered(messages)
        encoded = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        tokens, places = encoded["input_ids"], encoded["offset_mapping"]
        start = text.rfind(self._defused(of)) if of else len(text)
        looked_at = [n for n, (begin, end) in enumerate(places) if 0 <= start < end and begin < start + len(of)]
        attention = attention and bool(looked_at)
        states_of = [] if attention else looked_at
        unread = len(tokens) - min([len(tokens) - 1, *states_of])
        firsts = [self._tokenizer(answer, add_special_tokens=False)["input_ids"][0] for answer in answers]
        try:
            with self._alone(stop):
                prefix = self._prefixes.take(tokens, unread)
                known = len(prefix.tokens)
                if attention and looked_at[-1] >= known:  # attention is shown of the few tokens after it
                    self._forward(tokens[known : looked_at[-1] + 1], prefix.cache)
                    known = looked_at[-1] + 1
                show = {"output_hidden_states": bool(layers), "output_attentions": attention}
                with self._attention_shown() if attention else nullcontext():
                    out = self._forward(tokens[known:], prefix.cache, **show)
                shares = torch.log_softmax(out.logits[0, -1].float(), dim=-1)[firsts].tolist() if firsts else None
                states = {layer: out.hidden_states[layer][0].float().cpu().numpy() for layer in layers}
                self._prefixes.store(tokens, prefix.cache)
        except _Stopped:
            return None
        except (RuntimeError, ValueError) as error:
            raise self._failure("reading", error) from error
        rows = [place - known for place in states_of]
        shown = (out.attentions or ()) if attention else ()
        if any(of_layer is None or of_layer.shape[-1] != len(tokens) for of_layer in shown):
            shown = ()  # a sliding window, or a layer without attention
        heads = [of_layer[0].float().mean(1)[:, looked_at].cpu().numpy() for of_layer in shown]
        return Reading(
            tuple(shares) if shares else None,
            {layer: of_layer[-1].copy() for layer, of_layer in states.items()},
            {layer: of_layer[rows] for layer, of_layer in states.items()},
            tuple((max(places[n][0] - start, 0), min(places[n][1] - start, len(of))) for n in looked_at),
            np.stack(heads) if heads else None,
        )

    @contextmanager
    def _alone(self, *stops: threading.Event) -> Iterator[None]:
        """Wait for the model and have it to oneself. Raises _Stopped as soon as one of `stops` is set."""
        while not self._turn.acquire(timeout=0.1):
            if any(stop.is_set() for stop in stops):
                raise _Stopped
        try:
            if any(stop.is_set() for stop in stops):
                raise _Stopped
            self._stops = stops
            with torch.inference_mode():
                yield
        finally:
            self._turn.release()

    def _writing(self) -> AbstractContextManager[None]:
        return self._quantized.writing() if self._quantized else nullcontext()

    def _failure(self, doing: str, error: BaseException) -> ModelError:
        if is_out_of_memory(error):
            self._prefixes = Prefixes(self._model.config)  # what is kept of earlier prompts makes room
            give_memory_back()
            return ModelError(
                f"The memory of {self._model.device} was full while {self._name} was {doing}. What it kept of earlier "
                "prompts is gone: ask again. If that does not do, close other programs that use the memory, lower the "
                "setting prompt_tokens or passages, or choose --quantize 8 or 4, a smaller --model, or --device cpu."
            )
        return ModelError(f"The model {self._name} failed while {doing}: {error}. Ask again, or use a smaller model.")

    def _forward(self, tokens: Sequence[int], cache: Any, **shown: bool) -> Any:
        """Read tokens behind what the cache holds."""
        rows = torch.tensor([tokens], device=self._model.device)
        return self._model(rows, cache=cache, use_cache=True, logits_to_keep=1, **shown)

    @contextmanager
    def _attention_shown(self) -> Iterator[None]:
        """Compute attention in the one way that shows its weights."""
        usual = self._model.config._attn_implementation
        self._model.set_attn_implementation("eager")
        try:
            yield
        finally:
            self._model.set_attn_implementation(usual)

    def generate(
        self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event
    ) -> Generator[str, None, Ended]:
        """Yield the answer's text as it is written, until done, `max_new_tokens` or `stop` is set; return how it ended.

        A thought before the answer is left out, and has room of its own. Closing the iterator stops it too. The model
        leaves within one layer's work, also while it reads the prompt.
        """
        self._habit.is_open = thoughts.is_opened(self._rendered(messages))
        write = partial(self._pieces, self._encode(messages), stop)
        return (yield from thoughts.answer(write, max_new_tokens, self._habit))

    def _pieces(self, encoded: Any, stop: threading.Event, max_new_tokens: int) -> Generator[str, None, Ended]:
        pieces: Queue[str | BaseException | Ended] = Queue()
        left = threading.Event()
        worker = threading.Thread(target=self._write, args=(encoded, max_new_tokens, (stop, left), pieces), daemon=True)
        worker.start()
        try:
            while not isinstance(piece := pieces.get(), Ended):
                if isinstance(piece, BaseException):
                    raise self._failure("answering", piece) from piece
                if piece:
                    yield piece
            return piece
        finally:
            left.set()

    def write_all(
        self, prompts: Sequence[Sequence[Message]], *, max_new_tokens: int, stop: threading.Event
    ) -> Iterator[tuple[int, str]]:
        """Yield each prompt's place and its whole answer, a batch of prompts of like length at a time.

        After `stop` is set no more come; what a batch had written until then is lost.
        """
        encoded = [self._encode(messages)["input_ids"][0] for messages in prompts]
        self._habit.is_open = any(thoughts.is_opened(self._rendered(messages)) for messages in prompts)
        most = 1 if self._model._is_stateful else _BATCH  # a recurrent state would read the padding
        for batch in _batches([len(tokens) for tokens in encoded], most):
            room = thoughts.room_for(self._habit)
            rows = self._write_batch([encoded[place] for place in batch], max_new_tokens + room, stop)
            if rows is None:
                return
            for place, row in zip(batch, rows, strict=True):
                text = Written(thoughts.left_out(row, self._habit)).whole()
                if not text and not room and self._habit.thinks:
                    text = Written(self.generate(prompts[place], max_new_tokens=max_new_tokens, stop=stop)).whole()
                if stop.is_set():
                    return
                yield place, text

    def _write_batch(
        self, prompts: Sequence[torch.Tensor], max_new_tokens: int, stop: threading.Event
    ) -> list[Generator[str, None, Ended]] | None:
        """Write the answers to some prompts in step, each of one piece; None where it was stopped."""
        longest = max(len(tokens) for tokens in prompts)
        padding = self._padding_token()
        rows = torch.full((len(prompts), longest), padding)
        mask = torch.zeros_like(rows)
        for row, tokens in enumerate(prompts):
            rows[row, longest - len(tokens) :] = tokens  # on the left, so that all answers begin at one place
            mask[row, longest - len(tokens) :] = 1
        try:
            with self._alone(stop), self._writing():
                written = self._model.generate(
                    input_ids=rows.to(self._model.device),
                    attention_mask=mask.to(self._model.device),
                    stopping_criteria=StoppingCriteriaList([_WhenStopped((stop,))]),
                    max_new_tokens=max_new_tokens,
                    pad_token_id=padding,
                    **_GREEDY,
                )
        except _Stopped:
            return None
        except (RuntimeError, ValueError) as error:
            raise self._failure("writing", error) from error
        if stop.is_set():
            return None
        new = written[:, longest:]
        ended = torch.isin(new, torch.tensor(self._end_tokens(), device=new.device)).any(dim=1).tolist()
        texts = self._tokenizer.batch_decode(new, skip_special_tokens=True)
        return [
            _piece(text, Ended("stop" if by_itself else "length")) for text, by_itself in zip(texts, ended, strict=True)
        ]

    def _padding_token(self) -> int:
        if self._tokenizer.pad_token_id is not None:
            return int(self._tokenizer.pad_token_id)
        return self._end_tokens()[0]

    def _end_tokens(self) -> list[int]:
        """Return the tokens that end an answer; the first one there is, where the model names none."""
        ends: Any = self._model.generation_config.eos_token_id
        return [int(each) for each in ends] if isinstance(ends, list) else [int(ends or 0)]

    def _write(
        self,
        encoded: Any,
        max_new_tokens: int,
        stops: tuple[threading.Event, ...],
        pieces: Queue[str | BaseException | Ended],
    ) -> None:
        """Run one generation in this thread; what is written, and at last how it ended, goes into `pieces`."""
        ended = Ended()
        try:
            with self._alone(*stops), self._writing():
                prefix = self._prefixes.take(encoded["input_ids"][0].tolist())
                self._known = len(prefix.tokens)
                try:
                    written = self._model.generate(
                        **encoded.to(self._model.device),
                        cache=prefix.cache,
                        streamer=_QueueStreamer(self._tokenizer, pieces),
                        stopping_criteria=StoppingCriteriaList([_WhenStopped(stops)]),
                        max_new_tokens=max_new_tokens,
                        **_GREEDY,
                        **self._drafting,
                    )
                    self._prefixes.store(written[0].tolist(), prefix.cache)
                    is_done = int(written[0, -1]) in self._end_tokens()
                    ended = Ended("stop" if is_done else "length")
                except _Stopped:
                    self._prefixes.store(encoded["input_ids"][0].tolist(), prefix.cache)
                finally:
                    self._known = 0
        except _Stopped:  # while it waited
            pass
        except Exception as error:  # noqa: BLE001 - raised again in the reader's thread, as a ModelError
            pieces.put(error)
        finally:
            pieces.put(ended)

    def _encode(self, messages: Sequence[Message]) -> Any:
        return self._tokenizer(self._rendered(messages), add_special_tokens=False, return_tensors="pt")

    def _rendered(self, messages: Sequence[Message]) -> str:
        """Return the prompt as the chat template writes it."""
        shown = messages if self._takes_system else _without_system(messages)
        chat = [{"role": message.role, "content": self._defused(message.content)} for message in shown]
        try:
            return str(
                self._tokenizer.apply_chat_template(
                    chat, add_generation_prompt=True, tokenize=False, enable_thinking=False
                )
            )
        except TemplateError as error:
            raise ModelError(
                f"The chat template of the model {self._name} refuses the conversation: {error}. "
                "Name another model with --model."
            ) from error

    def _shows_system_message(self) -> bool:
        """Tell whether the chat template has a place for instructions: some refuse them, some leave them out."""
        instruction = "instructions"
        chat = [{"role": "system", "content": instruction}, {"role": "user", "content": "question"}]
        try:
            return instruction in self._tokenizer.apply_chat_template(chat, tokenize=False)
        except TemplateError:
            return False

    def _defused(self, content: str) -> str:
        """Blank the model's control tokens in text from papers and people, so that none can end or open a message."""
        for token in self._control_tokens:
            content = content.replace(token, " " * len(token))
        return content

    def _only_the_rest(self, prepare: Callable[..., Any]) -> Callable[..., Any]:
        """Leave out of the first step what the cache holds: with drafts, transformers does so in later steps only."""

        @wraps(prepare)
        def prepared(input_ids: Any, **given: Any) -> Any:
            if given.get("is_first_iteration") and given.get("next_sequence_length") is None and self._known:
                given["next_sequence_length"] = input_ids.shape[1] - self._known
            return prepare(input_ids, **given)

        return prepared

    def _leave_when_stopped(self, _module: Any, _inputs: Any) -> None:
        if any(stop.is_set() for stop in self._stops):
            raise _Stopped


def _batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Yield the places of prompts in batches of like length, the shortest first."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) == most or (len(batch) + 1) * lengths[place] > _BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _piece(text: str, ended: Ended) -> Generator[str, None, Ended]:
    yield text
    return ended


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """Put the instructions before the first message of the person's."""
    instructions = "".join(f"{message.content}\n\n" for message in messages if message.role == "system")
    first, *others = [message for message in messages if message.role != "system"]
    return [replace(first, content=instructions + first.content), *others]


class _WhenStopped(StoppingCriteria):
    """Ends a generation between two tokens, for models whose layers are not known by name."""

    def __init__(self, stops: Sequence[threading.Event]) -> None:
        self._stops = stops

    def __call__(self, input_ids: torch.Tensor, _scores: Any, **_: Any) -> Any:
        stopped = any(stop.is_set() for stop in self._stops)
        return torch.full((input_ids.shape[0],), stopped, dtype=torch.bool, device=input_ids.device)


class _QueueStreamer(TextStreamer):
    """Puts finished words into a queue as transformers writes them."""

    def __init__(self, tokenizer: Any, pieces: Queue[str | BaseException | Ended]) -> None:
        super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self._pieces = pieces

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        """Take the next piece of text."""
        self._pieces.put(text)
