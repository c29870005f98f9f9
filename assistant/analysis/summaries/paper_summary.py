"""One paper in a few lines: the model's sentence, and what the abstract itself says of what, how, result and limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.analysis.summaries import aspects
from assistant.analysis.summaries.key_sentences import key_sentence
from assistant.analysis.summaries.synthesis import Section
from assistant.text import plain, prompt_safety, quotation
from assistant.types import Sentence, Source, Span

ASPECTS = ("what", "how", "result", "limits")
NOT_STATED = "not stated"


def stated(source: Source) -> Mapping[str, str]:
    """Return the sentence of an abstract that states each aspect, word for word; "" where it is not stated.

    What a paper does is its key sentence where no words of an aim tell it.
    """
    abstract = prompt_safety.without_orders(source.abstract)
    found = aspects.find(abstract)
    stated = {name: getattr(found, name) for name in ASPECTS}
    return {**stated, "what": found.what or key_sentence(source.title, abstract)}


def section(source: Source, line: Sentence | None) -> Section:
    """Return the summary of a paper: the line about it, then its aspects, each quoted or said not to be stated."""
    place = f"{source.authors[0]} et al." if len(source.authors) > 1 else "".join(source.authors[:1])
    about = ", ".join(plain(part) for part in (place, source.date) if part)
    heading = f"{plain(source.title)}{f' ({about})' if about else ''}."
    said = [line] if line else []
    for name, quote in stated(source).items():
        words = f"“{quotation(quote)}”" if quote else f"{NOT_STATED}."
        spans = (Span(source.number, quote),) if quote else ()
        numbers = (source.number,) if quote else ()
        said.append(Sentence(f"- {name.capitalize()}: {words}", "exact" if quote else "unchecked", numbers, spans))
    return Section(Sentence(heading, "exact", (source.number,)), tuple(said))


def table(sources: Sequence[Source]) -> tuple[Mapping[str, object], ...]:
    """Return papers by aspects as rows of plain values; an aspect that an abstract does not state is None."""
    return tuple(
        {
            "paper_id": source.paper_id,
            "number": source.number,
            "title": plain(source.title),
            **{name: quote or None for name, quote in stated(source).items()},
            "paper_ids": [source.paper_id],
        }
        for source in sources
    )
