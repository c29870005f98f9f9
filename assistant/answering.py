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
        stop = threading.Event()
        return AnswerStream(self._answer(question_id, question, tuple(history), chosen, stop), stop)

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
            return Answer(
                id=question_id,
                question=question[:LONGEST_QUESTION],
                standalone_question=question[:LONGEST_QUESTION],
                kind="refusal",
                text=str(error),
                refused=True,
                reason=str(error),
                timings=Timings(0.0, None, 0.0),
            )

    def _answer(
        self, question_id: str, question: str, history: Sequence[Turn], chosen: PaperFilter, stop: threading.Event
    ) -> Iterator[AnswerEvent]:
        started = time.monotonic()
        standalone = conversation.standalone(question, history)
        plan = planning.plan(self.library, standalone, chosen)
        found = self.retriever.search(plan.subject or standalone, self.passages, plan.chosen)
        refers_back = standalone != question
        if not relevance.is_about(self.library, plan, found):
            yield EvidenceFound(())
            text, reason = _nothing_found(plan, self.library.count())
            timings = Timings(time.monotonic() - started, None, time.monotonic() - started)
            yield AnswerFinished(
                Answer(
                    id=question_id,
                    question=question,
                    standalone_question=standalone,
                    kind="refusal",
                    text=text,
                    refused=True,
                    reason=reason,
                    timings=timings,
                )
            )
            return
        earlier = history[-1].paper_ids if refers_back else ()
        sources = self._sources([*earlier, *(passage.paper_id for passage in found)])
        yield EvidenceFound(sources)
        first_evidence = time.monotonic() - started

        model = self.language_model()
        prompt, sources = conversation.messages(
            question,
            history,
            sources,
            count_tokens=model.count_prompt_tokens,
            budget=min(self.prompt_tokens, model.context_tokens - self.answer_tokens),
        )
        written, first_token = "", None
        for piece in model.generate(prompt, max_new_tokens=self.answer_tokens, stop=stop):
            first_token = first_token or time.monotonic() - started
            written += piece
            yield TextProduced(piece)

        sentences = proof.prove(written, standalone, sources)
        unproved = not any(sentence.sources for sentence in sentences)
        refused = not stop.is_set() and (unproved or conversation.is_refusal(written))
        sentences = () if refused else sentences
        total = time.monotonic() - started
        new_tokens = model.count_tokens(written)
        writing = total - (first_token or total)
        yield AnswerFinished(
            Answer(
                id=question_id,
                question=question,
                standalone_question=standalone,
                kind="refusal" if refused else "passages",
                text=_not_said(sources) if refused else proof.cited_text(sentences),
                refused=refused,
                reason=_reason(written, refused, stop.is_set(), new_tokens >= self.answer_tokens),
                sentences=sentences,
                sources=sources,
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
    if not count:
        return (
            "The library is empty. Add papers with `assistant add FILE`, or with the upload box of the web page.",
            "the library is empty",
        )
    among = f" by {plan.chosen.author}" if plan.chosen.author else ""
    return (
        f"I found nothing in the library about this. Looked for: “{plan.question}” in {count:,} abstracts{among}.",
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
