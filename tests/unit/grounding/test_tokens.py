from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.grounding import tokens


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\emph{Foo} gets 0.0086\%", "Foo gets 0.0086%"),
        (r"$2\times$ faster", "2 x faster"),
        ("1{,}000 items", "1,000 items"),
        ("soft\u00adhyphen and zero\u200bwidth", "softhyphen and zerowidth"),
        ("5–7 %", "5-7 %"),
    ],
)
def test_latex_and_signs_are_read_as_a_reader_does(written: str, read: str) -> None:
    assert tokens.readable(written) == read


@pytest.mark.parametrize(
    ("sentence", "held", "missing"),
    [
        ("It uses 12 sets.", "It uses twelve sets.", set()),
        ("It uses twelve sets.", "It uses 12 sets.", set()),
        ("It has 1.5M rows.", "1.5 million rows", set()),
        ("It has 1.5B rows.", "1.5 million rows", {Decimal("1.5E9")}),
        ("It has 11 rows.", "11 million rows", {Decimal(11)}),
        ("About 30% are right.", "29.7% are right", set()),
        ("30% are right.", "29.7% are right", {Decimal(30)}),
        ("It gains 5 to 7%.", "5-7% gain", set()),
        ("GPT-3 wins.", "GPT-4 wins.", {Decimal(3)}),
        ("It has 1,024 rows.", "1024 rows", set()),
    ],
)
def test_numbers_that_a_text_lacks_are_named(sentence: str, held: str, missing: set[Decimal]) -> None:
    assert tokens.missing_numbers(sentence, held) == missing


@pytest.mark.parametrize("sentence", ["12-dimensional spaces", "a 10s window", "The tests were many.", "It is so."])
def test_ordinary_words_are_no_names(sentence: str) -> None:
    assert tokens.names(sentence) == []


def test_names_are_words_with_inner_capitals_or_digits_or_capitals_within_a_sentence() -> None:
    said = tokens.names("With BERT and Yelp13, the Adam optimizer wins on CIFAR-10.")
    assert said == ["BERT", "Yelp13", "Adam", "CIFAR-10"]


@pytest.mark.parametrize("name", ["CSS", "LLMs", "CIFAR10", "Llama-style", "NLI"])
def test_a_name_is_known_in_other_spellings_and_by_its_initials(name: str) -> None:
    text = "Constrained Subset Search for an LLM on CIFAR-10 in the style of Llama: natural language inference"
    assert tokens.is_known(name, tokens.known_forms(text))


def test_another_name_is_not_known() -> None:
    assert not tokens.is_known("RoBERTa", tokens.known_forms("We use BERT."))


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_two_texts_can_be_compared(one: str, other: str) -> None:
    one, other = tokens.readable(one), tokens.readable(other)
    tokens.missing_numbers(one, other)


@given(st.text(max_size=200))
def test_no_text_contradicts_itself_in_numbers(text: str) -> None:
    assert not tokens.missing_numbers(tokens.readable(text), tokens.readable(text))
