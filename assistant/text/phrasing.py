"""Phrases of answers: filters, plans, dates and counts in words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

from assistant.text import arxiv_categories
from assistant.text.prompt_safety import visible
from assistant.types import CataloguePlan, ClarificationPlan, Measure, OverviewPlan, PaperFilter, Plan, PlanKind

NO_NAMES: Mapping[str, str] = {}

_MEASURES: Mapping[Measure, str] = {
    "count": "how many papers there are",
    "papers": "a list of the papers",
    "newest": "the newest papers",
    "oldest": "the oldest papers",
    "per_year": "how many papers there are from each year",
    "years_ranked": "the years by their number of papers",
    "per_category": "how many papers there are in each category",
    "per_venue": "how many papers there are at each venue",
    "per_author": "the most frequent authors",
    "per_first_author": "the most frequent first authors",
    "per_last_author": "the most frequent last authors",
    "coauthors": "who wrote with whom, and how often",
    "by_author_count": "the papers by their number of authors",
    "authors_of": "the authors of the papers",
    "details": "what is known of the papers",
    "profile": "what the author page says of its owner",
}
_MONTHS = "January February March April May June July August September October November December".split()
_MARK = re.compile(r"\[(\s*\d[\d\s,;–-]*)\]")
_FEW_PARTS = 2
"""Conditions that are read together without a comma between them."""

_LONGEST = 300
"""Characters of a title or a name that are shown."""

_MOST_MARKS = 12
"""Sources whose numbers are written behind a sentence; of more, only its evidence holds them."""


_OPTIONS = ("author", "since", "until", "category", "source", "added_since")
"""Fields of a filter that the command line calls by their names."""


def filter_in_words(filter: PaperFilter, names: Mapping[str, str] = NO_NAMES, *, one: bool = False) -> str:
    """Return a filter as what follows the word "papers" ("by Naibin Gu from 2025"), or "paper" where `one`; "" for all.

    `names` tells how a person is called whose id, or the words of whose name, stand in the filter.
    """

    def called(authors: Iterable[str], last: str) -> str:
        return joined([plain(names.get(author, author)) for author in authors], last)

    parts: list[str] = []
    if filter.among is not None:
        parts.append("among those found before" if not one else "of those found before")
    if filter.author:
        place = f" as {filter.position} author" if filter.position else ""
        parts.append(f"by {called([filter.author], 'and')}{place}")
    parts += _phrase("with" if filter.author else "by", called(filter.any_authors, "or"))
    parts += _phrase("with", called(filter.with_authors, "and"))
    parts += _phrase("without", called(filter.without_authors, "or"))
    parts += _phrase("with", number_in_words("author", filter.fewest_authors, filter.most_authors))
    parts += _when(filter)
    parts += _phrase("not from", joined([str(year) for year in filter.without_years], "or"))
    parts += _phrase("in", _categories([filter.category]))
    parts += _phrase("not in", _categories(filter.without_categories))
    parts += _phrase("published at", _quoted([filter.venue], "or"))
    parts += _phrase("published at", _quoted(filter.venues, "or"))
    parts += _phrase("not published at", _quoted(filter.without_venues, "or"))
    if filter.has_code is not None:
        parts.append("with released code" if filter.has_code else "without released code")
    if filter.has_abstract is not None:
        parts.append("with an abstract" if filter.has_abstract else "without an abstract")
    parts += _phrase(f"in the collection{'s' if len(filter.in_labels) > 1 else ''}", _quoted(filter.in_labels, "and"))
    parts += _phrase("in the collection", _quoted(filter.any_labels, "or"))
    parts += _phrase("not in the collection", _quoted(filter.without_labels, "or"))
    parts += _phrase(
        "added", _between(*(date_in_words(day) if day else "" for day in (filter.added_since, filter.added_until)))
    )
    parts += _phrase("read from", _quoted([filter.source], "or"))
    parts += [f"{held} in the title" for held in _phrase("with", _quoted(filter.title_words, "and"))]
    mentions = _phrase("mentions" if one else "mention", _quoted(filter.words, "and"))
    mentions += _phrase("does not mention" if one else "do not mention", _quoted(filter.without_words, "or"))
    parts += _phrase("that", joined(mentions))
    return (" " if len(parts) <= _FEW_PARTS and not any("," in part for part in parts) else ", ").join(parts)


def listing_command(filter: PaperFilter) -> str:
    """Return the command that lists all papers of a filter, "" where the command line cannot say it."""
    others = ("has_code", "has_abstract", "label", "with_labels", "without_labels")
    sayable = PaperFilter(**{name: getattr(filter, name) for name in (*_OPTIONS, *others)})
    if filter != sayable:
        return ""
    options = [(name.replace("_", "-"), getattr(filter, name)) for name in _OPTIONS]
    options += [("label", name) for name in filter.in_labels]
    options += [("without-label", name) for name in filter.without_labels]
    words = [f" --{name} {shlex.quote(one_line(str(value)))}" for name, value in options if value]
    code = {None: "", True: " --code", False: " --no-code"}[filter.has_code]
    abstract = {None: "", True: " --abstract", False: " --no-abstract"}[filter.has_abstract]
    return f"assistant papers{''.join(words)}{code}{abstract}"


def measure_in_words(measure: Measure) -> str:
    """Return what is asked of the catalogue, as a phrase: "how many papers there are"."""
    return _MEASURES[measure]


def number_in_words(noun: str, least: int | None, most: int | None) -> str:
    """Return how many there are to be: "one author", "at least 50 authors", "2 to 4 authors"; "" for any number."""
    if least is not None and most is not None and least != most:
        return f"{least:,} to {counted(most, noun)}"
    if least is None and most is None:
        return ""
    number = most if least is None else least
    assert number is not None
    bound = "" if least == most else "at most " if least is None else "at least "
    return f"{bound}{f'one {noun}' if number == 1 else counted(number, noun)}"


def place_in_words(place: int) -> str:
    """Return a place as people write it: "1st", "2nd", "11th"."""
    is_teen = place % 100 in (11, 12, 13)
    return f"{place:,}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(place % 10, 'th')}"


def date_in_words(date: str) -> str:
    """Return an ISO date of any precision as people write it: "19 February 2025", "February 2025", "2025"."""
    year, month, day = ([*date.split("-"), "", ""])[:3]
    name = _MONTHS[int(month) - 1] if month.isdecimal() and 1 <= int(month) <= len(_MONTHS) else ""
    return f"{int(day)} {name} {year}" if day.isdecimal() and name else f"{name} {year}".strip()


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 paper", "2,345 papers"; `many` where it is not `one` with an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Return "A", "A and B" or "A, B and C"."""
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def with_marks(sentence: str, numbers: Sequence[int]) -> str:
    """Return a sentence with the numbers of its sources behind it, if they are few: "Looms weave. [1][3]"."""
    marks = "".join(f"[{number}]" for number in numbers) if len(numbers) <= _MOST_MARKS else ""
    return f"{sentence} {marks}".rstrip()


