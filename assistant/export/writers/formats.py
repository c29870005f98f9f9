"""The formats that papers can be written in, by the name that a person gives and by the ending of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Protocol

from assistant.export.writers import bibtex, csl_json, jsonl, markdown, ris, table
from assistant.types import Paper


class Writer(Protocol):
    """A module that writes one format."""

    @property
    def NAME(self) -> str:  # noqa: N802
        """Return what people call the format."""

    def write(self, papers: Iterable[Paper]) -> Iterator[str]:
        """Yield the text piece by piece; no more than one paper is held at a time."""


FORMATS: Mapping[str, Writer] = MappingProxyType(
    {
        "bibtex": bibtex,
        "ris": ris,
        "csl-json": csl_json,
        "csv": table,
        "jsonl": jsonl,
        "markdown": markdown,
    }
)
_NAMES_BY_ENDING: Mapping[str, str] = MappingProxyType(
    {
        ".bib": "bibtex",
        ".csv": "csv",
        ".json": "csl-json",
        ".jsonl": "jsonl",
        ".markdown": "markdown",
        ".md": "markdown",
        ".ndjson": "jsonl",
        ".ris": "ris",
    }
)


def named_by(file_name: str) -> str:
    """Return the name of the format that a file's ending stands for, "" for an ending of none."""
    return _NAMES_BY_ENDING.get(PurePath(file_name).suffix.lower(), "")
