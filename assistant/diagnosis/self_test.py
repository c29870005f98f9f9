"""Self-test: questions made of the person's own abstracts, with and without an answer, and how they are answered."""

from __future__ import annotations

import math
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from assistant.evaluation.question_files import Question
from assistant.text import counted
from assistant.types import Paper, PaperFilter, Progress, ProgressListener
from assistant.workspace import Workspace

if TYPE_CHECKING:
    from assistant.evaluation.scoring import Verdict

MEASURES = (
    "Two questions ask for numbers of papers, which the library's own figures check. Each other names one paper and "
    "asks what it says about a name that stands in its abstract, or in another paper's only. It is right where an "
    "answer cites the paper, or where the question is refused. That shows that models, search, refusing and proof work "
    "here; it is no measure of how good answers to your own questions are."
)
"""What the self-test measures, in words for the person who reads it."""

SECONDS = 60.0
"""What the questions may take together, beside the loading of models."""

_PAIRS = 3
"""Papers that are asked what they say, and as many that do not say it."""

_SHORT = 4
"""Times as many are looked at, of which those with the shortest abstracts are asked: what is read costs time."""

_PAPERS = 200
"""Papers that questions are made of at most."""

_SPARE = 1.2
"""How much longer all questions may take than those of their kind that were asked."""

_NAME = re.compile(r"(?<![\w$\\-])(?=[\w-]*[A-Za-z])[A-Z][\w-]*[A-Z0-9][\w-]*(?![\w$\\-])")
_WORD = re.compile(r"(?<![\w$\\-])[^\W\d_]{8,24}(?![\w$\\-])")


@dataclass(frozen=True, slots=True)
class SelfTest:
    """How the questions of a self-test were answered; `asked` are as many as there was time for.

    `is_sample` says that the library held no abstract, so that the sample library was asked in its place. `counted` of
    `countable` questions got the number of papers that the library's figures have, `answered` of `answerable` ones an
    answer that cites their paper, and `refused` of `unanswerable` ones were refused. `proved` of the `sentences` of
    prose are stated by an abstract. `seconds` is the median of an answer in prose, `loading` what it took until the
    models were there, `all_seconds` what all planned questions would take. `wrong` says each question that went wrong,
    and why.
    """

    is_sample: bool
    seed: int
    asked: int
    planned: int
    right: int
    countable: int
    counted: int
    answerable: int
    answered: int
    unanswerable: int
    refused: int
    sentences: int
    proved: int
    loading: float
    seconds: float | None
    all_seconds: int
    wrong: tuple[str, ...]
    model: str
    measures: str = MEASURES

    def said(self) -> str:
        """Return the figures in words."""
        took = "" if self.seconds is None else f"; {self.seconds:.1f} s an answer, {self.loading:.0f} s to load"
        left = self.planned - self.asked
        more = f"; {left} of {self.planned} did not fit into the time, all take {self.all_seconds} s" if left else ""
        return (
            f"{self.right} of {self.asked} right: {self.counted} of {self.countable} counted, {self.answered} of "
            f"{self.answerable} with an answer got it, {self.refused} of {self.unanswerable} without one refused; "
            f"{self.proved} of {counted(self.sentences, 'sentence')} proved{took}{more}"
        )


def run(
    workspace: Workspace,
    *,
    is_sample: bool = False,
    seed: int = 0,
    seconds: float = SECONDS,
    on_progress: ProgressListener = lambda _: None,
) -> SelfTest:
    """Ask questions made of the library, at least one; others are begun while they seem to fit into `seconds`.

    The same `seed` over the same library makes the same questions. Raises ModelError, LibraryError.
    """
    from assistant.evaluation import scoring

    began = time.monotonic()
    papers = workspace.library.papers(PaperFilter(has_abstract=True))
    made = questions(papers, workspace.library.count(), seed)
    if made:
        on_progress(Progress(0, len(made), "Loading the models"))
        workspace.language_model()
        workspace.embed_few()
    loading = time.monotonic() - began
    verdicts: list[Verdict] = []
    asking = time.monotonic()
    took: dict[str, list[float]] = {}
    for question in made:
        kind, now = question.line["type"], time.monotonic()
        usual = median(took.get(kind, [0]))
        if verdicts and now - asking + usual > seconds:
            continue
        on_progress(Progress(len(verdicts), len(made), "Asking"))
        answer = workspace.ask(question.text, kind=None if kind == "aggregate" else "passages").answer()
        verdicts.append(scoring.judged(question, answer))
        took.setdefault(kind, []).append(time.monotonic() - now)
    slowest = max(map(median, took.values()), default=0)
    usual = sum(median(took.get(question.line["type"], [slowest])) for question in made)
    expected = math.ceil(usual * _SPARE)
    return _summed(verdicts, len(made), is_sample, seed, loading, expected)


