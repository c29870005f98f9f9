"""Embedder: unit vectors of texts, by sentence-transformers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from assistant.errors import ModelError
from assistant.models.device import Device, choose, give_memory_back, is_out_of_memory
from assistant.models.light_embedder import MAX_TOKENS, fingerprint, weights_identity
from assistant.protocols import Vectors

_WINDOW = 2048
"""Texts that are sorted by length together: enough that a batch needs next to no padding."""

_TOKENS_AT_ONCE = {"cpu": 2048, "cuda": 65536, "xpu": 65536, "mps": 16384}
_AHEAD = 1
"""Batches that wait for a worker beside those in work: few, because they are still made when an ingest is to rest."""

Features = dict[str, Any]
T = TypeVar("T")


class TransformerEmbedder:
    """Embeds with any sentence-transformers model: a local folder or a hub id.

    Weights are read from safetensors only and no code of the model's is run. `device` is where it runs
    (`device.choose`): of several GPUs that with the most free memory; one whose memory is full leaves it to the CPU.
    Raises ModelError when it cannot be loaded, UsageError for a device that is not here.
    """

    def __init__(self, model: str, *, device: str = "auto") -> None:
        chosen = choose(device, for_one=True)
        try:
            try:
                self._load(model, chosen)
            except RuntimeError as error:
                if device != "auto" or chosen.kind == "cpu" or not is_out_of_memory(error):
                    raise
                chosen = choose("cpu")
                self._load(model, chosen)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError(
                f"The embedding model {model} cannot be loaded: {error}. "
                "Name a sentence-transformers model folder or hub id with --embedder, or another --device."
            ) from error
        self._device = chosen.name
        limit = self._model.get_max_seq_length() or MAX_TOKENS
        transformer: Any = self._model[0]
        positions = getattr(transformer.auto_model.config, "max_position_embeddings", limit)
        self._model.max_seq_length = min(MAX_TOKENS, max(limit, positions))
        transformer.unpad_inputs = False  # batches are cut from padded rows
        commit = getattr(transformer.auto_model.config, "_commit_hash", None)
        self.fingerprint = fingerprint(_identity(model, commit, self.dimension), self._model.max_seq_length)
        """Identifies model, weights and text handling."""
        self._workers = torch.get_num_threads() if chosen.kind == "cpu" else 1

    def _load(self, model: str, device: Device) -> None:
        self._model = SentenceTransformer(
            model,
            device=device.name,
            trust_remote_code=False,
            local_files_only=Path(model).exists(),
            model_kwargs={"dtype": device.dtype, "use_safetensors": True},
        ).eval()

    @property
    def placement(self) -> dict[str, str]:
        """Return where the model runs, under the name of its only part."""
        return {"": str(self._model.device)}

    @property
    def dtype(self) -> str:
        """Return the number format of the weights."""
        return str(self._model.dtype).removeprefix("torch.")

    @property
    def memory(self) -> int:
        """Return the bytes that the weights take."""
        return sum(weights.nbytes for weights in self._model.parameters())

    @property
    def context_tokens(self) -> int:
        """Return how many tokens of a text count."""
        return int(self._model.max_seq_length or MAX_TOKENS)

    @property
    def dimension(self) -> int:
        """Return the length of every vector."""
        return int(self._model.get_embedding_dimension() or 0)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), dimension), float32. Raises ModelError."""
        if len(texts) == 1:  # a question: all cores on one text
            with _errors_for_people():
                return self._vectors(self._tokenized(texts), [0])
        vectors: Vectors = np.empty((len(texts), self.dimension), np.float32)
        for positions, values in self.embed_many(texts):
            vectors[positions] = values
        return vectors

    def embed_many(self, texts: Iterable[str]) -> Generator[tuple[list[int], Vectors], None, None]:
        """Yield the texts' vectors batch by batch, shape (n, dimension), with the positions that they belong to.

        A few thousand texts are taken at a time; among them the longest come first. On a CPU as many batches are in
        work as there are cores: workers that need not wait for each other beat one batch shared by all cores, most of
        all beside other busy programs. Raises ModelError.
        """
        remaining = iter(texts)
        window, start = list(islice(remaining, _WINDOW)), 0
        with closing(_Workers(self._workers)) as workers:
            tokenized = workers.submit(self._tokenized, window)
            running: deque[tuple[list[int], Future[Vectors]]] = deque()
            while window:
                features = _result(tokenized)
                following = list(islice(remaining, _WINDOW))
                tokenized = workers.submit(self._tokenized, following)
                for rows in _batches(
                    features["attention_mask"].sum(dim=1).tolist(), _TOKENS_AT_ONCE[self._model.device.type]
                ):
                    batch = workers.submit(self._vectors, features, rows)
                    running.append(([start + row for row in rows], batch))
                    while len(running) > self._workers + _AHEAD or (running and running[0][1].done()):
                        positions, batch = running.popleft()
                        yield positions, _result(batch)
                start += len(window)
                window = following
            for positions, batch in running:
                yield positions, _result(batch)

    def _tokenized(self, texts: Sequence[str]) -> Features:
        """Return the model's inputs for some texts, padded to the longest, with the model's own prompt before each."""
        prompt = self._model.prompts.get(self._model.default_prompt_name or "")
        return dict(self._model.preprocess(list(texts), prompt=prompt)) if texts else {}

    def _vectors(self, features: Features, rows: Sequence[int]) -> Vectors:
        """Return the unit vectors of some rows of tokenized texts, shape (len(rows), dimension).

        Where a GPU's memory is full, by halves.
        """
        try:
            return self._vectors_at_once(features, rows)
        except RuntimeError as error:
            if self._device == "cpu" or len(rows) == 1 or not is_out_of_memory(error):
                raise
        give_memory_back()
        middle = len(rows) // 2
        return np.concatenate([self._vectors(features, rows[:middle]), self._vectors(features, rows[middle:])])

    @torch.inference_mode()
    def _vectors_at_once(self, features: Features, rows: Sequence[int]) -> Vectors:
        used = features["attention_mask"][rows].any(dim=0)
        state = {name: self._rows(value, rows, used) for name, value in features.items()}
        first, *others = self._model
        state = first(state)
        if not any(True for module in others for _ in module.parameters()):
            state["token_embeddings"] = state["token_embeddings"].float()  # in bfloat16 a mean loses digits
        for module in others:
            state = module(state)
        values = state["sentence_embedding"].float().cpu().numpy()
        unit: Vectors = values / np.linalg.norm(values, axis=1, keepdims=True).clip(1e-12)
        return unit

    def _rows(self, value: Any, rows: Sequence[int], used: torch.Tensor) -> Any:
        """Return these rows of one of the model's inputs, without the columns that only pad, where the model runs."""
        return value[rows][:, used].to(self._device) if isinstance(value, torch.Tensor) else value


