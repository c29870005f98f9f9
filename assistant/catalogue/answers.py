"""Exact answers about the library as a whole: numbers, lists, rankings and facts, counted and never guessed.

The language model has no part in them. Each line names the papers that prove it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.catalogue import author_pages, caveats, newest_oldest, paper_details, rankings
from assistant.catalogue.reply import MOST_SOURCES, Asked, Draft, Line, paper_line, paper_row
from assistant.library import Library, filters
from assistant.text import counted, listing_command
from assistant.types import Measure, PaperFilter, Plan, Sentence

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


def planned(library: Library, plan: Plan) -> CatalogueAnswer:
    """Answer what a plan asks of the catalogue; its manner says what is said beside it."""
    assert plan.measure is not None
    found = answer(
        library,
        plan.measure,
        plan.chosen,
        plan.limit,
        plan.papers,
        ascending=plan.ascending,
        place=plan.place,
        least=plan.least,
        most=plan.most,
        ranked=plan.ranked,
        left_out=plan.left_out,
    )
    if plan.manner == "yes_no" and found.sentences and not found.sentences[0].text.startswith(("Yes", "No")):
        first = found.sentences[0]
        said = replace(first, text=f"{'Yes' if found.count else 'No'}: {first.text}")
        found = replace(found, sentences=(said, *found.sentences[1:]))
    if plan.manner == "export" and found.count:
        command = listing_command(plan.chosen).replace("assistant papers", "assistant export")
        how = (
            f"`{command} FILE.bib` writes them into a file; .ris, .csv and .jsonl do too."
            if command
            else "On the page, “Files of this answer” has them; in the terminal, ask with --bundle FOLDER."
        )
        found = replace(found, sentences=(*found.sentences, Sentence(how, "exact")))
    return replace(found, text=shown_text(found.sentences))


def answer(
    library: Library,
    measure: Measure,
    chosen: PaperFilter,
    limit: int | None = None,
    papers: Sequence[str] = (),
    *,
    ascending: bool = False,
    place: int | None = None,
    least: int | None = None,
    most: int | None = None,
    ranked: Sequence[str] = (),
    left_out: Sequence[str] = (),
) -> CatalogueAnswer:
    """Answer what is asked of the papers that pass a filter, or of the `papers` (ids) that a question names.

    `limit` is how many lines are asked for (200 at most); ties at the cut are named all the same. A ranking is
    `ascending` from the fewest on, and a list of papers from the oldest; `place` asks for that place of a ranking
    alone, and for those who share it; `least` and `most` are the papers that those have who are ranked; of people
    those `ranked` alone are named, where there are any, and none `left_out`. `count` and the rows are, by measure
    (`paper_ids` in every row are the papers that prove it, newest first, the first 500 of them; `share` is the row's
    part of all papers that pass, in [0, 1]):

    - count, papers, newest, oldest, by_author_count: count of papers that pass. Rows, a shown paper each: paper_id,
      title, authors, authors_complete, date, venue, categories, has_code, url, paper_ids; by_author_count:
      authors_count too, and no paper whose list of authors is cut.
    - per_year, years_ranked, per_category, per_venue: the same count. Rows: year (None: no date) or category and name
      or venue ("": none), papers, share, paper_ids. Where a part or an order is asked for they are ranked: what names
      none is in no row then. years_ranked is: one year unless more are asked for.
    - per_author, per_first_author, per_last_author, coauthors: count of people within the bounds. Rows: author,
      person_id, papers, share, paper_ids; coauthors without an author in the filter: count of pairs, and rows with the
      second person as with, with_id.
    - authors_of, details: count of papers told of. Rows as for papers; with a filter also passes (None: not known).
    - profile: count of pages. Rows: name, category, as_of, statistics (label to value), contradictions.
    """
    with library.transaction() as connection:
        named_ones = measure in paper_details.OF_NAMED_PAPERS
        if papers and not named_ones and chosen.among is None:
            chosen = replace(chosen, among=tuple(papers))
        total = filters.count(connection, chosen)
        names = caveats.names_of(connection, chosen)
        asked = Asked(connection, chosen, limit, names, total, ascending, place, least, most, ranked, left_out)
        if measure == "profile":
            return _numbered(author_pages.profile(asked))
        if named_ones:
            return _numbered(paper_details.told(asked, measure, papers))
        if not total:
            return _numbered(caveats.nothing(asked))
        draft = _MEASURES[measure](asked)
        return _numbered(replace(draft, remarks=(*draft.remarks, *caveats.remarks(asked))))


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


def _count(asked: Asked) -> Draft:
    shown = asked.newest(MOST_SOURCES)
    text = f"{asked.subject}."
    if len(shown) < asked.total:
        text += f" The {len(shown)} newest are shown."
    rows = tuple(paper_row(paper) for paper in shown)
    return Draft((Line(text, tuple(paper.id for paper in shown)),), rows, asked.total)


def _papers(asked: Asked) -> Draft:
    most = asked.lines(MOST_SOURCES)
    shown = asked.oldest(most) if asked.ascending else asked.newest(most)
    end = "oldest" if asked.ascending else "newest"
    heading = f"{asked.subject}; {len(shown):,} of {counted(asked.total, 'paper')} shown"
    if len(shown) < asked.total:
        command = listing_command(asked.chosen)
        heading += f", the {end}" + (f" (`{command}` lists all)" if command else "")
    elif asked.total > 1:
        heading += f", {end} first"
    items = (paper_line(place, paper) for place, paper in enumerate(shown, 1))
    return Draft((Line(f"{heading}:"), *items), tuple(paper_row(paper) for paper in shown), asked.total)


_MEASURES: Mapping[Measure, Callable[[Asked], Draft]] = {
    "count": _count,
    "papers": _papers,
    "newest": newest_oldest.newest,
    "oldest": newest_oldest.oldest,
    "per_year": rankings.per_year,
    "years_ranked": rankings.years_ranked,
    "per_category": rankings.per_category,
    "per_venue": rankings.per_venue,
    "per_author": rankings.per_author,
    "per_first_author": rankings.per_first_author,
    "per_last_author": rankings.per_last_author,
    "coauthors": rankings.coauthors,
    "by_author_count": rankings.by_author_count,
}
