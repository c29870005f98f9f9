"""The chat model of an open library changed while it is open, and reading ahead turned on and off."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.errors import EmbedderMismatch, ModelError, UsageError
from assistant.settings import Settings
from assistant.types import ModelInfo, ModelState
from assistant.workspace import Workspace
from tests.fakes import HashingEmbedder, ScriptedModel


class Models:
    """Loads scripted models by name when they are let; those in `broken` cannot be loaded."""

    def __init__(self) -> None:
        self.may_load = threading.Event()
        self.may_load.set()
        self.loaded: list[str] = []
        self.broken: set[str] = set()

    def load(self, workspace: Workspace) -> ScriptedModel:
        assert self.may_load.wait(20)
        name = Path(workspace.settings.model).name or "first"
        self.loaded.append(name)
        if name in self.broken:
            raise ModelError(f"{name} is broken.")
        model = ScriptedModel(*[f"Said by {name}."] * 9)
        model.info = ModelInfo(name, "cuda:0", "float16")
        model.memory = 5_000_000  # type: ignore[attr-defined]
        return model


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Models:
    models = Models()
    monkeypatch.setattr(Workspace, "_load_embedder", lambda _: HashingEmbedder())
    monkeypatch.setattr(Workspace, "_load_language_model", lambda workspace: models.load(workspace))
    return models


@pytest.fixture
def workspace(tmp_path: Path, models: Models, index_in_memory: None) -> Iterator[Workspace]:
    for name in ("second", "third"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").touch()
        (tmp_path / name / "model.safetensors").touch()
    with Workspace(Settings(library=tmp_path / "library", models=tmp_path / "models", model="first")) as opened:
        yield opened


def state_when(workspace: Workspace, holds: Callable[[ModelState], bool]) -> ModelState:
    """Return the chat model's state as soon as it is so."""
    pause = threading.Event()
    for _ in range(400):
        chat, _embedding = workspace.model_states()
        if holds(chat):
            return chat
        pause.wait(0.05)
    raise AssertionError(chat)


def test_states_tell_what_is_loaded_and_where_it_runs(workspace: Workspace, models: Models) -> None:
    chat, embedding = workspace.model_states()
    assert (chat.name, chat.state, embedding.state) == ("first", "not loaded", "not loaded")
    models.may_load.clear()
    workspace.warm_up()
    assert workspace.model_states()[0].state == "loading"
    models.may_load.set()
    workspace.embedder()
    chat = state_when(workspace, lambda chat: chat.state == "ready")
    assert (chat.device, chat.dtype, chat.memory, chat.tokens) == ("cuda:0", "float16", 5_000_000, 4096)
    assert workspace.model_states()[1].state == "ready"


def test_a_change_waits_for_all_answers_under_way(workspace: Workspace, models: Models, tmp_path: Path) -> None:
    workspace.language_model()
    queue = workspace.assistant.queue
    queue.at_once = 8
    answers = [queue.ticket(stop=threading.Event()) for _ in range(2)]
    for answer in answers:
        assert list(answer.wait()) == []
    workspace.use_model(str(tmp_path / "second"))
    answers[0].close()
    threading.Event().wait(0.3)
    assert models.loaded == ["first"]
    answers[1].close()
    state_when(workspace, lambda chat: chat.name == "second" and chat.state == "ready")


def test_another_model_takes_the_place_of_the_first(workspace: Workspace, models: Models, tmp_path: Path) -> None:
    assert workspace.language_model().info.name == "first"
    models.may_load.clear()
    workspace.use_model(str(tmp_path / "second"))
    assert state_when(workspace, lambda chat: chat.state == "loading").name == str(tmp_path / "second")
    with pytest.raises(UsageError, match="Wait until it is there"):
        workspace.use_model(str(tmp_path / "third"))
    models.may_load.set()
    assert workspace.language_model().info.name == "second"  # who asks meanwhile waits for the new one
    chat = state_when(workspace, lambda chat: chat.state == "ready" and not chat.next)
    assert (chat.name, chat.problem) == ("second", "")
    assert workspace.settings.model == str(tmp_path / "second")
    assert models.loaded == ["first", "second"]


