"""A request that goes on from the talk: what it keeps of the plan before, what it changes, which paper it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.library import Library
from assistant.planning import number_words
from assistant.planning.intents import KINDS, Kind, Request
from assistant.search import topics
from assistant.text import fold
from assistant.types import Candidate, PaperFilter, Plan, Turn

_LONGEST_BEFORE = 300
"""Characters of the question before that another is put behind."""

_LONGEST_CHOICE = 4
"""Words of an answer that chooses by a number: "the second one", "I mean the first"."""

_LAST = re.compile(r"\b(?:last|latter|letzte[nrs]?|dernière?|última?o?)\b|最后", re.IGNORECASE)
_SINGLE = ("newest", "oldest", "authors_of", "details")
_OF_A_PAPER: frozenset[Kind] = frozenset({"detail", "content", "paper_summary", "similar"})

Composed = Callable[[Request], Plan]
"""Returns the plan of a request that stands alone."""


def choice(question: str, history: Sequence[Turn]) -> Candidate | None:
    """Return the person whom a short answer chooses: by number, by id, by name or by what tells them apart."""
    candidates = history[-1].plan.candidates if history and history[-1].plan else ()
    if not candidates:
        return None
    said = set(fold(question).split())
    place = number_words.place(question)
    if len(said) > _LONGEST_CHOICE:
        number = None
    elif _LAST.search(question):
        number = len(candidates)
    else:
        number = place[0] if place else number_words.number(question)
    if number:
        return candidates[number - 1] if 0 < number <= len(candidates) else None
    words = said - {"the", "one", "i", "mean", "meant", "with", "who", "works", "wrote", "papers"}
    fitting = [
        each for each in candidates if words and words <= set(fold(f"{each.id} {each.name} {each.words}").split())
    ]
    return fitting[0] if len(fitting) == 1 else None


def resolved(request: Request, history: Sequence[Turn], composed: Composed, library: Library) -> Plan:
    """Return the plan of a request that follows up on the talk."""
    last = history[-1]
    before = last.plan or Plan(last.question, last.question)
    asked: Kind | None = request.ask if request.ask in KINDS else None
    change = composed(replace(request, kind=asked or "list"))
    paper = _nth(request, history)
    if paper or (asked in _OF_A_PAPER and request.mode == "refer" and last.paper_ids):
        papers = (paper or _focus(last),)
        return _of_paper(request, asked or "detail", papers, composed, library)
    if asked == "content" or (asked is None and before.kind in ("passages", "comparison")):
        said = f"{before.question[:_LONGEST_BEFORE]} {request.text}"
        return replace(before, question=said, subject=said, chosen=before.chosen.merged(change.chosen))
    if request.mode == "narrow" and len(last.paper_ids) > 1 and (before.measure in _SINGLE or before.limit) and asked:
        inherited = PaperFilter(among=last.paper_ids)
    else:
        inherited = before.chosen
    said_now = change.chosen
    if inherited.author and said_now.author and request.mode == "narrow":
        said_now = replace(said_now, author="", with_authors=(said_now.author, *said_now.with_authors))
    replaces_topic = request.mode == "change" and bool(said_now.words or change.topic)
    if replaces_topic:
        inherited = replace(inherited, words=())
    if request.mode == "change" and (said_now.author or said_now.any_authors):
        inherited = replace(inherited, author="", with_authors=(), any_authors=())
    topic = change.topic or ("" if replaces_topic else before.topic)
    goes_on = asked is None or change.kind in ("synthesis", "about")
    if before.topic and not replaces_topic and not (topic == before.topic and goes_on):
        words = topics.select(library, before.topic, PaperFilter()).chosen.words
        is_held = library.count(PaperFilter(words=words)) > 0
        inherited = inherited.merged(PaperFilter(words=words) if is_held else PaperFilter(among=last.paper_ids))
    chosen = inherited.merged(said_now)
    if asked is None or change.kind == "about":
        result = replace(before, topic=topic, limit=change.limit or before.limit, candidates=change.candidates)
        place = number_words.place(request.text)
        if place and place[0] > 1 and before.measure not in ("count", "papers"):
            result = replace(result, place=place[0])
    else:
        result = replace(change, topic=topic if change.kind == "synthesis" else "")
    said = f"{before.question[:_LONGEST_BEFORE]} {request.text}"
    return replace(
        result,
        question=said,
        subject=said,
        chosen=chosen,
        unknown_author=change.unknown_author,
        corrections=change.corrections,
    )


def _of_paper(request: Request, kind: Kind, papers: tuple[str, ...], composed: Composed, library: Library) -> Plan:
    """Return a plan of what is asked of a paper of the talk."""
    plan = composed(replace(request, kind="content", named=()))
    known = library.papers_by_id(papers)
    if not known:  # it was removed since
        return composed(request)
    title = known[0].title
    plan = replace(plan, papers=papers, subject=f"{title}: {request.text}", is_sure=True, chosen=PaperFilter())
    if kind == "detail":
        return replace(plan, kind="catalogue", measure="details")
    return replace(plan, kind="synthesis" if kind == "paper_summary" else "passages")


def _nth(request: Request, history: Sequence[Turn]) -> str:
    """Return the id of the paper at the place of the last list that a request names; "" where it names none."""
    listed = next((turn.paper_ids for turn in reversed(history) if len(turn.paper_ids) > 1), ())
    last = history[-1].plan
    if not listed or (last and last.measure not in (None, "papers", "newest", "oldest", "count")):
        return ""
    found = number_words.place(request.text)
    place = found[0] if found else len(listed) if _LAST.search(request.text) and request.mode == "refer" else 0
    is_author = found and re.match(r"\W*(?:author|autor|auteur)", request.text[found[1].end() :], re.IGNORECASE)
    return listed[place - 1] if 0 < place <= len(listed) and not is_author else ""


def _focus(turn: Turn) -> str:
    """Return the id of the paper that the talk is about: the one named, else the one first cited."""
    named = turn.plan.papers if turn.plan and turn.plan.kind != "comparison" else ()
    return (named or turn.paper_ids)[0]
