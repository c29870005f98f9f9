"""Models behind OpenAI-compatible servers on this machine."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import Response
from fastapi.responses import JSONResponse

from assistant import settings, stopping, wiring
from assistant.diagnosis import model_check
from assistant.errors import ModelError, UsageError
from assistant.models import served_embedder
from assistant.models.chat_model import TransformersModel
from assistant.models.registry import Registry, default_chat_model, default_embedder
from assistant.models.served_embedder import ServedEmbedder
from assistant.models.served_model import ServedModel
from assistant.models.server import Server
from assistant.models.writer_and_judge import WriterAndJudge
from assistant.protocols import Written
from assistant.types import Message, ModelState
from assistant.workspace import Workspace
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


def chunk(content: str | list[Any] | None = None, **added: Any) -> dict[str, Any]:
    """Return a piece of an answer as servers write it; `added` stands in its delta."""
    choice = {"index": 0, "delta": {"content": content, **added}}
    return {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}


def streamed(*lines: str | dict[str, Any]) -> Response:
    text = "".join(line if isinstance(line, str) else f"data: {json.dumps(line)}\n\n" for line in lines)
    return Response(text + "data: [DONE]\n\n", media_type="text/event-stream")


def failing(code: int, what: Any) -> Response:
    return JSONResponse(what, code, {"retry-after-ms": "1"})


def vectors(count: int, size: int = 4, **changed: Any) -> Response:
    data = [{"index": n, "embedding": [1.0] * size, **changed} for n in range(count)]
    return JSONResponse({"data": data})


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


def answered(model: ServedModel) -> Written:
    answer = Written(model.generate(PROMPT, max_new_tokens=50, stop=threading.Event()))
    answer.whole()
    return answer


@pytest.mark.parametrize(
    "told",
    [
        {"/apply-template": {"prompt": "<|user|>A question.<|assistant|><think>\n"}},
        {"/tokenize": {"tokens": [1, 2]}, "/detokenize": {"prompt": "A question.<think>\n"}},
    ],
    ids=["llama-server", "vLLM"],
)
def test_a_thought_that_the_prompt_opens_is_left_out_where_the_server_tells(
    server: OpenAIServer, url: str, told: dict[str, dict[str, object]]
) -> None:
    server.told, server.model = dict(told), ScriptedModel(*["Let me see. </think>\n\nA beam.", "A beam."])
    model = ServedModel(url)
    pieces = list(model.generate(PROMPT, max_new_tokens=50, stop=threading.Event()))
    assert "".join(pieces).strip() == "A beam."
    assert server.seen[-1]["max_tokens"] > 1000
    assert written(model) == "A beam."  # it may think of nothing


def test_a_thought_that_nobody_told_of_is_no_answer(server: OpenAIServer, url: str) -> None:
    server.model = ScriptedModel(*["Let me see. </think>\n\nA beam."] * 2)
    model = ServedModel(url)
    assert answered(model).text.strip() == "A beam."
    assert written(model) == "A beam."


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["Beams end ", "with </think> tags."], "Beams end with </think> tags."),
        (["Let me see.", "</think>", "A beam."], "A beam."),
        (["Let me ", "see.\n</thi", "nk>\nA beam."], "A beam."),
        (["</think>", "\n\nA beam."], "A beam."),
    ],
)
def test_a_lone_tag_ends_a_thought_only_where_it_is_no_part_of_a_sentence(
    server: OpenAIServer, url: str, pieces: list[str], text: str
) -> None:
    server.instead["/completions"] = lambda _: streamed(*map(chunk, pieces))
    model = ServedModel(url)
    assert answered(model).text == text
    assert model.tells_shares == (text != "A beam.")


def test_a_model_that_quotes_the_tags_answers_and_judges_as_before(server: OpenAIServer, url: str) -> None:
    quotation = "R1 writes “<think>Let me see.</think>” before it answers."
    server.model = ScriptedModel(quotation, "A beam.", "A beam.")
    server.instead["/completions"] = lambda _: streamed(chunk(server.model.replies.pop(0)))
    model = ServedModel(url)
    assert [written(model) for _ in range(3)] == [quotation, "A beam.", "A beam."]
    assert model.tells_shares


def test_a_thought_that_the_server_sends_apart_is_no_text(server: OpenAIServer, url: str) -> None:
    told = [chunk(reasoning="Let me see.", reasoning_content="Let me see."), chunk("A "), chunk("beam.")]
    server.instead["/completions"] = lambda _: streamed(*told)
    model = ServedModel(url)
    assert written(model) == "A beam."
    assert not model.tells_shares


def test_a_thought_that_comes_in_parts_is_no_text_and_has_room(server: OpenAIServer, url: str) -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}

    def think(asked: dict[str, Any]) -> Response:
        answer = [{"type": "text", "text": "A beam."}] if asked["max_tokens"] > 1000 else []
        return streamed(chunk([thought]), chunk([thought, *answer]))

    server.instead["/completions"] = think
    model = ServedModel(url)
    assert written(model) == "A beam."
    assert not model.tells_shares


def test_an_answer_that_speaks_of_tags_is_kept_where_the_template_opens_none(server: OpenAIServer, url: str) -> None:
    server.told = {"/apply-template": {"prompt": "<|assistant|>"}}
    server.model = ScriptedModel("Beams end with </think> tags.")
    assert written(ServedModel(url)) == "Beams end with </think> tags."


@pytest.mark.parametrize(
    ("told", "why"), [("length", "length"), ("stop", "stop"), ("eos", "stop"), ("content_filter", ""), (None, "")]
)
def test_how_an_answer_ended_is_what_the_server_tells(
    server: OpenAIServer, url: str, told: str | None, why: str
) -> None:
    last = chunk("beam")
    last["choices"][0]["finish_reason"] = told
    server.instead["/completions"] = lambda _: streamed(chunk("A "), last, {**chunk(), "choices": []})
    assert answered(ServedModel(url)).ended.why == why


@pytest.mark.parametrize(("head", "is_error"), [("Transfer-Encoding: chunked", True), ("Connection: close", False)])
def test_an_answer_whose_connection_ends_early_is_not_taken_for_whole(url: str, head: str, is_error: bool) -> None:
    event = f"data: {json.dumps(chunk('A beam is'))}\n\n"
    body = f"{len(event):x}\r\n{event}\r\n" if is_error else event
    with socket.create_server(("127.0.0.1", 0)) as listening:
        model = ServedModel(url)
        model._server = Server(f"http://127.0.0.1:{listening.getsockname()[1]}")
        model._is_looked_at = True

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(
                    f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{head}\r\n\r\n{body}".encode()
                )
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):  # what is closed unread is broken off
                    pass

        threading.Thread(target=answer, daemon=True).start()
        if is_error:
            with pytest.raises(ModelError, match="broke off the connection"):
                answered(model)
        else:
            assert answered(model).ended.why == ""


@pytest.fixture
def hung(server: OpenAIServer, url: str) -> Iterator[tuple[ServedEmbedder, list[socket.socket]]]:
    """Give an embedder whose server has stopped to answer, and the connections that it took."""
    embedder, taken = ServedEmbedder(url), list[socket.socket]()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    taken.append(listening.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        embedder._server = Server(f"http://127.0.0.1:{listening.getsockname()[1]}")
        yield embedder, taken
        for each in taken:
            each.close()


def test_a_server_that_hangs_is_asked_once(
    hung: tuple[ServedEmbedder, list[socket.socket]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_embedder, "_PATIENCE", 0.2)
    monkeypatch.setattr(served_embedder, "_PATIENCE_EACH", 0.1)
    with pytest.raises(ModelError, match="did not answer in time"):
        hung[0].embed(["A text."])
    assert len(hung[1]) == 1


@pytest.mark.parametrize("many", [False, True])
def test_who_stops_does_not_wait_for_a_server_that_embeds(
    hung: tuple[ServedEmbedder, list[socket.socket]], many: bool
) -> None:
    embedder, taken = hung
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with stopping.stopped_by(stop), pytest.raises(stopping.Stopped):
        embedder.embed(["A text."]) if not many else list(embedder.embed_many(["A text."] * 200))
    assert time.monotonic() - began < 10  # of the 30 and more that it waits else
    taken[0].settimeout(10)
    while taken[0].recv(65536):  # until it is hung up on
        pass


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
        (
            [{"id": "tiny"}],
            {
                "/api/show": {"parameters": "num_ctx 9000"},
                "/api/ps": {"models": [{"name": "tiny:latest", "context_length": 6000}]},
            },
            6000,
        ),
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


def test_ollama_loads_a_model_before_it_tells_its_context_length(server: OpenAIServer, url: str) -> None:
    server.models, server.told = [{"id": "tiny"}], {"/api/show": {"model_info": {}}}

    def load(asked: dict[str, Any]) -> Response:
        server.told["/api/ps"] = {"models": [{"name": asked["model"], "context_length": 2048}]}
        return JSONResponse({"done": True})

    server.instead["/api/generate"] = load
    assert ServedModel(url).context_tokens == 2048


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("judge", ["writer", "auto"])
def test_who_asks_how_a_model_is_has_no_server_load_it(
    server: OpenAIServer, url: str, tmp_path: Path, judge: str
) -> None:
    server.told = {"/api/show": {"model_info": {}}}
    server.instead["/api/generate"] = lambda _: JSONResponse({"done": True})
    model = wiring.load_language_model(settings.load(llm_url=url, models=tmp_path, judge=judge))
    state = ModelState("chat", "tiny", "ready")
    assert wiring.running(state, model).tokens == 0
    assert server.seen == []
    needed = model.context_tokens
    assert server.seen
    assert wiring.running(state, model).tokens == needed > 0


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
        wiring.load_language_model(settings.load(llm_url=url, judge="writer"))
    chosen = settings.load(llm_url=url, llm_key_env="OUR_KEY", judge="writer")
    with pytest.raises(UsageError, match="OUR_KEY"):
        wiring.load_language_model(chosen)
    monkeypatch.setenv("OUR_KEY", "secret")
    assert wiring.load_language_model(chosen).info.name == "tiny"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a tiny model in the place of the chat model for every machine."""
    folder = tiny_chat_model(tmp_path / "small")
    monkeypatch.setattr(Registry, "is_present", lambda _, name: name == default_chat_model())
    monkeypatch.setattr(Registry, "resolve", lambda _, name: str(folder) if name == default_chat_model() else name)
    return folder


