"""Prompts within a token budget: the instructions, numbered abstracts, and a question that stands alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import prompts
from assistant.errors import QuestionError
from assistant.protocols import LanguageModel
from assistant.text import prompt_safety, split_sentences
from assistant.types import Message, PlanKind, Source

_SHORTEST_ABSTRACT = 100
_TOPIC_CHARACTERS = 350
_WORD_TOKENS = 16
"""What the answer to a judgement may take."""

Judgement = Literal["answerability", "support", "topic"]
Task = PlanKind | Judgement | Literal["line"]
"""What the model is asked to do with the sources."""

_TASKS = ("comparison", "answerability", "support", "topic", "line")
_SAYING = "say|state|mention|specify|contain|provide|include|report|discuss|describe|give|indicate|hold|answer"
_SAID = "said|stated|mentioned|specified|contained|provided|included|reported|discussed|described|given|indicated"
_NOT_SAID = re.compile(
    r"\b(?:abstracts?|papers?|texts?|sources?|information|context|passages?)\b[^.]{0,60}?"
    rf"\b(?:do|does|did)(?:\s+not|n't)\s+(?:\w+ly\s+)?(?:{_SAYING})\b"
    rf"|\b(?:is|are|was|were)(?:\s+not|n't)\s+(?:\w+ly\s+)?(?:{_SAID})\b"
    r"|\bno\s+(?:information|mention)\s+(?:is|was|about|on|of|regarding|in)\b",
    re.IGNORECASE,
)
"""How models say in their first sentence that what they were shown holds no answer. Told an exact phrase to use for it,
a small model uses it far too often (E3 in docs/experiments)."""


def messages(
    question: str,
    sources: Sequence[Source],
    *,
    task: Task = "passages",
    count_tokens: Callable[[Sequence[Message]], int],
    budget: int,
) -> tuple[tuple[Message, ...], tuple[Source, ...]]:
    """Return the prompt (instructions, the abstracts, the question) and the sources that stand in it.

    The question stands alone, so that no earlier talk is needed. The prompt has at most `budget` tokens. What does not
    fit goes in this order: the last sources, then the end of the only source left. Raises QuestionError when the
    question alone is too long for the budget.
    """
    shown = list(sources)
    while True:
        asked = prompt(question, task, shown)
        if count_tokens(asked) <= budget:
            return asked, tuple(sources[: len(shown)])
        if len(shown) > 1:
            shown.pop()
        elif shown and len(shown[0].abstract) > _SHORTEST_ABSTRACT:
            shown = [replace(shown[0], abstract=shown[0].abstract[: len(shown[0].abstract) // 2])]
        else:
            raise QuestionError(
                f"The question leaves no room for an abstract in a prompt of {budget:,} tokens. Shorten it, or raise "
                "the setting prompt_tokens."
            )


def judgement(
    task: Judgement, text: str, sources: Sequence[Source], model: LanguageModel, budget: int
) -> tuple[Message, ...]:
    """Return what the model is shown to judge a text beside sources; it begins as a prompt for an answer does.

    Whether a paper is about a topic is told from its title and first sentences, which are short.
    """
    budget = min(budget, model.context_tokens - _WORD_TOKENS)
    if task == "topic":
        whole = ((source, prompt_safety.without_orders(source.abstract)) for source in sources)
        sources = [replace(source, abstract=abstract[:_TOPIC_CHARACTERS]) for source, abstract in whole]
    return messages(text, sources, task=task, count_tokens=model.count_prompt_tokens, budget=budget)[0]


def numbered(sources: Sequence[Source]) -> tuple[Source, ...]:
    """Return sources with the numbers that they have in a prompt, where the best one stands last, next to the question.

    Numbers follow the place there, not the place among all that were found: so every prompt about a paper begins alike,
    and what was read of it serves the next one too.
    """
    return tuple(replace(source, number=len(sources) - place) for place, source in enumerate(sources))


def is_refusal(text: str) -> bool:
    """Tell whether the model's first sentence says that the abstracts hold no answer."""
    return any(_NOT_SAID.search(sentence) for sentence in split_sentences(text)[:1])


def prompt(question: str, task: Task, sources: Sequence[Source]) -> tuple[Message, ...]:
    """Return the instructions, and sources with what is asked of them; prompts on the same sources begin alike."""
    abstracts = "\n\n".join(_quoted(source) for source in reversed(numbered(sources)))
    name = task if task in _TASKS else "question"
    return (
        Message("system", prompts.load("system")),
        Message("user", prompts.load(name, sources=abstracts, question=prompt_safety.asked(question))),
    )


def _quoted(source: Source) -> str:
    """Write a source into the prompt, so that nothing in it looks like another source, a message or an order."""
    named = [person for name in source.authors[:3] if (person := prompt_safety.person(name))]
    people = ", ".join(named) + (" et al." if len(source.authors) > 3 else "")
    heading = ". ".join(
        part for part in (prompt_safety.title(source.title).rstrip("."), people.rstrip("."), source.date) if part
    )
    return f"[{source.number}] {heading}\n{prompt_safety.quoted(source.abstract)}"
