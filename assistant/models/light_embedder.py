"""Light embedder: vectors of single texts by NumPy, so that a question waits for neither torch nor transformers.

It computes what `TransformerEmbedder` computes, from the same files, for the models that it knows: BERT (Devlin et al.,
2019) whose tokens' mean is the vector, as sentence-transformers keeps it. See E28 in docs/experiments.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from threadpoolctl import ThreadpoolController
from tokenizers import Tokenizer

from assistant.models.convert import read_manifest
from assistant.protocols import Embedder, Vectors

MAX_TOKENS = 512
"""Longer texts are cut here; see E9 in docs/experiments."""

_KINDS = ["Transformer", "Pooling", "Normalize"]
_WORDS = "embeddings.word_embeddings.weight"


class LightEmbedder:
    """Embeds single texts with an encoder, and several with another embedder of the same model.

    That one is loaded by `load` when it is needed first.
    """

    def __init__(self, encoder: BertEncoder, load: Callable[[], Embedder]) -> None:
        self._encoder = encoder
        self._load = load
        self._loading = threading.Lock()
        self._loaded: Embedder | None = None

    @property
    def fingerprint(self) -> str:
        """Identify model, weights and text handling, as the other embedder does."""
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        """Return the length of every vector."""
        return self._encoder.dimension

    @property
    def placement(self) -> Mapping[str, str]:
        """Return where the model runs, part by part; one entry, "", when all of it is in one place."""
        return getattr(self._loaded, "placement", None) or {"": "cpu"}

    @property
    def dtype(self) -> str:
        """Return the number format of the weights."""
        return str(getattr(self._loaded, "dtype", "float32"))

    @property
    def memory(self) -> int:
        """Return the bytes that the weights take, as far as they are loaded."""
        return self._encoder.memory + int(getattr(self._loaded, "memory", 0))

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), dimension), float32. Raises ModelError."""
        return self._encoder.vector(texts[0])[None] if len(texts) == 1 else self._whole().embed(texts)

    def embed_many(self, texts: Iterable[str]) -> Generator[tuple[list[int], Vectors], None, None]:
        """Yield the texts' vectors batch by batch, shape (n, dimension), with their positions. Raises ModelError."""
        remaining = iter(texts)
        for first in remaining:  # where there is none, nothing need be loaded
            yield from self._whole().embed_many(chain([first], remaining))

    def _whole(self) -> Embedder:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded


