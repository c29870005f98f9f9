"""Query planning: from a request that was read to what is asked, of which papers."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from assistant.errors import UsageError
from assistant.library import Library, authors
from assistant.library import papers as papers_table
from assistant.planning import follow_ups, number_words
from assistant.planning.entity_linking import Cited, Gazetteer, Mention
from assistant.planning.intents import LABELS, Kind, Named, Reads, Request
from assistant.planning.request_filter import Linked, Linker
from assistant.search import Search, topics
from assistant.text import counted, fold, joined, plan_in_words, prompt_safety
from assistant.types import (
    AboutPlan,
    BasePlan,
    Candidate,
    CataloguePlan,
    ClarificationPlan,
    ComparisonPlan,
    Measure,
    OverviewPlan,
    PaperFilter,
    PassagesPlan,
    Plan,
    PlanKind,
    Turn,
)

_MOST_CANDIDATES = 8
_MOST_COMPARED = 8
_SIMILAR = 10
"""Papers that are listed as similar to another, unless more are asked for."""

_TO_READ = 10
"""Papers of a list for reading, unless more are asked for."""

_USUAL: Mapping[Kind, int] = {"reading_list": _TO_READ}

_OPENING, _CLOSING = "\"'“‘„«「《", "\"'”’“»」》"
"""Quotation marks."""

_LEAST_SHARE = 0.5
"""How sure it must be that a request is not about the papers at all."""

_SHORT = re.compile(
    r"\b(?:brief|short|quick|concise)(?:ly)?\b|\bin (?:a|one) (?:few )?(?:words?|sentences?|nutshell)\b|\btl;? ?dr\b"
    r"|\bgist\b|\bkurz\b|\bbref\b|\bbreve\b|简[要短]",
    re.IGNORECASE,
)
_LONG = re.compile(
    r"\b(?:long|detailed|full|thorough|comprehensive|in-depth|extensive)\b|\bin (?:depth|detail|full)\b"
    r"|ausführlich|détaillé|detallad|详细",
    re.IGNORECASE,
)

_MEASURES: Mapping[Kind, Measure] = {
    "count": "count",
    "list": "papers",
    "ranking_people": "per_author",
    "ranking_years": "years_ranked",
    "ranking_venues": "per_venue",
    "per_year": "per_year",
    "per_category": "per_category",
    "coauthors": "coauthors",
    "joint_papers": "papers",
    "newest": "newest",
    "oldest": "oldest",
    "first_author": "papers",
    "last_author": "papers",
    "detail": "details",
    "yesno_catalogue": "papers",
    "comparison_people": "per_author",
    "reading_list": "papers",
    "similar": "papers",
    "export": "papers",
}
_COUNTED: Mapping[str, Measure] = {"people": "per_author", "venues": "per_venue", "years": "per_year"}
_PLACED: Mapping[str, Measure] = {"first": "per_first_author", "last": "per_last_author"}
_RANKINGS: frozenset[Kind] = frozenset({"ranking_people", "ranking_years", "ranking_venues", "newest", "oldest"})
_OVERVIEWS: frozenset[Kind] = frozenset({"overview", "trend", "author_profile"})
_OF_TITLES: frozenset[Kind] = frozenset(
    {
        "detail",
        "paper_summary",
        "similar",
        "comparison_papers",
        "comparison_people",
        "first_author",
        "last_author",
        "content",
    }
)

WHAT_BEFORE = "What do you mean? Nothing was asked before that this could go on from."


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans answers over one library. `nearest` finds the papers that are most like a text."""

    library: Library
    reader: Reads
    gazetteer: Gazetteer
    nearest: Search | None = None
    today: Callable[[], date] = date.today
    in_english: Callable[[str], str] = field(default=lambda phrase: phrase)
    linker: Linker = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "linker", Linker(self.library, self.gazetteer, self.today, self.in_english))

    def plan(
        self,
        question: str,
        filter: PaperFilter = PaperFilter(),
        *,
        history: Sequence[Turn] = (),
        person: str = "",
        stop: threading.Event | None = None,
    ) -> Plan:
        """Read a question and what it goes on from; a filter given by the reader always stays.

        `person` is the id of the one whom the reader chose among people of one name.
        """
        if history and (choice := follow_ups.choice(question, history)):
            return self.plan(history[-1].question, filter, history=history[:-1], person=choice.id, stop=stop)
        cited = self.gazetteer.cited(question)
        request = self.reader.read(prompt_safety.asked(cited.text), [turn.question for turn in history], stop)
        return self._answering(request, cited, filter, history, person)

    def known(
        self, question: str, filter: PaperFilter = PaperFilter(), *, history: Sequence[Turn] = (), person: str = ""
    ) -> Plan | None:
        """Return the same plan where the question is read without the chat model, else None."""
        if history and (choice := follow_ups.choice(question, history)):
            return self.known(history[-1].question, filter, history=history[:-1], person=choice.id)
        cited = self.gazetteer.cited(question)
        request = None if history else self.reader.known(prompt_safety.asked(cited.text))
        return self._answering(request, cited, filter, (), person) if request else None

    def _answering(
        self, request: Request, asked: Cited, filter: PaperFilter, history: Sequence[Turn], person: str
    ) -> Plan:
        """Return the plan of a question that was read."""
        plan: Plan
        if request.kind == "followup" and not history:
            plan = ClarificationPlan(question=asked.text, asks=WHAT_BEFORE)
        elif request.kind == "followup":
            plan = follow_ups.resolved(request, history, lambda each: self.composed(each, person), self.library)
        else:
            plan = self.composed(request, person)
        alone = asked.text if plan.question == request.text else plan.question
        plan = replace(
            plan,
            question=alone,
            language=request.language,
            papers=self._of_the_keys(plan.papers, asked),
            corrections=(*asked.read, *plan.corrections),
        )
        return self.restricted(plan, filter)

    def _of_the_keys(self, papers: tuple[str, ...], asked: Cited) -> tuple[str, ...]:
        """Leave out the papers that only have the title of one that the question names by its key."""
        if not asked.papers:
            return papers
        named = {fold(title) for _, title in asked.read}
        others = {each.id for each in self.library.papers_by_id(papers) if fold(each.title) in named}
        return tuple(one for one in papers if one in asked.papers or one not in others)

    def composed(self, request: Request, person: str = "") -> Plan:
        """Return the plan of a request that stands alone."""
        request = self.linker.with_labels(request)
        linked = self.linker.link(request, person)
        candidates = self._candidates(linked, person)
        plan = self._planned(request, linked, is_clear=not candidates)
        if candidates and isinstance(plan, CataloguePlan | OverviewPlan):
            plan = ClarificationPlan(question=plan.question, filter=plan.filter, candidates=candidates, intended=plan)
        return replace(plan, corrections=self._corrections(request, linked))

    def _planned(self, request: Request, linked: Linked, *, is_clear: bool) -> Plan:
        """Return the plan of a request's kind. It `is_clear` where every name is one person's."""
        if self._asks_profile(request):
            filter = replace(linked.filter, words=())
            return CataloguePlan(question=request.text, measure="profile", filter=filter)
        if request.kind == "comparison_people" and not linked.people and len(self._titled(request, linked)) >= 2:
            request = replace(request, kind="comparison_papers")
        kind = request.kind
        if kind == "meta" and request.share >= _LEAST_SHARE and not linked.papers:
            return AboutPlan(question=request.text)
        if kind == "comparison_papers" and len(self._titled(request, linked)) >= 2:
            return ComparisonPlan(question=request.text, papers=_ids(self._titled(request, linked)))
        if kind == "comparison_papers" and linked.filter.labels:
            listed = tuple(paper.id for paper in self.library.papers(linked.filter, _MOST_COMPARED + 1))
            if 2 <= len(listed) <= _MOST_COMPARED:
                return ComparisonPlan(question=request.text, papers=listed, filter=linked.filter)
        if kind in _OVERVIEWS or (kind == "paper_summary" and self._titled(request, linked)):
            return self._overview(request, linked)
        if measure := _MEASURES.get(kind):
            return self._catalogue(request, linked, measure, is_clear=is_clear)
        return self._prose(request, linked, is_clear=is_clear)

    def as_kind(self, plan: Plan, kind: PlanKind) -> Plan:
        """Return a plan as the reader wants it to be read: another kind of answer over the same papers."""
        if plan.kind == kind or (isinstance(plan, ClarificationPlan) and plan.candidates):
            return plan
        if kind == "synthesis":
            request = replace(self.reader.read(prompt_safety.asked(plan.question)), kind="overview")
            overview = self._overview(request, self.linker.link(request))
            unknown = plan.unknown_author if isinstance(plan, CataloguePlan) else ""
            overview = replace(overview, question=plan.question, unknown_author=unknown, language=plan.language)
            return self._worded(replace(overview, corrections=plan.corrections))
        if isinstance(plan, OverviewPlan) and plan.topic:
            plan = replace(plan, filter=topics.select(self.library, plan.topic, plan.filter).filter, topic="")
        subject = plan.subject if isinstance(plan, PassagesPlan) else plan.question
        return self._worded(converted(plan, kind, subject))

    def restricted(self, plan: Plan, filter: PaperFilter) -> Plan:
        """Return a plan over those papers only that the reader chose; their word goes before what was read."""
        if isinstance(plan, ClarificationPlan) and plan.intended:
            plan = replace(plan, intended=replace(plan.intended, filter=plan.intended.filter.merged(filter)))
        return self._worded(replace(plan, filter=plan.filter.merged(filter)))

    def called(self, author: str) -> str:
        """Return the name of a person who stands in a filter."""
        with self.library.transaction() as connection:
            found = authors.find(connection, author)
        return found[0].name if len(found) == 1 else author

    def _titled(self, request: Request, linked: Linked) -> tuple[Mention, ...]:
        """Return the papers that are named, where too few were tagged those whose titles stand in the request too.

        Of papers that are compared each is the one nearest to what is said of it.
        """
        wanted = 2 if request.kind.startswith("comparison") else 1
        if len(_ids(linked.papers)) >= wanted or request.kind not in _OF_TITLES:
            return linked.papers
        found = [mention for mention in self.gazetteer.mentions(request.text) if mention.kind == "paper"]
        found += [each for each in linked.papers if not any(each.values == other.values for other in found)]
        if wanted == 2 and self.nearest:
            for each in request.said("title"):
                if all(each.end <= other.start or other.end <= each.start for other in found):
                    near = self.nearest(each.text, 1, PaperFilter())
                    ids = tuple(passage.paper_id for passage in near)
                    found += [Mention("paper", each.start, each.end, each.text, ids, is_sure=False)] if ids else []
        return tuple(found)

    def _asks_profile(self, request: Request) -> bool:
        """Tell whether a request asks for a figure that an author page gives of its owner."""
        profiles = self.library.profiles()
        labels = {fold(label) for profile in profiles for label, _ in profile.statistics} - {"papers"}
        known = labels | {"h index", "hindex"}
        return bool(profiles) and any(f" {label} " in f" {fold(request.text)} " for label in known)

    def _catalogue(self, request: Request, linked: Linked, measure: Measure, *, is_clear: bool) -> Plan:
        """Return the plan of a question for the catalogue."""
        kind, filter, titled = request.kind, linked.filter, self._titled(request, linked)
        papers = _ids(titled)
        if kind == "similar":
            return self._similar(request, linked, papers, is_clear=is_clear)
        if papers and kind in ("first_author", "last_author", "coauthors", "joint_papers") and not filter.author:
            measure, filter = "authors_of", PaperFilter()
        elif (
            papers
            and kind in ("detail", "yesno_catalogue", "list", "count")
            and not (filter.labels or filter.has_abstract is not None)
        ):
            measure, filter = "details", filter if kind == "yesno_catalogue" else PaperFilter()
        elif kind == "detail" and not papers and filter == PaperFilter():
            return self._prose(request, linked, is_clear=is_clear)
        elif kind in ("first_author", "last_author") and not filter.author:
            measure = _PLACED[kind.removesuffix("_author")]
        elif kind in ("first_author", "last_author"):
            filter = replace(filter, position="first" if kind == "first_author" else "last")
        elif measure == "per_author" and request.position and not filter.author:
            measure = _PLACED[request.position]
        elif kind == "count" and request.of == "people" and filter.author:
            measure = "coauthors"
        elif kind in ("list", "newest") and request.of == "authors":
            measure = "by_author_count"
        elif kind in ("count", "list", "newest", "oldest") and request.of in _COUNTED and not papers:
            measure = _COUNTED[request.of]
        authors_counted = measure in ("count", "papers", "newest", "oldest") and kind != "reading_list"
        if authors_counted:
            filter = replace(filter, fewest_authors=linked.least, most_authors=linked.most)
        place = number_words.place(request.text) if kind in _RANKINGS and linked.limit is None else None
        ranked, left_out = tuple[str, ...](), tuple[str, ...]()
        if measure in ("per_author", "per_first_author", "per_last_author", "coauthors"):
            left_out = linked.left_out
            filter = replace(filter, without_authors=(), position="" if measure == "coauthors" else filter.position)
            if kind == "comparison_people":
                filter = replace(filter, position="")
                ranked = tuple(value for _, mention in linked.people for value in mention.values)
                filter = replace(filter, author="", with_authors=(), any_authors=filter.writers)
        return CataloguePlan(
            question=request.text,
            measure=measure,
            filter=filter,
            papers=papers if measure in ("authors_of", "details") else (),
            limit=linked.limit or _USUAL.get(kind) or (1 if measure == "by_author_count" else None),
            ascending=request.order == "asc" and kind not in ("newest", "oldest"),
            place=place[0] if place and place[0] > 1 else None,
            ranked=ranked,
            left_out=left_out,
            manner="yes_no" if kind == "yesno_catalogue" else "export" if kind == "export" else "",
            unknown_author="" if measure in ("authors_of", "details") and papers else linked.unknown_author,
            least=None if authors_counted else linked.least,
            most=None if authors_counted else linked.most,
        )

    def _similar(self, request: Request, linked: Linked, papers: tuple[str, ...], *, is_clear: bool) -> Plan:
        """Return the plan of a list of the papers nearest to those named."""
        if not papers or self.nearest is None:
            return self._prose(request, linked, is_clear=is_clear)
        wanted = linked.limit or _SIMILAR
        text = " ".join(f"{paper.title}. {paper.abstract}" for paper in self.library.papers_by_id(papers))
        near = self.nearest(text, wanted + len(papers), replace(linked.filter, words=()))
        ids = tuple(passage.paper_id for passage in near if passage.paper_id not in papers)[:wanted]
        return CataloguePlan(
            question=request.text,
            measure="papers",
            filter=PaperFilter(among=ids),
            limit=wanted,
            unknown_author=linked.unknown_author,
        )

    def _prose(self, request: Request, linked: Linked, *, is_clear: bool) -> PassagesPlan:
        """Return the plan of a question that is answered in prose from the abstracts."""
        mentions = self.gazetteer.mentions(request.text)
        named = [*linked.papers, *(each for each in mentions if each.kind in ("paper", "held"))]
        for told in request.said(*LABELS):
            named = [each for each in named if each.end <= told.start or told.end <= each.start]
        if any(each.kind == "paper" for each in named):
            named = [each for each in named if each.kind == "paper"]
        how_kept = ("label", "with_labels", "any_labels", "without_labels", "has_abstract")
        filter = PaperFilter(**{name: getattr(linked.filter, name) for name in how_kept})
        question = subject = _without(request.text, request.said(*LABELS))  # no abstract says where it is kept
        people = [(each, mention) for each, mention in linked.people if each.slot == "author"]
        if len(people) == 1 and is_clear:  # a family name alone may be a method's, or of a cited paper
            filter = replace(filter, author=linked.filter.author)
            subject = _without(request.text, [*request.said(*LABELS), people[0][0]])
        if request.said("year", "year_from", "year_to"):
            since, until = linked.filter.since, linked.filter.until
            first, last = linked.filter.first_day, linked.filter.last_day
            filter = replace(filter, since=since, until=until, first_day=first, last_day=last)
        subject = " ".join(subject.split()) or request.text
        if request.language != "en":
            subject = self.in_english(subject) or subject
        return PassagesPlan(
            question=subject if request.language != "en" else question,
            filter=filter,
            subject=subject,
            papers=_ids(named),
            is_exact=all(each.is_sure for each in named),
        )

    def _overview(self, request: Request, linked: Linked) -> OverviewPlan:
        """Return the plan of an overview: the filter holds all that the question says of which papers are meant."""
        papers = _ids(self._titled(request, linked))
        filter = replace(linked.filter, words=())
        if request.kind == "trend" and filter.until is None and not filter.last_day:
            filter = replace(filter, since=None, first_day="")  # what changed since then shows beside what was before
        either = filter.among is not None
        topic = "" if papers or either else " ".join(linked.topics)
        worded = filter
        for phrase in linked.topics if topic else ():
            worded = topics.select(self.library, phrase, worded).filter
        if len(linked.topics) > 1 and self.library.count(worded):
            filter, topic = worded, ""
        place = request.kind == "overview" and linked.limit
        if place and request.order:
            found = [paper for paper in self.library.papers(worded) if paper.date]
            found.sort(key=lambda paper: paper.date, reverse=request.order == "desc")
            papers = papers or tuple(paper.id for paper in found[: linked.limit])
        return OverviewPlan(
            question=request.text,
            filter=PaperFilter() if papers and not place else filter,
            papers=papers,
            topic=topic,
            unknown_author=linked.unknown_author,
            length="short" if _SHORT.search(request.text) else "long" if _LONG.search(request.text) else "medium",
        )

    def _corrections(self, request: Request, linked: Linked) -> tuple[tuple[str, str], ...]:
        mentions = (*(mention for _, mention in linked.people), *linked.papers)
        return tuple(
            (request.text[each.start : each.end], each.name)
            for each in mentions
            if len(each.values) == 1 and each.corrects(request.text)
        )

    def _candidates(self, linked: Linked, person: str) -> tuple[Candidate, ...]:
        """Return the people among whom the reader is to choose; none where it is clear who is meant."""
        unclear = next((mention for _, mention in linked.people if len(mention.values) > 1), None)
        if person or unclear is None:
            return ()
        with self.library.transaction() as connection:
            persons = [
                found for value in unclear.values[:_MOST_CANDIDATES] for found in authors.find(connection, value)[:1]
            ]
            known = {person.id: person for person in persons}
            return tuple(Candidate(each.id, each.name, _told_apart(connection, each)) for each in known.values())

    def _worded(self, plan: Plan) -> Plan:
        """Say the plan to a person."""
        left_out = plan.left_out if isinstance(plan, CataloguePlan) else ()
        return replace(
            plan, words=plan_in_words(plan, {name: self.called(name) for name in (*plan.filter.people, *left_out)})
        )


