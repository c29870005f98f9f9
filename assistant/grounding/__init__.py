"""Grounding: whether the abstracts state what is asked for, and whether they support what was written."""

from assistant.grounding.alignment import Embed
from assistant.grounding.answerability import Judge, Judgement
from assistant.grounding.support import Supports
from assistant.grounding.verifier import provable

__all__ = [
    "Embed",
    "Judge",
    "Judgement",
    "Supports",
    "answerability",
    "provable",
    "support",
    "tokens",
    "verifier",
]
