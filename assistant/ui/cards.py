r"""HTML and Markdown of the page: text of papers, people, files and the model, made safe to show.

Everything here passes through Gradio's Markdown, which renders mathematics. It is given only `\(...\)` and `\[...\]` as
delimiters, and these are written here around what is mathematics, so that a price such as "$5 and $6" stays a price.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from assistant.analysis.summaries import ASPECTS, NOT_STATED
from assistant.text import counted, visible
from assistant.types import Answer, Paper, Sentence, Source

LATEX_DELIMITERS: list[dict[str, str | bool]] = [
    {"left": r"\[", "right": r"\]", "display": True},
    {"left": r"\(", "right": r"\)", "display": False},
]

_SHOWN_AUTHORS = 3
_SHOWN_QUOTES = 2

_MATH = re.compile(
    r"\$\$(?P<a>[^$]+)\$\$|\\\[(?P<b>.+?)\\\]|\\\((?P<c>.+?)\\\)"
    r"|(?<![\\$\w])\$(?=\S)(?P<d>(?:\\.|[^$\\])+)(?<=\S)\$(?!\d)",
    re.DOTALL,
)
_DELIMITER = re.compile(r"\\[()\[\]]")
_MARKDOWN = re.compile(
    r"<|&(?=#?\w+;)|!(?=\[)|(?<=\])(?:[(:]|\[(?!\d+\]))|```|~~~|(?<=:)//|(?<=www)\.|(?<=[\w.+-])@(?=\w)"
    r"|\\(?=[()\[\]])",
    re.IGNORECASE,
)


def one_line(text: str) -> str:
    """Return a text on one line, however long, without characters that hide or reorder what is shown."""
    return " ".join(visible(text).split())


def escaped(text: str) -> str:
    """Return text as HTML on one line that shows it literally, mathematics included."""
    return html.escape(one_line(text)).replace("\\", "<span>&#92;</span>")


def rendered(text: str, quotes: Collection[str] = ()) -> str:
    """Return text as HTML on one line, its mathematics to be rendered and each of the quotes within it marked."""
    text = one_line(text)
    ranges = _places(text, quotes)
    return "".join(_piece(piece, is_math, start, ranges) for piece, is_math, start in _pieces(text))


def markdown(text: str) -> str:
    """Return text as Markdown that keeps its emphasis and lists, and in which nothing is a link, an image or a tag.

    `html.unescape` gives the text back, but for the delimiters of mathematics: a question shown so can be edited.
    """
    text = visible(text)
    return "".join(
        _delimited(piece) if is_math else _MARKDOWN.sub(_entities, piece) for piece, is_math, _ in _pieces(text)
    )


def web_address(url: str) -> str:
    """Return the address if a browser may safely open it, else an empty string."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return url.strip() if parts.scheme in ("http", "https") and parts.hostname and url.isprintable() else ""


def linked(title: str, url: str) -> str:
    """Return a title as HTML, a link to the address where a browser may safely open it."""
    address = web_address(url)
    if not address:
        return rendered(title)
    return f'<a href="{html.escape(address)}" target="_blank" rel="noopener noreferrer">{rendered(title)}</a>'


def note(text: str, kind: str) -> str:
    """Return one quiet remark in the chat; `kind` ("refusal", "error", "waiting", "aside") says how it looks."""
    return f'<div class="note {kind}">{rendered(text)}</div>'


def withheld(sentences: Sequence[Sentence]) -> str:
    """Return the sentences that no abstract supports, behind a line that opens; nothing where there are none."""
    if not sentences:
        return ""
    items = "".join(f"<li>{rendered(sentence.text)}</li>" for sentence in sentences)
    return f'<details class="withheld"><summary>Show what was withheld</summary><ul>{items}</ul></details>'