class _Workers:
    """Threads that compute on one core each; close them."""

    def __init__(self, count: int) -> None:
        self._all_here = threading.Barrier(count + 1)
        self._threads = ThreadPoolExecutor(count, "embedding", torch.set_num_threads, (1,))
        cores = torch.get_num_threads()
        self._arrivals = [self._threads.submit(self._all_here.wait) for _ in range(count)]
        self._all_here.wait()
        torch.set_num_threads(cores)  # what a worker sets for itself is the default of threads that begin later

    def submit(self, work: Callable[..., T], *values: Any) -> Future[T]:
        """Have a thread do some work."""
        return self._threads.submit(work, *values)

    def close(self) -> None:
        """Drop the work that waits, and wait for that which has begun."""
        self._threads.shutdown(cancel_futures=True)


def _batches(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Cut rows, longest first, into batches of at most so many tokens, padding included; one row may be more."""
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    while order:
        count = max(1, tokens // max(1, lengths[order[0]]))
        yield order[:count]
        order = order[count:]


def _result(work: Future[T]) -> T:
    with _errors_for_people():
        return work.result()


@contextmanager
def _errors_for_people() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        raise ModelError(f"The embedding model failed: {error}. Try again, or with less running beside.") from error


def _identity(model: str, commit: str | None, dimension: int) -> str:
    """Name a model by its weights where they lie in a folder, so that a moved folder is the same model.

    One from the hub is named by the commit that was resolved, where that is known: a branch may move.
    """
    return weights_identity(Path(model)) or f"model={model} commit={commit or 'unknown'} dimension={dimension}"
