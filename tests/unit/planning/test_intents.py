"""What is understood of a request: from hidden states by probes, or from a labelled request of the same wording."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from assistant.library import Library, upsert
from assistant.models import Probe
from assistant.planning import Gazetteer, KnownReader, LabelledVectors, Reader, intent_training, intents
from assistant.planning.intent_training import Example
from assistant.planning.intents import Named, named_in, understood
from assistant.protocols import Reading
from assistant.types import Record
from tests.conftest import make_paper
from tests.fakes import HashingEmbedder, MarkedReader, ScriptedModel

SLOTS = ("none", "author", "topic", "year")


def probe(*labels: str, width: int | None = None) -> Probe:
    """Return a probe that reads a label's probability off the state's place of the label."""
    size = width or len(labels)
    weights = np.eye(len(labels), size, dtype=np.float32) * 8
    return Probe(14, labels, np.zeros(size, np.float32), np.ones(size, np.float32), weights, np.zeros(len(labels)))


def words(text: str) -> list[tuple[int, int]]:
    """Return where each word stands: a token a word."""
    places, start = [], 0
    for word in text.split():
        start = text.index(word, start)
        places.append((start, start + len(word)))
        start += len(word)
    return places


def named(text: str, roles: str) -> list[tuple[str, str]]:
    """Return what is named in a text whose words have these roles, by their first letters; "-" names nothing."""
    by_letter = {slot[0]: slot for slot in SLOTS[1:]} | {"-": "none"}
    states = np.array([[slot == by_letter[role] for slot in SLOTS] for role in roles], np.float32)
    reader = probe(*SLOTS)
    return [(each.slot, each.text) for each in named_in(text, words(text), reader.probabilities(states), reader)]


@pytest.mark.parametrize(
    ("text", "roles", "found"),
    [
        ("Papers by Naibin Gu on LoRA", "--aa-t", [("author", "Naibin Gu"), ("topic", "LoRA")]),
        ("Naibin Gu's papers from 2024", "aa--y", [("author", "Naibin Gu"), ("year", "2024")]),
        ("Papers by Gu, Fu and Liu", "--aaaa", [("author", "Gu"), ("author", "Fu"), ("author", "Liu")]),
        ("Work on search and rescue", "--ttt", [("topic", "search and rescue")]),
        ("How many papers are there?", "-----", []),
    ],
)
def test_neighbouring_words_of_a_role_are_one_name_and_lists_of_people_several(
    text: str, roles: str, found: list[tuple[str, str]]
) -> None:
    assert named(text, roles) == found


def test_one_doubtful_word_does_not_part_a_name() -> None:
    text = "the theory of games here"
    states = np.array([[0, 0, 1, 0], [0, 0, 1, 0], [0.06, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]], np.float32)
    reader = probe(*SLOTS)
    found = named_in(text, words(text), reader.probabilities(states), reader)
    assert [each.text for each in found] == ["the theory of games"]


def test_no_tokens_name_nothing() -> None:
    assert named_in("", [], np.zeros((0, len(SLOTS))), probe(*SLOTS)) == ()


KINDS = ("count", "list", "content", "first_author", "followup")


def request(text: str, kind: str, *, position: str = "none", roles: str = "", **asked: Any) -> intents.Request:
    """Return what is understood of a request whose states say these labels."""
    labels = {
        "kind": KINDS,
        "position": ("none", "first", "last"),
        "of": ("papers", "people"),
        "order": ("asc", "none"),
    }
    labels |= {"language": ("en", "de"), "ask": ("same", "count"), "mode": ("narrow", "none")}
    said = {"kind": kind, "position": position, "of": "papers", "order": "none", "language": "en"}
    said |= {"ask": "same", "mode": "none"}
    places = [(task, label) for task, known in labels.items() for label in known]
    state = np.array([said[task] == label for task, label in places], np.float32)
    found = {"slots": probe(*SLOTS, width=len(SLOTS))}
    for task, known in labels.items():
        weights = np.array([[place == (task, label) for place in places] for label in known], np.float32) * 8
        weights = np.concatenate([np.zeros((len(known), len(SLOTS)), np.float32), weights], axis=1)
        size = weights.shape[1]
        zeros, ones = np.zeros(size, np.float32), np.ones(size, np.float32)
        found[task] = Probe(22, known, zeros, ones, weights, np.zeros(len(known), np.float32))
    letters = roles or "-" * len(text.split())
    tokens = np.array(
        [[slot[0] == letter or (slot == "none" and letter == "-") for slot in SLOTS] for letter in letters]
    )
    reading = Reading(None, {22: state}, {14: tokens.astype(np.float32)}, tuple(words(text)))
    return understood(text, reading, found, **asked)


def test_a_request_is_what_its_states_say() -> None:
    found = request("How many papers by Gu", "count", roles="----a")
    assert (found.kind, found.of, found.order, found.position, found.language) == ("count", "papers", "", "", "en")
    assert found.named == (Named("author", "Gu", 19, 21),)
    assert found.share > 0.9


def test_a_place_among_the_authors_is_asked_for_only_where_the_whole_request_says_so() -> None:
    assert request("Gu as first author", "first_author").kind != "first_author"
    assert request("Gu as first author", "first_author", position="first").kind == "first_author"


def test_the_first_request_of_a_talk_that_names_something_follows_nothing() -> None:
    assert request("papers by Gu", "followup", roles="--a", is_first=True).kind != "followup"
    assert request("papers by Gu", "followup", roles="--a").kind == "followup"
    assert request("and those", "followup", is_first=True).kind == "followup"


def test_a_model_without_probes_takes_every_request_for_one_of_the_abstracts() -> None:
    found = Reader(lambda: ScriptedModel()).read("How many papers are there?")
    assert (found.kind, found.share, found.named) == ("content", 0.0, ())


def test_probes_are_fitted_on_what_a_model_makes_of_labelled_requests() -> None:
    generator = np.random.default_rng(0)

    def examples() -> Iterator[tuple[Example, Reading]]:
        for number in range(60):
            kind = ("count", "content")[number % 2]
            labels = {"kind": kind, "position": "none", "language": ("en", "de")[number % 3 == 0]}
            labels |= {"of": ("papers", "people")[number % 2], "order": ("asc", "desc")[number % 2]}
            labels |= {"ask": ("same", "count")[number % 2], "mode": ("narrow", "refer")[number % 2]}
            labels["position"] = ("none", "first")[number % 2]
            mark = np.array([number % 2, number % 3 == 0, 0, 0]) + generator.normal(0, 0.1, 4)
            tokens = generator.normal(0, 0.1, (2, 4)) + np.array([[0, 0, 0, 0], [0, 0, 1, 0]])
            untold = number % 5 == 0
            yield (
                Example("by Gu", (), labels, () if untold else ((3, 5, "author"),), not untold),
                Reading(None, {22: mark.astype(np.float32)}, {14: tokens.astype(np.float32)}, ((0, 2), (3, 5))),
            )

    known, readings = zip(*examples(), strict=True)
    probes = intent_training.fitted(known, readings, 14, 22)
    assert set(probes) == set(intents.TASKS)
    read = [understood("by Gu", reading, probes) for reading in readings]
    assert [each.kind for each in read] == [example.labels["kind"] for example in known]
    slots = probes["slots"]
    by, gu = slots.probabilities(np.array([[0, 0, 0, 0], [0, 0, 1, 0]], np.float32))
    assert (slots.labels[by.argmax()], slots.labels[gu.argmax()]) == ("none", "author")


def test_labelled_requests_name_passages_that_stand_in_them() -> None:
    shipped = intent_training.examples()
    assert len(shipped) > 2000
    for example in shipped:
        for start, end, slot in example.named:
            assert slot in intents.get_args(intents.Slot), example
            assert example.text[start:end].strip(), example
        assert example.labels["kind"] in intents.KINDS, example


PLAIN_COUNTS = [
    each.text
    for each in intent_training.examples()
    if each.labels["kind"] == "count" and not each.named and not each.earlier
]


@pytest.fixture
def known(library: Library, embedder: HashingEmbedder) -> KnownReader:
    paper = make_paper("Ships", "About ships.", authors=("Ada Lovelace", "Grace Hopper"), date="2020")
    upsert.store(library, [Record(paper, 1)], "x")
    return KnownReader(embedder, MarkedReader(), Gazetteer(library), LabelledVectors(library, embedder))


def test_a_request_worded_as_a_labelled_one_is_read_without_the_chat_model(known: KnownReader) -> None:
    found = [known.known(text) for text in PLAIN_COUNTS]
    assert any(found)
    assert {each.kind for each in found if each} == {"count"}


def test_any_other_request_goes_to_the_chat_model(known: KnownReader) -> None:
    assert known.known("zzyzx qwfp arst?") is None
    assert known.read("zzyzx qwfp arst?").kind == "content"
    for text in PLAIN_COUNTS:
        assert known.read(text, earlier=["Who is Ada Lovelace?"]).kind == "content"


def test_the_vectors_of_labelled_requests_are_made_once_a_library(
    known: KnownReader, library: Library, embedder: HashingEmbedder
) -> None:
    known.known("How many papers are there?")
    embedded = len(embedder.texts)
    vectors = LabelledVectors(library, embedder)
    again = KnownReader(embedder, MarkedReader(), known.gazetteer, vectors)
    again.known("How many papers are there?")
    assert len(embedder.texts) == embedded + 1


def test_a_labelled_line_without_names_is_no_example_of_them() -> None:
    line = {"q": "What is BLEU?", "language": "en", "kind": "content", "named": None}
    example = intent_training._example(line)
    assert (example.named, example.tells_names) == ((), False)


def test_which_words_name_a_collection_is_read_by_a_probe_of_its_own() -> None:
    text = "papers tagged climate"
    states = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    reading = Reading(last={14: states[0]}, tokens={14: states}, spans=tuple(words(text)))
    single = {task: probe("none", "other", width=4) for task in intents.TASKS}
    found = {**single, "slots": probe("none", "topic"), "kind": probe("content", "list", width=4)}
    assert understood(text, reading, found).labelling == ()
    (*others, named) = understood(text, reading, {**found, intents.LABEL: probe("none", "label")}).labelling
    assert named[:2] == (14, 21)
    assert named[2] > 0.99 > 0.01 > max(share for _, _, share in others)


def test_a_probe_is_fitted_on_requests_that_name_collections() -> None:
    known = [Example("tagged soil", (), {}, ((7, 11, "label"),)), Example("on soil", (), {}, ((3, 7, "topic"),))]
    readings = [
        Reading(tokens={14: np.array([[0, 0], [0, 5]], np.float32)}, spans=((0, 6), (7, 11))),
        Reading(tokens={14: np.array([[0, 0], [5, 0]], np.float32)}, spans=((0, 2), (3, 7))),
    ]
    fitted = intent_training.fitted_to_labels(known, readings, 14)
    assert fitted.labels == ("label", "none")
    shares = fitted.probabilities(np.array([[0, 5], [5, 0]], np.float32))[:, 0]
    assert shares[0] > shares[1]


def test_requests_that_name_collections_are_labelled_where_they_say_so() -> None:
    told = intent_training.examples_of_labels()
    assert {slot for each in told[:300] for _, _, slot in each.named} == {"label"}
    assert all(each.text[start:end].strip() for each in told for start, end, _ in each.named)


def test_a_request_that_names_a_collection_alone_follows_nothing() -> None:
    states = np.array([[1, 0], [0, 1]], np.float32)
    reading = Reading(last={14: states[1]}, tokens={14: states}, spans=tuple(words("summarise thesis")))
    found = {task: probe("none", "other", width=4) for task in intents.TASKS}
    found |= {"slots": probe("none", "topic"), "kind": probe("list", "x", "y", "followup", width=4)}
    weights = np.array([[8, 8], [0, 0]], np.float32)
    nothing, one = np.zeros(2, np.float32), np.ones(2, np.float32)
    found["slots"] = Probe(14, ("none", "topic"), nothing, one, weights, nothing)
    assert understood("summarise thesis", reading, found, is_first=True).kind == "followup"
    found[intents.LABEL] = probe("none", "label")
    assert understood("summarise thesis", reading, found, is_first=True).kind != "followup"
