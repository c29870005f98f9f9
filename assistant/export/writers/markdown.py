"""Markdown for people: a list of papers with links, and an answer as a page. Text of papers is shown and does nothing.

CommonMark lets a backslash take the meaning from any punctuation (https://spec.commonmark.org/0.31.2/#backslash-escapes).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, urlsplit

from assistant.ingestion.readers.markup import visible
from assistant.text import counted
from assistant.types import Answer, Paper, Source

_MEANING_SOMETHING = re.compile(
    r"[\\`*_{}\[\]<>#|~$&!^=@]|(?<=\w):(?=/)|(?<=[wW]{3})\.|(?<=[hHfF][tT][pP]):|(?<=[sS]):(?=//)"
)
_BEGINNING_A_BLOCK = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=[-=+]))(.)")
_SAFE_IN_ADDRESS = "/:?#@!$&'()*+,;=%~-._"
_SHOWN_AUTHORS = 10
_MOST_MARKS = 12
"""Sources whose numbers are written behind a sentence."""

_STATUS_NOTES = {"partial": " *(partly supported)*", "unchecked": " *(not checked)*"}


def write(papers: Iterable[Paper]) -> Iterator[str]:
    """Yield one item for each paper: title, authors, where and when, links, and the abstract as a quotation."""
    for number, paper in enumerate(papers, 1):
        authors = byline(paper.authors, is_cut=not paper.authors_complete)
        where = ", ".join(escaped(text) for text in (paper.venue, paper.date) if text)
        lines = filter(None, (f"**{escaped(paper.title)}**", authors, where, ", ".join(_links(paper))))
        indent = " " * len(f"{number}. ")  # what is indented belongs to the item
        shown = f"  \n{indent}".join(lines)
        quoted = f"> {escaped(paper.abstract)}" if paper.abstract else "*(no abstract)*"
        yield f"{number}. {shown}\n\n{indent}{quoted}\n\n"


def byline(authors: Sequence[str], *, is_cut: bool = False) -> str:
    """Return the first authors, with "et al." where there are more, or where the list `is_cut`."""
    more = ["et al."] if is_cut or len(authors) > _SHOWN_AUTHORS else []
    return ", ".join([*map(escaped, authors[:_SHOWN_AUTHORS]), *more])


def _links(paper: Paper) -> Iterator[str]:
    """Yield the links to a paper, each once: its DOI, arXiv, PubMed, and its address if that is another."""
    places = {
        f"https://doi.org/{paper.doi}": f"doi:{paper.doi}" if paper.doi else "",
        f"https://arxiv.org/abs/{paper.arxiv_id}": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
        f"https://pubmed.ncbi.nlm.nih.gov/{paper.pmid}/": f"PMID {paper.pmid}" if paper.pmid else "",
    }
    named = {address: label for address, label in places.items() if label}
    if paper.url and paper.url.rstrip("/") not in {address.rstrip("/") for address in named}:
        named[paper.url] = ""
    yield from (link(label, address) for address, label in named.items())


def link(label: str, address: str) -> str:
    """Return a link, by its host where the label is "", or the label alone where no browser may safely open it."""
    try:
        scheme, host = urlsplit(address).scheme, urlsplit(address).hostname
    except ValueError:
        scheme, host = "", None
    text = escaped(label or host or address)
    return f"[{text}](<{quote(address, safe=_SAFE_IN_ADDRESS)}>)" if host and scheme in ("http", "https") else text


def escaped(text: str) -> str:
    """Return text as Markdown on one line that shows it literally: no link, tag, formula, list or heading."""
    line = _MEANING_SOMETHING.sub(r"\\\g<0>", visible(text))
    return _BEGINNING_A_BLOCK.sub(r"\1\\\2", line)


def answer_page(answer: Answer, made: str, library_papers: int, counted_papers: int) -> str:
    """Return an answer as a page. Sentences that were withheld are counted and do not stand in it.

    `made` is the time in UTC, `library_papers` the size of the library, `counted_papers` how many papers were counted.
    """
    parts = [f"# {escaped(answer.question)}", *how_read(answer), "## Answer", *answer_parts(answer)]
    if counted_papers > len(answer.sources):
        parts.append(f"*All {counted(counted_papers, 'paper')} that were counted stand in evidence.jsonl.*")
    parts += ["## Sources"] if answer.sources else []
    parts += source_parts(answer, answer.sources)
    about = f"Answered {made} from a library of {counted(library_papers, 'paper')}, {how_made(answer)}."
    parts += ["## About this answer", f"{escaped(about)} `assistant verify` checks this folder."]
    return "\n\n".join(parts) + "\n"


def how_read(answer: Answer) -> list[str]:
    """Return how a question was read, as paragraphs."""
    parts: list[str] = []
    if answer.plan and answer.plan.words:
        parts.append(f"*How it was read:* {escaped(answer.plan.words)}.")
    if answer.standalone_question not in ("", answer.question):
        parts.append(f"*As a question of its own:* {escaped(answer.standalone_question)}")
    return parts


def answer_parts(answer: Answer) -> list[str]:
    """Return what an answer says, with the numbers of its sources, as paragraphs; what was withheld is counted."""
    parts: list[str] = []
    if answer.translation:
        parts.append(f"{escaped(answer.translation)} *(translated by the model)*")
    for sentence in answer.sentences:
        numbers = sentence.sources if len(sentence.sources) <= _MOST_MARKS else ()
        marks = "".join(f"\\[{number}\\]" for number in numbers)
        parts.append(f"{escaped(sentence.text)} {marks}".rstrip() + _STATUS_NOTES.get(sentence.status, ""))
    if not answer.sentences:
        parts += [escaped(line) for line in answer.text.split("\n") if line.strip()]
    if answer.withheld:
        withheld = counted(len(answer.withheld), "sentence was", "sentences were")
        parts.append(f"*{withheld} withheld: no abstract supports {'it' if len(answer.withheld) == 1 else 'them'}.*")
    if answer.coverage:
        parts.append(f"*{answer.coverage.read:,} of {counted(answer.coverage.matching, 'paper')} were read.*")
    return parts


def source_parts(answer: Answer, sources: Sequence[Source]) -> list[str]:
    """Return sources of an answer as paragraphs: number, title, people and date, and what the answer quotes of each."""
    parts: list[str] = []
    for source in sources:
        title = link(source.title, source.url) if source.url else f"**{escaped(source.title)}**"
        about = ". ".join(filter(None, (title, byline(source.authors), escaped(source.date))))
        parts.append(f"\\[{source.number}\\] {about}")
        parts += [f"> “{escaped(quote)}”" for quote in answer.quotes(source.number)]
    return parts


def how_made(answer: Answer) -> str:
    """Return which model wrote an answer, or that none did, and which other machines were sent what was asked."""
    model = answer.model
    made = f"written by {model.name} ({model.where})" if model else "with no sentence by a language model"
    return f"{made}; the question, and abstracts, were sent to {', '.join(answer.sent_to)}" if answer.sent_to else made
