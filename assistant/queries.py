"""Queries of other programs: what the HTTP API and the MCP server answer, in the shapes of `--json`."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import anyio
from pydantic import BaseModel, ConfigDict, Field

from assistant import catalogue
from assistant.analysis import trends
from assistant.answering import AnswerStream
from assistant.errors import QuestionError, UsageError
from assistant.library import Library, authors, curation, provenance_json
from assistant.library.authors import curation as people_curation
from assistant.types import (
    AnswerEvent,
    AnswerFinished,
    AnswerKind,
    CataloguePlan,
    Coverage,
    Measure,
    ModelInfo,
    PaperFilter,
    Passage,
    Plan,
    QuestionPlanned,
    Sentence,
    Timings,
    Turn,
)
from assistant.workspace import Workspace

_T = TypeVar("_T")

By = Literal["", "year", "category", "venue", "author"]
Kind = Literal["catalogue", "passages", "comparison", "synthesis"]
"""As what a question may be read by hand."""

_MEASURES: dict[By, Measure] = {
    "": "count",
    "year": "per_year",
    "category": "per_category",
    "venue": "per_venue",
    "author": "per_author",
}
LARGEST = 10**9
"""Number that a filter can name, at most: SQLite counts no further than eight bytes."""

_MONTH = "[1-9][0-9]{3}-(0[1-9]|1[0-2])"
DAY = f"^({_MONTH}-(0[1-9]|[12][0-9]|3[01]))?$"
"""Pattern of a day in a filter, as 2025-02-19."""

DATE = f"^([1-9][0-9]{{3}}|{_MONTH}|{_MONTH}-(0[1-9]|[12][0-9]|3[01]))?$"
"""Pattern of a date in a filter: a day, a month or a year."""

_COAUTHORS = 20
_MOST_PROVED = 10
"""Papers that a text is compared with at once."""

_LONGEST_PROVED = 20_000
"""Characters of a text that is checked at once; the model reads each of its sentences beside each paper."""

_MOST_TURNS = 500
"""Turns of talks that are remembered, so that a question that goes on from them need not ask them again."""

_MOST_REREAD = 5
"""Questions before that are planned again where they are not remembered; on those before them few go on."""

_LOOK = 0.2
"""Seconds between two looks at whether somebody still waits for an answer."""

_AT_ONCE = 64
"""Answers, those that wait for the model among them, that are followed at once."""


class ChosenPapers(BaseModel):
    """Which papers are meant: all conditions that are given must hold."""

    model_config = ConfigDict(extra="forbid")

    author: str = Field(default="", description="A person's id, or words of a name.")
    since: int | None = Field(default=None, description="From this year on.", ge=-LARGEST, le=LARGEST)
    until: int | None = Field(default=None, description="Up to this year.", ge=-LARGEST, le=LARGEST)
    first_day: str = Field(default="", description="From this day on, 2025-02-19, 2025-02 or 2025.", pattern=DATE)
    last_day: str = Field(default="", description="Up to this day.", pattern=DATE)
    category: str = Field(default="", description="In this category, such as cs.CL or CL.")
    venue: str = Field(default="", description="At a venue with these words in its name.")
    words: list[str] = Field(default=[], description="Words or phrases that title or abstract hold, all of them.")
    code: bool | None = Field(default=None, description="With released code, or without.")
    abstract: bool | None = Field(default=None, description="With an abstract, or without.")
    label: str = Field(default="", description="In this collection.")
    with_labels: list[str] = Field(default=[], description="In all of these collections too.")
    any_labels: list[str] = Field(default=[], description="In one of these collections at least.")
    without_labels: list[str] = Field(default=[], description="In none of these collections.")
    source: str = Field(default="", description="From this file or reference.")
    added_since: str = Field(default="", description="Added on this day or later.", pattern=DAY)

    @property
    def filter(self) -> PaperFilter:
        """Return them as a filter."""
        return PaperFilter(
            author=self.author.strip(),
            since=self.since,
            until=self.until,
            category=self.category.strip(),
            has_code=self.code,
            source=self.source,
            venue=self.venue.strip(),
            first_day=self.first_day,
            last_day=self.last_day,
            words=tuple(filter(None, map(str.strip, self.words))),
            has_abstract=self.abstract,
            label=self.label,
            with_labels=tuple(self.with_labels),
            any_labels=tuple(self.any_labels),
            without_labels=tuple(self.without_labels),
            added_since=self.added_since,
        )


class AuthorshipShape(BaseModel):
    """A name on a paper; `position` counts from 1, null where the source hides it."""

    name: str
    position: int | None


class PaperShape(BaseModel):
    """A paper, as `papers --json` prints it."""

    id: str
    title: str
    abstract: str
    authors: list[str]
    authorships: list[AuthorshipShape]
    authors_complete: bool
    date: str
    year: int | None
    categories: list[str]
    venue: str
    doi: str
    arxiv_id: str
    pmid: str
    url: str
    has_code: bool | None
    labels: list[str]
    citation_keys: list[str]


class PaperDetails(PaperShape):
    """A paper, as `paper --json` prints it: which source says what."""

    said_by: dict[str, list[str]]
    sources: list[dict[str, Any]]


class PaperList(BaseModel):
    """Papers from a place in the list on; `total` is how many pass."""

    total: int
    offset: int
    papers: list[PaperShape]


class FoundPaper(BaseModel):
    """A paper that a search found, as `search --json` prints it."""

    paper_id: str
    title: str
    authors: list[str]
    date: str
    score: float
    similarity: float | None


class FoundPapers(BaseModel):
    """What a search found, best first."""

    results: list[FoundPaper]


class VariantShape(BaseModel):
    """A spelling of a person's name, and why it is theirs."""

    name: str
    papers: int
    reason: str
    confidence: float


