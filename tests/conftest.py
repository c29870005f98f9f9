"""What every test may use: an open library, papers to put in, and no network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import argon2
import numpy as np
import pytest
from hypothesis import settings
from pytest_socket import disable_socket, socket_allow_hosts
from sqlalchemy import delete, insert, select

from assistant import wiring
from assistant.library import Library, papers, vectors
from assistant.protocols import Vectors
from assistant.settings import Settings
from assistant.types import Authorship, Paper
from tests.fakes import HashingEmbedder, MemoryPlace

settings.register_profile("no time limit", deadline=None)
settings.load_profile("no time limit")

in_chroma = wiring.index_place
"""Places the vector index as the program does, for tests that `index_in_memory` is not for."""

SHARED = Path(__file__).parents[1].parent / "shared"
"""Real data to test with, beside the checkout; tests that need it skip only where the folder is absent."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Block the network: unit tests get no socket at all but Unix ones, the others only this machine."""
    if {"integration", "acceptance", "contract"} & set(item.path.parts):
        socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    else:
        disable_socket(allow_unix_socket=True)


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    from assistant.wiring import quiet_environment

    quiet_environment()
    os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session", autouse=True)
def _passwords_hashed_quickly() -> Iterator[None]:
    """Hash passwords with the least work that there is: the usual takes 64 MB and a quarter of a second each."""
    with pytest.MonkeyPatch.context() as patched:
        hasher = partial(argon2.PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
        patched.setattr(argon2, "PasswordHasher", hasher)
        yield


@pytest.fixture(scope="session")
def _empty_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one empty library, of which each test's is a copy: all migrations take several times as long."""
    folder = tmp_path_factory.mktemp("empty") / "library"
    Library(folder).close()
    return folder


@pytest.fixture
def library(tmp_path: Path, _empty_library: Path) -> Iterator[Library]:
    opened = Library(shutil.copytree(_empty_library, tmp_path / "library"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Open one library for all examples of a property; each empties it."""
    opened = Library(tmp_path_factory.mktemp("scratch"))
    yield opened
    opened.close()


@pytest.fixture
def index_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the vector index of each library in memory: the process of a Chroma takes seconds to start."""
    places: dict[Path, MemoryPlace] = {}

    def index_place(settings: Settings) -> MemoryPlace:
        return places.setdefault(settings.library.resolve(), MemoryPlace())

    monkeypatch.setattr(wiring, "index_place", index_place)


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


def make_paper(title: str, abstract: str = "", **fields: object) -> Paper:
    """Return a paper; `authors` may be given as names in order."""
    names = fields.pop("authors", ("Ada Lovelace",))
    assert isinstance(names, tuple)
    people = tuple(Authorship(name, position) for position, name in enumerate(names, 1))
    defaults = {"abstract": abstract or f"About {title}.", "date": "2024-05-01"}
    return Paper(title=title, authorships=people, **{**defaults, **fields})  # type: ignore[arg-type]


def pending_ids(library: Library) -> list[str]:
    """Return the papers that wait for a vector, longest-standing first."""
    query = select(papers.c.id).where(papers.c.id.not_in(select(vectors.c.paper_id))).order_by(papers.c.number)
    with library.transaction() as connection:
        return list(connection.execute(query).scalars())


def store_vectors(library: Library, ids: Sequence[str], values: Vectors) -> None:
    """Store one vector a paper, not yet in the index. Shape of `values`: (len(ids), d)."""
    rows = [
        {"paper_id": paper_id, "vector": vector.astype(np.float16).tobytes(), "indexed": 0}
        for paper_id, vector in zip(ids, values, strict=True)
    ]
    with library.transaction() as connection:
        connection.execute(delete(vectors).where(vectors.c.paper_id.in_(list(ids))))
        connection.execute(insert(vectors), rows)
