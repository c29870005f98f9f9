"""Self-test: questions made of the person's own abstracts, with and without an answer, and how they are answered."""

from __future__ import annotations

import random
import re
import time
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
    "Each question names one paper and asks what it says about a name that stands in its abstract, or in another "
    "paper's only. It is right where an answer cites the paper, or where the question is refused. That shows that "
    "models, search, refusing and proof work here; it is no measure of how good answers to your own questions are."
)
"""What the self-test measures, in words for the person who reads it."""

SECONDS = 50.0
"""After so long no further question is begun."""

_QUESTIONS = 8
_PAPERS = 200
"""Papers that questions are made of at most."""

_NAME = re.compile(r"(?<![\w$\\-])(?=[\w-]*[A-Za-z])[A-Z][\w-]*[A-Z0-9][\w-]*(?![\w$\\-])")
_WORD = re.compile(r"(?<![\w$\\-])[^\W\d_]{8,24}(?![\w$\\-])")


@dataclass(frozen=True, slots=True)
class SelfTest:
    """How the questions of a self-test were answered; `asked` are as many as there was time for.

    `is_sample` says that the library held no abstract, so that the sample library was asked in its place. `answered` of
    `answerable` questions got an answer that cites their paper, `refused` of `unanswerable` ones were refused. `proved`
    of the `sentences` shown are stated by an abstract. `seconds` is the median of an answer, `loading` what it took
    until the models were there. `wrong` says each question that went wrong, and why.
    """

    is_sample: bool
    seed: int
    asked: int
    planned: int
    right: int
    answerable: int
    answered: int
    unanswerable: int
    refused: int
    sentences: int
    proved: int
    loading: float
    seconds: float | None
    wrong: tuple[str, ...]
    model: str
    measures: str = MEASURES

    def said(self) -> str:
        """Return the figures in words."""
        took = "" if self.seconds is None else f"; {self.seconds:.1f} s an answer, {self.loading:.0f} s to load"
        return (
            f"{self.right} of {self.asked} right: {self.answered} of {self.answerable} with an answer got it, "
            f"{self.refused} of {self.unanswerable} without one refused; {self.proved} of "
            f"{counted(self.sentences, 'sentence')} proved{took}"
        )


def run(
    workspace: Workspace,
    *,
    is_sample: bool = False,
    seed: int = 0,
    seconds: float = SECONDS,
    on_progress: ProgressListener = lambda _: None,
) -> SelfTest:
    """Ask questions made of the library's abstracts until they end or `seconds` have passed; at least one is asked.

    The same `seed` over the same library makes the same questions. Raises ModelError, LibraryError.
    """
    from assistant.evaluation import scoring

    began = time.monotonic()
    papers = workspace.library.papers(PaperFilter(has_abstract=True))
    made = questions(papers, seed)
    if made:
        on_progress(Progress(0, len(made), "Loading the models"))
        workspace.language_model()
        workspace.embed_few()
    loading = time.monotonic() - began
    verdicts: list[Verdict] = []
    asking = time.monotonic()
    for question in made:
        if verdicts and time.monotonic() - asking > seconds:
            break
        on_progress(Progress(len(verdicts), len(made), "Asking"))
        verdicts.append(scoring.judged(question, workspace.ask(question.text, kind="passages").answer()))
    return _summed(verdicts, len(made), is_sample, seed, loading)


def questions(papers: Sequence[Paper], seed: int) -> list[Question]:
    """Return questions in turn with and without an answer, each with its labels for `scoring`.

    What one paper only names is asked of that paper, and of one that does not name it: acronyms and names with figures
    first, then rare long words. None are without an answer where there is one paper only.
    """
    chosen = random.Random(seed)
    drawn = chosen.sample(list(papers), min(_PAPERS, len(papers)))
    texts = {paper.id: f"{paper.title}\n{paper.abstract}".casefold() for paper in drawn}
    named = [
        (paper, name) for pattern in (_NAME, _WORD) for paper in drawn if (name := _own_name(pattern, paper, texts))
    ]
    named = list({paper.id: (paper, name) for paper, name in reversed(named)}.values())[::-1]
    made: list[Question] = []
    for paper, name in named[: _QUESTIONS // 2]:
        made.append(_question(len(made) + 1, paper, name, "fact"))
        others = [other for other in drawn if name.casefold() not in texts[other.id]]
        if others:
            made.append(_question(len(made) + 1, chosen.choice(others), name, "unanswerable"))
    return made


def _own_name(pattern: re.Pattern[str], paper: Paper, texts: dict[str, str]) -> str:
    """Return the longest of what only this paper's abstract names, "" for nothing."""
    names = sorted(set(pattern.findall(paper.abstract)), key=lambda name: (-len(name), name))
    for name in names:
        folded = name.casefold()
        if folded not in paper.title.casefold() and not any(
            folded in text for each, text in texts.items() if each != paper.id
        ):
            return str(name)
    return ""


def _question(number: int, paper: Paper, name: str, kind: str) -> Question:
    text = f"What does “{paper.title}” say about {name}?"
    return Question(str(number), text, (), {"q": text, "type": kind, "paper": paper.title}, number)


def _summed(verdicts: Sequence[Verdict], planned: int, is_sample: bool, seed: int, loading: float) -> SelfTest:
    answerable = [verdict for verdict in verdicts if verdict.type != "unanswerable"]
    unanswerable = [verdict for verdict in verdicts if verdict.type == "unanswerable"]
    return SelfTest(
        is_sample=is_sample,
        seed=seed,
        asked=len(verdicts),
        planned=planned,
        right=sum(verdict.right for verdict in verdicts),
        answerable=len(answerable),
        answered=sum(verdict.right for verdict in answerable),
        unanswerable=len(unanswerable),
        refused=sum(verdict.right for verdict in unanswerable),
        sentences=sum(verdict.sentences for verdict in verdicts),
        proved=sum(verdict.proved for verdict in verdicts),
        loading=round(loading, 2),
        seconds=round(median(verdict.total_s for verdict in verdicts), 2) if verdicts else None,
        wrong=tuple(_wrong(verdicts)),
        model=next((verdict.model for verdict in verdicts if verdict.model), ""),
    )


def _wrong(verdicts: Sequence[Verdict]) -> Iterator[str]:
    for verdict in verdicts:
        if not verdict.right:
            yield f"{verdict.question} {'; '.join(verdict.why)}"
