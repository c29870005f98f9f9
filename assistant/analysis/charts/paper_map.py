"""A map of papers: a place on a plane for each, so that papers of like meaning lie near each other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assistant.protocols import Vectors

MOST_PAPERS = 2000
"""Papers that are drawn; of more, a sample that the ids decide. Points lie on each other otherwise."""

FEWEST_NEIGHBOURS = 30
"""Papers from which on neighbourhoods say more than the two directions in which the papers differ most."""

_PERPLEXITY = 30.0
_DIMENSIONS = 50
_STEPS = 400


@dataclass(frozen=True, slots=True)
class Place:
    """Where a paper lies: both from 0 to 1. The directions mean nothing, only nearness does."""

    paper_id: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class PaperMap:
    """The places of the papers, by id, and by which method they were found. `left_out` papers were not sampled."""

    places: tuple[Place, ...]
    method: Literal["PCA", "t-SNE"]
    left_out: int = 0


def lay_out(vectors: Mapping[str, Vectors]) -> PaperMap:
    """Return a place for each paper; the same papers get the same places in whatever order they come.

    `vectors` are unit vectors of one length by id. Few papers are projected on their two principal components, more
    are laid out by t-SNE (van der Maaten and Hinton, Journal of Machine Learning Research 9, 2008), which keeps
    neighbours together and begins from the same projection, so that nothing in it is random (Kobak and Berens, Nature
    Communications 10, 2019).
    """
    ids = sorted(sorted(vectors, key=_digest)[:MOST_PAPERS])
    left_out = len(vectors) - len(ids)
    if not ids:
        return PaperMap((), "PCA")
    matrix = np.stack([vectors[paper_id] for paper_id in ids]).astype(np.float64)
    is_many = len(ids) >= FEWEST_NEIGHBOURS and len(np.unique(matrix, axis=0)) > 1
    flat = _neighbours(matrix) if is_many else _principal(matrix, 2)
    places = tuple(Place(paper_id, float(x), float(y)) for paper_id, (x, y) in zip(ids, _scaled(flat), strict=True))
    return PaperMap(places, "t-SNE" if is_many else "PCA", left_out)


def _digest(paper_id: str) -> bytes:
    return hashlib.sha256(paper_id.encode()).digest()


def _principal(matrix: NDArray[np.float64], dimensions: int) -> NDArray[np.float64]:
    """Return the first principal components, shape (n, dimensions); zeros where the papers differ in fewer ways."""
    from sklearn.decomposition import PCA

    found = np.zeros((len(matrix), dimensions))
    most = min(dimensions, len(matrix) - 1, matrix.shape[1])
    if most > 0 and matrix.std(axis=0).any():
        found[:, :most] = PCA(most, svd_solver="full").fit_transform(matrix)
    return found


def _neighbours(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a plane on which neighbours stay neighbours, shape (n, 2)."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(_PERPLEXITY, (len(matrix) - 1) / 3)
    with threadpool_limits(1):  # several threads wait for each other on a busy machine, ten times as long as they work
        few = _principal(matrix, min(_DIMENSIONS, len(matrix) - 1, matrix.shape[1]))
        plane = TSNE(2, perplexity=perplexity, init="pca", random_state=0, max_iter=_STEPS, n_jobs=1)
        return np.asarray(plane.fit_transform(few), np.float64)


def _scaled(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the places so that each direction goes from 0 to 1; a direction without differences stays at a half."""
    low, high = flat.min(axis=0), flat.max(axis=0)
    spread = high - low
    is_flat = spread < 1e-9
    return np.where(is_flat, 0.5, (flat - low) / np.where(is_flat, 1.0, spread))
