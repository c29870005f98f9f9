"""A research assistant over paper abstracts that proves what it says: the public interface for programs.

    import assistant

    with assistant.open_library("papers") as library:
        library.add("references.bib")
        print(library.ask("How many papers are there?").answer().text)

What stands in `__all__` is public and documented in docs/python.md; everything else may change. Names are loaded when
they are first used, so that importing the package is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.analysis.trends import Trends
    from assistant.answering import AnswerStream
    from assistant.errors import AssistantError
    from assistant.export.bundles import verify
    from assistant.settings import PROGRAM_VERSION as __version__  # noqa: N811
    from assistant.settings import Settings
    from assistant.types import (
        Answer,
        AnswerFinished,
        CompletionReport,
        EvidenceFound,
        IngestionReport,
        Paper,
        PaperFilter,
        Plan,
        Progress,
        QuestionPlanned,
        SearchResult,
        Sentence,
        Source,
        Span,
        TextProduced,
        Turn,
        Waiting,
    )
    from assistant.workspace import Workspace, open_library

__all__ = [
    "Answer",
    "AnswerFinished",
    "AnswerStream",
    "AssistantError",
    "CompletionReport",
    "EvidenceFound",
    "IngestionReport",
    "Paper",
    "PaperFilter",
    "Plan",
    "Progress",
    "QuestionPlanned",
    "SearchResult",
    "Sentence",
    "Settings",
    "Source",
    "Span",
    "TextProduced",
    "Trends",
    "Turn",
    "Waiting",
    "Workspace",
    "__version__",
    "open_library",
    "verify",
]

_MODULES = {
    "assistant.analysis.trends": ("Trends",),
    "assistant.answering": ("AnswerStream",),
    "assistant.errors": ("AssistantError",),
    "assistant.export.bundles": ("verify",),
    "assistant.settings": ("Settings",),
    "assistant.workspace": ("Workspace", "open_library"),
}
"""Where public names are defined; those that are not named here are of `assistant.types`."""


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "__version__":
        return import_module("assistant.settings").PROGRAM_VERSION
    home = next((module for module, names in _MODULES.items() if name in names), "assistant.types")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
