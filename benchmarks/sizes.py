"""Libraries of any size out of one file of papers, made once and stored in a folder."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from assistant.library import Library, insert_papers
from assistant.protocols import Embedder, Vectors
from assistant.search import FINGERPRINT
from assistant.search.embedding_queue import embedded_text
from assistant.types import Authorship, Paper
from benchmarks import measuring

DROPPED, SWAPPED = 0.1, 0.1
"""Shares of the words of a repeated paper that are left out, and that are put in from another paper."""

NEAR = 0.8
"""Cosine of a repeated paper's vector with the one it was made from, about; papers on one subject have less."""

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Corpus:
    """Papers of a file, and the vectors of the first of them, shape (n, dimension)."""

    papers: Sequence[Paper]
    vectors: Vectors
    fingerprint: str


def read(file: Path, embedder: Embedder, embedded: int, folder: Path) -> Corpus:
    """Read a file's papers and embed the first `embedded` of them; the folder keeps their vectors for the next time."""
    found = [paper for paper in measuring.read_papers(file) if paper.abstract]
    tag = hashlib.sha256(embedder.fingerprint.encode()).hexdigest()[:12]
    parts = []
    for start in range(0, min(embedded, len(found)), _AT_ONCE):
        texts = [embedded_text(paper) for paper in found[start : start + _AT_ONCE]]
        part = folder / f"{file.name.partition('.')[0]}-{tag}-{start:06}.npy"
        if not part.exists():
            print(f"embedding papers {start} to {start + len(texts)}", flush=True)
            np.save(part, embedder.embed(texts).astype(np.float16))
        parts.append(np.load(part).astype(np.float32))
    return Corpus(found, np.concatenate(parts)[:embedded], embedder.fingerprint)


def library(corpus: Corpus, size: int, folder: Path) -> Path:
    """Return the folder of a library of that size, which is made where it is not there yet.

    Papers beyond the file's are its own again with noise, and so are vectors beyond those embedded. They are written
    straight to the tables that a search reads: deciding which of them are the same is not what is measured.
    """
    target = folder / f"library-{size}"
    if target.exists():
        return target
    making = folder / "library-making"
    shutil.rmtree(making, ignore_errors=True)
    opened = Library(making)
    opened.set_metadata(FINGERPRINT, corpus.fingerprint)
    rows = islice(_endless(corpus), size)
    while batch := list(islice(rows, _AT_ONCE)):
        with opened.transaction() as connection:
            insert_papers(connection, [paper for paper, _ in batch])
        measuring.store_vectors(opened, [paper.id for paper, _ in batch], np.stack([vector for _, vector in batch]))
    opened.close()
    return making.rename(target)


def _endless(corpus: Corpus) -> Iterator[tuple[Paper, Vectors]]:
    """Yield each paper with its vector, then all of them again and again, never the same twice; the same every time."""
    number = 0
    while True:
        for place, paper in enumerate(corpus.papers):
            chance = np.random.default_rng(number)
            origin = corpus.vectors[place % len(corpus.vectors)]
            vector = origin if number < len(corpus.vectors) else _noisy(origin, chance)
            if number >= len(corpus.papers):
                paper = _varied(paper, corpus.papers, chance)
            yield replace(paper, id=f"sized:{number}"), vector
            number += 1


def _varied(paper: Paper, others: Sequence[Paper], chance: np.random.Generator) -> Paper:
    """Return a paper with some words dropped and some of another paper's in, and with other papers' authors."""
    foreign = others[int(chance.integers(len(others)))].abstract.split()
    groups = [others[place].authors for place in chance.integers(len(others), size=5).tolist()]
    people = dict.fromkeys(str(chance.choice(names)) for names in groups if names)
    return replace(
        paper,
        title=_reworded(paper.title, foreign, chance),
        abstract=_reworded(paper.abstract, foreign, chance),
        authorships=tuple(Authorship(name, position) for position, name in enumerate(people, 1)),
        doi="",
        arxiv_id="",
    )


def _reworded(text: str, foreign: Sequence[str], chance: np.random.Generator) -> str:
    words = text.split()
    fates = chance.random(len(words))
    replacements = chance.integers(len(foreign), size=len(words))
    kept = [
        foreign[other] if fate < DROPPED + SWAPPED else word
        for word, fate, other in zip(words, fates, replacements, strict=True)
        if fate >= DROPPED
    ]
    return " ".join(kept) or text


def _noisy(vector: Vectors, chance: np.random.Generator) -> Vectors:
    noise = chance.standard_normal(len(vector)).astype(np.float32)
    moved: Vectors = NEAR * vector + np.sqrt(1 - NEAR**2) * noise / np.linalg.norm(noise)
    return moved / np.linalg.norm(moved)
