from __future__ import annotations

import pytest

from assistant import relevance
from assistant.words import STOP_WORDS, is_light, looks_like_a_name, shares, stem


@pytest.mark.parametrize("word", ["KnowRL", "BM25", "GIMC", "l1"])
def test_names_of_methods_are_told_by_capitals_and_digits(word: str) -> None:
    assert looks_like_a_name(word)


@pytest.mark.parametrize("word", ["Beam", "beam", "2024", ""])
def test_ordinary_words_and_numbers_are_no_names(word: str) -> None:
    assert not looks_like_a_name(word)


def test_stems_join_the_forms_of_a_word_and_the_plural_of_an_acronym() -> None:
    assert stem("networks") == stem("network")
    assert stem("svms") == "svm"
    assert stem("is") == "is"


def test_everyday_words_are_light_in_every_form() -> None:
    assert is_light("reveal")
    assert is_light("revealed")
    assert not is_light("protein")


def test_shares_of_words_are_shares_of_stems() -> None:
    assert shares()["network"] > shares()["languag"] > 0
    assert all(0 < share <= 1 for share in shares().values())
    assert all(stem(word) for word in STOP_WORDS)


def test_the_gate_has_a_threshold_between_nothing_and_everything() -> None:
    assert 0 < relevance.LEAST_EVIDENCE < 1.5
