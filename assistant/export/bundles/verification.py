"""Verification of answer bundles without a model: a bundle by itself, and against a library.

The bundle may come from anybody: nothing in it is believed that its own papers do not show.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from assistant import catalogue
from assistant.catalogue import MOST_ROW_IDS, paper_counts, paper_details, paper_row
from assistant.errors import AssistantError, BundleError
from assistant.export.bundles import writing
from assistant.export.bundles.writing import ANSWER, EVIDENCE, FILES, MANIFEST
from assistant.ingestion.readers import exported
from assistant.library import Library
from assistant.settings import PROGRAM_VERSION
from assistant.text import arxiv_categories, counted, fold, one_line
from assistant.types import Answer, CataloguePlan, OverviewPlan, Paper, PaperFilter, Record, json_adapter

LARGEST_FILE = 500_000_000
"""Bytes; a bundle of 100,000 papers stays below."""

MOST_FAILURES = 50
"""Failures that one check names; of more, it gives the number."""

_OF_PEOPLE = ("per_author", "per_first_author", "per_last_author", "coauthors")
_MARK = re.compile(r"\[\d{1,5}\]")
_FIRST = re.compile(r"^(?:\w+: )?([\d,]+) [a-z]")
_TOTAL = re.compile(r" (?:of|from|for) ([\d,]+) papers?\b")
_LINE = re.compile(r"(?:(?:- |[\d,]+\. ).*: |[^:]+ \()([\d,]+) (?:papers?|authors?)(?: \(.*%\)|(?:, [\d to]+)?\)\.)?$")
_BROKEN = (AssistantError, AttributeError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What is raised over values that this program does not write."""

