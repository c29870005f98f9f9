"""Papers and what sources say of them, filters of papers, and reports of ingestion."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

_OWN_WORDS = re.compile(
    r"“(?:[^“”]|“[^“”]*”)*”|\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|\([^()]*\)|\d[\d.,]*(?<![.,])",
)
"""What differs from record to record in what is said of them: what is quoted, what stands in brackets, and numbers."""

_LISTED = re.compile(r"…(?:(?:,| and| or) …)+")


def _without_own_words(said: str) -> str:
    return _LISTED.sub("…", _OWN_WORDS.sub("…", said))


@dataclass(frozen=True, slots=True)
class Authorship:
    """One person's name on one paper; `position` counts from 1 and is None where the source hides it."""

    name: str
    position: int | None


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper as the library knows it; `abstract` is "" where no source gives one.

    `date` is an ISO date of the precision the source gives: "2025-02-19", "2025-02" or "2025"; "" when unknown.
    `authors_complete` is False where the source cut the author line ("et al.").
    `has_code` is None where the source does not say. `pmid` is the number in PubMed, digits only. `labels` are the
    collections that it is in, `citation_keys` what texts cite it by, as its sources say; papers that differ only in
    these are equal.
    """

    title: str
    abstract: str = ""
    authorships: tuple[Authorship, ...] = ()
    authors_complete: bool = True
    date: str = ""
    categories: tuple[str, ...] = ()
    venue: str = ""
    doi: str = ""
    arxiv_id: str = ""
    pmid: str = ""
    url: str = ""
    has_code: bool | None = None
    id: str = ""
    labels: tuple[str, ...] = field(default=(), compare=False)
    citation_keys: tuple[str, ...] = field(default=(), compare=False)

    @property
    def authors(self) -> tuple[str, ...]:
        """Return the author names in the order known."""
        return tuple(authorship.name for authorship in self.authorships)

    @property
    def year(self) -> int | None:
        """Return the year of publication, or None when the date is unknown."""
        return int(self.date[:4]) if self.date else None

    def to_json(self) -> dict[str, Any]:
        """Return the paper as the object that `papers --json` prints."""
        return {**asdict(self), "authors": list(self.authors), "year": self.year}


@dataclass(frozen=True, slots=True)
class Record:
    """One paper as one source states it; `source_key` is the source's own name for it (a BibTeX key, a JSONL id)."""

    paper: Paper
    line: int
    source_key: str = ""


