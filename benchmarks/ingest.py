"""Speed of adding papers to a library, beside the obvious way.

`python -m benchmarks.ingest [CORPUS.jsonl.gz] [--papers N] [--rounds N]` runs each way in a process and a folder of its
own, in turn, on the same papers (0 for all of them), and prints papers per second and CPU seconds of each, the ratio,
the memory at two sizes, and how long a second `add` takes. Models are loaded before the clock starts.

The obvious way is sentence-transformers' `encode` at its defaults, then `collection.add`. Ours does more: it records
every paper with its authors in SQLite, finds duplicates, and indexes the words.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from assistant import settings, wiring
from assistant.models import registry
from assistant.types import Progress
from assistant.workspace import Workspace
from benchmarks import measuring

RECORDS_AT_ONCE = 5000
SMALLER = 4
"""The memory is compared with that of this part of the papers."""

Figures = dict[str, float]


class Clock:
    """Seconds since it was made, on the wall and of the processor, of ended child processes too."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), sum(os.times()[:4])

    def read(self) -> Figures:
        """Return both, and the most memory in MB that this process ever held."""
        return {
            "seconds": time.perf_counter() - self._wall,
            "processor": sum(os.times()[:4]) - self._processor,
            "memory": measuring.peak_memory(),
        }


def obvious(file: Path, model_folder: str) -> Figures:
    """Embed all texts, then add them to a collection."""
    import chromadb
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(model_folder)
    with TemporaryDirectory() as folder:
        clock = Clock()
        papers = list(measuring.read_lines(file))
        vectors = model.encode([f"{paper['title']}\n{paper['abstract']}" for paper in papers])
        collection = chromadb.PersistentClient(folder).create_collection("papers", embedding_function=None)
        for start in range(0, len(papers), RECORDS_AT_ONCE):
            batch = papers[start : start + RECORDS_AT_ONCE]
            collection.add(
                ids=[paper["id"] for paper in batch],
                embeddings=vectors[start : start + RECORDS_AT_ONCE],
                documents=[paper["abstract"] for paper in batch],
                metadatas=[{"title": paper["title"], "year": paper.get("year") or 0} for paper in batch],
            )
        return {**clock.read(), "papers": collection.count()}


def ours(file: Path, model_folder: str) -> Figures:
    """Add the file to a fresh library, and add it once more."""
    wiring.quiet_environment()
    recorded = 0.0
    with TemporaryDirectory() as folder:
        chosen = settings.load(library=Path(folder) / "library", embedder=model_folder)
        with Workspace(chosen) as workspace:
            workspace.embedder().embed(["warm"])
            clock = Clock()

            def listen(progress: Progress) -> None:
                nonlocal recorded
                if progress.message == "Embedding" and not recorded:
                    recorded = clock.read()["seconds"]

            workspace.add([file], on_progress=listen)
            papers = workspace.index.count()
        figures = clock.read()  # once the index's process has ended, so that its part is counted
        with Workspace(chosen) as workspace:
            again = Clock()
            workspace.add([file])
            return {**figures, "papers": papers, "recorded": recorded, "again": again.read()["seconds"]}


WAYS: dict[str, Callable[[Path, str], Figures]] = {"obvious": obvious, "ours": ours}


def main(
    corpus: Annotated[Path, typer.Argument()] = measuring.CORPUS,
    papers: Annotated[int, typer.Option(help="How many papers; 0 for all.")] = 2000,
    rounds: int = 2,
) -> None:
    """Run both ways in turn and print what they took."""
    model = wiring.registry(settings.load()).resolve(registry.default_embedder())
    with TemporaryDirectory() as folder:
        file = measuring.first_lines(corpus, papers or None, Path(folder) / "papers.jsonl")
        count = sum(1 for _ in measuring.read_lines(file))
        part = measuring.first_lines(file, count // SMALLER, Path(folder) / "part.jsonl")
        taken: dict[str, list[Figures]] = {way: [] for way in WAYS}
        for number in range(rounds):
            for way, run in WAYS.items():
                taken[way].append(measuring.in_new_process(run, file, model))
                print(f"round {number + 1}, {way}: {_line(taken[way][-1])}", flush=True)
        small = {way: measuring.in_new_process(run, part, model) for way, run in WAYS.items()}
    for figure in ("seconds", "processor"):
        ratios = [a[figure] / b[figure] for a, b in zip(taken["obvious"], taken["ours"], strict=True)]
        print(f"{figure}: ours is {median(ratios):.2f} times as fast ({', '.join(f'{ratio:.2f}' for ratio in ratios)})")
    for way, few in small.items():
        sizes = (f"{one['memory']:.0f} MB at {one['papers']:.0f} papers" for one in (few, taken[way][-1]))
        print(f"memory, {way}: {', '.join(sizes)}")
    again = taken["ours"][-1]["again"]
    print(f"second add of the same file: {again:.1f} s, {count / again:.0f} papers/s")


def _line(figures: Figures) -> str:
    speed = f"{figures['papers'] / figures['seconds']:.1f} papers/s, {figures['seconds']:.1f} s"
    recorded = f"; recorded in {figures['recorded']:.1f} s" if "recorded" in figures else ""
    return f"{speed}, {figures['processor']:.1f} s of processor{recorded}"


if __name__ == "__main__":
    measuring.run(main, __doc__)
