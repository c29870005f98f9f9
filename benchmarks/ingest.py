"""How fast papers get into a library, beside the obvious way to do it.

`python -m benchmarks.ingest [CORPUS.jsonl.gz] [--papers N] [--rounds N]` runs each way in a process and a folder of its
own, in turn, on the same papers (0 for all of them), and prints papers per second and CPU seconds of each, the ratio,
the memory at two sizes, and how long a second `add` takes. Models are loaded before the clock starts.

The obvious way is sentence-transformers' `encode` at its defaults, then `collection.add`. Ours does more: it records
every paper with its authors in SQLite, finds duplicates, and indexes the words.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

CORPUS = Path("../shared/corpora/mlanthology-30k.jsonl.gz")
PAPERS = 2000
ROUNDS = 2
RECORDS_AT_ONCE = 5000
SMALLER = 4
"""The memory is compared with that of this part of the papers."""

Figures = dict[str, float]


def obvious(file: Path, folder: Path, model_folder: str) -> Figures:
    """Embed all texts, then add them to a collection."""
    import chromadb
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(model_folder)
    clock = Clock()
    with file.open(encoding="utf-8") as lines:
        papers = [json.loads(line) for line in lines]
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


def ours(file: Path, folder: Path, model_folder: str) -> Figures:
    """Add the file to a fresh library, and add it once more."""
    from assistant import settings
    from assistant.types import Progress
    from assistant.wiring import quiet_environment
    from assistant.workspace import Workspace

    quiet_environment()
    chosen = settings.load(library=folder, embedder=model_folder)
    recorded = 0.0
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


WAYS: dict[str, Callable[[Path, Path, str], Figures]] = {"obvious": obvious, "ours": ours}


class Clock:
    """Seconds since it was made, on the wall and of the processor."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), _processor_seconds()

    def read(self) -> Figures:
        """Return both, and the most memory in MB that this process ever held."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # a child's would count ours, from before its start
        return {
            "seconds": time.perf_counter() - self._wall,
            "processor": _processor_seconds() - self._processor,
            "memory": peak / (1024 if sys.platform != "darwin" else 1024**2),
        }


def _processor_seconds() -> float:
    """Return the seconds of processor of this process and of those that it started and that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def measure(way: str, file: Path, model_folder: str) -> Figures:
    """Run one way in a fresh process and folder."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.ingest", "--way", way, "--folder", folder, "--model", model_folder]
        done = subprocess.run([*command, str(file)], stdout=subprocess.PIPE, text=True, check=True)
        figures: Figures = json.loads(done.stdout.splitlines()[-1])
        return figures


def main() -> None:
    """Print the figures of both ways."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest")
    parser.add_argument("corpus", type=Path, nargs="?", default=CORPUS)
    parser.add_argument("--papers", type=int, default=PAPERS, help="how many papers; 0 for all")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    for name in ("--way", "--folder", "--model"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.way:
        print(json.dumps(WAYS[chosen.way](chosen.corpus, Path(chosen.folder) / "library", chosen.model)))
    else:
        compare(chosen)


def compare(chosen: argparse.Namespace) -> None:
    """Run both ways in turn and print what they took."""
    from assistant import settings
    from assistant.models.registry import default_embedder
    from assistant.wiring import registry

    model = registry(settings.load()).resolve(default_embedder())
    with TemporaryDirectory() as name, gzip.open(chosen.corpus, "rt", encoding="utf-8") as corpus:
        lines = list(islice(corpus, chosen.papers or None))
        file, part = Path(name) / "papers.jsonl", Path(name) / "part.jsonl"
        file.write_text("".join(lines), encoding="utf-8")
        part.write_text("".join(lines[: len(lines) // SMALLER]), encoding="utf-8")
        rounds: dict[str, list[Figures]] = {way: [] for way in WAYS}
        for number in range(chosen.rounds):
            for way, found in rounds.items():
                found.append(measure(way, file, model))
                print(f"round {number + 1}, {way}: {_line(found[-1])}", flush=True)
        small = {way: measure(way, part, model) for way in WAYS}
    for figure in ("seconds", "processor"):
        ratios = [a[figure] / b[figure] for a, b in zip(rounds["obvious"], rounds["ours"], strict=True)]
        print(f"{figure}: ours is {median(ratios):.2f} times as fast ({', '.join(f'{ratio:.2f}' for ratio in ratios)})")
    for way, less in small.items():
        large = rounds[way][-1]
        print(f"memory, {way}: {less['memory']:.0f} MB at {less['papers']:.0f} papers, ", end="")
        print(f"{large['memory']:.0f} MB at {large['papers']:.0f}")
    last = rounds["ours"][-1]
    print(f"second add of the same file: {last['again']:.1f} s, {len(lines) / last['again']:.0f} papers/s")


def _line(figures: dict[str, Any]) -> str:
    text = f"{figures['papers'] / figures['seconds']:.1f} papers/s, {figures['seconds']:.1f} s, "
    text += f"{figures['processor']:.1f} s of processor"
    if "recorded" in figures:
        text += f"; recorded in {figures['recorded']:.1f} s, vectors and index in the rest"
    return text


if __name__ == "__main__":
    main()
