"""Paper filters as conditions of SQL queries.

A source may say too little to tell whether a paper passes: it cut the list of authors, or named only a year. Such a
paper is neither in nor out: `papers_passing` takes only what surely passes, `papers_with_unknown` what one field leaves
open.
"""

from __future__ import annotations

import calendar
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
)

from assistant.library import fulltext
from assistant.library.authors import lookup
from assistant.library.rows import pages
from assistant.library.schema import aliases, authorships, categories, labels, name_words, papers, records
from assistant.text import arxiv_categories as subjects
from assistant.text import fold, one_line
from assistant.types import PaperFilter

UnknownField = Literal["author", "position", "any author", "authors", "number", "date", "code"]
"""What a source may leave open: whether the author wrote it, at what place, or one of several did, with whom; how many
wrote it; its date, its code."""

UNKNOWN_FIELDS: tuple[UnknownField, ...] = get_args(UnknownField)


_WORD = re.compile(r"[^\W\d_]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SHORTEST_ACRONYM = 3


_ASKED_BY: Mapping[UnknownField, Callable[[PaperFilter], bool]] = {
    "author": lambda filter: bool(filter.author and not filter.position),
    "position": lambda filter: bool(filter.author and filter.position),
    "any author": lambda filter: bool(filter.any_authors),
    "authors": lambda filter: bool(filter.with_authors),
    "number": lambda filter: filter.fewest_authors is not None or filter.most_authors is not None,
    "date": lambda filter: bool(filter.since or filter.until or filter.first_day or filter.last_day),
    "code": lambda filter: filter.has_code is not None,
}


@dataclass(frozen=True, slots=True)
class _Condition:
    """One condition of a filter: what surely passes, and what the sources leave open (of which `field`)."""

    surely: ColumnElement[bool]
    perhaps: ColumnElement[bool] | None = None
    field: UnknownField | None = None


def papers_passing(connection: Connection, query: Select[Any], filter: PaperFilter) -> Select[Any]:
    """Add a filter's conditions to a query over `papers`."""
    return query.where(*(condition.surely for condition in _conditions(connection, filter)))


def count_papers(connection: Connection, filter: PaperFilter) -> int:
    """Return how many papers surely pass a filter."""
    query = papers_passing(connection, select(func.count()).select_from(papers), filter)
    return int(connection.execute(query).scalar_one())


def papers_with_unknown(
    connection: Connection, query: Select[Any], filter: PaperFilter, field: UnknownField
) -> Select[Any]:
    """Add to a query over `papers` that a paper surely passes a filter but for what its sources leave open of `field`.

    No paper is left where the filter does not ask for it.
    """
    if not _ASKED_BY[field](filter):  # cheaper to tell than to build the conditions
        return query.where(false())
    conditions = list(_conditions(connection, filter))
    for condition in conditions:
        perhaps = condition.perhaps if condition.field == field else None
        query = query.where(condition.surely if perhaps is None else or_(condition.surely, perhaps))
    return query.where(~and_(*(condition.surely for condition in conditions if condition.field == field)))


def holding(query: Select[Any], words: str, called: Sequence[str] = ()) -> Select[Any]:
    """Add to a query over `papers` that each of the words begins a word of title, authors, venue, category or date.

    The papers `called` by the words, of these ids, pass too.
    """
    listed = fulltext.listed(words)
    if listed is None:
        return query
    held = papers.c.number.in_(listed)
    return query.where(or_(held, papers.c.id.in_(called)) if called else held)


def label_key(name: str) -> str:
    """Return what is the same of all spellings of a label: spaces, hidden characters and capitals do not count."""
    return one_line(name).casefold()


def venues_named(connection: Connection, words: str) -> list[str]:
    """Return the venues whose name holds each of the words, or whose initials the word is made of ("EMNLP")."""
    asked = fold(words).split()
    return [venue for venue in _venues(connection) if asked and is_named(venue, asked)]


def _venues(connection: Connection) -> Sequence[str]:
    return connection.execute(select(papers.c.venue).where(papers.c.venue != "").distinct()).scalars().all()


def _published_at(connection: Connection, words: str) -> ColumnElement[bool]:
    """Return that a paper appeared at a venue of this name (see `venues_named`).

    A year among the words is the paper's where the name holds none: "ACL 2020" is a meeting that is called the 58th.
    """
    asked = fold(words).split()
    years = [word for word in asked if _YEAR.fullmatch(word)]
    surely = papers.c.venue.in_(venues_named(connection, words))
    named = [word for word in asked if word not in years]
    if len(years) != 1 or not named:
        return surely
    yearless = [venue for venue in _venues(connection) if not _YEAR.search(venue) and is_named(venue, named)]
    in_year = and_(papers.c.venue.in_(yearless), papers.c.year.is_not(None), papers.c.year == int(years[0]))
    return or_(surely, in_year)


def is_named(venue: str, asked: Sequence[str]) -> bool:
    """Tell whether a venue's name holds each of the folded words, or is meant by it."""
    folded = fold(venue)
    held = set(folded.split())
    initials = "".join(word[0] for word in _WORD.findall(venue) if word[0].isupper()).casefold()

    def names(word: str) -> bool:
        if {word, f"{word}s", word.removesuffix("s")} & held:
            return True
        if full := _full_names().get(word):
            return any(name in folded for name in full)
        return len(word) >= _SHORTEST_ACRONYM and word in initials

    return all(names(word) for word in asked)


@cache  # they ship with the program
def _full_names() -> Mapping[str, Sequence[str]]:
    """Return the full names of conferences and journals by what they are called in short."""
    text = (resources.files("assistant.library") / "venues.toml").read_text(encoding="utf-8")
    names: Mapping[str, Sequence[str]] = tomllib.loads(text)["names"]
    return names


def _conditions(connection: Connection, filter: PaperFilter) -> Iterator[_Condition]:
    """Yield what a filter asks for, each with what a source may leave open of it. No `surely` is ever NULL."""
    cut = papers.c.authors_complete == 0
    if filter.author and filter.position:
        yield _placed(connection, filter.author, filter.position)
    elif filter.author:
        yield _Condition(papers.c.id.in_(_papers_of(connection, filter.author)), cut, "author")
    if filter.any_authors:
        theirs = (papers.c.id.in_(_papers_of(connection, author)) for author in filter.any_authors)
        yield _Condition(or_(*theirs), cut, "any author")
    for author in filter.with_authors:
        yield _Condition(papers.c.id.in_(_papers_of(connection, author)), cut, "authors")
    for author in filter.without_authors:
        yield _Condition(papers.c.id.not_in(_papers_of(connection, author)))
    if filter.fewest_authors is not None or filter.most_authors is not None:
        yield _numbering(filter.fewest_authors, filter.most_authors)
    if filter.category:
        yield _Condition(_filed_under(filter.category))
    for category in filter.without_categories:
        yield _Condition(~_filed_under(category))
    if filter.since is not None:
        yield _Condition(and_(papers.c.year.is_not(None), papers.c.year >= filter.since), papers.c.date == "", "date")
    if filter.until is not None:
        yield _Condition(and_(papers.c.year.is_not(None), papers.c.year <= filter.until), papers.c.date == "", "date")
    if filter.first_day or filter.last_day:
        yield _dated(filter.first_day, filter.last_day)
    if filter.without_years:
        yield _Condition(or_(papers.c.year.is_(None), papers.c.year.not_in(filter.without_years)))
    if filter.venue:
        yield _Condition(_published_at(connection, filter.venue))
    if filter.venues:
        yield _Condition(or_(*(_published_at(connection, venue) for venue in filter.venues)))
    for venue in filter.without_venues:
        yield _Condition(~_published_at(connection, venue))
    if filter.has_code is not None:
        is_so = and_(papers.c.has_code.is_not(None), papers.c.has_code == int(filter.has_code))
        yield _Condition(is_so, papers.c.has_code.is_(None), "code")
    if filter.has_abstract is not None:
        empty = literal_column("''", Text)  # as it stands in the index of those without
        bare = papers.alias()
        others = papers.c.number.not_in(select(bare.c.number).where(bare.c.abstract == empty))
        yield _Condition(others if filter.has_abstract else papers.c.abstract == empty)
    if filter.source:
        is_named = (records.c.origin == filter.source) | records.c.origin.endswith(f"/{filter.source}", autoescape=True)
        yield _Condition(papers.c.id.in_(select(records.c.paper_id).where(is_named)))
    for name in filter.in_labels:
        yield _Condition(papers.c.id.in_(_bearing([name])))
    if filter.any_labels:
        yield _Condition(papers.c.id.in_(_bearing(filter.any_labels)))
    if filter.without_labels:
        yield _Condition(papers.c.id.not_in(_bearing(filter.without_labels)))
    if filter.added_since:
        yield _Condition(papers.c.added >= filter.added_since)
    if filter.added_until:
        yield _Condition(and_(papers.c.added != "", papers.c.added < f"{filter.added_until}U"))  # behind its times
    yield from (_Condition(held) for held in _worded(filter.words))
    yield from (_Condition(held) for held in _worded(filter.title_words, in_title=True))
    yield from (_Condition(~and_(*_worded([word]))) for word in filter.without_words if word.strip())
    if filter.among is not None:
        numbers = _numbers(connection, filter.among)
        written = bindparam("among", numbers, type_=Integer, expanding=True, literal_execute=True)
        yield _Condition(papers.c.number.in_(written))  # as digits: SQLite takes no more than 32,766 parameters


def _placed(connection: Connection, author: str, position: str) -> _Condition:
    """Return that an author stands first, or last, among the authors; open where the list is cut before his place."""
    his = _papers_of(connection, author)
    cut = papers.c.authors_complete == 0
    unnamed = and_(cut, papers.c.id.not_in(his))
    hidden = papers.c.id.in_(his.where(authorships.c.position.is_(None)))
    if position == "first":
        has_first = papers.c.id.in_(select(authorships.c.paper_id).where(authorships.c.position == 1))
        is_first = papers.c.id.in_(his.where(authorships.c.position == 1))
        return _Condition(is_first, and_(or_(hidden, unnamed), ~has_first), "position")
    other = authorships.alias()
    behind = exists().where(other.c.paper_id == authorships.c.paper_id, other.c.position > authorships.c.position)
    is_last = papers.c.id.in_(his.where(authorships.c.position.is_not(None), ~behind))
    return _Condition(and_(is_last, ~cut), or_(hidden, unnamed), "position")  # "et al." stands for one behind him


def authors_counted() -> tuple[ColumnElement[int], ColumnElement[bool]]:
    """Return how many authors a paper has at least, and whether that may be too few: its list is cut, or not given."""
    is_of_paper = authorships.c.paper_id == papers.c.id
    named = select(func.count()).where(is_of_paper).correlate(papers).scalar_subquery()
    placed = select(func.count(authorships.c.position)).where(is_of_paper).correlate(papers).scalar_subquery()
    is_open = or_(papers.c.authors_complete == 0, named == 0)
    return case((is_open, func.max(named, placed + 1)), else_=named), is_open  # "et al." is one more at least


def _numbering(fewest: int | None, most: int | None) -> _Condition:
    """Return that a paper has so many authors; open where more may have written it than are named."""
    number, is_open = authors_counted()
    enough = [number >= fewest] if fewest is not None else []
    if most is None:
        return _Condition(and_(*enough), is_open, "number")
    return _Condition(and_(*enough, number <= most, ~is_open), and_(is_open, number <= most), "number")


def _bearing(names: Sequence[str]) -> Select[Any]:
    """Return a query for the ids of the papers that bear one of these labels at least."""
    return select(labels.c.paper_id).where(labels.c.folded.in_([label_key(name) for name in names]))


def _filed_under(category: str) -> ColumnElement[bool]:
    held = select(categories.c.paper_id).where(categories.c.folded.in_(sorted(subjects.forms(category))))
    return papers.c.id.in_(held)


def _dated(first_day: str, last_day: str) -> _Condition:
    """Return that every day a paper's date may mean lies in a range of days; open where only some of them do."""
    date = papers.c.date
    earliest = date + func.substr("0000-01-01", func.length(date) + 1)
    latest = date + func.substr("0000-12-31", func.length(date) + 1)
    surely, perhaps = [date != ""], [date != ""]
    if first_day:
        start = _completed(first_day, "0000-01-01")
        surely += [date >= first_day[:4], earliest >= start]
        perhaps += [date >= first_day[:4], latest >= start]
    if last_day:
        end = _completed(last_day, "0000-12-31")
        if len(last_day) == 10 and int(end[8:]) == calendar.monthrange(int(end[:4]), int(end[5:7]))[1]:
            end = f"{end[:8]}31"  # as the latest day of a month is written here, of which no source named the day
        surely.append(latest <= end)
        perhaps.append(earliest <= end)
    return _Condition(and_(*surely), or_(date == "", and_(*perhaps)), "date")


def _completed(date: str, rest: str) -> str:
    return date + rest[len(date) :]


def _worded(words: Sequence[str], *, in_title: bool = False) -> Iterator[ColumnElement[bool]]:
    """Yield that title or abstract holds every word or phrase; signs that the text index drops are looked for too.

    With `in_title` the title has to hold them.
    """
    words = [word for word in words if word.strip()]
    if phrases := [word for word in words if fold(word)]:
        yield papers.c.number.in_(fulltext.holding(phrases, in_title=in_title))
    for word in words:
        if not fold(word) or "+" in word or "#" in word:  # "C++" is more than the letter
            columns = [papers.c.title] if in_title else [papers.c.title, papers.c.abstract]
            yield or_(*(column.icontains(word.strip(), autoescape=True) for column in columns))


def _numbers(connection: Connection, ids: Sequence[str]) -> list[int]:
    """Return the numbers of these papers, which lead on from merged ones too."""
    found: dict[str, int] = {}
    for page in pages(dict.fromkeys(ids)):
        leads = select(aliases.c.paper_id).where(aliases.c.id.in_(page))
        query = select(papers.c.id, papers.c.number).where(or_(papers.c.id.in_(page), papers.c.id.in_(leads)))
        found.update((row.id, row.number) for row in connection.execute(query))
    return sorted(found.values())


def _papers_of(connection: Connection, author: str) -> Select[Any]:
    """Return a query for the ids of an author's papers: of the person with this id, or of all whom the words may mean.

    One word is everybody's who has it in the name; those are not told apart, for there may be thousands.
    """
    query = select(authorships.c.paper_id)
    words = fold(author).split()
    if len(words) == 1 and len(words[0]) > 1:
        named = select(name_words.c.folded).where(name_words.c.word == words[0])
        return query.where(authorships.c.folded.in_(named))
    found = lookup.find(connection, author)
    names = sorted({variant.name for person in found for variant in person.variants})
    ids = sorted({paper_id for person in found for paper_id in person.paper_ids})
    return query.where(authorships.c.name.in_(_values(names)), authorships.c.paper_id.in_(_values(ids)))


def _values(values: Sequence[str]) -> Select[Any]:
    """Return texts as a query: SQLite takes no more than 32,766 parameters."""
    return select(func.json_each(json.dumps(values)).table_valued("value").c.value)