@pytest.mark.usefixtures("small")
def test_the_model_of_this_machine_judges_what_a_server_writes(url: str, tmp_path: Path) -> None:
    chosen = settings.load(llm_url=url, models=tmp_path)
    model = wiring.load_language_model(chosen)
    text = "".join(model.generate(PROMPT, max_new_tokens=50, stop=threading.Event()))
    assert text.strip() == "A beam is a line of light."
    reading = model.read(PROMPT, layers=[1], stop=threading.Event())
    assert reading
    assert reading.last[1].shape
    assert model.fingerprint
    assert model.info.name == "tiny"
    assert wiring.judge_of(model) == wiring.local_models(chosen)["judge"] == default_chat_model()
    with Workspace(chosen.model_copy(update={"library": tmp_path / "library"})) as opened:
        opened.language_model()
        assert opened.judge == default_chat_model()


def test_the_server_judges_where_it_is_to_and_where_no_model_is_here(url: str, tmp_path: Path) -> None:
    for chosen in (
        settings.load(llm_url=url, models=tmp_path),
        settings.load(llm_url=url, models=tmp_path, model=str(tmp_path), judge="writer"),
    ):
        assert isinstance(wiring.load_language_model(chosen), ServedModel)
        assert set(wiring.local_models(chosen)) == {"embedding"}
        checked = model_check.check_models(chosen.model_copy(update={"embed_url": url}))
        assert ("assistant models get" in checked[0]["judges"]) == (chosen.judge == "auto")


