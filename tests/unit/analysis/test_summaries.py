from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.analysis.summaries import lines
from assistant.types import Source
from benchmarks import measuring, summaries
from benchmarks.summaries import Summed
from tests.conftest import SHARED, make_paper
from tests.fakes import ScriptedModel

ONE = make_paper("One", "We propose One, a parser. It is fast.", id="one")
TWO = make_paper("Two", "We propose Two, a tagger. It is small.", id="two")


def test_the_best_of_several_references_counts() -> None:
    assert summaries.rouge("a parser for trees", ["a tagger", "a parser for trees"]) == (1.0, 1.0, 1.0)


def test_an_interrupted_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    summaries.write_lines([ONE], file, ScriptedModel("The paper proposes One."))
    model = ScriptedModel("The paper proposes Two.")
    summaries.write_lines([ONE, TWO], file, model)
    assert len(model.prompts) == 1
    assert summaries.read_lines(file) == {
        lines.digest(Source.of(1, ONE)): "The paper proposes One.",
        lines.digest(Source.of(1, TWO)): "The paper proposes Two.",
    }


def test_no_key_sentence_is_chosen_with_coefficients_fitted_on_its_own_paper() -> None:
    papers = [Summed(f"p{i}", "T", "Trees are old. We propose a parser.", ("a parser",)) for i in range(8)]
    first, aim = (np.zeros(len(summaries.FEATURES)) for _ in range(2))
    first[summaries.FEATURES.index("first")] = 1.0
    aim[summaries.FEATURES.index("aim.strong")] = 1.0
    found = summaries.extracted(papers, fitted=first, other=aim)
    assert {one.is_fitted for one in papers} == {True, False}
    assert all(found[one.id] == ("We propose a parser." if one.is_fitted else "Trees are old.") for one in papers)


def test_the_interval_of_a_constant_is_a_point() -> None:
    assert measuring.interval(np.full(20, 0.25)) == (0.25, 0.25)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared benchmarks are not here")
def test_the_key_sentence_beats_the_first_sentence_on_real_summaries() -> None:
    papers = [one for one in summaries.read(SHARED / "benchmarks/scitldr-dev/tldr.jsonl") if not one.is_fitted][:40]
    keys = [summaries.key_sentences.key_sentence(one.title, one.abstract) for one in papers]
    firsts = [summaries.aspects.parts(one.abstract)[0].text for one in papers]

    def mean(texts: list[str]) -> float:
        return float(np.mean([summaries.rouge(text, one.lines) for text, one in zip(texts, papers, strict=True)]))

    assert mean(keys) > mean(firsts) + 0.03