_NOT_COUNTED = (
    "whether other papers of the library count too; what the filter asks for beside people, dates, category and code; "
    "who is who among people of one name; what else the sentences say"
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds: its papers and those counted, by id, and how people are spelt on papers, by id."""

    manifest: Mapping[str, Any]
    answer: Answer
    papers: Mapping[str, Paper]
    counted: Mapping[str, Paper]
    people: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, a sentence for each failure, and what was not looked at."""

    name: str
    found: str
    failures: tuple[str, ...] = ()
    not_checked: str = ""

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
        checks = [{**asdict(check), "holds": check.holds} for check in self.checks]
        return {"question": self.question, "holds": self.holds, "checks": checks}


def verify(folder: Path, library: Library | None = None) -> Report:
    """Check a bundle by itself and, with a library, whether its answer still holds there.

    Raises BundleError where the folder is not a bundle at all. What is broken or changed in a bundle is in the report.
    """
    manifest = _manifest(folder)
    files = _check("files", "The files are as they were written.", _changed_files(folder, manifest))
    try:
        bundle = _read(folder, manifest)
    except BundleError as error:
        return Report("", (files, Check("contents", "The bundle cannot be read any further.", (str(error),))))
    checks = [files, _check("quotes", "Every quotation stands in the abstract of its source.", _wrong_quotes(bundle))]
    if manifest.get("program") == PROGRAM_VERSION:
        checks.append(_check("text", "The files say the same.", _differences(folder, bundle)))
    else:
        checks.append(Check("text", "Another release wrote the bundle.", (), "whether its files say the same"))
    is_count = bundle.answer.kind in ("catalogue", "synthesis")
    found = f"The numbers are those of the {counted(len(bundle.counted), 'paper')} recorded as counted."
    found = found if is_count else "The answer counts nothing."
    checks.append(_check("counts", found, _wrong_numbers(bundle), _NOT_COUNTED if is_count else ""))
    if library is not None:
        found = f"Sources and numbers are the same in the library of {counted(library.count(), 'paper')}."
        checks.append(_check("library", found, _changes(bundle, library)))
    return Report(bundle.answer.question, tuple(checks))


def verify_answer(content: Mapping[str, Any], library: Library) -> Report:
    """Check an answer, the object that `ask --json` prints, against a library: its quotations and its numbers.

    Raises BundleError where it is no such object.
    """
    try:
        named = [str(one["paper_id"]) for one in content["sources"]]
        papers = {paper.id: paper for paper in library.papers_by_id(named)}
        answer = _answer(content, papers)
        with tempfile.TemporaryDirectory() as folder:
            writing.write(answer, library, Path(folder) / "bundle")
            report = verify(Path(folder) / "bundle", library)
    except BundleError as error:
        return Report(answer.question, (Check("library", "The library has changed.", (str(error),)),))
    except _BROKEN as error:
        raise BundleError(f"This is no answer of this program ({error}).") from error
    return replace(report, checks=tuple(each for each in report.checks if each.name in ("quotes", "counts", "library")))


def _check(name: str, found: str, failures: Iterable[str], not_checked: str = "") -> Check:
    """Make a check: `found` where nothing is wrong, else each failure once, and of many the first ones."""
    said: list[str] = []
    try:
        said.extend(failures)  # those before an error stay
    except _BROKEN as error:
        said.append(f"It is not what this program writes, so it cannot be checked ({error}).")
    shown = list(dict.fromkeys(said))
    if shown:
        found = f"{counted(len(shown), 'thing does', 'things do')} not hold."
    more = [f"{len(shown) - MOST_FAILURES:,} more of this kind."] if len(shown) > MOST_FAILURES else []
    return Check(name, found, (*shown[:MOST_FAILURES], *more), not_checked)


def _manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a bundle. Raises BundleError where there is none, or one of another kind."""
    if not (folder / MANIFEST).is_file():
        raise BundleError(f"{folder} is not a bundle: it has no {MANIFEST}. `assistant ask ... --bundle` writes one.")
    try:
        content = json.loads(_text(folder / MANIFEST))
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{folder / MANIFEST} is not valid JSON ({error}).") from error
    if not isinstance(content, dict) or content.get("format") != writing.FORMAT or not content.get("sha256"):
        raise BundleError(f"{folder / MANIFEST} is not the manifest of a bundle of this program.")
    if content.get("version") != writing.VERSION:
        versions = f"is of version {content.get('version')!r}; this program reads version {writing.VERSION}"
        raise BundleError(f"{folder / MANIFEST} {versions}. Ask again with --bundle, or use the release that wrote it.")
    return content


def _changed_files(folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is not as the manifest says; no file that is not part of a bundle is opened."""
    sums = manifest["sha256"]
    for name in FILES:
        try:
            if sha256(_text(folder / name).encode()).hexdigest() != sums.get(name):
                yield f"{name} is not as it was written."
        except BundleError as error:
            yield str(error)
    for name in sorted((sums.keys() | {entry.name for entry in folder.iterdir()}) - {*FILES, MANIFEST}):
        yield f"“{one_line(name)}” is not part of a bundle."


def _read(folder: Path, manifest: Mapping[str, Any]) -> Bundle:
    """Read a bundle. Raises BundleError, which says in which file what is wrong."""
    papers: dict[str, Paper] = {}
    name = EVIDENCE
    try:
        for number, text in enumerate(filter(None, _text(folder / EVIDENCE).split("\n")), 1):
            line = json.loads(text)
            item = exported.read(line, EVIDENCE, number)
            if line["kind"] == "paper" and isinstance(item, Record):
                papers[line["id"]] = replace(item.paper, id=line["id"])
        name = ANSWER
        answer = _answer(json.loads(_text(folder / ANSWER)), papers)
        name = MANIFEST
        people = {str(person): frozenset(names) for person, names in manifest["people"].items()}
        counted_papers = {one: papers[one] for one in manifest["counted"] if one in papers}
        return Bundle(manifest, answer, papers, counted_papers, people)
    except BundleError:
        raise
    except _BROKEN as error:
        raise BundleError(f"{name} is not what this program writes ({error}).") from error


def _answer(content: Mapping[str, Any], papers: Mapping[str, Paper]) -> Answer:
    """Return an answer of the object that `ask --json` prints, with its sources' abstracts, "" of papers unknown."""
    abstracts = {paper_id: paper.abstract for paper_id, paper in papers.items()}
    sources = [{**source, "abstract": abstracts.get(source["paper_id"], "")} for source in content["sources"]]
    return json_adapter(Answer).validate_python({**content, "sources": sources})


def _text(file: Path) -> str:
    """Return the text of a file of a bundle. Raises BundleError where there is none, or more than may be read."""
    if file.is_symlink() or not file.is_file():
        raise BundleError(f"{file.name} is {'not an ordinary file' if file.exists() else 'missing'}.")
    if file.stat().st_size > LARGEST_FILE:
        raise BundleError(f"{file.name} is larger than any that this program writes, so it was not read.")
    try:
        return file.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"{file.name} cannot be read ({error}).") from error


