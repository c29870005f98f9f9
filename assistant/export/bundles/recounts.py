"""The numbers of an answer, counted again: in a bundle's own papers, or in another library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, insert, select

from assistant import catalogue
from assistant.catalogue import CatalogueAnswer
from assistant.export.bundles.bundle_reading import Bundle, Person
from assistant.library import (
    DOUBTS,
    Library,
    aliases,
    authors,
    identifiers,
    insert_papers,
    pages,
    papers,
    strong_keys,
    text_key,
    title_key,
    undecided,
)
from assistant.library.authors import Anchor, Decision, decisions
from assistant.text import fold
from assistant.types import Paper, PaperFilter, Plan

_MOST_TRIES = 3
"""Rounds of decisions until everybody has the papers that the bundle says."""


@contextmanager
def opened(bundle: Bundle) -> Iterator[Library]:
    """Open a library of the bundle's own papers, under their own ids, that is gone afterwards.

    They do not go through the matching of records: which of them are one paper was decided in the library they are
    from.
    """
    with TemporaryDirectory(prefix="bundle-") as folder:
        library = Library(Path(folder))
        try:
            with library.transaction() as connection:
                insert_papers(connection, sorted(bundle.papers.values(), key=lambda paper: bundle.places[paper.id]))
                rows = [
                    {"id": old, "paper_id": paper_id}
                    for paper_id, others in bundle.also.items()
                    for old in others
                    if old not in bundle.papers
                ]
                if rows:
                    connection.execute(insert(aliases), rows)
            for profile in bundle.profiles:
                library.keep_profile(profile, "bundle")
            _tell_people_apart(library, bundle)
            yield library
        finally:
            library.close()


def count_again(library: Library, plan: Plan, ids: Mapping[str, str], people: Sequence[Person]) -> CatalogueAnswer:
    """Ask a library what the plan asks. `ids` leads from papers of the plan to those of the library.

    People of the plan are found by the papers that bear their names; the file that papers came from is left out of the
    filter, because other libraries have read other files.
    """
    assert plan.measure is not None
    chosen = translated(library, plan.chosen, ids, people)
    named = tuple(ids.get(paper_id, paper_id) for paper_id in plan.papers)
    here = [translated(library, PaperFilter(any_authors=those), ids, people) for those in (plan.ranked, plan.left_out)]
    ranked, left_out = (each.any_authors for each in here)
    return catalogue.answer(library, replace(plan, chosen=chosen, papers=named, ranked=ranked, left_out=left_out))


def left_open(library: Library, chosen: PaperFilter) -> set[str]:
    """Return the papers of which their sources leave open whether they pass."""
    with library.transaction() as connection:
        queries = [undecided(connection, select(papers.c.id), chosen, doubt) for doubt in DOUBTS]
        return {paper_id for query in queries for paper_id in connection.execute(query).scalars()}


def found_in(library: Library, wanted: Sequence[Paper]) -> dict[str, str]:
    """Return under which id a library holds each of these papers, by the ids here; those that it lacks are left out.

    A DOI, arXiv id or PubMed number decides, else title, first author and year, else title and abstract, else the id
    and the title together.
    """
    keys = {paper.id: [*strong_keys(paper), title_key(paper), text_key(paper)] for paper in wanted}
    holders: dict[str, list[str]] = {}
    with library.transaction() as connection:
        for page in pages({key for known in keys.values() for key in known}):
            for row in connection.execute(select(identifiers).where(identifiers.c.value.in_(page))):
                holders.setdefault(row.value, []).append(row.paper_id)
    found: dict[str, str] = {}
    for paper_id, known in keys.items():
        held = [holder for key in known for holder in holders.get(key, ())]
        if held:
            found[paper_id] = paper_id if paper_id in held else held[0]
    titles = {paper.id: fold(paper.title) for paper in wanted if paper.id not in found}
    for paper in library.papers_by_id(list(titles)):
        if titles.get(paper.id) == fold(paper.title):
            found[paper.id] = paper.id
    return found


def differing_rows(
    stated: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], ids: Mapping[str, str]
) -> list[str]:
    """Return what is not the same in two lists of rows, a few words for each row that has no counterpart.

    Papers of the first are known in the second by `ids`. People are compared by their names and papers.
    """
    have = [_comparable(row, {}) for row in now]
    missing = []
    for row in stated:
        wanted = _comparable(row, ids)
        if wanted in have:
            have.remove(wanted)
        else:
            missing.append(row_in_words(row))
    extra = [row_in_words(row) for row in now if _comparable(row, {}) in have]
    return [f"“{words}” is not found again" for words in missing] + [f"“{words}” is new" for words in extra]


def row_in_words(row: Mapping[str, Any]) -> str:
    """Return a row of the catalogue in a few words."""
    label = next((row[name] for name in ("title", "author", "year", "category", "venue", "name") if row.get(name)), "")
    other = f" and {row['with']}" if row.get("with") else ""
    number = f": {row['papers']} papers" if isinstance(row.get("papers"), int) else ""
    return f"{label or 'none'}{other}{number}"[:200]


def _comparable(row: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """Return what a row says, but for what every library names in its own way."""
    kept = {name: value for name, value in row.items() if name not in ("person_id", "with_id", "paper_id", "paper_ids")}
    listed = row.get("paper_ids")
    kept["papers of"] = (
        sorted(ids.get(str(one), str(one)) for one in listed) if isinstance(listed, list | tuple) else []
    )
    return kept


def translated(library: Library, chosen: PaperFilter, ids: Mapping[str, str], people: Sequence[Person]) -> PaperFilter:
    """Return the filter with the ids of people and papers that the library has for them."""
    known = {person.id: person for person in people}

    def here(name: str) -> str:
        person = known.get(name)
        with library.transaction() as connection:
            for paper_id, spelt in person.on if person else ():
                holder = authors.holder(connection, ids.get(paper_id, paper_id), spelt)
                if holder:
                    return holder.id
        return person.name if person else name

    return replace(
        chosen,
        author=here(chosen.author),
        any_authors=tuple(map(here, chosen.any_authors)),
        with_authors=tuple(map(here, chosen.with_authors)),
        without_authors=tuple(map(here, chosen.without_authors)),
        among=None if chosen.among is None else tuple(ids.get(one, one) for one in chosen.among),
        source="",
    )


def _tell_people_apart(library: Library, bundle: Bundle) -> None:
    """Decide in the library who is who, where its rules alone would have it otherwise than the bundle says."""
    names = {paper.id: set(paper.authors) for paper in bundle.papers.values()}
    with library.transaction() as connection:
        for _ in range(_MOST_TRIES if bundle.people else 0):
            held = _held(connection, names)
            wrong = [person for person in bundle.people if person.on and held.get(person.on[0], set()) != {*person.on}]
            if not [person for person in wrong if person.on[0] in held]:
                return
            for person in wrong:
                _decide(connection, person, held.get(person.on[0], set()))


def _held(connection: Connection, names: Mapping[str, set[str]]) -> dict[Anchor, set[Anchor]]:
    """Return for each name on a paper all names on papers that are the same person's, by the library's rules."""
    found: dict[Anchor, set[Anchor]] = {}
    for person in authors.among(connection, list(names)):
        spelt = {variant.name for variant in person.variants}
        mine = {(paper_id, name) for paper_id in person.paper_ids for name in spelt & names[paper_id]}
        found.update(dict.fromkeys(mine, mine))
    return found


def _decide(connection: Connection, person: Person, held: set[Anchor]) -> None:
    """Decide that what the rules give a person too much is another's; else that what they lack is this person's."""
    wanted = set(person.on)
    if extra := held - wanted:
        _keep(connection, "split", person.id, wanted & held, extra)
    elif missing := wanted - held:
        _keep(connection, "merge", person.id, wanted & held, missing)


def _keep(connection: Connection, kind: Any, person_id: str, one: set[Anchor], other: set[Anchor]) -> None:
    decisions.keep(connection, Decision(kind, person_id, tuple(sorted(one)), tuple(sorted(other))))