@pytest.mark.usefixtures("small")
def test_a_model_with_probes_judges_beside_a_larger_one_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings.load(models=tmp_path, model=str(tiny_chat_model(tmp_path / "large", seed=1)))
    assert isinstance(wiring.load_language_model(chosen), TransformersModel)  # which is no larger
    monkeypatch.setattr("assistant.models.device.weights_size", lambda _: 1)
    both = wiring.load_language_model(chosen)
    assert isinstance(both, WriterAndJudge)
    assert both.info.name == chosen.model
    assert both.judge.info.name == default_chat_model()
    alone = wiring.load_language_model(chosen.model_copy(update={"judge": "writer"}))
    assert isinstance(alone, TransformersModel)
    monkeypatch.setattr(wiring, "probes_lacking", lambda *_: (9, ["request_kind"]))
    assert isinstance(wiring.load_language_model(chosen), TransformersModel)  # which has some of its own


def test_what_judges_beside_the_larger_default_is_fetched_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(Registry, "get", lambda _, name, __: fetched.append(name) or tmp_path / name)
    for large in (False, True):
        monkeypatch.setattr(wiring, "default_chat_model", lambda *_, large=large: default_chat_model(large=large))
        wiring.get_default_models(settings.load(models=tmp_path), lambda _: None)
    small, embedder = default_chat_model(), default_embedder()
    assert fetched == [small, embedder, default_chat_model(large=True), small, embedder]


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
    ("address", "host"),
    [
        ("", ""),
        ("http://127.0.0.1:1", ""),
        ("http://LocalHost:1/v1", ""),
        ("http://[::1]:1", ""),
        ("http://0.0.0.0:8000", ""),
        ("http://[::ffff:127.0.0.1]:1", ""),
        ("http://127.0.0.1.example.org", "127.0.0.1.example.org"),
        ("https://gpu.lab:8000/v1", "gpu.lab"),
        ("http://192.168.1.2:1", "192.168.1.2"),
    ],
)
def test_this_machine_is_told_from_others(address: str, host: str) -> None:
    assert settings.other_host(address) == host


