"""An answer as a page of Markdown for any viewer: what was asked, how it was read, what was said, and by what."""

from __future__ import annotations

import re

from assistant.export.writers.markdown import escaped, link
from assistant.text import counted
from assistant.types import Answer, Sentence, Source

_MARK_LIMIT = 12
"""Sources whose numbers are written behind a sentence."""

_SHOWN_AUTHORS = 10
_STATUS_NOTES = {"partial": "partly supported", "unchecked": "not checked"}
_NUMBERED = re.compile(r"^(\d+)\.\s")


def page(answer: Answer, made: str, library_papers: int, counted_papers: int) -> str:
    """Return the page. What was withheld is counted and does not stand in it.

    `made` is the time in UTC; `counted_papers` is how many papers stand in the evidence because they were counted.
    """
    parts = [f"# {escaped(answer.question)}"]
    if answer.plan and answer.plan.words:
        parts.append(f"*How it was read:* {escaped(answer.plan.words)}.")
    if answer.standalone_question not in ("", answer.question):
        parts.append(f"*As a question of its own:* {escaped(answer.standalone_question)}")
    parts.append("## Answer")
    if answer.translation:
        parts.append(f"{escaped(answer.translation)} *(translated by the model)*")
    if answer.sentences:
        parts += [_line(sentence) for sentence in answer.sentences]
    else:
        parts += [escaped(line) for line in answer.text.split("\n") if line.strip()]
    parts += [f"*{escaped(note)}*" for note in _notes(answer, counted_papers)]
    if answer.sources:
        parts += ["## Sources", *(_source(answer, source) for source in answer.sources)]
    parts += ["## About this answer", _about(answer, made, library_papers)]
    return "\n\n".join(parts) + "\n"


def _line(sentence: Sentence) -> str:
    marks = "".join(f"\\[{number}\\]" for number in sentence.sources) if len(sentence.sources) <= _MARK_LIMIT else ""
    note = _STATUS_NOTES.get(sentence.status, "")
    return " ".join(part for part in (escaped(sentence.text), marks, f"*({note})*" if note else "") if part)


def _notes(answer: Answer, counted_papers: int) -> list[str]:
    notes = []
    if answer.withheld:
        is_are, no = ("sentence was", "it") if len(answer.withheld) == 1 else ("sentences were", "them")
        notes.append(f"{len(answer.withheld)} {is_are} withheld, because no abstract supports {no}.")
    if answer.coverage:
        notes.append(f"{answer.coverage.read:,} of {counted(answer.coverage.matching, 'paper')} were read.")
    if counted_papers > len(answer.sources):
        notes.append(f"All {counted(counted_papers, 'paper')} that were counted stand in evidence.jsonl.")
    return notes


def _source(answer: Answer, source: Source) -> str:
    names = [*source.authors[:_SHOWN_AUTHORS], *(["et al."] if len(source.authors) > _SHOWN_AUTHORS else [])]
    about = ". ".join(part for part in (", ".join(names), source.date) if part)
    title = link(source.title, source.url) if source.url else f"**{escaped(source.title)}**"
    quotes = "".join(f"\n\n> “{escaped(quote)}”" for quote in answer.quotes(source.number))
    return f"\\[{source.number}\\] {title}. {escaped(about)}".rstrip() + quotes


def _about(answer: Answer, made: str, library_papers: int) -> str:
    writer = f"written by {answer.model.name} ({answer.model.device}, {answer.model.dtype})" if answer.model else ""
    how = writer or "made without a language model"
    text = f"Answered {made} from a library of {counted(library_papers, 'paper')}, {how}."
    return f"{escaped(text)} `assistant verify` checks this folder."
