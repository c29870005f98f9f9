"""The small faulty inputs of the shared data folder, each read as a person's file would be."""

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.ingestion.readers import read
from assistant.types import Paper, Problem, ReaderItem, Record
from tests.conftest import SHARED

IMPORTS = SHARED / "fixtures" / "imports"


class Import:
    """What reading one of the inputs gave."""

    def __init__(self, path: Path) -> None:
        self.items: list[ReaderItem] = list(read(path, as_of=datetime.date(2026, 11, 23)))
        self.records = [item for item in self.items if isinstance(item, Record)]
        self.problems = [item for item in self.items if isinstance(item, Problem)]

    @property
    def papers(self) -> list[Paper]:
        return [record.paper for record in self.records]

    @property
    def authors(self) -> list[tuple[str, ...]]:
        return [paper.authors for paper in self.papers]


@pytest.fixture
def shared_import() -> Callable[[str], Import]:
    """Return a function that reads the input whose name begins so ("05")."""
    if not IMPORTS.is_dir():
        pytest.skip("the shared data folder is absent")

    def found(number: str) -> Import:
        (path,) = IMPORTS.glob(f"{number}-*")
        return Import(path)

    return found
