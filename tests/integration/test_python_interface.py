"""The public interface as programs use it: its documentation runs, from a plain script and from a REPL."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import assistant
from tests.tiny_models import tiny_chat_model, tiny_embedder

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
SCRIPT = "\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "ASSISTANT_MODEL": str(tiny_chat_model(folder / "chat")),
        "ASSISTANT_EMBEDDER": str(tiny_embedder(folder / "embedder")),
        "ASSISTANT_ANSWER_TOKENS": "40",
        "ASSISTANT_PROMPT_TOKENS": "1500",
    }


def ran(words: list[str], folder: Path, environment: dict[str, str], typed: str = "") -> str:
    """Run Python in a folder that holds a file of references; return what it printed."""
    shutil.copy(ROOT / "assistant" / "sample_library.bib", folder / "references.bib")
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, input=typed, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_of_the_interface_runs_as_a_plain_script(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    printed = ran(["script.py"], tmp_path, environment)
    assert printed.count("24 0 0 0") == 1, "the script ran once, not again in a process of the index"
    assert (tmp_path / "all.csv").is_file()
    assert printed.rstrip().endswith("markdown.")


def test_the_interface_works_where_python_reads_its_input(tmp_path: Path, environment: dict[str, str]) -> None:
    program = """import assistant
with assistant.open_library("kept") as library:
    print(library.add("references.bib").added)
"""
    assert ran(["-"], tmp_path, environment, program).strip() == "24"


def test_the_example_goes_from_a_file_to_an_answer(tmp_path: Path, environment: dict[str, str]) -> None:
    example = ROOT / "examples" / "from_a_file_to_an_answer.py"
    printed = ran([str(example), "references.bib", "How many papers are there?"], tmp_path, environment)
    assert "24 papers added, 0 records could not be read." in printed
    assert "Read as: " in printed


def test_every_public_name_is_there_is_documented_and_is_typed() -> None:
    tree = ast.parse(Path(assistant.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("assistant.")
        for alias in node.names
    }
    assert typed == set(assistant.__all__)
    for name in assistant.__all__:
        public = getattr(assistant, name)
        assert isinstance(public, str) or public.__doc__, name
        assert name in PAGE or name == "__version__", name
    with pytest.raises(AttributeError):
        _ = assistant.nothing  # type: ignore[attr-defined]