def _wrong_quotes(bundle: Bundle) -> Iterator[str]:
    """Yield which sources are not those of the evidence, and which quotations do not stand in their abstracts."""
    answer = bundle.answer
    abstracts = {source.number: source.abstract for source in answer.sources}
    for source in answer.sources:
        paper = bundle.papers.get(source.paper_id)
        if paper is None or source != source.of(source.number, paper):
            yield f"Source [{source.number}] (“{one_line(source.title)}”) is not in {EVIDENCE} as it is in {ANSWER}."
    quotes = [(s.source, s.quote) for sentence in (*answer.sentences, *answer.withheld) for s in sentence.spans]
    for row in answer.rows if answer.kind == "comparison" else ():
        cells = (cell for name, cell in row.items() if name not in ("paper_id", "number", "title", "paper_ids"))
        quotes += [(row["number"], cell) for cell in cells if cell is not None]
    for number, quote in quotes:
        if not quote or quote not in abstracts.get(number, ""):
            yield f"“{one_line(quote)}” does not stand in the abstract of source [{number}]."
    for number in sorted(answer.cited_numbers - abstracts.keys()):
        yield f"The answer cites source [{number}], and there is no such source."


def _differences(folder: Path, bundle: Bundle) -> Iterator[str]:
    """Yield in which lines the files are not what this program writes of the answer and the papers."""
    answer, manifest = bundle.answer, bundle.manifest
    if any(manifest.get(name) != answer.to_json()[name] for name in ("question", "plan")):
        yield f"The manifest states another question or plan than {ANSWER}."
    counted_papers, total = len(bundle.counted), manifest["library"]["papers"]
    written = writing.contents(answer, bundle.papers, counted_papers, manifest["made"], total)
    for name, text in written.items():
        stated, expected = _text(folder / name).split("\n"), text.split("\n")
        strange = set(stated) ^ set(expected)
        yield from (f"{name} and {ANSWER} differ: “{one_line(line)}”." for line in stated + expected if line in strange)
    text = "".join(_MARK.sub("", answer.text).split())
    for sentence in answer.sentences:
        if "".join(_MARK.sub("", sentence.text).split()) not in text:
            yield f"“{one_line(sentence.text)}” is a sentence of the answer and does not stand in its text."


