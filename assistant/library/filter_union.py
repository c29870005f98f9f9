"""Two filters as one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assistant.types import PaperFilter


def merged(inherited: PaperFilter, said: PaperFilter) -> PaperFilter:
    """Return both as one: what the question says takes the place of what it inherits, but for papers, people and words.

    Only papers that both allow are left; the other people, the words and the exclusions of both must hold. Who wrote
    the papers, where and when they appeared is one matter each, whichever fields say it.
    """
    changes = {
        name: value
        for name in ("category", "has_code", "source", "position")
        if (value := getattr(said, name)) not in ("", None)
    }
    found = replace(inherited, **changes)
    if said.since is not None or said.until is not None or said.first_day or said.last_day:
        found = replace(found, since=said.since, until=said.until, without_years=())
        found = replace(found, first_day=said.first_day, last_day=said.last_day)
    if said.author or said.any_authors:
        position = found.position if said.author else ""
        found = replace(found, author=said.author, any_authors=said.any_authors, position=position)
    if said.venue or said.venues:
        found = replace(found, venue=said.venue, venues=said.venues, without_venues=())
    if said.category:
        found = replace(found, without_categories=())
    if said.fewest_authors is not None or said.most_authors is not None:
        found = replace(found, fewest_authors=said.fewest_authors, most_authors=said.most_authors)
    among = inherited.among if said.among is None else said.among
    if inherited.among is not None and said.among is not None:
        among = tuple(sorted({*inherited.among} & {*said.among}))
    both: dict[str, Any] = {
        name: tuple(dict.fromkeys([*getattr(found, name), *getattr(said, name)]))
        for name in (
            "with_authors",
            "without_authors",
            "words",
            "title_words",
            "without_words",
            "without_venues",
            "without_categories",
            "without_years",
        )
    }
    return replace(found, among=among, **both)


def named(chosen: PaperFilter) -> tuple[str, ...]:
    """Return who wrote the papers, by a filter; those who did not write them are left out."""
    return tuple(dict.fromkeys(filter(None, (chosen.author, *chosen.any_authors, *chosen.with_authors))))
