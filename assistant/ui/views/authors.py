"""Views of people: everybody in a list with the pairs who wrote most together, and the page of each."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, get_args
from urllib.parse import quote

import gradio as gr
from fastapi import APIRouter, Form
from sqlalchemy import Connection, func, select
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from assistant import export
from assistant.analysis import trends
from assistant.errors import LibraryError
from assistant.library import authors, papers, papers_passing, papers_with_unknown
from assistant.library.authors import Decision, Person, Roster, RosterOrder, RosterPart, curation
from assistant.types import AuthorProfile, PaperFilter
from assistant.ui import filter_query, summaries
from assistant.ui.calls import Call, errors_said
from assistant.ui.site import Site, address, asked_by, author_path

_PAGE = 50
_PAIRS, _MORE_PAIRS = 6, 60
_CHOICE = 30
"""People of one name who are shown to choose from."""

_COAUTHORS, _FIRST_PAPERS, _PAPERS, _ALIKE = 15, 10, 20, 5
"""Lines of the lists of a person's page; each leads to the whole list."""

_TOLD_APART = 200
"""Papers from which one may be split off on the page; of people with more, by the command line."""

_LARGE = 5000
"""Papers, or people, from which all people are counted in the background and kept."""

_NAMED = 250
"""Papers that an address names one by one, at most."""

_PARTS, _THEMES = 8, 64
"""Lists of people, and themes of people, that are held in memory."""


@dataclass(frozen=True, slots=True)
class _Companion:
    """Somebody with whom a person wrote: on which papers, and the years of the first and the last, 0 where unknown."""

    person: Person
    since: int
    until: int


