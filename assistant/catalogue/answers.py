"""Exact answers about the library as a whole: numbers, lists, rankings and facts, counted and never guessed.

The language model has no part in them. Each line names the papers that prove it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from assistant.catalogue import caveats, listings, paper_details
from assistant.catalogue.reply import CatalogueRequest, Reply, ReplyLine
from assistant.library import Library, filters
from assistant.text import listing_command, with_marks
from assistant.types import CataloguePlan, Measure, Sentence


@dataclass(frozen=True, slots=True)
class CatalogueAnswer:
    """An exact answer. `paper_ids` are the papers to show, in the order of their numbers, which count from 1.

    `count` is the true number even where fewer are shown. `rows` are plain JSON values, see `answer`.
    """

    sentences: tuple[Sentence, ...]
    count: int
    rows: tuple[Mapping[str, Any], ...]
    paper_ids: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the sentences, one a line, behind each the numbers of its sources if they are few."""
        return "\n".join(with_marks(each.text, each.sources) for each in self.sentences)


def answer(library: Library, plan: CataloguePlan) -> CatalogueAnswer:
    """Answer what a plan asks of the papers that pass its filter, or of those that it names.

    `plan.limit` is how many lines are asked for (200 at most); ties at the cut are named all the same. `count` and the
    rows are, by `plan.measure` (`paper_ids` in every row are the papers that prove it, newest first, the first 500 of
    them; `share` is the row's part of all papers that pass, in [0, 1]):

    - count, papers, newest, oldest, by_author_count: count of papers that pass. Rows, a shown paper each: paper_id,
      title, authors, authors_complete, date, venue, categories, has_code, url, paper_ids; by_author_count:
      authors_count too, and no paper whose list of authors is cut.
    - per_year, years_ranked, per_category, per_venue: the same count. Rows: year (None: no date) or category and name
      or venue ("": none), papers, share, paper_ids. Where a part or an order is asked for they are ranked: what names
      none is in no row then. years_ranked is: one year unless more are asked for.
    - per_author, per_first_author, per_last_author, coauthors: count of people within the bounds. Rows: author,
      person_id, papers, share, paper_ids; coauthors without an author in the filter: count of pairs, and rows with the
      second person as with, with_id.
    - authors_of, details: count of papers described. Rows as for papers; with a filter also passes (None: not known).
    - profile: count of pages. Rows: name, category, as_of, statistics (label to value), contradictions.
    """
    measure, wanted = plan.measure, plan.filter
    if plan.papers and measure not in paper_details.OF_NAMED_PAPERS and wanted.among is None:
        wanted = replace(wanted, among=plan.papers)
    with library.transaction() as connection:
        total, names = filters.count_papers(connection, wanted), caveats.names_of(connection, wanted)
        request = CatalogueRequest(connection, plan, wanted, total, names)
        is_about_papers = measure != "profile" and measure not in paper_details.OF_NAMED_PAPERS
        reply = caveats.nothing(request) if is_about_papers and not total else _MEASURES[measure](request)
        if is_about_papers and total:
            reply = replace(reply, lines=(*reply.lines, *caveats.remarks(request)))
    first, *others = reply.lines
    if plan.manner == "yes_no" and not first.text.startswith(("Yes", "No")):
        first = replace(first, text=f"{'Yes' if reply.count else 'No'}: {first.text}")
    if plan.manner == "export" and reply.count:
        others.append(ReplyLine(_how_to_export(plan)))
    return _numbered(replace(reply, lines=(first, *others)))


def _how_to_export(plan: CataloguePlan) -> str:
    if command := listing_command(plan.filter).replace("assistant papers", "assistant export"):
        return f"`{command} FILE.bib` writes them to a file; .ris, .csv and .jsonl work too."
    return "On the page, “Files of this answer” has them; in the terminal, ask with --bundle FOLDER."


def _numbered(reply: Reply) -> CatalogueAnswer:
    """Give the papers numbers in the order in which the lines come to them."""
    ids = tuple(dict.fromkeys(paper_id for line in reply.lines for paper_id in line.paper_ids))
    numbers = {paper_id: number for number, paper_id in enumerate(ids, 1)}
    sentences = (
        Sentence(line.text, "exact", tuple(sorted({numbers[paper_id] for paper_id in line.paper_ids})))
        for line in reply.lines
    )
    return CatalogueAnswer(tuple(sentences), reply.count, reply.rows, ids)


_MEASURES: Mapping[Measure, Callable[[CatalogueRequest], Reply]] = {
    "count": listings.count,
    "papers": listings.all_papers,
    "newest": listings.newest_or_oldest,
    "oldest": listings.newest_or_oldest,
    "by_author_count": listings.by_author_count,
    "per_year": listings.groups,
    "years_ranked": listings.groups,
    "per_category": listings.groups,
    "per_venue": listings.groups,
    "per_author": listings.authors,
    "per_first_author": partial(listings.authors_at, "first"),
    "per_last_author": partial(listings.authors_at, "last"),
    "coauthors": listings.coauthors,
    "authors_of": paper_details.describe,
    "details": paper_details.describe,
    "profile": paper_details.author_pages,
}
