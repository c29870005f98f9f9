"""Two filters as one."""

from __future__ import annotations

from dataclasses import replace

from assistant.types import PaperFilter


def merged(inherited: PaperFilter, said: PaperFilter) -> PaperFilter:
    """Return both as one: what the question says takes the place of what it inherits, but for papers, people and words.

    Only papers that both allow are left; the other people and the words of both must hold.
    """
    changes = {
        name: value
        for name in ("author", "category", "has_code", "source", "position", "venue")
        if (value := getattr(said, name)) not in ("", None)
    }
    found = replace(inherited, **changes)
    if said.since is not None or said.until is not None or said.first_day or said.last_day:
        found = replace(found, since=said.since, until=said.until, first_day=said.first_day, last_day=said.last_day)
    among = inherited.among if said.among is None else said.among
    if inherited.among is not None and said.among is not None:
        among = tuple(sorted({*inherited.among} & {*said.among}))
    return replace(
        found,
        with_authors=tuple(dict.fromkeys([*inherited.with_authors, *said.with_authors])),
        without_authors=tuple(dict.fromkeys([*inherited.without_authors, *said.without_authors])),
        words=tuple(dict.fromkeys([*inherited.words, *said.words])),
        among=among,
    )
