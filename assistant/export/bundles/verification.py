"""Checks a bundle later and elsewhere, without a model: does all that an answer said still stand?

The bundle may come from anybody: nothing in it is believed that its own papers do not show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, BundleError
from assistant.export.bundles import recounts
from assistant.export.bundles.bundle_checks import Check, check_quotes, check_text, checked, short
from assistant.export.bundles.bundle_reading import Bundle, changed_files, read, read_manifest
from assistant.export.bundles.count_checks import check_counts, number_in_words
from assistant.library import Library
from assistant.text import counted
from assistant.types import PaperFilter


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


def verify(folder: Path, library: Library | None = None) -> Report:
    """Check a bundle by itself and, with a library, whether it still holds there.

    Raises BundleError where the folder is no bundle at all. What is broken or changed in a bundle is in the report.
    """
    manifest = read_manifest(folder)
    checks = [checked("files", "The files are as they were written.", changed_files(folder, manifest))]
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


def check_library(bundle: Bundle, library: Library) -> Check:
    """Check whether a library still has the sources, unchanged, with their quotations, and still counts as many."""
    answer, failures = bundle.answer, []
    wanted = [bundle.papers[source.paper_id] for source in answer.sources if source.paper_id in bundle.papers]
    ids = recounts.found_in(library, list({paper.id: paper for paper in (*wanted, *bundle.papers.values())}.values()))
    now = {paper.id: paper for paper in library.papers_by_id([ids[one.id] for one in wanted if one.id in ids])}
    for source in answer.sources:
        paper = now.get(ids.get(source.paper_id, ""))
        if paper is None:
            failures.append(f"Source [{source.number}] (“{short(source.title)}”) is no longer in the library.")
            continue
        if source.abstract and paper.abstract != source.abstract:
            failures.append(f"The abstract of source [{source.number}] is another now.")
            failures += [
                f"“{short(quote)}” no longer stands in the abstract of source [{source.number}]."
                for quote in answer.quotes(source.number)
                if quote not in paper.abstract
            ]
    failures += _counted_otherwise(bundle, library, ids)
    found = f"{counted(len(wanted), 'source')} were looked up in a library of {counted(library.count(), 'paper')}."
    return checked("library", found, failures)


def _counted_otherwise(bundle: Bundle, library: Library, ids: Mapping[str, str]) -> list[str]:
    answer, plan = bundle.answer, bundle.answer.plan
    if answer.kind == "synthesis" and answer.coverage and plan:
        if plan.papers or plan.topic or plan.chosen.among is not None:
            return []  # chosen one by one, or by reading or meaning: nothing to count again
        now_there = library.count(recounts.translated(library, plan.chosen, ids, bundle.people))
        read = answer.coverage.matching
        return [] if now_there == read else [f"The overview is of {read:,} papers; {now_there:,} pass its filter now."]
    if plan and plan.unknown_author:
        found = library.count(PaperFilter(author=plan.unknown_author))
        return (
            [f"Nobody was called “{short(plan.unknown_author)}” then; {found:,} papers name one now."] if found else []
        )
    if answer.kind != "catalogue" or plan is None or plan.measure is None:
        return []
    now = recounts.count_again(library, plan, ids, bundle.people)
    then, today = number_in_words(answer.count), number_in_words(now.count)
    failures = [] if now.count == answer.count else [f"It was {then} then, it is {today} now."]
    changes = recounts.differing_rows(answer.rows, now.rows, ids)
    return failures + [f"In the library now, {change}." for change in changes]


def _guarded(name: str, check: Callable[[Bundle], Check], bundle: Bundle) -> Check:
    """Return what a check says, or that it could not be made: a bundle may ask for what no library can do."""
    try:
        return check(bundle)
    except (AssistantError, ValueError, TypeError, KeyError, OverflowError) as error:
        return Check(name, "This could not be checked.", (f"It could not be looked up: {error}",))