def converted(plan: Plan, kind: PlanKind, subject: str) -> Plan:
    """Return another kind of plan over the same papers; `subject` is what prose is searched for. Raises UsageError."""
    common: dict[str, Any] = {each.name: getattr(plan, each.name) for each in fields(BasePlan)}
    unknown = plan.unknown_author if isinstance(plan, CataloguePlan | OverviewPlan) else ""
    if kind == "catalogue":
        return CataloguePlan(**common, measure="papers", unknown_author=unknown)
    if kind == "synthesis":
        return OverviewPlan(**common, unknown_author=unknown)
    if kind == "comparison":
        return ComparisonPlan(**common)
    if kind == "passages":
        return PassagesPlan(**common, subject=subject)
    raise UsageError(f"A question cannot be read as “{kind}”. Choose passages, catalogue, comparison or synthesis.")


def _without(text: str, named: Sequence[Named]) -> str:
    """Return a question without some passages, and without the quotation marks around them."""
    for each in sorted(named, key=lambda each: -each.start):
        before, behind = text[: each.start], text[each.end :]
        if behind[:1] in _CLOSING and before[-1:] in _OPENING and before[-1:]:
            before, behind = before[:-1], behind[1:]
        text = f"{before} {behind}"
    return " ".join(text.split()) if named else text


def _ids(mentions: Sequence[Mention]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(paper for mention in mentions for paper in mention.values))


def _told_apart(connection: Connection, person: authors.Person) -> str:
    """Return what tells a person from others of the name: papers, years, whom they write with."""
    ids = person.paper_ids
    others = [each.name for each in authors.coauthors(connection, person)[:3]]
    query = select(func.min(papers_table.c.year), func.max(papers_table.c.year)).where(
        papers_table.c.id.in_(ids[:5000])
    )
    first, last = connection.execute(query).one()
    years = "" if first is None else f", {first}" if first == last else f", {first} to {last}"
    return f"{counted(len(ids), 'paper')}{years}{f', with {joined(others)}' if others else ''}"
