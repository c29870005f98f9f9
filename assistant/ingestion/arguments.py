"""Arguments of `assistant add`: files, folders, references to remote services, and names of columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.errors import UsageError
from assistant.ingestion.remote.references import Reference, parse_reference

_LIKE_A_REFERENCE = re.compile(r"[A-Za-z]\w+:(?![\\/])")


def parse(words: Sequence[str], choose_author: Callable[[str], str] = lambda _: "") -> list[Path | Reference]:
    """Read each word as a reference, or else as a path.

    `choose_author` is given a name that may be several people's and returns the id of the one who is meant, or "".
    Raises UsageError for what begins like a reference and is not one.
    """
    found: list[Path | Reference] = []
    for word in words:
        reference = parse_reference(word)
        if reference is not None and reference.kind == "author":
            reference = parse_reference(choose_author(reference.value)) or reference
        if reference is None and _LIKE_A_REFERENCE.match(word) and not Path(word).exists():
            raise UsageError(
                f"{word} is not a file here, nor a reference. "
                "References begin with arxiv:, doi:, pmid:, openalex:, s2:, orcid: or author:."
            )
        found.append(Path(word) if reference is None else reference)
    return found


def columns(assignments: Sequence[str]) -> dict[str, str]:
    """Read "field=column" assignments. Raises UsageError."""
    found: dict[str, str] = {}
    for assignment in assignments:
        field, equals, column = assignment.partition("=")
        if not (field.strip() and equals and column.strip()):
            raise UsageError(
                f"“{assignment}” does not name a column. Write --column FIELD=COLUMN, such as --column title=Titel."
            )
        found[field.strip().lower()] = column.strip()
    return found
