"""Which papers a topic means: those that hold its words, so that they can be counted; else the nearest in meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.library import Library
from assistant.names import fold
from assistant.types import PaperFilter, Passage
from assistant.wording import counted, plain
from assistant.words import content_words

MOST_NEAREST = 60
"""Papers taken by meaning where none holds the words."""

LEAST_SIMILARITY = 0.25
"""Cosine between topic and paper below which a paper is not about it: what is off every topic stays below .2 with the
default embedding model, what is about it in other words reaches .2 to .4. Looked at on a few topics, not fitted."""

Search = Callable[[str, int, PaperFilter], Sequence[Passage]]
"""Finds the papers nearest to a text: text, how many, among which."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The papers about a topic as a filter. `note` says how they were chosen, "" where the filter's words do."""

    chosen: PaperFilter
    note: str = ""


def select(library: Library, topic: str, chosen: PaperFilter, search: Search | None = None) -> Selected:
    """Return the papers of a filter that are about a topic: "diffusion models", "how to fine-tune cheaply".

    Those whose title or abstract holds the phrase (singular and plural are one), else all of its content words; else,
    with `search`, those whose similarity to it is at least `LEAST_SIMILARITY`. A topic without words restricts nothing.
    """
    if not fold(topic):
        return Selected(chosen)
    words = tuple(content_words(fold(topic)))
    phrase = replace(chosen, words=(*chosen.words, topic))
    if library.count(phrase):
        return Selected(phrase)
    apart = replace(chosen, words=(*chosen.words, *words))
    if len(words) > 1 and library.count(apart):
        return Selected(apart)
    if search is None:
        return Selected(phrase)
    near = [
        passage.paper_id
        for passage in search(topic, MOST_NEAREST, chosen)
        if (passage.similarity or 0.0) >= LEAST_SIMILARITY
    ]
    if not near:
        return Selected(phrase)
    held = f"none of these abstracts holds the words “{plain(topic)}”"
    return Selected(
        replace(chosen, among=tuple(near)), f"{held}; these are the {counted(len(near), 'paper')} nearest in meaning"
    )
