"""Chat of the page: its events (send, stop, retry, edit, new chat), and an answer while it is written.

The server keeps each tab's conversation as a tuple of exchanges; what the browser shows is drawn from it and never read
back, so nothing that a page sends can put words into an earlier answer.
"""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Any

import gradio as gr

from assistant.answering import AnswerStream
from assistant.errors import AssistantError
from assistant.library import Conversations, Library
from assistant.text import counted
from assistant.types import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    EvidenceFound,
    Plan,
    Progress,
    QuestionPlanned,
    Source,
    TextProduced,
    Waiting,
)
from assistant.ui import cards
from assistant.ui import plan as plans

TICK = 0.5
"""Seconds between two looks at an answer that has nothing new: how soon the reader's leaving or waiting is noticed."""

EARLIER_CHATS = 50
"""How many earlier conversations the page offers."""

NO_SOURCES_YET = cards.panel_note("The abstracts behind an answer appear here, before it is written.")

INTERNAL_ERROR = (
    "Something went wrong inside the program. The terminal in which it runs says more. Your question is still here."
)

Outputs = tuple[Any, Any, Any, Any]
"""New values of the question box, the chat, the conversation and the sources."""

_UNCHANGED: Outputs = (gr.skip(), gr.skip(), gr.skip(), gr.skip())
_SEARCHING = cards.panel_note("Searching the abstracts …")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question of a conversation and what came of it: a plan, sources, a draft, at last an answer or an error.

    `progress` says how far an overview is, `place` how many answers come before this one.
    """

    question: str
    plan: Plan | None = None
    sources: tuple[Source, ...] | None = None
    draft: str = ""
    progress: str = ""
    place: int = 0
    answer: Answer | None = None
    error: str = ""
    chat_id: str = ""


Conversation = tuple[Exchange, ...]


class RunningAnswer:
    """One answer that is being written: its events come in a thread of its own, so that waiting can be shown."""

    def __init__(self, start: Callable[[], AnswerStream]) -> None:
        self._start = start
        self._events: SimpleQueue[AnswerEvent | AssistantError | None] = SimpleQueue()
        self._stream: AnswerStream | None = None
        self.stopped = threading.Event()
        self.abandoned = False
        self.is_over = False
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self) -> None:
        try:
            self._stream = self._start()
            if self.stopped.is_set():
                self._stream.close()
            for event in self._stream:
                self._events.put(event)
        except AssistantError as error:
            self._events.put(error)
        finally:
            self._events.put(None)

    def events(self) -> Iterator[AnswerEvent | AssistantError | None]:
        """Yield events as they come, and None at every tick without one. Errors come as events."""
        while True:
            try:
                event = self._events.get(timeout=TICK)
            except Empty:
                yield None
                continue
            if event is None:
                return
            yield event

    def stop(self, abandon: bool = False) -> None:
        """Ask the model to stop; never waits. An abandoned answer is not shown any more."""
        self.abandoned = self.abandoned or abandon
        self.stopped.set()
        if self._stream:
            self._stream.close()


class Chat:
    """The chat's events.

    `ask` starts an answer (`Workspace.ask`), `is_ready` tells whether the models are loaded, `called` returns the name
    of a person in a filter.
    """

    def __init__(
        self, ask: Callable[..., AnswerStream], library: Library, is_ready: Callable[[], bool], called: plans.Called
    ) -> None:
        self._called = called
        self._ask = ask
        self._library = library
        self._conversations = Conversations(library)
        self._is_ready = is_ready
        self._running: dict[str, RunningAnswer] = {}

    def send(self, question: str, conversation: Conversation, request: gr.Request) -> Iterator[Outputs]:
        """Answer a new question."""
        yield from self._answer(question, conversation, request)

    def choose(self, conversation: Conversation, request: gr.Request, chosen: gr.SelectData) -> Iterator[Outputs]:
        """Answer the example that was clicked."""
        yield from self._answer(str(chosen.value["text"]), conversation, request)

    def retry(self, conversation: Conversation, request: gr.Request) -> Iterator[Outputs]:
        """Answer the last question once more."""
        if conversation:
            yield from self._answer_again(conversation, request)

    def answer_anyway(self, conversation: Conversation, request: gr.Request) -> Iterator[Outputs]:
        """Answer the last question, which was refused, all the same; what is written is marked as not assured."""
        if conversation and (plan := conversation[-1].plan):
            yield from self._answer_again(conversation, request, plan, anyway=True)

    def correct(self, request: gr.Request, conversation: Conversation, *values: Any) -> Iterator[Outputs]:
        """Answer the last question once more, read as the fields of the plan say now (see `plan.Fields`)."""
        if conversation and (plan := conversation[-1].plan):
            yield from self._answer_again(conversation, request, plans.corrected(plan, values, self._called))

    def plan_fields(self, conversation: Conversation) -> plans.Fields:
        """Return how the last question was read, as the values of the fields."""
        return plans.fields(conversation[-1].plan if conversation else None, self._called)

    def edit(self, conversation: Conversation, request: gr.Request, edited: gr.EditData) -> Iterator[Outputs]:
        """Answer an earlier question as it now reads; the turns after it go."""
        earlier = conversation[: _turn(edited)]
        yield from self._answer(html.unescape(str(edited.value)), earlier, request, conversation[0].chat_id)

    def stop(self, request: gr.Request) -> None:
        """Stop the answer that is being written; what was written of it stays."""
        if running := self._running.get(str(request.session_hash)):
            running.stop()

    def clear(self, request: gr.Request) -> Outputs:
        """Begin a new conversation; the one before stays among the earlier ones."""
        self._abandon(request)
        return _idle_box(""), [], (), NO_SOURCES_YET

    def open(self, chat_id: str | None, request: gr.Request) -> Outputs:
        """Go back to an earlier conversation."""
        answers = self._conversations.answers(chat_id) if chat_id else ()
        if not chat_id or not answers:
            return _UNCHANGED
        self._abandon(request)
        conversation = tuple(
            Exchange(answer.question, answer.plan, answer.sources, answer=answer, chat_id=chat_id) for answer in answers
        )
        return _idle_box(""), self._messages(conversation), conversation, self._panel(conversation[-1])

    def forget(self, conversation: Conversation, request: gr.Request) -> Outputs:
        """Delete the conversation that is shown, and begin a new one."""
        if conversation:
            self._conversations.forget(conversation[0].chat_id)
        return self.clear(request)

    def earlier(self) -> Mapping[str, Any]:
        """Return the list of earlier conversations, newest first, by their first questions."""
        latest = self._conversations.latest(EARLIER_CHATS)
        choices = [(cards.one_line(f"{chat.title[:80]} · {chat.begun[:10]}"), chat.id) for chat in latest]
        named = [("Earlier conversations", ""), *choices]
        update: dict[str, Any] = gr.update(choices=named, value="", visible=bool(choices))
        return update

    def _abandon(self, request: gr.Request) -> None:
        if running := self._running.pop(str(request.session_hash), None):
            running.stop(abandon=True)

    def show_sources(self, conversation: Conversation, selected: gr.SelectData) -> str:
        """Return the sources of the answer that was clicked."""
        turn = _turn(selected)
        return self._panel(conversation[turn]) if turn < len(conversation) else ""

    def answer(self, question: str, request: gr.Request) -> dict[str, Any]:
        """Answer one question without a page: the object that `assistant ask --json` prints."""
        try:
            return self._ask(question, (), asker=str(request.session_hash)).answer().to_json()
        except AssistantError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def _answer_again(
        self, conversation: Conversation, request: gr.Request, plan: Plan | None = None, *, anyway: bool = False
    ) -> Iterator[Outputs]:
        last, chat_id = conversation[-1].question, conversation[0].chat_id
        yield from self._answer(last, conversation[:-1], request, chat_id, plan, anyway=anyway)

    def _answer(
        self,
        question: str,
        earlier: Conversation,
        request: gr.Request,
        chat_id: str = "",
        plan: Plan | None = None,
        *,
        anyway: bool = False,
    ) -> Iterator[Outputs]:
        """Yield the page's new values while the answer comes. Closing the generator stops the model."""
        chat_id = chat_id or (earlier[0].chat_id if earlier else Conversations.new_id())
        session = str(request.session_hash)
        if not question.strip():
            yield _UNCHANGED
            return
        if (before := self._running.get(session)) and not before.is_over:
            gr.Warning("An answer is still being written. Stop it first, then ask again.")
            yield _UNCHANGED
            return
        history = [exchange.answer.turn() for exchange in earlier if exchange.answer]
        running = self._running[session] = RunningAnswer(
            lambda: self._ask(question, history, plan=plan, anyway=anyway, asker=session)
        )
        try:
            yield from self._show(running, Exchange(question, chat_id=chat_id), earlier)
        finally:
            running.stop()
            if self._running.get(session) is running:
                del self._running[session]

    def _show(self, running: RunningAnswer, exchange: Exchange, earlier: Conversation) -> Iterator[Outputs]:
        asked = time.monotonic()
        yield _busy_box(), self._messages((*earlier, exchange), "Searching …"), (*earlier, exchange), _SEARCHING
        for event in running.events():
            panel: Any = gr.skip()
            match event:
                case QuestionPlanned(plan):
                    exchange = replace(exchange, plan=plan)
                case EvidenceFound(sources):
                    exchange = replace(exchange, sources=sources)
                    panel = self._panel(exchange)
                case Waiting(place):
                    exchange = replace(exchange, place=place)
                case Progress(_, _, message):
                    exchange = replace(exchange, progress=message)
                case TextProduced(text):
                    exchange = replace(exchange, draft=exchange.draft + text)
                case AnswerFinished(answer):
                    exchange = replace(exchange, answer=answer, sources=answer.sources)
                case AssistantError() as error:
                    exchange = replace(exchange, error=str(error))
                case None if running.stopped.is_set() and not exchange.draft:
                    break
            if running.abandoned:
                return
            if exchange.answer is None and not exchange.error:
                waiting = self._waiting(exchange, time.monotonic() - asked)
                yield gr.skip(), self._messages((*earlier, exchange), waiting), (*earlier, exchange), panel
        if running.abandoned:
            return
        if exchange.answer is None and not exchange.error:
            stopped = "Stopped before anything was written."
            exchange = replace(exchange, error=stopped if running.stopped.is_set() else INTERNAL_ERROR)
        conversation = (*earlier, exchange)
        running.is_over = True
        self._conversations.save(exchange.chat_id, [each.answer for each in conversation if each.answer])
        yield _idle_box(), self._messages(conversation), conversation, self._panel(exchange)

    def _waiting(self, exchange: Exchange, seconds: float) -> str:
        """Say what an answer without text is waiting for."""
        if exchange.place:
            return f"{counted(exchange.place, 'answer')} before yours …"
        if exchange.draft:
            return f"{exchange.progress} …" if exchange.progress else ""
        if not self._is_ready():
            return f"Loading the models … {seconds:.0f} s. The first answer waits for them; later ones do not."
        if exchange.progress:
            return f"{exchange.progress} …"
        if exchange.sources is None:
            return f"{exchange.plan.words} …" if exchange.plan else "Reading the question …"
        return "Reading the abstracts …" if exchange.sources else "Nothing found …"

    def _messages(self, conversation: Conversation, waiting: str = "") -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        for exchange in conversation:
            messages.append({"role": "user", "content": cards.markdown(exchange.question)})
            messages.append({"role": "assistant", "content": _reply(exchange, waiting)})
        return messages

    def _panel(self, exchange: Exchange) -> str:
        if exchange.sources is None:
            return cards.panel_note("No sources were looked up for this question.")
        papers = self._library.papers_by_id([source.paper_id for source in exchange.sources])
        return cards.sources_panel(exchange.sources, {paper.id: paper for paper in papers}, exchange.answer)