def test_embeddings_are_unit_vectors_in_the_order_of_the_texts(server: OpenAIServer, url: str) -> None:
    embedder, texts = ServedEmbedder(url), [f"Text {n} about beams." for n in range(70)]
    assert np.allclose(embedder.embed(texts), HashingEmbedder().embed(texts), atol=1e-5)
    assert embedder.fingerprint == f"served model=tiny dimension={embedder.dimension}"
    assert "served" in wiring.load_embedder(settings.load(embed_url=url)).fingerprint


def test_a_text_that_is_too_long_for_the_server_is_cut(server: OpenAIServer, url: str) -> None:
    embedder = ServedEmbedder(url)
    long = "beam " * 2000
    assert np.allclose(embedder.embed(["short", long])[0], HashingEmbedder().embed(["short"])[0], atol=1e-5)


@pytest.mark.parametrize(
    "lines",
    [
        (": OPENROUTER PROCESSING\n\n", chunk("A "), ": more\n\n", chunk("beam.")),
        ({**chunk(), "choices": []}, chunk("A "), {**chunk(), "choices": None}, chunk("beam."), {"usage": {}}),
        (chunk(reasoning_content="Let me see."), chunk("A "), chunk(reasoning="Yes."), chunk("beam.")),
        (
            chunk("A "),
            {**chunk(), "choices": [{"index": 0, "delta": None}]},
            {**chunk(), "choices": [{}]},
            chunk("beam."),
        ),
    ],
    ids=["comments", "empty choices", "thoughts apart", "no delta"],
)
def test_an_answer_is_read_in_whatever_pieces_it_comes(
    server: OpenAIServer, url: str, lines: tuple[str | dict[str, Any], ...]
) -> None:
    server.instead["/completions"] = lambda _: streamed(*lines)
    assert written(ServedModel(url)) == "A beam."


