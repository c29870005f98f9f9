"""Entity linking: papers, people, categories and venues that a question names, also misspelt or in part."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from itertools import pairwise
from typing import Literal

from rapidfuzz import fuzz, process
from sqlalchemy import Connection, select

from assistant.library import Library, authors, authorships, fulltext, name_words, papers
from assistant.text import STOP_WORDS, fold, joined
from assistant.types import PaperFilter

MentionKind = Literal["paper", "held", "author", "quoted"]

_WORD = re.compile(r"[^\W_]+(?:['’]s\b)?")
_SUBTITLE = re.compile(r"\s*(?::|\s[-–—]\s|\?)\s*")
_QUOTES = re.compile(r"[\"“”„«»]+")
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]{2,200})[\"”“»]|(?<!\w)'([^']{2,200})'(?!\w)")
_KEYS = re.compile(
    r"\\[a-z]{0,12}cite[a-z]{0,12}\*?(?:\s*\[[^\]]*\])*\s*\{(?P<cited>[^{}]*)\}"
    r"|(?<![^\W_])@\{?(?P<marked>[^\s,;()\[\]{}“”\"]+)\}?"
    r"|(?P<bare>[^\s,;()\[\]{}“”„«»\"]+)",
    re.IGNORECASE,
)
"""A place where citation keys may stand: `\\cite{key,other}`, `@key`, or by itself."""

_AROUND_KEYS = ".:?!'’‘`"
_SHORTEST_KEY = 3
_MOST_CALLED = 3
"""Papers that one key may mean in a question."""

_LONGEST_NAME = 6
"""Words of a person's name or of a paper's short name, at most."""

_FEW_HOLDERS = 3
"""A word or phrase that at most so many papers hold names them."""

_NEAR_NAME = 86.0
"""Likeness in [0, 100] (normalised edit distance) from which a misspelt name is read as the library's."""

_NEAR_TITLE = 90.0
_SHORTEST_MISSPELT = 5
"""Letters of a family name that may be misspelt."""

_TELLING_WORDS = 4
"""So many words of a title that are no everyday ones mean its paper."""

_CANDIDATES = 20
"""Papers that the words of a question propose, whose titles are compared with it."""

_CONNECTING = frozenset("both either neither and or with by from of the a an in on at to for".split())


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a question names something: `values` are ids of papers or of the persons who may be meant.

    `name` is the library's own spelling; `is_sure` where it is a whole title or a short name, not only some words of a
    title. A "held" name stands in the abstracts of few papers, and in none of the titles.
    """

    kind: MentionKind
    start: int
    end: int
    name: str
    values: tuple[str, ...]
    is_sure: bool = True

    def corrects(self, text: str) -> bool:
        """Tell whether the question spells the name in another way than by case, marks or hyphens."""
        said = fold(_without_possessive(text[self.start : self.end])).replace(" ", "")
        known = fold(self.name).replace(" ", "")
        return said not in known


@dataclass(frozen=True, slots=True)
class Cited:
    """A question with the titles of papers in the place of keys: `read` are pairs of both, `papers` the ids."""

    text: str
    read: tuple[tuple[str, str], ...] = ()
    papers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    folded: str
    start: int
    end: int
    is_possessive: bool

    @property
    def looks_like_a_name(self) -> bool:
        has_digit = any(character.isdigit() for character in self.text)
        capitals = sum(character.isupper() for character in self.text)
        return capitals >= 2 or (has_digit and capitals >= 1)

    @property
    def is_capitalised(self) -> bool:
        return self.text[:1].isupper()


@dataclass(frozen=True, slots=True)
class _Titles:
    """The short names of all papers, those of them that only stand within a title, and the people's names."""

    version: str
    short: dict[str, tuple[str, ...]]
    within: frozenset[str]
    spelt: dict[str, str]
    single: tuple[str, ...]
    people: tuple[str, ...]