@dataclass(frozen=True, slots=True)
class AuthorProfile:
    """What an author page says of its owner, word for word; the figures are the page's, not ours."""

    name: str
    category: str
    statistics: tuple[tuple[str, str], ...]
    as_of: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A record or a file that could not be read: where it stands and why, in words for a person.

    `kind` says what problems have in common that differ in what they quote or count only. Where none is given it is the
    reason without its quotations, brackets and numbers.
    """

    file: str
    line: int
    reason: str
    kind: str = ""

    def __post_init__(self) -> None:
        if not self.kind:
            object.__setattr__(self, "kind", _without_own_words(self.reason))


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """Problems of one kind: how many there are, in how many files, and the first of them."""

    kind: str
    count: int
    files: int
    example: Problem


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know about a file that was read all the same (its encoding, say)."""

    file: str
    message: str

    @property
    def kind(self) -> str:
        """Return what notices have in common that differ in what they quote or count only."""
        return _without_own_words(self.message)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Records that a source states as it did before, without stating them again, by its own names for them."""

    source_keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class EndOfSource:
    """The end of a source of which all was seen, also where records of it say too little: what is missing is gone.

    `state` is what the source says of itself, "" where it says nothing; `items` are its own names for what it holds,
    each with the source key of the record, "" where there is none.
    """

    source: str
    state: str = ""
    items: Mapping[str, str] = field(default_factory=dict)


ReaderItem = Record | AuthorProfile | Problem | Notice | Unchanged | EndOfSource


@dataclass(frozen=True, slots=True)
class PaperFilter:
    """Which papers are meant; an empty field does not restrict, and all that do must hold.

    `author` is a person's id or words of a name; years are inclusive. `source` is the path or the reference that papers
    came from, or a file's name. `with_authors` wrote the paper too, `without_authors` did not. `position` is the
    author's place among the authors. `venue` holds words of the venue's name. `first_day` and `last_day` are ISO dates
    of any precision, inclusive. `words` are words or phrases that title or abstract must hold, all of them. `among`
    are ids of papers; None is all papers, () is none. One of `any_authors` at least wrote the paper, and it appeared at
    one of `venues`. `title_words` stand in the title. What begins with `without_` does not hold of the paper: neither
    title nor abstract has such a word; what names no venue, category or year passes. `fewest_authors` and
    `most_authors` are inclusive. `has_abstract` tells apart papers of which no source gives one.
    `label` is a collection that the paper is in; it is in all `with_labels` too, in one of `any_labels` at least, and
    in none of `without_labels`. `added_since` and `added_until` are ISO days, inclusive, on which the paper came into
    the library, in UTC; of older papers that is not known, and they do not pass.
    """

    author: str = ""
    since: int | None = None
    until: int | None = None
    category: str = ""
    has_code: bool | None = None
    source: str = ""
    with_authors: tuple[str, ...] = ()
    without_authors: tuple[str, ...] = ()
    position: Literal["", "first", "last"] = ""
    venue: str = ""
    first_day: str = ""
    last_day: str = ""
    words: tuple[str, ...] = ()
    among: tuple[str, ...] | None = None
    any_authors: tuple[str, ...] = ()
    without_words: tuple[str, ...] = ()
    title_words: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    without_venues: tuple[str, ...] = ()
    without_categories: tuple[str, ...] = ()
    without_years: tuple[int, ...] = ()
    fewest_authors: int | None = None
    most_authors: int | None = None
    has_abstract: bool | None = None
    label: str = ""
    with_labels: tuple[str, ...] = ()
    any_labels: tuple[str, ...] = ()
    without_labels: tuple[str, ...] = ()
    added_since: str = ""
    added_until: str = ""

    @property
    def people(self) -> tuple[str, ...]:
        """Return everybody whom the filter names, each once."""
        asked = (self.author, *self.any_authors, *self.with_authors, *self.without_authors)
        return tuple(dict.fromkeys(filter(None, asked)))

    @property
    def is_empty(self) -> bool:
        """Tell whether every paper passes."""
        return self == PaperFilter()

    def merged(self, said: PaperFilter) -> PaperFilter:
        """Return both filters as one: what `said` says takes its place, but for papers, people, words and labels.

        Only papers that both allow are left; the other people, words, labels and exclusions of both must hold. Who
        wrote the papers, where and when they appeared, and of which labels they bear one, is one matter each, whichever
        fields say it.
        """
        changes = {
            name: value
            for name in ("category", "has_code", "has_abstract", "source", "position")
            if (value := getattr(said, name)) not in ("", None)
        }
        found = replace(self, **changes)
        if said.since is not None or said.until is not None or said.first_day or said.last_day:
            found = replace(found, since=said.since, until=said.until, without_years=())
            found = replace(found, first_day=said.first_day, last_day=said.last_day)
        if said.author or said.any_authors:
            position = found.position if said.author else ""
            found = replace(found, author=said.author, any_authors=said.any_authors, position=position)
        if said.venue or said.venues:
            found = replace(found, venue=said.venue, venues=said.venues, without_venues=())
        if said.category:
            found = replace(found, without_categories=())
        if said.fewest_authors is not None or said.most_authors is not None:
            found = replace(found, fewest_authors=said.fewest_authors, most_authors=said.most_authors)
        if said.added_since or said.added_until:
            found = replace(found, added_since=said.added_since, added_until=said.added_until)
        among = self.among if said.among is None else said.among
        if self.among is not None and said.among is not None:
            among = tuple(sorted({*self.among} & {*said.among}))
        both: dict[str, Any] = {
            name: tuple(dict.fromkeys([*getattr(found, name), *getattr(said, name)]))
            for name in (
                "with_authors",
                "without_authors",
                "words",
                "title_words",
                "without_words",
                "without_venues",
                "without_categories",
                "without_years",
                "without_labels",
            )
        }
        either = [each for each in (said.any_labels, self.any_labels) if each]
        alone = [each[0] for each in either if len(each) == 1]
        first, *others = dict.fromkeys((*self.in_labels, *said.in_labels, *alone)) or ("",)
        several = next((each for each in either if len(each) > 1), ())
        return replace(found, among=among, label=first, with_labels=tuple(others), any_labels=several, **both)

    @property
    def in_labels(self) -> tuple[str, ...]:
        """Return the labels that all papers bear."""
        return tuple(dict.fromkeys(filter(None, (self.label, *self.with_labels))))

    @property
    def labels(self) -> tuple[str, ...]:
        """Return every label that the filter names, each once."""
        return tuple(dict.fromkeys((*self.in_labels, *self.any_labels, *self.without_labels)))

    @property
    def writers(self) -> tuple[str, ...]:
        """Return who wrote the papers; those who did not are left out."""
        return tuple(dict.fromkeys(filter(None, (self.author, *self.any_authors, *self.with_authors))))


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What became of the records of one source: a file's path, or a reference such as "arxiv:2502.13604"."""

    source: str
    added: int
    updated: int
    unchanged: int
    failed: int


