"""The workspace: what it opens, in which order, and what it keeps when something fails."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from assistant import settings, wiring
from assistant.errors import IndexFailed, LibraryError, LibraryLocked, ModelError, StorageFull
from assistant.library import FILE_NAME, Conversations, Ownership, schema
from assistant.protocols import Vectors
from assistant.workspace import Workspace
from tests.conftest import in_chroma, pending_ids
from tests.fakes import HashingEmbedder
from vectorstore import VectorIndexError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> HashingEmbedder:
    embedder = HashingEmbedder()
    monkeypatch.setattr(Workspace, "_load_embedder", lambda self: embedder)
    return embedder


@pytest.fixture
def folder(tmp_path: Path, embedder: HashingEmbedder, index_in_memory: None) -> Path:
    return tmp_path / "library"


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    path = tmp_path / "papers.jsonl"
    path.write_text(
        "".join(f'{{"id": "{n}", "title": "Paper {n}", "abstract": "About {n}.", "year": 2024}}\n' for n in range(5))
    )
    return path


def opened(folder: Path) -> Workspace:
    return Workspace(settings.load(library=folder))


def break_embedding(embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def broken(texts: Sequence[str]) -> Vectors:
        raise error

    monkeypatch.setattr(embedder, "embed", broken)


def test_a_library_in_use_is_not_even_migrated(folder: Path) -> None:
    folder.mkdir()
    owner = Ownership(folder)
    with pytest.raises(LibraryLocked):
        opened(folder)
    assert not (folder / FILE_NAME).exists()
    owner.close()


def test_a_workspace_that_cannot_be_opened_lets_the_library_go(folder: Path) -> None:
    folder.mkdir()
    (folder / FILE_NAME).write_text("not a database " * 100)
    with pytest.raises(LibraryError, match="cannot be opened"):
        opened(folder)
    Ownership(folder).close()


def test_a_folder_that_cannot_be_made_is_an_error_for_people(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match="cannot be made"):
        opened(tmp_path / "file" / "library")


@pytest.mark.parametrize(
    "error",
    [
        ModelError("the model is gone"),
        IndexFailed(VectorIndexError("the model is gone")),
        StorageFull(Path("the model is gone")),
    ],
)
def test_adding_never_loses_its_report(
    folder: Path, papers: Path, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with opened(folder) as workspace:
        with monkeypatch.context() as patched:
            break_embedding(embedder, patched, error)
            report = workspace.add([papers])
        assert (report.added, report.pending) == (5, 5)
        assert "safe" in report.notices[-1].message
        assert "the model is gone" in report.notices[-1].message
        assert workspace.add([papers]).pending == 0


def test_adding_with_another_embedding_model_keeps_the_papers_and_says_why_they_wait(
    folder: Path, papers: Path, embedder: HashingEmbedder
) -> None:
    with opened(folder) as workspace:
        workspace.library.set_metadata("embedder", "another")
        report = workspace.add([papers])
        assert (report.added, report.pending) == (5, 5)
        assert "assistant reindex" in report.notices[-1].message


def test_a_few_waiting_papers_get_their_vectors_before_the_next_search(
    folder: Path, papers: Path, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(folder) as workspace, monkeypatch.context() as patched:
        break_embedding(embedder, patched, ModelError("killed"))
        workspace.add([papers])
    with opened(folder) as workspace:
        assert workspace.search("Paper 3", 1)[0].passage.similarity
        assert workspace.library.pending_count() == 0
        embedded = len(embedder.texts)
        workspace.embed_few()
        assert len(embedder.texts) == embedded


def test_a_question_does_not_wait_for_papers_that_are_being_added(
    folder: Path, papers: Path, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedding, asked = threading.Event(), threading.Event()
    embed: Callable[[Sequence[str]], Vectors] = embedder.embed

    def slow(texts: Sequence[str]) -> Vectors:
        if len(texts) > 1:
            embedding.set()
            assert asked.wait(30)
        return embed(texts)

    monkeypatch.setattr(embedder, "embed", slow)
    with opened(folder) as workspace:
        adding = threading.Thread(target=workspace.add, args=([papers],))
        adding.start()
        assert embedding.wait(30)
        assert workspace.search("Paper 3", 1)
        asked.set()
        adding.join()
        assert workspace.library.pending_count() == 0


def test_a_killed_reindex_leaves_no_vector_of_the_former_model(
    folder: Path, papers: Path, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "index_place", in_chroma)
    with opened(folder) as workspace:
        workspace.add([papers])
        embedder.fingerprint = "another"  # type: ignore[misc]
        with monkeypatch.context() as patched:
            break_embedding(embedder, patched, KeyboardInterrupt())  # type: ignore[arg-type]
            with pytest.raises(KeyboardInterrupt):
                workspace.reindex()
        assert workspace.library.indexed_sample(9) == {}
    with opened(folder) as workspace:
        assert len(pending_ids(workspace.library)) == 5
        assert workspace.search("Paper 3", 1)[0].passage.similarity
        assert (workspace.index.count(), workspace.library.pending_count()) == (5, 0)
        assert [path.name for path in folder.glob("index*")] == [workspace.library.metadata("index")]


def test_the_two_models_are_read_one_after_the_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.models import chat_model
    from assistant.models import embedder as embedding

    monkeypatch.undo()
    reading = threading.Lock()
    overlapped: list[bool] = []

    def read(*_: object, **__: object) -> object:
        overlapped.append(not reading.acquire(blocking=False))
        threading.Event().wait(0.05)
        reading.release()
        return object()

    monkeypatch.setattr(embedding, "TransformerEmbedder", read)
    monkeypatch.setattr(chat_model, "TransformersModel", read)
    both = settings.load(library=folder, model="a/chat", embedder="an/embedder", judge="writer")
    with Workspace(both) as workspace:
        workspace.warm_up()
        assert workspace.embedder()
        assert workspace.language_model()
    assert overlapped == [False, False]


def test_a_workspace_says_of_questions_under_way_before_that_they_were_interrupted(folder: Path) -> None:
    with opened(folder) as workspace:
        asked = Conversations(workspace.library, "ada").begin_turn("What are beams?")
        removed = Conversations(workspace.library).begin_turn("What else?")
        with workspace.library.transaction() as connection:
            old = schema.conversations.c.id == removed.conversation_id
            connection.execute(schema.conversations.update().where(old).values(removed="2020-01-01T00:00:00+00:00"))
    with opened(folder) as workspace:
        (left,) = Conversations(workspace.library, "ada").path(asked.conversation_id)
        assert left.state == "failed"
        assert "Retry" in left.error
        assert Conversations(workspace.library).conversation(removed.conversation_id) is None


def test_a_chat_model_that_could_not_be_loaded_is_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: list[object] = [ModelError("no room"), "the model"]

    def load(_: Workspace) -> object:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(Workspace, "_load_language_model", load)
    with opened(folder) as workspace:
        with pytest.raises(ModelError, match="no room"):
            workspace.language_model()
        assert workspace.language_model() == "the model"


def test_a_program_that_ends_does_not_wait_for_a_model_that_is_still_loading(tmp_path: Path) -> None:
    program = (
        "import sys, threading; from pathlib import Path\n"
        "from assistant import settings, workspace\n"
        "workspace.Workspace._load_language_model = lambda self: threading.Event().wait()\n"
        "with workspace.Workspace(settings.load(library=Path(sys.argv[1]))) as opened: opened.warm_up()\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "library")], cwd=ROOT, check=True, timeout=60)


def test_a_migration_that_fails_lets_the_library_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(schema, "_migrations", lambda: ["SELECT nothing FROM nowhere;"])
        with pytest.raises(LibraryError):
            opened(folder)
    opened(folder).close()
