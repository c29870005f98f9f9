"""How long a search takes in libraries of 1,000 to 150,000 papers, part by part, and what the index misses.

Printed by `python -m benchmarks.retrieval` when no collection is named. Each size is measured in a process of its own,
so that its memory and its first search are its own too.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from assistant import settings, wiring
from assistant.library import Library
from assistant.models import registry
from assistant.models.embedder import TransformerEmbedder
from assistant.protocols import Embedder
from assistant.search import PersistentIndex, Retriever
from assistant.types import Paper, PaperFilter
from benchmarks import sizes
from vectorstore import ChromaFolders

SIZES = (1_000, 10_000, 30_000, 150_000)
QUESTIONS = 120
WARMING = 40
"""Questions asked before those that are timed: the index of words keeps in memory what was asked for."""
NEAREST = 20
"""How many nearest papers must be the right ones."""

PASSAGES = 8
PARTS = ("embed", "numbers", "query", "text_search", "vectors")

SPOKEN = (
    "How can neural networks be made robust against adversarial examples?",
    "What is known about the convergence of stochastic gradient descent for non-convex problems?",
    "Which methods reduce the memory that training a large language model needs?",
    "How do graph neural networks lose information in deep layers?",
    "What are good ways to measure uncertainty in deep learning?",
    "Does pretraining on images help reinforcement learning?",
    "How is fairness defined when labels are biased?",
    "What is the sample complexity of learning a kernel?",
    "Which approaches translate speech without transcripts?",
    "Why do transformers need positional encodings?",
    "How do bandits deal with delayed feedback?",
    "What helps object detection in bad weather?",
    "Can a model forget the data of one user?",
    "Which papers study causal discovery from time series?",
    "How are diffusion models made faster?",
    "What is the best way to label data with little money?",
    "Are there results on privacy in federated learning with few clients?",
    "How can knowledge graphs improve question answering?",
    "Which data sets are used for medical image segmentation?",
    "What are the limits of contrastive learning?",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the paper that it was made from, whose author and year the filters name."""

    text: str
    paper: Paper