@dataclass(frozen=True, slots=True)
class IngestionReport:
    """What an ingestion did with each record; `pending` counts papers not indexed yet: those without a vector, too.

    `failed` holds the first problems of each source, `kinds` counts all of them, the most frequent kind first, and
    `report_file` is the path of the file that holds every one, "" where there is none; `sources` are the figures of
    each source. Of the papers `without_abstract` in these sources so many are `completable`: they carry a DOI, an arXiv
    id or a PubMed number by which to ask for one.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: tuple[Problem, ...] = ()
    pending: int = 0
    sources: tuple[SourceReport, ...] = ()
    without_abstract: int = 0
    completable: int = 0
    notices: tuple[Notice, ...] = ()
    kinds: tuple[ProblemKind, ...] = ()
    report_file: str = ""

    @property
    def records(self) -> int:
        """Return how many records were read: each was added, updated a paper or changed nothing."""
        return self.added + self.updated + self.unchanged

    @property
    def failures(self) -> int:
        """Return how many problems there were: records and files that could not be read, or not to their end."""
        return sum(source.failed for source in self.sources)

    @property
    def notice_kinds(self) -> list[tuple[Notice, int]]:
        """Return each kind of notice once: the first of them, and how many there are."""
        counts = Counter(notice.kind for notice in self.notices)
        firsts = {notice.kind: notice for notice in reversed(self.notices)}
        return [(firsts[kind], count) for kind, count in counts.items()]

    def to_json(self) -> dict[str, Any]:
        """Return the report as the object that `add --json` prints."""
        value: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return value


@dataclass(frozen=True, slots=True)
class CompletionReport:
    """What became of the papers without an abstract that were meant, `missing` of them before.

    `without_id` carry nothing by which they could be asked for, `asked_lately` were asked for in vain not long ago. The
    rest was asked for, or is to be in a preview: `arxiv` by its arXiv id, `doi` and `pmid` of the others. `found` have
    their abstract now. `pending` counts papers that are not indexed yet.
    """

    missing: int
    without_id: int
    asked_lately: int
    arxiv: int = 0
    doi: int = 0
    pmid: int = 0
    found: int = 0
    failed: tuple[Problem, ...] = ()
    pending: int = 0
    notices: tuple[Notice, ...] = field(default=())

    @property
    def asked(self) -> int:
        """Return how many papers were asked for, or are to be."""
        return self.arxiv + self.doi + self.pmid

    def to_json(self) -> dict[str, Any]:
        """Return the report as the object that `complete --json` prints; notices are for people and go elsewhere."""
        value: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        del value["notices"]
        return value


@dataclass(frozen=True, slots=True)
class WordUse:
    """In how many papers of the library a word occurs, and the ids of those looked at in which it does."""

    count: int
    paper_ids: frozenset[str]
