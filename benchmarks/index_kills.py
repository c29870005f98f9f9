"""Kills at the moment Chroma writes its index files, each followed by a new process that must find every vector.

`python -m benchmarks.index_kills [--kills N] [--vectors N] [--folder FOLDER]` makes a library of random unit vectors,
then adds to it in a child process, again and again, and kills that child with everything it started (kill -9) as soon
as a file of the vector index is seen to change, or within the next tenth of a second. After each kill a new process
opens the library. It prints how many papers and vectors were lost, how many seconds passed until a search was answered,
and how many processes crashed. The newest vectors and some others are searched for; every tenth time all are, the index
itself is filled again, and all are searched for in Chroma.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from assistant.library import Library, upsert
from assistant.protocols import Vectors
from assistant.search import PersistentIndex
from assistant.types import Authorship, Paper, Record
from vectorstore import ChromaFolders

DIMENSION = 384
ADDED = 300
"""Papers that a child adds at a time."""
SEARCHED = 200
"""Vectors that are searched for after every kill, of the newest and of all."""
WATCH_SECONDS = 0.001
PATIENCE = 600.0


def vector_of(title: str) -> Vectors:
    """Return the unit vector of a paper, a pure function of its title."""
    seed = int.from_bytes(title.encode()[-8:], "big")
    values = np.random.default_rng(seed).standard_normal(DIMENSION, dtype=np.float32)
    return values / np.linalg.norm(values)


def add(library: Library, first: int, count: int) -> None:
    """Keep papers and their vectors, which are acknowledged once this returns."""
    titles = [f"Paper {number:08}" for number in range(first, first + count)]
    papers = [Paper(title=title, abstract=f"About {title}. " * 20, authorships=(Authorship("Ada", 1),), date="2024")
              for title in titles]  # fmt: skip
    upsert.keep(library, [Record(paper, 1) for paper in papers], "kills")
    ids = library.pending_ids()
    for start in range(0, len(ids), 1000):
        part = library.papers_by_id(ids[start : start + 1000])
        library.keep_vectors([paper.id for paper in part], np.stack([vector_of(paper.title) for paper in part]))


def add_for_ever(folder: Path) -> None:
    """Add papers until killed; print the number that is safe after each addition."""
    with closing(Library(folder)) as library, closing(PersistentIndex(library, ChromaFolders(folder))) as index:
        index.update()
        while True:
            add(library, library.count(), ADDED)
            print(library.count(), flush=True)
            index.update()


def look(folder: Path, fill: bool) -> None:
    """Open the library as a new process does, search for every vector, and print what was found, as JSON."""
    begun = time.perf_counter()
    with closing(Library(folder)) as library, closing(PersistentIndex(library, ChromaFolders(folder))) as index:
        probe = vector_of("Paper 00000000")
        first = index.query(probe, 1)
        ready = time.perf_counter() - begun
        waiting = set(library.pending_ids())
        papers = [paper for paper in library.papers() if paper.id not in waiting]
        found = {"papers": len(papers) + len(waiting), "waiting": len(waiting), "ready": round(ready, 2)}
        newest = sorted(papers, key=lambda paper: paper.title)[-SEARCHED:]
        some = papers if fill else [*newest, *random.sample(papers, min(SEARCHED, len(papers)))]
        found["missing"] = sum(not _finds(index, paper) for paper in some) + (not first)
        if fill:
            begun = time.perf_counter()
            index.update()
            found["filled"] = round(time.perf_counter() - begun, 1)
            with closing(PersistentIndex(library, ChromaFolders(folder))) as itself:
                found["missing in Chroma"] = sum(not _finds(itself, paper) for paper in papers)
        print(json.dumps(found), flush=True)


def _finds(index: PersistentIndex, paper: Paper) -> bool:
    return [match.id for match in index.query(vector_of(paper.title), 1)] == [paper.id]


def kill_once(folder: Path, generator: random.Random) -> tuple[int, str]:
    """Start a child that adds, kill it while index files change, and return the last acknowledged number and which."""
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.index_kills", "--add", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    begun, seen, changed = time.monotonic(), _state(folder), ""
    wanted = generator.randrange(1, 12)  # Chroma writes several files, several times
    while time.monotonic() - begun < PATIENCE and child.poll() is None:
        now = _state(folder)
        if now != seen and now:
            changed = ", ".join(sorted(name for name in now if now[name] != seen.get(name)))
            seen, wanted = now, wanted - 1
            if wanted <= 0:
                break
        time.sleep(WATCH_SECONDS)
    time.sleep(generator.choice([0.0, 0.0, generator.random() / 10]))
    os.killpg(child.pid, signal.SIGKILL)
    said = child.communicate()[0].split()
    return int(said[-1]) if said else 0, changed


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every file of the index that is not SQLite's."""
    found: dict[str, tuple[int, int]] = {}
    for parent, _, names in os.walk(folder):  # passes over folders that are deleted meanwhile
        for name in names:
            path = Path(parent, name)
            if len(path.relative_to(folder).parts) == 3:
                with suppress(OSError):
                    status = path.stat()
                    found[name] = (status.st_size, status.st_mtime_ns)
    return found


def main() -> None:
    """Read the command line, kill, look, and print one line a kill and a summary."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--vectors", type=int, default=20_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--fill-every", type=int, default=10, help="look into Chroma itself after so many kills")
    parser.add_argument("--add", type=Path, help="be the child that is killed")
    parser.add_argument("--look", type=Path, help="be the process that opens the library afterwards")
    parser.add_argument("--fill", action="store_true")
    options = parser.parse_args()
    if options.add:
        add_for_ever(options.add)
    elif options.look:
        look(options.look, options.fill)
    else:
        with TemporaryDirectory() as temporary:
            _run(options.folder or Path(temporary), options.kills, options.vectors, options.fill_every)


def _run(folder: Path, kills: int, vectors: int, fill_every: int) -> None:
    with closing(Library(folder)) as library:
        for first in range(library.count(), vectors, 1000):
            add(library, first, min(1000, vectors - first))
    generator = random.Random(0)
    acknowledged, totals = vectors, dict.fromkeys(("lost", "missing", "crashes"), 0)
    ready: list[float] = []
    filled: list[float] = []
    for number in range(1, kills + 1):
        safe, changed = kill_once(folder, generator)
        acknowledged = max(acknowledged, safe)
        command = [sys.executable, "-m", "benchmarks.index_kills", "--look", str(folder)]
        looked = subprocess.run(
            command + ["--fill"] * (number % fill_every == 0), capture_output=True, text=True, check=False
        )
        if looked.returncode:
            totals["crashes"] += 1
            print(f"{number}: the process that looked ended with {looked.returncode}: {looked.stderr[-500:]}")
            continue
        found = json.loads(looked.stdout)
        totals["lost"] += max(0, acknowledged - found["papers"])
        totals["missing"] += found["missing"] + found.get("missing in Chroma", 0)
        ready.append(found["ready"])
        filled += [found["filled"]] if "filled" in found else []
        print(f"{number}: killed at {changed or 'no change'}; {found}", flush=True)
    print(
        f"{kills} kills: {totals['lost']} papers lost, {totals['missing']} vectors missing, "
        f"{totals['crashes']} crashes; ready after {np.median(ready):.2f} s (median), "
        f"{max(ready, default=0):.2f} s (longest)"
        + (f"; Chroma filled again in {np.median(filled):.1f} s (median)" if filled else "")
    )


if __name__ == "__main__":
    main()
