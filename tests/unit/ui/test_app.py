"""The web server of the page while nothing happens, and how Gradio is imported for it."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.settings import Settings
from assistant.ui import app
from assistant.ui.hardening import Reach
from assistant.workspace import Workspace
from tests.fakes import HashingEmbedder, ScriptedModel


class Component:
    """A class as Gradio defines them."""

    __module__ = "gradio.components.of_a_test"


def test_no_stub_is_made_of_gradio_s_classes_while_it_is_imported() -> None:
    with app._without_stubs():
        with pytest.raises(OSError, match="needs no stub"):
            inspect.getfile(Component)
        assert inspect.getfile(Workspace).endswith("workspace.py")
    with pytest.raises(TypeError):
        inspect.getfile(Component)  # as without us: its module is no file


def test_gradio_s_source_is_not_parsed_while_it_is_imported() -> None:
    program = (
        "import ast\n"
        "from assistant.ui import app\n"
        "parsed = []\n"
        "ast.get_source_segment = lambda *_, **__: parsed.append(1)\n"
        "with app._without_stubs():\n"
        "    import gradio\n"
        "print(parsed)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_rests_between_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Workspace, "_load_embedder", lambda _: HashingEmbedder())
    monkeypatch.setattr(Workspace, "_load_language_model", lambda _: ScriptedModel())
    with Workspace(Settings(library=tmp_path / "library", models=tmp_path)) as workspace:
        site = app.application(workspace, tmp_path / "uploads", Reach())
        (engine,) = [route.app.blocks for route in site._app.routes if hasattr(getattr(route, "app", None), "blocks")]
    assert min(engine._queue.sleep_when_free, engine._queue.progress_update_sleep_when_free) >= 0.05
