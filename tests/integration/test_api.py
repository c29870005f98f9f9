"""The HTTP API of a served library: OpenAI's own client, plain requests, and what its description promises."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2 as httpx
import openai
import pytest
import requests
import schemathesis
from hypothesis import Phase, given, settings
from hypothesis.strategies import DataObject, data, sampled_from
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from assistant.answering import AnswerStream
from assistant.errors import ModelError
from assistant.library import Users
from assistant.settings import Settings
from assistant.types import Message, Turn
from assistant.workspace import Workspace
from tests.fakes import HashingEmbedder, ScriptedModel, TrustingJudge
from tests.page_server import page_served

BIB = """@article{beam, title = {BeamLoRA}, author = {Gu, Naibin and Fu, Peng}, year = 2025, month = feb,
  abstract = {BeamLoRA treats each adapter as a beam. It was tested on 12 datasets.}}
@article{light, title = {Light-PEFT}, author = {Gu, Naibin}, year = 2024, url = {https://example.org/light},
  abstract = {Light-PEFT prunes the foundation model early.}}
"""
QUESTION = "What does BeamLoRA treat each adapter as?"
PROSE = "BeamLoRA treats each adapter as a beam. It also cooks."


CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


class Served:
    """A running page over a small library, with stand-ins for the models."""

    def __init__(self, url: str, workspace: Workspace, model: ScriptedModel) -> None:
        self.url, self.workspace, self.model = url, workspace, model

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=60, headers=headers)

    def hang_up(self, path: str, body: dict[str, Any], begun: Callable[[], bool]) -> None:
        """Ask, and hang up without an answer as soon as it has `begun` to be made."""
        with self.client() as client:
            request = client.build_request("POST", path, json=body)
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        with socket.create_connection((request.url.host, request.url.port or 80)) as connection:
            connection.sendall(f"POST {request.url.path} HTTP/1.1\r\n{head}\r\n".encode() + request.read())
            for _ in range(600):
                if begun():
                    return
                time.sleep(0.1)
        pytest.fail("the answer was not begun within a minute")

    def openai(self, token: str = "unused") -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url}v1", api_key=token, max_retries=0)

    def will_say(self, *replies: str, delay: float = 0.0) -> None:
        self.model.replies[:], self.model.delay = list(replies), delay


def serving(folder: Path) -> Iterator[Served]:
    model = ScriptedModel()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Workspace, "_load_embedder", lambda _: HashingEmbedder())
        patched.setattr(Workspace, "_load_language_model", lambda _: model)
        patched.setattr("assistant.workspace.Judge", lambda *_: TrustingJudge())
        patched.setattr("assistant.answering.assistant._NEAR_SCORE", 0.0)
        (folder / "papers.bib").write_text(BIB)
        with Workspace(Settings(library=folder / "library", models=folder, calls_per_minute=5)) as workspace:
            workspace.add(folder / "papers.bib")
            with page_served(workspace) as address:
                yield Served(address, workspace, model)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serving(tmp_path_factory.mktemp("api"))


@pytest.fixture
def fresh(tmp_path: Path, index_in_memory: None) -> Iterator[Served]:
    yield from serving(tmp_path)


def test_openais_client_gets_a_cited_answer_with_its_proof(served: Served) -> None:
    served.will_say(PROSE)
    client = served.openai()
    [model] = client.models.list().data
    done = client.chat.completions.create(model=model.id, messages=[{"role": "user", "content": QUESTION}])
    message = done.choices[0].message
    assert message.content is not None
    assert message.content.startswith("BeamLoRA treats each adapter as a beam.")
    assert "cooks" not in message.content
    assert message.annotations
    cited = message.annotations[0].url_citation
    assert message.content[cited.start_index : cited.end_index] == "BeamLoRA treats each adapter as a beam."
    assert cited.title == "BeamLoRA"
    assert "/paper/" in cited.url
    with served.client() as plain:
        assert plain.get(cited.url).status_code == 200
    proof: Any = done.model_extra["proof"]  # type: ignore[index]
    assert proof["sentences"][0]["status"] == "exact"
    assert proof["sources"][proof["sentences"][0]["sources"][0] - 1]["paper_id"]
    assert [each["text"] for each in proof["withheld"]] == ["It also cooks."]
    assert proof["plan"]["kind"] == "passages"


@pytest.mark.parametrize("is_wanted", [False, True])
def test_the_numbers_of_tokens_stand_once_in_a_stream_where_openai_has_them(served: Served, is_wanted: bool) -> None:
    served.will_say(PROSE)
    asked: dict[str, Any] = {"stream_options": {"include_usage": True}} if is_wanted else {}
    messages: Any = [{"role": "user", "content": QUESTION}]
    pieces = list(served.openai().chat.completions.create(model="any", messages=messages, stream=True, **asked))
    [told] = [piece for piece in pieces if piece.usage]
    assert told is pieces[-1]
    assert bool(told.choices) != is_wanted
    assert told.usage
    assert told.usage.completion_tokens > 0


def test_a_stream_shows_only_what_is_proved(served: Served) -> None:
    served.will_say(PROSE)
    pieces = list(
        served.openai().chat.completions.create(
            model="any", messages=[{"role": "user", "content": QUESTION}], stream=True
        )
    )
    deltas = [piece.choices[0].delta for piece in pieces]
    text = "".join(delta.content or "" for delta in deltas)
    thought = "".join(getattr(delta, "reasoning_content", "") or "" for delta in deltas)
    assert text.startswith("BeamLoRA treats each adapter as a beam.")
    assert "cooks" not in text
    assert "cooks" in thought
    last: Any = pieces[-1]
    assert last.choices[0].finish_reason == "stop"
    assert last.proof["text"] == text
    assert last.choices[0].delta.annotations[0]["url_citation"]["title"] == "BeamLoRA"


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize(
    ("question", "reply", "ended", "is_written"),
    [
        (QUESTION, PROSE, "stop", True),
        (QUESTION, "BeamLoRA treats each adapter as a beam. " * 100, "length", True),
        (QUESTION, "It cooks. " * 200, "stop", True),
        ("How many papers are there?", "", "stop", False),
    ],
    ids=["whole", "cut", "refused", "counted"],
)
def test_how_an_answer_ended_is_told_in_openais_words(
    served: Served, question: str, reply: str, ended: str, is_written: bool, is_streamed: bool
) -> None:
    served.will_say(reply)
    asked: Any = {"model": "any", "messages": [{"role": "user", "content": question}]}
    completions = served.openai().chat.completions
    done: Any = list(completions.create(**asked, stream=True))[-1] if is_streamed else completions.create(**asked)
    assert done.choices[0].finish_reason == ended
    assert done.proof["is_cut"] == (ended == "length")
    assert bool(done.usage.completion_tokens) == is_written


TEXT = {"type": "text", "text": "How many papers are there?"}
TALK: list[dict[str, Any]] = [{"role": "user", "content": TEXT["text"]}]
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
TOOL_CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    "asked",
    [
        {"model": None, "filter": None, "anyway": None, "stream": None, "stream_options": None, "tools": None},
        {"n": 3, "max_tokens": 1, "temperature": 2, "stop": ["\n"], "seed": 1, "logprobs": True, "user": "ada"},
        {"tools": [{"type": "function", "function": TOOL_CALL["function"]}], "tool_choice": "required"},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}},
        {"messages": [{"role": "developer", "content": "Be kind."}, *TALK]},
        {"messages": [{"role": "user", "content": [TEXT, PICTURE]}]},
        {"messages": [{"role": "user", "content": [{**TEXT, "type": "input_text"}]}]},
        {"messages": [{"role": "user", "content": [{**PICTURE, "text": None}, TEXT]}]},
        {"messages": [*TALK, {"role": "system", "content": "Answer briefly."}]},
        {"messages": [*TALK, {"role": "assistant", "content": ""}]},
        {
            "messages": [
                *TALK,
                {"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]},
                {"role": "tool", "tool_call_id": "1", "content": "7"},
            ]
        },
        {"messages": [*TALK, {"role": "assistant", "content": "2"}] * 700 + TALK},
    ],
    ids=lambda asked: f"{str(asked)[:40]}",
)
def test_what_clients_send_besides_is_no_error(served: Served, asked: dict[str, Any]) -> None:
    with served.client() as client:
        answered = client.post("v1/chat/completions", json={"messages": TALK, **asked})
    assert answered.status_code == 200, answered.text
    assert answered.json()["proof"]["question"] == TEXT["text"]


@pytest.mark.parametrize(
    "error", [ModelError("The model is gone. Start it again."), RuntimeError("no person foresaw this")]
)
def test_an_error_in_the_middle_of_a_stream_is_said_in_it(
    served: Served, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    generates = served.model.generate

    def generate(messages: Sequence[Message], **more: Any) -> Iterator[str]:
        if messages[0].content.startswith("You sort requests"):
            yield from generates(messages, **more)
        else:
            yield "BeamLoRA "
            raise error

    monkeypatch.setattr(served.model, "generate", generate)
    with pytest.raises(openai.APIError, match=r"The model is gone|met an error that it does not know"):
        list(
            served.openai().chat.completions.create(
                model="any", messages=[{"role": "user", "content": QUESTION}], stream=True
            )
        )


@pytest.mark.parametrize("is_streamed", [False, True])
def test_what_a_paper_holds_is_no_markdown_to_a_client(fresh: Served, tmp_path: Path, is_streamed: bool) -> None:
    held = "Looms weave ![x](http://t.example/a.png) threads <img src=b>, [here](http://t.example) if p < 0.05."
    (tmp_path / "loom.bib").write_text(f"@article{{l, title = {{Looms}}, year = 2020, abstract = {{{held}}}}}")
    fresh.workspace.add(tmp_path / "loom.bib")
    fresh.will_say(held)
    question: Any = {"model": "any", "messages": [{"role": "user", "content": "What do looms weave?"}]}
    completions = fresh.openai().chat.completions
    if is_streamed:
        pieces = list(completions.create(**question, stream=True))
        content = "".join(piece.choices[0].delta.content or "" for piece in pieces)
        thought = "".join(getattr(piece.choices[0].delta, "reasoning_content", None) or "" for piece in pieces)
        assert r"!\[x]\(http" in thought
        last: Any = pieces[-1]
        proof, [cited] = last.proof, last.choices[0].delta.annotations
        begin, end = cited["url_citation"]["start_index"], cited["url_citation"]["end_index"]
    else:
        done: Any = completions.create(**question)
        content, proof, [citation] = done.choices[0].message.content, done.proof, done.choices[0].message.annotations
        begin, end = citation.url_citation.start_index, citation.url_citation.end_index
    shown = r"Looms weave !\[x]\(http://t.example/a.png) threads &lt;img src=b>, [here]\(http://t.example) if p < 0.05."
    assert content[begin:end] == shown
    assert held in proof["text"]


def test_earlier_messages_are_the_history(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    histories = []
    ask = Workspace.ask

    def spied(self: Workspace, question: str, history: Sequence[Turn] = (), **chosen: Any) -> AnswerStream:
        histories.append(list(history))
        return ask(self, question, history, **chosen)

    monkeypatch.setattr(Workspace, "ask", spied)
    served.will_say(PROSE, PROSE, PROSE)
    client = served.openai()
    first, second = "How many papers by Naibin Gu are there?", "How many papers are there?"
    messages: list[Any] = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": first}]},
    ]
    answer = client.chat.completions.create(model="any", messages=messages).choices[0].message.content
    messages += [{"role": "assistant", "content": answer}, {"role": "user", "content": second}]
    client.chat.completions.create(model="any", messages=messages)
    [turn] = histories[1]
    assert (turn.question, turn.answer, turn.plan.filter.author) == (first, answer, "naibin-gu")
    histories.clear()
    again = "How many papers by Peng Fu are there?"  # another talk, of which nothing is remembered
    messages[1]["content"], messages[2]["content"] = again, "One, I think."
    client.chat.completions.create(model="any", messages=messages)
    [turn] = histories[1]
    assert (turn.question, turn.plan.filter.author, len(turn.paper_ids)) == (again, "peng-fu", 1)
    histories.clear()
    again = "As what does BeamLoRA treat each adapter?"
    messages[1]["content"], messages[2]["content"] = again, "A beam."
    prompts = len(served.model.prompts)
    client.chat.completions.create(model="any", messages=messages)
    [turn] = histories[1]
    assert (turn.question, turn.answer, turn.plan.kind) == (again, "A beam.", "passages")
    assert len(served.model.prompts) == prompts  # its answer was given, and is not written again
    histories.clear()
    messages[1]["content"] = "x" * 5000  # more than can be asked here
    client.chat.completions.create(model="any", messages=messages)
    assert [(turn.answer, turn.plan) for turn in histories[-1]] == [("A beam.", None)]
    histories.clear()
    with served.client() as plain:
        asked = plain.post("api/ask", json={"question": second, "history": ["Who wrote least?"]})
    assert asked.status_code == 200
    assert [turn.question for turn in histories[1]] == ["Who wrote least?"]  # its answer was not given: asked again


def test_the_json_api_answers_as_the_command_line_does(served: Served) -> None:
    served.will_say(PROSE)
    with served.client() as client:
        answer = client.post("api/ask", json={"question": QUESTION}).json()
        assert answer["sentences"][0]["spans"][0]["quote"] == "BeamLoRA treats each adapter as a beam."
        checked = client.post("api/verify", json={"answer": answer}).json()
        assert checked["holds"], checked
        answer["sentences"][0]["spans"][0]["quote"] = "BeamLoRA cooks."
        checked = client.post("api/verify", json={"answer": answer}).json()
        assert not checked["holds"]
        for wrong in (3, [{**answer["sources"][0], "paper_id": 1.5}]):
            assert client.post("api/verify", json={"answer": {**answer, "sources": wrong}}).status_code == 400
        assert client.post("api/verify", json={"text": "It was tested on 13 datasets.", "papers": ["beam"]}).json()[
            "sentences"
        ] == [{"text": "It was tested on 13 datasets.", "status": "unsupported", "sources": [], "spans": []}]
        assert client.get("api/count", params={"author": "Gu", "since": 2025}).json()["count"] == 1
        rows = client.get("api/count", params={"by": "author"}).json()["rows"]
        assert [(row["author"], row["papers"]) for row in rows] == [("Naibin Gu", 2), ("Peng Fu", 1)]
        listed = client.get("api/papers", params={"words": ["prunes", "early"]}).json()
        assert [paper["title"] for paper in listed["papers"]] == ["Light-PEFT"]
        paper = client.get(f"api/papers/{listed['papers'][0]['id']}").json()
        assert paper["sources"][0]["own_id"] == "light"
        assert client.get("api/papers/nothing").status_code == 404
        assert client.get("api/search", params={"q": "adapter beam"}).json()["results"][0]["title"] == "BeamLoRA"
        assert client.get("api/authors", params={"name": "N. Gu"}).json()["people"][0]["id"] == "naibin-gu"
        assert client.get("api/authors/peng-fu").json()["coauthors"] == [{"name": "Naibin Gu", "papers": 1}]
        assert client.get("api/coauthors", params={"author": "Peng Fu"}).json()["rows"][0]["author"] == "Naibin Gu"
        assert client.get("api/trends").json()["total"] == 2
        assert client.get("api/papers", params={"writer": "Gu"}).status_code == 400  # and not the whole library


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("api/ask", {"question": QUESTION}),
        ("v1/chat/completions", {"messages": [{"role": "user", "content": QUESTION}]}),
        ("v1/chat/completions", {"messages": [{"role": "user", "content": QUESTION}], "stream": True}),
    ],
)
def test_a_program_that_hangs_up_ends_its_answer(served: Served, path: str, body: dict[str, Any]) -> None:
    served.will_say("A beam is a beam. " * 1000, delay=0.1)
    model, queue = served.model, served.workspace.assistant.queue
    prompts = len(model.prompts)
    served.hang_up(path, body, lambda: len(model.prompts) > prompts)
    for _ in range(100):  # the whole answer would take longer
        if queue.is_free:
            return
        time.sleep(0.1)
    pytest.fail("the model still writes")


def test_a_check_that_nobody_waits_for_is_stopped(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    began, stopped = threading.Event(), threading.Event()

    def prove(*_: Any, stop: threading.Event, **__: Any) -> tuple[()]:
        began.set()
        if stop.wait(30):
            stopped.set()
        return ()

    monkeypatch.setattr(Workspace, "prove", prove)
    served.hang_up("api/verify", {"text": PROSE, "papers": ["beam"]}, began.is_set)
    assert stopped.wait(20)
    with served.client() as client:
        refused = client.post("api/verify", json={"text": "A beam. " * 10_000, "papers": ["beam"]})
        assert (refused.status_code, "in parts" in refused.json()["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"messages": ', "not valid JSON: Expecting value, at character 13"),
        ('{"messages": []}', "messages: List should have at least 1 item"),
        ('{"messages": [{"role": "system", "content": "Be kind."}]}', "No message is the user's"),
        ('{"messages": [{"role": "user"}' + ', {"role": "tool"}' * 1000 + "]}", "user's, of the last 1,000"),
        ('{"messages": ["none"' + ', {"role": "tool"}' * 1000 + "]}", "user's, of the last 1,000"),
        ('{"messages": [{"role": "wizard", "content": "x"}]}', "messages.0.role: Input should be 'system'"),
        ('{"messages": [{"role": "user", "content": "x"}], "filter": {"writer": "Gu"}}', "filter.writer: Extra"),
        (f'{{"messages": [{{"role": "user", "content": "{"x" * 16_000_000}"}}]}}', "may have 16 MB"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_where_openais_clients_look(served: Served, body: str, words: str) -> None:
    with served.client() as client:
        refused = client.post("v1/chat/completions", content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code == (413 if "16 MB" in words else 400)
    assert words in refused.json()["error"]["message"]


def test_what_openais_clients_ask_besides(served: Served) -> None:
    client = served.openai()
    [model] = client.models.list().data
    assert client.models.retrieve(model.id) == model
    with pytest.raises(openai.NotFoundError, match=f"The model that answers is {model.id}"):
        client.models.retrieve("gpt-4o")
    with pytest.raises(openai.NotFoundError, match="There is nothing here"):
        client.responses.create(model=model.id, input=QUESTION)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_pages_elsewhere_cannot_use_it(served: Served, headers: dict[str, str], status: int) -> None:
    body = b'{"question": "How many papers are there?"}'
    with served.client() as client:
        refused = client.post("api/ask", content=body, headers={"Content-Type": "application/json", **headers})
        assert refused.status_code == status
        assert refused.json()["detail"]
        assert "access-control-allow-origin" not in refused.headers
        if status == 403:
            assert client.get("api/search?q=beam", headers=headers).status_code == 403
        assert client.post("api/ask", content=body, headers={"Content-Type": "application/json"}).status_code == 200


def test_users_need_a_token_and_have_an_allowance(fresh: Served) -> None:
    users = Users(fresh.workspace.library)
    users.add("ada", "correct horse battery")
    token = users.token("ada")
    question: Any = [{"role": "user", "content": "How many papers are there?"}]
    with pytest.raises(openai.AuthenticationError, match="assistant users token"):
        fresh.openai("wrong").chat.completions.create(model="any", messages=question)
    with fresh.client() as client:
        refused = client.get("api/papers")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    client_of_ada = fresh.openai(token)
    said = client_of_ada.chat.completions.create(model="any", messages=question).choices[0].message.content
    assert said is not None
    assert said.startswith("2 papers")
    with fresh.client(Authorization=f"Bearer {token}") as client:
        counted = [client.get("api/count").status_code for _ in range(6)]
        assert counted == [200] * 4 + [429] * 2
        assert client.get("").status_code == 303  # a token is for programs: the page asks to log in
    with pytest.raises(openai.RateLimitError, match="5 requests a minute"):
        client_of_ada.chat.completions.create(model="any", messages=question)
    users.set_password("ada", "another horse battery")
    with fresh.client(Authorization=f"Bearer {token}") as client:
        assert client.get("api/count").status_code == 401


def test_the_description_holds_for_whatever_is_asked(served: Served) -> None:
    served.model.delay = 0.0
    served.model.replies = _Endless()
    with served.client() as client:
        raw = client.get("api/openapi.json").json()
    assert {"/api/ask", "/api/trends", "/v1/chat/completions", "/v1/models"} < set(raw["paths"])
    schema = schemathesis.openapi.from_dict(raw)
    schema.config.update(base_url=served.url.rstrip("/"))
    session = requests.Session()
    session.trust_env = False

    @settings(max_examples=25, phases=[Phase.generate], derandomize=True, database=None, deadline=None)
    @given(data=data())
    def holds(data: DataObject, operation: APIOperation[Any, Any, Any]) -> None:
        mode = data.draw(sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        case.call_and_validate(checks=CHECKS, session=session)

    for found in schema.get_all_operations():
        holds(operation=found.ok())


class _Endless(list[str]):
    def pop(self, _: Any = 0) -> str:
        return PROSE
