"""The real default models beside other programs: asked by the MCP SDK's own client, and behind transformers' server."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters

from assistant import settings, wiring
from assistant.models import registry
from assistant.workspace import Workspace

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(3000)]


def test_an_mcp_client_gets_a_cited_answer_and_a_refusal(tmp_path: Path) -> None:
    with Workspace(settings.load(library=tmp_path / "library")) as workspace:
        workspace.add_sample()

    async def use() -> None:
        arguments = ["-m", "assistant", "--library", str(tmp_path / "library"), "mcp"]
        program = StdioServerParameters(command=sys.executable, args=arguments, cwd=Path(__file__).parents[2])
        async with Client(program) as client:
            question = "What effect did reversing the source words have on BLEU?"
            answer = (await client.call_tool("ask", {"question": question})).structured_content
            assert isinstance(answer, dict)
            assert "30.6" in answer["text"]
            assert any("30.6" in span["quote"] for each in answer["sentences"] for span in each["spans"])
            refused = (
                await client.call_tool("ask", {"question": "What dropout rate does LoRA use?"})
            ).structured_content
            assert isinstance(refused, dict)
            assert refused["refused"]

    asyncio.run(use())


@pytest.fixture
def server() -> Iterator[str]:
    """Yield the address of transformers' own server, which writes with the default chat model."""
    from transformers.cli.serve import Serve

    read = settings.load()
    known = wiring.registry(read)
    model = known.resolve(wiring.default_chat_model(known))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serving = Serve(force_model=model, host="127.0.0.1", port=port, non_blocking=True, log_level="error")
    try:
        while not serving.server.started:
            threading.Event().wait(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        serving.kill_server()


def test_a_server_writes_and_its_answers_are_proved_as_ever(server: str, tmp_path: Path) -> None:
    with Workspace(settings.load(library=tmp_path / "library", llm_url=server)) as workspace:
        workspace.add_sample()
        answer = workspace.ask("What effect did reversing the source words have on BLEU?").answer()
        assert workspace.judge == registry.default_chat_model()
        assert answer.model
        assert answer.model.device.startswith("the server at 127.0.0.1")
        assert (answer.refused, answer.sent_to) == (False, ())
        assert "30.6" in answer.text
        assert all(each.status in ("exact", "supported") for each in answer.sentences)
        abstracts = {source.number: source.abstract for source in answer.sources}
        spans = [span for each in answer.sentences for span in each.spans]
        assert spans
        assert all(span.quote in abstracts[span.source] for span in spans)
        assert workspace.ask("What dropout rate does LoRA use?").answer().refused
        assert "24" in workspace.ask("How many papers are there?").answer().text