class BertEncoder:
    """The BERT in a folder of sentence-transformers, in float32. `find` tells whether a folder holds one."""

    def __init__(self, folder: Path, config: Mapping[str, Any], limit: int) -> None:
        self._config = config
        self._file = str(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._alone = threading.Lock()  # two limits that overlap would leave the lower one
        tokens = min(MAX_TOKENS, max(limit, config["max_position_embeddings"]))
        self._tokenizer.enable_truncation(tokens)
        self.dimension = int(config["hidden_size"])
        """The length of every vector."""
        self.fingerprint = fingerprint(weights_identity(folder), tokens)
        """Identifies model, weights and text handling."""
        with safe_open(self._file, "np") as file:
            if file.get_slice(_WORDS).get_dtype() != "F32":
                raise ValueError("The weights are not in float32.")

    @classmethod
    def find(cls, model: str) -> BertEncoder | None:
        """Return the encoder in a model's folder; None where that holds another kind of model, or is none."""
        folder = Path(model)
        try:
            kinds = [module["type"].rpartition(".")[2] for module in _read(folder / "modules.json")]
            config, own = _read(folder / "config.json"), _read(folder / "sentence_bert_config.json")
            pooling = _read(folder / "1_Pooling" / "config.json")
            modes = [name for name, is_used in pooling.items() if name.startswith("pooling_mode_") and is_used is True]
            prompts = folder / "config_sentence_transformers.json"
            is_known = (
                kinds == _KINDS[: len(kinds)]
                and (config["architectures"], config["hidden_act"]) == (["BertModel"], "gelu")
                and config.get("position_embedding_type", "absolute") == "absolute"
                and (pooling.get("pooling_mode") == "mean" or modes == ["pooling_mode_mean_tokens"])
                and not own.get("do_lower_case")
                and not (prompts.exists() and _read(prompts).get("default_prompt_name"))
            )
            limit = own.get("max_seq_length") or _read(folder / "tokenizer_config.json")["model_max_length"]
            return cls(folder, config, int(limit)) if is_known else None
        except (OSError, ValueError, KeyError, TypeError, SafetensorError):
            return None

    def vector(self, text: str) -> Vectors:
        """Return the unit vector of a text, shape (dimension,). On one core: two would wait for each other."""
        with self._alone, self._cores.limit(limits=1, user_api="blas"):
            return self._vector(text)

    def _vector(self, text: str) -> Vectors:
        ids = self._tokenizer.encode(text).ids
        with safe_open(self._file, "np") as file:
            words = file.get_slice(_WORDS)
            state = np.stack([words[token] for token in ids])
        state += self._weights["embeddings.position_embeddings.weight"][: len(ids)]
        state = self._normed(
            state + self._weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm"
        )
        for number in range(self._config["num_hidden_layers"]):
            layer = f"encoder.layer.{number}"
            read = self._linear(self._attended(state, f"{layer}.attention.self"), f"{layer}.attention.output.dense")
            state = self._normed(read + state, f"{layer}.attention.output.LayerNorm")
            wide = _gelu(self._linear(state, f"{layer}.intermediate.dense"))
            state = self._normed(self._linear(wide, f"{layer}.output.dense") + state, f"{layer}.output.LayerNorm")
        mean: Vectors = state.mean(axis=0)
        unit: Vectors = mean / np.linalg.norm(mean).clip(1e-12)
        return unit

    @property
    def memory(self) -> int:
        """Return the bytes of the weights that were read; the table of words stays on disk."""
        read: Mapping[str, Vectors] = vars(self).get("_weights", {})
        return sum(weights.nbytes for weights in read.values())

    @cached_property
    def _cores(self) -> ThreadpoolController:
        return ThreadpoolController()

    @cached_property
    def _weights(self) -> dict[str, Vectors]:
        """Return all weights but those of the vocabulary, of which a text needs a few rows."""
        with safe_open(self._file, "np") as file:
            return {name: file.get_tensor(name) for name in file.keys() if name != _WORDS}  # noqa: SIM118 - no mapping

    def _linear(self, state: Vectors, name: str) -> Vectors:
        return state @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normed(self, state: Vectors, name: str) -> Vectors:
        centred = state - state.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self._config["layer_norm_eps"])
        normed: Vectors = centred / deviation * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return normed

    def _attended(self, state: Vectors, name: str) -> Vectors:
        """Return what each token reads from all others, shape (tokens, dimension)."""
        heads = self._config["num_attention_heads"]
        query, key, value = (
            self._linear(state, f"{name}.{part}").reshape(len(state), heads, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(query.shape[-1]))
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        attended: Vectors = (shares @ value).transpose(1, 0, 2).reshape(state.shape)
        return attended


def fingerprint(identity: str, tokens: int) -> str:
    """Identify a model, its weights and how its texts are handled: vectors of two fingerprints are never mixed."""
    return f"{identity} tokens={tokens} template=title+abstract"


def weights_identity(folder: Path) -> str:
    """Name a model by its weights, so that a moved folder is the same model; "" where no weights lie there.

    Of a prepared model the checksums are known; others' files are read whole.
    """
    weights = sorted(folder.glob("*.safetensors"))
    manifest = read_manifest(folder)
    known = {file.path: file.sha256 for file in manifest.files} if manifest else {}
    checksum = hashlib.sha256()
    for path in weights:
        checksum.update(bytes.fromhex(known[path.name]) if path.name in known else _checksum(path))
    return f"weights={checksum.hexdigest()[:16]}" if weights else ""


def _checksum(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _gelu(values: Vectors) -> Vectors:
    """Return values * Phi(values); erf by Abramowitz and Stegun, formula 7.1.26, whose error is below 2e-7."""
    size = np.abs(values) / np.float32(np.sqrt(2))
    part = 1 / (1 + np.float32(0.3275911) * size)
    series = np.zeros_like(part)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + np.float32(factor)) * part
    erf = np.sign(values) * (1 - series * np.exp(-size * size))
    return np.asarray(values * (1 + erf) / 2, np.float32)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
