"""Conversations as files: a page in Markdown, a folder of answer bundles, and rated answers as evaluation questions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant.errors import BundleError
from assistant.export.bundles import writing
from assistant.export.writers.markdown import answer_parts, escaped, how_made, how_read, source_parts
from assistant.library import Library, RatedTurn, SavedTurn
from assistant.text import filter_in_words
from assistant.types import Answer, AnswerKind

PAGE = "conversation.md"

_TYPES: dict[AnswerKind, str] = {"catalogue": "aggregate", "comparison": "compare", "synthesis": "trend"}


def page(title: str, turns: Sequence[SavedTurn]) -> str:
    """Return a conversation in Markdown: each question, its answer, and under it the sources by the answer's numbers.

    Of a question without an answer it says why, with what had been written, which nothing was checked of.
    """
    parts = [f"# {escaped(title)}"]
    for turn in turns:
        parts.append(f"## {escaped(turn.question)}")
        if not turn.scope.is_empty:
            parts.append(f"*Asked of papers* {escaped(filter_in_words(turn.scope))}.")
        answer = turn.answer
        if answer is None:
            parts.append(f"*{escaped(turn.error or 'This was still being answered.')}*")
            drafted = [escaped(line) for line in turn.draft.split("\n") if line.strip()]
            parts += ["*Written until then, and not checked:*", *drafted] if drafted else []
            continue
        parts += [*how_read(answer), *answer_parts(answer)]
        sources = answer.shown_sources
        parts += ["### Sources", *source_parts(answer, sources)] if sources else []
        parts.append(f"*Asked {turn.asked[:16].replace('T', ' ')} UTC; {escaped(how_made(answer))}.*")
    return "\n\n".join(parts) + "\n"


def write_bundles(title: str, turns: Sequence[SavedTurn], library: Library, folder: Path) -> tuple[str, ...]:
    """Write a conversation to a new or empty folder: its page, and each answer as a bundle in a folder "01", "02" ...

    Return, for each answer that has no bundle, why: the library has changed since, most often. Raises BundleError where
    the folder holds anything, or cannot be written.
    """
    left = []
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BundleError(f"{folder} holds something already. Name a new folder for the conversation.")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / PAGE).write_text(page(title, turns), encoding="utf-8", newline="")
    except OSError as error:
        raise BundleError(f"{folder} cannot be written ({error.strerror or error}). Name another folder.") from error
    for number, turn in enumerate(turns, 1):
        try:
            if turn.answer:
                writing.write(turn.answer, library, folder / f"{number:02}")
        except BundleError as error:
            left.append(f"{number:02} (“{turn.question}”): {error}")
    return tuple(left)


def evaluation_questions(rated: Iterable[RatedTurn]) -> Iterator[str]:
    """Yield rated answers as questions in JSON Lines, which `assistant evaluate` reads, with the questions before them.

    A thumb up expects what it praises: the titles of the sources that the answer rests on (`titles_cited`; their ids
    are in `paper_ids`), a refusal where it refused (`unanswerable`), or its own words where it has no sources. A thumb
    down says what is not wanted, in `said` and `remark`, and has no label: a person writes down there what is right,
    before it can be scored. `scope` tells in words of which papers was asked; `assistant evaluate` asks of all.
    """
    for each in rated:
        yield json.dumps(_line(each), ensure_ascii=False) + "\n"


def _line(rated: RatedTurn) -> dict[str, Any]:
    turn, answer = rated.turn, rated.turn.answer
    line: dict[str, Any] = {"id": turn.id, "type": "followup" if rated.history else "fact", "q": turn.question}
    line |= {"history": list(rated.history)} if rated.history else {}
    line |= {"rating": turn.rating, "remark": turn.remark, "scope": filter_in_words(turn.scope)}
    if answer is None:
        return line
    line |= {"type": _TYPES.get(answer.kind, "fact")} if not rated.history else {}
    if turn.rating > 0:
        line |= _expected(answer)
    return {**line, "said": answer.text}


def _expected(answer: Answer) -> dict[str, Any]:
    """Return the labels that an answer like this one meets."""
    if answer.refused:
        return {"type": "unanswerable"}
    sources = [source for source in answer.shown_sources if source.title.strip()]
    if not sources:
        return {"must": [re.escape(answer.text)]}
    titles = list(dict.fromkeys(source.title for source in sources))
    return {"titles_cited": titles, "paper_ids": [source.paper_id for source in sources]}
