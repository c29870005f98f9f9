"""What the model is shown within a token budget: a question that stands alone, numbered abstracts, the talk so far."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import prompts
from assistant.sentences import split
from assistant.types import Message, Source, Turn

_REMEMBERED_TURNS = 2
_NOT_SAID = re.compile(
    r"\b(?:abstracts?|papers?|texts?|sources?|information|context)\b[^.]{0,80}?\b(?:do|does|did|is|are|was|were)(?:\s+not|n't)\b"
    r"|\b(?:not|never|nowhere)\s+(?:explicitly\s+|directly\s+)?"
    r"(?:mentioned|specified|provided|stated|reported|given|discussed|included|described|found)\b"
    r"|\bno\s+(?:information|mention|answer)\b",
    re.IGNORECASE,
)
"""How models say in their first sentence that what they were shown holds no answer. Told an exact phrase to use for it,
a small model uses it far too often (docs/EXPERIMENTS.md)."""

_REFERENCES = re.compile(
    r"\b(it|its|they|them|their|theirs|this|that|these|those|he|she|his|her|him|one|ones|former|latter|same|both|"
    r"above|previous|earlier)\b|^(and|what about|how about|why|how so)\b",
    re.IGNORECASE,
)


def standalone(question: str, history: Sequence[Turn]) -> str:
    """Return the question with what it refers back to.

    A question that points at the talk ("it", "those", "and in 2024?") is put behind the one before it, which is the
    plainest way known to search for a follow-up. Any other question stands alone: a new topic drags nothing along.
    """
    if not history or not _REFERENCES.search(question):
        return question
    return f"{history[-1].question} {question}"


def messages(
    question: str,
    history: Sequence[Turn],
    sources: Sequence[Source],
    *,
    count_tokens: Callable[[Sequence[Message]], int],
    budget: int,
) -> tuple[Message, ...]:
    """Return the prompt: instructions, the last turns, the abstracts and the question, at most `budget` tokens long.

    What does not fit goes in this order: earlier turns, then the last sources, then the end of the only source left.
    """
    turns = list(history[-_REMEMBERED_TURNS:])
    shown = list(sources)
    while True:
        prompt = _prompt(question, turns, shown)
        if count_tokens(prompt) <= budget:
            return prompt
        if turns:
            turns.pop(0)
        elif len(shown) > 1:
            shown.pop()
        elif shown and len(shown[0].abstract) > 100:
            shown = [replace(shown[0], abstract=shown[0].abstract[: len(shown[0].abstract) // 2])]
        else:
            return prompt


def is_refusal(text: str) -> bool:
    """Tell whether the model's first sentence says that the abstracts hold no answer."""
    return any(_NOT_SAID.search(sentence) for sentence in split(text)[:1])


def _prompt(question: str, turns: Sequence[Turn], sources: Sequence[Source]) -> tuple[Message, ...]:
    talk = [
        message for turn in turns for message in (Message("user", turn.question), Message("assistant", turn.answer))
    ]
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
