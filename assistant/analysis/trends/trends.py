"""Trends of the themes and the terms of a set of papers, with numbers that can be counted again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from math import isfinite
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as sql_select

from assistant.analysis.themes.themes import Theme
from assistant.analysis.trends import trend_terms, wording
from assistant.analysis.trends.changes import Trend, trend
from assistant.analysis.trends.timeline import By, Timeline, every_period, lay_out, period_named
from assistant.catalogue import caveats
from assistant.library import Library, papers_passing, schema
from assistant.search import Search, topics
from assistant.text import fold, plain
from assistant.types import Paper, PaperFilter, Progress, ProgressListener

_EXEMPLARS = 3
_NEAREST = 10
"""Papers nearest to a theme's centre among which its newest exemplars are chosen."""

MOST_SHOWN = 16
"""Themes that a person is shown; all are in the JSON."""


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A paper that shows a theme or a term, under the number that statements name it by."""

    number: int
    paper_id: str
    title: str
    date: str


@dataclass(frozen=True, slots=True)
class Trends:
    """What was found: `selected` says which papers in words; `periods` are all from the first to the last.

    `publications` counts the papers of each period. `themes` and `terms` are in the order in which they are shown.
    `undated` papers stand in no period; `unthemed` belong to no theme. `split` is the period with which the later half
    of the papers begins, "" where they cannot be halved; `terms_looked_at` is out of how many the terms were chosen.
    """

    selected: str
    by: By
    total: int
    undated: int
    unthemed: int
    periods: tuple[str, ...]
    publications: tuple[tuple[str, int], ...]
    themes: tuple[Trend, ...]
    terms: tuple[Trend, ...]
    found: tuple[Theme, ...]
    remarks: tuple[str, ...]
    exemplars: tuple[Exemplar, ...] = ()
    split: str = ""
    terms_looked_at: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return what was found as plain JSON values, a stable contract.

        `selected`, `by`, `total`, `undated`, `unthemed`, `split`, `terms_looked_at` and `remarks` are this class's
        fields; `periods` is a list of {"period", "papers"}; `exemplars` one of {"number", "paper_id", "title", "date"}.
        `themes` and `terms` are lists of {"label", "first", "last", "papers", "paper_ids", "change", "words",
        "exemplars": paper ids, "shares": one {"period", "count", "papers", "share", "low", "high"} for each period,
        "compared": null or {"earlier", "earlier_papers", "later", "later_papers", "ratio", "low", "high", "level"}},
        where an infinite or unknown ratio or bound is null. A theme has "id" and "phrases" besides, a term "also".
        """
        phrases = {theme.id: list(theme.phrases) for theme in self.found}
        own = ("selected", "by", "total", "undated", "unthemed", "split", "terms_looked_at")
        return {
            **{name: getattr(self, name) for name in own},
            "periods": [{"period": period, "papers": papers} for period, papers in self.publications],
            "themes": [{"id": each.theme_id, **_json(each), "phrases": phrases[each.theme_id]} for each in self.themes],
            "terms": [{**_json(each), "also": list(each.also)} for each in self.terms],
            "exemplars": [asdict(each) for each in self.exemplars],
            "remarks": list(self.remarks),
        }


def select(library: Library, topic: str, filter: PaperFilter, search: Search) -> tuple[topics.Selected, str]:
    """Return the papers of a filter that are about a topic, and which they are in words, for `find`."""
    selected = topics.select(library, topic, filter, search)
    with library.transaction() as connection:
        names = caveats.names_of(connection, filter)
    near = f" near to “{plain(topic)}”" if selected.note else ""
    return selected, wording.selected_in_words(replace(selected.filter, among=filter.among), names) + near


def overview(library: Library, paper_filter: PaperFilter, by: By, selected: str) -> Trends:
    """Return how many papers of a filter there are of each period, without themes and terms: at once, for any library.

    `selected` is as in `find`.
    """
    with library.transaction() as connection:
        query = papers_passing(connection, sql_select(schema.papers.c.date, func.count()), paper_filter)
        rows = connection.execute(query.group_by(schema.papers.c.date)).all()
    counts: Counter[str] = Counter()
    for written, count in rows:
        counts[period_named(written, by)] += count
    total, undated = counts.total(), counts.pop("", 0)
    periods = every_period(counts)
    publications = tuple((period, counts[period]) for period in periods)
    return Trends(selected, by, total, undated, total, periods, publications, (), (), (), ())