class PersonShape(BaseModel):
    """A person, as `authors --json` prints it; co-authors where one person is asked for."""

    id: str
    name: str
    papers: int
    paper_ids: list[str]
    variants: list[VariantShape]
    coauthors: list[dict[str, str | int]] | None = None


class People(BaseModel):
    """People, most papers first; `total` is how many there are."""

    total: int
    people: list[PersonShape]


class Counted(BaseModel):
    """An exact number of papers, in words, with caveats, and by group where that is asked for.

    `rows` are those of `ask --json` for such a question. `text` says what names may mean and what is not known.
    """

    count: int
    text: str
    rows: list[dict[str, Any]]


class TrendShapes(BaseModel):
    """How themes and terms come and go, as `trends --json` prints it."""

    model_config = ConfigDict(extra="allow")

    selected: str
    total: int
    periods: list[dict[str, Any]]
    themes: list[dict[str, Any]]
    terms: list[dict[str, Any]]
    remarks: list[str]


class SourceShape(BaseModel):
    """A numbered paper that an answer rests on; its abstract stays in the library."""

    number: int
    paper_id: str
    title: str
    authors: list[str]
    date: str
    url: str


class AnswerShape(BaseModel):
    """An answer, as `ask --json` prints it."""

    id: str
    question: str
    standalone_question: str
    kind: AnswerKind
    text: str
    refused: bool
    reason: str
    plan: Plan | None
    sentences: list[Sentence]
    withheld: list[Sentence]
    sources: list[SourceShape]
    rows: list[dict[str, Any]]
    count: int | None
    coverage: Coverage | None
    translation: str
    is_cut: bool = False
    model: ModelInfo | None
    timings: Timings
    sent_to: list[str] = []


class Verified(BaseModel):
    """What a verification found: each sentence of a text, or each check of an answer, as `verify --json` prints it.

    The sources of a sentence are the places of `papers`, from 1. `sent_to` names the other machines to which the text
    and the abstracts were sent, for their models to judge.
    """

    holds: bool
    question: str = ""
    sentences: list[Sentence] = []
    papers: list[str] = []
    checks: list[dict[str, Any]] = []
    sent_to: list[str] = []


