import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import proof, sentences
from assistant.types import Source

SOURCES = (
    Source(
        1,
        "a",
        "Beams",
        (),
        "2025",
        "",
        "Low-rank adapters are beams. Tests cover 12 datasets and three models. Code is free.",
    ),
    Source(
        2, "b", "Prunes", (), "2024-06-01", "", "Early pruning removes 40% of the parameters. Tests cover 8 datasets."
    ),
    Source(3, "c", "Bread", (), "2023", "", "Sourdough rises slowly. It needs wild yeast."),
)


def prove(text: str, question: str = "What?") -> tuple[proof.Sentence, ...]:
    return proof.prove(text, question, SOURCES)


def test_each_sentence_gets_the_abstract_that_holds_its_words() -> None:
    one, two = prove("The adapters are seen as beams. Early pruning removes 40% of all parameters.")
    assert (one.sources, two.sources) == ((1,), (2,))
    assert one.spans[0].quote == "Low-rank adapters are beams."
    assert two.spans[0].quote == "Early pruning removes 40% of the parameters."


def test_marks_of_the_model_are_dropped_and_right_ones_set() -> None:
    (sentence,) = prove("Sourdough needs wild yeast [1][2, 3].")
    assert sentence.text == "Sourdough needs wild yeast."
    assert sentence.sources == (3,)
    assert proof.cited_text([sentence]) == "Sourdough needs wild yeast. [3]"


def test_items_of_a_list_stay_on_their_lines() -> None:
    shown = proof.cited_text(prove("It has two parts:\n1. Sourdough rises slowly.\n2. It needs wild yeast."))
    assert shown == "It has two parts:\n1. Sourdough rises slowly. [3]\n2. It needs wild yeast. [3]"


def test_a_mark_that_stands_for_a_paper_becomes_its_title() -> None:
    (sentence,) = prove("The newest papers are [1] and [2].")
    assert sentence.text == "The newest papers are “Beams” and “Prunes”."
    assert sentence.sources == (1, 2)


def test_marks_in_a_sentence_that_says_something_become_titles_too() -> None:
    (sentence,) = prove("The papers that remove parameters by early pruning are [2], and [1].")
    assert sentence.text == "The papers that remove parameters by early pruning are “Prunes”, and “Beams”."
    (cited,) = prove("Early pruning removes 40% of the parameters [2].")
    assert cited.text == "Early pruning removes 40% of the parameters."


def test_an_interval_of_an_abstract_is_no_mark() -> None:
    sources = (Source(1, "a", "Weights", (), "2025", "", "All the learned weights lie in [0, 1] by design."),)
    (sentence,) = proof.prove("The learned weights lie in [0, 1] by design. ", "", sources)
    assert sentence.text == "The learned weights lie in [0, 1] by design."


def test_a_word_or_two_are_not_exact() -> None:
    assert [sentence.status for sentence in prove("No. Bread.")] != ["exact", "exact"]


def test_an_unsupported_sentence_is_marked() -> None:
    assert proof.cited_text(prove("Pruning removes 41% of it.")) == "Pruning removes 41% of it. (not in the abstracts)"


def test_a_sentence_that_stands_in_an_abstract_is_exact() -> None:
    exact, other = prove("Sourdough rises slowly. It wants wild yeast.")
    assert (exact.status, exact.sources) == ("exact", (3,))
    assert other.status == "unchecked"


def test_a_comparison_cites_both_papers() -> None:
    (sentence,) = prove("Beams use low-rank adapters, whereas early pruning removes parameters.")
    assert sentence.sources == (1, 2)
    assert [span.source for span in sentence.spans] == [1, 2]


def test_papers_named_by_their_titles_are_all_cited() -> None:
    titles = ("Beams of 3 adapters", "Early pruning: a study", "Slow bread", "Locks?")
    sources = tuple(
        Source(number, str(number), title, ("Ada Lovelace",), "2024", "", f"About {number} things.")
        for number, title in enumerate(titles, 1)
    )
    text = "Ada Lovelace wrote Beams of 3 Adapters, Early Pruning: A Study, Slow Bread and Locks."
    (sentence,) = proof.prove(text, "What has Ada Lovelace written?", sources)
    assert (sentence.sources, sentence.status) == ((1, 2, 3, 4), "unchecked")


def test_an_author_s_name_counts_as_a_word_of_the_paper() -> None:
    sources = (Source(1, "a", "Locks", ("Ada Lovelace",), "2024", "", "Keys open locks."),)
    (sentence,) = proof.prove("Ada Lovelace is the author.", "Who wrote it?", sources)
    assert sentence.sources == (1,)


def test_a_number_decides_between_abstracts_that_say_alike() -> None:
    (sentence,) = prove("Tests cover 8 datasets, it says.")
    assert sentence.sources == (2,)


def test_the_question_decides_where_the_answer_is_too_short_to() -> None:
    (sentence,) = prove("Datasets.", "What do the tests of early pruning cover?")
    assert sentence.sources == (2,)


def test_a_sentence_that_no_abstract_holds_gets_no_number() -> None:
    (sentence,) = prove("Paris is the capital of France.")
    assert (sentence.sources, sentence.spans, sentence.status) == ((), (), "unchecked")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("The tests cover twelve datasets.", "unchecked"),
        ("The tests cover 3 models and 12 datasets.", "unchecked"),
        ("The tests cover 13 datasets.", "unsupported"),
        ("Pruning removes 40 % of the parameters.", "unchecked"),
        ("Pruning removes 4% of the parameters.", "unsupported"),
        ("Pruning removes 40.5% of the parameters.", "unsupported"),
        ("In 2025 beams were low-rank adapters.", "unchecked"),
        ("Beams-7 are low-rank adapters.", "unsupported"),
        ("Early pruning removes 2.5x of the parameters.", "unsupported"),
        ("Early pruning, in 2024, removes parameters.", "unchecked"),
        ("The tests cover a dozen: 12-dimensional datasets and three models.", "unchecked"),
        ("7. **Beams** are low-rank adapters.", "unchecked"),
    ],
)
def test_every_number_must_stand_in_the_sources_of_its_sentence(text: str, status: str) -> None:
    (sentence,) = prove(text)
    assert sentence.status == status
    assert bool(sentence.sources) == (status != "unsupported")


def test_a_number_of_the_question_may_be_repeated() -> None:
    (sentence,) = prove("Of the 99 adapters, beams are low-rank adapters.", "Which of the 99 adapters are beams?")
    assert sentence.status == "unchecked"


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_no_text_has_no_sentences(text: str) -> None:
    assert [sentence.text for sentence in prove(text) if sentence.text] == []


@given(st.text(max_size=300))
def test_every_quote_is_verbatim_whatever_the_model_wrote(text: str) -> None:
    for sentence in prove(text):
        for span in sentence.spans:
            assert span.quote in SOURCES[span.source - 1].abstract


@given(st.text(max_size=300))
def test_sentences_are_verbatim_parts_in_order(text: str) -> None:
    position = 0
    for sentence in sentences.split(text):
        position = text.index(sentence, position) + len(sentence)


def test_abbreviations_and_decimals_do_not_end_a_sentence() -> None:
    text = "We use e.g. 3.5 points vs. a baseline (Smith et al. 2020). It wins by 1.2%."
    assert sentences.split(text) == ["We use e.g. 3.5 points vs. a baseline (Smith et al. 2020).", "It wins by 1.2%."]