def find(
    library: Library,
    paper_filter: PaperFilter,
    by: By,
    selected: str,
    *,
    today: date | None = None,
    papers: Sequence[Paper] | None = None,
    terms: bool = True,
    on_progress: ProgressListener = lambda _: None,
) -> Trends:
    """Find what the papers of a filter are about and how that goes through time.

    `selected` says in words which papers they are ("papers by Naibin Gu"; see `selected_in_words`). Every paper is
    counted; those without a vector stand in no theme. No model is used. Themes have the ids and names that are saved
    in the library, and are saved there. Without `terms` only themes are told.
    """
    from assistant.analysis.themes import phrases, saved_themes, themes

    on_progress(Progress(0, 0, "Reading papers"))
    papers = library.papers(paper_filter) if papers is None else papers
    by_id = {paper.id: paper for paper in papers}
    timeline = lay_out(papers, by)
    vectors = library.vectors([paper.id for paper in papers])
    on_progress(Progress(len(papers), len(papers), "Reading papers"))
    on_progress(Progress(0, len(vectors), "Grouping papers by meaning"))
    scope, part = saved_themes.scope_of(paper_filter), saved_themes.is_part(paper_filter)
    found = saved_themes.save(library, scope, themes.discover(papers, vectors), part=part)
    found.sort(key=lambda theme: -len(theme.paper_ids))
    of_themes = [_of_theme(theme, timeline, vectors, len(found)) for theme in found]
    on_progress(Progress(len(vectors), len(vectors), "Grouping papers by meaning"))
    on_progress(Progress(0, len(papers), "Comparing terms of titles and abstracts"))
    held = phrases.terms(papers) if terms else ()
    told = trend_terms.select(held, timeline, [frozenset(theme.paper_ids) for theme in found])
    of_terms = [_of_term(term, timeline, by_id, told.looked_at) for term in told.terms]
    on_progress(Progress(len(papers), len(papers), "Comparing terms of titles and abstracts"))
    in_themes = len({paper_id for theme in found for paper_id in theme.paper_ids})
    remarks = wording.remarks(
        selected, papers, timeline, len(vectors), len(found), in_themes, told, today or date.today()
    )
    with library.transaction() as connection:
        uncertain = list(wording.uncertain_papers(connection, paper_filter))
    first = shown_themes(of_themes)
    shown = dict.fromkeys(paper_id for each in (*first, *of_terms, *of_themes) for paper_id in each.exemplars)
    return Trends(
        selected=selected,
        by=by,
        total=len(papers),
        undated=len(papers) - len(timeline.place),
        unthemed=len(papers) - in_themes,
        periods=timeline.periods,
        publications=tuple(zip(timeline.periods, timeline.papers.tolist(), strict=True)),
        themes=tuple(of_themes),
        terms=tuple(of_terms),
        found=tuple(found),
        remarks=(*remarks, *uncertain),
        exemplars=tuple(
            Exemplar(number, one, by_id[one].title, by_id[one].date) for number, one in enumerate(shown, 1)
        ),
        split=timeline.periods[timeline.split] if timeline.split else "",
        terms_looked_at=told.looked_at,
    )


def named(found: Trends, names: Mapping[str, str]) -> Trends:
    """Return the trends with other names for some themes, by the themes' ids."""
    return replace(
        found,
        found=tuple(replace(theme, name=names.get(theme.id, theme.name)) for theme in found.found),
        themes=tuple(replace(each, label=names.get(each.theme_id, each.label)) for each in found.themes),
    )


def shown_themes(themes: Sequence[Trend], most: int = MOST_SHOWN) -> tuple[Trend, ...]:
    """Return the themes that are shown, in their order: half are the largest, and those that rise or fall go first."""
    places = range(len(themes))
    changing_first = sorted(places, key=lambda place: themes[place].change not in ("rising", "falling"))
    shown = list(dict.fromkeys([*places[: most // 2], *changing_first]))[:most]
    return tuple(themes[place] for place in sorted(shown))


def _of_theme(theme: Theme, timeline: Timeline, vectors: Mapping[str, Any], statements: int) -> Trend:
    """Return a theme's trend; its exemplars are the paper nearest to its centre and the newest of those near it."""
    near = theme.paper_ids[:_NEAREST]
    exemplars = list(dict.fromkeys([*near[:1], *timeline.newest_first(near)]))[:_EXEMPLARS]
    return trend(theme.title, theme.id, theme.paper_ids, exemplars, timeline, timeline.counts(vectors), statements)


def _of_term(term: trend_terms.TrendTerm, timeline: Timeline, papers: Mapping[str, Paper], statements: int) -> Trend:
    """Return a term's trend; its exemplars are the newest papers, those with the term in the title first."""
    phrase = f" {fold(term.phrase)} "
    newest = timeline.newest_first(sorted(term.paper_ids))
    exemplars = sorted(newest, key=lambda paper_id: phrase not in f" {fold(papers[paper_id].title)} ")[:_EXEMPLARS]
    return trend(term.phrase, "", newest, exemplars, timeline, timeline.papers, statements, term.also)


def _json(each: Trend) -> dict[str, Any]:
    fields = ("label", "first", "last", "change", "words")
    compared = asdict(each.compared).items() if each.compared else ()
    finite = {name: value if isfinite(value) else None for name, value in compared}
    return {
        **{name: getattr(each, name) for name in fields},
        "papers": len(each.paper_ids),
        "paper_ids": list(each.paper_ids),
        "exemplars": list(each.exemplars),
        "shares": [asdict(share) for share in each.shares],
        "compared": finite or None,
    }
