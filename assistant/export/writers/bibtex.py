r"""BibTeX that LaTeX can set and that our reader reads back letter for letter.

Letters beyond ASCII stay as they are, because biber, BibTeX with UTF-8 input and all reference managers take them. The
ten characters that LaTeX reserves are escaped outside mathematics; mathematics (`$x^2$`) stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from assistant.export.writers.citations import YES_NO, Keys, PublicationType, publication_type, split_name
from assistant.ingestion.readers.exported import EXPORTER, list_cell, positions_text
from assistant.ingestion.readers.fields import MONTHS
from assistant.ingestion.readers.tex import bibtex as reader
from assistant.ingestion.readers.tex.latex import LONGEST_LATEX, MATH, to_text
from assistant.types import Paper

_ENTRIES: Mapping[PublicationType, tuple[str, str]] = {
    "conference": ("inproceedings", "booktitle"),
    "journal": ("article", "journal"),
    "preprint": ("misc", "howpublished"),
}
_ESCAPES = str.maketrans(dict(reader.ESCAPES))
_ESCAPES_OF_PAIRS = str.maketrans({**reader.ESCAPES, "{": r"\{", "}": r"\}"})
_RESERVED = re.compile(r"[\\{}~^%&#_$<`]")
_DOUBTFUL = re.compile(r"[\\{}~^$<&`]")  # what the reader may take for more than a letter, however it is escaped
_WITH_INNER_CAPITAL = re.compile(r"(?<![^\s(\[\"'“‘/:–—-])[^\W_]+[A-Z][^\W_]*")
_PLAIN_NAME = re.compile(r"[^\W\d_a-z][^\W\d_]*(?:[.'’-][^\W\d_]*)*(?: [^\W\d_a-z][^\W\d_]*(?:[.'’-][^\W\d_]*)*)+")
_PLAIN_CATEGORY = re.compile(r"[\w.-]+")
_ARXIV_CATEGORY = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?")


class _NotWritableError(ValueError):
    """LaTeX has no way to write a text so that the reader gives it back."""


def write(papers: Iterable[Paper]) -> Iterator[str]:
    """Yield one entry for each paper, with a blank line behind it."""
    keys = Keys()
    for paper in papers:
        yield entry(paper, keys.new(paper))


def entry(paper: Paper, key: str) -> str:
    """Return a paper as an entry.

    Its texts are written so that the reader of LaTeX gives them back. Where there is no such way (a formula with
    unmatched braces, a text longer than is read as LaTeX), the whole entry is escaped letter by letter, and says so.
    """
    try:
        fields = _fields(paper, _title, _latex, _person)
    except _NotWritableError:
        fields = _fields(paper, _escape_all, _escape_all, lambda name: f"{{{_escape_all(name)}}}")
        fields["exporter"] = f"{EXPORTER}, {reader.PLAINLY_ESCAPED}"
    lines = [f"  {name} = {value if name == 'month' else f'{{{value}}}'},\n" for name, value in fields.items() if value]
    return f"@{_ENTRIES[publication_type(paper)][0]}{{{key},\n{''.join(lines)}}}\n\n"


def _fields(
    paper: Paper, title: Callable[[str], str], text: Callable[[str], str], person: Callable[[str], str]
) -> dict[str, str]:
    """Return the fields of an entry, its texts written by three functions. A month is an abbreviation of BibTeX's."""
    year, month, day = [*paper.date.split("-"), "", ""][:3]
    names, categories = [*map(person, paper.authors)], [*map(text, paper.categories)]
    first = paper.categories[0] if paper.categories else ""
    return {
        "title": title(paper.title),
        "author": " and ".join([*names, *([] if paper.authors_complete else ["others"])]),
        _ENTRIES[publication_type(paper)][1]: text(paper.venue),
        "year": year,
        "month": MONTHS[int(month) - 1] if month else "",
        "day": day,
        "doi": paper.doi,
        "eprint": paper.arxiv_id,
        "archiveprefix": "arXiv" if paper.arxiv_id else "",
        "primaryclass": first if paper.arxiv_id and _ARXIV_CATEGORY.fullmatch(first) else "",
        "pmid": paper.pmid,
        "url": paper.url,
        "categories": " and ".join(one if _PLAIN_CATEGORY.fullmatch(one) else f"{{{one}}}" for one in categories),
        "keywords": list_cell([text(label) for label in paper.labels], ","),
        "hascode": YES_NO[paper.has_code],
        "authorpositions": positions_text(paper),
        "abstract": text(paper.abstract),
        "exporter": EXPORTER,
    }


def _latex(text: str) -> str:
    """Return LaTeX that the reader reads as `text`. Raises _NotWritableError."""
    if not _RESERVED.search(text):
        return text
    return _checked("".join(_pieces(text, _escape)), text)


def _title(text: str) -> str:
    """Return a title as LaTeX in which styles that put titles in lower case leave words like BeamLoRA alone."""
    try:
        pieces = _pieces(text, lambda piece: _WITH_INNER_CAPITAL.sub(r"{\g<0>}", _escape(piece)))
        return _checked("".join(pieces), text)
    except _NotWritableError:
        return _latex(text)


def _checked(written: str, text: str) -> str:
    """Return `written` if its braces match and the reader reads `text` in it. Raises _NotWritableError."""
    is_doubtful = _DOUBTFUL.search(text) or len(written) > LONGEST_LATEX
    if not _is_balanced(written) or (is_doubtful and to_text(written) != text):
        raise _NotWritableError
    return written


def _person(name: str) -> str:
    """Return a name for a list of authors: "Family, Given", or in braces as it stands. Raises _NotWritableError."""
    split = split_name(name)
    inverted = ", ".join(part for part in (split.family, split.suffix, split.given) if part) if split else ""
    if split and _PLAIN_NAME.fullmatch(name):
        return inverted
    for written in (_escape_all(inverted), f"{{{_escape_all(name)}}}"):
        if written and _is_balanced(written) and reader.own_names(written) == [name]:
            return written
    raise _NotWritableError


def _escape_all(text: str) -> str:
    return text.translate(_ESCAPES)


def _escape(text: str) -> str:
    """Escape what LaTeX reserves; braces in pairs in the short way, which BibTeX can count."""
    return text.translate(_ESCAPES_OF_PAIRS if _is_balanced(text) else _ESCAPES)


def _pieces(text: str, escape: Callable[[str], str]) -> Iterator[str]:
    """Yield the text piece by piece: mathematics as it stands, the rest escaped."""
    end = 0
    for found in MATH.finditer(text):
        yield escape(text[end : found.start()])
        yield found.group()
        end = found.end()
    yield escape(text[end:])


def _is_balanced(text: str) -> bool:
    """Tell whether every brace has its counterpart: BibTeX counts those behind a backslash, too."""
    depth = 0
    for brace in re.findall(r"[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0
