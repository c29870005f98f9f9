"""Are questions without an answer refused, and the others not?

`python -m benchmarks.refusal` has the real chat model judge our own questions over real papers (data/refusal.jsonl:
half of them without an answer, most of those about a fact that the paper's abstract does not hold), and prints the
precision and recall of refusing, with 95 % intervals, the area under the ROC curve and the recall at few false
refusals, on the papers that nothing was fitted on. A question costs seconds: --limit takes a random sample.
`--questions FILE` takes other questions of the same form, and `--answers N` has the model answer N of those that pass,
and counts what is refused after it.

The library holds the questions' papers and OTHERS more of the same corpora. It is kept in the user's cache folder, so
that only the first run embeds them. CORPORA is a folder with the corpora; shared/ beside the checkout where not named.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from scipy.stats import binomtest

from assistant import settings
from assistant.evaluation import question_files
from assistant.evaluation.question_files import Question
from assistant.grounding.answerability import Judgement
from assistant.wiring import quiet_environment
from assistant.workspace import Workspace

DATA = Path(__file__).with_name("data") / "refusal.jsonl"
SHARED = Path(__file__).parents[2] / "shared"
CORPORA = ("corpora/acl-10k.jsonl.gz", "corpora/mlanthology-30k.jsonl.gz", "benchmarks/scitldr-dev/tldr.jsonl")
_OTHERS_FROM = CORPORA[:2]
_SEED = 4


@dataclass(frozen=True, slots=True)
class Tried:
    """One question, and what the judge said of the sources found for it; None where something else answers it."""

    question: Question
    judgement: Judgement | None

    @property
    def is_answerable(self) -> bool:
        """Tell whether some abstract holds the answer."""
        return bool(self.question.line["answerable"])

    @property
    def is_refused(self) -> bool:
        """Tell whether the question would be refused before the model is asked."""
        return self.judgement is not None and not self.judgement.answering


def is_for_fitting(question: Question) -> bool:
    """Tell whether a question's paper is among those that the decision was fitted on."""
    return bool(question.line.get("part") == "fitting")


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


def ask(workspace: Workspace, question: Question) -> Tried:
    """Plan a question and find sources for it as the assistant does, and judge it by them.

    What the plan gives to the database or to an overview is not refused there.
    """
    assistant = workspace.assistant
    plan = assistant.planner.plan(question.text)
    if plan.kind != "passages":
        return Tried(question, None)
    sources = assistant.evidence(plan)
    model, budget = workspace.language_model(), assistant.prompt_tokens
    judgement = assistant.judge.judge(plan.question, sources, model, budget=budget, stop=threading.Event())
    return Tried(question, judgement)


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


def report_curve(tried: Sequence[Tried]) -> None:
    """Print the area under the ROC curve, and how much is refused where few questions are refused wrongly."""
    from sklearn.metrics import roc_auc_score

    judged = [one for one in tried if one.judgement]
    likely = np.array([one.judgement.probability for one in judged if one.judgement])
    answerable = np.array([one.is_answerable for one in judged])
    print(f"  area under the ROC curve {roc_auc_score(answerable, likely):.3f}")
    for share in (0.02, 0.04, 0.06):
        least = float(np.quantile(likely[answerable], share))
        recall = float((likely[~answerable] < least).mean())
        print(f"  refusing below {least:.2f}: {share:.0%} of the answerable ones, {recall:.0%} of the others")


def report_kinds(tried: Sequence[Tried]) -> None:
    """Print the share of right decisions for each kind of question."""
    for answerable in (True, False):
        print("With an answer, let through:" if answerable else "Without an answer, refused:")
        kinds = [(str(one.question.line.get("kind", "")), one) for one in tried if one.is_answerable == answerable]
        for kind in sorted({kind for kind, _ in kinds}):
            of_kind = [one for its, one in kinds if its == kind]
            right = sum(one.is_refused != answerable for one in of_kind)
            print(f"  {kind:16} {right:3} of {len(of_kind)}")


def report_errors(tried: Sequence[Tried]) -> None:
    """Print the questions that were decided wrongly."""
    for one in tried:
        if one.is_refused == one.is_answerable:
            what = "refused" if one.is_refused else "let through"
            likely = one.judgement.probability if one.judgement else 1.0
            print(f"  {what} {likely:.2f} [{one.question.line['kind']}] {one.question.text}")


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
    parser.add_argument("--questions", type=Path, default=DATA, metavar="FILE", help="other questions of this form")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only N of them, drawn at random")
    parser.add_argument("--answers", type=int, default=0, metavar="N", help="have the model answer N that pass")
    parser.add_argument("--others", type=int, default=1000, help="papers beside those of the questions (1000)")
    parser.add_argument("--errors", action="store_true", help="print the questions that were decided wrongly")
    parser.add_argument("--shared", type=Path, default=SHARED, metavar="CORPORA", help="folder with the corpora")
    options = parser.parse_args()
    quiet_environment()
    asked = [question for question in question_files.read(options.questions) if not is_for_fitting(question)]
    if options.limit:
        asked = random.Random(_SEED).sample(asked, min(options.limit, len(asked)))
    folder, papers = prepare(options.shared, asked, options.others)
    with Workspace(settings.load(library=folder / "library")) as workspace:
        workspace.add([papers])
        reporting = [ask(workspace, question) for question in asked]
        report("Held-out questions", reporting)
        report_curve(reporting)
        report_kinds(reporting)
        if options.errors:
            report_errors(reporting)
        if options.answers:
            report_answers(workspace, reporting, options.answers)


if __name__ == "__main__":
    main()
