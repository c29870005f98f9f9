r"""BibTeX that LaTeX can set and that our reader reads back letter for letter.

Letters beyond ASCII stay as they are, because biber, BibTeX with UTF-8 input and all reference managers take them. The
ten characters that LaTeX reserves are escaped outside mathematics; mathematics (`$x^2$`) stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from assistant.export.writers.keys import Keys
from assistant.export.writers.kinds import Kind, kind_of
from assistant.export.writers.names import parts
from assistant.ingestion.readers import bibtex as reader
from assistant.ingestion.readers.exported import EXPORTER, positions_text
from assistant.ingestion.readers.fields import MONTHS
from assistant.ingestion.readers.latex import LONGEST_LATEX, MATH, to_text
from assistant.types import Paper

NAME = "BibTeX"

_ENTRIES: Mapping[Kind, tuple[str, str]] = {
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
_NO_LIST = re.compile(r"[\w.-]+")
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
        fields = _in_latex(paper)
    except _NotWritableError:
        fields = _plainly_escaped(paper)
    kind, venue = _ENTRIES[kind_of(paper)]
    lines = []
    for name, value in fields.items():
        if value:
            shown = value if name == "month" else f"{{{value}}}"  # a month is an abbreviation that every style knows
            lines.append(f"  {venue if name == 'venue' else name} = {shown},\n")
    return f"@{kind}{{{key},\n{''.join(lines)}}}\n\n"


def _in_latex(paper: Paper) -> dict[str, str]:
    """Return the fields of an entry as LaTeX. Raises _NotWritableError."""
    names = [_person(name) for name in paper.authors]
    categories = [_latex(category) for category in paper.categories]
    return _fields(paper, _title(paper.title), _latex(paper.venue), _latex(paper.abstract), names, categories)


def _plainly_escaped(paper: Paper) -> dict[str, str]:
    title, venue, abstract = (text.translate(_ESCAPES) for text in (paper.title, paper.venue, paper.abstract))
    names = [f"{{{name.translate(_ESCAPES)}}}" for name in paper.authors]
    categories = [category.translate(_ESCAPES) for category in paper.categories]
    fields = _fields(paper, title, venue, abstract, names, categories)
    return fields | {"exporter": f"{EXPORTER}, {reader.PLAINLY_ESCAPED}"}


def _fields(
    paper: Paper, title: str, venue: str, abstract: str, names: list[str], categories: list[str]
) -> dict[str, str]:
    year, month, day = [*paper.date.split("-"), "", ""][:3]
    first = paper.categories[0] if paper.categories else ""
    return {
        "title": title,
        "author": " and ".join([*names, *([] if paper.authors_complete else ["others"])]),
        "venue": venue,
        "year": year,
        "month": MONTHS[int(month) - 1] if month else "",
        "day": day,
        "doi": paper.doi,
        "eprint": paper.arxiv_id,
        "archiveprefix": "arXiv" if paper.arxiv_id else "",
        "primaryclass": first if paper.arxiv_id and _ARXIV_CATEGORY.fullmatch(first) else "",
        "pmid": paper.pmid,
        "url": paper.url,
        "categories": " and ".join(one if _NO_LIST.fullmatch(one) else f"{{{one}}}" for one in categories),
        "hascode": {True: "yes", False: "no", None: ""}[paper.has_code],
        "authorpositions": positions_text(paper),
        "abstract": abstract,
        "exporter": EXPORTER,
    }


def _latex(text: str) -> str:
    """Return LaTeX that the reader reads as `text`. Raises _NotWritableError."""
    if not _RESERVED.search(text):
        return text
    pieces = (piece if is_math else _escaped(piece) for piece, is_math in _pieces(text))
    return _sure("".join(pieces), text)


def _title(text: str) -> str:
    """Return a title as LaTeX in which styles that put titles in lower case leave words like BeamLoRA alone."""
    pieces = [
        piece if is_math else _WITH_INNER_CAPITAL.sub(r"{\g<0>}", _escaped(piece)) for piece, is_math in _pieces(text)
    ]
    try:
        return _sure("".join(pieces), text)
    except _NotWritableError:
        return _latex(text)


def _sure(written: str, text: str) -> str:
    """Return `written` if its braces match and the reader reads `text` in it. Raises _NotWritableError."""
    if not _is_balanced(written):
        raise _NotWritableError
    is_doubtful = _DOUBTFUL.search(text) or len(written) > LONGEST_LATEX
    if is_doubtful and to_text(written) != text:
        raise _NotWritableError
    return written


@lru_cache(maxsize=20_000)  # the same people write many papers
def _person(name: str) -> str:
    """Return a name for a list of authors: "Family, Given", or in braces as it stands. Raises _NotWritableError."""
    person = parts(name)
    if person and _PLAIN_NAME.fullmatch(name):
        return person.inverted
    for written in ([person.inverted] if person else []) + [f"{{{name}}}"]:
        escaped = _latex_name(written)
        if _is_balanced(escaped) and reader.names(escaped) == [name]:
            return escaped
    raise _NotWritableError


def _latex_name(name: str) -> str:
    """Escape a name, but for the braces around all of it."""
    if name.startswith("{"):
        return f"{{{name[1:-1].translate(_ESCAPES)}}}"
    return name.translate(_ESCAPES)


def _escaped(text: str) -> str:
    """Escape what LaTeX reserves; braces in pairs in the short way, which BibTeX can count."""
    return text.translate(_ESCAPES_OF_PAIRS if _is_balanced(text) else _ESCAPES)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the text piece by piece, and whether the piece is mathematics."""
    end = 0
    for found in MATH.finditer(text):
        yield text[end : found.start()], False
        yield found.group(), True
        end = found.end()
    yield text[end:], False


def _is_balanced(text: str) -> bool:
    """Tell whether every brace has its counterpart: BibTeX counts those behind a backslash, too."""
    depth = 0
    for brace in re.findall(r"[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0
