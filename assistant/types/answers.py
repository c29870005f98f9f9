"""Evidence and answers, the events by which an answer comes, and the messages of a prompt."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from assistant.types.papers import Paper
from assistant.types.plans import Plan

AnswerKind = Literal["passages", "catalogue", "comparison", "synthesis", "about", "clarification", "refusal"]
SentenceStatus = Literal["exact", "supported", "partial", "unsupported", "unchecked"]


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

    def to_json(self) -> dict[str, Any]:
        """Return the result as the object that `search --json` prints."""
        similarity = self.passage.similarity
        return {
            "paper_id": self.paper.id,
            "title": self.paper.title,
            "authors": list(self.paper.authors),
            "date": self.paper.date,
            "score": round(self.passage.score, 6),
            "similarity": None if similarity is None else round(similarity, 6),
        }


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
    """Which model wrote a text, where it ran and in what number format; `host` names another machine, "" for none."""

    name: str
    device: str
    dtype: str
    host: str = ""

    @property
    def where(self) -> str:
        """Return where the model ran and in what number format, as far as that is known."""
        return ", ".join(filter(None, (self.device, self.dtype)))


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model in use: whether it is loaded, where it runs, in what number format, and how many bytes its weights take.

    Where it is not loaded nothing is known of that. `next` is the model that takes its place after the answers under
    way, and `problem` says why a model could not be loaded; "" for none.
    """

    use: Literal["chat", "embedding"]
    name: str
    state: Literal["not loaded", "loading", "ready", "failed"]
    device: str = ""
    dtype: str = ""
    memory: int = 0
    tokens: int = 0
    next: str = ""
    problem: str = ""


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
    """How many of the papers that are meant were read for an answer.

    `first` and `last` are the oldest and the newest date among them, "" where none has one; `undated` have none.
    `read_ahead` were read by the model before their turn came, one by one; the others are told by their key sentences.
    `without_abstract` could not be read: they are grouped and counted by their titles.
    """

    matching: int
    read: int
    first: str
    last: str
    undated: int
    read_ahead: int
    without_abstract: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A finished answer: the stable contract of `ask --json`.

    `withheld` are the sentences that the model wrote and that no abstract supports; they are no part of `text`.
    `coverage` is given for an overview. `translation` says the answer in the language of the question, in front of the
    English sentences in `text`. `is_cut` says that the text ends before the model had written all of it: at the longest
    answer allowed, broken off by its server, or stopped by the reader; `reason` says which. `sent_to` names the other
    machines to which the question, and what was read for it, were sent: none where both models run on this one.
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
    is_cut: bool = False
    model: ModelInfo | None = None
    timings: Timings
    sent_to: tuple[str, ...] = ()

    @property
    def elsewhere(self) -> str:
        """Return what a person must know of models on other machines, "" where there is none."""
        if not self.sent_to:
            return ""
        return (
            f"The model runs on another machine, {', '.join(self.sent_to)}: the question and abstracts were sent there."
        )

    @property
    def cited_numbers(self) -> frozenset[int]:
        """Return the numbers of the sources that some sentence draws on."""
        return frozenset(number for sentence in self.sentences for number in sentence.sources)

    @property
    def shown_sources(self) -> tuple[Source, ...]:
        """Return the sources that the answer rests on: those cited, all of them where it is a table or a list."""
        is_table, numbers = bool(self.rows) or not self.sentences, self.cited_numbers
        return tuple(source for source in self.sources if is_table or source.number in numbers)

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
    """How far a long task is: `done` of `total` (0 when unknown), in words; `records`: what a file gave so far."""

    done: int
    total: int
    message: str
    records: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many answers come before this one: the chat model writes one at a time. 0 when its turn has come."""

    place: int


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


AnswerEvent = QuestionPlanned | EvidenceFound | Waiting | Progress | TextProduced | AnswerFinished


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


ProgressListener = Callable[[Progress], None]
"""Is told how far a long task is; may raise to end it."""