def aspects(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return papers by aspects as a table, each cell a sentence of the abstract; nothing where there are no rows."""
    if not rows:
        return ""
    head = "".join(f"<th>{name.capitalize()}</th>" for name in ("paper", *ASPECTS))
    body = "".join(
        f"<tr><td>[{int(row['number'])}] {rendered(str(row['title']))}</td>"
        + "".join(f"<td>{rendered(str(row[name])) if row[name] else f'<i>{NOT_STATED}</i>'}</td>" for name in ASPECTS)
        + "</tr>"
        for row in rows
    )
    return f'<div class="aspects"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def sources_panel(sources: Sequence[Source], papers: Mapping[str, Paper], answer: Answer | None = None) -> str:
    """Return the numbered sources as cards; those that a finished answer cites stand out and show what it quotes."""
    if not sources:
        return panel_note("No paper in the library was close enough to this question.")
    cited = answer.cited_numbers if answer else frozenset[int]()
    cards = [_card(source, papers.get(source.paper_id), answer, source.number in cited) for source in sources]
    heading = f"{len(cited)} of {len(sources)} cited" if cited else counted(len(sources), "abstract")
    return (
        f'<div class="panel"><div class="panel-head"><b>Sources</b><span>{heading}</span></div>{"".join(cards)}</div>'
    )


def panel_note(text: str) -> str:
    """Return the sources' place with only a remark in it."""
    head = '<div class="panel-head"><b>Sources</b></div>'
    return f'<div class="panel">{head}<p class="panel-note">{escaped(text)}</p></div>'


def names(authors: Sequence[str], complete: bool) -> str:
    """Return the first authors as escaped HTML, with "et al." where there are more."""
    shown = ", ".join(escaped(name) for name in authors[:_SHOWN_AUTHORS])
    return f"{shown} et al." if shown and (len(authors) > _SHOWN_AUTHORS or not complete) else shown


def _card(source: Source, paper: Paper | None, answer: Answer | None, is_cited: bool) -> str:
    quotes = answer.quotes(source.number) if answer else ()
    facts = [names(source.authors, paper.authors_complete if paper else True)]
    facts += [f"<time>{escaped(source.date)}</time>"] if source.date else []
    facts += [escaped(", ".join(paper.categories)), escaped(paper.venue)] if paper else []
    excerpts = "".join(f"<blockquote>{rendered(quote)}</blockquote>" for quote in quotes[:_SHOWN_QUOTES] if is_cited)
    return (
        f'<article class="card{" cited" if is_cited else ""}"><div class="number">{source.number}</div>'
        f'<div class="body"><div class="title">{linked(source.title, source.url)}</div>'
        f'<div class="facts">{" · ".join(fact for fact in facts if fact)}</div>{excerpts}'
        f"<details><summary>Abstract</summary><p>{rendered(source.abstract, quotes)}</p></details></div></article>"
    )


def _pieces(text: str) -> Iterator[tuple[str, bool, int]]:
    """Cut a text into (piece, whether it is mathematics, start)."""
    end = 0
    for match in _MATH.finditer(text):
        inner = next(group for group in match.groups() if group is not None)
        if _DELIMITER.search(inner):
            continue
        if match.start() > end:
            yield text[end : match.start()], False, end
        yield match.group(), True, match.start()
        end = match.end()
    if end < len(text):
        yield text[end:], False, end


def _places(text: str, quotes: Collection[str]) -> list[tuple[int, int]]:
    """Return where the quotes stand in a one-line text."""
    found = [(text.find(quote), len(quote)) for quote in map(one_line, quotes) if quote]
    return [(start, start + length) for start, length in found if start >= 0]


def _piece(piece: str, is_math: bool, start: int, ranges: Sequence[tuple[int, int]]) -> str:
    if is_math:
        is_quoted = any(first < start + len(piece) and start < last for first, last in ranges)
        return f"<mark>{_delimited(piece)}</mark>" if is_quoted else _delimited(piece)
    cuts = sorted({0, len(piece), *(min(max(edge - start, 0), len(piece)) for span in ranges for edge in span)})
    parts = []
    for left, right in pairwise(cuts):
        part = html.escape(piece[left:right]).replace("\\", "<span>&#92;</span>")
        is_quoted = any(first <= start + left and start + right <= last for first, last in ranges)
        parts.append(f"<mark>{part}</mark>" if is_quoted else part)
    return "".join(parts)


def _delimited(formula: str) -> str:
    """Write mathematics between the delimiters that the page renders."""
    match = _MATH.fullmatch(formula)
    inner = next(group for group in match.groups() if group is not None) if match else formula
    left, right = (r"\[", r"\]") if formula.startswith(("$$", r"\[")) else (r"\(", r"\)")
    return f"{left}{html.escape(inner.strip())}{right}"


def _entities(match: re.Match[str]) -> str:
    return "".join(f"&#{ord(character)};" for character in match.group())
