"""Markdown for people: a numbered list of papers with links. Text of papers is shown as it is and does nothing.

CommonMark lets a backslash take the meaning from any punctuation (https://spec.commonmark.org/0.31.2/#backslash-escapes).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, urlsplit

from assistant.ingestion.readers.markup import visible
from assistant.types import Paper

NAME = "Markdown"

_MEANING_SOMETHING = re.compile(
    r"[\\`*_{}\[\]<>#|~$&!^=@]|(?<=\w):(?=/)|(?<=[wW]{3})\.|(?<=[hHfF][tT][pP]):|(?<=[sS]):(?=//)"
)
_BEGINNING_A_BLOCK = re.compile(r"^(?:([+-])|(\d{1,9})([.)]))(?=\s|$)|^([-=+])")
_SAFE_IN_ADDRESS = "/:?#@!$&'()*+,;=%~-._"
_SHOWN_AUTHORS = 10


def write(papers: Iterable[Paper]) -> Iterator[str]:
    """Yield one item for each paper: title, authors, where and when, links, and the abstract as a quotation."""
    for number, paper in enumerate(papers, 1):
        yield item(paper, number)


def item(paper: Paper, number: int) -> str:
    """Return a paper as a numbered item with a blank line behind it; its lines are indented to belong to it."""
    title = f"**{escaped(paper.title)}**"
    names = [escaped(name) for name in paper.authors[:_SHOWN_AUTHORS]]
    is_cut = not paper.authors_complete or len(names) < len(paper.authors)
    where = [escaped(text) for text in (paper.venue, paper.date) if text]
    lines = [title, ", ".join([*names, *(["et al."] if is_cut else [])]), ", ".join(where), ", ".join(links(paper))]
    indent = " " * len(f"{number}. ")
    shown = "  \n".join(line for line in lines if line).replace("\n", f"\n{indent}")
    return f"{number}. {shown}\n\n{indent}> {escaped(paper.abstract)}\n\n"


def links(paper: Paper) -> list[str]:
    """Return the links to a paper, each once: its DOI, arXiv, PubMed, and its address if that is another."""
    places = {
        f"https://doi.org/{paper.doi}": f"doi:{paper.doi}" if paper.doi else "",
        f"https://arxiv.org/abs/{paper.arxiv_id}": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
        f"https://pubmed.ncbi.nlm.nih.gov/{paper.pmid}/": f"PMID {paper.pmid}" if paper.pmid else "",
    }
    named = {address: label for address, label in places.items() if label}
    if paper.url and paper.url.rstrip("/") not in {address.rstrip("/") for address in named}:
        named[paper.url] = _host(paper.url)
    return [link(label, address) for address, label in named.items()]


def link(label: str, address: str) -> str:
    """Return a link, or the label alone where the address is none that a browser may safely open."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return escaped(label)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return escaped(label)
    return f"[{escaped(label)}](<{quote(address, safe=_SAFE_IN_ADDRESS)}>)"


def _host(address: str) -> str:
    """Return the host of an address, by which a person recognises it; the address itself where it has none."""
    try:
        return urlsplit(address).hostname or address
    except ValueError:
        return address


def escaped(text: str) -> str:
    """Return text as Markdown on one line that shows it literally: no link, tag, formula, list or heading."""
    line = _MEANING_SOMETHING.sub(r"\\\g<0>", visible(text))
    return _BEGINNING_A_BLOCK.sub(_taken_apart, line)


def _taken_apart(found: re.Match[str]) -> str:
    sign, number, dot, other = found.groups()
    return f"{number}\\{dot}" if number else f"\\{sign or other}"
