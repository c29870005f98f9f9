"""How the themes and the terms of a set of papers come and go, with numbers that can be counted again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from math import isfinite
from typing import Any

from assistant.analysis.themes.themes import Theme
from assistant.analysis.trends import telling_terms, trend_remarks
from assistant.analysis.trends.changes import Change, Comparison
from assistant.analysis.trends.courses import Course, Share, course, percent
from assistant.analysis.trends.timeline import By, Timeline, lay_out, span_in_words
from assistant.library import Library
from assistant.text import counted, filter_in_words, fold, joined, plain
from assistant.types import Paper, PaperFilter, Progress, ProgressListener

__all__ = ["By", "Change", "Course", "Exemplar", "Share", "Trends", "find", "lines", "named", "selected_in_words"]

_EXEMPLARS = 3
MOST_SHOWN = 16
"""Themes that a person is shown; all are in the JSON."""

_CERTAIN: tuple[Change, ...] = ("rising", "falling")
_PERIODS = 6
_PUBLICATIONS = 12
_ALSO = 3
_NEAREST = 10
"""Papers nearest to a theme's centre among which its newest exemplars are chosen."""


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
    themes: tuple[Course, ...]
    terms: tuple[Course, ...]
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
        of_theme = {theme.id: theme for theme in self.found}
        return {
            "selected": self.selected,
            "by": self.by,
            "total": self.total,
            "undated": self.undated,
            "unthemed": self.unthemed,
            "split": self.split,
            "periods": [{"period": period, "papers": papers} for period, papers in self.publications],
            "themes": [
                {"id": each.theme_id, **_course_json(each), "phrases": list(of_theme[each.theme_id].phrases)}
                for each in self.themes
            ],
            "terms": [{**_course_json(each), "also": list(each.also)} for each in self.terms],
            "terms_looked_at": self.terms_looked_at,
            "exemplars": [asdict(each) for each in self.exemplars],
            "remarks": list(self.remarks),
        }


