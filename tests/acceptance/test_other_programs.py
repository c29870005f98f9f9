"""The real default models asked by another program: the SDK's own client over the installed command."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters

from assistant import settings, wiring
from assistant.models import registry
from assistant.workspace import Workspace

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(3000)]


@pytest.fixture(scope="module", autouse=True)
def _models() -> None:
    read = settings.load()
    known = wiring.registry(read)
    needed = (wiring.default_chat_model(known), registry.default_embedder())
    missing = [name for name in needed if not known.is_present(name)]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"the models {missing} are not here; `make models` fetches them")
    assert not missing, f"CI must have the models {missing}"


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