class Queries:
    """Answers queries from a library. `lend` lends a workspace on it to what needs models or the index."""

    def __init__(self, library: Library, lend: Callable[[], AbstractContextManager[Workspace]]) -> None:
        self._library = library
        self._lend = lend
        self._turns = _Turns()
        self._places = anyio.CapacityLimiter(_AT_ONCE)

    async def ask(
        self,
        question: str,
        earlier: Sequence[tuple[str, str]] = (),
        *,
        filter: PaperFilter = PaperFilter(),
        kind: Kind | None = None,
        anyway: bool = False,
        asker: str = "",
        is_left: Callable[[], Awaitable[bool]] | None = None,
    ) -> AsyncGenerator[AnswerEvent, None]:
        """Yield the events of an answer; left early, cancelled, or as soon as `is_left`, the model is stopped.

        `earlier` are the questions before, each with the answer that was given, "" where that is not known: it is
        asked again then. Of one that is not remembered the plan is made again. Raises what `Workspace.ask` raises.
        """
        with contextlib.ExitStack() as lent:
            workspace = await anyio.to_thread.run_sync(lent.enter_context, self._lend())
            history: list[Turn] = []
            chain: tuple[str, ...] = ()
            for place, (said, answer) in enumerate(earlier):
                chain = (*chain, said)
                turn = self._turns.recalled(asker, chain, filter)
                if turn is None and answer and place < len(earlier) - _MOST_REREAD:
                    turn = Turn(said, answer)
                if turn is None:
                    begin = partial(workspace.ask, said, tuple(history), filter=filter, asker=asker)
                    try:
                        async with contextlib.aclosing(self._followed(begin, is_left)) as events:
                            turn = await _turn(events, said, answer)
                    except QuestionError:  # of another model, perhaps, that could be asked it
                        if not answer:
                            raise
                        turn = Turn(said, answer)
                    if turn is None:
                        return
                    self._turns.remember(asker, chain, filter, turn)
                history.append(turn)
            begin = partial(
                workspace.ask, question, tuple(history), filter=filter, kind=kind, anyway=anyway, asker=asker
            )
            async for event in self._followed(begin, is_left):
                if isinstance(event, AnswerFinished):
                    self._turns.remember(asker, (*chain, question), filter, event.answer.turn())
                yield event

    async def _followed(
        self, begin: Callable[[], AnswerStream], is_left: Callable[[], Awaitable[bool]] | None
    ) -> AsyncGenerator[AnswerEvent, None]:
        stream = await anyio.to_thread.run_sync(begin)
        try:
            events = iter(stream)
            while (event := await self._done(lambda: next(events, None), is_left)) is not None:
                yield event
        finally:
            stream.close()

    async def _done(self, work: Callable[[], _T], is_left: Callable[[], Awaitable[bool]] | None) -> _T | None:
        """Return what work in a thread returns; None as soon as `is_left`, while the thread goes on."""
        coming = asyncio.ensure_future(anyio.to_thread.run_sync(work, limiter=self._places))
        while not coming.done():
            await asyncio.wait({coming}, timeout=_LOOK)
            if is_left and await is_left():
                return None
        return coming.result()

    def search(self, query: str, limit: int, filter: PaperFilter) -> FoundPapers:
        """Return the papers nearest to a query. Raises UsageError for an empty one."""
        if not query.strip():
            raise UsageError("The query is empty. Say what to search for.")
        with self._lend() as workspace:
            found = workspace.search(query, limit, filter=filter)
        return FoundPapers.model_validate({"results": [each.to_json() for each in found]})

    def papers(self, filter: PaperFilter, limit: int, offset: int = 0) -> PaperList:
        """Return a part of the papers that pass."""
        found, total = self._library.find_papers("", filter, limit, offset)
        shown = [each.to_json() for each in found]
        return PaperList.model_validate({"total": total, "offset": offset, "papers": shown})

    def paper(self, name: str) -> PaperDetails:
        """Return one paper by id, DOI, arXiv id, citation key or title. Raises UsageError for none or several."""
        found = curation.named(self._library, name)
        return PaperDetails.model_validate(provenance_json(found, curation.sources(self._library, found.id)))

    def people(self, name: str, limit: int, offset: int = 0) -> People:
        """Return whom a name may mean, with co-authors, or without a name everybody."""
        with self._library.transaction() as connection:
            if name:
                found = authors.find(connection, name)
            else:
                found = authors.among(connection, sorted(self._library.ids(PaperFilter())))
            shown = [
                each.to_json(authors.coauthors(connection, each)[:_COAUTHORS] if name else None)
                for each in found[offset : offset + limit]
            ]
        return People.model_validate({"total": len(found), "people": shown})

    def person(self, name: str) -> PersonShape:
        """Return the one person of an id or a name. Raises UsageError for nobody, or several."""
        with self._library.transaction() as connection:
            found = people_curation.named(connection, name)
            return PersonShape.model_validate(found.to_json(authors.coauthors(connection, found)[:_COAUTHORS]))

    def count(self, filter: PaperFilter, by: By = "", limit: int | None = None) -> Counted:
        """Return how many papers pass, also by group."""
        plan = CataloguePlan(question="", filter=filter, measure=_MEASURES[by], limit=limit)
        found = catalogue.answer(self._library, plan)
        rows = found.rows if by else ()
        return Counted(count=self._library.count(filter), text=_text(found.sentences), rows=[dict(row) for row in rows])

    def coauthors(self, filter: PaperFilter, limit: int | None = None) -> Counted:
        """Return with whom the author of a filter wrote, else which pairs wrote together; `count` is theirs."""
        plan = CataloguePlan(question="", filter=filter, measure="coauthors", limit=limit)
        found = catalogue.answer(self._library, plan)
        return Counted(count=found.count, text=_text(found.sentences), rows=[dict(row) for row in found.rows])

    def trends(self, topic: str, by: Literal["year", "month"], filter: PaperFilter) -> trends.Trends:
        """Return how themes and terms come and go; those that are kept and still hold are not found anew."""
        kept = trends.kept(self._library, topic, filter, by)
        if kept and kept.is_fresh:
            return kept.found

        def search(text: str, limit: int, filter: PaperFilter) -> Sequence[Passage]:
            with self._lend() as workspace:
                return workspace.nearest(text, limit, filter)

        selected, described = trends.select(self._library, topic, filter, search)
        return trends.find(self._library, selected.filter, by, described)

    async def prove(
        self,
        text: str,
        papers: Sequence[str],
        *,
        asker: str = "",
        is_left: Callable[[], Awaitable[bool]] | None = None,
    ) -> Verified | None:
        """Check each sentence of a text against the abstracts of papers. Raises UsageError where a paper is unknown.

        Cancelled, or as soon as `is_left`, when None is returned, the model is stopped.
        """
        if not text.strip() or not papers or len(papers) > _MOST_PROVED:
            raise UsageError(f"Give a text, and the ids of 1 to {_MOST_PROVED} papers to check it against.")
        if len(text) > _LONGEST_PROVED:
            most = f"at most {_LONGEST_PROVED:,} are checked at once. Send it in parts."
            raise UsageError(f"The text has {len(text):,} characters; {most}")
        stop = threading.Event()

        def work() -> Verified:
            named = [curation.named(self._library, name) for name in papers]
            with self._lend() as workspace:
                found = workspace.prove(text, named, asker=asker, stop=stop)
                _, *judges = workspace.assistant.hosts()
            holds = bool(found) and all(each.status in ("exact", "supported", "unchecked") for each in found)
            ids, hosts = [paper.id for paper in named], [host for host in dict.fromkeys(judges) if host]
            return Verified(holds=holds, sentences=list(found), papers=ids, sent_to=hosts)

        try:
            return await self._done(work, is_left)
        finally:
            stop.set()

    def verify_answer(self, answer: dict[str, Any]) -> Verified:
        """Check an answer, as `ask` gives it, against the library, without a model. Raises BundleError."""
        from assistant.export import bundles

        return Verified.model_validate(bundles.verify_answer(answer, self._library).to_json())

    def verify_bundle(self, folder: Path) -> Verified:
        """Check the answer bundle in a folder, by itself and against the library. Raises BundleError."""
        from assistant.export import bundles

        return Verified.model_validate(bundles.verify(folder, self._library).to_json())


class _Turns:
    """Turns of talks as they were answered lately, by who asked and all questions up to each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, Turn] = OrderedDict()

    def remember(self, asker: str, questions: tuple[str, ...], filter: PaperFilter, turn: Turn) -> None:
        with self._lock:
            self._kept[asker, questions, filter] = turn
            if len(self._kept) > _MOST_TURNS:
                self._kept.popitem(last=False)

    def recalled(self, asker: str, questions: tuple[str, ...], filter: PaperFilter) -> Turn | None:
        with self._lock:
            return self._kept.get((asker, questions, filter))


async def _turn(events: AsyncGenerator[AnswerEvent, None], question: str, answer: str) -> Turn | None:
    """Return the turn that events of an answer make: with a given answer and no catalogue to look up, only its plan."""
    async for event in events:
        match event:
            case QuestionPlanned(plan) if answer and not isinstance(plan, CataloguePlan):
                return Turn(question, answer, plan=plan)
            case AnswerFinished(finished):
                return finished.turn()
    return None


def _text(sentences: Sequence[Sentence]) -> str:
    return "\n".join(each.text for each in sentences)
