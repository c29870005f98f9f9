"""Is a library that was killed while it was filled the same as one that was not?

`python -m benchmarks.ingest_kills CORPUS [--papers 20000] [--kills 20]` adds papers with `assistant add` in a process
that is killed (SIGKILL) at random moments, and once more without a kill, and compares the library with one that was
filled in peace: papers, text index, vectors (cosine) and the counts of the index. After each kill it counts papers that
had been committed before and are missing. `--embedder` names another embedding model than the default: with a tiny one
20,000 papers take minutes and everything else is as it is.
"""

from __future__ import annotations

import gzip
import random
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from sqlalchemy import text

from assistant.library import Library
from assistant.search import PersistentIndex
from assistant.types import PaperFilter
from vectorstore import ChromaFolders

SAME = 0.999
"""Least cosine of two vectors of one text that were made in different batches."""


def sample(corpus: Path, count: int, folder: Path) -> Path:
    """Write the first papers of a corpus to a file."""
    chosen = folder / "papers.jsonl"
    with corpus.open("rb") as raw, chosen.open("wb") as file:
        lines = gzip.GzipFile(fileobj=raw) if corpus.suffix == ".gz" else raw
        file.writelines(islice(lines, count))
    return chosen


def adding(library: Path, papers: Path, embedder: str) -> subprocess.Popen[str]:
    """Start `assistant add`."""
    named = ["--embedder", embedder] if embedder else []
    command = [sys.executable, "-m", "assistant", "--library", str(library), *named, "add", str(papers), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ids(folder: Path) -> set[str]:
    """Return the ids of the papers in a library, none where it was killed before its file was made."""
    if not folder.exists():
        return set()
    library = Library(folder)
    try:
        return library.ids(PaperFilter())
    finally:
        library.close()


def differences(one: Path, other: Path) -> dict[str, int]:
    """Count what two libraries do not have in common."""
    libraries = Library(one), Library(other)
    papers = [{paper.id: paper for paper in library.papers()} for library in libraries]
    texts = []
    for library in libraries:
        with library.transaction() as connection:
            rows = connection.execute(
                text(
                    "SELECT papers.id, held.title, held.abstract FROM papers_text AS held "
                    "JOIN papers ON papers.number = held.rowid"
                )
            )
            texts.append({tuple(row) for row in rows})
    vectors = [library.vectors(sorted(papers[0])) for library in libraries]
    shared = vectors[0].keys() & vectors[1].keys()
    cosines = [float(vectors[0][one] @ vectors[1][one]) for one in shared]
    indexes = [PersistentIndex(library, ChromaFolders(library.folder)) for library in libraries]
    found = {
        "papers": len(papers[0].keys() ^ papers[1].keys())
        + sum(papers[0][one] != papers[1][one] for one in papers[0].keys() & papers[1].keys()),
        "texts": len(texts[0] ^ texts[1]),
        "vectors missing": len(papers[0]) * 2 - len(vectors[0]) - len(vectors[1]),
        "vectors that differ": int(np.sum(np.array(cosines) < SAME)),
        "index counts": abs(indexes[0].count() - indexes[1].count()) + abs(indexes[0].count() - len(papers[0])),
    }
    for index, library in zip(indexes, libraries, strict=True):
        index.close()
        library.close()
    return found


def main(
    corpus: Path,
    papers: Annotated[int, typer.Option(help="How many papers.")] = 20_000,
    kills: Annotated[int, typer.Option(help="How many kills.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the random moments.")] = 1,
    embedder: Annotated[str, typer.Option(help="Embedding model; default: the program's.")] = "",
) -> None:
    """Kill, compare, print."""
    chance = random.Random(seed)
    with TemporaryDirectory() as folder:
        chosen = sample(corpus, papers, Path(folder))
        started = time.monotonic()
        undisturbed = adding(Path(folder) / "undisturbed", chosen, embedder)
        print(undisturbed.communicate()[0].strip()[:200])
        lasted = time.monotonic() - started
        print(f"undisturbed: {lasted:.0f} s")
        killed, missing = Path(folder) / "killed", 0
        moments = sorted(chance.uniform(0.02, 0.98) * lasted for _ in range(kills))
        before: set[str] = set()
        gained = 0.0
        for number, moment in enumerate(moments, 1):
            process = adding(killed, chosen, embedder)
            wait = max(1.0, moment - gained)
            try:
                process.wait(timeout=wait)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
            gained = moment
            now = ids(killed)
            missing += len(before - now)
            before |= now
            print(f"kill {number} after {wait:.1f} s: {len(now):,} papers, {missing} missing", flush=True)
        started = time.monotonic()
        print(adding(killed, chosen, embedder).communicate()[0].strip()[:200])
        print(f"last run: {time.monotonic() - started:.0f} s; committed papers missing after a kill: {missing}")
        for what, count in differences(Path(folder) / "undisturbed", killed).items():
            print(f"{what}: {count}")


if __name__ == "__main__":
    typer.run(main)
