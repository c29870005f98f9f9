"""Numbers swapped in abstracts: an answer that follows its abstract gives the new one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from assistant.evaluation import question_files
from assistant.evaluation.question_files import Question
from assistant.types import Paper

SWAPS = Path(__file__).parent / "data" / "number_swaps.jsonl"


def swaps() -> list[Question]:
    """Return the questions; each line says which number of which paper is swapped for which."""
    return question_files.read(SWAPS)


def is_about(paper: Paper, title: str) -> bool:
    """Tell whether a paper is the one that a question's label names by a part of its title."""
    return title.casefold() in paper.title.casefold()


def swapped(paper: Paper, swap: Question) -> Paper:
    """Return a paper with the swap's number in its abstract, where it is the swap's paper."""
    if not is_about(paper, swap.line["paper"]):
        return paper
    return replace(paper, abstract=paper.abstract.replace(swap.line["old"], swap.line["new"]))


def labelled(swap: Question) -> Question:
    """Return the swap as a labelled question: its labels are met by the new number."""
    line = {name: value for name, value in swap.line.items() if name not in ("old", "new")}
    return replace(swap, line=line)
