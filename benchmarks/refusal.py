"""Are questions without an answer refused, and the others not?

`python -m benchmarks.refusal` judges our own questions over real papers (data/refusal.jsonl: half of them without an
answer, most of those about a fact that the paper's abstract does not hold) before the model is asked, and prints the
precision and recall of refusing, with 95 % intervals, on the papers that the decision was not fitted on. `--fit` fits
it on the other papers and prints the coefficients for assistant/answerability.py. `--answers N` also has the real model
answer N of the questions that pass, and counts what is refused after it.

The library holds the questions' papers and OTHERS more of the same corpora. It is kept in the user's cache folder, so
that only the first run embeds them. CORPORA is a folder with the corpora; shared/ beside the checkout where not named.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from scipy.stats import binomtest

from assistant import answerability, questions, settings
from assistant.answerability import Judge, Judgement, Marks
from assistant.protocols import Embedder, Vectors
from assistant.questions import Question
from assistant.types import Source
from assistant.wiring import quiet_environment
from assistant.workspace import Workspace

DATA = Path(__file__).with_name("data") / "refusal.jsonl"
SHARED = Path(__file__).parents[2] / "shared"
CORPORA = ("corpora/acl-10k.jsonl.gz", "corpora/mlanthology-30k.jsonl.gz", "benchmarks/scitldr-dev/tldr.jsonl")
_OTHERS_FROM = CORPORA[:2]
_SEED = 4


@dataclass(frozen=True, slots=True)
class Tried:
    """One question, what the gate and the judge said of it, and the sources that it was judged by."""

    question: Question
    sources: tuple[Source, ...]
    is_about: bool
    marks: Marks | None
    judgement: Judgement

    @property
    def is_answerable(self) -> bool:
        """Tell whether some abstract holds the answer."""
        return bool(self.question.line["answerable"])

    @property
    def is_refused(self) -> bool:
        """Tell whether the question would be refused before the model is asked."""
        return not (self.is_about and self.judgement.is_answerable)


class RememberedVectors:
    """Embeds each text once, and keeps the vectors in a file between runs."""

    def __init__(self, embedder: Embedder, file: Path) -> None:
        self._embedder = embedder
        self._file = file
        self._known: dict[str, Vectors] = {}
        if file.exists():
            with np.load(file) as kept:
                self._known = dict(zip(kept["texts"].tolist(), kept["vectors"].astype(np.float32), strict=True))

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), d)."""
        unknown = list(dict.fromkeys(text for text in texts if text not in self._known))
        for positions, vectors in self._embedder.embed_many(unknown):
            self._known.update(zip((unknown[position] for position in positions), vectors, strict=True))
        return np.stack([self._known[text] for text in texts])

    def keep(self) -> None:
        """Write the vectors."""
        vectors = np.stack(list(self._known.values())).astype(np.float16)
        np.savez(self._file, texts=np.array(list(self._known)), vectors=vectors)


def is_for_fitting(question: Question) -> bool:
    """Tell whether a question's paper is among those that the decision was fitted on."""
    return bool(question.line["part"] == "fitting")


