"""Speed of adding papers to a library, beside the obvious way.

`python -m benchmarks.ingest [CORPUS.jsonl.gz] [--papers N] [--rounds N]` runs each way in a process and a folder of its
own, in turn, on the same papers (0 for all of them), and prints papers per second and CPU seconds of each, where
they go, the ratio with its spread, the memory at two sizes, and how long a second `add` takes. Models are loaded before
the clock starts. With `--beside` it measures answers of the chat model instead: alone, beside an `add`, and beside one
that does not rest meanwhile.

The obvious way is sentence-transformers' `encode` at its defaults, then `collection.add`. Ours does more: it records
every paper with its authors in SQLite, finds duplicates, and indexes the words.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated
from unittest.mock import patch

import typer
from sqlalchemy import delete

from assistant import settings, wiring
from assistant.answering import Foreground
from assistant.library import vectors
from assistant.models import registry
from assistant.types import Progress
from assistant.workspace import Workspace
from benchmarks import measuring

RECORDS_AT_ONCE = 5000
QUESTIONS = (
    "What does the Transformer do without?",
    "How does LoRA adapt a large language model?",
    "What problem does batch normalization address?",
)
SMALLER = 4
"""The memory is compared with that of this part of the papers."""

Figures = dict[str, float]


class Clock:
    """Seconds since it was made, on the wall and of the processor, of ended child processes too."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), sum(os.times()[:4])
        self._stages: Figures = {}

    def end(self, stage: str) -> None:
        """Note that a stage has ended, with its part of both."""
        for figure in ("seconds", "processor"):
            before = sum(value for name, value in self._stages.items() if name.endswith(f", {figure}"))
            self._stages[f"{stage}, {figure}"] = self.read()[figure] - before

    def read(self) -> Figures:
        """Return both, the same of each stage, and the most memory in MB that this process ever held."""
        return {
            **self._stages,
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
        clock.end("reading")
        made = model.encode([f"{paper['title']}\n{paper['abstract']}" for paper in papers])
        clock.end("embedding")
        collection = chromadb.PersistentClient(folder).create_collection("papers", embedding_function=None)
        for start in range(0, len(papers), RECORDS_AT_ONCE):
            batch = papers[start : start + RECORDS_AT_ONCE]
            collection.add(
                ids=[paper["id"] for paper in batch],
                embeddings=made[start : start + RECORDS_AT_ONCE],
                documents=[paper["abstract"] for paper in batch],
                metadatas=[{"title": paper["title"], "year": paper.get("year") or 0} for paper in batch],
            )
        clock.end("index")
        return {**clock.read(), "papers": collection.count()}


def ours(file: Path, model_folder: str) -> Figures:
    """Add the file to a fresh library, and add it once more."""
    wiring.quiet_environment()
    with TemporaryDirectory() as folder:
        chosen = settings.load(library=Path(folder) / "library", embedder=model_folder)
        with Workspace(chosen) as workspace:
            workspace.embedder().embed(["warm"])
            clock = Clock()

            def listen(progress: Progress) -> None:
                if progress.message == "Embedding" and not progress.done:
                    clock.end("reading and recording")
                elif progress.message == "Embedded":
                    clock.end("embedding, vectors in SQLite")

            workspace.add([file], on_progress=listen)
            papers = workspace.index.count()
        clock.end("rest of the index, its whole processor time")
        figures = clock.read()  # once the index's process has ended, so that its part is counted
        with Workspace(chosen) as workspace:
            again = Clock()
            workspace.add([file])
            return {**figures, "papers": papers, "again": again.read()["seconds"]}


def answers_beside(file: Path, rounds: int) -> None:
    """Print how long answers and their first event take, each question once in each way, in turn."""
    taken: dict[str, list[tuple[float, float]]] = {"alone": [], "beside": [], "beside, without a rest": []}
    with measuring.library_with() as workspace:
        with _added_to(workspace, file):  # its papers, so that they are there in each way
            pass
        for question in QUESTIONS[:rounds]:
            workspace.ask(question).answer()  # from now on its prompts are as warm in one way as in another
            for way, figures in taken.items():
                with _added_to(workspace, file, rests=way == "beside") if way != "alone" else nullcontext():
                    begun = time.perf_counter()
                    seconds = [time.perf_counter() - begun for _ in workspace.ask(question)]
                figures.append((seconds[0], seconds[-1]))
                print(f"{way}: plan after {seconds[0]:.2f} s, answer after {seconds[-1]:.1f} s", flush=True)
    for way in list(taken)[1:]:
        ratios = [beside[1] / alone[1] for beside, alone in zip(taken[way], taken["alone"], strict=True)]
        print(f"answer {way} / alone: {median(ratios):.2f} ({', '.join(f'{ratio:.2f}' for ratio in ratios)})")


@contextmanager
def _added_to(workspace: Workspace, file: Path, *, rests: bool = True) -> Iterator[None]:
    """Add a file meanwhile, from its first vectors on, and give up what is left of it; its vectors leave again."""
    embedding, enough = threading.Event(), threading.Event()

    def listen(progress: Progress) -> None:
        if progress.message == "Embedding" and progress.done:
            embedding.set()
        if enough.is_set():
            raise InterruptedError

    def add() -> None:
        with suppress(InterruptedError):
            workspace.add([file], on_progress=listen)

    with ExitStack() as left:
        if not rests:
            left.enter_context(patch.object(Foreground, "is_busy", False))
        thread = threading.Thread(target=add)
        thread.start()
        embedding.wait()
        yield
        enough.set()
        thread.join()
    with workspace.library.transaction() as connection:
        connection.execute(delete(vectors).where(vectors.c.indexed == 0))


WAYS: dict[str, Callable[[Path, str], Figures]] = {"obvious": obvious, "ours": ours}


def main(
    corpus: Annotated[Path, typer.Argument()] = measuring.CORPUS,
    papers: Annotated[int, typer.Option(help="How many papers; 0 for all.")] = 2000,
    rounds: int = 2,
    beside: Annotated[bool, typer.Option("--beside", help="Answers beside an ingest.")] = False,
) -> None:
    """Run both ways in turn and print what they took."""
    if beside:
        with TemporaryDirectory() as folder:
            answers_beside(measuring.first_lines(corpus, papers or None, Path(folder) / "papers.jsonl"), rounds)
        return
    model = wiring.registry(settings.load()).resolve(registry.default_embedder())
    with TemporaryDirectory() as folder:
        file = measuring.first_lines(corpus, papers or None, Path(folder) / "papers.jsonl")
        count = sum(1 for _ in measuring.read_lines(file))
        part = measuring.first_lines(file, count // SMALLER, Path(folder) / "part.jsonl")
        taken: dict[str, list[Figures]] = {way: [] for way in WAYS}
        for number in range(rounds):
            for way, run in WAYS.items():
                taken[way].append(measuring.in_new_process(run, file, model))
                print(f"round {number + 1}, {way}: {_lines(taken[way][-1])}", flush=True)
        small = {way: measuring.in_new_process(run, part, model) for way, run in WAYS.items()}
    for figure in ("seconds", "processor"):
        ratios = [a[figure] / b[figure] for a, b in zip(taken["obvious"], taken["ours"], strict=True)]
        print(f"{figure}: ours is {median(ratios):.2f} times as fast ({', '.join(f'{ratio:.2f}' for ratio in ratios)})")
    for way, few in small.items():
        sizes = (f"{one['memory']:.0f} MB at {one['papers']:.0f} papers" for one in (few, taken[way][-1]))
        print(f"memory, {way}: {', '.join(sizes)}")
    again = taken["ours"][-1]["again"]
    print(f"second add of the same file: {again:.1f} s, {count / again:.0f} papers/s")


def _lines(figures: Figures) -> str:
    speed = f"{figures['papers'] / figures['seconds']:.1f} papers/s, {figures['seconds']:.1f} s"
    stages = (name.removesuffix(", seconds") for name in figures if name.endswith(", seconds"))
    parts = (
        f"\n  {stage}: {figures[f'{stage}, seconds']:.1f} s, {figures[f'{stage}, processor']:.1f} s of processor"
        for stage in stages
    )
    return f"{speed}, {figures['processor']:.1f} s of processor{''.join(parts)}"


if __name__ == "__main__":
    measuring.run(main, __doc__)
