"""Texts to unit vectors, by sentence-transformers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from assistant.errors import ModelError
from assistant.placement import best_dtype
from assistant.protocols import Vectors

MAX_TOKENS = 512
"""Longer texts are cut here; measured in docs/EXPERIMENTS.md."""

BATCH_SIZE = 16


class TransformerEmbedder:
    """Embeds with any sentence-transformers model: a local folder or a hub id.

    Weights are read from safetensors only and no code of the model's is run. Raises ModelError when that fails.
    """

    def __init__(self, model: str) -> None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = best_dtype(device)
        try:
            self._model = SentenceTransformer(
                model,
                device=device,
                trust_remote_code=False,
                local_files_only=Path(model).exists(),
                model_kwargs={"dtype": dtype, "use_safetensors": True},
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(
                f"The embedding model {model} cannot be loaded: {error}. "
                "Name a sentence-transformers model folder or hub id with --embedder."
            ) from error
        limit = self._model.get_max_seq_length() or MAX_TOKENS
        transformer: Any = self._model[0]
        positions = getattr(transformer.auto_model.config, "max_position_embeddings", limit)
        self._model.max_seq_length = min(MAX_TOKENS, max(limit, positions))
        commit = getattr(transformer.auto_model.config, "_commit_hash", None)
        self._fingerprint = (
            f"{_identity(model, commit, self.dimension)} tokens={self._model.max_seq_length} template=title+abstract"
        )

    @property
    def fingerprint(self) -> str:
        """Identify model, weights and text handling."""
        return self._fingerprint

    @property
    def placement(self) -> dict[str, str]:
        """Return where the model runs, under the name of its only part."""
        return {"": str(self._model.device)}

    @property
    def dtype(self) -> str:
        """Return the number format of the weights."""
        return str(self._model.dtype).removeprefix("torch.")

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
        try:
            values = self._model.encode(
                list(texts), batch_size=BATCH_SIZE, convert_to_numpy=True, show_progress_bar=False
            ).astype(np.float32)
        except (RuntimeError, MemoryError) as error:
            raise ModelError(f"The embedding model failed: {error}. Try again, or with less running beside.") from error
        unit: Vectors = values / np.linalg.norm(values, axis=1, keepdims=True).clip(
            1e-12
        )  # in bfloat16 a norm is off by 0.2 %
        return unit


def _identity(model: str, commit: str | None, dimension: int) -> str:
    """Name a model by its weights where they lie in a folder, so that a moved folder is the same model.

    One from the hub is named by the commit that was resolved, where that is known: a branch may move.
    """
    weights = sorted(Path(model).glob("*.safetensors"))
    if not weights:
        return f"model={model} commit={commit or 'unknown'} dimension={dimension}"
    checksum = hashlib.sha256()
    for path in weights:
        with path.open("rb") as file:
            checksum.update(hashlib.file_digest(file, "sha256").digest())
    return f"weights={checksum.hexdigest()[:16]}"
