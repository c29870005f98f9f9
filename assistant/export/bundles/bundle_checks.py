"""Checks of a bundle by itself: do its quotations stand in its abstracts, do its files say the same?

Each is a function of what the bundle holds, and says in a sentence what does not hold.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from assistant.export.bundles.answer_pages import page
from assistant.export.bundles.bundle_reading import Bundle
from assistant.export.bundles.bundles import ANSWER, BIBLIOGRAPHY, EVIDENCE, PAGE
from assistant.export.writers.markdown import escaped
from assistant.ingestion.readers import bibtex
from assistant.settings import PROGRAM_VERSION
from assistant.text import counted
from assistant.types import Answer, Paper, Plan, Record

MOST_FAILURES = 50
"""Sentences that one check says; of more, it gives the number."""

_PLAN: TypeAdapter[Plan | None] = TypeAdapter(Plan | None)
_MARK = re.compile(r"\[(\d{1,5})\]")
_NO_CELLS = frozenset({"paper_id", "number", "title", "paper_ids"})
"""What a row of a comparison holds beside its cells."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what it is, what was found, and a sentence for each thing that no longer holds."""

    name: str
    found: str
    failures: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Tell whether nothing was wrong."""
        return not self.failures


def checked(name: str, found: str, failures: Sequence[str]) -> Check:
    """Return the check, with each failure once, and not more of them than a person reads.

    `found` is what it says where nothing is wrong.
    """
    shown = list(dict.fromkeys(failures))
    if shown:
        found = "One thing does not hold." if len(shown) == 1 else f"{len(shown):,} things do not hold."
    more = [f"{len(shown) - MOST_FAILURES:,} more of this kind."] if len(shown) > MOST_FAILURES else []
    return Check(name, found, (*shown[:MOST_FAILURES], *more))


def short(text: str) -> str:
    """Return a text on one line, cut where it is too long to be named by it."""
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:119]}…"


def check_quotes(bundle: Bundle) -> Check:
    """Check that every quotation stands in its abstract, letter for letter, and that every source is in the bundle."""
    answer, failures = bundle.answer, []
    sources = {source.number: source for source in answer.sources}
    for source in answer.sources:
        paper = bundle.papers.get(source.paper_id)
        if paper is None:
            failures.append(f"Source [{source.number}] (“{source.title[:100]}”) is not in {EVIDENCE}.")
        elif (source.title, source.authors, source.date, source.url) != (
            paper.title,
            paper.authors,
            paper.date,
            paper.url,
        ):
            failures.append(f"Source [{source.number}] is given otherwise in {ANSWER} than in {EVIDENCE}.")
    if len(sources) != len(answer.sources):
        failures.append(f"Two sources in {ANSWER} have one number.")
    quotes = 0
    for sentence in (*answer.sentences, *answer.withheld):
        for span in sentence.spans:
            quotes += 1
            if span.source not in sources:
                failures.append(f"“{short(sentence.text)}” quotes source [{span.source}], which there is not.")
            elif not span.quote or span.quote not in sources[span.source].abstract:
                failures.append(f"“{short(span.quote)}” does not stand in the abstract of source [{span.source}].")
        failures += [
            f"“{short(sentence.text)}” cites source [{number}], which there is not."
            for number in sentence.sources
            if number not in sources
        ]
    failures += _cells(answer)
    return checked("quotes", f"{counted(quotes, 'quotation')} of {counted(len(sources), 'source')} stand.", failures)


def _cells(answer: Answer) -> Iterator[str]:
    """Yield what is wrong with quotations in the cells of a table: objects with a source's number and a quote."""
    abstracts = {source.number: source.abstract for source in answer.sources}

    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, Mapping):
            number, quote = value.get("source", value.get("number")), value.get("quote")
            if isinstance(quote, str) and quote and isinstance(number, int) and quote not in abstracts.get(number, ""):
                yield f"“{short(quote)}” in the table does not stand in the abstract of source [{number}]."
            for inner in value.values():
                yield from walk(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                yield from walk(inner)

    for row in answer.rows:
        yield from walk(row)
        if answer.kind == "comparison":
            for name, cell in row.items():
                number = row.get("number")
                known = abstracts.get(number, "") if isinstance(number, int) else ""
                if name not in _NO_CELLS and isinstance(cell, str) and cell not in known:
                    yield f"“{short(cell)}” ({name}) does not stand in the abstract of source [{number}]."


def check_text(bundle: Bundle) -> Check:
    """Check that the page, the answer, the evidence and the bibliography say the same."""
    answer, failures = bundle.answer, []
    meant = {mark for sentence in answer.sentences for mark in _MARK.findall(sentence.text)}  # part of what is said
    cited = set(_MARK.findall(answer.text)) - meant
    unknown = {int(mark) for mark in cited} - {source.number for source in answer.sources}
    failures += [f"The text cites [{number}], and there is no such source." for number in sorted(unknown)]
    text = _unmarked(answer.text)
    for sentence in answer.sentences:
        if _unmarked(sentence.text) not in text:
            failures.append(f"“{short(sentence.text)}” is a sentence of the answer and does not stand in its text.")
        if escaped(sentence.text) not in bundle.page:
            failures.append(f"“{short(sentence.text)}” does not stand in {PAGE}.")
    stated = [_sentence_line(line) for line in bundle.sentences]
    expected = [
        (each.text, each.status, list(each.sources), [s.quote for s in each.spans]) for each in answer.sentences
    ]
    failures += [
        f"“{short(one[0])}” is not in {EVIDENCE} as it is in {ANSWER}." for one in expected if one not in stated
    ]
    failures += [
        f"“{short(str(one[0]))}” stands in {EVIDENCE} and not in {ANSWER}." for one in stated if one not in expected
    ]
    failures += _changed_page(bundle)
    failures += _changed_bibliography(bundle)
    if _changed_plan(answer, bundle.manifest.get("plan")) or answer.question != bundle.manifest.get("question"):
        failures.append(f"The manifest states another question or plan than {ANSWER}.")
    found = f"{counted(len(answer.sentences), 'sentence')} stand in all files alike."
    return checked("text", found, failures)


def _changed_plan(answer: Answer, told: Any) -> bool:
    """Tell whether the manifest states another plan; what a plan did not have yet when it was written is as usual."""
    try:
        return bool(_PLAN.validate_python(told) != answer.plan)
    except ValidationError:
        return True


def _changed_page(bundle: Bundle) -> list[str]:
    """Return what stands otherwise on the page than this program, of the same version, would write it."""
    manifest, library = bundle.manifest, bundle.manifest.get("library")
    count = library.get("papers") if isinstance(library, Mapping) else None
    if manifest.get("program") != PROGRAM_VERSION or not isinstance(count, int):
        return []
    written = page(bundle.answer, str(manifest.get("made")), count, len(bundle.counted))
    if written == bundle.page:
        return []
    stated, expected = bundle.page.split("\n"), written.split("\n")
    strange = [line for line in stated if line and line not in expected]
    lacking = [line for line in expected if line and line not in stated]
    if strange:
        return [f"{PAGE} says “{short(line)}”, which is not what {ANSWER} says." for line in strange]
    return [f"{PAGE} lacks “{short(line)}”." for line in lacking] or [f"{PAGE} gives its lines in another order."]


def _changed_bibliography(bundle: Bundle) -> list[str]:
    """Return which sources the bibliography does not give as the evidence does."""
    text = bundle.bibliography.read_text(encoding="utf-8", errors="replace")
    stated = [item.paper for item in bibtex.parse(io.StringIO(text), BIBLIOGRAPHY) if isinstance(item, Record)]
    failures = []
    known = set(map(_known, stated))
    wanted = [(s, bundle.papers[s.paper_id]) for s in bundle.answer.sources if s.paper_id in bundle.papers]
    for source, paper in wanted:
        if _known(paper) not in known:
            failures.append(f"Source [{source.number}] (“{short(paper.title)}”) is not in {BIBLIOGRAPHY} as it is.")
    cited = {_known(paper) for _, paper in wanted}
    extra = [paper for paper in stated if _known(paper) not in cited]
    failures += [f"“{short(paper.title)}” is in {BIBLIOGRAPHY} and no source of the answer." for paper in extra]
    return failures


def _sentence_line(line: Mapping[str, Any]) -> tuple[Any, Any, Any, Any]:
    spans = line.get("spans")
    quotes = [span.get("quote") for span in spans if isinstance(span, Mapping)] if isinstance(spans, list) else []
    return line.get("text"), line.get("status"), line.get("sources"), quotes


def _known(paper: Paper) -> tuple[object, ...]:
    """Return what a bibliography gives of a paper."""
    return (paper.title, paper.abstract, paper.authors, paper.date, paper.doi, paper.arxiv_id, paper.pmid, paper.url)


def _unmarked(text: str) -> str:
    """Return a text without the numbers of sources and without white space, in which answers differ from sentences."""
    return "".join(_MARK.sub("", text).split())
