import pytest

import prompts
from assistant.errors import QuestionError
from assistant.models.prompting import is_refusal, judgement, messages
from assistant.types import Source
from tests.fakes import ScriptedModel

SOURCES = tuple(
    Source(n, f"p{n}", f"Title {n}", ("A", "B", "C", "D"), "2025", "", " ".join(f"word{i}" for i in range(100)))
    for n in (1, 2, 3)
)


def build(budget: int, sources: tuple[Source, ...] = SOURCES) -> str:
    model = ScriptedModel()
    prompt, _ = messages("Why?", sources, count_tokens=model.count_prompt_tokens, budget=budget)
    return "\n".join(f"{message.role}: {message.content}" for message in prompt)


def test_the_prompt_holds_instructions_numbered_abstracts_and_question() -> None:
    text = build(10_000)
    assert text.index("system:") < text.index("[1] Title 3")
    assert text.index("[1] Title 3") < text.index("[3] Title 1. A, B, C et al. 2025") < text.index("Question: Why?")
    assert text.rstrip().count("Why?") >= 1


def test_what_does_not_fit_goes_in_order_last_sources_then_words() -> None:
    full = ScriptedModel().count_tokens(build(10_000)) - 2  # the two "role:" marks
    assert "[3]" in build(full)
    assert "[3]" not in build(full - 60)
    short = build(full - 280)
    assert "[1]" in short
    assert "[2]" not in short
    assert short.count("word") < 100


def test_only_the_sources_in_the_prompt_count_as_read() -> None:
    model = ScriptedModel()
    full = ScriptedModel().count_tokens(build(10_000)) - 2
    prompt, shown = messages("Why?", SOURCES, count_tokens=model.count_prompt_tokens, budget=full - 60)
    assert shown == SOURCES[:2]
    assert model.count_prompt_tokens(prompt) <= full - 60


def test_a_question_that_leaves_no_room_is_an_error() -> None:
    with pytest.raises(QuestionError, match="prompt_tokens"):
        build(10, ())


@pytest.mark.parametrize(
    "text",
    [
        "The abstracts do not say.",
        "The abstract provided does not contain the learning rate of APEX.",
        "The batch size is not mentioned in the abstracts.",
        "There is no information on this in the papers. It may be 32.",
        "The provided text doesn't specify a batch size.",
    ],
)
def test_not_knowing_is_recognised_in_the_usual_words(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BeamLoRA does not add parameters.",
        "It uses 52% of the parameters. The batch size is not mentioned.",
        "Existing methods are not robust, because they neglect relations.",
        "The paper shows that larger models are not always better.",
        "It prunes the context window and does not retrain the model.",
        "It merges adapters with no information loss.",
        "Text generation models are not robust to noise.",
    ],
)
def test_an_answer_is_not_taken_for_a_refusal(text: str) -> None:
    assert not is_refusal(text)


def test_names_in_a_value_are_not_filled_in_again() -> None:
    assert "$sources" in prompts.load("question", sources="S", question="What costs $sources and $5?")
    with pytest.raises(KeyError):
        prompts.load("question", sources="S")
    with pytest.raises(FileNotFoundError):
        prompts.load("no-such-prompt")


def test_a_judgement_keeps_to_a_short_context() -> None:
    model = ScriptedModel()
    model.context_tokens = 300
    source = Source(1, "a", "Beams", (), "", "", "About beams. " * 500)
    shown = judgement("answerability", "What is a beam?", [source], model, 3000)
    assert model.count_prompt_tokens(shown) < 300