def test_an_answer_under_way_is_finished_with_the_old_model(
    workspace: Workspace, models: Models, tmp_path: Path
) -> None:
    old = workspace.language_model()
    ticket = workspace.assistant.queue.ticket("somebody", stop=threading.Event())
    assert list(ticket.wait()) == []
    workspace.use_model(str(tmp_path / "second"))
    assert state_when(workspace, lambda chat: bool(chat.next)).state == "ready"
    assert workspace.language_model() is old
    assert models.loaded == ["first"]
    ticket.close()
    assert state_when(workspace, lambda chat: chat.name == "second" and chat.state == "ready")
    assert workspace.assistant.queue.is_free


def test_a_model_that_cannot_be_loaded_leaves_the_old_one(workspace: Workspace, models: Models, tmp_path: Path) -> None:
    workspace.language_model()
    models.broken.add("second")
    workspace.use_model(str(tmp_path / "second"))
    chat = state_when(workspace, lambda chat: bool(chat.problem) and chat.state == "ready")
    assert (chat.name, chat.problem) == ("first", "second is broken.")
    assert workspace.language_model().info.name == "first"
    assert workspace.settings.model == "first"
    workspace.use_model(str(tmp_path / "third"))
    chat = state_when(workspace, lambda chat: chat.name == "third" and chat.state == "ready")
    assert chat.problem == ""


def test_a_server_that_stays_in_use_goes_on_writing_several_answers_at_once(
    tmp_path: Path, models: Models, workspace: Workspace
) -> None:
    workspace.settings = workspace.settings.model_copy(update={"llm_url": "http://127.0.0.1:1"})
    workspace.assistant.queue.at_once = 8
    models.broken.add("second")
    workspace.use_model(str(tmp_path / "second"))
    state_when(workspace, lambda chat: bool(chat.problem) and chat.state == "ready")
    assert (workspace.settings.llm_url, workspace.assistant.queue.at_once) == ("http://127.0.0.1:1", 8)


def test_what_goes_to_another_machine_is_said_and_not_sent_unasked(tmp_path: Path, models: Models) -> None:
    sample = tmp_path / "papers.bib"
    sample.write_text("@article{a, title={Beams}, author={Ada Lovelace}, year={2024}, abstract={About beams.}}")
    there = {
        "library": tmp_path / "library",
        "models": tmp_path,
        "llm_url": "http://gpu.lab",
        "embed_url": "http://e.lab",
    }
    with Workspace(Settings(**there)) as opened:
        report = opened.add([sample])
        assert [notice.message for notice in report.notices if "another machine, e.lab" in notice.message]
        assert not opened.reads_ahead
        opened.set_reading_ahead(True)
        assert opened.reads_ahead
    with Workspace(Settings(**there, read_ahead=True)) as opened:
        assert opened.reads_ahead
        assert not [notice for notice in opened.add([sample]).notices if "another machine" in notice.message]
        opened.library.set_metadata("embedder", "served model=m dimension=4")
        with pytest.raises(EmbedderMismatch, match="Name the first with --embed-url and --embed-model"):
            opened.search("beams")


def test_what_is_no_model_of_this_machine_is_refused_at_once(workspace: Workspace, tmp_path: Path) -> None:
    for name in ("nonsense", "owner/name", "minilm-l6", "qwen2.5-coder-1.5b", "", str(tmp_path)):
        with pytest.raises((UsageError, ModelError)):
            workspace.use_model(name)
    assert workspace.settings.model == "first"


def test_reading_ahead_is_turned_off_and_on(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.analysis.summaries.reading_ahead._QUIET", 0.01)
    reads = threading.Semaphore(0)
    monkeypatch.setattr(Workspace, "read_ahead", lambda *_, **__: reads.release())
    workspace.set_reading_ahead(False)
    workspace.read_ahead_when_idle()
    with workspace._reading_ahead.held():
        pass
    assert not reads.acquire(timeout=0.3)
    assert not workspace.is_reading_ahead
    workspace.set_reading_ahead(True)
    assert reads.acquire(timeout=10)
    workspace.set_reading_ahead(False)
    with workspace._reading_ahead.held():
        pass
    assert not reads.acquire(timeout=0.3)
