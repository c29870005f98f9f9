"""Papers of a topic: those that hold its words, so that they can be counted; else the nearest in meaning.

To a topic of few papers come those near it that hold none of its words: the chat model reads each, and a probe tells
whether the paper is about the topic.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from assistant.library import Library
from assistant.models import probes, prompting
from assistant.protocols import LanguageModel
from assistant.text import content_words, counted, fold, plain
from assistant.types import Paper, PaperFilter, Passage, Progress, Source

TASK: Final = "topic"
MOST_NEAREST = 60
"""Papers taken by meaning where none holds the words."""

LEAST_SIMILARITY = 0.25
"""Cosine between topic and paper below which a paper is not about it: what is off every topic stays below .2 with the
default embedding model, what is about it in other words reaches .2 to .4. Looked at on a few topics, not fitted."""

MOST_HELD = 40
"""Papers holding a topic's words up to which others are read."""

MOST_READ = 12
"""Papers near a topic that are read where others hold its words; twice as many where none does."""

_READ_TOKENS = 1000
_ABOUT_FROM = 0.7
"""Probability from which a paper is about a topic; .5 brings more that are, and as many that are not."""

Search = Callable[[str, int, PaperFilter], Sequence[Passage]]
"""Finds the papers nearest to a text: text, how many, among which."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The papers about a topic as a filter. `note` says how they were chosen, "" where the filter's words do."""

    filter: PaperFilter
    note: str = ""
    by_meaning: bool = False


def select(library: Library, topic: str, filter: PaperFilter, search: Search | None = None) -> Selected:
    """Return the papers of a filter that are about a topic: "diffusion models", "how to fine-tune cheaply".

    Those whose title or abstract holds the phrase (singular and plural are one), else all of its content words; else,
    with `search`, those whose similarity to it is at least `LEAST_SIMILARITY`. A topic without words restricts nothing.
    """
    if not fold(topic):
        return Selected(filter)
    words = tuple(content_words(fold(topic)))
    phrase = replace(filter, words=(*filter.words, topic))
    if library.count(phrase):
        return Selected(phrase)
    apart = replace(filter, words=(*filter.words, *words))
    if len(words) > 1 and library.count(apart):
        return Selected(apart)
    if search is None:
        return Selected(phrase)
    near = [
        passage.paper_id
        for passage in search(topic, MOST_NEAREST, filter)
        if (passage.similarity or 0.0) >= LEAST_SIMILARITY
    ]
    if not near:
        return Selected(phrase)
    held = f"none of these abstracts holds the words “{plain(topic)}”"
    note = f"{held}; these are the {counted(len(near), 'paper')} nearest in meaning"
    return Selected(replace(filter, among=tuple(near)), note, by_meaning=True)


def read(
    library: Library,
    topic: str,
    filter: PaperFilter,
    selected: Selected,
    search: Search,
    about: Callable[[Paper], bool | None],
) -> Iterator[Progress | Selected]:
    """Have those papers read of which only reading tells whether they are about a topic; last, yield which are meant.

    Where `about` does not tell, because it was stopped or the model cannot, those selected before are meant.
    """
    papers = unread(library, topic, filter, selected, search)
    joined: list[str] = []
    for done, paper in enumerate(papers):
        yield Progress(done, len(papers), f"Reading what is near to “{plain(topic)}”")
        told = about(paper)
        if told is None:
            yield selected
            return
        joined += [paper.id] if told else []
    yield with_read(library, topic, selected, joined)


def unread(library: Library, topic: str, filter: PaperFilter, selected: Selected, search: Search) -> tuple[Paper, ...]:
    """Return the papers, nearest first, of which only reading tells whether they are about a topic.

    A paper without an abstract cannot be read.
    """
    if selected.by_meaning:
        nearest = library.papers_by_id(selected.filter.among or ())
        return tuple(paper for paper in nearest if paper.abstract)[: 2 * MOST_READ]
    if not fold(topic) or not 0 < library.count(selected.filter) <= MOST_HELD:
        return ()
    held = library.ids(selected.filter)
    near = [
        passage.paper_id
        for passage in search(topic, len(held) + MOST_READ, filter)
        if passage.paper_id not in held and (passage.similarity or 0.0) >= LEAST_SIMILARITY
    ]
    return tuple(paper for paper in library.papers_by_id(near) if paper.abstract)[:MOST_READ]


def is_about(topic: str, paper: Paper, model: LanguageModel, made: Path | None, stop: threading.Event) -> bool | None:
    """Have a model read a paper's title and first sentences, and tell whether it is about a topic; None: untold.

    `made` is the folder of the probes that were made on this machine.
    """
    messages = prompting.judgement(TASK, topic, [Source.of(1, paper)], model, _READ_TOKENS)
    likely = probes.yes(model, TASK, messages, made, stop)
    return None if likely is None else likely >= _ABOUT_FROM


def with_read(library: Library, topic: str, selected: Selected, about: Sequence[str]) -> Selected:
    """Return the papers of a topic together with those that were read and are about it, and say so."""
    if selected.by_meaning:
        note = f"none of these abstracts holds the words “{plain(topic)}”; the model, reading the nearest, takes them "
        return Selected(replace(selected.filter, among=tuple(about)), f"{note}to be about it", by_meaning=True)
    if not about:
        return selected
    held = library.ids(selected.filter)
    note = f"{counted(len(held), 'paper')} by the words “{plain(topic)}”, {len(about):,} more as the model reads them"
    among = replace(selected.filter, words=(), among=(*sorted(held), *about))
    return Selected(among, note)
