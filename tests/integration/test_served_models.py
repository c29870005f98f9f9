"""Models behind OpenAI-compatible servers on this machine."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant import settings, wiring
from assistant.errors import ModelError, UsageError
from assistant.models.served_embedder import ServedEmbedder
from assistant.models.served_model import ServedModel
from assistant.models.server import is_local
from assistant.types import Message, ModelInfo
from tests.fakes import HashingEmbedder, ScriptedModel
from tests.openai_server import OpenAIServer, running
from tests.tiny_models import tiny_chat_model

PROMPT = (Message("system", "You answer questions."), Message("user", "What is a beam?"))


@pytest.fixture
def server() -> OpenAIServer:
    return OpenAIServer(ScriptedModel(*["A beam is a line of light."] * 9), HashingEmbedder())


@pytest.fixture
def url(server: OpenAIServer) -> Iterator[str]:
    with running(server) as address:
        yield address


def written(model: ServedModel) -> str:
    return "".join(model.generate(PROMPT, max_new_tokens=50, stop=threading.Event())).strip()


def test_what_a_server_does_not_take_is_left_out_from_then_on(server: OpenAIServer, url: str) -> None:
    server.refuses = {"reasoning_effort", "chat_template_kwargs", "temperature"}
    model = ServedModel(url)
    assert written(model) == "A beam is a line of light."
    asked = len(server.seen)
    assert written(model) == "A beam is a line of light."
    assert len(server.seen) == asked + 1


def test_a_busy_server_is_asked_again(server: OpenAIServer, url: str) -> None:
    server.fails = [503, 429]
    assert written(ServedModel(url)) == "A beam is a line of light."


def test_who_stops_waits_no_longer_and_the_server_is_told(server: OpenAIServer, url: str) -> None:
    server.model, server.delay = ScriptedModel("word " * 2000), 0.02
    stop, pieces = threading.Event(), 0
    for _ in ServedModel(url).generate(PROMPT, max_new_tokens=2000, stop=stop):
        pieces += 1
        if pieces == 3:
            stop.set()
    assert pieces <= 4
    assert server.left.wait(10)


@pytest.mark.parametrize("thoughts", ["<think>Let me see. </think>\n\n", "\n<think>\n</think> ", ""])
def test_thoughts_are_left_out(server: OpenAIServer, url: str, thoughts: str) -> None:
    server.model = ScriptedModel(thoughts + "A beam. <think> is a tag.")
    assert written(ServedModel(url)) == "A beam. <think> is a tag."


@pytest.mark.parametrize(("said", "is_yes"), [("Yes.", True), ("No, it is not.", False), ("**yes**", True)])
def test_a_server_that_tells_no_probabilities_judges_by_what_it_writes(
    server: OpenAIServer, url: str, said: str, is_yes: bool
) -> None:
    server.model, server.tells_shares = ScriptedModel(*[said] * 3), False
    for refuses in (set[str](), {"logprobs"}):
        server.refuses = refuses
        model = ServedModel(url)
        model.read(PROMPT, answers=("Yes", "No"), stop=threading.Event())
        reading = model.read(PROMPT, answers=("Yes", "No"), stop=threading.Event()) if not refuses else None
        if reading:
            assert reading.answers is not None
            assert (reading.answers[0] > reading.answers[1]) == is_yes


@pytest.mark.parametrize(
    ("models", "told", "tokens"),
    [
        ([{"id": "tiny", "max_model_len": 32768}], {}, 32768),
        ([{"id": "tiny", "meta": {"n_ctx": 8192}}], {}, 8192),
        ([{"id": "tiny"}], {"/props": {"default_generation_settings": {"n_ctx": 16384}}}, 16384),
        ([{"id": "tiny"}], {"/api/v0/models/tiny": {"loaded_context_length": 12000}}, 12000),
        ([{"id": "tiny"}], {"/api/ps": {"models": [{"name": "tiny:latest", "context_length": 6000}]}}, 6000),
        ([{"id": "tiny"}], {"/api/show": {"parameters": "num_ctx    9000"}}, 9000),
        ([{"id": "tiny"}], {"/api/show": {"model_info": {}}}, 4096),
        ([{"id": "tiny"}], {}, 4096),
    ],
)
def test_the_context_length_is_read_where_the_server_tells_it(
    server: OpenAIServer, url: str, models: list[dict[str, object]], told: dict[str, dict[str, object]], tokens: int
) -> None:
    server.models, server.told = models, told
    assert ServedModel(url, "tiny").context_tokens == tokens


def test_one_of_several_models_is_to_be_named(server: OpenAIServer, url: str) -> None:
    server.models = [{"id": "small"}, {"id": "large:latest"}]
    with pytest.raises(ModelError, match=r"several models\. Name one with --llm-model: small, large"):
        ServedModel(url)
    assert ServedModel(url, "large").info.name == "large"
    with pytest.raises(ModelError, match=r"no model smal\. Did you mean small\?"):
        ServedModel(url, "smal")


def test_a_key_is_taken_from_a_variable_and_its_lack_is_said(
    server: OpenAIServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = "secret"
    with pytest.raises(ModelError, match="wants a key"):
        wiring.load_language_model(settings.load(llm_url=url))
    chosen = settings.load(llm_url=url, llm_key_env="OUR_KEY")
    with pytest.raises(UsageError, match="OUR_KEY"):
        wiring.load_language_model(chosen)
    monkeypatch.setenv("OUR_KEY", "secret")
    assert wiring.load_language_model(chosen).info.name == "tiny"


def test_the_model_of_this_machine_judges_what_a_server_writes(url: str, tmp_path: Path) -> None:
    chosen = settings.load(llm_url=url, model=str(tiny_chat_model(tmp_path / "judge")), models=tmp_path)
    model = wiring.load_language_model(chosen)
    assert (
        "".join(model.generate(PROMPT, max_new_tokens=50, stop=threading.Event())).strip()
        == "A beam is a line of light."
    )
    reading = model.read(PROMPT, layers=[1], stop=threading.Event())
    assert reading
    assert reading.last[1].shape
    assert model.fingerprint
    assert model.info.name == "tiny"
    assert wiring.local_models(chosen)["chat"] == chosen.model


def test_the_server_judges_where_it_is_to_and_where_no_model_is_here(url: str, tmp_path: Path) -> None:
    for chosen in (
        settings.load(llm_url=url, models=tmp_path),
        settings.load(llm_url=url, models=tmp_path, model=str(tmp_path), llm_judge="server"),
    ):
        assert isinstance(wiring.load_language_model(chosen), ServedModel)
        assert "chat" not in wiring.local_models(chosen)
        checked = wiring.check_models(chosen.model_copy(update={"embed_url": url}))
        assert ("assistant models get" in checked[0]["judges"]) == (chosen.llm_judge == "auto")


def test_a_dead_server_is_said_in_words() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ModelError, match=f"No server answers at {url}"):
        ServedModel(url)


def test_a_server_that_dies_in_an_answer_is_said_in_words(server: OpenAIServer, url: str) -> None:
    model = ServedModel(url)
    server.fails = [500] * 9
    with pytest.raises(ModelError, match="failed: "):
        written(model)


@pytest.mark.parametrize(
    ("host", "is_here"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.0.0.1.example.org", False), ("gpu.lab", False)],
)
def test_this_machine_is_told_from_others(host: str, is_here: bool) -> None:
    assert is_local(host) == is_here


def test_an_answer_by_another_machine_says_so() -> None:
    assert ModelInfo("large", "the server at gpu.lab:8000", "", "gpu.lab").elsewhere.startswith(
        "The model runs on another"
    )
    assert not ModelInfo("tiny", "the server at 127.0.0.1:1", "").elsewhere


def test_embeddings_are_unit_vectors_in_the_order_of_the_texts(server: OpenAIServer, url: str) -> None:
    embedder, texts = ServedEmbedder(url), [f"Text {n} about beams." for n in range(70)]
    assert np.allclose(embedder.embed(texts), HashingEmbedder().embed(texts), atol=1e-5)
    assert embedder.fingerprint == f"served model=tiny dimension={embedder.dimension}"
    assert "served" in wiring.load_embedder(settings.load(embed_url=url)).fingerprint


def test_a_text_that_is_too_long_for_the_server_is_cut(server: OpenAIServer, url: str) -> None:
    embedder = ServedEmbedder(url)
    long = "beam " * 2000
    assert np.allclose(embedder.embed(["short", long])[0], HashingEmbedder().embed(["short"])[0], atol=1e-5)


def test_transformers_own_server_writes_answers(tmp_path: Path) -> None:
    serve = pytest.importorskip("transformers.cli.serve").Serve
    folder = tiny_chat_model(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serving = serve(force_model=str(folder), host="127.0.0.1", port=port, non_blocking=True, log_level="error")
    try:
        while not serving.server.started:
            threading.Event().wait(0.05)
        model = ServedModel(f"http://127.0.0.1:{port}", str(folder))
        assert written(model)
        assert model.read(PROMPT, answers=("Yes", "No"), stop=threading.Event()) is not None
        assert len(list(model.write_all([PROMPT] * 2, max_new_tokens=5, stop=threading.Event()))) == 2
    finally:
        serving.kill_server()
