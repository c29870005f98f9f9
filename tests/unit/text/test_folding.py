import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.text import fold, same_person


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Naibin Gu", "naibin gu"),
        ("Łukasz  Kaiser", "łukasz kaiser"),
        ("José-María O'Neil", "jose maria o neil"),
        ("ＬａＴｅＸ!", "latex"),
        ("", ""),
    ],
)
def test_folding_keeps_the_words_and_drops_case_diacritics_and_punctuation(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("query", ["Naibin Gu", "naibin gu", "Gu, Naibin", "N. Gu", "Gu", "naibin"])
def test_a_name_is_found_in_its_usual_spellings(query: str) -> None:
    assert same_person(query, "Naibin Gu")


@pytest.mark.parametrize("query", ["Naibin Guo", "N. Gupta", "N. G.", "M. Gu", "Naibin Naibin Gu", "", "...", "aibi"])
def test_another_name_is_not_found(query: str) -> None:
    assert not same_person(query, "Naibin Gu")


def test_a_family_name_does_not_fit_an_initial() -> None:
    assert not same_person("Gu", "G. Augustin")
    assert same_person("Gu", "N. Gu")
    assert same_person("Naibin Gu", "N. Gu")
