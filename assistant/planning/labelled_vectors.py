"""Vectors of labelled requests, made once a library and embedding model."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from assistant.library import Library
from assistant.protocols import Embedder, Vectors


class LabelledVectors:
    """The vectors of some texts that ship with the program, kept in the library."""

    def __init__(self, library: Library, embedder: Embedder) -> None:
        self._library = library
        self._embedder = embedder
        self._lock = threading.Lock()
        self._made: dict[str, Vectors] = {}

    def of(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of these texts, shape (n, d), in half precision's digits."""
        said = " ".join([self._embedder.fingerprint, *texts])
        name = f"requests {hashlib.sha256(said.encode()).hexdigest()[:16]}"
        with self._lock:
            if name not in self._made:
                kept = self._library.metadata(name)
                if kept is None:
                    vectors: Any = self._embedder.embed(texts)
                    self._library.set_metadata(name, base64.b64encode(vectors.astype(np.float16).tobytes()).decode())
                else:
                    vectors = np.frombuffer(base64.b64decode(kept), np.float16).reshape(len(texts), -1)
                self._made[name] = vectors.astype(np.float32)
            return self._made[name]
