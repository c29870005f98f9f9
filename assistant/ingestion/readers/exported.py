"""Records that this program wrote itself: their fields are taken as they stand, and nothing is guessed from others.

Texts in them are plain, so that a brace, a tag or a dollar sign means itself. Dates, identifiers and positions are
checked all the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assistant.ingestion.readers.fields import find_arxiv_id, find_date, find_doi, find_pmid, find_url, record
from assistant.ingestion.readers.markup import visible
from assistant.types import Authorship, Paper, Problem, Record

EXPORTER = "Abstract Assistant"
"""What the records say of who wrote them, in the field that their format has for it."""

LARGEST_POSITION = 100_000
"""No paper has so many authors."""

# A spreadsheet takes a cell that begins so for a formula, and may run it; the last four are their wide forms.
FORMULA = re.compile("'*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
GUARDED_FORMULA = re.compile(f"'{FORMULA.pattern}")
_YES_OR_NO: Mapping[str, bool] = {"yes": True, "true": True, "no": False, "false": False}


def is_own(mark: object) -> bool:
    """Tell whether the field that names the exporter names this program."""
    return isinstance(mark, str) and mark.startswith(EXPORTER)


def read(stated: Mapping[str, Any], file: str, line: int, readable: Callable[[str], str] = visible) -> Record | Problem:
    """Return the paper whose fields are called as ours are, with `id` as the source's own name for it.

    `authors` and `categories` are lists of texts; `author_positions` is a list, None in the place of what is hidden.
    Titles and abstracts may hold what `readable` undoes.
    """
    texts = {name: value.strip() if isinstance(value, str) else "" for name, value in stated.items()}
    names = [name for text in _texts(stated.get("authors")) if (name := visible(text))]
    paper = Paper(
        title=texts.get("title", ""),
        abstract=texts.get("abstract", ""),
        authorships=_authorships(names, stated.get("author_positions")),
        authors_complete=yes_or_no(stated.get("authors_complete")) is not False,
        date=find_date(texts.get("date", "")),
        categories=tuple(_texts(stated.get("categories"))),
        venue=texts.get("venue", ""),
        doi=find_doi(texts.get("doi", "")),
        arxiv_id=find_arxiv_id(texts.get("arxiv_id", ""), bare=True),
        pmid=find_pmid(texts.get("pmid", ""), bare=True),
        url=find_url(texts.get("url", "")),
        has_code=yes_or_no(stated.get("has_code")),
        citation_keys=(texts.get("citation_key", ""), *_texts(stated.get("citation_keys"))),
        labels=tuple(label for text in _texts(stated.get("labels")) if (label := visible(text))),
    )
    source_key = texts.get("id", "")
    return record(paper, file=file, line=line, source_key=source_key, readable=readable, is_own=True)


def _authorships(names: Sequence[str], positions: object) -> tuple[Authorship, ...]:
    """Return the names with their positions; positions that do not fit the names count for nothing."""
    counted: Sequence[object] = range(1, len(names) + 1)
    if isinstance(positions, list) and len(positions) == len(names) and all(map(_is_position, positions)):
        counted = positions
    places = [place if isinstance(place, int) else None for place in counted]
    return tuple(map(Authorship, names, places))


def positions_of(text: str) -> list[int | None] | None:
    """Return what "1 2 ?" says: the positions of three authors, of whom the last one's is hidden. None for "" or else.

    The reverse of `positions_text`.
    """
    words = text.split()
    if not words or not all(word == "?" or (word.isascii() and word.isdigit() and len(word) < 9) for word in words):
        return None
    return [None if word == "?" else int(word) for word in words]


def positions_text(paper: Paper) -> str:
    """Return the authors' positions as "1 2 ?", "" where they simply count from 1."""
    positions = [author.position for author in paper.authorships]
    if positions == list(range(1, len(positions) + 1)):
        return ""
    return " ".join("?" if position is None else str(position) for position in positions)


def yes_or_no(value: object) -> bool | None:
    """Return what a field says that is true or false, as itself or as a word; None for anything else."""
    if isinstance(value, bool):
        return value
    return _YES_OR_NO.get(value.strip().lower()) if isinstance(value, str) else None


def guarded(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: with an apostrophe before it where it looks like one."""
    return f"'{text}" if FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """Return the text of a cell that `guarded` made."""
    return cell[1:] if GUARDED_FORMULA.match(cell) else cell


def list_cell(values: Sequence[str], separator: str = ";") -> str:
    """Return texts as one: with "; " between them or, where one of them holds the separator, as a list of JSON."""
    text = f"{separator} ".join(values)
    is_plain = not any(separator in value or not value for value in values) and not text.startswith("[")
    return text if is_plain else json.dumps(list(values), ensure_ascii=False)


def listed(cell: str, separator: str = ";") -> list[str]:
    """Return the texts that `list_cell` made one."""
    if cell.startswith("["):
        try:
            return _texts(json.loads(cell))
        except (ValueError, RecursionError):
            pass
    return [text for part in cell.split(separator) if (text := part.strip())]


def _is_position(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value < LARGEST_POSITION)


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list | tuple) else []
