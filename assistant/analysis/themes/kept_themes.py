"""Keeps themes in the library, so that they have the same ids and names when papers are added."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from sqlalchemy import delete, insert, select, update

from assistant.analysis.themes.themes import Theme
from assistant.library import Library, themes
from assistant.types import PaperFilter

SAME = 0.3
"""Least overlap of a theme with a kept one whose id it takes: papers in both, divided by papers in either."""

STILL = 0.6
"""Least overlap at which the model's name goes over too: with less it may say what is no longer so."""

_TIMES = ("since", "until", "first_day", "last_day")


@dataclass(frozen=True, slots=True)
class _Kept:
    id: str
    name: str
    paper_ids: frozenset[str]


def scope_of(chosen: PaperFilter) -> str:
    """Return the scope whose themes are kept together: the filter without its times, which only cut themes short."""
    fields = {
        name: value for name, value in asdict(chosen).items() if name not in _TIMES and value not in ("", (), None)
    }
    if chosen.among == ():
        fields["among"] = ()
    text = json.dumps(fields, sort_keys=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()[:16] if fields else "all"


def is_cut(chosen: PaperFilter) -> bool:
    """Tell whether a filter takes a time only, so that its papers are a part of those of its scope."""
    return any(getattr(chosen, name) not in ("", None) for name in _TIMES)


def remember(library: Library, scope: str, found: Sequence[Theme], *, is_part: bool = False) -> list[Theme]:
    """Give found themes the ids, and names, of those kept of the same scope, keep them, and return them.

    Themes are matched one to one so that their overlaps are greatest in all (Kuhn 1955), among those that overlap
    enough. What matches nothing gets a new id. A kept theme that nothing matches stays, so that it has its old id if
    it comes back. A theme that keeps its name is kept with the papers that it had when it was named: else it could
    drift away from its name by small steps. `is_part` tells that the papers are a part of the scope's, cut by time:
    then a kept theme is known by a part of its papers, and keeps them all.
    """
    with library.transaction() as connection:
        rows = connection.execute(select(themes).where(themes.c.scope == scope).order_by(themes.c.id))
        kept = [_Kept(row.id, row.name, frozenset(json.loads(row.paper_ids))) for row in rows]
        named = _named(found, kept, is_part)
        old = {one.id: one for one in kept}
        for theme in named:
            before = old.get(theme.id)
            if before and (is_part or (theme.name and theme.name == before.name)):
                continue
            connection.execute(delete(themes).where(themes.c.scope == scope, themes.c.id == theme.id))
            connection.execute(
                insert(themes).values(
                    scope=scope, id=theme.id, name=theme.name, paper_ids=json.dumps(sorted(theme.paper_ids))
                )
            )
    return named


def keep_name(library: Library, scope: str, theme_id: str, name: str) -> None:
    """Keep what a model called a theme; unknown ids change nothing."""
    with library.transaction() as connection:
        connection.execute(
            update(themes).where(themes.c.scope == scope, themes.c.id == theme_id).values(name=" ".join(name.split()))
        )


def _named(found: Sequence[Theme], kept: Sequence[_Kept], is_part: bool) -> list[Theme]:
    matches = _matched(found, kept, is_part)
    taken = {one.id for one in kept}
    named = []
    for place, theme in enumerate(found):
        if (match := matches.get(place)) is not None:
            old = kept[match]
            name = theme.name or (old.name if _overlap(theme, old, is_part) >= STILL else "")
            named.append(replace(theme, id=old.id, name=name))
        else:
            fresh = _new_id(theme, taken)
            taken.add(fresh)
            named.append(replace(theme, id=fresh))
    return named


def _matched(found: Sequence[Theme], kept: Sequence[_Kept], is_part: bool) -> Mapping[int, int]:
    """Return the place of the kept theme for each place of a found one that matches."""
    from scipy.optimize import linear_sum_assignment

    if not found or not kept:
        return {}
    overlaps = np.array([[_overlap(theme, old, is_part) for old in kept] for theme in found])
    enough = np.where(overlaps >= SAME, overlaps, 0.0)
    rows, columns = linear_sum_assignment(enough, maximize=True)
    return {row: column for row, column in zip(rows.tolist(), columns.tolist(), strict=True) if enough[row, column]}


def _overlap(theme: Theme, old: _Kept, is_part: bool) -> float:
    """Return the part of the papers of either that both have (Jaccard); of a part, that of the theme found."""
    both = len(old.paper_ids.intersection(theme.paper_ids))
    if is_part:
        return both / max(len(theme.paper_ids), 1)
    return both / (len(old.paper_ids) + len(theme.paper_ids) - both) if both else 0.0


def _new_id(theme: Theme, taken: set[str]) -> str:
    """Return the theme's own id, which its papers give, or the next one that is free."""
    fresh, number = theme.id, 1
    while fresh in taken:
        number += 1
        fresh = hashlib.sha256(f"{theme.id} {number}".encode()).hexdigest()[: len(theme.id)]
    return fresh