def questions(papers: Sequence[Paper], count: int, seed: int) -> list[Question]:
    """Return questions, each with its labels for `scoring`: two for numbers, then in turn with and without an answer.

    `papers` are those with an abstract, of `count` in all. What one paper only names is asked of that paper, and of one
    that does not name it: acronyms and names with figures first, then rare long words; papers that name it twice come
    first, then short abstracts. None are without an answer where there is one paper only.
    """
    if not papers:
        return []
    chosen = random.Random(seed)
    drawn = chosen.sample(list(papers), min(_PAPERS, len(papers)))
    texts = {paper.id: f"{paper.title}\n{paper.abstract}".casefold() for paper in drawn}
    named = [
        (paper, name) for pattern in (_NAME, _WORD) for paper in drawn if (name := _own_name(pattern, paper, texts))
    ]
    named = list({paper.id: (paper, name) for paper, name in reversed(named)}.values())[::-1]
    made = _counts(papers, count)
    few = sorted(
        named[: _PAIRS * _SHORT], key=lambda each: (each[0].abstract.count(each[1]) < 2, len(each[0].abstract))
    )
    for paper, name in few[:_PAIRS]:
        made.append(_question(len(made) + 1, paper, name, "fact"))
        others = [other for other in drawn if name.casefold() not in texts[other.id]]
        if others:
            unlike = chosen.sample(others, min(_SHORT, len(others)))
            other = min(unlike, key=lambda each: len(each.abstract))
            made.append(_question(len(made) + 1, other, name, "unanswerable"))
    return made


def _counts(papers: Sequence[Paper], count: int) -> list[Question]:
    """Return the question for all papers, and where every paper has an abstract that for those of the busiest year."""
    asked = {"How many papers are there?": count}
    years = Counter(paper.year for paper in papers if paper.year)
    if years and len(papers) == count:
        year, of_year = max(years.items(), key=lambda each: (each[1], each[0]))
        asked[f"How many papers are from {year}?"] = of_year
    return [
        Question(str(number), text, (), {"q": text, "type": "aggregate", "must": rf"(?<![\d.,]){found:,}\b"}, number)
        for number, (text, found) in enumerate(asked.items(), 1)
    ]


def _own_name(pattern: re.Pattern[str], paper: Paper, texts: dict[str, str]) -> str:
    """Return what only this paper's abstract names, the most often and then the longest; "" for nothing.

    What is named once is often named in passing, and nothing is said about it.
    """
    named = Counter(pattern.findall(paper.abstract))
    for name in sorted(named, key=lambda name: (-named[name], -len(name), name)):
        folded = name.casefold()
        if folded not in paper.title.casefold() and not any(
            folded in text for each, text in texts.items() if each != paper.id
        ):
            return str(name)
    return ""


def _question(number: int, paper: Paper, name: str, kind: str) -> Question:
    text = f"What does “{paper.title}” say about {name}?"
    return Question(str(number), text, (), {"q": text, "type": kind, "paper": paper.title}, number)


def _summed(
    verdicts: Sequence[Verdict], planned: int, is_sample: bool, seed: int, loading: float, all_seconds: int
) -> SelfTest:
    countable, answerable, unanswerable = (
        [verdict for verdict in verdicts if verdict.type == kind] for kind in ("aggregate", "fact", "unanswerable")
    )
    prose = [*answerable, *unanswerable]
    return SelfTest(
        is_sample=is_sample,
        seed=seed,
        asked=len(verdicts),
        planned=planned,
        right=sum(verdict.right for verdict in verdicts),
        countable=len(countable),
        counted=sum(verdict.right for verdict in countable),
        answerable=len(answerable),
        answered=sum(verdict.right for verdict in answerable),
        unanswerable=len(unanswerable),
        refused=sum(verdict.right for verdict in unanswerable),
        sentences=sum(verdict.sentences for verdict in prose),
        proved=sum(verdict.proved for verdict in prose),
        loading=round(loading, 2),
        seconds=round(median(verdict.total_s for verdict in prose), 2) if prose else None,
        all_seconds=all_seconds,
        wrong=tuple(_wrong(verdicts)),
        model=next((verdict.model for verdict in verdicts if verdict.model), ""),
    )


def _wrong(verdicts: Sequence[Verdict]) -> Iterator[str]:
    for verdict in verdicts:
        if not verdict.right:
            yield f"{verdict.question} {'; '.join(verdict.why)}"
