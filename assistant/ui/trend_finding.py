"""Finding trends in the background: once for all who ask the same, and going on when they leave."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.analysis import trends
from assistant.analysis.trends import By, KeptTrends
from assistant.errors import AssistantError
from assistant.types import PaperFilter, Progress
from assistant.ui import filter_query

if TYPE_CHECKING:
    from assistant.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Question:
    """Whose trends are asked for: the papers of a filter about a topic ("" for any), by year or by month."""

    filter: PaperFilter
    topic: str = ""
    by: By = "year"

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> Question:
        """Return what the query of an address asks. Raises UsageError for a value that its field cannot have."""
        pairs = list(pairs)
        said = dict(pairs)
        topic = " ".join(said.get("topic", "").split())
        return cls(filter_query.read(pairs), topic, "month" if said.get("by") == "month" else "year")

    @property
    def extra(self) -> dict[str, str]:
        """Return what the address says beside the filter."""
        return {"topic": self.topic, "by": "month" if self.by == "month" else ""}


@dataclass(slots=True)
class Finding:
    """Trends that are being found: how far it is, and, when `done` is set, the error in words if there was one."""

    progress: Progress = field(default_factory=lambda: Progress(0, 0, "Waiting for others"))
    done: threading.Event = field(default_factory=threading.Event)
    error: str = ""


_MOST_WAITING = 16
"""Findings that are under way or wait, at most."""


class TrendFinder:
    """Finds trends one after the other, each in a thread that dies with the program, and keeps them in the library."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._findings: dict[Question, Finding] = {}

    def kept(self, question: Question) -> KeptTrends | None:
        """Return the trends as they were found last, None where they never were."""
        return trends.kept(self._workspace.library, question.topic, question.filter, question.by)

    def begin(self, question: Question) -> Finding:
        """Begin to find the trends anew, if that has not begun, and return what tells how far it is.

        Raises AssistantError where too many others are waited for.
        """
        with self._lock:
            if question not in self._findings:
                if len(self._findings) >= _MOST_WAITING:
                    raise AssistantError("Trends of many other papers are being found. Try again in a few minutes.")
                finding = self._findings[question] = Finding()
                threading.Thread(target=self._find, args=(question, finding), name="trends", daemon=True).start()
            return self._findings[question]

    def _find(self, question: Question, finding: Finding) -> None:
        def listen(progress: Progress) -> None:
            finding.progress = progress

        library, search = self._workspace.library, self._workspace.nearest
        try:
            with self._one_at_a_time:
                trends.find_and_keep(library, question.topic, question.filter, question.by, search, on_progress=listen)
        except AssistantError as error:
            finding.error = str(error)
        except Exception:
            finding.error = "The trends could not be found: the program met an error."
            raise
        finally:
            with self._lock:
                del self._findings[question]
            finding.done.set()
