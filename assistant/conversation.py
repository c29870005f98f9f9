"""What the model is shown within a token budget: a question that stands alone, numbered abstracts, the talk so far."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import prompts
from assistant.errors import QuestionError
from assistant.sentences import split
from assistant.types import Message, Source, Turn

_REMEMBERED_TURNS = 2
_SHORTEST_ABSTRACT = 100
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
a small model uses it far too often (docs/EXPERIMENTS.md)."""

_THINGS = "ones?|papers?|methods?|models?|approach(?:es)?|works?|authors?|stud(?:y|ies)|results?|answers?"
_POINTING_BACK = re.compile(
    r"^(?:and|but|or|also|then|what about|how about)\b|^(?:why|how so|how come)\W*$"
    rf"|\b(?:this|that|these|those|same|former|latter|first|second|third|last|other|previous)\s+(?:{_THINGS})\b"
    r"|\b(?:of|about|in|with|for|on|from|than)\s+(?:this|that|these|those)\b|\b(?:this|that|these|those)\W*$",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers)\b", re.IGNORECASE)
_NAME = re.compile(r"(?<!^)\b\w*[A-Z]\w*")
_MARK = re.compile(r"\s*\[\d+\]")
_LONGEST_BEFORE = 300
"""Characters of the talk before that a question is put behind."""


def standalone(question: str, history: Sequence[Turn]) -> str:
    """Return the question with what it refers back to.

    A question that points at the talk ("it", "those", "and in 2024?") is put behind the one before it, which is the
    plainest way known to search for a follow-up. Any other question stands alone: a new topic drags nothing along.
    """
    if not history or not _points_back(question):
        return question
    before = history[-1].standalone_question or history[-1].question
    return f"{before if len(before) <= _LONGEST_BEFORE else history[-1].question[:_LONGEST_BEFORE]} {question}"


def messages(
    question: str,
    history: Sequence[Turn],
    sources: Sequence[Source],
    *,
    count_tokens: Callable[[Sequence[Message]], int],
    budget: int,
) -> tuple[tuple[Message, ...], tuple[Source, ...]]:
    """Return the prompt (instructions, the last turns, the abstracts, the question) and the sources that stand in it.

    The prompt has at most `budget` tokens. What does not fit goes in this order: earlier turns, then the last sources,
    then the end of the only source left. Raises QuestionError when the question alone is too long for the budget.
    """
    turns = list(history[-_REMEMBERED_TURNS:])
    shown = list(sources)
    kept = len(shown)
    while True:
        prompt = _prompt(question, turns, shown)
        if count_tokens(prompt) <= budget:
            return prompt, tuple(sources[:kept])
        if turns:
            turns.pop(0)
        elif len(shown) > 1:
            shown.pop()
            kept -= 1
        elif shown and len(shown[0].abstract) > _SHORTEST_ABSTRACT:
            shown = [replace(shown[0], abstract=shown[0].abstract[: len(shown[0].abstract) // 2])]
        else:
            raise QuestionError(
                f"The question leaves no room for an abstract in a prompt of {budget:,} tokens. Shorten it, or raise "
                "the setting prompt_tokens."
            )


def is_refusal(text: str) -> bool:
    """Tell whether the model's first sentence says that the abstracts hold no answer."""
    return any(_NOT_SAID.search(sentence) for sentence in split(text)[:1])


def _points_back(question: str) -> bool:
    """Tell whether a question needs the one before: it points at it, or has a pronoun and no name in front of that."""
    pronoun = _PRONOUN.search(question)
    lacks_name = pronoun is not None and not _NAME.search(question[: pronoun.start()])
    return lacks_name or _POINTING_BACK.search(question) is not None


def _prompt(question: str, turns: Sequence[Turn], sources: Sequence[Source]) -> tuple[Message, ...]:
    talk: list[Message] = []
    for turn in turns:
        talk += [Message("user", turn.question), Message("assistant", _MARK.sub("", turn.answer))]
    quoted = "\n\n".join(_quoted(source) for source in reversed(sources))  # the best one next to the question
    return (
        Message("system", prompts.load("system")),
        *talk,
        Message("user", prompts.load("question", sources=quoted, question=question)),
    )


def _quoted(source: Source) -> str:
    people = ", ".join(source.authors[:3]) + (" et al." if len(source.authors) > 3 else "")
    heading = ". ".join(part for part in (source.title.rstrip("."), people.rstrip("."), source.date) if part)
    return f"[{source.number}] {heading}\n{source.abstract}"
