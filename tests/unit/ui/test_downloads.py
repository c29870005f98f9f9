"""The files of an answer: its bundle, and its sources for other programs."""

import zipfile
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from assistant.export import bundles
from assistant.library import Library
from assistant.ui.downloads import answer_file
from assistant.workspace import Workspace
from tests.fakes import HashingEmbedder
from tests.unit.answering.test_assistant import assistant_over
from tests.unit.export.test_bundles import filled


def test_an_answer_has_a_bundle_that_verifies_and_its_sources(
    library: Library, embedder: HashingEmbedder, tmp_path: Path
) -> None:
    assistant = assistant_over(library, embedder, index=filled(library, embedder))
    answer = assistant.ask("How many papers did Naibin Gu publish in 2024?").answer()
    workspace = cast(
        Workspace, SimpleNamespace(library=library, save_bundle=lambda one, folder: bundles.write(one, library, folder))
    )
    zipfile.ZipFile(BytesIO(answer_file("answer.zip", answer, workspace) or b"")).extractall(tmp_path)
    assert bundles.verify(tmp_path / "answer", library).holds
    assert b"Light-PEFT" in (answer_file("sources.bib", answer, workspace) or b"")
    assert b"Routing" in (answer_file("sources.ris", answer, workspace) or b"")
    assert answer_file("other.bib", answer, workspace) is None
