"""Everything that can go wrong in a way a person can mend.

    AssistantError
    |-- UsageError            a setting or an option is wrong
    |-- QuestionError         the question cannot be asked: empty or too long
    |-- ModelError            a model cannot be used
    |   |-- FetchError        no mirror delivered it
    |   `-- ChecksumError     the bytes are not the pinned ones
    `-- LibraryError          the library cannot be used
        |-- LibraryLocked     another process holds it
        |-- EmbedderMismatch  its vectors come from another embedding model
        |-- StorageFull       the disk is full
        `-- IndexFailed       the vector index does not work; the papers are safe

Every message says what happened, where, and what to do next. Bad records are not errors but `types.Problem`s.
"""


class AssistantError(Exception):
    """Base of every error whose message is written for the person at the screen."""


class UsageError(AssistantError):
    """A setting, an option or an argument is wrong."""


class QuestionError(AssistantError):
    """The question is empty or too long."""


class ModelError(AssistantError):
    """A model is missing, damaged or of a kind that cannot be used."""


class FetchError(ModelError):
    """No mirror delivered the artifact."""


class ChecksumError(ModelError):
    """A downloaded artifact does not have its pinned SHA-256."""


class LibraryError(AssistantError):
    """The library cannot be opened, read or written."""


class LibraryLocked(LibraryError):
    """Another process owns the library."""


class EmbedderMismatch(LibraryError):
    """The library's vectors were made by another embedding model."""


class StorageFull(LibraryError):
    """The disk that holds the library is full."""


class IndexFailed(LibraryError):
    """The vector index could not be read or written."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(
            f"The vector index failed ({cause}). The papers are safe. If the disk is full, free some space. Then start "
            "again; if that does not help, delete the library's folder index: it is made anew."
        )