def _wrong_numbers(bundle: Bundle) -> Iterator[str]:
    """Yield which numbers of a count, list, ranking or overview are not those of the papers counted for it."""
    answer, plan, coverage = bundle.answer, bundle.answer.plan, bundle.answer.coverage
    for paper_id in bundle.papers.keys() - bundle.counted.keys() - {source.paper_id for source in answer.sources}:
        yield f"“{bundle.papers[paper_id].title}” is in {EVIDENCE}, and the answer neither cites nor counts it."
    if answer.kind in ("catalogue", "synthesis") and (plan is None or plan.kind != answer.kind):
        yield f"The answer is of the kind “{answer.kind}”, and its plan is not; its numbers cannot be checked."
    if isinstance(plan, CataloguePlan | OverviewPlan) and plan.unknown_author and (answer.count or answer.rows):
        yield "Nobody is called as the question says, and the answer counts papers all the same."
    measure = plan.measure if isinstance(plan, CataloguePlan) else None
    is_counted = isinstance(plan, CataloguePlan | OverviewPlan) and not plan.unknown_author
    if plan is None or not is_counted or measure == "profile" or answer.kind != plan.kind:
        return
    size = len(bundle.counted)
    number = coverage.matching if coverage else answer.count
    if measure not in _OF_PEOPLE and number != size:
        yield f"The answer counts {number}; the bundle records {counted(size, 'paper')} as counted."
    if coverage:
        dates = sorted(paper.date for paper in bundle.counted.values() if paper.date)
        bare = sum(not paper.abstract for paper in bundle.counted.values())
        stated = (coverage.matching, coverage.read, coverage.first, coverage.last, coverage.undated)
        if stated != (size, size - bare, *((dates[0], dates[-1]) if dates else ("", "")), size - len(dates)):
            yield f"The overview does not cover {coverage.matching} papers from {coverage.first} to {coverage.last}."
        if coverage.without_abstract != bare:
            yield f"The overview says that {coverage.without_abstract} papers have no abstract; {bare} have none."
    groups = _groups(bundle.counted.values())
    for row in answer.rows:
        if not _is_right(bundle, row, groups):
            yield f"The row of “{_label(row)}” is not what is recorded of its papers."
    if measure in paper_details.OF_NAMED_PAPERS:
        return
    for paper in bundle.counted.values():
        if not _may_pass(bundle, paper, plan.filter):
            yield f"“{one_line(paper.title)}” is counted, and what is recorded of it does not pass the filter."
    heading = answer.sentences[0].text if answer.sentences and not (coverage and size == 1) else ""
    if _FIRST.findall(heading) not in ([], [f"{number:,}"]) or set(_TOTAL.findall(heading)) - {f"{size:,}"}:
        yield f"“{one_line(heading)}” does not state {number}, of {counted(size, 'paper')}."
    lines = Counter(found[1] for sentence in answer.sentences if (found := _LINE.match(sentence.text)))
    figures = [row[name] for row in answer.rows for name in ("papers", "authors_count") if name in row]
    for figure in lines - Counter(f"{figure:,}" for figure in figures):
        yield f"A line states {figure}, and no row of the answer does."
    shown = {source.paper_id for source in answer.sources} & bundle.counted.keys()
    if measure in ("count", "papers") and shown != {row["paper_id"] for row in answer.rows}:
        yield "The papers that the answer shows are not those of its rows."


def _label(row: Mapping[str, Any]) -> str:
    """Return what a row is about."""
    names = (row.get(key) for key in ("theme", "title", "author", "year", "category", "venue"))
    return one_line(str(next(filter(None, names), "none")))


def _is_right(bundle: Bundle, row: Mapping[str, Any], groups: Mapping[tuple[str, object], set[str]]) -> bool:
    """Tell whether a row says what is recorded of the papers that it names, and whether these were counted."""
    listed, number = set(row["paper_ids"]), row.get("papers")
    if not listed <= bundle.counted.keys():
        return False
    if number is None:
        paper = bundle.papers[row["paper_id"]]
        expected = paper_row(paper) | {"authors_count": len(paper.authors)}
        is_table = bundle.answer.kind == "synthesis"  # of one paper, by aspects
        return is_table or all(row[name] == value for name, value in expected.items() if name in row)
    if "theme" in row or "person_id" in row:
        people = [bundle.people[row[key]] for key in ("person_id", "with_id") if key in row]
        theirs = [set[str]().union(*(groups["name", name] for name in names)) for names in people]
        members = set(bundle.counted).intersection(*theirs)
    else:
        kind = next(kind for kind in ("year", "category", "venue") if kind in row)
        key = paper_counts.category_key if kind == "category" else fold
        members = groups[kind, row[kind] if kind == "year" else key(row[kind])]
    is_all = number == len(members) or "theme" in row or "person_id" in row
    share = round(number / len(bundle.counted), 4)
    is_possible = min(number, MOST_ROW_IDS) <= len(listed) <= number <= len(members)
    return is_all and is_possible and listed <= members and row.get("share", share) == share


