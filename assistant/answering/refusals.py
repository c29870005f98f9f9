"""Refusals: what is said where nothing was found, the abstracts do not say, or a name is ambiguous."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import prompts
from assistant.library import Library
from assistant.text import counted, filter_in_words, joined, plain, prompt_safety
from assistant.types import Candidate, Paper, PaperFilter, Source

NOT_SAID = "the abstracts found do not hold the answer"
NO_ABSTRACT = "the library holds no abstract of it"


def empty() -> tuple[str, str]:
    """Return what the reader of an empty library is told, and why."""
    return (
        "The library is empty. Add papers with `assistant add FILE`, or with the upload box of the web page.",
        "the library is empty",
    )


def about(library: Library) -> str:
    """Return what the assistant says of itself."""
    newest = library.papers(limit=1)
    title = newest[0].title.split(":")[0] if newest else "the paper"
    return prompts.load("about", count=counted(library.count(), "paper"), title=plain(title)).strip()


def nothing_found(looked_for: str, filter: PaperFilter, count: int) -> tuple[str, str]:
    """Return what the reader is told, and why, when no paper is about the question; `count` papers were searched."""
    if not count and filter.is_empty:
        return empty()
    words = filter_in_words(filter)
    said = f" ({words})" if words else ""
    return (
        f"I found nothing in the abstracts about this. Looked for: “{looked_for}” in {count:,} of them{said}.",
        "nothing relevant found",
    )


def no_abstract(papers: Sequence[Paper]) -> tuple[str, str]:
    """Return what the reader is told, and why, when these papers are meant and have no abstract to answer from."""
    titles = joined([f"“{plain(paper.title)}”" for paper in papers])
    are = "is in the library without an abstract" if len(papers) == 1 else "are in the library without abstracts"
    has_id = any(paper.doi or paper.arxiv_id or paper.pmid for paper in papers)
    how = "`assistant complete` fetches what the services have" if has_id else "Add a source that holds it"
    return f"{titles} {are}, so there is nothing to answer from. {how}.", NO_ABSTRACT


def no_abstracts(count: int, filter: PaperFilter) -> tuple[str, str]:
    """Return what the reader is told, and why, when none of the papers that are meant, `count` of them, has one."""
    words = filter_in_words(replace(filter, has_abstract=None)) or "in the library"
    have = f"The only paper {words} has no abstract" if count == 1 else f"None of the {count:,} papers {words} has one"
    rest = have if count == 1 else f"Answers are made from abstracts. {have}"
    return f"{rest}. `assistant complete` fetches what the services have.", NO_ABSTRACT


def not_said(sources: Sequence[Source], nearest: int | None = None, quote: str = "") -> tuple[str, str]:
    """Return what the reader is told, and why, when papers are near and do not hold the answer.

    `quote` is the sentence nearest to the question, of source number `nearest`. It is shown word for word, unless it is
    no sentence of the abstract or speaks to its reader.
    """
    closest = next((source for source in sources if source.number == nearest), None)
    if closest and quote and quote in prompt_safety.without_orders(closest.abstract):
        passage = f" The closest passage says: “{plain(quote)}” [{closest.number}]"
        return f"The abstracts in the library do not say.{passage}", NOT_SAID
    titles = "; ".join(f"{plain(source.title)} [{source.number}]" for source in sources[:3])
    one = len(sources[:3]) == 1
    return f"The abstracts in the library do not say. The nearest paper{' is' if one else 's are'}: {titles}.", NOT_SAID


def who_is_meant(candidates: Sequence[Candidate]) -> tuple[str, str]:
    """Return the question who is meant, with the candidates numbered."""
    lines = [
        f"{number}. {plain(candidate.name)} ({plain(candidate.words)})"
        for number, candidate in enumerate(candidates, 1)
    ]
    return "\n".join(["Several people may be meant. Which one?", *lines]), "the name fits several people"


def nobody(name: str, nearest: Sequence[str], count: int) -> tuple[str, str]:
    """Return that nobody has a name, with the names most like it."""
    near = f" The names most like it: {joined([plain(name) for name in nearest], 'or')}." if nearest else ""
    return (
        f"None of the {counted(count, 'paper')} in the library names “{plain(name)}” as an author.{near}",
        "no author of this name",
    )