class Gazetteer:
    """Finds what a question names. The names are read once, and again when the library has changed. Safe in threads."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._titles: _Titles | None = None

    def mentions(self, question: str) -> tuple[Mention, ...]:
        """Return what the question names, in reading order and without overlaps."""
        titles = self._read()
        words = list(_words(question))
        taken: set[int] = set()
        found: list[Mention] = []
        for find in (
            self._quoted,
            self._titled,
            partial(self._people, fewest=2),
            self._phrases,
            self._misspelt,
            partial(self._people, fewest=1),
            self._held,
        ):
            for mention in find(question, words, titles, taken):
                covered = set(range(mention.start, mention.end))
                if taken.isdisjoint(covered):
                    taken |= covered
                    found.append(mention)
        return tuple(sorted(found, key=lambda mention: mention.start))

    def cited(self, question: str) -> Cited:
        """Return the question with titles in the place of citation keys, and of other names that sources have.

        A key by itself is one only where its capitals are right, and no text and no author of the library has the word.
        """
        places = list(_KEYS.finditer(question))
        bare = {key for place in places if place["bare"] for key in _keys(place)}
        marked = {key for place in places if not place["bare"] for key in _keys(place)}
        known = {**self._called_by_itself(bare), **self._library.called(marked)}
        ids = list(dict.fromkeys(one for found in known.values() for one in found[:_MOST_CALLED]))
        titles = {paper.id: paper.title for paper in self._library.papers_by_id(ids)}
        text, last, read, meant = "", 0, list[tuple[str, str]](), set[str]()
        for place in places:
            keys = _keys(place)
            if not keys or not all(key in known for key in keys):
                continue
            named = [(key, titles[one]) for key in keys for one in known[key][:_MOST_CALLED] if one in titles]
            before, _, behind = ("", "", "") if place["cited"] else place.group().partition(keys[0])
            text += question[last : place.start()] + before.rstrip("@{")
            text += joined([f"“{_QUOTES.sub(' ', title)}”" for _, title in named]) + behind.lstrip("}")
            last = place.end()
            read += named
            meant |= {one for key in keys for one in known[key][:_MOST_CALLED]}
        return Cited(text + question[last:], tuple(dict.fromkeys(read)), tuple(sorted(meant)))

    def _called_by_itself(self, words: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return the papers that sources call by a word that is nothing else in the library."""
        known = self._library.called(words, in_any_case=False)
        if not known:
            return known
        folded = {key: fold(key) for key in known}
        use = self._library.word_use([word for word in folded.values() if word], [])
        with self._library.transaction() as connection:
            query = select(name_words.c.word).where(name_words.c.word.in_(list(folded.values())))
            people = set(connection.execute(query).scalars())
        return {
            key: ids
            for key, ids in known.items()
            if folded[key] and not use[folded[key]].count and folded[key] not in people
        }

    def person(self, said: str, start: int = 0) -> Mention | None:
        """Return whom a name means, also where it is misspelt; None where nobody has it. `start` is where it stands."""
        name = _without_possessive(said.strip(" \"'“”„«»,.;:"))
        with self._library.transaction() as connection:
            persons = authors.find(connection, name) or authors.find(connection, name.casefold())
            if not persons and (" " in name or len(fold(name)) >= _SHORTEST_MISSPELT):
                people = self._read().people if " " in name else self._family_names_known(connection)
                near = process.extract(
                    fold(name), people, scorer=fuzz.token_sort_ratio, limit=5, score_cutoff=_NEAR_NAME
                )
                best = [known for known, score, _ in near if score >= near[0][1] - 1]
                persons = list({each.id: each for known in best for each in authors.find(connection, known)}.values())
        if not persons:
            return None
        called = persons[0].name if len(persons) == 1 else name
        return Mention("author", start, start + len(said), called, tuple(each.id for each in persons))

    def _family_names_known(self, connection: Connection) -> Sequence[str]:
        return connection.execute(select(name_words.c.word).distinct()).scalars().all()

    def paper(self, said: str, start: int = 0) -> Mention | None:
        """Return which papers a title means: whole, short, or a part of it; None for an unknown one."""
        titles = self._read()
        name = fold(said)
        if ids := titles.short.get(name):
            return Mention("paper", start, start + len(said), titles.spelt[name], ids)
        for paper in self._library.papers_by_id([found for found, _ in self._library.text_search(said, _CANDIDATES)]):
            title = fold(paper.title)
            is_part = len(name.split()) > 1 and f" {name} " in f" {title} "
            if (
                is_part
                or max(fuzz.ratio(name, title), fuzz.ratio(name, fold(_SUBTITLE.split(paper.title)[0]))) >= _NEAR_TITLE
            ):
                return Mention("paper", start, start + len(said), paper.title, (paper.id,))
        return None

    def nearest_names(self, name: str, limit: int = 3) -> tuple[str, ...]:
        """Return the people of the library whose names are most like this one."""
        people = self._read().people
        found = process.extract(fold(name), people, scorer=fuzz.token_sort_ratio, limit=limit, score_cutoff=60)
        return tuple(self._full_names([folded for folded, _, _ in found]))

    def _full_names(self, folded: Sequence[str]) -> list[str]:
        query = select(authorships.c.folded, authorships.c.name).where(authorships.c.folded.in_(folded)).distinct()
        with self._library.transaction() as connection:
            names = {row.folded: row.name for row in connection.execute(query)}
        return [names[name] for name in folded if name in names]

    def _read(self) -> _Titles:
        with self._lock:
            with self._library.transaction() as connection:
                version = fulltext.version(connection)
                if self._titles is not None and self._titles.version == version:
                    return self._titles
                rows = connection.execute(select(papers.c.id, papers.c.title)).all()
                people = tuple(connection.execute(select(authorships.c.folded).distinct()).scalars())
            short: dict[str, list[str]] = defaultdict(list)
            spelt: dict[str, str] = {}
            own: set[str] = set()
            for row in rows:
                for name, is_own in _short_names(row.title):
                    if folded := fold(name):
                        short[folded].append(row.id)
                        spelt[folded] = name
                        own |= {folded} if is_own else set()
            known = {name: tuple(dict.fromkeys(ids)) for name, ids in short.items() if len(ids) <= _FEW_HOLDERS * 2}
            single = tuple(name for name in known if " " not in name and len(name) >= 4)
            self._titles = _Titles(version, known, frozenset(known.keys() - own), spelt, single, people)
            return self._titles

    def _quoted(self, question: str, _words: Sequence[_Word], titles: _Titles, _taken: set[int]) -> Iterator[Mention]:
        """Find what stands in quotation marks: a title, or words that the papers hold."""
        for match in _QUOTED.finditer(question):
            said = next(group for group in match.groups() if group)
            ids = titles.short.get(fold(said), ())
            yield Mention("paper" if ids else "quoted", match.start(), match.end(), said, ids)

    def _titled(self, question: str, words: Sequence[_Word], titles: _Titles, taken: set[int]) -> Iterator[Mention]:
        """Find whole titles and short names, the longest first."""
        for first, last in _ranges(len(words), _LONGEST_NAME * 4):
            span = words[first:last]
            name = " ".join(word.folded for word in span)
            ids = titles.short.get(name)
            if (
                ids
                and taken.isdisjoint(range(span[0].start, span[-1].end))
                and self._is_distinctive(span, name, titles)
            ):
                yield Mention("paper", span[0].start, span[-1].end, titles.spelt[name], ids)

    def _is_distinctive(self, span: Sequence[_Word], name: str, titles: _Titles) -> bool:
        """Tell whether a short name means its paper: everyday words do not, unless hardly any paper holds them."""
        if all(word.folded in STOP_WORDS for word in span):
            return False
        holders = self._holders(name)
        if name in titles.within and holders > len(titles.short[name]):
            return False
        if holders <= _FEW_HOLDERS:
            return True
        same_case = any(word.looks_like_a_name and word.text in titles.spelt[name] for word in span)
        is_long = sum(word.folded not in STOP_WORDS for word in span) >= 4
        return is_long or (same_case and holders <= self._library.count() // 50)

    def _holders(self, phrase: str) -> int:
        return self._library.count(PaperFilter(words=(phrase,)))

    def _people(
        self, question: str, words: Sequence[_Word], _titles: _Titles, taken: set[int], fewest: int
    ) -> Iterator[Mention]:
        """Find people by words of their names: two or more, or one where something says that it is one."""
        with self._library.transaction() as connection:
            folded = {part for word in words for part in word.folded.split()}
            query = select(name_words.c.word).where(name_words.c.word.in_(folded)).distinct()
            known = set(connection.execute(query).scalars())
            unfit = {word.folded for word in words if word.folded in STOP_WORDS and not word.is_capitalised}
            for first, last in _ranges(len(words), _LONGEST_NAME if fewest > 1 else 1):
                span = words[first:last]
                if not taken.isdisjoint(range(span[0].start, span[-1].end)) or not _is_run(question, span):
                    continue
                parts = [part for word in span for part in word.folded.split()]
                if any(part not in known and len(part) > 1 for part in parts) or unfit & set(parts):
                    continue
                if len(parts) < fewest or not any(len(part) > 1 for part in parts):
                    continue
                if len(parts) == 1 and not self._is_a_family_name(words, first):
                    continue
                said = question[span[0].start : span[-1].end]
                plain = _without_possessive(said)
                persons = authors.find(connection, plain) or authors.find(connection, plain.casefold())
                if persons:
                    name = persons[0].name if len(persons) == 1 else _without_possessive(said)
                    yield Mention("author", span[0].start, span[-1].end, name, tuple(person.id for person in persons))

    def _is_a_family_name(self, words: Sequence[_Word], place: int) -> bool:
        """Tell whether a single word that some author's name holds is meant as a name here."""
        word = words[place]
        if word.folded in STOP_WORDS or word.looks_like_a_name or len(word.folded) < 2:
            return False
        beside = [words[other] for other in (place - 1, place + 1) if 0 < other < len(words)]
        if word.is_capitalised and any(other.is_capitalised and other.text.isalpha() for other in beside):
            return False  # a part of a longer name, which nobody has
        before = words[place - 1].folded if place else ""
        if word.is_possessive or before in ("by", "author", "prof", "professor", "dr"):
            return word.is_capitalised or self._is_rare(word.folded) or not word.is_possessive
        if place == 0 and not word.is_capitalised:
            return False
        if self._is_rare(word.folded):
            return True
        holders = self._library.word_use([word.folded], [])[word.folded].count
        return place > 0 and word.is_capitalised and self._library.count(PaperFilter(author=word.folded)) > holders

    def _is_rare(self, word: str) -> bool:
        return self._library.word_use([word], [])[word].count == 0

    def _phrases(self, question: str, words: Sequence[_Word], _titles: _Titles, taken: set[int]) -> Iterator[Mention]:
        """Find parts of titles: runs of words that hardly any other paper holds, also misspelt ones."""
        hits = self._library.text_search(question, _CANDIDATES)
        for paper in self._library.papers_by_id([paper_id for paper_id, _ in hits]):
            title = fold(paper.title).split()
            run = SequenceMatcher(None, [word.folded for word in words], title, autojunk=False).find_longest_match()
            span = _trimmed(words[run.a : run.a + run.size])
            content = [word for word in span if word.folded not in STOP_WORDS]
            if len(content) >= 2 and taken.isdisjoint(range(span[0].start, span[-1].end)):
                phrase = " ".join(word.folded for word in span)
                if self._holders(phrase) <= _FEW_HOLDERS - 1:
                    yield Mention("paper", span[0].start, span[-1].end, paper.title, (paper.id,), is_sure=False)
                    continue
            main = fold(_SUBTITLE.split(paper.title)[0])
            telling = sum(word not in STOP_WORDS for word in main.split())
            is_own = telling >= _TELLING_WORDS or (telling == 3 and self._holders(main) <= _FEW_HOLDERS)
            if is_own and len(main) <= len(question):
                near = fuzz.partial_ratio_alignment(main, question.casefold(), score_cutoff=_NEAR_TITLE)
                if near and taken.isdisjoint(range(near.dest_start, near.dest_end)):
                    yield Mention("paper", near.dest_start, near.dest_end, paper.title, (paper.id,))

    def _misspelt(self, question: str, words: Sequence[_Word], titles: _Titles, taken: set[int]) -> Iterator[Mention]:
        """Find names of papers and people that are misspelt: words that neither texts nor names of the library know."""
        free = [word for word in words if word.start not in taken and len(word.folded) >= 3]
        use = self._library.word_use([word.folded for word in free], [])
        with self._library.transaction() as connection:
            folded = {word.folded for word in words}
            query = select(name_words.c.word).where(name_words.c.word.in_(folded)).distinct()
            known_names = set(connection.execute(query).scalars())
        unknown = {
            word.start
            for word in free
            if not use[word.folded].count and word.folded not in known_names and word.folded not in STOP_WORDS
        }
        for first, last in _ranges(len(words), 3):
            span = words[first:last]
            if (
                len(span) < 2
                or not any(word.start in unknown for word in span)
                or not all(
                    word.start in unknown or word.folded in known_names or len(word.folded) == 1 for word in span
                )
                or any(word.folded in STOP_WORDS | _CONNECTING for word in span)
                or not taken.isdisjoint(range(span[0].start, span[-1].end))
            ):
                continue
            said = " ".join(word.folded for word in span)
            near = process.extract(said, titles.people, scorer=fuzz.token_sort_ratio, limit=5, score_cutoff=_NEAR_NAME)
            if near:
                best = [name for name, score, _ in near if score >= near[0][1] - 1]
                with self._library.transaction() as connection:
                    persons = {person.id: person for name in best for person in authors.find(connection, name)}
                if persons:
                    name = next(iter(persons.values())).name
                    yield Mention("author", span[0].start, span[-1].end, name, tuple(persons))
        for word in free:
            if word.start in unknown and word.start not in taken and len(word.folded) >= 5:
                match = process.extractOne(word.folded, titles.single, scorer=fuzz.ratio, score_cutoff=_NEAR_NAME - 4)
                if match:
                    yield Mention("paper", word.start, word.end, titles.spelt[match[0]], titles.short[match[0]])

    def _held(self, _question: str, words: Sequence[_Word], _titles: _Titles, taken: set[int]) -> Iterator[Mention]:
        """Find words written as names that few papers hold: they mean these papers, unless a title is named too."""
        named = [word for word in words if word.looks_like_a_name and word.start not in taken]
        use = self._library.word_use([word.folded for word in named], [])
        for word in named:
            if 0 < use[word.folded].count <= _FEW_HOLDERS:
                ids = self._library.ids(PaperFilter(words=(word.folded,)))
                yield Mention("held", word.start, word.end, word.text, tuple(sorted(ids)), is_sure=len(ids) == 1)


def _keys(place: re.Match[str]) -> list[str]:
    """Return what may be citation keys at a place: all of a LaTeX citation, else one or none."""
    if place["cited"]:
        return [key for part in place["cited"].split(",") if (key := part.strip())]
    key = _without_possessive((place["marked"] or place["bare"] or "").strip(_AROUND_KEYS))
    is_one = place["marked"] or (len(key) >= _SHORTEST_KEY and not key.isdecimal())
    return [key] if key and is_one else []


def _words(question: str) -> Iterator[_Word]:
    for match in _WORD.finditer(question):
        text = _without_possessive(match.group())
        yield _Word(text, fold(text), match.start(), match.end(), text != match.group())


def _without_possessive(text: str) -> str:
    return re.sub(r"['’]s$", "", text)


def _ranges(count: int, longest: int) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) of every run of words, the longest runs first."""
    for length in range(min(longest, count), 0, -1):
        for first in range(count - length + 1):
            yield first, first + length


def _is_run(question: str, span: Sequence[_Word]) -> bool:
    """Tell whether only what stands within a name stands between the words."""
    between = (question[one.end : other.start] for one, other in pairwise(span))
    return all(re.fullmatch(r"[\s.,\-‐'’]{0,3}", gap) for gap in between) and not any(
        word.is_possessive for word in span[:-1]
    )


def _short_names(title: str) -> Iterator[tuple[str, bool]]:
    """Yield the whole title, the short part before its colon, the names within it; whether it is its own."""
    yield title, True
    parts = _SUBTITLE.split(title)
    if len(parts) > 1 and len(parts[0].split()) <= _LONGEST_NAME:
        yield parts[0], True
    for word in re.findall(r"[^\W_]+(?:[-.+][^\W_]+)*", title):
        capitals = sum(character.isupper() for character in word[1:])
        if capitals >= 1 and not title.isupper():
            yield word, False


def _trimmed(span: Sequence[_Word]) -> Sequence[_Word]:
    """Leave out the words at both ends that only connect."""
    while span and span[0].folded in STOP_WORDS | _CONNECTING:
        span = span[1:]
    while span and span[-1].folded in STOP_WORDS | _CONNECTING:
        span = span[:-1]
    return span
