"""Summary of one paper: a proved sentence by the model, and what the abstract itself states of each aspect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.analysis.summaries import aspects
from assistant.analysis.summaries.key_sentences import key_sentence
from assistant.analysis.summaries.lines import Line
from assistant.analysis.summaries.paragraphs import Section
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


def section(source: Source, line: Line | None) -> Section:
    """Return the summary of a paper: the line if it is proved, then the aspects, each quoted or "not stated"."""
    authors = f"{source.authors[0]} et al." if len(source.authors) > 1 else "".join(source.authors)
    about = ", ".join(plain(part) for part in (authors, source.date) if part)
    heading = f"{plain(source.title)}{f' ({about})' if about else ''}."
    said = []
    if line and line.is_proved:
        spans = tuple(Span(source.number, quote) for quote in line.quotes)
        said.append(Sentence(line.said, line.status, (source.number,), spans))
    for name, quote in stated(source).items():
        label = f"- {name.capitalize()}:"
        if quote:
            span = Span(source.number, quote)
            said.append(Sentence(f"{label} “{quotation(quote)}”", "exact", (source.number,), (span,)))
        else:
            said.append(Sentence(f"{label} {NOT_STATED}.", "unchecked"))
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
