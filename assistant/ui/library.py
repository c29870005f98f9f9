"""Library tab of the page: adding papers, what became of each record, and the list of papers."""

from __future__ import annotations

import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import gradio as gr

from assistant.analysis.summaries import lines
from assistant.errors import AssistantError, UsageError
from assistant.ingestion.remote import Reference, parse_reference
from assistant.library import Library
from assistant.text import counted
from assistant.types import AuthorProfile, IngestionReport, Paper, Progress, ProgressListener
from assistant.ui import cards

SHOWN_PAPERS = 100
"""How many rows of the list a page shows at most; the search narrows it."""

SHOWN_PROBLEMS = 200

_MOST_EXAMPLES = 4
_PAPERS_FOR_EXAMPLES = 300
"""How many of the newest papers the example questions are made of."""

_METHOD = re.compile(r"([A-Za-z][\w+.-]{1,24}(?: [A-Z\d][\w+.-]{0,16}){0,2}): ")
_ABBREVIATION = re.compile(r"\(([A-Z][A-Za-z]*[A-Z])s?\)")
_PLAIN_NAME = re.compile(r"[^\W\d_][\w .'’-]{2,40}")


Add = Callable[..., IngestionReport]
"""Adds files, and what references name, to the library; `Workspace.add` is one."""


def add_uploads(
    add: Add, files: Sequence[str] | None, as_of: str | None, listen: ProgressListener, folder: Path
) -> str:
    """Add uploaded files and say as HTML what became of each record. The uploaded copies are removed.

    An upload lies in a folder named after its content, so the same file has the same origin each time.
    """
    if not files:
        return cards.note("Choose a file first.", "error")
    paths = [Path(file) for file in files]
    try:
        day = date.fromisoformat(as_of) if as_of else date.today()
    except ValueError:
        return cards.note(f"“{as_of}” is not a date. Write it as year-month-day, such as 2025-02-19.", "error")
    try:
        return ingest(lambda: add(paths, as_of=day, on_progress=listen))
    finally:
        for path in paths:
            if path.resolve().is_relative_to(folder.resolve()):
                path.unlink(missing_ok=True)
                with contextlib.suppress(OSError):
                    path.parent.rmdir()


def ingest(add: Callable[[], IngestionReport]) -> str:
    """Add papers, and return as HTML what became of each record, or why nothing was added."""
    try:
        return report(add())
    except AssistantError as error:
        return cards.note(str(error), "error")


def add_references(add: Add, words: str | None, listen: ProgressListener) -> str:
    """Fetch what references such as "arxiv:2502.13604" name, and say as HTML what became of each record."""
    written = re.findall(r'author:\s*"[^"]*"|author:[^,;\n]*|[^\s,;]+', words or "", re.IGNORECASE)  # names hold spaces
    if not written:
        return cards.note("Write an id first, such as arxiv:2502.13604.", "error")
    return ingest(lambda: add([_reference(word.strip()) for word in written], on_progress=listen))


def tracked(bar: gr.Progress, clock: Callable[[], float] = time.monotonic) -> ProgressListener:
    """Return a listener that moves the page's progress bar and says how fast it goes and how long it will take."""
    began: dict[str, tuple[float, int]] = {}

    def listen(progress: Progress) -> None:
        step = (progress.done, progress.total) if progress.total else None
        task = progress.message.split(" ")[0]
        start, first = began.setdefault(task, (clock(), progress.done))
        pace = _pace(progress, clock() - start, first) if task == "Embedding" else ""
        bar(step, desc=cards.one_line(progress.message) + pace, unit="")

    return listen


def _pace(progress: Progress, seconds: float, first: int) -> str:
    """Return rate and time left in words, nothing in the first second."""
    done = progress.done - first
    if seconds < 1 or done <= 0:
        return ""
    rate = done / seconds
    left = (progress.total - progress.done) / rate
    time_left = f"{left / 60:.0f} min" if left >= 90 else f"{left:.0f} s"
    return f", {rate:,.0f} papers/s, {time_left} left" if progress.total else f", {rate:,.0f} papers/s"


def _reference(word: str) -> Reference:
    if reference := parse_reference(word):
        return reference
    raise UsageError(
        f"“{word}” cannot be read as a reference. Write arxiv:2502.13604, doi:10.1145/3442188.3445922, "
        'openalex:A5023888391, s2:1741101, pmid:31452104, orcid:0000-0002-1825-0097 or author:"Naibin Gu".'
    )