def test_a_model_that_thinks_all_the_same_has_room_for_it(server: OpenAIServer, url: str) -> None:
    def think(asked: dict[str, Any]) -> Response:
        return streamed(chunk(reasoning="Let me see."), *([chunk("A beam.")] if asked["max_tokens"] > 1000 else []))

    server.instead["/completions"] = think
    model = ServedModel(url)
    assert written(model) == "A beam."
    asked = len(server.seen)
    assert written(model) == "A beam."
    assert len(server.seen) == asked + 1
    reading = model.read(PROMPT, answers=("A beam", "No"), stop=threading.Event())
    assert reading
    assert reading.answers
    assert reading.answers[0] > reading.answers[1]


def test_a_first_token_that_is_no_answer_is_no_judgement(server: OpenAIServer, url: str) -> None:
    shares = {"content": [{"token": "**", "logprob": -0.1, "top_logprobs": [{"token": "**", "logprob": -0.1}]}]}

    def answer(asked: dict[str, Any]) -> Response:
        first = chunk("**")
        first["choices"][0]["logprobs"] = shares if asked.get("logprobs") else None
        return streamed(first, *([chunk("No")] if asked["max_tokens"] > 1 else []))

    server.instead["/completions"] = answer
    reading = ServedModel(url).read(PROMPT, answers=("Yes", "No"), stop=threading.Event())
    assert reading
    assert reading.answers
    assert reading.answers[1] > reading.answers[0]


@pytest.mark.parametrize(
    "answer",
    [
        lambda: Response("<html>", media_type="text/html"),
        lambda: JSONResponse({"choices": [{"message": {"content": "A beam."}}]}),
        lambda: Response("", media_type="text/event-stream"),
    ],
)
def test_what_is_no_stream_is_said(server: OpenAIServer, url: str, answer: Callable[[], Response]) -> None:
    server.instead["/completions"] = lambda _: answer()
    with pytest.raises(ModelError, match="sent no piece of an answer"):
        written(ServedModel(url))


@pytest.mark.parametrize("listed", ["<html>", '["a"]', '{"data": {"id": "m"}}', '"a"'])
def test_what_is_no_server_of_models_is_said(server: OpenAIServer, url: str, listed: str) -> None:
    kind = "text/html" if listed == "<html>" else "application/json"
    server.instead["/models"] = lambda _: Response(listed, media_type=kind)
    with pytest.raises(ModelError, match="no OpenAI-compatible server"):
        ServedModel(url, "m")


def test_a_server_that_does_not_list_its_models_has_the_one_that_is_named(server: OpenAIServer, url: str) -> None:
    server.instead["/models"] = lambda _: failing(405, {"detail": "Method Not Allowed"})
    assert ServedModel(url, "m").name == "m"
    with pytest.raises(ModelError, match="does not list its models"):
        ServedModel(url)


@pytest.mark.parametrize(
    "told",
    [
        {"/props": {"default_generation_settings": None}},
        {"/api/ps": {"models": None, "more": 1}},
        {"/api/ps": {"models": ["tiny"]}},
    ],
)
def test_an_odd_word_on_the_context_length_counts_for_nothing(
    server: OpenAIServer, url: str, told: dict[str, dict[str, object]]
) -> None:
    server.told = dict(told)
    assert ServedModel(url).context_tokens == 4096


@pytest.mark.parametrize("form", ["detail", "error", "message"])
def test_a_refusal_is_understood_in_whatever_form_it_is_said(server: OpenAIServer, url: str, form: str) -> None:
    def answer(asked: dict[str, Any]) -> Response:
        if "temperature" in asked:
            return failing(422, {form: [{"loc": ["body", "temperature"], "msg": "Extra inputs are not permitted"}]})
        return streamed(chunk("A beam."))

    server.instead["/completions"] = answer
    assert written(ServedModel(url)) == "A beam."


def test_instructions_stand_in_the_question_where_the_template_knows_no_system(server: OpenAIServer, url: str) -> None:
    def answer(asked: dict[str, Any]) -> Response:
        if asked["messages"][0]["role"] == "system":
            return failing(400, {"error": {"message": "System role not supported"}})
        return streamed(chunk(asked["messages"][0]["content"]))

    server.instead["/completions"] = answer
    assert written(ServedModel(url)) == "You answer questions.\n\nWhat is a beam?"


