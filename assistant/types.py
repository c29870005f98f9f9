"""Plain data that every room speaks: papers, filters and plans in, evidence and answers out.

Everything here is frozen and knows nothing of files, databases or models.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

AnswerKind = Literal["passages", "catalogue", "comparison", "synthesis", "about", "clarification", "refusal"]
SentenceStatus = Literal["exact", "supported", "partial", "unsupported", "unchecked"]
PlanKind = Literal["catalogue", "passages", "comparison", "synthesis", "about", "clarification"]
Length = Literal["short", "medium", "long"]
Measure = Literal[
    "count",
    "papers",
    "newest",
    "oldest",
    "per_year",
    "years_ranked",
    "per_category",
    "per_venue",
    "per_author",
    "per_first_author",
    "per_last_author",
    "coauthors",
    "by_author_count",
    "authors_of",
    "details",
    "profile",
]
"""What is asked of the catalogue: a number, a list, the latest, how many a year, who wrote with whom ..."""


@dataclass(frozen=True, slots=True)
class Authorship:
    """One person's name on one paper; `position` counts from 1 and is None where the source hides it."""

    name: str
    position: int | None


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper as the library knows it.

    `date` is an ISO date of the precision the source gives: "2025-02-19", "2025-02" or "2025"; "" when unknown.
    `authors_complete` is False where the source cut the author line ("et al.").
    `has_code` is None where the source does not say. `pmid` is the number in PubMed, digits only.
    """

    title: str
    abstract: str
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

    @property
    def authors(self) -> tuple[str, ...]:
        """Return the author names in the order known."""
        return tuple(authorship.name for authorship in self.authorships)

    @property
    def year(self) -> int | None:
        """Return the year of publication, or None when the date is unknown."""
        return int(self.date[:4]) if self.date else None


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
    """A record or a file that could not be read: where it stands and why, in words for a person."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know about a file that was read all the same (its encoding, say)."""

    file: str
    message: str


ReaderItem = Record | AuthorProfile | Problem | Notice


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
    `most_authors` are inclusive.
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
        """Return both filters as one: what `said` says takes its place, but for papers, people and words.

        Only papers that both allow are left; the other people, the words and the exclusions of both must hold. Who
        wrote the papers, where and when they appeared is one matter each, whichever fields say it.
        """
        changes = {
            name: value
            for name in ("category", "has_code", "source", "position")
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
            )
        }
        return replace(found, among=among, **both)

    @property
    def writers(self) -> tuple[str, ...]:
        """Return who wrote the papers; those who did not are left out."""
        return tuple(dict.fromkeys(filter(None, (self.author, *self.any_authors, *self.with_authors))))


@dataclass(frozen=True, slots=True)
class WordUse:
    """In how many papers of the library a word occurs, and the ids of those looked at in which it does."""

    count: int
    paper_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may be meant by a name: `id` chooses them, `words` tell them apart from the others."""

    id: str
    name: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BasePlan:
    """What every plan says: the question, standing alone, and which papers are meant.

    `papers` are the ids of the papers that the question names. `corrections` tell where a name was read in another
    spelling: (as asked, as read). `words` say the plan to a person. `language` is the code of the language that was
    asked in: "en", "de".
    """

    question: str
    filter: PaperFilter = PaperFilter()
    papers: tuple[str, ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
    words: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassagesPlan(BasePlan):
    """A question that is answered in prose from the abstracts found for it.

    `subject` is what is searched for: the question without what the filter says already. `is_exact` is False where
    papers are named by some words of their titles only.
    """

    kind: Literal["passages"] = "passages"
    subject: str
    is_exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPlan(BasePlan):
    """A comparison of the papers named."""

    kind: Literal["comparison"] = "comparison"


@dataclass(frozen=True, slots=True, kw_only=True)
class CataloguePlan(BasePlan):
    """A question for the catalogue: a number, a list, a ranking, a fact.

    A ranking is `ascending` where the fewest, the lowest or the oldest stand first. `place` asks for that place alone,
    counted from 1. `least` and `most` are the numbers of papers, inclusive, that those have who are ranked. Of people
    only those in `ranked` are named, where there are any, and none in `left_out`. `manner` is how it is said beside the
    number: whether there are any, or how they are written into a file. `unknown_author` is a name that nobody in the
    library has.
    """

    kind: Literal["catalogue"] = "catalogue"
    measure: Measure
    limit: int | None = None
    ascending: bool = False
    place: int | None = None
    least: int | None = None
    most: int | None = None
    ranked: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    manner: Literal["", "yes_no", "export"] = ""
    unknown_author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPlan(BasePlan):
    """An overview of every paper that is meant.

    `topic` is what it is about, where not its words alone choose the papers.
    """

    kind: Literal["synthesis"] = "synthesis"
    topic: str = ""
    length: Length = "medium"
    unknown_author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutPlan(BasePlan):
    """A question about the assistant itself."""

    kind: Literal["about"] = "about"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClarificationPlan(BasePlan):
    """A question that cannot be answered before its reader says more: one of the `candidates`, or what `asks` asks.

    `intended` is the plan that is carried out once one of the candidates is chosen.
    """

    kind: Literal["clarification"] = "clarification"
    candidates: tuple[Candidate, ...] = ()
    intended: CataloguePlan | OverviewPlan | None = None
    asks: str = ""


Plan = PassagesPlan | ComparisonPlan | CataloguePlan | OverviewPlan | AboutPlan | ClarificationPlan
"""What a question means; its `kind` tells which."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A paper found for a question. `score` is the fused score, higher is better.

    `similarity` is the cosine between question and paper, in [-1, 1]; None where the dense search did not return it.
    """

    paper_id: str
    score: float
    similarity: float | None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A paper that a search found, and how near it is."""

    paper: Paper
    passage: Passage


