"""Which sources and which of their sentences hold the words of a sentence."""

from __future__ import annotations

import pytest

from assistant.grounding import alignment, tokens
from assistant.grounding.alignment import Stems
from assistant.types import Source


def evidence_of(*abstracts: str) -> list[alignment.Evidence]:
    return [
        alignment.read(Source(number, f"p{number}", f"Title {number}", ("Ada Gu",), "2024", "", abstract))
        for number, abstract in enumerate(abstracts, 1)
    ]


def chosen(sentence: str, evidence: list[alignment.Evidence], question: str = "") -> list[int]:
    words = alignment.weights(tokens.stems(sentence), evidence)
    asked = alignment.weights(tokens.stems(question), evidence)
    return [one.source.number for one in alignment.choose(words, asked, evidence, [])]


@pytest.mark.parametrize(
    ("word", "is_held"), [("intimate", True), ("intimacy", True), ("intimidate", False), ("interim", False)]
)
def test_another_form_of_a_word_counts_as_the_word(word: str, is_held: bool) -> None:
    assert (word in Stems.of(["intimate"])) == is_held


def test_coverage_is_the_share_of_the_weights_that_are_held() -> None:
    stems = Stems.of(["beam", "adapter"])
    assert stems.coverage({"beam": 3.0, "yeast": 1.0}) == 0.75
    assert stems.missing({"beam": 3.0, "yeast": 1.0}) == {"yeast": 1.0}
    assert stems.coverage({}) == 0.0


def test_rare_words_and_numbers_weigh_more_than_those_of_every_abstract() -> None:
    evidence = evidence_of("Beams hold adapters.", "Beams hold yeast and 12 loaves.")
    weights = alignment.weights(["beam", "yeast", "12", "model"], evidence)
    assert weights["model"] < weights["beam"] < weights["yeast"] < weights["12"]


def test_a_source_is_read_with_its_title_authors_and_date() -> None:
    (one,) = evidence_of("Beams hold. They carry 5\\% more.")
    assert one.text == "Title 1 Ada Gu 2024\nBeams hold.\nThey carry 5% more."
    assert [excerpt.quote for excerpt in one.excerpts] == ["Beams hold.", "They carry 5\\% more."]


def test_a_second_source_is_chosen_only_for_what_the_first_lacks() -> None:
    evidence = evidence_of("Sourdough rises slowly.", "Pruning removes parameters early.", "Sourdough needs yeast.")
    assert chosen("Sourdough rises slowly.", evidence) == [1]
    assert chosen("Sourdough rises slowly, and pruning removes parameters early.", evidence) == [2, 1]


def test_the_question_decides_between_sources_that_hold_a_short_answer_alike() -> None:
    evidence = evidence_of("Pruning keeps accuracy.", "Quantization keeps accuracy.")
    assert chosen("Accuracy.", evidence) == [1]
    assert chosen("Accuracy.", evidence, "What does quantization do?") == [2]


def test_no_source_is_chosen_where_there_is_none() -> None:
    assert chosen("Sourdough rises.", []) == []


def test_the_nearest_excerpt_comes_first_and_its_partner_adds_what_it_lacks() -> None:
    (one,) = evidence_of("Pruning is early. It removes parameters of adapters. Sourdough rises.")
    words = alignment.weights(tokens.stems("Early pruning removes parameters of adapters."), [one])
    nearest = alignment.nearest(words, {}, one.excerpts, 2)
    assert [excerpt.quote for excerpt in nearest] == ["It removes parameters of adapters.", "Pruning is early."]
    assert alignment.partner(words, nearest[0], nearest) == nearest[1]
    assert alignment.partner(words, nearest[0], [nearest[0], one.excerpts[2]]) is None
