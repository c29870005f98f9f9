"""The filter of a request: people, papers, venues, categories, topics and times found in the library."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby, pairwise

from sqlalchemy import select

from assistant.library import Library, labels, venues_named
from assistant.library import categories as categories_table
from assistant.planning import number_words
from assistant.planning.dates import Period, bounds, find_period
from assistant.planning.entity_linking import Gazetteer, Mention
from assistant.planning.intents import LABELS, Named, Request, Slot
from assistant.search import topics
from assistant.text import arxiv_categories
from assistant.types import PaperFilter

_BESIDE_THE_MAIN = ("workshop", "workshops", "findings", "demonstrations", "demos", "tutorial", "tutorials")
"""Words of the venues that belong to a conference and are not its main part."""

_LEAST_LABELLING = 0.27
"""How sure it must be, over the words of a label, that they name a collection or a tag; see E39 in docs/experiments."""

_WORD_LABELLING, _SURE_LABELLING = 0.5, 0.8
"""The same for each word, and for all words together, of a label that the library does not have."""

_LONGEST_LABEL = 8
"""Words of a label, or characters of one in Chinese, that is looked for in a request."""

_PLACE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_HYPHENS = re.compile(r"[-‐‑]+")

_OR = re.compile(r"\b(?:or|oder|ou|o|u)\b|或", re.IGNORECASE)
_LISTED = re.compile(r"\W*(?:and|or|und|oder|et|ou|y|o|和|或|与)?\W*(?:in\b|en\b)?\W*", re.IGNORECASE)
_GLOSS = re.compile(r"\s*[(（]\s*([^()（）]+?)\s*[)）]?\s*$")
_MORE = re.compile(r"(?:more than|over|above|exceed\w*|mehr als|über|plus de|más de|超过|多于)\s*$", re.IGNORECASE)
_LESS = re.compile(
    r"(?:(?:fewer|less) than|under|below|weniger als|unter|moins de|menos de|少于|不到)\s*$", re.IGNORECASE
)
_LEAST = re.compile(
    r"(?:(?:no|not) (?:fewer|less) than|nicht weniger als|pas moins de|no menos de|不少于)\s*$", re.IGNORECASE
)
_MOST = re.compile(
    r"(?:at most|up to|no more than|not more than|maximum(?: of)?|höchstens|maximal|nicht mehr als|au plus|au maximum"
    r"|pas plus de|como máximo|a lo sumo|no más de|最多|不超过|不多于)\s*$",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"\b(?:source |open[- ]source(?:d)? )?code\b|\bgithub\b|\brepositor\w+|代码|\bcódigo\b", re.IGNORECASE
)
_NO = re.compile(r"\b(?:no|without|lack\w*|ohne|kein\w*|sans|sin|never|not?)\b|没有|未|n't", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Linked:
    """What a request names of the library. `people` are whom it names with their roles, `topics` its topics as said.

    `left_out` are people who are not meant, `papers` the ids of papers that are named; `unknown_author` is a name that
    nobody has. `least` and `most` are bounds of a number, of papers or of authors.
    """

    filter: PaperFilter = PaperFilter()
    people: tuple[tuple[Named, Mention], ...] = ()
    papers: tuple[Mention, ...] = ()
    topics: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    unknown_author: str = ""
    limit: int | None = None
    least: int | None = None
    most: int | None = None


_LABEL_FOR: Mapping[Slot, Slot] = {"venue": "label", "not_venue": "not_label"}
"""What a venue is read as that is none, but a label."""


@dataclass(frozen=True, slots=True)
class Linker:
    """Finds in one library what requests name. `in_english` puts a phrase of another language into English."""

    library: Library
    gazetteer: Gazetteer
    today: Callable[[], date]
    in_english: Callable[[str], str] = field(default=lambda phrase: phrase)

    def with_labels(self, request: Request) -> Request:
        """Return the request with the collections and tags that it names; what overlaps one names nothing else.

        They are labels of the library whose words name one surely enough, the longest first; a label that stands there
        as any other word ("What do reviews say?", "papers on climate") is left alone. Words that surely name one which
        the library does not have are taken too: no paper is in it, and not every paper. A label is left out where its
        words were read as something that is. A venue that the library does not have is a label that it has.
        """
        if request.said(*LABELS) or not request.labelling:
            return self._with_labels_for_venues(request)
        places: list[tuple[int, int]] = []
        for start, end in (*self._labels_in(request), *_surely_named(request)):
            if all(last <= start or end <= first for first, last in places):
                places.append((start, end))
        left_out = [each for each in request.named if each.slot.startswith("not_")]
        found = [
            Named("not_label" if _overlaps(left_out, *place) else "label", request.text[slice(*place)], *place)
            for place in places
        ]
        others = [each for each in request.named if not _overlaps(found, each.start, each.end)]
        return self._with_labels_for_venues(
            replace(request, named=tuple(sorted((*others, *found), key=lambda each: each.start)))
        )

    def _with_labels_for_venues(self, request: Request) -> Request:
        with self.library.transaction() as connection:

            def read(each: Named) -> Named:
                is_label = labels.known(connection, [_spelling(each.text)]) and not venues_named(connection, each.text)
                return replace(each, slot=_LABEL_FOR[each.slot]) if is_label else each

            return replace(
                request, named=tuple(read(each) if each.slot in _LABEL_FOR else each for each in request.named)
            )

    def _labels_in(self, request: Request) -> list[tuple[int, int]]:
        """Return where labels of the library stand whose words name one surely enough, the longest first."""
        names = {_spelling(request.text[start:end]): (start, end) for start, end in _spans(request.text)}
        names |= {_HYPHENS.sub(" ", name): span for name, span in names.items() if _HYPHENS.search(name)}
        with self.library.transaction() as connection:
            found = labels.known(connection, names)
        sure = [(len(name), _share(request.labelling, *names[name]), names[name]) for name in found]
        return [span for _, share, span in sorted(sure, reverse=True) if share >= _LEAST_LABELLING]

    def link(self, request: Request, person: str = "") -> Linked:
        """Return what a request names; `person` is the id of the one whom the reader chose among people of a name."""
        papers = self._papers(request)
        people, unknown, wording = self._people(request, papers)
        topics_said = (*request.said("topic"), *wording)
        filter = self._placed(self._labelled(request), request)
        filter = self._written_by(filter, request, people, person)
        said, filter = self._worded(filter, request, topics_said)
        filter = self._timed(filter, request)
        least, most = self._bounds(request)
        limits = [number_words.number(each.text) for each in request.said("limit")] or [self._unnamed_number(request)]
        return Linked(
            self._coded(filter, request),
            people,
            papers,
            said,
            tuple(value for each, mention in people if each.slot == "not_author" for value in mention.values),
            unknown,
            next((limit for limit in limits if limit), None),
            least,
            most,
        )

    def _labelled(self, request: Request) -> PaperFilter:
        """Return in which collections the papers are to be, and in which not."""
        said = {slot: [_spelling(each.text) for each in request.said(slot)] for slot in LABELS}
        names = [name for each in said.values() for name in each]
        with self.library.transaction() as connection:
            known = labels.known(connection, (*names, *(_HYPHENS.sub(" ", name) for name in names)))

        def spelled(slot: Slot) -> tuple[str, ...]:
            return tuple(
                dict.fromkeys(known.get(name) or known.get(_HYPHENS.sub(" ", name), name) for name in said[slot])
            )

        inside, places = spelled("label"), request.said("label")
        filter = PaperFilter(without_labels=spelled("not_label"), has_abstract=request.has_abstract)
        if len(inside) > 1 and _OR.search(_between(request, places[0], places[-1])):
            return replace(filter, any_labels=inside)
        return replace(filter, label=inside[0] if inside else "", with_labels=inside[1:])

    def _papers(self, request: Request) -> tuple[Mention, ...]:
        """Return the papers whose titles are named; also one that was taken for a person whom nobody knows."""
        return tuple(
            found
            for each in request.said("title", "author")
            if (each.slot == "title" or not self.gazetteer.person(each.text))
            and (found := self.gazetteer.paper(each.text, each.start))
        )

    def _people(
        self, request: Request, papers: Iterable[Mention]
    ) -> tuple[tuple[tuple[Named, Mention], ...], str, tuple[Named, ...]]:
        """Return the people who are named, a name that nobody has, and what is no name but words of the papers."""
        found: list[tuple[Named, Mention]] = []
        unknown, wording = "", list[Named]()
        known = [mention for mention in self.gazetteer.mentions(request.text) if mention.kind == "author"]
        taken = {mention.start for mention in papers}
        for each in request.said("author", "co_author", "not_author"):
            whole = next((one for one in known if one.start <= each.start and each.end < one.end), None)
            mention = whole or self.gazetteer.person(each.text, each.start)
            if mention:
                found.append((each, mention))
            elif each.start in taken:
                continue
            elif several := self._several(each):
                found += several
            elif each.text[:1].islower() and self._is_held(each.text):
                wording.append(each)
            else:
                unknown = unknown or each.text
        for each in request.said("topic", "title"):
            if " " not in each.text.strip() or each.start in taken or self._is_held(each.text):
                continue
            mention = self.gazetteer.person(each.text, each.start)
            if mention and not mention.corrects(request.text):
                found.append((replace(each, slot="author"), mention))
        if not found and not unknown and request.kind != "content":
            free = [
                one for one in known if all(one.end <= each.start or each.end <= one.start for each in request.named)
            ]
            found += [(Named("author", one.name, one.start, one.end), one) for one in free]
        return tuple(found), unknown, tuple(wording)

    def _several(self, named: Named) -> list[tuple[Named, Mention]]:
        """Return the people of a passage that names several, one behind the other: "yvon schütze"."""
        words = [(match.group(), named.start + match.start()) for match in re.finditer(r"\S+", named.text)]
        found = [(word, start, self.gazetteer.person(word, start)) for word, start in words]
        if len(found) < 2 or not all(mention for _, _, mention in found):
            return []
        return [
            (Named("author" if not n else "co_author", word, start, start + len(word)), mention)
            for n, (word, start, mention) in enumerate(found)
            if mention
        ]

    def _is_held(self, words: str) -> bool:
        return self.library.count(PaperFilter(words=(words,))) > 0

    def _written_by(
        self, filter: PaperFilter, request: Request, people: Iterable[tuple[Named, Mention]], person: str
    ) -> PaperFilter:
        known = list(people)
        unclear = next((mention for _, mention in known if len(mention.values) > 1), None)

        def of(*slots: str) -> tuple[str, ...]:
            return tuple(
                dict.fromkeys(
                    person if person and mention is unclear else _author(mention)
                    for each, mention in known
                    if each.slot in slots
                )
            )

        authors, others = of("author"), of("co_author")
        if not authors:
            authors, others = others[:1], others[1:]
        together = request.kind in ("joint_papers", "coauthors")
        if len(authors) > 1 and not others and not together:
            filter = replace(filter, any_authors=authors)
        elif authors:
            filter = replace(filter, author=authors[0], with_authors=(*authors[1:], *others))
        return replace(
            filter,
            without_authors=of("not_author"),
            position=request.position if filter.author else "",
        )

    def _placed(self, filter: PaperFilter, request: Request) -> PaperFilter:
        """Add venues and categories; what is neither in the library is looked for in the words."""
        with self.library.transaction() as connection:
            known = list(connection.execute(select(categories_table.c.category).distinct()).scalars())

            def is_venue(name: str) -> bool:
                return bool(venues_named(connection, name))

            venues = list(dict.fromkeys(self._venue(each.text, is_venue) for each in request.said("venue")))
            without = [self._venue(each.text, is_venue) for each in request.said("not_venue")]
        if request.said("main") and not without:
            without = list(_BESIDE_THE_MAIN)
        inside = [each.text for each in request.said("category")]
        filter = replace(
            filter,
            venue=venues[0] if len(venues) == 1 else "",
            venues=tuple(venues) if len(venues) > 1 else (),
            without_venues=tuple(without),
            without_categories=tuple(_category(each.text, known) for each in request.said("not_category")),
        )
        return replace(filter, category=_category(inside[0], known)) if inside else filter

    @staticmethod
    def _venue(said: str, is_known: Callable[[str], bool]) -> str:
        """Return the longest beginning of a venue's name that the library knows, else all of it."""
        words = said.split()
        tries = [" ".join(words[first:last]) for last in range(len(words), 0, -1) for first in range(last)]
        return next((name for name in sorted(tries, key=len, reverse=True) if is_known(name)), said)

    def _worded(
        self, filter: PaperFilter, request: Request, said: Iterable[Named]
    ) -> tuple[tuple[str, ...], PaperFilter]:
        """Add the topics as words that the papers hold; the phrase itself where some hold it, else its words."""
        named = [each for each in said if not _CODE.fullmatch(each.text)]
        phrases = [self._phrase(each.text, request.language) for each in named]
        held = [topics.select(self.library, phrase, PaperFilter()).filter.words for phrase in phrases]
        if len(named) > 1 and _OR.search(request.text[named[0].end : named[-1].start]):
            either = set[str]().union(*(self.library.ids(PaperFilter(words=words)) for words in held))
            filter, held = replace(filter, among=tuple(sorted(either))), []
        without = [self._phrase(each.text, request.language) for each in request.said("not_topic")]
        in_title = [self._phrase(each.text, request.language) for each in request.said("title_word")]
        words = tuple(word for words in held for word in words)
        return tuple(phrases), replace(filter, words=words, without_words=tuple(without), title_words=tuple(in_title))

    def _phrase(self, said: str, language: str) -> str:
        """Return a topic without quotation marks, in English where no paper holds it as it is said."""
        phrase = said.strip(" \"'“”„«»《》「」’‘.,")
        if (gloss := _GLOSS.search(phrase)) and self._is_held(gloss[1]):
            return gloss[1]
        if self._is_held(phrase):
            return phrase
        return phrase if language == "en" else self.in_english(phrase) or phrase

    def _coded(self, filter: PaperFilter, request: Request) -> PaperFilter:
        found = _CODE.search(request.text)
        inside = found and any(
            each.start <= found.start() < each.end and len(each.text.split()) > len(found.group().split())
            for each in request.named
        )
        if not found or inside or request.kind in ("content", "paper_summary", "detail", "meta"):
            return filter
        return replace(filter, has_code=not _NO.search(request.text[max(0, found.start() - 20) : found.start()]))

    def _timed(self, filter: PaperFilter, request: Request) -> PaperFilter:
        """Add the time that is named, and the years that are left out."""
        today = self.today()
        out = [year for each in request.said("not_year") for year in _years(find_period(each.text, today))]
        filter = replace(filter, without_years=tuple(out))
        tagged = request.said("year", "year_from", "year_to")
        whole = find_period(request.text, today)
        others = [each for each in request.named if each not in tagged]
        if whole and any(each.start < whole.end and whole.start < each.end for each in others):
            whole = None  # the year is a part of a title, or is left out
        is_sayable = whole and (
            request.language == "en" or _is_range(whole) or all(each.slot == "year" for each in tagged)
        )
        if whole and is_sayable and not (_is_bare(whole) and any(each.slot != "year" for each in tagged)):
            inside = [each for each in tagged if whole.start < each.end and each.start < whole.end]
            if len(inside) == len(tagged):
                return replace(
                    filter,
                    since=whole.since,
                    until=whole.until,
                    first_day=whole.first_day,
                    last_day=whole.last_day,
                )
        single = [each for each in tagged if re.fullmatch(r"(?:19|20)\d\d", each.text.strip("年"))]
        if len(single) == len(tagged) > 1 and all(
            _LISTED.fullmatch(request.text[one.end : other.start]) for one, other in pairwise(single)
        ):
            years = sorted({int(each.text.strip("年")) for each in single})
            between = [year for year in range(years[0], years[-1]) if year not in years]
            is_range = re.search(r"\b(?:between|zwischen|entre)\s*$", request.text[: single[0].start], re.IGNORECASE)
            out = out if is_range else [*out, *between]
            return replace(filter, since=years[0], until=years[-1], without_years=tuple(out))
        since, until = bounds(request.text, [(each.slot, each.start, each.end) for each in tagged], today)
        return replace(filter, since=since, until=until)

    def _unnamed_number(self, request: Request) -> int | None:
        """Return a number that stands in no passage that names something: how many are asked for, of what is ranked."""
        if request.kind not in (
            "newest",
            "oldest",
            "ranking_people",
            "ranking_venues",
            "ranking_years",
            "reading_list",
        ):
            return None
        free = list(request.text)
        for each in request.named:
            free[each.start : each.end] = " " * (each.end - each.start)
        found = number_words.number(re.sub(r"\b(?:19|20)\d\d\b", " ", "".join(free)))
        return found if found and found > 1 else None

    def _bounds(self, request: Request) -> tuple[int | None, int | None]:
        """Return the least and the greatest number that a request allows."""
        least = most = None
        for each in request.said("min_count", "max_count", "exact_count"):
            number = number_words.number(each.text) or 1
            before = request.text[max(0, each.start - 24) : each.start]
            if _LEAST.search(before):
                least = number
            elif _MOST.search(before):
                most = number
            elif _LESS.search(before):
                most = number - 1
            elif _MORE.search(before):
                least = number + 1
            elif each.slot == "exact_count":
                least = most = number
            elif each.slot == "max_count":
                most = number
            else:
                least = number
        return least, most


