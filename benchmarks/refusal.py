"""Precision and recall of refusing questions that no abstract answers.

`python -m benchmarks.refusal` has the real chat model judge our own questions over real papers (data/refusal.jsonl:
half of them without an answer, most of those about a fact that the paper's abstract does not hold), and prints the
precision and recall of refusing, with 95 % intervals, the area under the ROC curve and the recall at few false
refusals, on the papers that nothing was fitted on. A question costs seconds: --limit takes a random sample.
`--questions FILE` takes other questions of the same form, and `--answers N` has the model answer N of those that pass,
and counts what is refused after it.

The library holds the questions' papers and others of the same corpora. It is kept in the user's cache folder, so that
only the first run embeds them.
"""

from __future__ import annotations

import hashlib
import json
import random
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import platformdirs
import typer
from sklearn.metrics import roc_auc_score

from assistant import settings
from assistant.evaluation import question_files
from assistant.evaluation.question_files import Question
from assistant.grounding.answerability import Judgement
from assistant.workspace import Workspace
from benchmarks import measuring

CORPORA = ("corpora/acl-10k.jsonl.gz", "corpora/mlanthology-30k.jsonl.gz", "benchmarks/scitldr-dev/tldr.jsonl")
OTHERS_FROM = CORPORA[:2]
SEED = 4


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


def prepare(corpora: Path, asked: Iterable[Question], others: int) -> tuple[Path, Path]:
    """Write the papers of the questions, and others, to a file; return the folder of their library and the file."""
    wanted = {question.line["paper"] for question in asked}
    papers: list[dict[str, Any]] = []
    for name in CORPORA:
        rows = list(measuring.read_lines(corpora / name))
        papers += [row for row in rows if row["id"] in wanted]
        if name in OTHERS_FROM:
            rest = [row for row in rows if row["id"] not in wanted]
            papers += random.Random(SEED).sample(rest, others // len(OTHERS_FROM))
    text = "".join(json.dumps(paper) + "\n" for paper in papers)
    key = hashlib.sha256(text.encode()).hexdigest()[:12]
    folder = Path(platformdirs.user_cache_dir("abstract-assistant")) / "benchmarks" / f"refusal-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "papers.jsonl"
    if not file.exists():
        file.write_text(text, encoding="utf-8")
    return folder / "library", file


def ask(workspace: Workspace, question: Question) -> Tried:
    """Plan a question and find sources for it as the assistant does, and judge it by them.

    What the plan gives to the database or to an overview is not refused there.
    """
    assistant = workspace.assistant
    plan = assistant.planner.plan(question.text)
    if plan.kind != "passages":
        return Tried(question, None)
    model, budget = workspace.language_model(), assistant.prompt_tokens
    sources, near = assistant.evidence(plan)
    judge, never = assistant.judge.judge, threading.Event()
    return Tried(question, judge(plan.question, sources[:near], model, budget=budget, stop=never))


def report(tried: Sequence[Tried]) -> None:
    """Print precision and recall of refusing, the ROC curve's figures, and right decisions by kind of question."""
    refused = [one for one in tried if one.is_refused]
    unanswerable = [one for one in tried if not one.is_answerable]
    right = sum(one.is_refused for one in unanswerable)
    print(f"{len(tried)} questions, {len(unanswerable)} without an answer, {len(refused)} refused")
    measuring.print_share("  precision", right, len(refused))
    measuring.print_share("  recall", right, len(unanswerable))
    judged = [(one.judgement.probability, one.is_answerable) for one in tried if one.judgement]
    likely, answerable = (np.array(values) for values in zip(*judged, strict=True))
    print(f"  area under the ROC curve {roc_auc_score(answerable, likely):.3f}")
    for share in (0.02, 0.04, 0.06):
        least = float(np.quantile(likely[answerable], share))
        recall = float((likely[~answerable] < least).mean())
        print(f"  refusing below {least:.2f}: {share:.0%} of the answerable ones, {recall:.0%} of the others")
    kinds: defaultdict[str, list[bool]] = defaultdict(list)
    for one in tried:
        decision = "with an answer, let through" if one.is_answerable else "without an answer, refused"
        kinds[f"{decision}: {one.question.line.get('kind', '')}"].append(one.is_refused != one.is_answerable)
    for kind, decisions in sorted(kinds.items()):
        print(f"  {kind:45} {sum(decisions):3} of {len(decisions)}")


def main(
    questions: Path = measuring.DATA / "refusal.jsonl",
    limit: int = 0,
    answers: Annotated[int, typer.Option(help="Have the model answer so many that pass.")] = 0,
    others: Annotated[int, typer.Option(help="Papers beside those of the questions.")] = 1000,
    errors: bool = False,
    corpora: Path = measuring.SHARED,
) -> None:
    """Print the figures."""
    asked = [question for question in question_files.read(questions) if question.line.get("part") != "fitting"]
    if limit:
        asked = random.Random(SEED).sample(asked, min(limit, len(asked)))
    library, papers = prepare(corpora, asked, others)
    with Workspace(settings.load(library=library)) as workspace:
        workspace.add([papers])
        tried = [ask(workspace, question) for question in asked]
        report(tried)
        for one in tried if errors else ():
            if one.is_refused == one.is_answerable:
                likely = one.judgement.probability if one.judgement else 1.0
                print(f"  {'refused' if one.is_refused else 'let through'} {likely:.2f} {one.question.text}")
        passing = [one for one in tried if not one.is_refused]
        chosen = random.Random(SEED).sample(passing, min(answers, len(passing)))
        for label, of_kind in (("with an answer", True), ("without an answer", False)):
            given = [workspace.assistant.ask(one.question.text) for one in chosen if one.is_answerable == of_kind]
            measuring.print_share(f"{label}, refused later", sum(one.answer().refused for one in given), len(given))


if __name__ == "__main__":
    measuring.run(main, __doc__)
