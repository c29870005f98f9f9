"""Is anything that was found about the question at all?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from assistant.library import Library
from assistant.types import Passage, Plan, WordUse
from assistant.words import content_words, looks_like_a_name, written_words

_FEW_PAPERS = 3

LEAST_EVIDENCE = 0.4
"""Below it nothing found is about the question; fitted on queries of one field over libraries of others, see
docs/EXPERIMENTS.md."""


def is_about(library: Library, plan: Plan, passages: Sequence[Passage]) -> bool:
    """Tell whether any passage is about the question.

    A question that says nothing beyond an author's name is about every paper of that author, and one with a rare name
    of the library in it is about the paper that holds the name.
    """
    if plan.chosen.author and not content_words(plan.subject, or_all=False):
        return bool(passages)
    return names_one(library, plan.subject, passages) or evidence(library, plan.subject, passages) >= LEAST_EVIDENCE


def names_one(library: Library, question: str, passages: Sequence[Passage]) -> bool:
    """Tell whether the question holds a word written as a name (KnowRL, BM25) that few papers and a passage hold."""
    names = [word for word in written_words(question) if looks_like_a_name(word)]
    few = max(_FEW_PAPERS, library.count() // 100)
    use = library.word_use(names, [passage.paper_id for passage in passages])
    return any(use[name].count <= few and use[name].paper_ids for name in names)


def evidence(library: Library, question: str, passages: Sequence[Passage]) -> float:
    """Return the greatest sum, over the passages, of the cosine similarity and half the lexical coverage.

    Coverage is the share of the question's content words that the passage holds, each weighted by its inverse document
    frequency, so that rare words of the question count most and a word that no paper holds counts against all.
    """
    words = content_words(question)
    size = library.count()
    use = library.word_use(words, [passage.paper_id for passage in passages])
    weights = {word: math.log(1 + (size - use[word].count + 0.5) / (use[word].count + 0.5)) for word in words}
    total = sum(weights.values()) or 1.0
    return max(
        (_strength(passage, use, weights) / total / 2 + (passage.similarity or 0.0) for passage in passages),
        default=0.0,
    )


def _strength(passage: Passage, use: dict[str, WordUse], weights: dict[str, float]) -> float:
    return sum(weight for word, weight in weights.items() if passage.paper_id in use[word].paper_ids)
