"""Kills at the moment Chroma writes its index files, each followed by a new process that must find every vector.

`python -m benchmarks.index_kills [--kills N] [--vectors N] [--folder FOLDER]` makes a library of random unit vectors,
then adds to it in a child process, again and again, and kills that child with everything it started (kill -9) as soon
as a file of the vector index is seen to change, or within the next tenth of a second. After each kill a new process
opens the library. It prints how many papers and vectors were lost, how many seconds passed until a search was answered,
and how many processes crashed. The newest vectors and some others are searched for; every tenth time all are, the index
itself is filled again, and all are searched for in Chroma.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, suppress
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer

from assistant.library import Library, upsert
from assistant.protocols import Vectors
from assistant.search import PersistentIndex
from assistant.types import Authorship, Paper, PaperFilter, Record
from benchmarks import measuring
from vectorstore import ChromaFolders

DIMENSION = 384
ADDED = 300
"""Papers that a child adds at a time."""
SEARCHED = 200
"""Vectors that are searched for after every kill, of the newest and of all."""
WATCH_SECONDS = 0.001
PATIENCE = 600.0


def vector_of(paper: Paper) -> Vectors:
    """Return the unit vector of a paper, a pure function of its title."""
    seed = int.from_bytes(paper.title.encode()[-8:], "big")
    values = np.random.default_rng(seed).standard_normal(DIMENSION, dtype=np.float32)
    return values / np.linalg.norm(values)


def add(library: Library, first: int, count: int) -> None:
    """Store papers and their vectors, which are acknowledged once this returns."""
    people = (Authorship("Ada", 1),)
    titles = [f"Paper {number:08}" for number in range(first, first + count)]
    papers = [Paper(title, f"About {title}. " * 20, authorships=people, date="2024") for title in titles]
    upsert.store(library, [Record(paper, 1) for paper in papers], "kills")
    ids = library.ids(PaperFilter())
    pending = library.papers_by_id(sorted(ids - library.vectors(sorted(ids)).keys()))
    measuring.store_vectors(library, [paper.id for paper in pending], np.stack([vector_of(paper) for paper in pending]))


def add_for_ever(folder: Path, acknowledged: Synchronized[int]) -> None:
    """Add papers until killed, as the leader of a group of processes; note the number that is safe."""
    os.setsid()
    with closing(Library(folder)) as library, closing(PersistentIndex(library, ChromaFolders(folder))) as index:
        index.update()
        while True:
            add(library, library.count(), ADDED)
            acknowledged.value = library.count()
            index.update()


def look(folder: Path, fill: bool) -> dict[str, Any]:
    """Open the library as a new process does, search for vectors, and return what was found."""
    begun = time.perf_counter()
    with closing(Library(folder)) as library, closing(PersistentIndex(library, ChromaFolders(folder))) as index:
        first = index.query(vector_of(Paper("Paper 00000000", "")), 1)
        found: dict[str, Any] = {"ready": round(time.perf_counter() - begun, 2)}
        papers = library.papers()
        embedded = library.vectors([paper.id for paper in papers])
        found |= {"papers": len(papers), "waiting": len(papers) - len(embedded)}
        papers = sorted((paper for paper in papers if paper.id in embedded), key=lambda paper: paper.title)
        some = papers if fill else papers[-SEARCHED:] + random.sample(papers, min(SEARCHED, len(papers)))
        found["missing"] = sum(not _finds(index, paper) for paper in some) + (not first)
        if fill:
            begun = time.perf_counter()
            index.update()
            found["filled"] = round(time.perf_counter() - begun, 1)
            with closing(PersistentIndex(library, ChromaFolders(folder))) as itself:
                found["missing in Chroma"] = sum(not _finds(itself, paper) for paper in papers)
    return found


def _finds(index: PersistentIndex, paper: Paper) -> bool:
    return [match.id for match in index.query(vector_of(paper), 1)] == [paper.id]


def kill_once(folder: Path, generator: random.Random) -> tuple[int, str]:
    """Start a child that adds, kill it while index files change, and return the last acknowledged number and which."""
    context = multiprocessing.get_context("spawn")
    acknowledged = context.Value("q", 0)
    child = context.Process(target=add_for_ever, args=(folder, acknowledged))
    child.start()
    begun, seen, changed = time.monotonic(), _state(folder), ""
    wanted = generator.randrange(1, 12)  # Chroma writes several files, several times
    while time.monotonic() - begun < PATIENCE and child.is_alive() and wanted > 0:
        now = _state(folder)
        if now != seen and now:
            changed = ", ".join(sorted(name for name in now if now[name] != seen.get(name)))
            seen, wanted = now, wanted - 1
        time.sleep(WATCH_SECONDS)
    time.sleep(generator.choice([0.0, 0.0, generator.random() / 10]))
    if child.pid:
        with suppress(ProcessLookupError):  # ended before, or not yet the leader of its group
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.join()
    return acknowledged.value, changed


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every file of the index that is not SQLite's."""
    found: dict[str, tuple[int, int]] = {}
    for path in folder.glob("*/*/*"):
        with suppress(OSError):  # deleted meanwhile
            status = path.stat()
            found[path.name] = (status.st_size, status.st_mtime_ns)
    return found


def main(
    kills: int = 20,
    vectors: int = 20_000,
    folder: Path | None = None,
    fill_every: Annotated[int, typer.Option(help="Look into Chroma itself after so many kills.")] = 10,
) -> None:
    """Kill, look, and print one line a kill and a summary."""
    with TemporaryDirectory() as temporary:
        place = folder or Path(temporary)
        with closing(Library(place)) as library:
            for first in range(library.count(), vectors, 1000):
                add(library, first, min(1000, vectors - first))
        generator = random.Random(0)
        acknowledged, lost, missing, crashes = vectors, 0, 0, 0
        looked: list[dict[str, Any]] = []
        for number in range(1, kills + 1):
            safe, changed = kill_once(place, generator)
            acknowledged = max(acknowledged, safe)
            try:
                found = measuring.in_new_process(look, place, number % fill_every == 0)
            except BrokenProcessPool as error:
                crashes += 1
                print(f"{number}: the process that looked crashed: {error}", flush=True)
                continue
            lost += max(0, acknowledged - found["papers"])
            missing += found["missing"] + found.get("missing in Chroma", 0)
            looked.append(found)
            print(f"{number}: killed at {changed or 'no change'}; {found}", flush=True)
    ready = [found["ready"] for found in looked]
    filled = [found["filled"] for found in looked if "filled" in found]
    print(f"{kills} kills: {lost} papers lost, {missing} vectors missing, {crashes} crashes")
    if ready:
        print(f"ready after {np.median(ready):.2f} s (median), {max(ready):.2f} s (longest)")
    if filled:
        print(f"Chroma filled again in {np.median(filled):.1f} s (median)")


if __name__ == "__main__":
    measuring.run(main, __doc__)
