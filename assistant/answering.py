"""The whole path from a question to a cited answer, on one screen: `Assistant.ask`."""

from __future__ import annotations

import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assistant import conversation, planning, proof, relevance
from assistant.errors import QuestionError
from assistant.library import Library
from assistant.protocols import LanguageModel
from assistant.retrieval import Retriever
from assistant.stream import AnswerStream
from assistant.types import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    EvidenceFound,
    PaperFilter,
    Plan,
    Source,
    TextProduced,
    Timings,
    Turn,
)

LONGEST_QUESTION = 4000
"""Characters."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question as it was asked; `started` is the clock's reading then."""

    id: str
    question: str
    standalone: str
    history: tuple[Turn, ...]
    stop: threading.Event
    started: float

    @property
    def points_back(self) -> bool:
        return self.standalone != self.question

    def seconds(self) -> float:
        return time.monotonic() - self.started

    def refused(self, text: str, reason: str) -> Answer:
        """Return the refusal of a question that the model was not asked."""
        seconds = self.seconds()
        return Answer(
            id=self.id,
            question=self.question,
            standalone_question=self.standalone,
            kind="refusal",
            text=text,
            refused=True,
            reason=reason,
            timings=Timings(seconds, None, seconds),
        )


@dataclass(frozen=True, slots=True)
class Assistant:
    """Answers questions over one library. `language_model` is called when prose is first needed."""

    library: Library
    retriever: Retriever
    language_model: Callable[[], LanguageModel]
    passages: int
    prompt_tokens: int
    answer_tokens: int

    def ask(
        self, question: str, history: Sequence[Turn] = (), *, chosen: PaperFilter = PaperFilter(), question_id: str = ""
    ) -> AnswerStream:
        """Return the answer as a stream of events: the evidence, the text as it is written, the finished answer.

        Raises QuestionError at once when the question is empty or too long.
        """
        question = check_question(question)
        standalone = conversation.standalone(question, history)
        asked = _Asked(question_id, question, standalone, tuple(history), threading.Event(), time.monotonic())
        return AnswerStream(self._answer(asked, chosen), asked.stop)

    def ask_after(
        self, question: str, earlier: Sequence[str], chosen: PaperFilter = PaperFilter(), question_id: str = ""
    ) -> Answer:
        """Ask the earlier questions first, keep their answers as context, and return the answer to the last one.

        A question that cannot be asked gets a refusal that says why.
        """
        history: list[Turn] = []
        try:
            for before in earlier:
                history.append(self.ask(before, history, chosen=chosen).answer().turn())
            return self.ask(question, history, chosen=chosen, question_id=question_id).answer()
        except QuestionError as error:
            cut = question[:LONGEST_QUESTION]
            return _Asked(question_id, cut, cut, (), threading.Event(), time.monotonic()).refused(
                str(error), str(error)
            )

    def _answer(self, asked: _Asked, chosen: PaperFilter) -> Iterator[AnswerEvent]:
        """Find the evidence, and have the answer written from it; or refuse, where nothing is about the question."""
        plan = planning.plan(self.library, asked.standalone, chosen)
        found = self.retriever.search(plan.subject or asked.standalone, self.passages, plan.chosen)
        if not relevance.is_about(self.library, plan, found):
            yield EvidenceFound(())
            yield AnswerFinished(asked.refused(*_nothing_found(plan, len(self.library.ids(plan.chosen)))))
            return
        earlier = asked.history[-1].paper_ids if asked.points_back else ()
        sources = self._sources([*earlier[: self.passages // 2], *(passage.paper_id for passage in found)])
        yield EvidenceFound(sources)
        yield from self._write(asked, sources, first_evidence=asked.seconds())

    def _write(self, asked: _Asked, sources: Sequence[Source], first_evidence: float) -> Iterator[AnswerEvent]:
        """Have the model write, and prove what it wrote against what it read."""
        model = self.language_model()
        prompt, read = conversation.messages(
            asked.question,
            asked.history,
            sources,
            count_tokens=model.count_prompt_tokens,
            budget=min(self.prompt_tokens, model.context_tokens - self.answer_tokens),
        )
        written, first_token = "", None
        for piece in model.generate(prompt, max_new_tokens=self.answer_tokens, stop=asked.stop):
            first_token = first_token or asked.seconds()
            written += piece
            yield TextProduced(piece)
        sentences = proof.prove(written, asked.standalone, read)
        stopped, new_tokens, total = asked.stop.is_set(), model.count_tokens(written), asked.seconds()
        unproved = not any(sentence.sources for sentence in sentences)
        refused = not stopped and (unproved or conversation.is_refusal(written))
        writing = total - (first_token or total)
        yield AnswerFinished(
            Answer(
                id=asked.id,
                question=asked.question,
                standalone_question=asked.standalone,
                kind="refusal" if refused else "passages",
                text=_not_said(read) if refused else proof.cited_text(sentences),
                refused=refused,
                reason=_reason(written, refused, stopped, new_tokens >= self.answer_tokens),
                sentences=() if refused else sentences,
                sources=read,
                model=model.info,
                timings=Timings(
                    first_evidence,
                    first_token,
                    total,
                    model.count_prompt_tokens(prompt),
                    new_tokens,
                    new_tokens / writing if writing > 0 else None,
                ),
            )
        )

    def _sources(self, paper_ids: Sequence[str]) -> tuple[Source, ...]:
        papers = self.library.papers_by_id(list(dict.fromkeys(paper_ids))[: self.passages])
        return tuple(
            Source(number, paper.id, paper.title, paper.authors, paper.date, paper.url, paper.abstract)
            for number, paper in enumerate(papers, 1)
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


def _nothing_found(plan: Plan, count: int) -> tuple[str, str]:
    """Return what the reader is told, and why, when no paper is about the question."""
    author = plan.chosen.author
    if not count and plan.chosen.is_empty:
        return (
            "The library is empty. Add papers with `assistant add FILE`, or with the upload box of the web page.",
            "the library is empty",
        )
    among = f' by {author}. `assistant papers --author "{author}"` lists them' if author else ""
    return (
        f"I found nothing in the abstracts about this. Looked for: “{plan.question}” in {count:,} of them{among}.",
        "nothing relevant found",
    )


def _not_said(sources: Sequence[Source]) -> str:
    nearest = "; ".join(f"{source.title} [{source.number}]" for source in sources[:3])
    return f"The abstracts in the library do not say. The nearest papers are: {nearest}."


def _reason(written: str, refused: bool, stopped: bool, cut: bool) -> str:
    if refused and not written.strip():
        return "the model wrote nothing"
    if refused:
        return "the abstracts found do not hold the answer"
    if stopped:
        return "stopped by the reader"
    return "cut at the longest answer allowed" if cut else ""
