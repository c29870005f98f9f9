"""Grounding: whether the abstracts state what is asked for, and whether they support what was written."""

from assistant.grounding.answerability import Judge, Judgement
from assistant.grounding.support import Supports
from assistant.grounding.verifier import Embed, provable

__all__ = [
    "Embed",
    "Judge",
    "Judgement",
    "Supports",
    "answerability",
    "evidence",
    "provable",
    "support",
    "tokens",
    "verifier",
]
