"""Retrieval collections on disk: a corpus, queries, and which documents are relevant to which query."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import ir_measures

from assistant import settings
from assistant.evaluation import question_files
from assistant.wiring import quiet_environment
from assistant.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Collection:
    """A folder with corpus.jsonl, queries.jsonl and qrels.tsv (query, document, grade; grades above 0 are relevant)."""

    folder: Path

    @property
    def queries(self) -> list[question_files.Question]:
        """Read the queries."""
        return question_files.read(self.folder / "queries.jsonl")

    @property
    def judgements(self) -> list[ir_measures.Qrel]:
        """Read the relevance judgements; a grade below 0 counts as 0."""
        with (self.folder / "qrels.tsv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t"))[1:]
        return [ir_measures.Qrel(query, document, max(0, int(grade))) for query, document, grade in rows]

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """Open a library in a temporary folder with the corpus added; the default embedding model must be there."""
        with open_with(self.folder / "corpus.jsonl") as workspace:
            yield workspace


@contextmanager
def open_with(*files: Path) -> Iterator[Workspace]:
    """Open a library in a temporary folder with these files added, or with the sample library where there is none."""
    quiet_environment()
    with TemporaryDirectory() as folder, Workspace(settings.load(library=Path(folder))) as workspace:
        if files:
            workspace.add(files)
        else:
            workspace.add_sample()
        yield workspace