def lay_out(site: Site) -> tuple[APIRouter, list[Call]]:
    """Return the routes of the views and their calls."""
    routes = APIRouter()
    parts = _Parts(site)

    @routes.get("/authors")
    def show_list(
        request: Request, q: str = "", sort: str = "papers", page: int = 1, pairs: int = _PAIRS
    ) -> HTMLResponse:
        filter = filter_query.read(request.query_params.multi_items())
        order: RosterOrder = next((each for each in get_args(RosterOrder) if each == sort), "papers")
        part, is_current = parts.of(filter)
        people, total = part.page(q, order, _PAGE, (max(page, 1) - 1) * _PAGE)
        last = max(1, -(-total // _PAGE))
        if page > last:
            page = last
            people, total = part.page(q, order, _PAGE, (last - 1) * _PAGE)
        return site.page(
            request,
            "authors.html",
            filter=filter,
            chips=site.chips(filter),
            kept=[pair for pair in filter_query.parameters(filter) if pair[0] not in ("since", "until")],
            q=q,
            sort=order,
            page=max(page, 1),
            last=last,
            total=total,
            is_current=is_current,
            people=people,
            pairs=part.pairs(max(1, min(pairs, _MORE_PAIRS))),
            most_pairs=_MORE_PAIRS,
            left_out=part.left_out,
            by=by,
            both=both,
        )

    @routes.get("/author/{who}")
    def show(request: Request, who: str, merge: str = "", done: int = 0) -> Response:
        with site.library.transaction() as connection:
            found = authors.find(connection, who)
            if len(found) != 1:
                chosen = [(person, _companions(connection, person)[:3]) for person in found[:_CHOICE]]
                return site.page(
                    request, "author_choice.html", 200 if found else 404, who=who, chosen=chosen, found=len(found)
                )
        person = found[0]
        if who != person.id:
            return RedirectResponse(address(request, author_path(person.id)), 303)
        described = {**_described(site, person), **_merging(site, person, parts.of(PaperFilter())[0], merge, done)}
        scope = summaries.scope(site, request, PaperFilter(author=person.id))
        return site.page(request, "author.html", **described, summary_scope=scope)

    @routes.get("/author/{who}/papers.bib")
    def save_papers(who: str) -> StreamingResponse:
        with site.library.transaction() as connection:
            person = curation.named(connection, who)
        text = export.text(export.stream(site.library, PaperFilter(author=person.id)), "bibtex")
        named = f"attachment; filename*=UTF-8''{quote(person.id)}.bib"
        return StreamingResponse(
            text, media_type="application/x-bibtex; charset=utf-8", headers={"Content-Disposition": named}
        )

    @routes.post("/author/{who}/merge")
    def merge(request: Request, who: str, other: Annotated[str, Form()]) -> RedirectResponse:
        with site.library.transaction() as connection:
            one, two = curation.named(connection, who), curation.named(connection, other)
            return _back(request, curation.merge(connection, one, two))

    @routes.post("/author/{who}/split")
    def split(request: Request, who: str, part: Annotated[tuple[str, ...], Form()] = ()) -> RedirectResponse:
        with site.library.transaction() as connection:
            person = curation.named(connection, who)
            if not part:
                return RedirectResponse(address(request, author_path(person.id)), 303)
            return _back(request, curation.split(connection, person, part))

    @routes.post("/author/{who}/undo")
    def undo(request: Request, who: str, decision: Annotated[int, Form()]) -> RedirectResponse:
        with site.library.transaction() as connection:
            undone = curation.undo(connection, decision)
        with site.library.transaction() as connection:
            people = [person.id for person in curation.holders(connection, undone)]
        return RedirectResponse(address(request, author_path(who if who in people else [*people, who][0])), 303)

    @lru_cache(_THEMES)
    def themes_of(mine: PaperFilter, _version: str) -> Sequence[trends.Trend]:
        return trends.find(site.library, mine, "year", "", terms=False).themes

    def find_themes(author: str, request: gr.Request) -> dict[str, Any]:
        """Return the themes of a person's papers as HTML."""
        mine = PaperFilter(author=author)
        with errors_said():
            with site.library.transaction() as connection:
                version = authors.version(connection)
            found = [(each, _of_theme(mine, each)) for each in themes_of(mine, version)]
        return {"html": site.fragment(asked_by(request), "author_themes.html", themes=found)}

    return routes, [Call("author_themes", find_themes, 1)]


def by(filter: PaperFilter, person_id: str) -> PaperFilter:
    """Return the papers of a filter that a person wrote."""
    if filter.author and filter.author != person_id:
        return replace(filter, with_authors=(*filter.with_authors, person_id))
    return replace(filter, author=person_id)


def both(filter: PaperFilter, one: str, other: str) -> PaperFilter:
    """Return the papers of a filter that two people wrote together."""
    return by(filter, other) if filter.author == one else by(by(filter, one), other)


def _of_theme(mine: PaperFilter, theme: trends.Trend) -> PaperFilter | None:
    """Return the papers of a theme; None where an address cannot name so many."""
    return replace(mine, among=theme.paper_ids) if len(theme.paper_ids) <= _NAMED else None


class _Parts:
    """The people of the papers of a filter; the lists that were asked for last are held in memory.

    In a large library all people are counted in the background after a change, and kept; until then the list tells what
    was counted last.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._library = site.library
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._roster: Roster | None = None
        self._held: OrderedDict[PaperFilter, RosterPart] = OrderedDict()

    def of(self, filter: PaperFilter) -> tuple[RosterPart, bool]:
        """Return the people of these papers, and whether the library is still as it was when they were counted."""
        with self._library.transaction() as connection:
            roster = authors.former_roster(connection)
            is_current = roster is not None and roster.version == authors.version(connection)
        if is_current:
            self._site.knows_people()  # before the first person's page is asked for
        if not is_current and roster is not None and self._library.count() >= _LARGE:
            if not self._counting.locked():
                threading.Thread(target=self._count, name="counting people", daemon=True).start()
        elif roster is None or not is_current:
            roster, is_current = self._count(), True
        return self._part(roster or self._count(), filter), is_current

    def _count(self) -> Roster:
        """Count all people anew, one at a time, and keep the figures of a large library."""
        with self._counting:
            with self._library.transaction() as connection:
                former = authors.former_roster(connection)
                if former and former.version == authors.version(connection):
                    return former
                roster = authors.roster(connection)
            if len(roster.ids) >= _LARGE:
                with suppress(LibraryError), self._library.transaction() as connection:  # counted anew the next time
                    roster.keep(connection)
            return roster

    def _part(self, roster: Roster, filter: PaperFilter) -> RosterPart:
        with self._lock:
            if roster is not self._roster:
                self._roster = roster
                self._held.clear()
            if filter not in self._held:
                self._held[filter] = roster.among(None if filter.is_empty else self._library.ids(filter))
            self._held.move_to_end(filter)
            while len(self._held) > _PARTS:
                self._held.popitem(last=False)
            return self._held[filter]


def _described(site: Site, person: Person) -> Mapping[str, Any]:
    """Return what a person's page tells of them."""
    mine = PaperFilter(author=person.id)
    first, last = (replace(mine, position=place) for place in ("first", "last"))
    library = site.library
    with library.transaction() as connection:
        query = papers_passing(connection, select(papers.c.year, func.count()), mine).group_by(papers.c.year)
        counts: list[tuple[int | None, int]] = [(year, count) for year, count in connection.execute(query)]
        companions = _companions(connection, person)
        theirs = papers_passing(connection, select(func.count()).select_from(papers), mine)
        open_places = [
            connection.execute(papers_with_unknown(connection, theirs, each, "position")).scalar_one()
            for each in (first, last)
        ]
    by_year = {year: count for year, count in counts if year is not None}
    years = range(min(by_year), max(by_year) + 1) if by_year else range(0)
    return {
        "person": person,
        "mine": mine,
        "first": first,
        "last": last,
        "firsts": library.count(first),
        "lasts": library.count(last),
        "open_places": open_places,
        "by_year": [(year, by_year.get(year, 0)) for year in years],
        "undated": sum(count for year, count in counts if year is None),
        "companions": companions[:_COAUTHORS],
        "companion_count": len(companions),
        "first_papers": library.papers(first, _FIRST_PAPERS),
        "papers": library.papers(mine, _PAPERS),
        "profiles": _profiles(site, person),
        "both": both,
    }


def _merging(site: Site, person: Person, everybody: RosterPart, merge: str, done: int) -> Mapping[str, Any]:
    """Return what a person's page says of merging and splitting: candidates, decisions, papers to choose from."""
    with site.library.transaction() as connection:
        decided = [_Decided.of(each) for each in reversed(curation.decided(connection, person))]
        alike = authors.alike(connection, person)[:_ALIKE]
        if merge.strip():
            entries, _ = everybody.page(merge, "papers", _ALIKE + 1)
            alike = [
                found for entry in entries for found in authors.find(connection, entry.id) if found.id != person.id
            ]
    few = len(person.paper_ids) <= _TOLD_APART
    return {
        "merge": merge,
        "alike": alike[:_ALIKE],
        "decided": decided,
        "done": next((each for each in decided if each.number == done), None),
        "own": site.library.papers(PaperFilter(author=person.id), _TOLD_APART) if few else [],
    }


@dataclass(frozen=True, slots=True)
class _Decided:
    """A decision as a page says it: which names it joined to a person or took off, on how many papers."""

    number: int
    is_merge: bool
    names: tuple[str, ...]
    papers: int

    @classmethod
    def of(cls, decision: Decision) -> _Decided:
        names = dict.fromkeys([*decision.spellings, *(name for _, name in decision.other)])
        papers_of_it = len({paper_id for paper_id, _ in decision.other})
        return cls(decision.number, decision.kind == "merge", tuple(names), papers_of_it)


def _companions(connection: Connection, person: Person) -> list[_Companion]:
    """Return with whom a person wrote, most papers first; of each the joint papers only."""
    mine = PaperFilter(author=person.id)
    query = papers_passing(connection, select(papers.c.id, papers.c.year), mine)
    known: dict[str, int | None] = {row.id: row.year for row in connection.execute(query)}
    found = []
    for other in authors.coauthors(connection, person):
        years = [year for paper_id in other.paper_ids if (year := known.get(paper_id))]
        found.append(_Companion(other, min(years, default=0), max(years, default=0)))
    return found


def _profiles(site: Site, person: Person) -> list[AuthorProfile]:
    """Return what author pages say of a person."""
    stated = site.library.profiles()
    with site.library.transaction() as connection:
        owners = {profile.name: authors.find(connection, profile.name) for profile in stated}
    return [profile for profile in stated if [each.id for each in owners[profile.name]] == [person.id]]


def _back(request: Request, decision: Decision) -> RedirectResponse:
    """Lead to a person's page, which says what was decided and offers to take it back."""
    return RedirectResponse(address(request, author_path(decision.person_id), done=decision.number), 303)
