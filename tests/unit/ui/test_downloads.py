"""The files of an answer: its bundle, and its sources for other programs."""

import zipfile
from io import BytesIO
from pathlib import Path

from assistant.export import bundles
from assistant.library import Library
from assistant.ui.downloads import answer_files
from tests.fakes import HashingEmbedder
from tests.unit.answering.test_assistant import assistant_over
from tests.unit.export.test_bundles import filled


def test_an_answer_has_a_bundle_that_verifies_and_its_sources(
    library: Library, embedder: HashingEmbedder, tmp_path: Path
) -> None:
    assistant = assistant_over(library, embedder, index=filled(library, embedder))
    answer = assistant.ask("How many papers did Naibin Gu publish in 2024?").answer()
    files = answer_files(answer, library.papers_by_id, lambda answer, folder: bundles.write(answer, library, folder))
    assert set(files) == {"answer.zip", "sources.bib", "sources.ris"}
    zipfile.ZipFile(BytesIO(files["answer.zip"][1])).extractall(tmp_path)
    assert bundles.verify(tmp_path / "answer", library).holds
    assert b"Light-PEFT" in files["sources.bib"][1]
    assert b"Routing" in files["sources.ris"][1]