def test_several_at_once_may_learn_of_the_same_refusal(server: OpenAIServer, url: str) -> None:
    together = threading.Barrier(4)

    def answer(asked: dict[str, Any]) -> Response:
        return (
            failing(400, {"error": "temperature is not supported"}) if "temperature" in asked else streamed(chunk("A"))
        )

    model = ServedModel(url)
    server.instead["/completions"] = answer
    settle = model._give_up_what_is_refused
    request = model._request

    def asked(*said: Any, **how: Any) -> dict[str, Any]:
        made = request(*said, **how)
        if "temperature" in made and not model._settling.locked():
            together.wait(10)  # all have asked before the first hears of it
        return made

    model._request = asked  # type: ignore[method-assign]
    assert dict(model.write_all([PROMPT] * 4, max_new_tokens=5, stop=threading.Event())) == dict.fromkeys(range(4), "A")
    assert settle("temperature", is_judged=False) is False


def test_who_leaves_several_answers_waits_for_none(server: OpenAIServer, url: str) -> None:
    began, model = threading.Semaphore(0), ServedModel(url, at_once=2)

    def answer(_: dict[str, Any]) -> Response:
        began.release()
        return streamed(chunk("A beam."))

    server.instead["/completions"] = answer
    answers = model.write_all([PROMPT] * 50, max_new_tokens=5, stop=threading.Event())
    assert next(iter(answers))
    answers.close()  # type: ignore[attr-defined]
    assert sum(began.acquire(blocking=False) for _ in range(50)) < 20


def test_a_server_that_reads_a_prompt_is_told_of_the_stop(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        model, stop = ServedModel(url), threading.Event()
        model._server = Server(f"http://127.0.0.1:{listening.getsockname()[1]}")
        answer = threading.Thread(target=lambda: list(model.generate(PROMPT, max_new_tokens=5, stop=stop)))
        answer.start()
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(10)
            assert connection.recv(65536)
            stop.set()
            while connection.recv(65536):
                pass
        answer.join()


def test_after_a_stop_a_busy_server_is_not_asked_again(server: OpenAIServer, url: str) -> None:
    stop, model = threading.Event(), ServedModel(url)

    def busy(_: dict[str, Any]) -> Response:
        stop.set()
        return JSONResponse({"error": "busy"}, 503)

    server.instead["/completions"] = busy
    assert list(model.generate(PROMPT, max_new_tokens=5, stop=stop)) == []
    time.sleep(1.5)
    assert len(server.seen) == 1


def test_nothing_is_sent_on_to_another_address(server: OpenAIServer, url: str) -> None:
    with running(OpenAIServer(ScriptedModel("Mine."))) as other:
        server.instead["/completions"] = lambda _: Response("", 307, {"location": f"{other}/v1/chat/completions"})
        with pytest.raises(ModelError, match=f"sends callers on to {other}"):
            written(ServedModel(url))


def test_who_asks_is_not_told(server: OpenAIServer, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "ours")
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    server.instead["/completions"] = lambda _: streamed(chunk("A beam."))
    written(ServedModel(url))
    headers = server.seen[0]["headers"]
    assert headers["authorization"] == "Bearer none"
    assert not [name for name in headers if name.startswith(("openai-", "x-stainless"))]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("127.0.0.1:11434", "write the address as http"),
        ("http://[::1", "Invalid IPv6"),
        ("http://127.0.0.1:x", "Port"),
        ("http://me:word@gpu.lab", "without a user"),
    ],
)
def test_what_is_no_address_is_said(address: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as raised:
        settings.load(llm_url=address)
    assert "word" not in str(raised.value)


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/chat/completions", "/v1/models"])
def test_an_address_may_end_in_many_ways(url: str, end: str) -> None:
    assert settings.api_address(url + end) == f"{url}/v1"
    assert written(ServedModel(url + end)) == "A beam is a line of light."


def test_a_proxy_that_cannot_be_used_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "nonsense://127.0.0.1:1")
    with pytest.raises(ModelError, match="proxy"):
        ServedModel("http://gpu.lab:8000", "m")


