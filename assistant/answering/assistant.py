"""The assistant: the whole path from a question to a proved answer, on one screen."""

from __future__ import annotations

import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import Protocol

from assistant import catalogue
from assistant.analysis.summaries import Overviews, paper_summary
from assistant.answering import refusals, writing
from assistant.answering.model_queue import ModelQueue, Ticket
from assistant.answering.stream import AnswerStream, Foreground
from assistant.errors import QuestionError
from assistant.grounding import Judgement, support
from assistant.library import Library
from assistant.models import prompting
from assistant.planning import Planner
from assistant.protocols import LanguageModel, Written
from assistant.search import Retriever, topics
from assistant.stopping import Stopped
from assistant.types import (
    AboutPlan,
    Answer,
    AnswerEvent,
    AnswerFinished,
    AnswerKind,
    CataloguePlan,
    ClarificationPlan,
    ComparisonPlan,
    EvidenceFound,
    OverviewPlan,
    Paper,
    PaperFilter,
    PassagesPlan,
    Plan,
    PlanKind,
    Progress,
    QuestionPlanned,
    Sentence,
    Source,
    TextProduced,
    Timings,
    Turn,
)

LONGEST_QUESTION = 4000
"""Characters."""

LEAST_SIMILARITY = 0.15
"""Cosine of a question to the nearest paper below which none is read for it: what is off every topic mostly stays below
with the default embedding model, and no question that an abstract answers was found there."""

_NEAR_SCORE, _NEAR_SIMILARITY = 0.7, 0.8
"""Shares of the best paper's score and similarity; from one of them another paper is read for the answer. Where the
right paper was not the first one found, it had .77 of the best score at least (E26 in docs/experiments)."""

_MOST_CATALOGUE_SOURCES = 200
_BARE = PaperFilter(has_abstract=False)


class AnswerabilityJudge(Protocol):
    """Tells which sources state the answer to a question."""

    def judge(
        self, question: str, sources: Sequence[Source], model: LanguageModel, *, budget: int, stop: threading.Event
    ) -> Judgement:
        """Read the sources, best first. Prompts have at most `budget` tokens."""