def _reply(exchange: Exchange, waiting: str) -> str:
    """Return the assistant's message for an exchange, finished or not."""
    answer = exchange.answer
    if exchange.error:
        return cards.note(exchange.error, "error")
    if answer is None:
        parts = [cards.markdown(exchange.draft), cards.note(waiting, "waiting") if waiting else ""]
        return "\n\n".join(part for part in parts if part)
    body = cards.note(answer.text, "refusal") if answer.refused else cards.markdown(answer.text)
    reason = "" if answer.refused else answer.reason
    aside = cards.note(f"{reason[:1].upper()}{reason[1:]}.", "aside") if reason else ""
    table = cards.aspects(answer.rows) if answer.kind == "comparison" else ""
    return "\n\n".join(part for part in (_read_as(answer), body, table, aside, cards.withheld(answer.withheld)) if part)


def _read_as(answer: Answer) -> str:
    """Return how the question was read, and how it was rewritten where it followed up on earlier ones."""
    if answer.plan is None or answer.plan.kind == "about":
        return ""
    asked = "" if answer.standalone_question == answer.question else f"“{answer.standalone_question}” "
    return cards.note(f"{asked}{answer.plan.words}.", "plan")


def is_answerable_anyway(conversation: Conversation) -> bool:
    """Tell whether the last question was refused though papers near it were found."""
    answer = conversation[-1].answer if conversation else None
    return bool(answer and answer.refused and answer.sources and answer.plan)


def _turn(event: gr.EditData | gr.SelectData) -> int:
    """Return which question, counted from 0, the message belongs to that an event is about."""
    message = event.index if isinstance(event.index, int) else event.index[0]
    return int(message) // 2


def _busy_box() -> Mapping[str, Any]:
    return gr.update(value="", submit_btn=False, stop_btn=True)


def _idle_box(value: str | None = None) -> Mapping[str, Any]:
    """Return the question box ready for the next question; None leaves what stands in it."""
    update: dict[str, Any] = gr.update(submit_btn=True, stop_btn=False)
    return update if value is None else {**update, "value": value}
