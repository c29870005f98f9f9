"""What every vector index does, tried on each of them."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from os import kill
from pathlib import Path
from threading import Thread

import httpx
import numpy as np
import pytest

from tests.fakes import ExactIndex
from vectorstore import (
    ChromaFolders,
    ChromaServer,
    IndexPlace,
    IndexUnreachable,
    VectorIndex,
    VectorIndexError,
    VectorMatrix,
)
from vectorstore.chroma import ChromaIndex
from vectorstore.process import ProcessIndex

_names = (f"index-of-test-{number}" for number in count())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a real Chroma server on a free port of this machine."""
    folder = tmp_path_factory.mktemp("server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--path", str(folder / "data")], stdout=log, stderr=log, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            assert process.poll() is None, (folder / "log").read_text()
            try:
                if httpx.get(f"{url}/api/v2/heartbeat", trust_env=False).is_success:
                    break
            except httpx.TransportError:
                time.sleep(0.2)
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.fixture(params=["exact", "chroma", "chroma in a process", "chroma on a server"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorIndex]:
    makers: dict[str, Callable[[], VectorIndex]] = {
        "exact": ExactIndex,
        "chroma": lambda: ChromaIndex.in_folder(tmp_path / "index"),
        "chroma in a process": lambda: ChromaFolders(tmp_path).open("index"),
        "chroma on a server": lambda: ChromaServer(request.getfixturevalue("server")).open(next(_names)),
    }
    made = makers[request.param]()
    yield made
    made.close()


@pytest.fixture(params=["folders", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> IndexPlace:
    if request.param == "server":
        return ChromaServer(request.getfixturevalue("server"))
    return ChromaFolders(tmp_path)


def unit(count: int, dimension: int = 16, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def put(index: VectorIndex, ids: list[str], vectors: np.ndarray) -> None:
    index.upsert(ids, vectors, [{"year": 2024} for _ in ids])


def test_every_vector_finds_itself_with_similarity_one(index: VectorIndex) -> None:
    vectors = unit(50)
    put(index, [f"p{row}" for row in range(50)], vectors)
    for row in (0, 17, 49):
        best = index.query(vectors[row], 3)[0]
        assert best.id == f"p{row}"
        assert best.similarity == pytest.approx(1.0, abs=1e-4)


def test_matches_come_most_similar_first_with_their_cosines(index: VectorIndex) -> None:
    vectors = unit(40)
    put(index, [f"p{row}" for row in range(40)], vectors)
    question = unit(1, seed=1)[0]
    expected = np.sort(vectors @ question)[::-1][:10]
    found = index.query(question, 10)
    np.testing.assert_allclose([match.similarity for match in found], expected, atol=1e-4)


def test_more_matches_are_asked_for_than_there_are(index: VectorIndex) -> None:
    put(index, ["p", "q"], unit(2))
    assert {match.id for match in index.query(unit(1)[0], 100)} == {"p", "q"}
    assert index.query(unit(1)[0], 0) == []


def test_putting_an_id_again_replaces_its_vector(index: VectorIndex) -> None:
    one, other = unit(2)
    put(index, ["p"], one[None])
    put(index, ["p"], other[None])
    assert index.count() == 1
    assert index.query(other, 1)[0].similarity == pytest.approx(1.0, abs=1e-4)


def test_what_is_deleted_is_found_no_more_and_unknown_ids_are_passed_over(index: VectorIndex) -> None:
    vectors = unit(30)
    put(index, [f"p{row}" for row in range(30)], vectors)
    index.delete(["p29", "nobody", "p0", "p7"])
    index.delete(["nobody"])
    index.delete([])
    assert index.count() == 27
    kept = [row for row in range(30) if row not in (0, 7, 29)]
    assert {match.id for match in index.query(vectors[0], 30)} == {f"p{row}" for row in kept}
    for row in kept:
        assert index.query(vectors[row], 1)[0].id == f"p{row}"
    put(index, ["p7"], vectors[7][None])
    assert index.query(vectors[7], 1)[0].id == "p7"


def test_an_index_that_was_emptied_takes_vectors_again(index: VectorIndex) -> None:
    vectors = unit(3)
    put(index, ["p", "q"], vectors[:2])
    index.delete(["p", "q"])
    assert (index.count(), index.query(vectors[0], 5)) == (0, [])
    put(index, ["r"], vectors[2][None])
    assert [match.id for match in index.query(vectors[0], 5)] == ["r"]


def test_an_empty_index_finds_nothing(index: VectorIndex) -> None:
    assert index.query(unit(1)[0], 5) == []
    assert index.count() == 0


def test_more_vectors_than_one_batch_holds_go_in(index: VectorIndex) -> None:
    vectors = unit(2300)
    put(index, [f"p{row}" for row in range(2300)], vectors)
    assert index.count() == 2300
    assert index.query(vectors[2299], 1)[0].id == "p2299"


def test_an_index_is_there_when_its_place_opens_it_again(place: IndexPlace) -> None:
    vectors, name = unit(5), next(_names)
    index = place.open(name)
    put(index, list("abcde"), vectors)
    index.close()
    assert place.checksum(name) == place.checksum(name) != ""
    index = place.open(name)
    assert (index.count(), index.query(vectors[3], 1)[0].id) == (5, "d")
    index.close()


def test_a_place_deletes_the_indexes_that_one_replaced_and_no_others(place: IndexPlace) -> None:
    for name in ("index-mine-1", "index-mine-2"):
        index = place.open(name)
        put(index, ["p"], unit(1))
        index.close()
    if place.server:
        place.open("index-yours-1").close()
    place.delete_former("index-mine-2")
    for name, held in (("index-mine-1", 0), ("index-mine-2", 1)):
        index = place.open(name)
        assert index.count() == held
        index.close()


def test_the_checksum_of_a_folder_tells_of_any_change(tmp_path: Path) -> None:
    place = ChromaFolders(tmp_path)
    assert place.checksum("index") == ""
    index = place.open("index")
    put(index, ["p"], unit(1))
    index.close()
    before = place.checksum("index")
    file = next(path for path in (tmp_path / "index").rglob("*.bin") if path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert place.checksum("index") not in ("", before)


def test_a_folder_that_cannot_be_made_is_an_error_of_the_index(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for opening in (ChromaIndex.in_folder, ChromaFolders(tmp_path / "file").open):
        with pytest.raises(VectorIndexError, match=r"FileExistsError|NotADirectoryError"):
            opening(tmp_path / "file" / "index")  # type: ignore[operator]


def test_a_process_that_is_killed_is_an_error_of_the_index(tmp_path: Path) -> None:
    index = ChromaFolders(tmp_path).open("index")
    assert isinstance(index, ProcessIndex)
    put(index, ["p"], unit(1))
    kill(index._process.pid, signal.SIGKILL)
    for _ in range(2):
        with pytest.raises(VectorIndexError, match="ended with code -9"):
            index.count()
    with pytest.raises(VectorIndexError):
        index.close()


def test_a_reply_that_was_interrupted_is_not_taken_for_that_of_the_next_request(tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    vectors, index = unit(2000), ChromaFolders(tmp_path).open("index")
    former = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            put(index, [f"p{row}" for row in range(2000)], vectors)
    finally:
        signal.signal(signal.SIGALRM, former)
    assert index.count() == 2000
    assert index.query(vectors[1999], 1)[0].id == "p1999"
    index.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "ftp://127.0.0.1:9", "127.0.0.1:9", "http://"])
def test_a_server_that_is_not_there_is_named_in_the_error(url: str) -> None:
    with pytest.raises(IndexUnreachable, match=rf"{url} cannot be used.*--chroma-url"):
        ChromaServer(url).open("index-x-1")


def test_a_collection_that_was_deleted_behind_our_back_has_to_be_filled_again(server: str) -> None:
    place, name = ChromaServer(server), next(_names)
    index = place.open(name)
    put(index, ["p"], unit(1))
    place.delete_former("index-of-test-")
    with pytest.raises(VectorIndexError, match="gone") as raised:
        index.count()
    assert not isinstance(raised.value, IndexUnreachable)


def test_a_header_opens_a_server_that_asks_for_one(server: str) -> None:
    class Guarded(BaseHTTPRequestHandler):
        def handle_request(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("X-Chroma-Token") != "secret":
                self.send_error(401)
                return
            answer = httpx.request(
                self.command,
                server + self.path,
                content=body,
                headers={"Content-Type": "application/json"},
                trust_env=False,
            )
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_DELETE = do_PUT = handle_request  # noqa: N815 - names of the base class

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as guard:
        Thread(target=guard.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{guard.server_port}"
        with pytest.raises(IndexUnreachable, match=f"{url}.*401.*--chroma-header"):
            ChromaServer(url).open("index-x-1")
        index = ChromaServer(url, {"X-Chroma-Token": "secret"}).open(next(_names))
        put(index, ["p"], unit(1))
        assert index.count() == 1
        index.close()
        assert "secret" not in repr(ChromaServer(url, {"X-Chroma-Token": "secret"}))
        guard.shutdown()


class TestVectorMatrix:
    @pytest.mark.parametrize("share", [0.02, 0.9])
    def test_a_restricted_search_gives_the_best_of_those_numbers(self, share: float) -> None:
        vectors, random = unit(500), np.random.default_rng(3)
        numbers = random.permutation(2000)[:500].astype(np.int64)
        matrix = VectorMatrix(numbers, [f"p{number}" for number in numbers], vectors)
        among = np.sort(random.permutation(2500)[: int(2500 * share)]).astype(np.int64)
        question = unit(1, seed=9)[0]
        similarities = dict(zip(numbers.tolist(), (vectors @ question).tolist(), strict=True))
        allowed = sorted(set(among.tolist()) & set(similarities), key=lambda number: -similarities[number])
        assert [match.id for match in matrix.nearest(question, 10, among)] == [f"p{number}" for number in allowed[:10]]

    def test_no_number_and_unknown_numbers_find_nothing(self) -> None:
        empty = VectorMatrix(np.empty(0, np.int64), [], np.empty((0, 0), np.float32))
        assert empty.nearest(unit(1)[0], 3) == empty.nearest(unit(1)[0], 3, np.array([1])) == []
        matrix = VectorMatrix(np.array([5]), ["p"], unit(1))
        assert matrix.nearest(unit(1)[0], 3, np.array([], np.int64)) == []
        assert matrix.nearest(unit(1)[0], 3, np.array([4, 6])) == []

    def test_equals_come_by_number_however_the_rows_lie(self) -> None:
        same = np.repeat(unit(1), 5, axis=0)
        matrix = VectorMatrix(np.array([3, 5, 1, 4, 2]), list("ceadb"), same)
        assert [match.id for match in matrix.nearest(same[0], 3)] == ["a", "b", "c"]
