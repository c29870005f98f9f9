"""Caveats of an exact answer: what the sources do not say, and what there is where nothing was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from sqlalchemy import Connection, select

from assistant.catalogue import paper_counts
from assistant.catalogue.reply import CatalogueRequest, Reply, ReplyLine
from assistant.library import UnknownField, count_papers, labels, papers, papers_with_unknown
from assistant.text import counted, filter_in_words, joined, plain
from assistant.types import PaperFilter

_EXAMPLES = 5
"""Papers shown for something unknown, and names listed in a remark."""

_MOST_YEARS = 10
_MOST_WIDER = 3
"""Wider filters named where nothing was found."""

_TIME = "since until first_day last_day without_years"
_CONDITIONS = (
    "position; category; has_code; has_abstract; words title_words; without_words; venue venues; "
    "without_venues without_categories; source; label with_labels; any_labels; without_labels; "
    "added_since added_until; fewest_authors most_authors; with_authors; without_authors; among; "
    "author position any_authors"
).split("; ")
"""Fields of a filter that are dropped together, in the order in which it is tried."""

_CUT = "the list of authors is cut short"
_LEFT_OUT = f"{_CUT}, so {{}} may be among those left out"


def names_of(connection: Connection, paper_filter: PaperFilter) -> Mapping[str, str]:
    """Return how the people of a filter are called, where it means one person of the library."""
    found = {author: paper_counts.named(connection, author) for author in paper_filter.people}
    return {author: people[0].name for author, people in found.items() if len(people) == 1}


def remarks(request: CatalogueRequest) -> list[ReplyLine]:
    """Say which labels nobody gave, which people and venues were taken together, and which papers may pass or not."""
    labelled = map(ReplyLine, _unknown_labels(request))
    return [*labelled, *_several_people(request), *_venues(request), *_cut_without(request), *_unknown(request)]


def nothing(request: CatalogueRequest) -> Reply:
    """Say what was looked for in vain, and what there is when one condition is dropped."""
    if request.filter.among == ():
        return Reply((ReplyLine("No papers were found before, so there is nothing to choose from."),))
    words = filter_in_words(request.filter, request.names)
    if not words:
        return Reply((ReplyLine("The library holds no papers yet. Add some with `assistant add`."),))
    strangers = [one for one in request.filter.people if not count_papers(request.connection, PaperFilter(author=one))]
    texts = [f"No author in the library is named {plain(one)}." for one in strangers]
    texts += _unknown_labels(request)
    instead = texts or list(islice(_wider(request), _MOST_WIDER))
    lines = [ReplyLine(text) for text in (f"The library holds no papers {words}.", *instead)]
    return Reply((*lines, *(() if strangers else _unknown(request))))


def _wider(request: CatalogueRequest) -> Iterator[str]:
    """Say how many papers there are at any time, by year, and then without one condition after another."""
    undated = _without(request.filter, _TIME)
    entries = paper_counts.entries(request.connection, undated) if undated != request.filter else []
    if entries:
        years = sorted(Counter(entry.year for entry in entries if entry.year is not None).items(), reverse=True)
        listed = [f"{number:,} in {year}" for year, number in years[:_MOST_YEARS]]
        earlier = sum(number for _, number in years[_MOST_YEARS:])
        listed += [f"{earlier:,} in earlier years"] if earlier else []
        without = sum(entry.year is None for entry in entries)
        listed += [f"{without:,} without a date"] if without else []
        yield f"{_there_are(request, len(entries), undated)}: {joined(listed)}."
    for fields in _CONDITIONS:
        wider = _without(request.filter, fields)
        if wider not in (request.filter, PaperFilter()) and (left := count_papers(request.connection, wider)):
            yield f"{_there_are(request, left, wider)}."


def _there_are(request: CatalogueRequest, number: int, paper_filter: PaperFilter) -> str:
    return f"There {'is' if number == 1 else 'are'} {request.papers_in_words(number, paper_filter)}"


def _without(paper_filter: PaperFilter, fields: str) -> PaperFilter:
    """Return a filter without the conditions of these fields."""
    anything = PaperFilter()
    return replace(paper_filter, **{name: getattr(anything, name) for name in fields.split()})


def _unknown(request: CatalogueRequest) -> Iterator[ReplyLine]:
    """Name the papers that may pass, by what their sources do not say."""
    wanted = request.filter
    author = request.called([wanted.author])
    not_known = f"so it is not known whether {author} is the {wanted.position} author"
    matters: Mapping[UnknownField, tuple[str, str]] = {
        "author": ("author", _LEFT_OUT.format(author)),
        "position": ("author position", f"{_CUT} before {author}'s place, {not_known}"),
        "any author": ("any_authors", _LEFT_OUT.format(request.called(wanted.any_authors, "or"))),
        "authors": ("with_authors", _LEFT_OUT.format(request.called(wanted.with_authors))),
        "number": ("fewest_authors most_authors", f"{_CUT} or missing, so it is not known how many there are"),
        "date": ("since until first_day last_day", "the date is missing or not precise enough to tell"),
        "code": ("has_code", "the source does not say whether code is released"),
    }
    for unknown, (fields, matter) in matters.items():
        query = papers_with_unknown(request.connection, select(papers.c.id), wanted, unknown).order_by(
            papers.c.date.desc()
        )
        if ids := request.connection.execute(query).scalars().all():
            which = filter_in_words(_without(wanted, fields), request.names, one=len(ids) == 1)
            number = counted(len(ids), "more paper" if request.total else "paper")
            yield ReplyLine(f"In {number}{f' {which},' if which else ''} {matter}.", tuple(ids[:_EXAMPLES]))


def _unknown_labels(request: CatalogueRequest) -> list[str]:
    known = labels.known(request.connection, request.filter.labels)
    return [labels.not_known(name) for name in request.filter.labels if name not in known]


def _several_people(request: CatalogueRequest) -> Iterator[ReplyLine]:
    for author in request.filter.people:
        people = paper_counts.named(request.connection, author) if author not in request.names else []
        if len(people) > 1:
            uses = sorted(((person.name, len(person.paper_ids)) for person in people), key=lambda use: -use[1])
            listed = _examples(uses, ", ")
            yield ReplyLine(f"“{plain(author)}” matches {len(people):,} people in the library: {listed}.")


def _venues(request: CatalogueRequest) -> Iterator[ReplyLine]:
    venues = [venue for venue in (request.filter.venue, *request.filter.venues) if venue]
    if venues:
        uses = Counter(request.select(select(papers.c.venue)).scalars().all())
        named = joined([f"“{plain(venue)}”" for venue in venues])
        match = "matches" if len(venues) == 1 else "match"
        yield ReplyLine(f"{named} {match} {_examples(uses.most_common(), '; ')}.")


def _examples(uses: list[tuple[str, int]], separator: str) -> str:
    """Return the first names, each with its number of papers, and how many more there are."""
    listed = separator.join(f"{plain(name)} ({counted(number, 'paper')})" for name, number in uses[:_EXAMPLES])
    return listed + (f" and {len(uses) - _EXAMPLES:,} more" if len(uses) > _EXAMPLES else "")


def _cut_without(request: CatalogueRequest) -> Iterator[ReplyLine]:
    if request.filter.without_authors and (cut := request.cut):
        who = request.called(request.filter.without_authors, "or")
        yield ReplyLine(f"In {cut:,} of them {_CUT}, so {who} may be among those left out.")
