"""Sentences of abstracts in the third person."""

from __future__ import annotations

import pytest

from assistant.analysis.summaries.third_person import Told, told


@pytest.mark.parametrize(
    ("sentence", "subject", "text"),
    [
        ("We propose Blink, a framework.", "authors", "propose Blink, a framework."),
        ("In this paper, we study how our models\nforget.", "authors", "study how their models forget."),
        ("Thus, we further show that it holds for us.", "authors", "show that it holds for them."),
        ("This paper introduces Harbour.", "paper", "introduces Harbour."),
        ("The paper proposes a way, which we call Way.", "paper", "proposes a way, which they call Way."),
        ("Building on this insight, we propose Blink.", "authors", "propose Blink."),
        ("To address this, we measure drift.", "authors", "measure drift."),
        ("BeamLoRA outperforms LoRA on all of the tasks.", "", "BeamLoRA outperforms LoRA on all of the tasks."),
        (
            "Second language learners make errors of their own.",
            "",
            "Second language learners make errors of their own.",
        ),
        ("The study of protein folding has advanced.", "", "The study of protein folding has advanced."),
        ("The research community has long ignored it.", "", "The research community has long ignored it."),
        ("The authors of BERT claim that it is robust.", "", "The authors of BERT claim that it is robust."),
        ("This work also shows that WE models help.", "paper", "shows that WE models help."),
        ("We measure trade between the US and Japan.", "authors", "measure trade between the US and Japan."),
    ],
)
def test_the_speaker_becomes_the_authors_and_the_rest_stays(sentence: str, subject: str, text: str) -> None:
    assert told(sentence) == Told(subject, text)


def test_what_stands_before_the_speaker_stays_before_the_authors() -> None:
    assert told("In contrast to prior work, we propose X.") == Told(
        "authors", "propose X.", "in contrast to prior work, "
    )
    assert told("Instead of fine-tuning, we prompt.") == Told("authors", "prompt.", "instead of fine-tuning, ")
    assert told("Under mild assumptions, we prove a bound.") == Told(
        "authors", "prove a bound.", "under mild assumptions, "
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "Under this assumption, we prove a bound.",  # without the assumption it would be false
        "Under the assumption that P equals NP, we construct a polynomial algorithm for SAT.",
        "If this conjecture holds, we construct an optimal code.",
        "For languages that lack a treebank, we build the first parser.",
        "The work by Smith et al. shows that we learn.",
        "Our contributions are threefold.",
        "We humans learn from few examples.",
        "As humans, we rely on context.",
        "They say: “our data belong to us”, as we report.",
        "Nous présentons un analyseur pour le français parlé.",
        "This allows faster training.",
        "It is fast.",
        "Experiments show that our model wins.",
        "I argue that words matter.",
    ],
)
def test_what_would_point_to_nothing_or_to_the_speaker_is_not_told(sentence: str) -> None:
    assert told(sentence) is None
