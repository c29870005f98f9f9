"""Ids and names of themes, saved in the library so that they last when papers are added."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
from sqlalchemy import delete, insert, select, update

import prompts
from assistant.analysis.themes.themes import Theme
from assistant.library import Library, themes
from assistant.protocols import LanguageModel
from assistant.text import content_words, prompt_safety, stem
from assistant.types import Message, Paper, PaperFilter, Progress, ProgressListener

_LEAST_FOR_ID, _LEAST_FOR_NAME = 0.3, 0.6
"""Overlap with a saved theme from which a theme takes its id, and its name: with less the name may no longer fit."""

_TIMES = ("since", "until", "first_day", "last_day")

_TITLES, _PHRASES, _NEW_TOKENS = 6, 7, 24
_MOST_WORDS, _LONGEST = 6, 60
_HELD_BY = 2
"""Papers of the theme that must hold each word of its name, so that no single paper can put a word in."""

_LABEL = re.compile(r"^(?:the\s+)?(?:theme\s+)?(?:name|theme|title)\s*:\s*", re.IGNORECASE)


def scope_of(paper_filter: PaperFilter) -> str:
    """Return the scope whose themes are saved together: the filter without its times, which only cut themes short."""
    fields = {
        name: value
        for name, value in asdict(paper_filter).items()
        if name not in _TIMES and (value not in ("", (), None) or (name, value) == ("among", ()))
    }
    text = json.dumps(fields, sort_keys=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()[:16] if fields else "all"


def is_part(paper_filter: PaperFilter) -> bool:
    """Tell whether a filter takes a time only, so that its papers are a part of those of its scope."""
    return any(getattr(paper_filter, name) not in ("", None) for name in _TIMES)


def save(library: Library, scope: str, found: Sequence[Theme], *, part: bool = False) -> list[Theme]:
    """Give themes the ids and names of those saved of the same scope, save them, and return them.

    Themes are matched one to one so that their overlaps are greatest in all (Kuhn 1955), among those that overlap
    enough. A saved theme that nothing matches stays, so that it has its old id if it comes back. A theme that keeps
    its name is saved with the papers that it had when it was named: else it could drift away from its name by small
    steps. `part` tells that the papers are a part of the scope's, cut by time: then saved themes keep all their papers.
    """
    from scipy.optimize import linear_sum_assignment

    with library.transaction() as connection:
        rows = connection.execute(select(themes).where(themes.c.scope == scope).order_by(themes.c.id)).all()
        saved = [frozenset(json.loads(row.paper_ids)) for row in rows]
        overlaps = np.array([[_overlap(theme, old, part) for old in saved] for theme in found])
        overlaps = np.where(overlaps >= _LEAST_FOR_ID, overlaps, 0.0).reshape(len(found), len(saved))
        pairs = zip(*linear_sum_assignment(overlaps, maximize=True), strict=True)
        matches = {int(row): (rows[column], overlaps[row, column]) for row, column in pairs if overlaps[row, column]}
        taken = {row.id for row in rows}
        named = []
        for place, theme in enumerate(found):
            if place in matches:
                old, overlap = matches[place]
                theme = replace(theme, id=old.id, name=theme.name or (old.name if overlap >= _LEAST_FOR_NAME else ""))
                is_saved = part or (theme.name and theme.name == old.name)
            else:
                theme, is_saved = replace(theme, id=_free_id(theme.id, taken)), False
                taken.add(theme.id)
            named.append(theme)
            if not is_saved:
                connection.execute(delete(themes).where(themes.c.scope == scope, themes.c.id == theme.id))
                values = {"name": theme.name, "paper_ids": json.dumps(sorted(theme.paper_ids))}
                connection.execute(insert(themes).values(scope=scope, id=theme.id, **values))
    return named


def names(library: Library, scope: str) -> dict[str, str]:
    """Return what a model called the themes of a scope, by their ids; those without a name are left out."""
    with library.transaction() as connection:
        query = select(themes.c.id, themes.c.name).where(themes.c.scope == scope, themes.c.name != "")
        return {row.id: row.name for row in connection.execute(query)}


def save_name(library: Library, scope: str, theme_id: str, name: str) -> None:
    """Save what a model called a theme; unknown ids change nothing."""
    with library.transaction() as connection:
        is_it = (themes.c.scope == scope, themes.c.id == theme_id)
        connection.execute(update(themes).where(*is_it).values(name=" ".join(name.split())))


def name_themes(
    library: Library,
    scope: str,
    found: Sequence[Theme],
    model: LanguageModel,
    stop: threading.Event,
    on_progress: ProgressListener = lambda _: None,
) -> Mapping[str, str]:
    """Let the model name each theme that has no name yet; save the names and return them by the themes' ids.

    A theme whose name was refused goes without, and is asked for again the next time.
    """
    unnamed = [theme for theme in found if not theme.name]
    papers = [library.papers_by_id(theme.paper_ids) for theme in unnamed]
    asked = [[Message("user", _prompt(*pair))] for pair in zip(unnamed, papers, strict=True)]
    given: dict[str, str] = {}
    for done, (place, written) in enumerate(model.write_all(asked, max_new_tokens=_NEW_TOKENS, stop=stop), 1):
        if name := accepted_name(written, papers[place]):
            save_name(library, scope, unnamed[place].id, name)
            given[unnamed[place].id] = name
        on_progress(Progress(done, len(unnamed), "Naming themes"))
    return given


def accepted_name(written: str, papers: Sequence[Paper]) -> str:
    """Return a theme's name as the model wrote it, tidied; "" where it is none or its papers do not bear it out.

    It is one line of a few words, and each of its content words stands, in some form, in two of the papers at least
    (in the only one where there is but one).
    """
    lines = [line.strip() for line in prompt_safety.harmless(written.strip().split("\n")[0]).splitlines()]
    name = _LABEL.sub("", lines[0] if lines else "").strip(" \"'“”‘’`*.:;,-")
    stems = {stem(word) for word in content_words(name, or_all=False)}
    if not stems or len(name) > _LONGEST or len(name.split()) > _MOST_WORDS:
        return ""
    held: Counter[str] = Counter()
    for paper in papers:
        held.update(stems & {stem(word) for word in content_words(f"{paper.title} {paper.abstract}")})
    return name if min(held[each] for each in stems) >= min(_HELD_BY, len(papers)) else ""


def _prompt(theme: Theme, papers: Sequence[Paper]) -> str:
    phrases = ", ".join(prompt_safety.harmless(phrase) for phrase in (theme.label, *theme.phrases)[:_PHRASES])
    titles = "\n".join(f"- {prompt_safety.title(paper.title)}" for paper in papers[:_TITLES])
    return prompts.load("theme", terms=phrases, titles=titles)


def _overlap(theme: Theme, saved: frozenset[str], part: bool) -> float:
    """Return the share of the papers of either that both have (Jaccard); of a part, that of the theme's papers."""
    both = len(saved.intersection(theme.paper_ids))
    return both / max(len(theme.paper_ids) + (0 if part else len(saved) - both), 1)


def _free_id(own: str, taken: set[str]) -> str:
    """Return a theme's own id, which its papers give, or the next one that is free."""
    numbered = (hashlib.sha256(f"{own} {number}".encode()).hexdigest()[: len(own)] for number in range(2, 1000))
    return own if own not in taken else next(each for each in numbered if each not in taken)