@dataclass(frozen=True, slots=True)
class Source:
    """A numbered paper given to the reader as evidence."""

    number: int
    paper_id: str
    title: str
    authors: tuple[str, ...]
    date: str
    url: str
    abstract: str

    @classmethod
    def of(cls, number: int, paper: Paper) -> Source:
        """Return a paper as the source of a number."""
        return cls(number, paper.id, paper.title, paper.authors, paper.date, paper.url, paper.abstract)


@dataclass(frozen=True, slots=True)
class Span:
    """A verbatim quotation from the abstract of source number `source`."""

    source: int
    quote: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer with the sources it came from."""

    text: str
    status: SentenceStatus
    sources: tuple[int, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model wrote a text, where it ran and in what number format."""

    name: str
    device: str
    dtype: str


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds since the question was asked, and tokens. Fields are None where the model was not called."""

    first_evidence_s: float
    first_token_s: float | None
    total_s: float
    prompt_tokens: int = 0
    new_tokens: int = 0
    new_tokens_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the talk, the answer given to it, its plan, and the papers cited, in their order."""

    question: str
    answer: str
    paper_ids: tuple[str, ...] = ()
    standalone_question: str = ""
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the papers that are meant were read for an answer, and of what they were read.

    `first` and `last` are the oldest and the newest date among those read, "" where none has one; `undated` have none.
    `reading` is "abstracts" or "key sentences".
    """

    matching: int
    read: int
    first: str
    last: str
    undated: int
    reading: Literal["abstracts", "key sentences"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A finished answer: the stable contract of `ask --json`.

    `withheld` are the sentences that the model wrote and that no abstract supports; they are no part of `text`.
    `coverage` is given for an overview. `translation` says the answer in the language of the question, in front of the
    English sentences in `text`.
    """

    id: str = ""
    question: str
    standalone_question: str
    kind: AnswerKind
    text: str
    refused: bool
    reason: str
    plan: Plan | None = None
    sentences: tuple[Sentence, ...] = ()
    withheld: tuple[Sentence, ...] = ()
    sources: tuple[Source, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()
    count: int | None = None
    coverage: Coverage | None = None
    translation: str = ""
    model: ModelInfo | None = None
    timings: Timings

    @property
    def cited_numbers(self) -> frozenset[int]:
        """Return the numbers of the sources that some sentence draws on."""
        return frozenset(number for sentence in self.sentences for number in sentence.sources)

    def quotes(self, number: int) -> tuple[str, ...]:
        """Return what the answer quotes of a source, each quotation once."""
        spans = (span for sentence in self.sentences for span in sentence.spans)
        return tuple(dict.fromkeys(span.quote for span in spans if span.source == number))

    def turn(self) -> Turn:
        """Return what a later question needs to know of this one."""
        cited = self.cited_numbers
        listed = tuple(str(row["paper_id"]) for row in self.rows if "paper_id" in row)
        paper_ids = listed or tuple(source.paper_id for source in self.sources if source.number in cited)
        return Turn(self.question, self.text, paper_ids, self.standalone_question, self.plan)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain JSON values; the abstracts stay in the library."""
        value: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        for source in value["sources"]:
            del source["abstract"]
        return value


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long task is: `done` of `total` (0 when unknown), in words."""

    done: int
    total: int
    message: str


@dataclass(frozen=True, slots=True)
class QuestionPlanned:
    """How the question was read, sent before anything is looked up."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """The numbered sources, sent before the model has said a word."""

    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class TextProduced:
    """The next piece of the answer's text, as the model writes it."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerFinished:
    """The whole answer, with its sentences attributed. Its text replaces what was streamed."""

    answer: Answer


AnswerEvent = QuestionPlanned | EvidenceFound | Progress | TextProduced | AnswerFinished


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


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

    `failed` holds the first problems of each source, `sources` the figures of all.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: tuple[Problem, ...] = ()
    pending: int = 0
    sources: tuple[SourceReport, ...] = ()
    notices: tuple[Notice, ...] = field(default=())

    @property
    def failures(self) -> int:
        """Return how many records and sources could not be read."""
        return sum(source.failed for source in self.sources)

    def to_json(self) -> dict[str, Any]:
        """Return the report as the object that `add --json` prints; notices are for people and go elsewhere."""
        value: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        del value["notices"]
        return value


ProgressListener = Callable[[Progress], None]
"""Is told how far a long task is; may raise to end it."""
