"""What the real chat model makes of abstracts that it reads: support for sentences, answers to questions."""

from __future__ import annotations

import threading

import pytest

from assistant import settings, wiring
from assistant.grounding import answerability, support
from assistant.models import probes, prompting
from assistant.protocols import LanguageModel
from assistant.types import Source

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1200)]

NETWORK = Source(
    1,
    "a",
    "Dual Memory Networks",
    (),
    "2018",
    "",
    "We propose a dual user and product memory network (DUPMN). The model gains 0.6%, 1.2%, and 0.9% on IMDB, Yelp13, "
    "and Yelp14, respectively. Accuracy on BoolQ improves by 3.1%, whereas the F1 of entity recognition improves by "
    "1.7%. It was trained on reviews. Bertje is better than RobBERT.",
)
TAGGER = Source(2, "b", "Sparse Tagger", (), "2019", "", "SparseTag is 2x faster and loses 0.5% of accuracy.")
DEPOT = Source(
    3,
    "c",
    "Night Buses and Warm Depots",
    (),
    "2025",
    "",
    "We ask whether a warm depot makes night buses punctual. Over 14 months in two towns no difference was found. "
    "Drivers believe that mild air may shorten the first stop; this was not tested.",
)
STATEMENTS = [
    (NETWORK, "DUPMN gains 1.2% on Yelp13.", "DUPMN gains 1.2% on IMDB."),
    (NETWORK, "Accuracy on BoolQ improves by 3.1%.", "Accuracy on BoolQ improves by 1.7%."),
    (NETWORK, "Bertje is clearly better than RobBERT.", "RobBERT is clearly better than Bertje."),
    (NETWORK, "DUPMN improves accuracy on BoolQ.", "DUPMN worsens accuracy on BoolQ."),
    (NETWORK, "The model was trained on reviews.", "The model was not trained on reviews."),
    (TAGGER, "SparseTag is twice as fast.", "SparseTag is twice as slow."),
    (TAGGER, "SparseTag loses 0.5% of accuracy.", "SparseTag gains 0.5% of accuracy."),
    (DEPOT, "The study asks whether a warm depot makes buses punctual.", "A warm depot makes night buses punctual."),
    (DEPOT, "No difference was found in 14 months.", "A clear difference was found within 14 months."),
    (DEPOT, "Drivers believe that mild air may help.", "Mild air shortens the first stop."),
]
QUESTIONS = [
    (NETWORK, "how much better does DUPMN get on yelp13?", "How many parameters does DUPMN have?"),
    (TAGGER, "What does the speed of SparseTag cost?", "On which corpus was SparseTag trained?"),
    (DEPOT, "Hat das warme Depot die Busse pünktlicher gemacht?", "How warm was the depot?"),
]


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return wiring.load_language_model(settings.load())


def test_the_default_model_has_its_probes(model: LanguageModel) -> None:
    assert probes.find(model.fingerprint, answerability.TASK)
    assert probes.find(model.fingerprint, support.TASK)


def test_true_sentences_are_told_from_false_ones(model: LanguageModel) -> None:
    supports = support.reader(model, None, 3000)
    likely = [
        (supports(true, [source]) or 0.0, supports(false, [source]) or 0.0, false) for source, true, false in STATEMENTS
    ]
    assert [false for one, other, false in likely if one <= other] == []
    assert sum((one >= 0.5) + (other < 0.5) for one, other, _ in likely) >= 17, likely


def test_answerable_questions_are_told_from_near_misses(model: LanguageModel) -> None:
    stop, right = threading.Event(), 0
    for source, answerable, other in QUESTIONS:
        yes, no = (
            probes.yes(
                model,
                answerability.TASK,
                prompting.judgement(answerability.TASK, question, [source], model, 3000),
                None,
                stop,
            )
            for question in (answerable, other)
        )
        assert yes is not None
        assert no is not None
        assert yes > no, (answerable, yes, other, no)
        right += (yes >= 0.4) + (no < 0.4)
    assert right >= 4
