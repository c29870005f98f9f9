"""Words, their stems, and how common they are."""

from __future__ import annotations

from assistant.text import STOP_WORDS, is_light, shares, stem


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
