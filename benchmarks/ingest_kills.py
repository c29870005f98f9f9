"""Libraries that were killed while they were filled, beside one that was not.

`python -m benchmarks.ingest_kills CORPUS [--papers 20000] [--kills 20]` adds papers with `assistant add` in a process
that is killed (SIGKILL) at random moments, and once more without a kill, and compares the library with one that was
filled in peace: papers, text index, vectors (cosine) and the counts of the index. After each kill it counts papers that
had been committed before and are missing. `--embedder` names another embedding model than the default: with a tiny one
20,000 papers take minutes and everything else is as it is.
"""

from __future__ import annotations

import random
import subprocess
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sqlalchemy import text

from assistant import settings
from assistant.library import Library
from assistant.types import PaperFilter
from assistant.workspace import Workspace
from benchmarks import measuring

SAME = 0.999
"""Least cosine of two vectors of one text that were made in different batches."""

TEXTS = "SELECT papers.id, held.title, held.abstract FROM papers_text AS held JOIN papers ON papers.number = held.rowid"


def adding(library: Path, papers: Path, embedder: str) -> subprocess.Popen[str]:
    """Start `assistant add`."""
    named = ["--embedder", embedder] if embedder else []
    command = measuring.assistant_command(library, *named, "add", str(papers), "--json")
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def committed(folder: Path) -> set[str]:
    """Return the ids of the papers in a library, none where it was killed before its file was made."""
    if not folder.exists():
        return set()
    with closing(Library(folder)) as library:
        return library.ids(PaperFilter())


def contents(folder: Path) -> dict[str, Any]:
    """Return what a library holds: its papers, the texts that are searched, vectors, and the size of its index."""
    with Workspace(settings.load(library=folder)) as workspace:
        papers = {paper.id: paper for paper in workspace.library.papers()}
        with workspace.library.transaction() as connection:
            texts = {tuple(row) for row in connection.execute(text(TEXTS))}
        vectors = workspace.library.vectors(sorted(papers))
        return {"papers": papers, "texts": texts, "vectors": vectors, "indexed": workspace.index.count()}


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, int]:
    """Count what two libraries do not have in common."""
    both = one["vectors"].keys() & other["vectors"].keys()
    return {
        "papers": len(set(one["papers"].items()) ^ set(other["papers"].items())),
        "texts": len(one["texts"] ^ other["texts"]),
        "vectors missing": 2 * len(one["papers"]) - len(one["vectors"]) - len(other["vectors"]),
        "vectors apart": sum(float(np.dot(one["vectors"][each], other["vectors"][each])) < SAME for each in both),
        "index": sum(abs(each["indexed"] - len(each["papers"])) for each in (one, other)),
    }


def main(corpus: Path, papers: int = 20_000, kills: int = 20, seed: int = 1, embedder: str = "") -> None:
    """Kill, compare, print."""
    chance = random.Random(seed)
    with TemporaryDirectory() as temporary:
        undisturbed, killed = Path(temporary, "undisturbed"), Path(temporary, "killed")
        chosen = measuring.first_lines(corpus, papers, Path(temporary, "papers.jsonl"))
        started = time.monotonic()
        print(adding(undisturbed, chosen, embedder).communicate()[0].strip()[:200])
        lasted = time.monotonic() - started
        print(f"undisturbed: {lasted:.0f} s")
        before: set[str] = set()
        missing, reached = 0, 0.0
        for number, moment in enumerate(sorted(chance.uniform(0.02, 0.98) * lasted for _ in range(kills)), 1):
            wait = max(1.0, moment - reached)
            process = adding(killed, chosen, embedder)
            try:
                process.wait(timeout=wait)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            reached = moment
            now = committed(killed)
            missing += len(before - now)
            before |= now
            print(f"kill {number} after {wait:.1f} s: {len(now):,} papers, {missing} missing", flush=True)
        started = time.monotonic()
        print(adding(killed, chosen, embedder).communicate()[0].strip()[:200])
        print(f"last run: {time.monotonic() - started:.0f} s; committed papers missing after a kill: {missing}")
        for what, count in differences(contents(undisturbed), contents(killed)).items():
            print(f"{what}: {count}")


if __name__ == "__main__":
    measuring.run(main, __doc__)