def report(result: IngestionReport) -> str:
    """Return what an ingestion did with each record, as HTML."""
    counts = {"added": result.added, "updated": result.updated, "unchanged": result.unchanged}
    figures = "".join(f"<div><b>{count:,}</b><span>{name}</span></div>" for name, count in counts.items())
    failed = f'<div class="{"bad" if result.failed else ""}"><b>{result.failures:,}</b><span>failed</span></div>'
    parts = [f'<div class="figures">{figures}{failed}</div>']
    if result.pending:
        parts.append(f"<p>Not indexed yet: {counted(result.pending, 'paper')}. Add any file to go on.</p>")
    if result.failed:
        rows = [
            f"<tr><td>{_file_name(problem.file)}</td><td>{problem.line or ''}</td>"
            f"<td>{cards.escaped(problem.reason)}</td></tr>"
            for problem in result.failed[:SHOWN_PROBLEMS]
        ]
        head = "<thead><tr><th>File</th><th>Line</th><th>Why it was not added</th></tr></thead>"
        parts.append(f'<table class="problems">{head}<tbody>{"".join(rows)}</tbody></table>')
    if result.failures > SHOWN_PROBLEMS:
        parts.append(f"<p>… and {result.failures - SHOWN_PROBLEMS:,} more.</p>")
    parts += [
        f'<p class="notice"><b>{_file_name(notice.file)}</b> {cards.escaped(notice.message)}</p>'
        for notice in result.notices
    ]
    return f'<div class="report">{"".join(parts)}</div>'


def papers_table(library: Library, query: str = "") -> str:
    """Return the papers of which title, authors, category, venue or date hold every word of the query, as HTML."""
    papers, found = library.find_papers(query, limit=SHOWN_PAPERS)
    size = library.count()
    if not size:
        return cards.note("The library is empty.", "aside")
    if not papers:
        return cards.note(f"None of the {size:,} papers holds “{cards.one_line(query)}”.", "aside")
    count = f"{size:,} papers"
    if found < size:
        count = f"{found:,} of {count}"
    elif read := lines.read_count(library):
        count += f", {read:,} of them read ahead by the model"
    if found > len(papers):
        count += f", the newest {len(papers)} shown"
    rows = "".join(_table_row(paper) for paper in papers)
    head = "<thead><tr><th>Date</th><th>Title</th><th>Authors</th><th>Category</th><th>Code</th></tr></thead>"
    table = f'<table class="papers">{head}<tbody>{rows}</tbody></table>'
    return f'<div class="shelf"><p class="count">{count}</p>{table}</div>'


def profiles_list(library: Library) -> str:
    """Return the headers of author pages as HTML, word for word; of one person that of the newest page only."""
    newest: dict[str, AuthorProfile] = {}
    for profile in sorted(library.profiles(), key=lambda profile: profile.as_of):
        newest[profile.name] = profile
    entries = []
    for name, profile in sorted(newest.items()):
        figures = " · ".join(f"{cards.escaped(label)} {cards.escaped(value)}" for label, value in profile.statistics)
        facts = " · ".join(part for part in (cards.escaped(profile.category), figures) if part)
        day = f", {cards.escaped(profile.as_of)}" if profile.as_of else ""
        entries.append(f"<p><b>{cards.escaped(name)}</b> <span>{facts} (as their page says{day})</span></p>")
    return f'<div class="profiles">{"".join(entries)}</div>' if entries else ""


def example_questions(library: Library) -> list[str]:
    """Return a few questions about the newest papers: a method, an author, a term.

    Only plain words of titles and names enter them, since a click sends them as they stand.
    """
    papers = library.papers(limit=_PAPERS_FOR_EXAMPLES)
    methods = list(dict.fromkeys(match.group(1) for paper in papers if (match := _METHOD.match(paper.title))))
    people = Counter(name for paper in papers for name in paper.authors if _PLAIN_NAME.fullmatch(name))
    explained = Counter(term for paper in papers for term in set(_ABBREVIATION.findall(paper.abstract)))
    terms = Counter({term: sum(term in paper.abstract for paper in papers) for term, _ in explained.most_common(10)})
    questions = [f"What does {name} propose?" for name in methods[:1]]
    questions += [f"What has {name} worked on?" for name in _frequent(people, len(papers))]
    questions += [f"What is {term}?" for term in _frequent(terms, max(2, len(papers) // 10))]
    questions += [f"What results does {name} report?" for name in methods[1:]]
    return questions[:_MOST_EXAMPLES]


def _frequent(counter: Counter[str], most: int) -> list[str]:
    """Return the word that occurs most often, of those that occur more than once and at most `most` times."""
    return [word for word, count in counter.most_common() if 1 < count <= most][:1]


def _table_row(paper: Paper) -> str:
    title = cards.linked(paper.title, paper.url)
    code = "yes" if paper.has_code else ""
    return (
        f'<tr><td class="date">{cards.escaped(paper.date)}</td><td class="title">{title}</td>'
        f'<td class="people">{cards.names(paper.authors, paper.authors_complete)}</td>'
        f'<td class="field">{cards.escaped(", ".join(paper.categories))}</td><td class="code">{code}</td></tr>'
    )


def _file_name(file: str) -> str:
    return cards.escaped(Path(file).name)
