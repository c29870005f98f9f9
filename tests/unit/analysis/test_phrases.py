from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.analysis.themes import phrases
from assistant.analysis.themes.phrases import Phrases
from assistant.types import Paper
from tests.conftest import make_paper


def papers_of(*texts: tuple[str, str]) -> list[Paper]:
    return [make_paper(title, abstract, id=f"p{number}") for number, (title, abstract) in enumerate(texts)]


def held(found: list[phrases.Term]) -> dict[str, tuple[str, ...]]:
    return {term.phrase: term.paper_ids for term in found}


def test_a_term_has_every_paper_that_holds_it_in_any_spelling() -> None:
    found = held(
        phrases.terms(
            papers_of(
                ("Mixture-of-Experts at scale", "We train a mixture of experts."),
                ("Sparse routing", "Routing for mixtures of experts is sparse."),
                ("A new router", "MIXTURE OF EXPERT layers need a router."),
                ("Dense layers", "Nothing of the kind."),
            )
        )
    )
    (spelling,) = (phrase for phrase in found if "ixture" in phrase)
    assert found[spelling] == ("p0", "p1", "p2")


def test_an_abbreviation_that_the_papers_define_is_its_long_form() -> None:
    found = held(
        phrases.terms(
            papers_of(
                ("RLVR revisited", "Training by reinforcement learning with verifiable rewards (RLVR) is studied."),
                ("Self-Distilled RLVR", "We study what RLVR forgets."),
                ("Something else", "Nothing of the kind."),
            )
        )
    )
    assert found["reinforcement learning with verifiable rewards"] == ("p0", "p1")
    assert "RLVR" not in found


def test_a_fragment_of_a_longer_phrase_is_no_term() -> None:
    found = held(
        phrases.terms(
            papers_of(
                ("Light tuning", "Parameter-efficient fine-tuning saves memory."),
                ("Heavy tuning", "We compare parameter-efficient fine-tuning with full training."),
                ("Fast tuning", "In parameter efficient fine tuning, adapters are small."),
            )
        )
    )
    assert "parameter-efficient fine-tuning" in found
    assert not {"efficient fine", "parameter-efficient", "efficient fine-tuning", "efficient"} & found.keys()


def test_a_word_written_in_two_is_the_same() -> None:
    texts = [("Finetuning", "On finetuning."), ("Tuning", "On fine-tuning, fine tuning."), ("Fine-tuning", "Again.")]
    assert held(phrases.terms(papers_of(*texts)))["fine-tuning"] == ("p0", "p1", "p2")


def test_what_every_abstract_says_is_no_term() -> None:
    texts = [
        (f"Graph pruning {number}", "We propose a novel method. Extensive experiments show state-of-the-art results.")
        for number in range(6)
    ]
    found = held(phrases.terms(papers_of(*texts)))
    assert "graph pruning" in {phrase.lower() for phrase in found}
    assert not {"novel method", "method", "results", "art results", "extensive experiments"} & found.keys()


def test_names_keep_their_capitals_and_titles_lose_theirs() -> None:
    texts = [
        ("Gaussian Splatting for Scenes", "We use Gaussian splatting here."),
        ("Faster Gaussian Splatting", "Rendering by Gaussian splatting; LoRA is not used."),
        ("LoRA", "LoRA here."),
    ]
    found = held(phrases.terms(papers_of(*texts)))
    assert "Gaussian splatting" in found
    assert "LoRA" in found


def test_labels_tell_groups_apart() -> None:
    editing = [(f"Knowledge editing {n}", "Language models are changed by knowledge editing.") for n in range(4)]
    pruning = [(f"Network pruning {n}", "Language models are changed by network pruning.") for n in range(4)]
    both = Phrases(papers_of(*editing, *pruning)).labels([[0, 1, 2, 3], [4, 5, 6, 7]])
    assert [group[0] for group in both] == ["knowledge editing", "network pruning"]
    assert not any("language models" in group for group in both)


def test_the_order_of_the_papers_changes_no_term() -> None:
    papers = papers_of(
        *[
            (f"Topic {n % 3} modelling", f"Word{n % 4} embeddings and topic{n % 2} models of data sets.")
            for n in range(12)
        ]
    )
    turned = random.Random(1).sample(papers, len(papers))
    one, other = ({term.phrase: frozenset(term.paper_ids) for term in phrases.terms(some)} for some in (papers, turned))
    assert one == other


@pytest.mark.parametrize("texts", [[], [("", "")], [("Alone", "")], [("$$$ ((", "\x00 ​ \ud800 <b>")] * 3])
def test_odd_papers_do_no_harm(texts: list[tuple[str, str]]) -> None:
    assert isinstance(phrases.terms(papers_of(*texts)), list)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=120)), max_size=5))
def test_any_text_can_be_counted(texts: list[tuple[str, str]]) -> None:
    for term in phrases.terms(papers_of(*texts)):
        assert term.phrase
        assert 1 <= len(term.paper_ids) <= len(texts)


def test_counts_are_those_of_counting_by_hand() -> None:
    draws = random.Random(0)
    words = ["graph", "kernel", "prior", "tensor", "of"]
    texts = [("", f" {' '.join(draws.choices(words, k=12))} ") for _ in range(30)]
    found = held(phrases.terms(papers_of(*texts)))
    assert found
    for phrase, ids in found.items():
        assert list(ids) == sorted(f"p{place}" for place, (_, text) in enumerate(texts) if f" {phrase} " in text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("large language models (LLMs) are", {"LLM": "large language models"}),
        ("a mixture of experts (MoE)", {"MoE": "mixture of experts"}),
        ("Low-Rank Adaptation (LoRA)", {"LoRA": "Low-Rank Adaptation"}),
        ("vision transformers (ViT)", {"ViT": "vision transformers"}),
        ("on ImageNet (Top1) and (see Fig)", {}),
        ("with no words (XYZ)", {}),
        ("(ABC)", {}),
    ],
)
def test_abbreviations_are_known_by_their_definition(text: str, expected: dict[str, str]) -> None:
    assert phrases.abbreviations([text]) == expected


def test_an_abbreviation_of_two_meanings_stands_for_itself() -> None:
    assert phrases.abbreviations(["relation extraction (RE)", "rule engine (RE)"]) == {}


def test_the_fragments_of_phrases_that_other_words_follow_are_no_terms() -> None:
    texts = [("", f"We study adversarial {word}.") for word in ("training", "attack", "robustness", "transfer") * 2]
    found = held(phrases.terms(papers_of(*texts)))
    assert {"adversarial attack", "adversarial robustness"} <= found.keys()
    assert "adversarial" not in found


def test_a_word_alone_is_a_term_only_where_it_stands_in_a_title() -> None:
    texts = [
        ("On splatting", "We alleviate splatting."),
        ("Rendering", "To alleviate, splatting."),
        ("Scenes", "A scene."),
    ]
    found = {phrase.casefold() for phrase in held(phrases.terms(papers_of(*texts)))}
    assert "splatting" in found
    assert "alleviate" not in found
