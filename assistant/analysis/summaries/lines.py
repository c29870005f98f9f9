"""Lines on papers: one proved sentence each by the chat model, which reads every abstract once.

What was written is kept in the library by the digest of what the model read, so that it outlasts the paper's removal,
and is found by the paper as long as its text stays the same.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from sqlalchemy import ColumnElement, Text, and_, exists, func, insert, literal, select

from assistant.grounding import Embed, Supports, provable, verifier
from assistant.library import Library, pages, paper_lines, papers, papers_passing, papers_read
from assistant.models import prompting
from assistant.protocols import LanguageModel
from assistant.stopping import Stopped
from assistant.text import prompt_safety, split_sentences
from assistant.types import Message, Paper, PaperFilter, SentenceStatus, Source

MOST_TOKENS = 80
"""Tokens of a model's sentence, more than 25 words of a paper take; what is cut off here is not shown."""

LONGEST_ABSTRACT = 6000
"""Characters of an abstract that the model reads; not tokens, so that what was read is known without the model."""

_READ_AT_ONCE = 50
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


def kept(library: Library, paper_ids: Sequence[str]) -> dict[str, Line]:
    """Return the lines of those papers that a model has read, by their ids; of several models' one."""
    is_same = and_(paper_lines.c.digest == papers_read.c.digest, paper_lines.c.model == papers_read.c.model)
    query = select(papers_read.c.paper_id, paper_lines.c.line).join(paper_lines, is_same)
    found: dict[str, Line] = {}
    with library.transaction() as connection:
        for page in pages(paper_ids):
            for row in connection.execute(query.where(papers_read.c.paper_id.in_(page))):
                found[row.paper_id] = _line(row.line)
    return found


def unread_count(library: Library, model: str, filter: PaperFilter = PaperFilter()) -> int:
    """Return how many papers of a filter have an abstract and were not read by a model."""
    with library.transaction() as connection:
        query = papers_passing(connection, select(func.count()).select_from(papers), filter).where(*_unread(model))
        return int(connection.execute(query).scalar_one())


def unread(library: Library, model: str, filter: PaperFilter = PaperFilter()) -> Iterator[Paper]:
    """Yield the papers of a filter with an abstract that a model has not read, those added last first."""
    before: int | None = None
    while True:
        with library.transaction() as connection:
            query = papers_passing(connection, select(papers.c.number, papers.c.id), filter).where(*_unread(model))
            query = query if before is None else query.where(papers.c.number < before)
            rows = connection.execute(query.order_by(papers.c.number.desc()).limit(_READ_AT_ONCE)).all()
        if not rows:
            return
        before = rows[-1].number
        yield from library.papers_by_id([row.id for row in rows])


def written(
    library: Library, source: Source, model: LanguageModel, supports: Supports, embed: Embed, stop: threading.Event
) -> Line | None:
    """Return what the model says of a paper; it writes once, and what it wrote is kept in the library.

    None where the paper has no abstract, or `stop` was set before the sentence was written and proved.
    """
    if not any(map(str.isalnum, source.abstract)):
        return None
    key = {"digest": digest(source), "model": model.info.name}
    with library.transaction() as connection:
        before = connection.execute(select(paper_lines.c.line).filter_by(**key)).scalar()
    if before is not None:
        _note(library, source, key, before)
        return _line(before)
    text = ""
    writing = model.generate(prompt(source), max_new_tokens=MOST_TOKENS, stop=stop)
    for piece in writing:
        text += piece
        if "\n" in text.strip() or len(split_sentences(text)) > 1:
            break  # one sentence is wanted
    writing.close()  # the abstract's reading is kept for the proof
    line = None
    if not stop.is_set():
        with suppress(Stopped):  # while a server embedded
            line = proved(one_sentence(text), source, supports, embed)
    if line is None or stop.is_set():
        return None
    _note(library, source, key, json.dumps(asdict(line), ensure_ascii=False))
    return line


def prompt(source: Source) -> tuple[Message, ...]:
    """Return what the model is shown of a paper; it begins as every prompt does that holds the abstract first."""
    abstract = source.abstract[:LONGEST_ABSTRACT]
    return prompting.prompt("", "line", [replace(source, number=1, abstract=abstract)])


def digest(source: Source) -> str:
    """Return the SHA-256, in hexadecimal digits, of what the model is shown of a paper, and of its text word for word.

    What is shown is cleaned: two texts that differ in hidden characters only must not share quotations.
    """
    shown = "\0".join([*(message.content for message in prompt(source)), source.title, source.abstract])
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


def _line(text: str) -> Line:
    value = json.loads(text)
    return Line(value["said"], value["status"], tuple(value["quotes"]))


def _unread(model: str) -> Sequence[ColumnElement[bool]]:
    is_read = exists().where(papers_read.c.paper_id == papers.c.id, papers_read.c.model == model)
    return papers.c.abstract != "", ~is_read


def _note(library: Library, source: Source, key: Mapping[str, str], line: str) -> None:
    """Keep a line, and that the paper was read, if it still has the text that was."""
    columns = [papers.c.id, literal(key["model"], Text), literal(key["digest"], Text)]
    same = select(*columns).where(
        papers.c.id == source.paper_id, papers.c.title == source.title, papers.c.abstract == source.abstract
    )
    with library.transaction() as connection:
        connection.execute(insert(paper_lines).prefix_with("OR REPLACE"), {**key, "line": line})
        read = insert(papers_read).prefix_with("OR REPLACE")
        connection.execute(read.from_select(["paper_id", "model", "digest"], same))
