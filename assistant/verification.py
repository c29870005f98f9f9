"""Checks a bundle later and elsewhere, without a model: does all that an answer said still stand?

Each check is a function of what the bundle holds, and says in a sentence what no longer holds. The bundle may come from
anybody: nothing in it is believed that its own papers do not show.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant import __version__, recounts
from assistant.answer_pages import page
from assistant.bundle_reading import Bundle, changed_files, read, read_manifest
from assistant.bundles import ANSWER, BIBLIOGRAPHY, EVIDENCE, PAGE, BundleError, counting_filter
from assistant.catalogue import CatalogueAnswer
from assistant.errors import AssistantError
from assistant.library import Library
from assistant.readers import bibtex
from assistant.types import Answer, Paper, Record
from assistant.wording import counted
from assistant.writers.markdown import escaped

MOST_FAILURES = 50
"""Sentences that one check says; of more, it gives the number."""

_MARK = re.compile(r"\[(\d{1,5})\]")
_NUMBER = re.compile(r"\d[\d,]*")


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


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found. `question` is the bundle's, "" where it could not be read."""

    question: str
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Tell whether all checks hold."""
        return all(check.holds for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        checks = [{**asdict(check), "failures": list(check.failures), "holds": check.holds} for check in self.checks]
        return {"question": self.question, "holds": self.holds, "checks": checks}


def verify(folder: Path, library: Library | None) -> Report:
    """Check a bundle by itself and, with a library, whether it still holds there.

    Raises BundleError where the folder is no bundle at all. What is broken or changed in a bundle is in the report.
    """
    manifest = read_manifest(folder)
    checks = [_check("files", "The files are as they were written.", changed_files(folder, manifest))]
    try:
        bundle = read(folder)
    except BundleError as error:
        checks.append(Check("contents", "The bundle cannot be read any further.", (str(error),)))
        return Report("", tuple(checks))
    checks.append(check_quotes(bundle))
    checks.append(check_text(bundle))
    checks.append(_guarded("counts", check_counts, bundle))
    if library is not None:
        checks.append(_guarded("library", lambda one: check_library(one, library), bundle))
    return Report(bundle.answer.question, tuple(checks))


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
                failures.append(f"“{_short(sentence.text)}” quotes source [{span.source}], which there is not.")
            elif not span.quote or span.quote not in sources[span.source].abstract:
                failures.append(f"“{_short(span.quote)}” does not stand in the abstract of source [{span.source}].")
        failures += [
            f"“{_short(sentence.text)}” cites source [{number}], which there is not."
            for number in sentence.sources
            if number not in sources
        ]
    failures += _cells(answer)
    return _check("quotes", f"{counted(quotes, 'quotation')} of {counted(len(sources), 'source')} stand.", failures)


def _cells(answer: Answer) -> Iterator[str]:
    """Yield what is wrong with quotations in the cells of a table: objects with a source's number and a quote."""
    abstracts = {source.number: source.abstract for source in answer.sources}

    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, Mapping):
            number, quote = value.get("source", value.get("number")), value.get("quote")
            if isinstance(quote, str) and quote and isinstance(number, int) and quote not in abstracts.get(number, ""):
                yield f"“{_short(quote)}” in the table does not stand in the abstract of source [{number}]."
            for inner in value.values():
                yield from walk(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                yield from walk(inner)

    for row in answer.rows:
        yield from walk(row)


def check_text(bundle: Bundle) -> Check:
    """Check that the page, the answer, the evidence and the bibliography say the same."""
    answer, failures = bundle.answer, []
    unknown = {int(mark) for mark in _MARK.findall(answer.text)} - {source.number for source in answer.sources}
    failures += [f"The text cites [{number}], and there is no such source." for number in sorted(unknown)]
    text = " ".join(_MARK.sub("", answer.text).split())
    for sentence in answer.sentences:
        if " ".join(_MARK.sub("", sentence.text).split()) not in text:
            failures.append(f"“{_short(sentence.text)}” is a sentence of the answer and does not stand in its text.")
        if escaped(sentence.text) not in bundle.page:
            failures.append(f"“{_short(sentence.text)}” does not stand in {PAGE}.")
    stated = [_sentence_line(line) for line in bundle.sentences]
    expected = [
        (each.text, each.status, list(each.sources), [s.quote for s in each.spans]) for each in answer.sentences
    ]
    failures += [
        f"“{_short(one[0])}” is not in {EVIDENCE} as it is in {ANSWER}." for one in expected if one not in stated
    ]
    failures += [
        f"“{_short(str(one[0]))}” stands in {EVIDENCE} and not in {ANSWER}." for one in stated if one not in expected
    ]
    failures += _changed_page(bundle)
    failures += _changed_bibliography(bundle)
    if answer.to_json()["plan"] != bundle.manifest.get("plan") or answer.question != bundle.manifest.get("question"):
        failures.append(f"The manifest states another question or plan than {ANSWER}.")
    found = f"{counted(len(answer.sentences), 'sentence')} stand in all files alike."
    return _check("text", found, failures)


def _changed_page(bundle: Bundle) -> list[str]:
    """Return what stands otherwise on the page than this program, of the same version, would write it."""
    manifest, library = bundle.manifest, bundle.manifest.get("library")
    count = library.get("papers") if isinstance(library, Mapping) else None
    if manifest.get("program") != __version__ or not isinstance(count, int):
        return []
    written = page(bundle.answer, str(manifest.get("made")), count, len(bundle.counted))
    if written == bundle.page:
        return []
    stated, expected = bundle.page.split("\n"), written.split("\n")
    strange = [line for line in stated if line and line not in expected]
    lacking = [line for line in expected if line and line not in stated]
    if strange:
        return [f"{PAGE} says “{_short(line)}”, which is not what {ANSWER} says." for line in strange]
    return [f"{PAGE} lacks “{_short(line)}”." for line in lacking] or [f"{PAGE} gives its lines in another order."]


def _changed_bibliography(bundle: Bundle) -> list[str]:
    """Return which sources the bibliography does not give as the evidence does."""
    text = bundle.bibliography.read_text(encoding="utf-8", errors="replace")
    stated = [item.paper for item in bibtex.parse(io.StringIO(text), BIBLIOGRAPHY) if isinstance(item, Record)]
    failures = []
    wanted = [(s, bundle.papers[s.paper_id]) for s in bundle.answer.sources if s.paper_id in bundle.papers]
    for source, paper in wanted:
        if _known(paper) not in map(_known, stated):
            failures.append(f"Source [{source.number}] (“{_short(paper.title)}”) is not in {BIBLIOGRAPHY} as it is.")
    extra = [paper for paper in stated if _known(paper) not in [_known(one) for _, one in wanted]]
    failures += [f"“{_short(paper.title)}” is in {BIBLIOGRAPHY} and no source of the answer." for paper in extra]
    return failures


def check_counts(bundle: Bundle) -> Check:
    """Count again in the bundle's own papers: the number, the rows and what they say, or what an overview covers."""
    answer, plan = bundle.answer, bundle.answer.plan
    if answer.kind == "synthesis" and answer.coverage:
        failures = [*_miscounted_overview(bundle), *_strange(bundle, set())]
        return _check("counts", "The overview's numbers are those of its papers.", failures)
    if answer.kind != "catalogue" or plan is None or plan.measure is None or plan.unknown_author:
        return _check("counts", "The answer counts nothing.", _strange(bundle, set()))
    with recounts.opened(bundle) as library:
        now = recounts.count_again(library, plan, {}, bundle.people)
        chosen = recounts.translated(library, counting_filter(plan), {}, bundle.people)
        passing, left_open = library.ids(chosen), recounts.left_open(library, chosen)
    failures = (
        []
        if now.count == answer.count
        else [f"The answer counts {_said(answer.count)}; its papers make {_said(now.count)}."]
    )
    failures += _strange(bundle, left_open)
    if answer.count == 0 and plan.measure != "profile":
        return _check("counts", "No paper counts, and none is in the bundle.", failures)
    failures += [f"{text[0].upper()}{text[1:]}." for text in recounts.differing_rows(answer.rows, now.rows, {})]
    failures += _miscounted_text(bundle, now)
    if not (plan.papers and counting_filter(plan) == plan.chosen):
        failures += _uncounted(bundle, passing)
    return _check("counts", f"Counted again in the bundle's papers: {_said(now.count)}.", failures)


def _miscounted_text(bundle: Bundle, now: CatalogueAnswer) -> list[str]:
    """Return the sentences that counting again does not give; of another version, those with other numbers."""
    answer = bundle.answer
    if answer.plan and answer.plan.chosen.source:
        return []  # the sentences name a file, which is known only where it was read
    stated = [sentence.text for sentence in answer.sentences]
    expected = [sentence.text for sentence in now.sentences]
    if bundle.manifest.get("program") != __version__:
        stated, expected = ([str(_NUMBER.findall(text)) for text in texts] for texts in (stated, expected))
    return [f"“{_short(text)}” is not what counting gives." for text in stated if text not in expected]


def _uncounted(bundle: Bundle, passing: set[str]) -> list[str]:
    """Return the papers that are said to be counted and do not pass the plan's filter, or the other way round."""
    return [
        f"“{_short(bundle.papers[one].title)}” is said to be counted and does not pass."
        for one in sorted(bundle.counted - passing)
    ] + [
        f"“{_short(bundle.papers[one].title)}” passes and is said not to be counted."
        for one in sorted(passing - bundle.counted)
    ]


def _strange(bundle: Bundle, left_open: set[str]) -> list[str]:
    """Return the papers of the evidence that the answer neither cites nor counts nor leaves open."""
    answer = bundle.answer
    spoken_of = {source.paper_id for source in answer.sources} | bundle.counted | left_open
    named = set(answer.plan.papers) if answer.plan else set()
    return [
        f"“{_short(paper.title)}” is in {EVIDENCE}, and the answer does not speak of it."
        for paper in bundle.papers.values()
        if paper.id not in spoken_of and not named & {paper.id, *bundle.also.get(paper.id, ())}
    ]


def _miscounted_overview(bundle: Bundle) -> list[str]:
    answer, coverage = bundle.answer, bundle.answer.coverage
    assert coverage is not None
    failures = []
    papers = [bundle.papers[one] for one in sorted(bundle.counted)]
    if coverage.matching != len(papers):
        failures.append(f"The overview is of {counted(coverage.matching, 'paper')}; the bundle holds {len(papers):,}.")
    if coverage.read > coverage.matching:
        failures.append(f"{coverage.read:,} papers are said to be read, of {coverage.matching:,}.")
    dates = sorted(paper.date for paper in papers if paper.date)
    if coverage.read == len(papers):
        if (coverage.first, coverage.last) != ((dates[0], dates[-1]) if dates else ("", "")):
            failures.append(f"Its papers are not from {coverage.first or 'none'} to {coverage.last or 'none'}.")
        if coverage.undated != len(papers) - len(dates):
            failures.append(f"{len(papers) - len(dates):,} papers have no date, and {coverage.undated:,} are said to.")
    for row in answer.rows:
        listed, label = row.get("paper_ids"), str(row.get("theme", row.get("title", "")))
        if not isinstance(listed, list | tuple):
            continue
        if isinstance(row.get("papers"), int) and row["papers"] != len(listed):
            failures.append(f"“{_short(label)}” is said to have {row['papers']} papers and names {len(listed)}.")
        failures += [
            f"A paper of “{_short(label)}” is not in the bundle." for one in listed if one not in bundle.papers
        ]
    return failures


def check_library(bundle: Bundle, library: Library) -> Check:
    """Check whether a library still has the sources, unchanged, with their quotations, and still counts as many."""
    answer, failures = bundle.answer, []
    wanted = [bundle.papers[source.paper_id] for source in answer.sources if source.paper_id in bundle.papers]
    ids = recounts.found_in(library, list({paper.id: paper for paper in (*wanted, *bundle.papers.values())}.values()))
    now = {paper.id: paper for paper in library.papers_by_id([ids[one.id] for one in wanted if one.id in ids])}
    for source in answer.sources:
        paper = now.get(ids.get(source.paper_id, ""))
        if paper is None:
            failures.append(f"Source [{source.number}] (“{_short(source.title)}”) is no longer in the library.")
            continue
        if source.abstract and paper.abstract != source.abstract:
            failures.append(f"The abstract of source [{source.number}] is another now.")
            failures += [
                f"“{_short(quote)}” no longer stands in the abstract of source [{source.number}]."
                for quote in answer.quotes(source.number)
                if quote not in paper.abstract
            ]
    failures += _counted_otherwise(bundle, library, ids)
    found = f"{counted(len(wanted), 'source')} were looked up in a library of {counted(library.count(), 'paper')}."
    return _check("library", found, failures)


def _counted_otherwise(bundle: Bundle, library: Library, ids: Mapping[str, str]) -> list[str]:
    answer, plan = bundle.answer, bundle.answer.plan
    if answer.kind != "catalogue" or plan is None or plan.measure is None or plan.unknown_author:
        return []
    now = recounts.count_again(library, plan, ids, bundle.people)
    failures = (
        [] if now.count == answer.count else [f"It was {_said(answer.count)} then, it is {_said(now.count)} now."]
    )
    changes = recounts.differing_rows(answer.rows, now.rows, ids)
    return failures + [f"In the library now, {change}." for change in changes]


def _guarded(name: str, check: Any, bundle: Bundle) -> Check:
    """Return what a check says, or that it could not be made: a bundle may ask for what no library can do."""
    try:
        made: Check = check(bundle)
        return made
    except (AssistantError, ValueError, TypeError, KeyError, OverflowError) as error:
        return Check(name, "This could not be checked.", (f"The plan or its papers are not sound ({error}).",))


def _check(name: str, found: str, failures: Sequence[str]) -> Check:
    shown = list(dict.fromkeys(failures))
    more = [f"{len(shown) - MOST_FAILURES:,} more of this kind."] if len(shown) > MOST_FAILURES else []
    return Check(name, found, (*shown[:MOST_FAILURES], *more))


def _sentence_line(line: Mapping[str, Any]) -> tuple[Any, Any, Any, Any]:
    spans = line.get("spans")
    quotes = [span.get("quote") for span in spans if isinstance(span, Mapping)] if isinstance(spans, list) else []
    return line.get("text"), line.get("status"), line.get("sources"), quotes


def _known(paper: Paper) -> tuple[object, ...]:
    """Return what a bibliography gives of a paper."""
    return (paper.title, paper.abstract, paper.authors, paper.date, paper.doi, paper.arxiv_id, paper.pmid, paper.url)


def _said(count: int | None) -> str:
    return "no number" if count is None else f"{count:,}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:119]}…"