def find(
    library: Library,
    chosen: PaperFilter,
    by: By,
    selected: str,
    *,
    today: date | None = None,
    papers: Sequence[Paper] | None = None,
    on_progress: ProgressListener = lambda _: None,
) -> Trends:
    """Find what the papers of a filter are about and how that goes through time.

    `selected` says in words which papers they are ("papers by Naibin Gu"; see `selected_in_words`). Every paper is
    counted; those without a vector stand in no theme. No model is used. Themes keep the ids and names that they have in
    the library, and are remembered there.
    """
    from assistant.analysis.themes import kept_themes, phrases, themes

    on_progress(Progress(0, 0, "Reading papers"))
    papers = library.papers(chosen) if papers is None else papers
    timeline = lay_out(papers, by)
    vectors = library.vectors([paper.id for paper in papers])
    on_progress(Progress(len(papers), len(papers), "Reading papers"))
    on_progress(Progress(0, len(vectors), "Grouping papers by meaning"))
    scope, is_part = kept_themes.scope_of(chosen), kept_themes.is_cut(chosen)
    found = kept_themes.remember(library, scope, themes.discover(papers, vectors), is_part=is_part)
    found = sorted(found, key=lambda theme: -len(theme.paper_ids))
    of_themes = [_of_theme(theme, timeline, vectors, len(found)) for theme in found]
    on_progress(Progress(len(vectors), len(vectors), "Grouping papers by meaning"))
    on_progress(Progress(0, len(papers), "Comparing terms of titles and abstracts"))
    told = telling_terms.telling(phrases.terms(papers), timeline, [frozenset(theme.paper_ids) for theme in found])
    on_progress(Progress(len(papers), len(papers), "Comparing terms of titles and abstracts"))
    by_id = {paper.id: paper for paper in papers}
    of_terms = [
        course(
            each.phrase,
            "",
            sorted(each.paper_ids),
            _of_term(each.phrase, timeline.newest_first(each.paper_ids), by_id),
            timeline,
            timeline.papers,
            told.looked_at,
            each.also,
        )
        for each in told.terms
    ]
    with library.transaction() as connection:
        left_open = list(trend_remarks.left_open(connection, chosen))
    held = {paper_id for theme in found for paper_id in theme.paper_ids}
    first = shown_themes(of_themes)
    remarks = trend_remarks.remarks(
        selected,
        papers,
        timeline,
        vectors=len(vectors),
        themes=len(found),
        in_themes=len(held),
        terms=told,
        today=today or date.today(),
    )
    return Trends(
        selected=selected,
        by=by,
        total=len(papers),
        undated=len(papers) - len(timeline.place),
        unthemed=len(papers) - len(held),
        periods=timeline.periods,
        publications=tuple(zip(timeline.periods, timeline.papers.tolist(), strict=True)),
        themes=tuple(of_themes),
        terms=tuple(of_terms),
        found=tuple(found),
        remarks=(*remarks, *left_open),
        exemplars=_numbered([*first, *of_terms, *of_themes], by_id),
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


def selected_in_words(chosen: PaperFilter, names: Mapping[str, str] | None = None) -> str:
    """Return which papers a filter means: "papers", "papers by Naibin Gu from 2025"."""
    return f"papers {filter_in_words(chosen, names or {})}".strip()


def lines(found: Trends, most: int = MOST_SHOWN) -> list[str]:
    """Return what a person reads, a line each: how many papers, when; at most `most` themes; terms; what to mind.

    Statements name papers by numbers in brackets; the numbered papers come at the end. Everything from papers is on one
    line, without hidden characters and without brackets that look like such a number; it is not escaped for HTML.
    """
    if not found.total:
        return list(found.remarks)
    shown = shown_themes(found.themes, most)
    told = [heading(found), publications_in_words(found), *verdicts(found)]
    numbers = {each.paper_id: each.number for each in found.exemplars}
    if shown:
        told.append(f"Themes ({len(shown)} of {len(found.themes)}):" if len(shown) < len(found.themes) else "Themes:")
        for each in shown:
            shares = _shares(each)
            told += [f"- {statement(each, numbers)}", *([f"  {shares}."] if shares else [])]
    if found.terms:
        told.append("Terms that tell the change, in title or abstract:")
        told += [f"- {statement(each, numbers)}" for each in found.terms]
    told += found.remarks
    cited = {paper_id for each in (*shown, *found.terms) for paper_id in each.exemplars}
    told += [reference(each) for each in found.exemplars if each.paper_id in cited]
    return told


def heading(found: Trends) -> str:
    """Return what was read: "22 of 22 papers by Naibin Gu, 2024 to 2026." ."""
    what = found.selected.removeprefix("papers").strip()
    when = f", {span_in_words(found.periods)}" if found.periods else ""
    return f"{found.total:,} of {counted(found.total, 'paper')}{f' {plain(what)}' if what else ''}{when}."


def publications_in_words(found: Trends) -> str:
    """Return how many papers the newest periods have that have any, and all those before."""
    known = [each for each in found.publications if each[1]]
    told = [f"{papers:,} in {period}" for period, papers in known[-_PUBLICATIONS:]]
    older = sum(papers for _, papers in known[:-_PUBLICATIONS])
    listed = joined([*([f"{older:,} before"] if older else []), *told])
    return f"Papers per {found.by}: {listed or 'none has such a date'}."


def verdicts(found: Trends) -> list[str]:
    """Return which themes rise and which fall, and how many are steady or have too few papers to say."""
    if not found.themes or not found.split:
        return []
    told = []
    for change in _CERTAIN:
        labels = [plain(each.label) for each in found.themes if each.change == change]
        told.append(f"{change.capitalize()}: {joined(labels) if labels else 'no theme for certain'}.")
    steady = sum(each.change == "steady" for each in found.themes)
    unclear = sum(each.change == "unclear" for each in found.themes)
    told.append(f"Steady: {steady:,}; too few papers to say: {unclear:,} of {counted(len(found.themes), 'theme')}.")
    return told


def shown_themes(themes: Sequence[Course], most: int = MOST_SHOWN) -> tuple[Course, ...]:
    """Return the themes that are shown, in their order: half are the largest, and those that rise or fall go first."""
    places = range(len(themes))
    kept = set(places[: most // 2])
    for place in sorted(places, key=lambda place: (themes[place].change not in _CERTAIN, place)):
        if len(kept) < most:
            kept.add(place)
    return tuple(themes[place] for place in sorted(kept))


def statement(each: Course, numbers: Mapping[str, int]) -> str:
    """Return what is said of a theme or a term, with the numbers of the papers that show it."""
    also = f" (also “{'”, “'.join(plain(term) for term in each.also[:_ALSO])}”)" if each.also else ""
    marks = "".join(f" [{numbers[paper_id]}]" for paper_id in each.exemplars)
    return f"{plain(each.label)}{also}: {each.words}.{marks}"


def reference(each: Exemplar) -> str:
    """Return a numbered paper: "[1] BeamLoRA: Beam-Constraint Low-Rank Adaptation (2025-02-19)"."""
    return f"[{each.number}] {plain(each.title)} ({each.date or 'no date'})"


def _shares(each: Course) -> str:
    """Return a theme's counts in the newest periods that have papers, with shares and intervals."""
    known = [share for share in each.shares if share.papers]
    told = [
        f"{share.period}: {share.count:,} of {share.papers:,} ({percent(share.share)}, {percent(share.low)} to "
        f"{percent(share.high)})"
        for share in known[-_PERIODS:]
    ]
    older = known[:-_PERIODS]
    before = sum(share.count for share in older), sum(share.papers for share in older)
    return "; ".join(([f"before: {before[0]:,} of {before[1]:,}"] if older else []) + told)


def _of_theme(theme: Theme, timeline: Timeline, vectors: Mapping[str, Any], statements: int) -> Course:
    """Return a theme's course; its exemplars are the paper nearest to its centre and the newest of those near it."""
    near = theme.paper_ids[:_NEAREST]
    exemplars = list(dict.fromkeys([*near[:1], *timeline.newest_first(near)]))[:_EXEMPLARS]
    return course(theme.title, theme.id, theme.paper_ids, exemplars, timeline, timeline.counts(vectors), statements)


def _of_term(phrase: str, newest: Sequence[str], papers: Mapping[str, Paper]) -> list[str]:
    """Return the papers that show a term: those with it in the title first, then the newest."""
    asked = f" {fold(phrase)} "
    return sorted(newest, key=lambda paper_id: asked not in f" {fold(papers[paper_id].title)} ")[:_EXEMPLARS]


def _numbered(courses: Sequence[Course], papers: Mapping[str, Paper]) -> tuple[Exemplar, ...]:
    ids = dict.fromkeys(paper_id for each in courses for paper_id in each.exemplars)
    return tuple(
        Exemplar(number, paper_id, papers[paper_id].title, papers[paper_id].date)
        for number, paper_id in enumerate(ids, 1)
    )


def _course_json(each: Course) -> dict[str, Any]:
    return {
        "label": each.label,
        "first": each.first,
        "last": each.last,
        "papers": len(each.paper_ids),
        "paper_ids": list(each.paper_ids),
        "change": each.change,
        "words": each.words,
        "exemplars": list(each.exemplars),
        "shares": [asdict(share) for share in each.shares],
        "compared": _comparison_json(each.compared),
    }


def _comparison_json(compared: Comparison | None) -> dict[str, Any] | None:
    if compared is None:
        return None
    return {
        name: value if not isinstance(value, float) or isfinite(value) else None
        for name, value in asdict(compared).items()
    }