def test_a_key_is_taken_without_the_end_of_its_line_and_never_shown(
    server: OpenAIServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = "secret"
    monkeypatch.setenv("OUR_KEY", "secret\n")
    assert (
        wiring.load_language_model(settings.load(llm_url=url, llm_key_env="OUR_KEY", judge="writer")).info.name
        == "tiny"
    )
    monkeypatch.setenv("OUR_KEY", "ge\nheim")
    with pytest.raises(UsageError, match="is no key") as raised:
        wiring.load_language_model(settings.load(llm_url=url, llm_key_env="OUR_KEY", judge="writer"))
    assert "heim" not in str(raised.value)


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: vectors(1),
        lambda n: vectors(n + 1),
        lambda n: vectors(n, 8),
        lambda n: vectors(n, embedding=None),
        lambda _: JSONResponse({"data": None}),
        lambda _: Response('{"data": [{"embedding": [NaN]}, {"embedding": [NaN]}]}', media_type="application/json"),
        lambda _: Response("<html>", media_type="text/html"),
    ],
    ids=["fewer", "more", "longer", "none", "nothing", "no numbers", "html"],
)
def test_vectors_that_are_not_those_of_the_texts_are_refused(
    server: OpenAIServer, url: str, answer: Callable[[int], Response]
) -> None:
    server.instead["/embeddings"] = lambda asked: vectors(len(asked["input"]))
    embedder = ServedEmbedder(url)
    server.instead["/embeddings"] = lambda asked: answer(len(asked["input"]))
    with pytest.raises(ModelError, match=r"did not send as many vectors|another model of that name"):
        embedder.embed(["one", "two"])


@pytest.mark.parametrize(("code", "said"), [(503, "Loading model"), (500, "boom"), (400, "it does not embed")])
def test_a_text_is_cut_only_where_its_length_was_refused(server: OpenAIServer, url: str, code: int, said: str) -> None:
    embedder = ServedEmbedder(url)
    server.instead["/embeddings"] = lambda _: failing(code, {"error": {"message": said}})
    with pytest.raises(ModelError, match=said):
        embedder.embed(["beam " * 100, "short"])
    assert {len(text) for asked in server.seen[1:] for text in asked["input"]} == {500, 5}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (413, {"error": "Validation", "error_type": "Validation"}),
        (400, {"error": "the input length exceeds the context length"}),
        (500, {"error": {"message": "input is too large to process. increase the physical batch size"}}),
    ],
)
def test_a_text_is_cut_in_whatever_words_its_length_is_refused(
    server: OpenAIServer, url: str, code: int, said: Any
) -> None:
    embedder = ServedEmbedder(url)

    def answer(asked: dict[str, Any]) -> Response:
        is_long = any(len(text) > 300 for text in asked["input"])
        return failing(code, said) if is_long else vectors(len(asked["input"]), embedder.dimension)

    server.instead["/embeddings"] = answer
    assert embedder.embed(["beam " * 100, "short"]).shape == (2, embedder.dimension)


@pytest.mark.parametrize(
    ("tells_shares", "judges"), [(True, "by how likely it says yes and no"), (False, "by the word that it writes")]
)
def test_a_check_has_the_models_of_servers_work(
    server: OpenAIServer, url: str, tells_shares: bool, judges: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.model, server.tells_shares = ScriptedModel(*["Yes."] * 9), tells_shares
    server.model.denied = ("nothing",)
    chat, embedding = model_check.check_models(settings.load(llm_url=url, embed_url=url, judge="writer"))
    assert chat["judges"].startswith(judges)
    assert ("why" in chat, "why" in embedding) == (False, False)
    monkeypatch.setattr(model_check, "other_host", lambda _: "gpu.lab")
    assert (
        "another machine, gpu.lab"
        in model_check.check_models(settings.load(llm_url=url, embed_url=url, judge="writer"))[0]["why"][0]
    )


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