def _groups(papers: Iterable[Paper]) -> Mapping[tuple[str, object], set[str]]:
    """Return the ids of the papers of each year, category, venue and author's name as written."""
    groups: dict[tuple[str, object], set[str]] = defaultdict(set)
    for paper in papers:
        categories = {paper_counts.category_key(category) for category in paper.categories} or {""}
        venue = ("venue", fold(one_line(paper.venue)))
        named = [*(("category", key) for key in categories), *(("name", name) for name in paper.authors)]
        for group in (("year", paper.year), venue, *named):
            groups[group].add(paper.id)
    return groups


def _may_pass(bundle: Bundle, paper: Paper, filter: PaperFilter) -> bool:
    """Tell whether a paper's authors' names as written, year, date, categories, code and abstract agree with a filter.

    Dates are compared as far as both go.
    """
    date, names, filed = paper.date, set(paper.authors), set(map(fold, paper.categories))
    either = [bundle.people[person] & names for person in filter.any_authors]
    all_of_them = [bundle.people[person] & names for person in (filter.author, *filter.with_authors) if person]
    ranges = ((str(filter.since or ""), str(filter.until or "")), (filter.first_day, filter.last_day))
    return (
        all(all_of_them)
        and (any(either) or not either)
        and all(date[: len(day)] >= day[: len(date) or None] for day, _ in ranges)
        and all(date[: len(day)] <= day[: len(date)] for _, day in ranges)
        and (not filter.category or not filed.isdisjoint(arxiv_categories.forms(filter.category)))
        and filter.has_code in (None, paper.has_code)
        and filter.has_abstract in (None, bool(paper.abstract))
    )


def _changes(bundle: Bundle, library: Library) -> Iterator[str]:
    """Yield which sources a library has otherwise, and what its catalogue answers otherwise to the plan."""
    answer, plan = bundle.answer, bundle.answer.plan
    ids = library.ids_of(bundle.papers)
    now = {paper.id: paper for paper in library.papers_by_id(list(ids.values()))}
    for source in answer.sources:
        paper = now.get(ids[source.paper_id])
        if paper is None:
            yield f"Source [{source.number}] (“{one_line(source.title)}”) is not in the library any more."
        elif paper.abstract != source.abstract:
            yield f"The abstract of source [{source.number}] is a different one now."
            gone = [quote for quote in answer.quotes(source.number) if quote not in paper.abstract]
            yield from (
                f"“{one_line(quote)}” is not in the abstract of source [{source.number}] now." for quote in gone
            )
    if not isinstance(plan, CataloguePlan | OverviewPlan) or answer.kind != plan.kind:
        return
    among = plan.filter.among and tuple(ids.get(each, each) for each in plan.filter.among)
    papers = tuple(ids.get(each, each) for each in plan.papers)
    plan = replace(plan, papers=papers, filter=replace(plan.filter, among=among))
    if plan.unknown_author:
        if library.count(PaperFilter(author=plan.unknown_author)):
            yield f"No author was called “{one_line(plan.unknown_author)}” then; the library has one now."
    elif isinstance(plan, CataloguePlan):
        again = catalogue.answer(library, plan)
        if again.count != answer.count:
            yield f"It was {answer.count} then, it is {again.count} now."
        then, today = [_comparable(row, ids) for row in answer.rows], [_comparable(row, {}) for row in again.rows]
        yield from (f"“{_label(row)}” is not so in the library now." for row in then if row not in today)
        yield from (f"“{_label(row)}” was not so in the answer." for row in today if row not in then)
    elif not (plan.papers or plan.topic or among) and library.count(plan.filter) != answer.count:
        yield f"The overview is of {answer.count} papers; {library.count(plan.filter):,} pass its filter now."


def _comparable(row: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """Return what a row says, but for what every library names in its own way."""
    said = {name: value for name, value in row.items() if name not in ("person_id", "with_id", "paper_id")}
    return {**said, "paper_ids": sorted(ids.get(one, one) for one in row["paper_ids"])}
