"""Whether abstracts state what is asked for, as a model that reads them says."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelError, UsageError
from assistant.evaluation import calibration
from assistant.evaluation.calibration import Example
from assistant.grounding import Judge, answerability
from assistant.grounding.answerability import Judgement
from assistant.models import probes
from assistant.models.chat_model import TransformersModel
from assistant.models.prompting import judgement
from assistant.protocols import Reading
from assistant.text import split_sentences
from assistant.text.prompt_safety import quoted
from assistant.types import Source
from tests.fakes import HashingEmbedder, ScriptedModel
from tests.tiny_models import tiny_chat_model

BEAMS = Source(
    1, "p1", "BeamLoRA", ("Naibin Gu",), "2025", "", "BeamLoRA treats adapters as beams. It needs no teacher."
)
PRUNING = Source(2, "p2", "Light-PEFT", (), "2024", "", "Light-PEFT prunes early. It was tested on GLUE.")


ANSWERABILITY = calibration.TASKS[0]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TransformersModel:
    return TransformersModel(str(tiny_chat_model(tmp_path_factory.mktemp("chat"))), "tiny")


def judged(question: str, model: ScriptedModel, sources: tuple[Source, ...] = (BEAMS, PRUNING)) -> Judgement:
    judge = Judge(HashingEmbedder().embed, 0.5)
    return judge.judge(question, sources, model, budget=3000, stop=threading.Event())


def test_the_first_source_that_states_the_answer_is_answered_from() -> None:
    assert judged("What are beams?", ScriptedModel()).answering == (1,)
    model = ScriptedModel()
    model.denied = ("BeamLoRA treats",)
    assert judged("What prunes early?", model).answering == (2,)


def test_the_prompt_about_a_paper_is_the_same_at_whatever_place_it_was_found() -> None:
    model = ScriptedModel()
    prompts = [judgement("answerability", "What?", [replace(BEAMS, number=n)], model, 3000) for n in (1, 3)]
    assert prompts[0] == prompts[1]


def test_without_one_the_nearest_sentence_of_the_likeliest_source_is_quoted() -> None:
    model = ScriptedModel()
    model.denied = ("[1]",)
    judgement = judged("Was Light-PEFT tested on GLUE or on SuperGLUE?", model, (PRUNING, BEAMS))
    assert judgement.answering == ()
    assert judgement.nearest == 2
    assert judgement.quote == "It was tested on GLUE."
    assert judgement.probability < 0.5


def test_a_judgement_that_is_stopped_names_nothing() -> None:
    stop = threading.Event()
    stop.set()
    judge = Judge(HashingEmbedder().embed, 0.5)
    assert judge.judge("What?", [BEAMS], ScriptedModel(), budget=3000, stop=stop) == Judgement()


def test_calibrating_fits_a_probe_that_tells_its_examples_and_is_found_again(
    tiny: TransformersModel, tmp_path: Path
) -> None:
    questions = [f"What is {word}?" for word in ("a beam", "a teacher", "pruning", "a model", "the question", "GLUE")]
    examples = [Example(q, source, q.endswith(("m?", "r?", "g?"))) for q in questions for source in (BEAMS, PRUNING)]
    (fitted,) = calibration.fit(ANSWERABILITY, tiny, examples, lambda _: None)
    assert fitted.examples == 12
    calibration.save(fitted, tiny, tmp_path)
    assert probes.find(tiny.fingerprint, "answerability", tmp_path) is not None
    for example in examples:
        messages = judgement("answerability", example.text, [example.source], tiny, 3000)
        chance = probes.yes(tiny, "answerability", messages, tmp_path, threading.Event())
        assert chance is not None
        assert 0 < chance < 1
    assert probes.find("unknown", "answerability", tmp_path) is None


def test_calibrating_says_what_it_needs(tiny: TransformersModel) -> None:
    with pytest.raises(UsageError, match="hidden states"):
        calibration.fit(ANSWERABILITY, ScriptedModel(), [Example("What?", BEAMS, True)], lambda _: None)
    with pytest.raises(UsageError, match="are not"):
        calibration.fit(ANSWERABILITY, tiny, [Example("What?", BEAMS, True)], lambda _: None)


def test_a_probe_tells_labels_apart_and_is_read_back(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    states = generator.normal(size=(60, 8)).astype(np.float32)
    labels = ["yes" if state[0] > 0 else "no" for state in states]
    probe = probes.fit(3, states, labels, strength=1.0)
    right = [probe.probability(label, state) > 0.5 for label, state in zip(labels, states, strict=True)]
    assert sum(right) > 55
    probe.save(tmp_path / "p.safetensors")
    again = probes.Probe.load(tmp_path / "p.safetensors")
    assert (again.layer, again.labels) == (3, ("no", "yes"))
    assert np.allclose(again.probabilities(states), probe.probabilities(states), atol=1e-2)


def test_of_several_labels_the_probabilities_add_up_to_one() -> None:
    states = np.eye(3, dtype=np.float32).repeat(10, axis=0)
    probe = probes.fit(1, states, ["a"] * 10 + ["b"] * 10 + ["c"] * 10, strength=10.0)
    assert np.allclose(probe.probabilities(states).sum(axis=1), 1.0)
    assert probe.probability("c", states[-1]) > 0.5


def test_a_file_that_is_no_probe_is_named(tmp_path: Path) -> None:
    (tmp_path / "p.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"p\.safetensors"):
        probes.Probe.load(tmp_path / "p.safetensors")


@pytest.mark.parametrize("task", calibration.TASKS, ids=lambda task: task.name)
def test_the_shipped_lines_are_about_papers_of_the_sample_library(task: calibration.Task) -> None:
    examples = calibration.shipped_examples(task)
    assert len(examples) > 200
    assert 0.4 < sum(example.is_so for example in examples) / len(examples) < 0.6
    assert len({example.source.title for example in examples}) == 24
    for example in examples:
        stated = " ".join(quoted(example.source.abstract).split())
        assert all(each in stated for each in example.evidence), example


def attending(text: str, *words: str) -> Reading:
    """Return a reading in which the second of two heads attends to some words of a text, a token a word."""
    spans, start = [], 0
    for word in text.split():
        start = text.index(word, start)
        spans.append((start, start + len(word)))
    weights = np.full((1, 2, len(spans)), 0.001, np.float32)
    weights[0, 1] = [0.2 if text[begin:end].strip(".") in words else 0.001 for begin, end in spans]
    return Reading(None, {}, {}, tuple(spans), weights)


TEXT = "Beams are adapters. Light-PEFT prunes early. It was tested on GLUE."


def test_the_sentence_that_attention_goes_to_is_the_evidence(tmp_path: Path) -> None:
    sentences = split_sentences(TEXT)
    told = answerability.features(attending(TEXT, "GLUE"), TEXT, sentences)
    assert told.shape == (3, 2)
    assert told[:, 1].argmax() == 2
    assert np.allclose(told.mean(axis=0), 0, atol=1e-5)
    probe = probes.Probe(
        0, ("no", "yes"), *np.array([[0, 0], [1, 1]], np.float32), np.float32([[0, 2]]), np.float32([0])
    )
    probe.save(tmp_path / "m" / "evidence.safetensors")
    found = answerability.evidence("m", tmp_path, TEXT, attending(TEXT, "prunes", "early"))
    assert found[0].text == "Light-PEFT prunes early."
    assert found[0].probability > 0.5 > found[1].probability
    assert answerability.evidence("m", tmp_path, TEXT, Reading()) == ()
    assert answerability.evidence("m", tmp_path, "", attending(TEXT, "GLUE")) == ()
    assert answerability.evidence("other", tmp_path, TEXT, attending(TEXT, "GLUE")) == ()


def test_a_long_list_is_taken_apart(tmp_path: Path) -> None:
    text = f"We give: (1) {'words and ' * 30}more; (2) a reward of eleven types; (3) a pipeline."
    probe = probes.Probe(
        0, ("no", "yes"), *np.array([[0, 0], [1, 1]], np.float32), np.float32([[0, 2]]), np.float32([0])
    )
    probe.save(tmp_path / "m" / "evidence.safetensors")
    assert (
        answerability.evidence("m", tmp_path, text, attending(text, "eleven"))[0].text
        == "(2) a reward of eleven types;"
    )


def test_calibrating_on_lines_with_their_evidence_makes_a_probe_of_it(tiny: TransformersModel, tmp_path: Path) -> None:
    examples = [
        Example(f"What {word}?", source, word != "is", (split_sentences(source.abstract)[1],) if word != "is" else ())
        for word in ("beam", "teacher", "is")
        for source in (BEAMS, PRUNING)
    ]
    for fitted in calibration.fit(ANSWERABILITY, tiny, examples, lambda _: None):
        calibration.save(fitted, tiny, tmp_path)
    assert fitted.task == "evidence"
    judge = Judge(HashingEmbedder().embed, 0.0, tmp_path)
    judged = judge.judge("What teacher?", [BEAMS], tiny, budget=3000, stop=threading.Event())
    assert [each.text for each in judged.passages[1]] in (
        split_sentences(BEAMS.abstract),
        split_sentences(BEAMS.abstract)[::-1],
    )
    assert judged.quote in BEAMS.abstract
