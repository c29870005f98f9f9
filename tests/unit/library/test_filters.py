"""Which papers surely pass a filter, and which the sources leave open: as plain Python says of random papers."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from assistant.library import (
    UNKNOWN_FIELDS,
    Library,
    UnknownField,
    count_papers,
    curation,
    insert_papers,
    papers,
    papers_passing,
    papers_with_unknown,
    upsert,
)
from assistant.text import fold
from assistant.types import Authorship, Paper, PaperFilter, Record
from tests.conftest import make_paper

PEOPLE = ("Ada Lovelace", "Alan Turing", "Grace Hopper", "Naibin Gu")
DATES = ("", "2023", "2024", "2024-02", "2024-03", "2024-02-29", "2024-03-15", "2024-12-31", "2025-01")
CODES = {"CV": {"CV", "cs.CV"}, "cs.cv": {"CV", "cs.CV"}, "LG": {"LG"}, "Bees": {"bees"}, "stat.ML": {"stat.ML"}}
VENUES = ("", "ICML 2024", "International Conference on Machine Learning", "Bee Journal")
AT = {"icml": {1, 2}, "machine learning": {2}, "bee": {3}, "ICML 2024": {1, 2}}
TEXTS = ("editing of experts", "mixture of experts", "experts: a mixture", "C++ for bees", "c for cats", "100% ∞", "")
HELD = {
    "mixture of experts": {1},
    "Mixtures": {1, 2},
    "expert": {0, 1, 2},
    "C++": {3},
    "c": {3, 4},
    "∞": {5},
    '"': set(),
}
TITLED = {"papers": set(range(8)), "Paper 1": {1}, "2": {2}, "mixture": set(), "∞": set()}


@st.composite
def some_papers(draw: st.DrawFn) -> list[Paper]:
    made = []
    for number in range(draw(st.integers(1, 8))):
        names = draw(st.lists(st.sampled_from(PEOPLE), unique=True, max_size=3))
        is_cut = draw(st.booleans())
        people = [Authorship(name, place) for place, name in enumerate(names, 1)]
        others = [name for name in PEOPLE if name not in names]
        if is_cut and draw(st.booleans()):
            people.append(Authorship(draw(st.sampled_from(others)), None))
        made.append(
            Paper(
                id=f"p{number}",
                title=f"Paper {number}",
                abstract=draw(st.sampled_from(TEXTS)),
                authorships=tuple(people),
                authors_complete=not is_cut,
                date=draw(st.sampled_from(DATES)),
                categories=tuple(draw(st.lists(st.sampled_from(["CV", "cs.CV", "LG", "bees", "stat.ML"]), max_size=2))),
                venue=draw(st.sampled_from(VENUES)),
                has_code=draw(st.sampled_from([True, False, None])),
            )
        )
    return made


def mostly(value: st.SearchStrategy, empty: object) -> st.SearchStrategy:
    """Leave most conditions out, so that some papers pass."""
    return st.one_of(st.just(empty), st.just(empty), value)


FILTERS = st.builds(
    PaperFilter,
    author=mostly(st.sampled_from([*PEOPLE, "gu naibin"]), ""),
    position=st.sampled_from(["", "first", "last"]),
    since=mostly(st.sampled_from([2023, 2024, 2025]), None),
    until=mostly(st.sampled_from([2023, 2024]), None),
    category=mostly(st.sampled_from([*CODES]), ""),
    has_code=mostly(st.booleans(), None),
    with_authors=mostly(st.lists(st.sampled_from(PEOPLE), max_size=2).map(tuple), ()),
    without_authors=mostly(st.lists(st.sampled_from(PEOPLE), max_size=1).map(tuple), ()),
    venue=mostly(st.sampled_from([*AT]), ""),
    first_day=mostly(st.sampled_from(["2024", "2024-02", "2024-03-01"]), ""),
    last_day=mostly(st.sampled_from(["2024", "2024-02", "2024-02-29", "2024-02-28"]), ""),
    words=mostly(st.lists(st.sampled_from([*HELD]), max_size=2).map(tuple), ()),
    among=mostly(st.lists(st.sampled_from([f"p{number}" for number in range(9)])).map(tuple), None),
    any_authors=mostly(st.lists(st.sampled_from([*PEOPLE, "Nobody Here"]), min_size=1, max_size=2).map(tuple), ()),
    without_words=mostly(st.lists(st.sampled_from([*HELD, " "]), max_size=2).map(tuple), ()),
    title_words=mostly(st.lists(st.sampled_from([*TITLED]), max_size=2).map(tuple), ()),
    venues=mostly(st.lists(st.sampled_from([*AT]), min_size=1, max_size=2).map(tuple), ()),
    without_venues=mostly(st.lists(st.sampled_from([*AT, "Nowhere"]), max_size=2).map(tuple), ()),
    without_categories=mostly(st.lists(st.sampled_from([*CODES]), max_size=2).map(tuple), ()),
    without_years=mostly(st.lists(st.sampled_from([2023, 2024, 1999]), max_size=2).map(tuple), ()),
    fewest_authors=mostly(st.integers(0, 3), None),
    most_authors=mostly(st.integers(0, 3), None),
    has_abstract=mostly(st.booleans(), None),
)


def days(said: str) -> tuple[date, date]:
    """Return the first and the last day that a date may mean."""
    parts = [int(part) for part in said.split("-")]
    if len(parts) == 3:
        return date(*parts), date(*parts)
    if len(parts) == 1:
        return date(parts[0], 1, 1), date(parts[0], 12, 31)
    following = date(parts[0] + parts[1] // 12, parts[1] % 12 + 1, 1)
    return date(parts[0], parts[1], 1), date.fromordinal(following.toordinal() - 1)


def place(paper: Paper, author: str) -> Authorship | None:
    words = sorted(fold(author).split())
    return next((person for person in paper.authorships if sorted(fold(person.name).split()) == words), None)


def appeared(paper: Paper, venue: str) -> bool:
    at = AT.get(venue, set()) - ({2} if venue == "ICML 2024" and paper.year != 2024 else set())
    return VENUES.index(paper.venue) in at


def numbered(paper: Paper, fewest: int | None, most: int | None) -> bool | None:
    """Return whether a paper has so many authors, None where its list of them is cut or not given."""
    number = len(paper.authorships)
    if paper.authors_complete and number:
        return (fewest is None or number >= fewest) and (most is None or number <= most)
    placed = sum(person.position is not None for person in paper.authorships)
    number = max(number, placed + 1)
    if most is not None and number > most:
        return False
    return True if most is None and (fewest is None or number >= fewest) else None


def verdicts(paper: Paper, chosen: PaperFilter) -> list[tuple[bool | None, UnknownField | None]]:
    """Return of each condition whether the paper passes it, None where that is not known, and what is in doubt."""
    found: list[tuple[bool | None, UnknownField | None]] = []
    if chosen.author:
        his = place(paper, chosen.author)
        absent: bool | None = False if paper.authors_complete else None
        verdict = absent if his is None else True
        if chosen.position == "first" and verdict is not False:
            known = any(person.position == 1 for person in paper.authorships)
            verdict = (his is not None and his.position == 1) if known else None
        elif chosen.position == "last" and his is not None:
            last = max((person.position or 0) for person in paper.authorships)
            verdict = None if his.position is None else paper.authors_complete and his.position == last
        found.append((verdict, "position" if chosen.position else "author"))
    absent = False if paper.authors_complete else None
    found += [(True if place(paper, author) else absent, "authors") for author in chosen.with_authors]
    found += [(place(paper, author) is None, None) for author in chosen.without_authors]
    for year, fits in ((chosen.since, lambda a, b: a >= b), (chosen.until, lambda a, b: a <= b)):
        if year is not None:
            found.append((fits(paper.year, year) if paper.year else None, "date"))
    if chosen.first_day or chosen.last_day:
        if not paper.date:
            found.append((None, "date"))
        else:
            start, end = days(paper.date)
            first = days(chosen.first_day)[0] if chosen.first_day else date.min
            last = days(chosen.last_day)[1] if chosen.last_day else date.max
            inside, outside = first <= start and end <= last, end < first or start > last
            found.append((True if inside else False if outside else None, "date"))
    if chosen.category:
        found.append((bool(CODES[chosen.category] & set(paper.categories)), None))
    if chosen.venue:
        found.append((appeared(paper, chosen.venue), None))
    if chosen.venues:
        found.append((any(appeared(paper, venue) for venue in chosen.venues), None))
    found += [(not appeared(paper, venue), None) for venue in chosen.without_venues]
    found += [(not CODES[category] & set(paper.categories), None) for category in chosen.without_categories]
    found.append((paper.year not in chosen.without_years, None))
    if chosen.any_authors:
        is_theirs = any(place(paper, author) for author in chosen.any_authors)
        found.append((True if is_theirs else absent, "any author"))
    if chosen.fewest_authors is not None or chosen.most_authors is not None:
        found.append((numbered(paper, chosen.fewest_authors, chosen.most_authors), "number"))
    found += [(int(paper.id[1:]) in TITLED[word], None) for word in chosen.title_words]
    found += [(TEXTS.index(paper.abstract) not in HELD[word], None) for word in chosen.without_words if word.strip()]
    if chosen.has_code is not None:
        found.append((None if paper.has_code is None else paper.has_code == chosen.has_code, "code"))
    if chosen.has_abstract is not None:
        found.append((bool(paper.abstract) == chosen.has_abstract, None))
    found += [(TEXTS.index(paper.abstract) in HELD[word], None) for word in chosen.words]
    if chosen.among is not None:
        found.append((paper.id in chosen.among, None))
    return found


class Undo(Exception):
    """Ends a transaction without a trace."""


@settings(max_examples=30, deadline=None)
@given(made=some_papers(), filters=st.lists(FILTERS, min_size=2, max_size=5))
def test_what_passes_and_what_is_left_open_is_what_plain_python_says(
    scratch: Library, made: list[Paper], filters: list[PaperFilter]
) -> None:
    with pytest.raises(Undo), scratch.transaction() as connection:
        insert_papers(connection, made)
        for chosen in filters:
            told = {paper.id: verdicts(paper, chosen) for paper in made}
            expected = {name for name, those in told.items() if all(verdict is True for verdict, _ in those)}
            query = select(papers.c.id)
            assert set(connection.execute(papers_passing(connection, query, chosen)).scalars()) == expected
            assert count_papers(connection, chosen) == len(expected)
            for doubt in UNKNOWN_FIELDS:
                maybe = {
                    name
                    for name, those in told.items()
                    if any(verdict is None for verdict, _ in those)
                    and all(verdict or (verdict is None and about == doubt) for verdict, about in those)
                }
                open_ones = connection.execute(papers_with_unknown(connection, query, chosen, doubt)).scalars()
                assert set(open_ones) == maybe, (chosen, doubt)
        raise Undo


@pytest.fixture
def filled(library: Library) -> Library:
    made = [
        make_paper("Beams", "Tuning [adapters] with beams", authors=("Naibin Gu",), categories=("cs.CV",)),
        make_paper("Bees", "Honey and wax", authors=("Ada Lovelace",), categories=("Machine Learning",)),
    ]
    upsert.store(library, [Record(paper, 1) for paper in made], "x")
    return library


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (PaperFilter(category="computer vision"), {"Beams"}),
        (PaperFilter(category="CV"), {"Beams"}),
        (PaperFilter(category="math.CV"), set()),
        (PaperFilter(category="cs"), {"Beams", "Bees"}),
        (PaperFilter(category="LG"), {"Bees"}),
        (PaperFilter(words=('adapters" OR "honey',)), set()),
        (PaperFilter(words=("title:beams",)), set()),
        (PaperFilter(words=("no\0such words",)), set()),
        (PaperFilter(words=("NOT", "bees")), set()),
        (PaperFilter(words=("hon*",)), set()),
        (PaperFilter(words=("adapter", "  ")), {"Beams"}),
        (PaperFilter(words=("tuned adapters",)), {"Beams"}),
        (PaperFilter(words=("adapters tuned",)), set()),
        (PaperFilter(among=()), set()),
        (PaperFilter(among=("nobody",)), set()),
        (PaperFilter(venue="' OR 1=1"), set()),
    ],
)
def test_names_of_categories_and_hostile_words_choose_what_they_say(
    filled: Library, chosen: PaperFilter, expected: set[str]
) -> None:
    assert {paper.title for paper in filled.papers(chosen)} == expected


@pytest.mark.parametrize("word", ["adapters", "tuned adapters", "hon*", '"', "NOT", "[", "∞", "title:beams", "Bees"])
def test_the_papers_with_and_without_a_word_are_all_papers(filled: Library, word: str) -> None:
    everything = filled.ids(PaperFilter())
    assert filled.ids(PaperFilter(words=(word,))) == everything - filled.ids(PaperFilter(without_words=(word,)))
    assert filled.ids(PaperFilter(title_words=(word,))) <= filled.ids(PaperFilter(words=(word,)))


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (PaperFilter(title_words=("bee",)), {"Bees"}),
        (PaperFilter(title_words=("honey",)), set()),
        (PaperFilter(title_words=("beams",), words=("adapters",)), {"Beams"}),
        (PaperFilter(title_words=("beams",), words=("honey",)), set()),
        (PaperFilter(words=("adapters",), without_words=("honey", "wax")), {"Beams"}),
        (PaperFilter(without_words=("honey", "adapters")), set()),
        (PaperFilter(without_words=("", " ")), {"Beams", "Bees"}),
        (PaperFilter(any_authors=("Gu", "Lovelace")), {"Beams", "Bees"}),
        (PaperFilter(any_authors=("naibin-gu", "John Smithson")), {"Beams"}),
        (PaperFilter(any_authors=("John Smithson",)), set()),
        (PaperFilter(any_authors=("",)), set()),
        (PaperFilter(without_categories=("cs",)), set()),
        (PaperFilter(without_categories=("LG",)), {"Beams"}),
        (PaperFilter(without_venues=("ACL",), without_years=(2023,)), {"Beams", "Bees"}),
        (PaperFilter(without_years=(2024,)), set()),
    ],
)
def test_titles_exclusions_and_one_of_several_choose_what_they_say(
    filled: Library, chosen: PaperFilter, expected: set[str]
) -> None:
    assert {paper.title for paper in filled.papers(chosen)} == expected


@pytest.mark.parametrize("nobody", ["John Smithson", "Smithson", "nobody-here", "J. S.", "?", " "])
def test_a_name_that_nobody_has_chooses_no_paper(filled: Library, nobody: str) -> None:
    for chosen in (
        PaperFilter(author=nobody),
        PaperFilter(author=nobody, position="first"),
        PaperFilter(author=nobody, without_words=("honey",)),
        PaperFilter(with_authors=(nobody,)),
        PaperFilter(any_authors=(nobody,)),
    ):
        assert filled.ids(chosen) == set()


def test_ids_of_merged_papers_lead_to_the_paper_that_is_left(filled: Library) -> None:
    kept, gone = filled.papers()
    curation.merge(filled, kept.id, gone.id)
    (left,) = filled.papers()
    assert filled.count(PaperFilter(among=(kept.id, gone.id))) == 1
    assert filled.ids(PaperFilter(among=(gone.id,))) == {left.id}


def test_more_ids_may_be_given_than_a_statement_has_parameters(filled: Library) -> None:
    ids = tuple(paper.id for paper in filled.papers())
    assert filled.count(PaperFilter(among=(*ids, *(f"none {number}" for number in range(40_000))))) == len(ids)


def test_the_owner_of_a_page_hidden_behind_et_al_may_be_last_but_is_not_first(library: Library) -> None:
    paper = make_paper("Beams", authors_complete=False)
    hidden = replace(paper, authorships=(Authorship("A One", 1), Authorship("Naibin Gu", None)))
    unnamed = replace(paper, title="Waves", authorships=(Authorship("Naibin Gu", None),))
    upsert.store(library, [Record(hidden, 1), Record(unnamed, 2)], "x")
    with library.transaction() as connection:
        query = select(papers.c.title)
        for position, expected in (("first", ["Waves"]), ("last", ["Beams", "Waves"])):
            chosen = PaperFilter(author="Naibin Gu", position=position)
            assert not connection.execute(papers_passing(connection, query, chosen)).all()
            open_ones = connection.execute(papers_with_unknown(connection, query, chosen, "position")).scalars()
            assert sorted(open_ones) == expected
