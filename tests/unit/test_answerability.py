from __future__ import annotations

import numpy as np
import pytest

from assistant import asking
from assistant.answerability import LEAST_PROBABILITY, Judge, Judgement, Marks, probability
from assistant.asking import AskedWord
from assistant.coverage import MISSPELT, SourceText
from assistant.library import Library
from assistant.types import Source
from tests.fakes import HashingEmbedder

BEAMS = Source(
    1,
    "p1",
    "BeamLoRA: Beams of Adapters",
    ("Ada Lovelace",),
    "2025",
    "",
    "We view each adapter as a beam (1). Convolutional neural networks with batch normalisation gain 3.5% accuracy. "
    "The corpus holds 12 tasks, and fine-tuning takes long since 2019. mIoU19 rises.",
)
BREAD = Source(2, "p2", "Bread", ("Lise Meitner",), "2020", "", "Bread rises by yeast. Dough is kneaded.")


@pytest.fixture
def judge(library: Library, embedder: HashingEmbedder) -> Judge:
    return Judge(library, embedder.embed)


def whole(text: str, *, is_name: bool = False) -> float:
    return SourceText(BEAMS).spells(AskedWord(text, is_name)).whole


@pytest.mark.parametrize(
    ("question", "focus"),
    [
        ("What batch size does BeamLoRA use?", ("batch", "size")),
        ("Which image corpora are labelled?", ("image", "corpora")),
        ("How many tasks are in the corpus?", ("tasks",)),
        ("How much better is BeamLoRA?", ()),
        ("How much faster is BeamLoRA?", ()),
        ("On which tasks does it gain and how much?", ()),
        ("What percentage of the tasks is lost?", ()),
        ("Does it work?", ()),
        ("", ()),
    ],
)
def test_the_wanted_thing_stands_between_the_question_word_and_the_verb(question: str, focus: tuple[str, ...]) -> None:
    assert asking.read(question).focus == focus


def test_a_number_is_wanted_by_how_many_and_by_a_measure() -> None:
    assert asking.read("How many tasks are there?").wants_number
    assert asking.read("What accuracy does it have?").wants_number
    assert not asking.read("Which tasks are there?").wants_number


def test_names_are_told_by_their_capitals_unless_they_open_the_question() -> None:
    words = {word.text: word.is_name for word in asking.read("Beams of GPT and Wikidata in images").words}
    assert words == {"beams": False, "gpt": True, "wikidata": True, "images": False}


@pytest.mark.parametrize("word", ["beam", "beams", "adapter", "finetuning", "lovelace", "miou", "normalisations"])
def test_a_source_holds_stems_joined_words_numbered_names_and_its_authors(word: str) -> None:
    assert whole(word) == 1.0


def test_a_source_holds_an_acronym_whose_words_it_says() -> None:
    assert whole("cnns", is_name=True) == 1.0
    assert whole("svm", is_name=True) == 0.0


def test_a_misspelt_word_is_held_nearly() -> None:
    assert whole("acuracy") == MISSPELT
    assert whole("protein") == 0.0


def test_a_number_counts_only_beside_what_is_wanted(embedder: HashingEmbedder) -> None:
    text = SourceText(BEAMS)
    weights = np.ones(len(text.sentences))
    assert text.counts(("tasks",), weights, embedder.embed) == pytest.approx(1.0)
    assert text.counts(("annotators",), weights, embedder.embed) < 0.5
    assert text.counts((), weights, embedder.embed) == pytest.approx(1.0)
    assert SourceText(BREAD).counts((), np.ones(3), embedder.embed) == 0.0


def test_a_missing_name_makes_a_question_less_answerable(judge: Judge) -> None:
    there = judge.judge("Which adapter is a beam in BeamLoRA?", [BEAMS])
    absent = judge.judge("Which adapter is a beam in Wikidata?", [BEAMS])
    assert there.probability > absent.probability
    assert absent.missing == ("wikidata",)
    assert there.missing == ()


def test_the_source_that_holds_most_of_the_question_is_judged(judge: Judge) -> None:
    judged = judge.judge("How does yeast make bread rise?", [BEAMS, BREAD])
    assert judged.nearest == 2
    assert judged.quote in ("Bread", "Bread rises by yeast.")


def test_without_sources_nothing_is_answerable(judge: Judge) -> None:
    assert judge.judge("What about beams?", []) == Judgement(0.0, ("beams",))
    assert judge.look("What about beams?", []) is None


@pytest.mark.parametrize("question", ["", "?", "…", "１２３", "的", "ß ℓ1 x", "how many", "what what what"])
def test_any_text_can_be_judged(judge: Judge, question: str) -> None:
    empty = Source(1, "e", "", (), "", "", "")
    for sources in ([BEAMS], [empty], [empty, BREAD]):
        assert 0.0 <= judge.judge(question, sources).probability <= 1.0


def test_the_same_question_is_judged_the_same_again(judge: Judge) -> None:
    first = judge.judge("What batch size was used?", [BEAMS, BREAD])
    assert judge.judge("What batch size was used?", [BEAMS, BREAD]) == first


def test_whatever_is_missing_lowers_the_probability() -> None:
    held = Marks(missing=0.0, missing_name=0.0, sentence=0.7, focus=1.0, no_number=0.0)
    assert probability(held) > LEAST_PROBABILITY
    for worse in (
        Marks(1.0, 1.0, 0.7, 1.0, 0.0),
        Marks(0.0, 0.0, 0.0, 1.0, 0.0),
        Marks(0.0, 0.0, 0.7, 0.0, 0.0),
        Marks(0.0, 0.0, 0.7, 1.0, 1.0),
    ):
        assert probability(worse) < probability(held)
