"""Duration of searches in libraries of several sizes, and recall of the vector index.

`python -m benchmarks.search_speed [PAPERS] [--sizes 1000 ...] [--keep FOLDER]` makes libraries out of the papers of one
file and measures each in a process of its own, so that its memory and its first search are its own too. --keep names a
folder that keeps vectors and libraries for the next time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer

from assistant import settings, wiring
from assistant.library import Library
from assistant.protocols import Embedder
from assistant.search import Retriever
from assistant.types import Paper, PaperFilter
from assistant.workspace import Workspace
from benchmarks import measuring, sizes

SIZES = (1_000, 10_000, 30_000, 150_000)
QUESTIONS = 120
WARMING = 40
"""Questions asked before those that are timed: the index of words keeps in memory what was asked for."""
NEAREST = 20
"""How many nearest papers must be the right ones."""
PASSAGES = 8

FILTERS: dict[str, Callable[[Paper], PaperFilter]] = {
    "no filter": lambda _: PaperFilter(),
    "author": lambda paper: PaperFilter(author=paper.authors[0] if paper.authors else "Wang"),
    "family name": lambda paper: PaperFilter(author=paper.authors[0].split()[-1] if paper.authors else "Wang"),
    "since 2010": lambda _: PaperFilter(since=2010),
    "one year": lambda paper: PaperFilter(since=paper.year, until=paper.year),
    "Wang since 2015": lambda _: PaperFilter(author="Wang", since=2015),
}

Asked = tuple[str, Paper]
"""A question and the paper that it was made from, whose author and year the filters name."""


def questions(library: Library, count: int) -> list[Asked]:
    """Make questions: titles with a third of their words gone, phrases of abstracts, and questions as people ask."""
    spoken = (measuring.DATA / "spoken_questions.txt").read_text(encoding="utf-8").splitlines()
    chance = np.random.default_rng(1)
    numbers = chance.choice(library.count(), count, replace=False)
    made = []
    for place, paper in enumerate(library.papers_by_id([f"sized:{number}" for number in numbers])):
        if place % 2:
            text = " ".join(word for word in paper.title.split() if chance.random() > 1 / 3) or paper.title
        else:
            words = paper.abstract.split()
            start = int(chance.integers(max(1, len(words) - 10)))
            text = " ".join(words[start : start + int(chance.integers(6, 15))])
        made.append((text if place % 6 else spoken[place // 6 % len(spoken)], paper))
    return made


def measure(folder: Path) -> None:
    """Print what searches in one library take."""
    wiring.quiet_environment()
    with Workspace(settings.load(library=folder)) as workspace:
        library, embedder, retriever = workspace.library, workspace.embedder(), workspace.assistant.retriever
        embedder.embed(["warm"])
        before = measuring.peak_memory()
        made = questions(library, min(WARMING + QUESTIONS, library.count()))
        warming, asked = made[:WARMING], made[WARMING:]
        print(f"{library.count():,} papers")
        _time("first of the process", retriever, [(warming[0][0], PaperFilter())])
        _time(f"next {WARMING - 1}", retriever, [(text, PaperFilter()) for text, _ in warming[1:]])
        for name, of_paper in FILTERS.items():
            _time(name, retriever, [(text, of_paper(paper)) for text, paper in asked])
        print(f"  recall@{NEAREST} of the index {recall(library, workspace.index, embedder, asked):.4f}")
        print(f"  memory {before:,.0f} MB before, {measuring.peak_memory():,.0f} MB after (most so far)", flush=True)


def _time(name: str, retriever: Retriever, asked: Sequence[tuple[str, PaperFilter]]) -> None:
    taken = []
    for text, filters in asked:
        started = time.perf_counter()
        retriever.search(text, PASSAGES, filters)
        taken.append(1000 * (time.perf_counter() - started))
    middle, late = np.percentile(taken, [50, 95])
    print(f"  {name:20} p50 {middle:6.1f}  p95 {late:6.1f} ms", flush=True)


def recall(library: Library, index: Any, embedder: Embedder, asked: Sequence[Asked]) -> float:
    """Return the share of the nearest papers, by comparing with every vector, that the index finds."""
    _, ids, vectors = library.numbered_vectors()
    shares = []
    for vector in embedder.embed([text for text, _ in asked]):
        similarities = vectors @ vector
        least = np.partition(similarities, -NEAREST)[-NEAREST]
        right = {ids[row] for row in np.flatnonzero(similarities >= least)}
        shares.append(sum(match.id in right for match in index.query(vector, NEAREST)) / NEAREST)
    return float(np.mean(shares))


def main(
    papers: Annotated[Path, typer.Argument()] = measuring.CORPUS,
    size: Annotated[list[int] | None, typer.Option("--sizes")] = None,
    embed: Annotated[int, typer.Option(help="How many of the papers are embedded for real.")] = 30_000,
    keep: Path | None = None,
) -> None:
    """Make the libraries, where they are not there yet, and measure each."""
    with TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        corpus = sizes.read(papers, wiring.load_embedder(settings.load()), embed, folder)
        print(
            f"{papers.name}: {len(corpus.papers):,} papers, {len(corpus.vectors):,} of them embedded. The others are "
            f"the same with words dropped ({sizes.DROPPED:.0%}) and swapped ({sizes.SWAPPED:.0%}), authors mixed and "
            f"vectors turned away (cosine {sizes.NEAR}).\n{QUESTIONS} questions a line. "
            f"Load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.",
            flush=True,
        )
        for count in sorted(size or SIZES):
            measuring.in_new_process(measure, sizes.library(corpus, count, folder))


if __name__ == "__main__":
    measuring.run(main, __doc__)