@dataclass(frozen=True, slots=True)
class Assistant:
    """Answers questions over one library.

    `probes` is the folder of the probes that were fitted on this machine. An answer has its turn in `queue` from when
    it needs the chat model first until it ends; what the library alone answers does not wait.
    `warm_up` is called as soon as prose is needed, `language_model` when the evidence is there. `foreground` is busy
    while some of an answer is computed. `hosts` names the other machines on which answers are written, judgements made,
    and texts embedded: "" for this one.
    """

    library: Library
    planner: Planner
    retriever: Retriever
    judge: AnswerabilityJudge
    language_model: Callable[[], LanguageModel]
    passages: int
    prompt_tokens: int
    answer_tokens: int
    probes: Path | None = None
    warm_up: Callable[[], None] = lambda: None
    foreground: Foreground = field(default_factory=Foreground)
    queue: ModelQueue = field(default_factory=ModelQueue)
    hosts: Callable[[], tuple[str, str, str]] = lambda: ("", "", "")

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        filter: PaperFilter = PaperFilter(),
        kind: PlanKind | None = None,
        plan: Plan | None = None,
        anyway: bool = False,
        question_id: str = "",
        asker: str = "",
    ) -> AnswerStream:
        """Return the answer as a stream of events: plan, evidence, the text as it is written, the finished answer.

        `filter` and `kind` are the reader's word: they take the place of what the plan would say; a whole `plan` is
        carried out as it is. `anyway` has prose written also where no abstract states the answer, marked as not
        assured. `asker` tells who asks: of several who wait for the model each has one answer in turn.
        Raises QuestionError at once when the question is empty or too long.
        """
        checked, now = check_question(question), time.monotonic()
        stop = threading.Event()
        ticket = self.queue.ticket(asker, stop=stop)
        asked = _Asked(question_id, checked, tuple(history), stop, now, anyway)
        events = ticket.followed(self._answer(asked, ticket, filter, kind, plan))
        return AnswerStream(events, stop, self.foreground)

    def ask_after(
        self, question: str, earlier: Sequence[str], filter: PaperFilter = PaperFilter(), question_id: str = ""
    ) -> Answer:
        """Ask the earlier questions first, keep their answers as context, and return the answer to the last one.

        A question that cannot be asked gets a refusal that says why.
        """
        history: list[Turn] = []
        try:
            for before in earlier:
                history.append(self.ask(before, history, filter=filter).answer().turn())
            return self.ask(question, history, filter=filter, question_id=question_id).answer()
        except QuestionError as error:
            cut = question[:LONGEST_QUESTION]
            asked = _Asked(question_id, cut, (), threading.Event(), time.monotonic(), False)
            return asked.unwritten(PassagesPlan(question=cut, subject=cut), "refusal", str(error), str(error))

    def _answer(
        self, asked: _Asked, ticket: Ticket, filter: PaperFilter, kind: PlanKind | None, given: Plan | None
    ) -> Iterator[AnswerEvent]:
        """Yield the events of an answer, which names the machines that were sent something for it.

        Where it was stopped while a server was waited for, it has the plan and the sources until then, and no word.
        """
        known = (
            self.planner.restricted(given, filter)
            if given
            else self.planner.known(asked.question, filter, history=asked.history)
        )
        plan = known or PassagesPlan(question=asked.question, subject=asked.question)
        sources: tuple[Source, ...] = ()

        def named(answer: Answer) -> AnswerFinished:
            return AnswerFinished(replace(answer, sent_to=self._sent_to(answer, is_read=known is None)))

        try:
            for event in self._planned(asked, ticket, filter, kind, known):
                match event:
                    case QuestionPlanned():
                        plan = event.plan
                    case EvidenceFound():
                        sources = event.sources
                yield named(event.answer) if isinstance(event, AnswerFinished) else event
        except Stopped:
            stopped = replace(asked.unwritten(plan, plan.kind, "", writing.STOPPED), is_cut=True)
            yield named(replace(stopped, sources=sources))

    def _planned(
        self, asked: _Asked, ticket: Ticket, filter: PaperFilter, kind: PlanKind | None, plan: Plan | None
    ) -> Iterator[AnswerEvent]:
        """Plan; then count, or find the evidence and have the answer written from it; or refuse."""
        if plan is None or kind == "synthesis":  # an overview's topic is read anew
            yield from ticket.wait()
        if plan is None:
            plan = self.planner.plan(asked.question, filter, history=asked.history, stop=asked.stop)
        if kind is not None:
            plan = self.planner.restricted(self.planner.as_kind(plan, kind), filter)
        yield QuestionPlanned(plan)
        yield from self._carried_out(asked, ticket, plan)

    def _sent_to(self, answer: Answer, *, is_read: bool) -> tuple[str, ...]:
        """Return the other machines to which a question was sent, and what was read for it.

        Every question is embedded; one that is read (`is_read`) in another language may be translated.
        """
        writer, judge, embedder = self.hosts()
        language = answer.plan.language if answer.plan else "en"
        is_overview = isinstance(answer.plan, OverviewPlan)
        has_read = bool(answer.sources) and not isinstance(answer.plan, CataloguePlan)
        is_written = answer.model is not None or (has_read and is_overview)
        asked = [
            writer if is_written or ((is_read or is_overview) and language != "en") else "",
            judge if is_read or is_overview or has_read else "",
            embedder,
        ]
        return tuple(dict.fromkeys(host for host in asked if host))

    def _carried_out(self, asked: _Asked, ticket: Ticket, plan: Plan) -> Iterator[AnswerEvent]:
        match plan:
            case ClarificationPlan():
                asks = (plan.asks, "nothing was asked before") if plan.asks else refusals.who_is_meant(plan.candidates)
                yield from self._say(asked.unwritten(plan, "clarification", *asks))
            case AboutPlan():
                yield from self._say(asked.unwritten(plan, "about", refusals.about(self.library)))
            case CataloguePlan():
                yield from self._count(asked, plan)
            case OverviewPlan():
                yield from self._survey(asked, ticket, plan)
            case PassagesPlan() | ComparisonPlan():
                yield from self._prove(asked, ticket, plan)

    def _survey(self, asked: _Asked, ticket: Ticket, plan: OverviewPlan) -> Iterator[AnswerEvent]:
        """Take every paper that is meant, not the nearest few, and tell of them theme by theme."""
        named = replace(plan.filter, among=plan.papers) if plan.papers else plan.filter
        selected = topics.select(self.library, plan.topic, named, self.retriever.search)
        if plan.unknown_author or not self.library.count(selected.filter):
            yield from self._say(asked.unwritten(plan, "refusal", *self._nobody_or_nothing(plan)))
            return
        if plan.topic:  # the model reads which papers are about it
            self.warm_up()
            yield from ticket.wait()

        def about(paper: Paper) -> bool | None:
            return topics.is_about(plan.topic, paper, self.language_model(), self.probes, asked.stop)

        for step in topics.read(self.library, plan.topic, named, selected, self.retriever.search, about):
            if isinstance(step, Progress):
                yield step
            else:
                selected = step
        if not self.library.count(selected.filter):
            yield from self._say(asked.unwritten(plan, "refusal", *self._nobody_or_nothing(plan)))
            return
        if plan.topic and not selected.note:  # its words alone chose the papers: a filter that can be counted again
            among = plan.filter.among
            counted_by = replace(plan, filter=replace(selected.filter, among=among), topic="")
            plan = replace(counted_by, words=self.planner.restricted(counted_by, PaperFilter()).words)
        written = Overviews(
            self.library,
            self.retriever.embedder.embed,
            self.language_model,
            self.prompt_tokens,
            self.probes,
            self.planner.called,
        )
        answer = asked.unwritten(plan, "synthesis", "")
        only = self._sources(plan.papers) if len(plan.papers) == 1 else ()
        if only and not only[0].abstract:
            told = refusals.no_abstract(self.library.papers_by_id(plan.papers))
            yield from self._say(asked.unwritten(plan, "refusal", *told))
            return
        events = (
            written.of_paper(answer, only[0], asked.stop)
            if only
            else written.of_papers(answer, selected.filter, selected.note, asked.stop)
        )
        evidence, is_told = None, False
        for event in events:
            evidence = asked.seconds() if isinstance(event, EvidenceFound) else evidence
            if isinstance(event, AnswerFinished):
                event = AnswerFinished(replace(event.answer, timings=Timings(evidence or 0.0, None, asked.seconds())))
            yield event
            is_told = is_told or isinstance(event, TextProduced)
            if is_told and (only or isinstance(event, Progress)):  # what comes next is written by the model
                yield from ticket.wait()

    def _nobody_or_nothing(self, plan: CataloguePlan | OverviewPlan) -> tuple[str, str]:
        if not plan.unknown_author:
            topic = plan.topic if isinstance(plan, OverviewPlan) else ""
            return refusals.nothing_found(topic or plan.question, plan.filter, self.library.count())
        names = self.planner.gazetteer.nearest_names(plan.unknown_author)
        return refusals.nobody(plan.unknown_author, names, self.library.count())

    def _count(self, asked: _Asked, plan: CataloguePlan) -> Iterator[AnswerEvent]:
        """Answer from the database; the language model is not asked."""
        if plan.unknown_author:
            told = self._nobody_or_nothing(plan)
            yield from self._say(replace(asked.unwritten(plan, "catalogue", *told), refused=False, count=0))
            return
        if not self.library.count():
            yield from self._say(asked.unwritten(plan, "refusal", *refusals.empty()))
            return
        found = catalogue.answer(self.library, plan)
        sources = self._sources(found.paper_ids[:_MOST_CATALOGUE_SOURCES])
        yield EvidenceFound(sources)
        answer = asked.unwritten(plan, "catalogue", found.text)
        yield AnswerFinished(
            replace(answer, sentences=found.sentences, sources=sources, rows=found.rows, count=found.count)
        )

    def _prove(self, asked: _Asked, ticket: Ticket, plan: PassagesPlan | ComparisonPlan) -> Iterator[AnswerEvent]:
        """Find the evidence, have the model write from it, and keep of it what the evidence supports."""
        self.warm_up()
        sources, near = self.evidence(plan)
        if not sources:
            yield from self._say(asked.unwritten(plan, "refusal", *self._nothing_read(plan)))
            return
        yield EvidenceFound(sources)
        evidence, read, answered = asked.seconds(), sources, None
        yield from ticket.wait()
        model = self.language_model()
        if plan.kind == "passages" and not asked.anyway:
            may_answer = sources[:near]
            answered = self.judge.judge(plan.question, may_answer, model, budget=self.prompt_tokens, stop=asked.stop)
            if not answered.answering and not asked.stop.is_set():
                told = refusals.not_said(sources, answered.nearest, answered.quote)
                yield AnswerFinished(replace(asked.unwritten(plan, "refusal", *told), sources=sources))
                return
            read = tuple(source for source in sources if source.number in answered.answering) or sources
        prompt, read = prompting.messages(
            plan.question,
            read,
            task=plan.kind,
            count_tokens=model.count_prompt_tokens,
            budget=min(self.prompt_tokens, model.context_tokens - self.answer_tokens),
        )
        first_token = None
        writes = Written(model.generate(prompt, max_new_tokens=self.answer_tokens, stop=asked.stop))
        for piece in writes:
            first_token = first_token or asked.seconds()
            yield TextProduced(piece)
        written = writes.text
        proved = self._proved(asked, written, plan, read, model)
        new_tokens, total = model.count_tokens(written), asked.seconds()
        writing_time = total - (first_token or total)
        timings = Timings(
            evidence,
            first_token,
            total,
            model.count_prompt_tokens(prompt),
            new_tokens,
            new_tokens / writing_time if writing_time > 0 else None,
        )
        stopped, cut = asked.stop.is_set(), writing.cut_short(written, writes.ended)
        answer = replace(asked.unwritten(plan, plan.kind, ""), sources=sources, model=model.info, timings=timings)
        answer = writing.finished(answer, written, proved, stopped=stopped, cut=cut, anyway=asked.anyway)
        shown = answer.sentences
        if answer.refused and answered:
            if answered.is_sure and written.strip() and not prompting.is_refusal(written):
                answer = writing.quoted(answer, answered.nearest, answered.quote)
            else:
                unsaid, _ = refusals.not_said(read, answered.nearest, answered.quote)
                answer = replace(answer, text=unsaid)
        elif answered and answered.states_answer and not asked.stop.is_set():
            answer = writing.with_evidence(answer, answered.nearest, answered.quote)
        elif plan.kind == "comparison":
            answer = self._with_table(answer, plan, read)
        if plan.language != "en" and not answer.refused:
            answer = writing.with_translation(model, answer, shown or answer.sentences, asked.stop)
            answer = replace(answer, timings=replace(timings, total_s=asked.seconds()))
        yield AnswerFinished(answer)

    def _proved(
        self,
        asked: _Asked,
        written: str,
        plan: PassagesPlan | ComparisonPlan,
        read: Sequence[Source],
        model: LanguageModel,
    ) -> tuple[Sentence, ...]:
        """Return the sentences of a text with what the sources say to each; once it is stopped nothing is embedded."""
        supports = support.reader(model, self.probes, self.prompt_tokens)
        if not asked.stop.is_set():
            with suppress(Stopped):
                return writing.prove(written, plan, read, supports, self.retriever.embedder.embed)
        return writing.prove(written, plan, read, supports, None)

    def _nothing_read(self, plan: PassagesPlan | ComparisonPlan) -> tuple[str, str]:
        """Return why there is no evidence: nothing is near, or what is meant has no abstract."""
        if bare := [paper for paper in self.library.papers_by_id(plan.papers) if not paper.abstract]:
            return refusals.no_abstract(bare)
        count = self.library.count(plan.filter)
        unread = self.library.count(plan.filter.merged(_BARE)) if plan.filter.has_abstract is not True else 0
        if unread and unread == count:
            return refusals.no_abstracts(unread, plan.filter)
        looked_for = plan.subject if isinstance(plan, PassagesPlan) else plan.question
        return refusals.nothing_found(looked_for, plan.filter, count - unread)

    def _with_table(self, answer: Answer, plan: Plan, read: tuple[Source, ...]) -> Answer:
        """Return a comparison with its table: every paper that is named, those compared in words first."""
        known = {source.paper_id for source in read}
        others = [source for source in self._sources(plan.papers) if source.paper_id not in known]
        sources = tuple(replace(source, number=number) for number, source in enumerate([*read, *others], 1))
        told = f"{len(read)} of {len(sources)} papers are compared in words, all in the table" if others else ""
        reason = "; ".join(part for part in (told, answer.reason) if part)
        return replace(answer, rows=paper_summary.table(sources), sources=sources, reason=reason)

    def evidence(self, plan: PassagesPlan | ComparisonPlan) -> tuple[tuple[Source, ...], int]:
        """Return the papers for a question, and how many of them, the first ones, may state the answer.

        They are those that the question names, else the nearest; none where none is near. Papers that are named by some
        words of their titles only stand alone where the search, too, finds them first. What scores far below the best
        is shown to the reader, and not read. A paper without an abstract is no evidence; two are needed to compare.
        """
        papers = [paper for paper in self.library.papers_by_id(plan.papers) if paper.abstract]
        named = [paper.id for paper in papers[: max(self.passages, 2)]]
        if plan.papers and (isinstance(plan, ComparisonPlan) or plan.is_exact):
            sources = self._sources(named) if len(named) > 1 or isinstance(plan, PassagesPlan) else ()
            return sources, len(sources)
        if plan.filter.has_abstract is False:
            return (), 0
        filter = plan.filter
        if self.library.count(_BARE):
            filter = replace(filter, has_abstract=True)
        subject = plan.subject if isinstance(plan, PassagesPlan) else plan.question
        passages = self.retriever.search(subject, self.passages, filter)
        found = [passage.paper_id for passage in passages]
        if named:
            is_first = bool(found) and found[0] in named
            sources = self._sources(named if is_first else [*found[: self.passages - len(named)], *named])
            return sources, len(sources)
        known = [passage.similarity for passage in passages if passage.similarity is not None]
        if known and max(known) < LEAST_SIMILARITY and not plan.filter.author:
            return (), 0
        best = max(known, default=1.0)
        near = [
            passage.score >= _NEAR_SCORE * passages[0].score or (passage.similarity or 0.0) >= _NEAR_SIMILARITY * best
            for passage in passages
        ]
        return self._sources(found), sum(takewhile(bool, near))

    def _say(self, answer: Answer) -> Iterator[AnswerEvent]:
        yield EvidenceFound(())
        yield AnswerFinished(answer)

    def _sources(self, paper_ids: Sequence[str]) -> tuple[Source, ...]:
        papers = self.library.papers_by_id(list(dict.fromkeys(paper_ids)))
        return tuple(Source.of(number, paper) for number, paper in enumerate(papers, 1))


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question as it was asked; `started` is the clock's reading then."""

    id: str
    question: str
    history: tuple[Turn, ...]
    stop: threading.Event
    started: float
    anyway: bool

    def seconds(self) -> float:
        return time.monotonic() - self.started

    def unwritten(self, plan: Plan, kind: AnswerKind, text: str, reason: str = "") -> Answer:
        """Return an answer for which the model was not asked."""
        seconds = self.seconds()
        return Answer(
            id=self.id,
            question=self.question,
            standalone_question=plan.question,
            kind=kind,
            text=text,
            refused=kind == "refusal",
            reason=reason,
            plan=plan,
            timings=Timings(seconds, None, seconds),
        )


def check_question(question: str) -> str:
    """Return the question as it will be asked: on one line, in composed characters.

    Raises QuestionError when it is empty or too long.
    """
    encodable = question.encode("utf-8", "ignore").decode()
    question = " ".join(unicodedata.normalize("NFC", encodable).split())
    if not question:
        raise QuestionError("The question is empty. Ask something about the papers in the library.")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; at most {LONGEST_QUESTION:,} can be asked. Shorten it."
        )
    return question