@dataclass
class Clock:
    """Adds up the seconds that each part of a search takes."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def watched(self, target: Any, *names: str) -> Any:
        """Return an object that does what the target does and tells the clock how long the named methods take."""
        clock = self

        class Watched:
            def __getattr__(self, name: str) -> Any:
                value = getattr(target, name)
                return clock.timed(name, value) if name in names else value

        return Watched()

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that works as the given one and notes the seconds under a name."""

        def run(*values: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return work(*values, **named)
            finally:
                self.seconds[name] += time.perf_counter() - started

        return run


def questions(library: Library, count: int) -> list[Asked]:
    """Make questions: titles with a third of their words gone, phrases of abstracts, and questions as people ask."""
    chance = np.random.default_rng(1)
    numbers = chance.choice(library.count(), count, replace=False)
    found = []
    for place, paper in enumerate(library.papers_by_id([f"sized:{number}" for number in numbers])):
        words = paper.title.split() if place % 2 else paper.abstract.split()
        if place % 2:
            text = " ".join(word for word in words if chance.random() > 1 / 3) or paper.title
        else:
            start = int(chance.integers(max(1, len(words) - 10)))
            text = " ".join(words[start : start + int(chance.integers(6, 15))])
        is_spoken = place % 6 == 0
        found.append(Asked(SPOKEN[place // 6 % len(SPOKEN)] if is_spoken else text, paper))
    return found


FILTERS: dict[str, Callable[[Paper], PaperFilter]] = {
    "no filter": lambda _: PaperFilter(),
    "author": lambda paper: PaperFilter(author=paper.authors[0] if paper.authors else "Wang"),
    "family name": lambda paper: PaperFilter(author=paper.authors[0].split()[-1] if paper.authors else "Wang"),
    "since 2010": lambda _: PaperFilter(since=2010),
    "one year": lambda paper: PaperFilter(since=paper.year, until=paper.year),
    "Wang since 2015": lambda _: PaperFilter(author="Wang", since=2015),
}


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Library, PersistentIndex]]:
    """Open a library and its index."""
    with closing(Library(folder)) as library, closing(PersistentIndex(library, ChromaFolders(folder))) as index:
        yield library, index


def load_embedder() -> Embedder:
    """Load the default embedding model."""
    chosen = settings.load()
    return TransformerEmbedder(wiring.registry(chosen).resolve(chosen.embedder or registry.default_embedder()))


def measure(folder: Path) -> None:
    """Print what searches in one library take."""
    embedder = load_embedder()
    embedder.embed(["warm"])
    before = _memory()
    with opened(folder) as (library, index):
        clock = Clock()
        made = questions(library, min(WARMING + QUESTIONS, library.count()))
        warming, asked = made[:WARMING], made[WARMING:]
        retriever = Retriever(
            clock.watched(library, "numbers", "text_search", "vectors"),
            clock.watched(index, "query"),
            clock.watched(embedder, "embed"),
        )
        print(f"{library.count():,} papers")
        started = time.perf_counter()
        retriever.search(warming[0].text, PASSAGES)
        print(f"  first search of the process {_ms(time.perf_counter() - started)} ms: {_ms_of(clock.seconds)}")
        _measure_filter(f"next {WARMING - 1}", [(each.text, PaperFilter()) for each in warming[1:]], retriever, clock)
        for name, of_paper in FILTERS.items():
            _measure_filter(name, [(each.text, of_paper(each.paper)) for each in asked], retriever, clock)
        print(f"  recall@{NEAREST} of the index {recall(library, index, embedder, asked):.4f}")
        print(f"  memory {before:,.0f} MB before, {_memory():,.0f} MB after (most so far)", flush=True)


def _measure_filter(name: str, asked: Sequence[tuple[str, PaperFilter]], retriever: Retriever, clock: Clock) -> None:
    totals, parts = [], []
    for text, chosen in asked:
        clock.seconds.clear()
        started = time.perf_counter()
        retriever.search(text, PASSAGES, chosen)
        totals.append(time.perf_counter() - started)
        parts.append(dict(clock.seconds))
    middle, late = np.percentile(totals, [50, 95])
    medians = {part: float(np.median([each.get(part, 0.0) for each in parts])) for part in PARTS}
    print(f"  {name:16} p50 {_ms(middle)}  p95 {_ms(late)} ms   medians: {_ms_of(medians)}", flush=True)


def recall(library: Library, index: PersistentIndex, embedder: Embedder, asked: Sequence[Asked]) -> float:
    """Return the share of the nearest papers, by comparing with every vector, that the index finds."""
    _, ids, vectors = library.numbered_vectors()
    shares = []
    for each in asked:
        vector = embedder.embed([each.text])[0]
        similarities = vectors @ vector
        least = np.partition(similarities, -NEAREST)[-NEAREST]
        right = {ids[row] for row in np.flatnonzero(similarities >= least)}
        found = [match.id for match in index.query(vector, NEAREST)]
        shares.append(sum(paper_id in right for paper_id in found) / NEAREST)
    return float(np.mean(shares))


def run(file: Path, folder: Path, of_sizes: Sequence[int] = SIZES, embedded: int = 30_000) -> None:
    """Make the libraries in a folder, where they are not there yet, and measure each."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus = sizes.read(file, load_embedder(), embedded, folder)
    print(
        f"{file.name}: {len(corpus.papers):,} papers, {len(corpus.vectors):,} of them embedded. Beyond these papers "
        f"and vectors, made ones: the same with words dropped ({sizes.DROPPED:.0%}) and swapped ({sizes.SWAPPED:.0%}), "
        f"authors mixed, vectors turned away (cosine {sizes.NEAR}).\n{QUESTIONS} questions a line. "
        f"Load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
    )
    for size in of_sizes:
        made = sizes.library(corpus, size, folder)
        command = [sys.executable, "-m", "benchmarks.search_speed", str(made)]
        subprocess.run(command, check=True)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:6.1f}"


def _ms_of(parts: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds * 1000:.1f}" for name, seconds in parts.items() if seconds)


def _memory() -> float:
    """Return the most memory that the process has held, in MB."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (1024 * 1024 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    wiring.quiet_environment()
    for argument in sys.argv[1:]:
        measure(Path(argument))
