"""The MCP server as a program of its own, asked by the SDK's own client over stdin and stdout."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import CallToolResult, TextContent

from assistant.library import Library, Ownership
from assistant.queries import AnswerShape, PaperShape, Queries
from assistant.settings import Settings
from assistant.types import Answer, Paper
from assistant.workspace import Workspace
from tests.fakes import HashingEmbedder, ScriptedModel, TrustingJudge

BIB = """@article{beam, title = {BeamLoRA}, author = {Gu, Naibin and Fu, Peng}, year = 2025, month = feb,
  abstract = {BeamLoRA treats each adapter as a beam. It was tested on 12 datasets.}}
@article{light, title = {Light-PEFT}, author = {Gu, Naibin}, year = 2024,
  abstract = {Light-PEFT prunes the foundation model early.}}
"""

QUESTION = "What does BeamLoRA treat each adapter as?"

PROGRAM = """
import sys
from assistant import wiring, workspace
from assistant.answering import assistant
from assistant.cli import main
from tests.fakes import HashingEmbedder, MemoryPlace, ScriptedModel, TrustingJudge

def model(_):
    print("a library prints what it likes")
    return ScriptedModel(*["BeamLoRA treats each adapter as a beam. It also cooks."] * 9)

wiring.index_place = lambda _: MemoryPlace()
workspace.Workspace._load_embedder = lambda _: HashingEmbedder()
workspace.Workspace._load_language_model = model
workspace.Judge = lambda *_: TrustingJudge("thick")
assistant._NEAR_SCORE = 0.0
sys.argv = ["assistant", "--library", sys.argv[1], "mcp"]
main.main()
"""

Use = Callable[[Client], Awaitable[None]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index_in_memory: None) -> Path:
    monkeypatch.setattr(Workspace, "_load_embedder", lambda _: HashingEmbedder())
    (tmp_path / "papers.bib").write_text(BIB)
    with Workspace(Settings(library=tmp_path / "library", models=tmp_path)) as opened:
        opened.add(tmp_path / "papers.bib")
    return tmp_path / "library"


def connected(folder: Path, use: Use) -> None:
    async def run() -> None:
        program = StdioServerParameters(
            command=sys.executable, args=["-c", PROGRAM, str(folder)], cwd=Path(__file__).parents[2]
        )
        async with Client(program) as client:
            await use(client)

    asyncio.run(run())


def text(result: CallToolResult) -> str:
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


async def told(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text(result)
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def test_a_program_gets_cited_answers_and_exact_numbers(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    progress: list[str | None] = []

    async def listen(_: float, __: float | None, message: str | None) -> None:
        progress.append(message)

    async def use(client: Client) -> None:
        tools = (await client.list_tools()).tools
        names = {"ask", "search", "papers", "paper", "author", "count", "coauthors", "trends", "verify"}
        assert {tool.name for tool in tools} == names
        assert all(tool.annotations and tool.annotations.read_only_hint and tool.output_schema for tool in tools)
        asked = await client.call_tool("ask", {"question": QUESTION}, progress_callback=listen)
        answer = asked.structured_content
        assert isinstance(answer, dict)
        assert answer["sentences"][0]["status"] == "exact"
        number = answer["sentences"][0]["spans"][0]["source"]
        source = next(one for one in answer["sources"] if one["number"] == number)
        assert "each adapter as a beam" in answer["sentences"][0]["spans"][0]["quote"]
        assert [each["text"] for each in answer["withheld"]] == ["It also cooks."]
        assert source["paper_id"] in text(asked)
        assert any(progress)
        refused = await told(client, "ask", question="How thick is the beam?")
        assert refused["refused"]
        assert refused["reason"]
        assert (await told(client, "count", papers={"author": "Naibin Gu"}))["count"] == 2
        assert (await told(client, "count", papers={"since": 2025, "until": 2025}))["count"] == 1
        by_year = await told(client, "count", by="year")
        assert [(row["year"], row["papers"]) for row in by_year["rows"]] == [(2025, 1), (2024, 1)]
        listed = await told(client, "papers", papers={"words": ["beam"]}, limit=1)
        assert (listed["total"], listed["papers"][0]["title"]) == (1, "BeamLoRA")
        paper_id = listed["papers"][0]["id"]
        assert (await told(client, "paper", name="beam"))["id"] == paper_id
        assert (await told(client, "search", query="adapter beam", limit=1))["results"][0]["paper_id"] == paper_id
        person = (await told(client, "author", name="N. Gu"))["people"][0]
        assert (person["id"], person["coauthors"]) == ("naibin-gu", [{"name": "Peng Fu", "papers": 1}])
        others = await told(client, "coauthors", papers={"author": "naibin-gu"})
        assert [(row["author"], row["papers"]) for row in others["rows"]] == [("Peng Fu", 1)]
        assert (await told(client, "trends"))["total"] == 2
        said = "BeamLoRA treats each adapter as a beam. It was tested on 13 datasets."
        proved = await told(client, "verify", text=said, papers=["beam"])
        assert [each["status"] for each in proved["sentences"]] == ["exact", "unsupported"]
        assert not proved["holds"]
        assert f"“BeamLoRA treats each adapter as a beam.” {paper_id}" in text(
            await client.call_tool("verify", {"text": said, "papers": ["beam"]})
        )

    connected(folder, use)
    assert "Failed to parse" not in caplog.text  # what the model's loading prints stays off the wire


def test_what_goes_wrong_is_said_to_the_program_in_words(folder: Path) -> None:
    async def use(client: Client) -> None:
        for tool, arguments, words in (
            ("ask", {"question": " "}, "The question is empty"),
            ("paper", {"name": "nothing"}, "No paper is called"),
            ("verify", {"text": "A beam."}, "the ids of 1 to 10 papers"),
            ("verify", {"bundle": str(folder)}, "is not a bundle"),
            ("search", {"query": " "}, "The query is empty"),
            ("count", {"papers": {"writer": "Gu"}}, "writer"),
            ("count", {"author": "Gu"}, 'Say it as "papers": {"author": ...}'),  # and is not the whole library's
            ("paper", {"name": "beam", "id": "beam"}, "paper does not take id; it takes name."),
        ):
            result = await client.call_tool(tool, arguments)
            assert result.is_error
            assert words in text(result)

    connected(folder, use)


def test_exact_tools_work_while_another_program_owns_the_library(folder: Path) -> None:
    async def use(client: Client) -> None:
        assert (await told(client, "count"))["count"] == 2
        assert (await told(client, "author", name="Gu"))["total"] == 1
        result = await client.call_tool("ask", {"question": QUESTION})
        assert result.is_error
        assert "in use by" in text(result)
        assert "assistant serve" in text(result)

    with ExitStack() as owned:
        owner = Ownership(folder)
        owned.callback(owner.close)
        connected(folder, use)


@pytest.fixture
def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    model = ScriptedModel("BeamLoRA treats each adapter as a beam. " * 50, delay=0.05)
    monkeypatch.setattr(Workspace, "_load_language_model", lambda _: model)
    monkeypatch.setattr("assistant.workspace.Judge", lambda *_: TrustingJudge())
    with Workspace(Settings(library=folder, models=folder)) as workspace:
        yield workspace


def test_a_library_that_nobody_uses_is_let_go(folder: Path) -> None:
    from assistant.mcp_server import Lender

    lender = Lender(Settings(library=folder, models=folder), idle=0.05)
    with lender.lend() as one, lender.lend() as other:
        assert one is other
        time.sleep(0.2)
        assert lender.is_open
    for _ in range(100):
        if not lender.is_open:
            break
        time.sleep(0.05)
    Ownership(folder).close()


def test_a_check_names_the_machines_that_were_sent_the_text(opened: Workspace) -> None:
    from assistant.mcp_server import _verified_in_words

    opened.assistant = replace(opened.assistant, hosts=lambda: ("writer.lab", "gpu.lab", ""))
    queries = Queries(opened.library, lambda: nullcontext(opened))
    found = asyncio.run(queries.prove("BeamLoRA treats each adapter as a beam.", ["beam"]))
    assert found
    assert found.sent_to == ["gpu.lab"]
    assert "sent to another machine, gpu.lab" in _verified_in_words(found)


def test_an_answer_that_nobody_waits_for_is_stopped(opened: Workspace) -> None:
    queries = Queries(opened.library, lambda: nullcontext(opened))

    async def ask() -> None:
        async for _ in queries.ask(QUESTION):
            pass

    async def run() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ask(), 1.5)

    threads = threading.active_count()
    asyncio.run(run())
    assert threads <= threading.active_count() + 1
    for _ in range(100):
        if opened.assistant.queue.is_free:
            return
        time.sleep(0.05)
    pytest.fail("the model is still writing")


def test_shapes_are_those_of_the_command_line(library: Library) -> None:
    assert set(AnswerShape.model_fields) == set(Answer.__dataclass_fields__)
    assert set(PaperShape.model_fields) == set(Paper("A title").to_json())
