"""Whether a request is about papers with an abstract or without: a probe on the embedding model's vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from assistant.models import Probe, probes
from assistant.planning import abstract_condition
from assistant.planning.intents import Named, Request
from assistant.protocols import Vectors


class Words:
    """An embedding model whose vectors say which of three words a text holds."""

    fingerprint = "words"
    dimension = 3

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text."""
        return np.array([[word in text for word in ("without", "with ", "abstract")] for text in texts], np.float32)


@pytest.fixture
def _probe(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.array([[-9, 9, 9], [9, -9, 9], [0, 0, 0]], np.float32)
    bias = np.array([-12, -12, 0], np.float32)
    probe = Probe(0, ("has", "lacks", "none"), np.zeros(3, np.float32), np.ones(3, np.float32), weights, bias)
    monkeypatch.setattr(probes, "find", lambda *_: probe)


@pytest.mark.usefixtures("_probe")
def test_a_request_says_whether_papers_have_an_abstract_or_does_not() -> None:
    def told(text: str, kind: str = "list") -> bool | None:
        return abstract_condition.read(Request(text, kind), Words()).has_abstract  # type: ignore[arg-type]

    assert told("papers with an abstract") is True
    assert told("papers without an abstract") is False
    assert told("papers without code") is None
    assert told("papers without an abstract", "content") is None


@pytest.mark.usefixtures("_probe")
def test_words_that_say_it_are_no_topic_and_others_stay_one() -> None:
    text = "lamp papers without abstracts"
    named = (Named("topic", "lamp", 0, 4), Named("not_topic", "abstracts", 20, 29), Named("author", "papers", 5, 11))
    read = abstract_condition.read(Request(text, "list", named), Words())
    assert [each.text for each in read.named] == ["lamp", "papers"]
    assert read.has_abstract is False


@pytest.mark.usefixtures("_probe")
def test_names_say_nothing_of_abstracts() -> None:
    text = "those that abstract has, with papers by abstract"
    named = (Named("author", "abstract", 11, 19), Named("author", "abstract", 40, 48))
    assert abstract_condition.read(Request(text, "list"), Words()).has_abstract is True
    assert abstract_condition.read(Request(text, "list", named), Words()).has_abstract is None


def test_an_embedding_model_without_a_probe_reads_no_such_condition() -> None:
    request = Request("papers without an abstract", "list")
    assert abstract_condition.read(request, Words()) is request


def test_a_probe_is_fitted_on_requests_of_all_three() -> None:
    told = [label for _, label in abstract_condition._labelled()]
    assert min(told.count(label) for label in ("has", "lacks", "none")) > 50