def prepare(shared: Path, asked: Iterable[Question], others: int) -> tuple[Path, Path]:
    """Write the papers of the questions, and others, to a file; return the folder of their library and the file."""
    wanted = {question.line["paper"] for question in asked}
    papers: list[dict[str, Any]] = []
    for name in CORPORA:
        opened = gzip.open if name.endswith(".gz") else open
        with opened(shared / name, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        papers += [row for row in rows if row["id"] in wanted]
        if name in _OTHERS_FROM:
            rest = [row for row in rows if row["id"] not in wanted]
            papers += random.Random(_SEED).sample(rest, others // len(_OTHERS_FROM))
    text = "".join(json.dumps(paper) + "\n" for paper in papers)
    key = hashlib.sha256(text.encode()).hexdigest()[:12]
    folder = Path(platformdirs.user_cache_dir("abstract-assistant")) / "benchmarks" / f"refusal-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    file_of_papers = folder / "papers.jsonl"
    if not file_of_papers.exists():
        file_of_papers.write_text(text, encoding="utf-8")
    return folder, file_of_papers


def ask(workspace: Workspace, judge: Judge, question: Question) -> Tried:
    """Plan a question and find sources for it as the assistant does, and judge it by them.

    What the plan gives to the database or to an overview is not refused there.
    """
    assistant = workspace.assistant
    plan = assistant.planner.plan(question.text)
    sources = assistant.evidence(plan)
    look = judge.look(plan.subject, sources) if plan.kind == "passages" else None
    judgement = judge.judge(plan.subject, sources) if look else Judgement(0.0 if plan.kind == "passages" else 1.0)
    return Tried(question, sources, bool(sources), look.marks if look else None, judgement)


def fit(tried: Sequence[Tried]) -> tuple[Marks, float]:
    """Return the coefficients and the intercept of a logistic regression, both classes weighing the same."""
    from sklearn.linear_model import LogisticRegression

    rows = [one for one in tried if one.marks is not None]
    values = np.array([astuple(one.marks) for one in rows if one.marks])
    spread = values.std(axis=0).clip(1e-6)
    model = LogisticRegression(class_weight="balanced").fit(values / spread, [one.is_answerable for one in rows])
    return Marks(*np.round(model.coef_[0] / spread, 3).tolist()), round(float(model.intercept_[0]), 3)


def cross_validated(tried: Sequence[Tried], folds: int = 10) -> list[Tried]:
    """Return the questions judged by coefficients that were fitted on the other folds."""
    judged = []
    for fold in range(folds):
        coefficients, intercept = fit([one for place, one in enumerate(tried) if place % folds != fold])
        for one in tried[fold::folds]:
            chance = (
                answerability.probability(one.marks, coefficients, intercept)
                if one.marks
                else one.judgement.probability
            )
            judged.append(replace(one, judgement=replace(one.judgement, probability=chance)))
    return judged


def report(name: str, tried: Sequence[Tried]) -> None:
    """Print precision and recall of refusing."""
    refused = [one for one in tried if one.is_refused]
    right = sum(not one.is_answerable for one in refused)
    unanswerable = sum(not one.is_answerable for one in tried)
    print(f"{name}: {len(tried)} questions, {unanswerable} without an answer, {len(refused)} refused")
    for what, total in (("precision", len(refused)), ("recall", unanswerable)):
        if total:
            low, high = binomtest(right, total).proportion_ci(method="wilson")
            print(f"  {what:9} {right / total:.3f}  ({right} of {total}; {low:.3f} to {high:.3f})")


def report_kinds(tried: Sequence[Tried]) -> None:
    """Print the share of right decisions for each kind of question."""
    for answerable in (True, False):
        print("With an answer, let through:" if answerable else "Without an answer, refused:")
        for kind in sorted({one.question.line["kind"] for one in tried if one.is_answerable == answerable}):
            of_kind = [one for one in tried if one.question.line["kind"] == kind and one.is_answerable == answerable]
            right = sum(one.is_refused != answerable for one in of_kind)
            print(f"  {kind:16} {right:3} of {len(of_kind)}")


def report_errors(tried: Sequence[Tried]) -> None:
    """Print the questions that were decided wrongly."""
    for one in tried:
        if one.is_refused == one.is_answerable:
            what = "refused" if one.is_refused else "let through"
            kind, missing = one.question.line["kind"], ", ".join(one.judgement.missing)
            print(f"  {what} {one.judgement.probability:.2f} [{kind}] {one.question.text} ({missing})")


def report_answers(workspace: Workspace, tried: Sequence[Tried], count: int) -> None:
    """Have the model answer some of the questions that pass, and print the figures of the whole path."""
    passing = [one for one in tried if not one.is_refused]
    chosen = random.Random(_SEED).sample(passing, min(count, len(passing)))
    for kind, of_kind in (("with", True), ("without", False)):
        asked = [one for one in chosen if one.is_answerable == of_kind]
        refused = sum(workspace.assistant.ask(one.question.text).answer().refused for one in asked)
        print(f"{kind} an answer: the model or the proof refused {refused} of {len(asked)} that passed")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.refusal", description=__doc__)
    parser.add_argument("--fit", action="store_true", help="fit the coefficients and print them")
    parser.add_argument("--answers", type=int, default=0, metavar="N", help="have the model answer N that pass")
    parser.add_argument("--others", type=int, default=1000, help="papers beside those of the questions (1000)")
    parser.add_argument("--errors", action="store_true", help="print the questions that were decided wrongly")
    parser.add_argument("--shared", type=Path, default=SHARED, metavar="CORPORA", help="folder with the corpora")
    options = parser.parse_args()
    quiet_environment()
    asked = questions.read(DATA)
    folder, papers = prepare(options.shared, asked, options.others)
    with Workspace(settings.load(library=folder / "library")) as workspace:
        workspace.add([papers])
        vectors = RememberedVectors(workspace.embedder, folder / "vectors.npz")
        judge = Judge(workspace.library, vectors.embed)
        tried = [ask(workspace, judge, question) for question in asked]
        vectors.keep()
        fitting = [one for one in tried if is_for_fitting(one.question)]
        reporting = [one for one in tried if not is_for_fitting(one.question)]
        if options.fit:
            coefficients, intercept = fit(fitting)
            held_out = cross_validated(fitting)
            report("Fitting half, cross-validated", held_out)
            for mark in fields(Marks):
                print(f"    {mark.name}={getattr(coefficients, mark.name)},")
            print(f"    intercept {intercept}")
            if options.errors:
                report_errors(held_out)
            return
        report("Reporting half", reporting)
        report_kinds(reporting)
        if options.errors:
            report_errors(reporting)
        if options.answers:
            report_answers(workspace, reporting, options.answers)


if __name__ == "__main__":
    main()