def shortened(text: str, longest: int = 80) -> str:
    """Return `text` cut to `longest` characters, with an ellipsis where it was cut."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def one_line(text: str) -> str:
    """Return text from a source on one line, without hidden characters, cut where it is very long."""
    return shortened(" ".join(visible(text).split()), _LONGEST)


def plain(text: str) -> str:
    """Return text from a source as it may stand in an answer: on one line, with nothing that looks like a citation."""
    return _MARK.sub(r"(\1)", one_line(text))


def several_people(author: str, count: int) -> str:
    """Return that a name which was given as a filter may mean several people, and what to do."""
    return (
        f"“{plain(author)}” may mean {count:,} people, taken together here; `assistant authors` tells them apart, and "
        "--author takes a person's id."
    )


def quotation(text: str) -> str:
    """Return a sentence of an abstract as it stands in an answer: whole, on one line, with nothing like a citation."""
    return _MARK.sub(r"(\1)", " ".join(visible(text).split()))


def _quoted(words: Iterable[str], last: str) -> str:
    return joined([f"“{plain(word)}”" for word in words if word.strip()], last)


def _categories(named: Iterable[str]) -> str:
    return joined([plain(arxiv_categories.in_words(category)) for category in named], "or")


def _phrase(opening: str, words: str) -> list[str]:
    return [f"{opening} {words}"] if words else []


def _when(filter: PaperFilter) -> list[str]:
    years = ["" if year is None else str(year) for year in (filter.since, filter.until)]
    days = [date_in_words(day) if day else "" for day in (filter.first_day, filter.last_day)]
    return [words for words in (_between(*years), _between(*days)) if words]


def _between(first: str, last: str) -> str:
    if first and last:
        return f"from {first}" if first == last else f"from {first} to {last}"
    return f"from {first} on" if first else f"up to {last}" if last else ""


_KINDS: Mapping[PlanKind, str] = {
    "passages": "Search the abstracts",
    "comparison": "Compare papers",
    "synthesis": "Give an overview",
    "about": "Tell about the assistant",
    "clarification": "Look up the papers",
}


def plan_in_words(plan: Plan, names: Mapping[str, str] = NO_NAMES) -> str:
    """Return how a question was read, in words for the one who asked it."""
    topic, left = "", ""
    if isinstance(plan, ClarificationPlan) and plan.intended:
        plan = plan.intended
    if isinstance(plan, CataloguePlan):
        what = f"Look up {_ranked_in_words(plan)}"
        without = joined([plain(names.get(one, one)) for one in plan.left_out], "or")
        left = f"; without {without}" if plan.left_out else ""
    else:
        named = f" ({counted(len(plan.papers), 'paper')} named)" if plan.papers else ""
        what = f"{_KINDS[plan.kind]}{named}"
    if isinstance(plan, OverviewPlan) and plan.topic:
        topic = f"about “{plain(plan.topic)}”"
    described = " ".join(part for part in (filter_in_words(plan.filter, names), topic) if part)
    read = left + "".join(f"; “{one_line(asked)}” read as “{one_line(known)}”" for asked, known in plan.corrections)
    return f"{what}{f': papers {described}' if described else ''}{read}"


def _ranked_in_words(plan: CataloguePlan) -> str:
    """Return what is asked of the catalogue, with its order, its place and its bounds."""
    words = [measure_in_words(plan.measure)]
    if plan.ascending:
        words.append("oldest first" if plan.measure == "papers" else "fewest first")
        words[0] = words[0].replace("the most frequent", "the least frequent")
    if plan.place is not None:
        words.append(f"only the {place_in_words(plan.place)}")
    words += [f"only {bound}" for bound in _phrase("with", number_in_words("paper", plan.least, plan.most))]
    return ", ".join(words)
