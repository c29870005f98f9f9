"""Exact answers about the library as a whole: numbers, lists, rankings and facts, counted and never guessed.

The language model has no part in them. Each line names the papers that prove it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant import doubts, owners, particulars, rankings, tallies
from assistant.drafts import MOST_SOURCES, Asked, Draft, Line, paper_line, paper_row
from assistant.library import Library
from assistant.paper_rows import read_papers
from assistant.types import Measure, PaperFilter, Sentence
from assistant.wording import counted, listing_command, plain

_MOST_MARKS = 12
"""Sources whose numbers are written behind a line; of more, only its sentence holds them."""


@dataclass(frozen=True, slots=True)
class CatalogueAnswer:
    """An exact answer. `paper_ids` are the papers to show, in the order of their numbers, which count from 1.

    `text` is `shown_text(sentences)`. `count` is the true number even where fewer are shown. `note` says what the
    sources leave open, "" where nothing is; the text says it too. `rows` are plain JSON values, see `answer`.
    """

    text: str
    count: int | None
    rows: tuple[Mapping[str, Any], ...]
    paper_ids: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    note: str


def answer(
    library: Library, measure: Measure, chosen: PaperFilter, limit: int | None = None, papers: Sequence[str] = ()
) -> CatalogueAnswer:
    """Answer what is asked of the papers that pass a filter, or of the `papers` (ids) that a question names.

    `limit` is how many lines are asked for (200 at most); ties at the cut are named all the same. `count` and the rows
    are, by measure (`paper_ids` in every row are the papers that prove it, newest first, the first 500 of them; `share`
    is the row's part of all papers that pass, in [0, 1]):

    - count, papers, newest, oldest: count of papers that pass. Rows, a shown paper each: paper_id, title, authors,
      authors_complete, date, venue, categories, has_code, url, paper_ids.
    - per_year, per_category, per_venue: the same count. Rows: year (None: no date) or category and name or venue ("":
      none), papers, share, paper_ids.
    - per_author, per_first_author, coauthors: count of people. Rows: author, person_id, papers, share, paper_ids;
      coauthors without an author in the filter: count of pairs, and rows with the second person as with, with_id.
    - authors_of, details: count of papers told of. Rows as for papers; with a filter also passes (None: not known).
    - profile: count of pages. Rows: name, category, as_of, statistics (label to value), contradictions.
    """
    with library.transaction() as connection:
        if papers and measure not in particulars.OF_NAMED_PAPERS:
            chosen = replace(chosen, among=tuple(papers) if chosen.among is None else chosen.among)
        asked = Asked(connection, chosen, limit, doubts.names_of(connection, chosen))
        if measure == "profile":
            return _numbered(owners.profile(asked))
        if measure in particulars.OF_NAMED_PAPERS:
            return _numbered(particulars.told(asked, measure, papers))
        found = tallies.entries(connection, chosen)
        if not found:
            return _numbered(doubts.nothing(asked))
        draft = _MEASURES[measure](asked, found)
        return _numbered(replace(draft, remarks=(*draft.remarks, *doubts.remarks(asked, found))))


def shown_text(sentences: Sequence[Sentence]) -> str:
    """Join the sentences of an exact answer: one a line, behind each the numbers of its sources if they are few."""
    return "\n".join(f"{sentence.text} {_marks(sentence.sources)}".rstrip() for sentence in sentences)


def _marks(numbers: Sequence[int]) -> str:
    return "".join(f"[{number}]" for number in numbers) if len(numbers) <= _MOST_MARKS else ""


def _numbered(draft: Draft) -> CatalogueAnswer:
    """Give the papers numbers in the order in which the lines come to them."""
    lines = [*draft.lines, *draft.remarks]
    ids = tuple(dict.fromkeys(paper_id for line in lines for paper_id in line.paper_ids))
    numbers = {paper_id: number for number, paper_id in enumerate(ids, 1)}
    sentences = tuple(
        Sentence(line.text, "exact", tuple(sorted({numbers[paper_id] for paper_id in line.paper_ids})))
        for line in lines
    )
    note = " ".join(line.text for line in draft.remarks)
    return CatalogueAnswer(shown_text(sentences), draft.count, draft.rows, ids, sentences, note)


def _count(asked: Asked, found: Sequence[tallies.Entry]) -> Draft:
    shown = read_papers(asked.connection, [entry.id for entry in found[:MOST_SOURCES]])
    rows = tuple(paper_row(paper) for paper in shown)
    text = f"{asked.papers(len(found))}."
    if len(found) > len(shown):
        text += f" The {len(shown)} newest are shown."
    return Draft((Line(text, tuple(paper.id for paper in shown)),), rows, len(found))


def _papers(asked: Asked, found: Sequence[tallies.Entry]) -> Draft:
    shown = read_papers(asked.connection, [entry.id for entry in found[: asked.lines(MOST_SOURCES)]])
    heading = f"{asked.papers(len(found))}; {len(shown):,} of {counted(len(found), 'paper')} shown"
    if len(shown) < len(found):
        command = listing_command(asked.chosen)
        heading += ", the newest" + (f" (`{command}` lists all)" if command else "")
    elif len(found) > 1:
        heading += ", newest first"
    heading += ":"
    items = (paper_line(place, paper) for place, paper in enumerate(shown, 1))
    return Draft((Line(heading), *items), tuple(paper_row(paper) for paper in shown), len(found))


def _latest(asked: Asked, found: Sequence[tallies.Entry], *, newest: bool) -> Draft:
    """List the newest or the oldest, with all that share the last one's date, and name what may be newer or older.

    A date of "2024" may be any day of the year: it is compared with "2024-05" only as far as both go.
    """
    superlative = "newest" if newest else "oldest"
    dated = [entry for entry in found if entry.date]
    undated = len(found) - len(dated)
    remarks: list[Line] = []
    if undated:
        has = "has" if undated == 1 else "have"
        remarks.append(Line(f"{counted(undated, 'more paper')} {has} no date, so it is not known how new they are."))
    if not dated:
        return Draft((Line(f"None of the {asked.papers(len(found))} has a date."),), (), len(found))
    wanted = asked.lines(1)
    ranked = sorted(dated, key=lambda entry: _age(entry.date, newest=newest), reverse=newest)
    last = ranked[min(wanted, len(ranked)) - 1].date
    chosen = [entry for entry in ranked if not _comes_after(entry.date, last, newest=newest)]
    listed = {entry.id for entry in chosen}
    unsure = [entry for entry in dated if entry.id not in listed and _may_precede(entry.date, last, newest=newest)]
    shown = read_papers(asked.connection, [entry.id for entry in chosen[: max(MOST_SOURCES, wanted)]])
    subject = asked.papers(len(found))
    if len(found) == 1:
        heading = f"Only {subject}:"
    elif len(chosen) == 1:
        heading = f"The {superlative} of {subject}:"
    else:
        heading = f"The {len(chosen):,} {superlative} of {subject}:"
    if len(chosen) > wanted:
        sharing = sum(entry.date == last for entry in chosen)
        fate = "so all of them are named" if len(shown) == len(chosen) else f"{len(shown):,} are shown"
        remarks.append(Line(f"{sharing:,} papers share the date {last}, {fate}."))
    if unsure:
        examples = unsure[:5]
        titles = ", ".join(f"“{plain(entry.title)}” ({entry.date})" for entry in examples)
        more = f" and {len(unsure) - len(examples):,} more" if len(unsure) > len(examples) else ""
        may = f"may be {'newer' if newest else 'older'} still: no nearer date is given"
        remarks.append(Line(f"{titles}{more} {may}.", tuple(entry.id for entry in examples)))
    items = (paper_line(place, paper) for place, paper in enumerate(shown, 1))
    rows = tuple(paper_row(paper) for paper in shown)
    return Draft((Line(heading), *items), rows, len(found), tuple(remarks))


def _age(date: str, *, newest: bool) -> tuple[str, int]:
    """Return what dates are sorted by: of the days that they may mean the first (newest) or the last (oldest)."""
    return (date + "0000-01-01"[len(date) :], len(date)) if newest else (date + "0000-12-31"[len(date) :], -len(date))


def _comes_after(date: str, last: str, *, newest: bool) -> bool:
    one, other = _age(date, newest=newest), _age(last, newest=newest)
    return one < other if newest else one > other


def _may_precede(date: str, last: str, *, newest: bool) -> bool:
    """Tell whether a date, on a day that it may mean, is newer (older) than the last one of the list may be."""
    if newest:
        return date + "0000-12-31"[len(date) :] > last + "0000-01-01"[len(last) :]
    return date + "0000-01-01"[len(date) :] < last + "0000-12-31"[len(last) :]


_MEASURES: Mapping[Measure, Callable[[Asked, Sequence[tallies.Entry]], Draft]] = {
    "count": _count,
    "papers": _papers,
    "newest": lambda asked, found: _latest(asked, found, newest=True),
    "oldest": lambda asked, found: _latest(asked, found, newest=False),
    "per_year": rankings.per_year,
    "per_category": rankings.per_category,
    "per_venue": rankings.per_venue,
    "per_author": rankings.per_author,
    "per_first_author": rankings.per_first_author,
    "coauthors": rankings.coauthors,
}
