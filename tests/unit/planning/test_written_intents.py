"""Requests that a chat model without hidden states reads by writing a line of JSON."""

import json
import threading
from collections.abc import Generator, Sequence

import pytest

from assistant.library import Library
from assistant.planning import LabelledVectors, Reader, WrittenReader, intent_training
from assistant.planning.written_intents import line, understood
from assistant.types import Message
from tests.fakes import HashingEmbedder, ScriptedModel

QUESTION = "How many papers on beams did Ada Lovelace write since 2019?"
LINE = json.dumps(
    {
        "kind": "count",
        "of": "papers",
        "language": "en",
        "author": ["Ada Lovelace"],
        "topic": "beams",
        "year_from": ["2019"],
    }
)


class Sorter(ScriptedModel):
    """Writes a line about each request, and keeps the prompts."""

    def generate(
        self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event
    ) -> Generator[str, None, None]:
        self.prompts.append(tuple(messages))
        yield from self.replies


def reader(library: Library, model: ScriptedModel) -> Reader:
    embedder = HashingEmbedder()
    written = WrittenReader(embedder, lambda: model, LabelledVectors(library, embedder))
    return Reader(lambda: model, written=written)


def test_a_model_without_hidden_states_writes_what_is_asked_for(library: Library) -> None:
    read = reader(library, Sorter(LINE)).read(QUESTION)
    assert (read.kind, read.of, read.language) == ("count", "papers", "en")
    assert [(each.slot, each.text) for each in read.named] == [
        ("topic", "beams"), ("author", "Ada Lovelace"), ("year_from", "2019")
    ]  # fmt: skip
    assert all(QUESTION[each.start : each.end] == each.text for each in read.named)


def test_it_is_shown_labelled_requests_and_the_request_last(library: Library) -> None:
    model = Sorter(LINE)
    reader(library, model).read(QUESTION, ["Who is Ada Lovelace?"])
    (prompt,) = model.prompts
    assert prompt[-1].content == f"Earlier question: Who is Ada Lovelace?\n{QUESTION}"
    assert [message.role for message in prompt[:3]] == ["system", "user", "assistant"]
    assert all(json.loads(message.content)["kind"] for message in prompt if message.role == "assistant")


@pytest.mark.parametrize(
    "written",
    ["", "I cannot do that.", "{", "[]", '{"kind": "nonsense"}', '{"kind": 3}', '{"kind": "followup"}', '{"a":' * 5000],
)
def test_what_is_no_line_is_a_question_for_the_abstracts(written: str) -> None:
    assert understood(QUESTION, written).kind == "content"
    assert understood(QUESTION, written).share == 0


def test_names_that_do_not_stand_in_the_request_count_for_nothing() -> None:
    told = {"kind": "list", "author": ["Grace Hopper", 7, None], "venue": {"a": 1}, "of": "cats", "language": "english"}
    read = understood(QUESTION, json.dumps(told))
    assert (read.kind, read.named, read.of, read.language) == ("list", (), "papers", "en")


def test_the_line_of_every_labelled_request_reads_as_it_is_labelled() -> None:
    for example in intent_training.examples()[::7]:
        if example.tells_names:
            read = understood(example.text, f"Here it is: {line(example)}\n", is_first=False)
            assert read.kind == example.labels["kind"]
            assert len(read.named) == len(example.named)
