"""Follow-up requests: what they keep of the plan before, what they change, which paper they mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.library import Library
from assistant.planning import number_words
from assistant.planning.intents import KINDS, Kind, Request
from assistant.search import topics
from assistant.text import fold
from assistant.types import (
    AboutPlan,
    Candidate,
    CataloguePlan,
    ClarificationPlan,
    ComparisonPlan,
    OverviewPlan,
    PaperFilter,
    PassagesPlan,
    Plan,
    Turn,
)

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
    last = history[-1].plan if history else None
    candidates = last.candidates if isinstance(last, ClarificationPlan) else ()
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
    before = _meant(last.plan) or PassagesPlan(question=last.question, subject=last.question)
    counted = before if isinstance(before, CataloguePlan) else None
    asked: Kind | None = request.ask if request.ask in KINDS else None
    asks = composed(replace(request, kind=asked or "list"))
    change = _meant(asks) or asks
    paper = _nth(request, history)
    if paper or (asked in _OF_A_PAPER and request.mode == "refer" and last.paper_ids):
        papers = (paper or _focus(last),)
        return _of_paper(request, asked or "detail", papers, composed, library)
    said = f"{before.question[:_LONGEST_BEFORE]} {request.text}"
    if asked == "content" or (asked is None and isinstance(before, PassagesPlan | ComparisonPlan)):
        both = before.filter.merged(change.filter)
        if isinstance(before, ComparisonPlan):
            return replace(before, question=said, filter=both)
        is_exact = before.is_exact if isinstance(before, PassagesPlan) else True
        return PassagesPlan(question=said, subject=said, filter=both, papers=before.papers, is_exact=is_exact)
    is_single = counted is not None and (counted.measure in _SINGLE or counted.limit is not None)
    if request.mode == "narrow" and len(last.paper_ids) > 1 and is_single and asked:
        inherited = PaperFilter(among=last.paper_ids)
    else:
        inherited = before.filter
    said_now = change.filter
    if inherited.author and said_now.author and request.mode == "narrow":
        said_now = replace(said_now, author="", with_authors=(said_now.author, *said_now.with_authors))
    topic_now, topic_before = _topic(change), _topic(before)
    replaces_topic = request.mode == "change" and bool(said_now.words or topic_now)
    if replaces_topic:
        inherited = replace(inherited, words=())
    if request.mode == "change" and (said_now.author or said_now.any_authors):
        inherited = replace(inherited, author="", with_authors=(), any_authors=())
    if request.mode == "change" and said_now.labels:
        inherited = replace(inherited, label="", with_labels=(), any_labels=(), without_labels=())
    topic = topic_now or ("" if replaces_topic else topic_before)
    goes_on = asked is None or isinstance(change, OverviewPlan | AboutPlan)
    if topic_before and not replaces_topic and not (topic == topic_before and goes_on):
        words = topics.select(library, topic_before, PaperFilter()).filter.words
        is_held = library.count(PaperFilter(words=words)) > 0
        inherited = inherited.merged(PaperFilter(words=words) if is_held else PaperFilter(among=last.paper_ids))
    result = _continued(request, before, change) if asked is None or isinstance(change, AboutPlan) else change
    if isinstance(result, OverviewPlan):
        result = replace(result, topic=topic)
    if isinstance(result, CataloguePlan | OverviewPlan) and isinstance(change, CataloguePlan | OverviewPlan):
        result = replace(result, unknown_author=change.unknown_author)
    result = replace(result, question=said, filter=inherited.merged(said_now), corrections=asks.corrections)
    if isinstance(asks, ClarificationPlan) and isinstance(result, CataloguePlan | OverviewPlan):
        return replace(asks, question=said, filter=result.filter, intended=result)
    return result


def _continued(request: Request, before: Plan, change: Plan) -> Plan:
    """Return the plan before, with what a request changes of it that asks for nothing of another kind."""
    if not isinstance(before, CataloguePlan):
        return before
    limit = change.limit if isinstance(change, CataloguePlan) else None
    place = number_words.place(request.text)
    asks_place = place is not None and place[0] > 1 and before.measure not in ("count", "papers")
    return replace(before, limit=limit or before.limit, place=place[0] if place and asks_place else before.place)


def _meant(plan: Plan | None) -> Plan | None:
    """Return the plan that stands behind a question who is meant; any other as it is."""
    return (plan.intended or plan) if isinstance(plan, ClarificationPlan) else plan


def _topic(plan: Plan) -> str:
    return plan.topic if isinstance(plan, OverviewPlan) else ""


def _of_paper(request: Request, kind: Kind, papers: tuple[str, ...], composed: Composed, library: Library) -> Plan:
    """Return a plan of what is asked of a paper of the talk."""
    plan = composed(replace(request, kind="content", named=()))
    known = library.papers_by_id(papers)
    if not known:  # it was removed since
        return composed(request)
    title = known[0].title
    if kind == "detail":
        return CataloguePlan(question=plan.question, measure="details", papers=papers)
    if kind == "paper_summary":
        return OverviewPlan(question=plan.question, papers=papers)
    return PassagesPlan(question=plan.question, subject=f"{title}: {request.text}", papers=papers)


def _nth(request: Request, history: Sequence[Turn]) -> str:
    """Return the id of the paper at the place of the last list that a request names; "" where it names none."""
    listed = next((turn.paper_ids for turn in reversed(history) if len(turn.paper_ids) > 1), ())
    last = history[-1].plan
    if not listed or (isinstance(last, CataloguePlan) and last.measure not in ("papers", "newest", "oldest", "count")):
        return ""
    found = number_words.place(request.text)
    place = found[0] if found else len(listed) if _LAST.search(request.text) and request.mode == "refer" else 0
    is_author = found and re.match(r"\W*(?:author|autor|auteur)", request.text[found[1].end() :], re.IGNORECASE)
    return listed[place - 1] if 0 < place <= len(listed) and not is_author else ""


def _focus(turn: Turn) -> str:
    """Return the id of the paper that the talk is about: the one named, else the one first cited."""
    named = turn.plan.papers if turn.plan and not isinstance(turn.plan, ComparisonPlan) else ()
    return (named or turn.paper_ids)[0]