def _spelling(said: str) -> str:
    return " ".join(said.split())


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where in a text a label may stand: from a word's beginning to a word's end, signs behind it or not."""
    words = [match.span() for match in _PLACE.finditer(text)]
    for first, (start, _) in enumerate(words):
        for place in range(first, min(first + _LONGEST_LABEL, len(words))):
            end = words[place][1]
            following = words[place + 1][0] if place + 1 < len(words) else len(text)
            behind = text[end:following].split(" ")[0]
            yield from ((start, end + length) for length in range(len(behind), -1, -1))


def _share(labelling: Iterable[tuple[int, int, float]], start: int, end: int) -> float:
    """Return how probably the tokens of a passage name a collection: the mean of their log odds, as a probability."""
    odds = [
        math.log(share / (1 - share))
        for first, last, share in labelling
        if first < end and start < last and 0 < share < 1
    ]
    return 1 / (1 + math.exp(-sum(odds) / len(odds))) if odds else 0.0


def _surely_named(request: Request) -> list[tuple[int, int]]:
    """Return where neighbouring words stand that surely name a collection, whatever it is called, the surest first.

    A rare word is several tokens, of which the surest counts.
    """
    words = [
        (*word, max((each[2] for each in request.labelling if each[0] < word[1] and word[0] < each[1]), default=0.0))
        for word in (match.span() for match in _PLACE.finditer(request.text))
    ]
    groups = groupby(words, key=lambda word: word[2] >= _WORD_LABELLING)
    runs = [(run, (run[0][0], run[-1][1])) for is_named, run in ((told, list(run)) for told, run in groups) if is_named]
    sure = [(share, place) for run, place in runs if (share := _share(run, *place)) >= _SURE_LABELLING]
    return [run for _, run in sorted(sure, reverse=True)]


def _between(request: Request, first: Named, last: Named) -> str:
    """Return what stands between two names, without what is named there: “A on looms or mills and B” says “and”."""
    text = request.text[: last.start]
    for each in sorted(request.named, key=lambda each: each.start, reverse=True):
        if first.end <= each.start and each.end <= last.start:
            text = text[: each.start] + text[each.end :]
    return text[first.end :]


def _overlaps(named: Iterable[Named], start: int, end: int) -> bool:
    return any(each.start < end and start < each.end for each in named)


def _author(mention: Mention) -> str:
    """Return what the filter says of a person: their id where it is clear who is meant, else the name."""
    return mention.values[0] if len(mention.values) == 1 else mention.name


def _category(said: str, known: Iterable[str]) -> str:
    """Return the category of the library that is meant, else what was said."""
    forms = arxiv_categories.forms(said)
    return next((code for code in known if arxiv_categories.forms(code) & forms), said)


def _years(period: Period | None) -> Iterable[int]:
    if period is None or period.since is None or period.until is None:
        return ()
    return range(period.since, period.until + 1)


def _is_bare(period: Period) -> bool:
    return period.since is not None and period.since == period.until


def _is_range(period: Period) -> bool:
    return period.since is not None and period.until is not None and period.since < period.until
