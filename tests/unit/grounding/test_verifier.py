from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.grounding import Embed, verifier
from assistant.protocols import Vectors
from assistant.text import split_sentences
from assistant.types import Sentence, Source
from tests.fakes import HashingEmbedder

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


def by_words(_sentence: str, _sources: Sequence[Source]) -> None:
    """Tell nothing, so that the words decide."""


def prove_over(text: str, question: str, sources: Sequence[Source], embed: Embed | None = None) -> tuple[Sentence, ...]:
    return verifier.prove(text, question, sources, by_words, embed)


def prove(text: str, question: str = "What?") -> tuple[Sentence, ...]:
    return prove_over(text, question, SOURCES)


def test_each_sentence_gets_the_abstract_that_holds_its_words() -> None:
    one, two = prove("The adapters are seen as beams. Early pruning removes 40% of all parameters.")
    assert (one.sources, two.sources) == ((1,), (2,))
    assert one.spans[0].quote == "Low-rank adapters are beams."
    assert two.spans[0].quote == "Early pruning removes 40% of the parameters."


def test_marks_of_the_model_are_dropped_and_right_ones_set() -> None:
    (sentence,) = prove("Sourdough needs wild yeast [1][2, 3].")
    assert sentence.text == "Sourdough needs wild yeast."
    assert sentence.sources == (3,)
    assert verifier.cited_text([sentence]) == "Sourdough needs wild yeast. [3]"


def test_items_of_a_list_stay_on_their_lines() -> None:
    shown = verifier.cited_text(prove("It has two parts:\n1. Sourdough rises slowly.\n2. It needs wild yeast."))
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
    (sentence,) = prove_over("The learned weights lie in [0, 1] by design. ", "", sources)
    assert sentence.text == "The learned weights lie in [0, 1] by design."


def test_a_word_or_two_are_not_exact() -> None:
    assert [sentence.status for sentence in prove("No. Bread.")] != ["exact", "exact"]


def test_an_unsupported_sentence_is_marked() -> None:
    assert (
        verifier.cited_text(prove("Pruning removes 41% of it.")) == "Pruning removes 41% of it. (not in the abstracts)"
    )


def test_a_sentence_that_stands_in_an_abstract_is_exact() -> None:
    exact, other = prove("Sourdough rises slowly. It wants wild yeast.")
    assert (exact.status, exact.sources) == ("exact", (3,))
    assert other.status == "supported"


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
    (sentence,) = prove_over(text, "What has Ada Lovelace written?", sources)
    assert (sentence.sources, sentence.status) == ((1, 2, 3, 4), "supported")


def test_an_author_s_name_counts_as_a_word_of_the_paper() -> None:
    sources = (Source(1, "a", "Locks", ("Ada Lovelace",), "2024", "", "Keys open locks."),)
    (sentence,) = prove_over("Ada Lovelace is the author.", "Who wrote it?", sources)
    assert sentence.sources == (1,)


def test_a_number_decides_between_abstracts_that_say_alike() -> None:
    (sentence,) = prove("Tests cover 8 datasets, it says.")
    assert sentence.sources == (2,)


def test_the_question_decides_where_the_answer_is_too_short_to() -> None:
    (sentence,) = prove("Datasets.", "What do the tests of early pruning cover?")
    assert sentence.sources == (2,)


def test_a_sentence_that_no_abstract_holds_gets_no_number() -> None:
    (sentence,) = prove("Paris is the capital of France.")
    assert (sentence.sources, sentence.spans, sentence.status) == ((), (), "unsupported")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("The tests cover twelve datasets.", "supported"),
        ("The tests cover 3 models and 12 datasets.", "supported"),
        ("The tests cover 13 datasets.", "unsupported"),
        ("Pruning removes 40 % of the parameters.", "supported"),
        ("Pruning removes 4% of the parameters.", "unsupported"),
        ("Pruning removes 40.5% of the parameters.", "unsupported"),
        ("In 2025 beams were low-rank adapters.", "supported"),
        ("Beams-7 are low-rank adapters.", "unsupported"),
        ("Early pruning removes 2.5x of the parameters.", "unsupported"),
        ("Early pruning, in 2024, removes parameters.", "supported"),
        ("The tests cover a dozen: 12-dimensional datasets and three models.", "supported"),
        ("7. **Beams** are low-rank adapters.", "supported"),
    ],
)
def test_every_number_must_stand_in_the_sources_of_its_sentence(text: str, status: str) -> None:
    (sentence,) = prove(text)
    assert sentence.status == status
    assert bool(sentence.sources) == (status != "unsupported")


def test_a_number_of_the_question_may_be_repeated() -> None:
    (sentence,) = prove("Of the 99 adapters, beams are low-rank adapters.", "Which of the 99 adapters are beams?")
    assert sentence.status == "supported"


METRICS = (
    Source(
        1,
        "a",
        "Dual Memory Networks",
        (),
        "2018",
        "",
        "We propose a dual user and product memory network (DUPMN). The model gains 0.6%, 1.2%, and 0.9% on IMDB, "
        "Yelp13, and Yelp14, respectively. Accuracy on BoolQ improves by 3.1%, whereas the F1 of entity "
        "recognition improves by 1.7%. It was trained on 80.5M reviews. Bertje is better than RobBERT.",
    ),
    Source(
        2, "b", "Sparse Tagger", (), "2019", "", r"\emph{SparseTag} is $2\times$ faster and loses 0.5\% of accuracy."
    ),
)


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("DUPMN was trained on 80.5 million reviews.", "DUPMN was trained on 80.5 billion reviews."),
        ("It is trained on 80.5M reviews.", "It is trained on 80.5 reviews."),
        ("The Dual User and Product Memory Network is proposed.", "The Deep Tree Memory Network is proposed."),
        ("DUPMN is a memory network of users and products.", "SparseTag is a memory network of users and products."),
    ],
)
def test_what_differs_by_the_letter_is_not_supported(true: str, false: str) -> None:
    assert prove_over(true, "", METRICS)[0].status in ("supported", "exact")
    assert prove_over(false, "", METRICS)[0].status in ("partial", "unsupported")


