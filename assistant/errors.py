"""The exception tree: everything that can go wrong in a way a person can mend.

    AssistantError
    |-- UsageError            a setting or an option is wrong
    |-- QuestionError         the question cannot be asked: empty or too long
    |-- ModelError            a model cannot be used
    |   |-- FetchError        no mirror delivered it
    |   `-- ChecksumError     the bytes are not the pinned ones
    |-- ExportError           a file of papers cannot be written
    |-- BundleError           a folder cannot take, or does not hold, an answer with its evidence
    |-- RemoteError           a source on the network did not deliver
    |   `-- NotThere          it has no such paper or author
    `-- LibraryError          the library cannot be used
        |-- LibraryLocked     another process holds it
        |-- EmbedderMismatch  its vectors come from another embedding model
        |-- LibraryDamaged    what is read is not what was written
        |-- StorageFull       the disk is full
        `-- IndexFailed       the vector index does not work; the papers are safe

Every message says what happened, where, and what to do next. Bad records are not errors but `types.Problem`s.
"""

from __future__ import annotations

from pathlib import Path


class AssistantError(Exception):
    """Base of every error whose message is written for the person at the screen."""


class UsageError(AssistantError):
    """A setting, an option or an argument is wrong."""


class QuestionError(AssistantError):
    """The question is empty or too long."""


class ExportError(AssistantError):
    """A file of papers cannot be written."""


class BundleError(AssistantError):
    """An answer with its evidence cannot be written to a folder, or what is read is none."""


class ModelError(AssistantError):
    """A model is missing, damaged or of a kind that cannot be used."""


class FetchError(ModelError):
    """No mirror delivered the artifact."""


class ChecksumError(ModelError):
    """A downloaded artifact does not have its pinned SHA-256."""


class RemoteError(AssistantError):
    """A source on the network could not be reached, asked for patience, or answered with something unusable."""


class NotThere(RemoteError):
    """A source on the network has no such paper or author, or does not accept its id."""


class LibraryError(AssistantError):
    """The library cannot be opened, read or written."""


class LibraryLocked(LibraryError):
    """Another process owns the library."""


class EmbedderMismatch(LibraryError):
    """The library's vectors were made by another embedding model."""


class LibraryDamaged(LibraryError):
    """The library's file holds something else than was written to it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The library's file is damaged: {what} is not what was written. `assistant check --mend` puts right what "
            "can be told from what the sources said; else restore the file from a copy."
        )


class StorageFull(LibraryError):
    """The disk that holds the library is full."""

    def __init__(self, place: Path) -> None:
        super().__init__(
            f"The disk that holds {place} is full. What was already added is safe; "
            "free some space and run the same command again."
        )


class IndexFailed(LibraryError):
    """The vector index could not be read or written."""

    def __init__(self, cause: Exception) -> None:
        if getattr(cause, "is_away", False):
            super().__init__(f"{cause} The papers and their vectors are safe in the library.")
            return
        super().__init__(
            f"The vector index failed ({cause}). The papers and their vectors are safe in the library, and the next "
            "use makes the index anew from them. Try again; if the disk is full, free some space first."
        )
