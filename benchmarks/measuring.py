"""Shared parts of the benchmarks: files, libraries, figures with intervals, processes of their own."""

from __future__ import annotations

import gzip
import hashlib
import json
import multiprocessing
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ParamSpec, TypeVar

import numpy as np
import typer
from numpy.typing import ArrayLike
from scipy.stats import bootstrap
from sqlalchemy import delete, insert

import assistant
from assistant import settings
from assistant.evaluation.statistics import Share
from assistant.ingestion import readers
from assistant.library import Library, vectors
from assistant.protocols import Vectors
from assistant.types import Paper, Record
from assistant.wiring import quiet_environment
from assistant.workspace import Workspace

P = ParamSpec("P")
T = TypeVar("T")

DATA = Path(__file__).parent / "data"
SAMPLE = Path(assistant.__file__).with_name("sample_library.bib")
SAMPLE_QUESTIONS = Path(__file__).parent / "questions" / "sample_library.jsonl"
SHARED = Path(__file__).parents[2] / "shared"
"""Folder beside the checkout with corpora and public benchmarks."""

CORPUS = SHARED / "corpora" / "mlanthology-30k.jsonl.gz"
SUMMARIES = SHARED / "benchmarks" / "scitldr-dev" / "tldr.jsonl"


def run(main: Callable[..., None], description: str | None) -> None:
    """Run a benchmark as a command: the function's parameters are its arguments and options."""
    quiet_environment()
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(help=description)(main)
    app()


def read_lines(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON Lines file, also of a compressed one (.gz)."""
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def read_papers(file: Path) -> list[Paper]:
    """Return the papers of a file in any format."""
    return [item.paper for item in readers.read(file, as_of=date.today()) if isinstance(item, Record)]


def first_lines(corpus: Path, count: int | None, file: Path) -> Path:
    """Write the first papers of a corpus (all: None) to a file and return it."""
    lines = islice(read_lines(corpus), count)
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return file


def is_for_fitting(paper_id: str) -> bool:
    """Tell whether a paper belongs to the half on which coefficients are fitted: its SHA-256 begins evenly."""
    return hashlib.sha256(paper_id.encode()).digest()[0] % 2 == 0


@contextmanager
def library_with(*files: Path) -> Iterator[Workspace]:
    """Open a library in a temporary folder with these files added, or with the sample library where there is none."""
    quiet_environment()
    with TemporaryDirectory() as folder, Workspace(settings.load(library=Path(folder))) as workspace:
        if files:
            workspace.add(files)
        else:
            workspace.add_sample()
        yield workspace


def print_share(label: str, right: int, total: int) -> None:
    """Print a share with its 95 % interval (Wilson)."""
    share = Share(right, total)
    low, high = share.interval or (0.0, 0.0)
    print(
        f"{label}: {right} of {total}" + (f" = {share.value:.3f} [{low:.3f}, {high:.3f}]" if total else ""), flush=True
    )


def interval(values: ArrayLike, statistic: Callable[..., Any] = np.mean, resamples: int = 2000) -> tuple[float, float]:
    """Return the middle 95 % of a statistic over bootstrap samples of values, shape (n,)."""
    is_mean = statistic is np.mean
    options = {"vectorized": is_mean, "n_resamples": resamples, "method": "percentile", "rng": 1}
    found = bootstrap((np.asarray(values),), statistic, **options).confidence_interval
    return float(found.low), float(found.high)


def in_new_process(work: Callable[P, T], *values: P.args, **named: P.kwargs) -> T:
    """Run a function of a module in a process of its own and return its result, which must be picklable."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *values, **named).result()


def assistant_command(library: Path, *arguments: str) -> Sequence[str]:
    """Return the command that runs `assistant` over a library in a process of its own."""
    return [sys.executable, "-m", "assistant", "--library", str(library), *arguments]


def peak_memory() -> float:
    """Return the most memory that this process has held, in MB."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (1024**2 if sys.platform == "darwin" else 1024)


def store_vectors(library: Library, ids: Sequence[str], values: Vectors) -> None:
    """Store one vector a paper, not yet in the index. Shape of `values`: (len(ids), d)."""
    rows = [
        {"paper_id": paper_id, "vector": vector.astype(np.float16).tobytes(), "indexed": 0}
        for paper_id, vector in zip(ids, values, strict=True)
    ]
    with library.transaction() as connection:
        connection.execute(delete(vectors).where(vectors.c.paper_id.in_(list(ids))))
        connection.execute(insert(vectors), rows)
