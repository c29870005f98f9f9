"""Summary of one paper: a proved sentence by the model, and what the abstract itself states of each aspect."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import insert, select

import prompts
from assistant.analysis.summaries import aspects
from assistant.analysis.summaries.key_sentences import key_sentence
from assistant.analysis.summaries.synthesis import Section
from assistant.grounding import Embed, Supports, provable, verifier
from assistant.library import Library, paper_lines
from assistant.protocols import LanguageModel
from assistant.text import plain, prompt_safety, quotation, split_sentences
from assistant.types import Message, Sentence, SentenceStatus, Source, Span

ASPECTS = ("what", "how", "result", "limits")
NOT_STATED = "not stated"

MOST_TOKENS = 64
"""Tokens of a model's sentence, more than 25 words of a paper take; what is cut off here is not shown."""

LONGEST_ABSTRACT = 6000
"""Characters of an abstract that the model reads; not tokens, so that what was read is known without the model."""

_WRAPPING = " \t*_\"'“”‘’`#"
_ANNOUNCED = re.compile(r"^(?:[^.!?:]{0,60}\b(?:summary|sentence|contribution)\b[^.!?:]{0,20}:)\s*", re.IGNORECASE)
_ENDED = re.compile(r"[.!?。！？][\"'”’)\]]*$")


@dataclass(frozen=True, slots=True)
class Line:
    """What a model said of a paper, "" for nothing, whether the abstract says it, and the abstract's words that do."""

    said: str
    status: SentenceStatus
    quotes: tuple[str, ...] = ()

    @property
    def is_proved(self) -> bool:
        """Tell whether the line may be shown."""
        return self.status in ("exact", "supported")


def written_line(
    library: Library, source: Source, model: LanguageModel, supports: Supports, embed: Embed, stop: threading.Event
) -> Line | None:
    """Return what the model says of a paper; it writes once, and what it wrote is kept in the library.

    None where the paper has no abstract, or `stop` was set before the model had ended its sentence.
    """
    if not any(map(str.isalnum, source.abstract)):
        return None
    key = {"digest": digest(source), "model": model.info.name}
    known = select(paper_lines.c.line).filter_by(**key)
    with library.transaction() as connection:
        kept = connection.execute(known).scalar()
    if kept is not None:
        value = json.loads(kept)
        return Line(value["said"], value["status"], tuple(value["quotes"]))
    for _, text in model.write_all([prompt(source)], max_new_tokens=MOST_TOKENS, stop=stop):
        said = one_sentence(text)
        if not stop.is_set() or _ENDED.search(said):
            line = proved(said, source, supports, embed)
            row = {**key, "line": json.dumps(asdict(line), ensure_ascii=False)}
            with library.transaction() as connection:
                connection.execute(insert(paper_lines).prefix_with("OR REPLACE"), row)
            return line
    return None


def prompt(source: Source) -> tuple[Message, ...]:
    """Return what the model is shown of a paper; nothing in it looks like a message or gives an order."""
    abstract = prompt_safety.quoted(source.abstract)[:LONGEST_ABSTRACT]
    return (Message("user", prompts.load("line", title=prompt_safety.title(source.title), abstract=abstract)),)


def digest(source: Source) -> str:
    """Return the SHA-256 of what the model is shown of a paper, in hexadecimal digits."""
    shown = "\0".join(message.content for message in prompt(source))
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()


def one_sentence(written: str) -> str:
    """Return the first sentence of what the model wrote, without what announces it and without marks around it."""
    for text in written.splitlines():
        bare = _ANNOUNCED.sub("", " ".join(prompt_safety.visible(text).split()).strip(_WRAPPING)).strip(_WRAPPING)
        if sentences := split_sentences(bare):
            return sentences[0]
    return ""


def proved(said: str, source: Source, supports: Supports, embed: Embed | None) -> Line:
    """Return a line with what the paper's abstract says to it; one that was cut off is never proved."""
    judged = verifier.prove(said, "", [provable(source)], supports, embed) if _ENDED.search(said) else ()
    if len(judged) != 1:
        return Line(said, "unsupported")
    return Line(judged[0].text, judged[0].status, tuple(span.quote for span in judged[0].spans))


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
