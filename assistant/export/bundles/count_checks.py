"""Checks of the numbers of a bundle: counted again in its own papers, do they come out the same?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from assistant.catalogue import CatalogueAnswer
from assistant.export.bundles import recounts
from assistant.export.bundles.bundle_checks import Check, checked, short
from assistant.export.bundles.bundle_reading import Bundle
from assistant.export.bundles.bundles import EVIDENCE, counting_filter
from assistant.settings import PROGRAM_VERSION
from assistant.text import counted, plain
from assistant.types import Answer, Paper

_NUMBER = re.compile(r"\d[\d,]*")
_HEADING = re.compile(r"(?P<title>.+) \((?P<count>[\d,]+) papers?(?:, [\d to]+)?\)\.")
_OF_YEAR = re.compile(r"([\d,]+) in (\d{4})")
_OPENING = re.compile(r"([\d,]+) of ([\d,]+) papers?\b")


def check_counts(bundle: Bundle) -> Check:
    """Count again in the bundle's own papers: the number, the rows and what they say, or what an overview covers."""
    answer, plan = bundle.answer, bundle.answer.plan
    if answer.kind == "synthesis" and answer.coverage:
        failures = [*_miscounted_overview(bundle), *_strange(bundle, set())]
        return checked("counts", "The overview's numbers are those of its papers.", failures)
    if answer.kind != "catalogue" or plan is None or plan.measure is None or plan.unknown_author:
        return checked("counts", "The answer counts nothing.", _strange(bundle, set()))
    with recounts.opened(bundle) as library:
        now = recounts.count_again(library, plan, {}, bundle.people)
        chosen = recounts.translated(library, counting_filter(plan), {}, bundle.people)
        passing, left_open = library.ids(chosen), recounts.left_open(library, chosen)
    failures = (
        []
        if now.count == answer.count
        else [f"The answer counts {number_in_words(answer.count)}; its papers make {number_in_words(now.count)}."]
    )
    failures += _strange(bundle, left_open)
    if answer.count == 0 and plan.measure != "profile":
        return checked("counts", "No paper counts, and none is in the bundle.", failures)
    failures += [f"{text[0].upper()}{text[1:]}." for text in recounts.differing_rows(answer.rows, now.rows, {})]
    failures += _miscounted_text(bundle, now)
    if not (plan.papers and counting_filter(plan) == plan.chosen):
        failures += _uncounted(bundle, passing)
    return checked("counts", f"Counted again in the bundle's papers: {number_in_words(now.count)}.", failures)


def _miscounted_text(bundle: Bundle, now: CatalogueAnswer) -> list[str]:
    """Return the sentences that counting again does not give; of another version, those with other numbers."""
    answer = bundle.answer
    if answer.plan and answer.plan.chosen.source:
        return []  # the sentences name a file, which is known only where it was read
    stated = [sentence.text for sentence in answer.sentences]
    expected = [sentence.text for sentence in now.sentences]
    if bundle.manifest.get("program") != PROGRAM_VERSION:
        stated, expected = ([str(_NUMBER.findall(text)) for text in texts] for texts in (stated, expected))
    return [f"“{short(text)}” is not what counting gives." for text in stated if text not in expected]


def _uncounted(bundle: Bundle, passing: set[str]) -> list[str]:
    """Return the papers that are said to be counted and do not pass the plan's filter, or the other way round."""
    return [
        f"“{short(bundle.papers[one].title)}” is said to be counted and does not pass."
        for one in sorted(bundle.counted - passing)
    ] + [
        f"“{short(bundle.papers[one].title)}” passes and is said not to be counted."
        for one in sorted(passing - bundle.counted)
    ]


def _strange(bundle: Bundle, left_open: set[str]) -> list[str]:
    """Return the papers of the evidence that the answer neither cites nor counts nor leaves open."""
    answer = bundle.answer
    spoken_of = {source.paper_id for source in answer.sources} | bundle.counted | left_open
    named = set(answer.plan.papers) if answer.plan else set()
    return [
        f"“{short(paper.title)}” is in {EVIDENCE}, and the answer does not speak of it."
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
            failures.append(f"“{short(label)}” is said to have {row['papers']} papers and names {len(listed)}.")
        failures += [f"A paper of “{short(label)}” is not in the bundle." for one in listed if one not in bundle.papers]
    return failures + _misstated(answer, papers)


def _misstated(answer: Answer, papers: Sequence[Paper]) -> list[str]:
    """Return the numbers of an overview's sentences that are not those of its themes, its years and its coverage."""
    failures = []
    sizes = {plain(str(row.get("theme", ""))): len(row.get("paper_ids", ())) for row in answer.rows}
    years = Counter(paper.date[:4] for paper in papers if paper.date)
    for sentence in answer.sentences:
        if heading := _HEADING.fullmatch(sentence.text):
            title, said = heading["title"], int(heading["count"].replace(",", ""))
            if title in sizes and sizes[title] != said:
                failures.append(f"“{short(title)}” is said to have {said:,} papers; it has {sizes[title]:,}.")
        elif sentence.text.startswith("Papers per year: "):
            said_of = {year: int(count.replace(",", "")) for count, year in _OF_YEAR.findall(sentence.text)}
            wrong = [year for year, count in said_of.items() if years[year] != count]
            failures += [f"{said_of[year]:,} papers are said to be from {year}; {years[year]:,} are." for year in wrong]
    if answer.coverage and (opening := _OPENING.match(answer.text)):
        read, matching = (int(number.replace(",", "")) for number in opening.groups())
        if (read, matching) != (answer.coverage.read, answer.coverage.matching):
            failures.append(f"{read:,} of {matching:,} papers are said to be read, and the answer's figures differ.")
    return failures


def number_in_words(count: int | None) -> str:
    """Return a count as it is said, also where there is none."""
    return "no number" if count is None else f"{count:,}"
