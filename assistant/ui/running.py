"""Answers under way: each in a thread of its own, whoever looks on, and written down as it comes."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from babel.support import NullTranslations
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from assistant.answering import AnswerStream
from assistant.errors import AssistantError, LibraryError, UsageError
from assistant.library import Conversations
from assistant.types import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    EvidenceFound,
    PaperFilter,
    Plan,
    Progress,
    QuestionPlanned,
    Source,
    TextProduced,
    Turn,
    Waiting,
)
from assistant.workspace import Workspace

STOPPED = "Stopped. What was written until then was not checked."
STOPPED_AT_ONCE = "Stopped before anything was written."
INTERNAL_ERROR = "The program met an error that it does not know. Ask again; if it comes back, please report it."

LONGEST_STOP = 0.7
"""Seconds after which a stopped answer is over, whatever the model still does."""

_LONG = 3.0
"""Seconds after which it is said how long an answer has been under way."""

_TRIES = 3
"""How often the end of an answer is written down while others write to the library; each try waits for seconds."""

_BETWEEN_NOTES = 2.0
"""Seconds between two notes of a draft in the library."""


@dataclass(frozen=True, slots=True)
class Draft:
    """How far an answer is. `place` is how many answers come before it; `version` grows with each change."""

    plan: Plan | None = None
    sources: tuple[Source, ...] | None = None
    text: str = ""
    progress: str = ""
    place: int = 0
    is_over: bool = False
    version: int = 0


class RunningAnswer:
    """One answer that is being written for a turn of a conversation, and kept there when it ends."""

    def __init__(self, turn_id: str, conversations: Conversations, start: Callable[[], AnswerStream]) -> None:
        self.turn_id = turn_id
        self.draft = Draft()
        self.begun = time.monotonic()
        self.stopped = threading.Event()
        self._conversations = conversations
        self._start = start
        self._stream: AnswerStream | None = None
        self._lock = threading.Lock()
        self._noted = self.begun

    def run(self) -> None:
        """Write the answer. Errors are kept in the turn, for a person."""
        try:
            self._stream = self._start()
            if self.stopped.is_set():
                self._stream.close()
            for event in self._stream:
                self._take(event)
        except AssistantError as error:
            self._end(error=str(error))
        except Exception:
            self._end(error=INTERNAL_ERROR)
            raise
        finally:
            self._end(error="" if self.stopped.is_set() else INTERNAL_ERROR)

    def stop(self) -> None:
        """Ask the model to stop. The answer is over within a second; what was written of it stays."""
        self.stopped.set()
        if self._stream:
            self._stream.close()
        timer = threading.Timer(LONGEST_STOP, self._end, kwargs={"error": ""})
        timer.daemon = True
        timer.start()

    def _take(self, event: AnswerEvent) -> None:
        match event:
            case QuestionPlanned(plan):
                self._change(plan=plan)
            case EvidenceFound(sources):
                self._change(sources=sources)
            case Waiting(place):
                self._change(place=place)
            case Progress(_, _, message):
                self._change(progress=message)
            case TextProduced(text):
                self._change(text=self.draft.text + text)
                if time.monotonic() - self._noted > _BETWEEN_NOTES:
                    self._noted = time.monotonic()
                    with contextlib.suppress(AssistantError):  # only a note: the answer goes on
                        self._conversations.note_draft(self.turn_id, self.draft.text)
            case AnswerFinished(answer):
                self._end(answer)

    def _change(self, **changes: object) -> None:
        with self._lock:
            if not self.draft.is_over:
                self.draft = replace(self.draft, version=self.draft.version + 1, **changes)  # type: ignore[arg-type]

    def _end(self, answer: Answer | None = None, error: str = "") -> None:
        """Write down how it ended; only the first end counts. Without an error it was stopped."""
        with self._lock:
            if self.draft.is_over:
                return
            written = self.draft.text
            error = error or (STOPPED if written else STOPPED_AT_ONCE)
            try:
                for attempt in Retrying(
                    retry=retry_if_exception_type(LibraryError), stop=stop_after_attempt(_TRIES), reraise=True
                ):
                    with attempt:
                        if answer:
                            self._conversations.finish(self.turn_id, answer)
                        else:
                            self._conversations.fail(self.turn_id, error, written)
            except UsageError:
                pass  # the conversation was purged meanwhile
            finally:
                self.draft = replace(self.draft, version=self.draft.version + 1, is_over=True)


class RunningAnswers:
    """The answers under way in this program. They go on when their page is left or loaded anew."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._running: dict[str, RunningAnswer] = {}
        self._loading = workspace.load_ahead()

    def start(
        self,
        turn_id: str,
        question: str,
        conversations: Conversations,
        history: Sequence[Turn],
        *,
        asker: str,
        plan: Plan | None = None,
        anyway: bool = False,
    ) -> None:
        """Begin to answer a turn that was written down."""
        turn = conversations.turn(turn_id)
        scope = turn.scope if turn else PaperFilter()

        def begin() -> AnswerStream:
            return self._workspace.ask(question, history, filter=scope, plan=plan, anyway=anyway, asker=asker)

        running = self._running[turn_id] = RunningAnswer(turn_id, conversations, begin)

        def work() -> None:
            try:
                running.run()
            finally:
                self._running.pop(turn_id, None)

        threading.Thread(target=work, name="answer", daemon=True).start()

    def find(self, turn_id: str) -> RunningAnswer | None:
        """Return an answer under way, None where it is over."""
        return self._running.get(turn_id)

    def steps(self, running: RunningAnswer, phrases: NullTranslations) -> list[str]:
        """Say what was done for an answer so far in a language; the last step is the one under way."""
        draft, seconds = running.draft, time.monotonic() - running.begun
        steps = [f"{draft.plan.words[:1].upper()}{draft.plan.words[1:]}"] if draft.plan and draft.plan.words else []
        if draft.sources is not None:
            found = phrases.ngettext("%(num)s paper found", "%(num)s papers found", len(draft.sources))
            steps.append(found % {"num": f"{len(draft.sources):,}"})
        if draft.place:
            before = phrases.ngettext("%(num)s answer before yours", "%(num)s answers before yours", draft.place)
            steps.append(before % {"num": draft.place})
        elif draft.progress:
            steps.append(phrases.gettext(draft.progress))
        elif draft.text:
            steps.append(phrases.gettext("Writing"))
        elif self._loading.is_alive() and seconds > 1:
            steps.append(phrases.gettext("Loading the models: only the first answer waits for them"))
        elif draft.plan is None:
            steps.append(phrases.gettext("Reading the question"))
        elif draft.sources:
            steps.append(phrases.gettext("Reading the abstracts"))
        else:
            steps.append(phrases.gettext("Searching"))
        if seconds >= _LONG and not draft.text:
            steps[-1] += phrases.gettext(" · %(seconds)s s") % {"seconds": f"{seconds:.0f}"}
        return steps
