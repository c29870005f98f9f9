"""Real Chroma folders, damaged and torn: never opened again, never a wrong answer, always a whole one after."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from assistant.library import Library, upsert
from assistant.search import PersistentIndex
from assistant.types import Record
from tests.conftest import make_paper, pending_ids, store_vectors
from vectorstore import ChromaFolders

PAPERS = 1100
"""Enough for Chroma to have written its index files, which it does every 1,000 vectors."""

FILES = ["chroma.sqlite3", "data_level0.bin", "header.bin", "index_metadata.pickle", "length.bin", "link_lists.bin"]


def random_vectors(count: int) -> np.ndarray:
    values = np.random.default_rng(count).standard_normal((count, 16), dtype=np.float32)
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)


def add(library: Library, first: int, count: int) -> None:
    upsert.store(library, [Record(make_paper(f"Paper {number}"), 1) for number in range(first, first + count)], "x")
    store_vectors(library, pending_ids(library), random_vectors(count))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library whose index is whole and closed."""
    folder = tmp_path_factory.mktemp("whole")
    with closing(Library(folder)) as library, closing(PersistentIndex(library, ChromaFolders(folder))) as index:
        add(library, 0, PAPERS)
        index.update()
        assert index.is_consistent()
    return folder


@pytest.fixture
def library(whole: Path, tmp_path: Path) -> Iterator[Library]:
    folder = tmp_path / "library"
    shutil.copytree(whole, folder)
    with closing(Library(folder)) as opened:
        yield opened


def index_folder(library: Library) -> Path:
    return library.folder / (library.metadata("index") or "")


def assert_right_and_whole_again(library: Library, former: str) -> None:
    """Search exactly, add a paper, and then search in Chroma for every vector."""
    numbers, ids, vectors = library.numbered_vectors()
    with closing(PersistentIndex(library, ChromaFolders(library.folder))) as index:
        assert not index.is_consistent()
        assert [match.id for match in index.query(vectors[7], 1)] == [ids[7]]
        add(library, len(numbers), 1)
        index.update()
        assert index.is_consistent()
    assert library.metadata("index") != former
    assert [folder.name for folder in library.folder.glob("index*")] == [library.metadata("index")]
    with closing(PersistentIndex(library, ChromaFolders(library.folder))) as index:
        assert index.count() == len(ids) + 1
        found = [index.query(vector, 1)[0].id for vector in vectors[::10]]
        assert found == ids[::10]


def test_the_files_of_the_index_are_those_that_the_damage_is_tried_on(library: Library) -> None:
    assert sorted(path.name for path in index_folder(library).rglob("*") if path.is_file()) == FILES


def test_an_undamaged_index_is_kept(library: Library) -> None:
    former = library.metadata("index")
    with closing(PersistentIndex(library, ChromaFolders(library.folder))) as index:
        assert index.is_consistent()
        add(library, PAPERS, 3)
        index.update()
        assert index.is_consistent()
        assert index.count() == PAPERS + 3
    assert library.metadata("index") == former


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes() or b"\0")
    content[len(content) // 3] ^= 0x10
    file.write_bytes(content)


def truncate(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2] if content else b"x")


def empty(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(b"" if content else b"x")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", [flip, truncate, empty, Path.unlink])
def test_damage_to_any_file_is_noticed(library: Library, name: str, damage: Callable[[Path], None]) -> None:
    (file,) = index_folder(library).rglob(name)
    damage(file)
    with closing(PersistentIndex(library, ChromaFolders(library.folder))) as index:
        assert not index.is_consistent()


@pytest.mark.parametrize("damage", ["flip", "folder", "extra"])
def test_a_damaged_index_is_filled_again_whole(library: Library, damage: str) -> None:
    folder = index_folder(library)
    if damage == "flip":
        flip(next(folder.rglob("data_level0.bin")))
    elif damage == "folder":
        shutil.rmtree(folder)
    else:
        (folder / "stranger.bin").write_bytes(b"x")
    assert_right_and_whole_again(library, folder.name)


def test_torn_files_that_are_opened_all_the_same_do_not_end_the_program(library: Library) -> None:
    """Even where a checksum lies, a crash of Chroma is one of its own process."""
    for file in index_folder(library).rglob("*.bin"):
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2] + os.urandom(len(content) - len(content) // 2))
    place = ChromaFolders(library.folder)
    library.set_metadata("index checksum", place.checksum(str(library.metadata("index"))))
    with closing(PersistentIndex(library, place)) as index:
        _, ids, vectors = library.numbered_vectors()
        for row in range(0, len(ids), 100):
            assert len(index.query(vectors[row], 1)) <= 1
    with closing(PersistentIndex(library, place)) as index:
        index.rebuild()
        index.update()
        assert index.is_consistent()


_ADDING = """
import sys
from pathlib import Path
from assistant.search import PersistentIndex
from assistant.library import Library
from vectorstore import ChromaFolders
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    library = Library(folder)
    PersistentIndex(library, ChromaFolders(folder)).update()
    print("filled", flush=True)
"""


@pytest.mark.parametrize("moment", ["while files change", "when all is written"])
def test_a_kill_while_the_index_is_written_loses_nothing(library: Library, tmp_path: Path, moment: str) -> None:
    add(library, PAPERS, 1000)
    former = index_folder(library)
    script = tmp_path / "adding.py"
    script.write_text(_ADDING)
    before = {file: file.stat().st_mtime_ns for file in former.rglob("*.bin")}
    child = subprocess.Popen(
        [sys.executable, str(script), str(library.folder)],
        start_new_session=True,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    deadline = time.monotonic() + 120
    if moment == "when all is written":
        assert child.stdout is not None
        child.stdout.readline()
    while moment != "when all is written" and child.poll() is None and time.monotonic() < deadline:
        if sum(file.stat().st_mtime_ns != time_ for file, time_ in before.items()) >= 3:
            break
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    if moment == "when all is written":
        with closing(PersistentIndex(library, ChromaFolders(library.folder))) as index:
            assert index.is_consistent()
            assert index.count() == PAPERS + 1000
    else:
        assert_right_and_whole_again(library, former.name)