@pytest.mark.parametrize(("likely", "status"), [(0.9, "supported"), (0.4, "partial"), (0.1, "unsupported")])
def test_a_reading_of_the_sources_decides_beside_the_letter(likely: float, status: str) -> None:
    read: list[tuple[str, list[int]]] = []

    def supports(sentence: str, sources: Sequence[Source]) -> float:
        read.append((sentence, [source.number for source in sources]))
        return likely

    text = "Sourdough rises slowly. Bread made from sourdough with wild yeast rises quickly. It needs 7 yeasts."
    exact, judged, vetoed = verifier.prove(text, "How does it rise?", SOURCES, supports)
    assert (exact.status, judged.status, vetoed.status) == ("exact", status, "unsupported")
    assert read == [("Bread made from sourdough with wild yeast rises quickly.", [3])]


def test_a_short_sentence_is_judged_with_the_question() -> None:
    read: list[str] = []
    verifier.prove("It is 2x faster.", "How fast is DUPMN?", METRICS, lambda said, _: read.append(said))
    assert read == ["How fast is DUPMN? It is 2 x faster."]


def test_a_fragment_is_read_with_the_question() -> None:
    (sentence,) = prove_over("80.5M reviews.", "On what was DUPMN trained?", METRICS)
    assert (sentence.status in ("exact", "supported"), sentence.sources) == (True, (1,))


def test_spans_of_latex_stay_as_they_stand() -> None:
    (sentence,) = prove_over("SparseTag is twice (2x) faster, and loses 0.5% of the accuracy.", "", METRICS)
    assert [span.quote for span in sentence.spans] == [METRICS[1].abstract]


def test_a_sentence_that_joins_two_facts_is_quoted_twice() -> None:
    (sentence,) = prove_over("DUPMN was trained on 80.5M reviews and gains 0.6% on IMDB.", "", METRICS)
    assert len(sentence.spans) == 2


@pytest.mark.parametrize(
    "text", ["Here are the results:", "The abstracts do not say which optimizer was used.", "Yes.", "Sure!", "---"]
)
def test_what_states_nothing_of_papers_is_unchecked(text: str) -> None:
    assert [(one.status, one.sources) for one in prove(text)] == [("unchecked", ())]


@pytest.mark.parametrize(
    "text",
    [
        "Sourdough needs wild yeast (3).",
        "Sourdough needs wild yeast [1, 2].",
        "Sourdough needs wild yeast (Source 2).",
        "Sourdough needs wild yeast [Source 2] [3].",
        "Sourdough needs wild yeast. [1]",
    ],
)
def test_marks_of_every_form_are_dropped(text: str) -> None:
    assert verifier.cited_text(prove(text)) == "Sourdough needs wild yeast. [3]"


def test_a_source_named_by_its_number_becomes_its_title() -> None:
    (sentence,) = prove("According to Source 3, sourdough rises slowly.")
    assert sentence.text == "According to “Bread”, sourdough rises slowly."


def test_a_number_in_brackets_that_is_no_source_stays() -> None:
    assert prove("The adapters are beams (12).")[0].text == "The adapters are beams (12)."


def test_texts_are_embedded_in_one_call_and_verbatim_sentences_not_at_all(embedder: HashingEmbedder) -> None:
    calls: list[int] = []

    def embed(texts: Sequence[str]) -> Vectors:
        calls.append(len(texts))
        return embedder.embed(texts)

    prove_over("Sourdough rises slowly.", "", SOURCES, embed)
    assert calls == []
    prove_over("The sourdough is slow to rise. Tests cover many datasets.", "", SOURCES, embed)
    assert len(calls) == 1
    assert calls[0] < 20


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000,
        "word " * 4_000,
        "1 2.5% 3x " * 1_500,
        "[1] " * 2_000,
        "\x00\x1b[31m\u202e\u200b\ud83d not\x07 " * 60,
        "((((" * 3_000,
        "A better than B " * 1_000,
        "$\\frac{" * 2_000,
    ],
)
def test_hostile_text_is_proved_all_the_same(text: str) -> None:
    hostile = Source(2, "b", text[:200], (), "", "", text)
    for sentence in prove_over(text, text[:4000], (SOURCES[0], hostile)):
        for span in sentence.spans:
            assert span.quote in (SOURCES[0], hostile)[span.source - 1].abstract


@pytest.mark.parametrize("sources", [(), (Source(1, "a", "", (), "", "", ""),)])
def test_without_evidence_nothing_is_supported(sources: tuple[Source, ...]) -> None:
    assert prove_over("Beams are low-rank adapters.", "", sources)[0].status == "unsupported"


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
    for sentence in split_sentences(text):
        position = text.index(sentence, position) + len(sentence)


def test_abbreviations_and_decimals_do_not_end_a_sentence() -> None:
    text = "We use e.g. 3.5 points vs. a baseline (Smith et al. 2020). It wins by 1.2%."
    assert split_sentences(text) == [
        "We use e.g. 3.5 points vs. a baseline (Smith et al. 2020).",
        "It wins by 1.2%.",
    ]
