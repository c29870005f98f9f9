"""The real default models over the sample library.

In a module of its own, so that the chat model that answered from the author page has left the memory.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest

from assistant import settings
from assistant.types import TextProduced
from assistant.workspace import Workspace

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(3000)]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace(settings.load(library=tmp_path_factory.mktemp("sample") / "library")) as workspace:
        assert workspace.add_sample().failed == ()
        yield workspace


def test_a_question_about_the_sample_library_is_answered_with_its_source(sample: Workspace) -> None:
    answer = sample.ask("How many convolutional layers does U-Net have?").answer()
    assert re.search(r"\b23\b", answer.text)
    assert any("U-Net" in answer.sources[number - 1].title for number in answer.cited_numbers)


def test_stopping_ends_a_long_answer_before_it_is_written(sample: Workspace) -> None:
    stream = sample.ask("Explain in detail how the Transformer works and compare it with recurrent networks.")
    for event in stream:
        if isinstance(event, TextProduced):
            stream.close()
    assert stream.answer().reason == "stopped by the reader"
    assert stream.answer().timings.new_tokens < 60


def test_stopping_works_while_the_model_reads_the_prompt(sample: Workspace) -> None:
    stream = sample.ask("What does BERT propose?")
    sample.language_model()
    threading.Timer(0.3, stream.close).start()
    answer = stream.answer()
    assert answer.timings.new_tokens <= 5
    assert sample.ask("What does Adam keep?").answer().text
