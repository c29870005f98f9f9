"""Chat models and the formats of their weights side by side: right, refused, seconds, memory.

`python -m benchmarks.formats` has each model in each format, each in a process of its own, judge a random sample of
questions with an abstract each that nothing was fitted on (data/answerable_held_out.jsonl), and answer a random sample
of labelled ones (those of `benchmarks.answering`, with an answer in the library and without). It
prints a row for each: the area under the ROC curve of the judgements and how many are right, answers that are right,
questions with an answer that were refused, questions without one that were, the median of seconds an answer with its
quartiles, the weights' memory and the most that the process held, in GB.

`--models NAME,NAME --quantize no,8,4 --device cpu` choose what is compared; 4 bits take `pip install
abstract-assistant[quantized]`. `--seconds` ends a row early, on a machine that is shared.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from sklearn.metrics import roc_auc_score

from assistant import settings
from assistant.evaluation import scoring
from assistant.evaluation.question_files import Question
from assistant.grounding import answerability
from assistant.models import probes, prompting
from assistant.protocols import LanguageModel
from assistant.types import Source
from assistant.wiring import quiet_environment
from assistant.workspace import Workspace
from benchmarks import answering, measuring

SEED = 40
HELD_OUT = measuring.DATA / "answerable_held_out.jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    """What one model in one format made of pairs and questions, and what that took."""

    model: str
    judged: list[tuple[float, bool]]
    """How likely an abstract states the answer, and whether it does."""
    answered: list[tuple[bool, bool, bool, float]]
    """Whether the question has an answer, whether it was refused, whether that was right, and the seconds."""
    weights: int
    peak_memory: float

    def __str__(self) -> str:
        """Return a row of the table."""
        both = len({holds for _, holds in self.judged}) > 1
        area = (
            roc_auc_score([holds for _, holds in self.judged], [likely for likely, _ in self.judged]) if both else 0.0
        )
        right = sum((likely >= 0.4) == holds for likely, holds in self.judged)
        with_answer = [refused for has_answer, refused, *_ in self.answered if has_answer]
        without = [refused for has_answer, refused, *_ in self.answered if not has_answer]
        middle, low, high = answering.quartiles([seconds for *_, seconds in self.answered] or [0.0])
        cells = (
            self.model,
            f"{f'{area:.2f}, ' if both else ''}{right} of {len(self.judged)}",
            f"{sum(is_right for _, _, is_right, _ in self.answered)} of {len(self.answered)}",
            f"{sum(with_answer)} of {len(with_answer)}",
            f"{sum(without)} of {len(without)}",
            f"{middle:.1f} [{low:.1f}, {high:.1f}]",
            f"{self.weights / 1e9:.1f}",
            f"{self.peak_memory / 1e3:.1f}",
        )
        return f"| {' | '.join(cells)} |"


def pairs(count: int, corpora: Path) -> list[tuple[str, Source, bool]]:
    """Return a random sample of questions, each with an abstract and whether that states the answer."""
    lines = random.Random(SEED).sample(list(measuring.read_lines(HELD_OUT)), count)
    wanted = {line["paper"] for line in lines}
    files = {corpora / f"{line['corpus']}.jsonl.gz" for line in lines}
    papers = {row["id"]: row for file in files for row in measuring.read_lines(file) if row["id"] in wanted}
    return [
        (line["q"], Source(1, line["paper"], paper["title"], (), "", "", paper["abstract"]), line["answerable"])
        for line in lines
        if (paper := papers.get(line["paper"]))
    ]


def judge(model: LanguageModel, question: str, source: Source) -> float:
    """Return how likely an abstract states the answer."""
    messages = prompting.judgement(answerability.TASK, question, [source], model, 3000)
    return probes.yes(model, answerability.TASK, messages, None, threading.Event()) or 0.0


def answer(workspace: Workspace, question: Question) -> tuple[bool, bool, bool, float]:
    """Answer a question; return what a row says of it."""
    began = time.perf_counter()
    given = workspace.ask(question.text, []).answer()
    seconds = time.perf_counter() - began
    return question.line["type"] != "unanswerable", given.refused, not scoring.faults(question, given), seconds


def measure(model: str, quantize: Any, device: str, shared: Path, judgements: int, questions: int, limit: float) -> Row:
    """Judge and answer with one model in one format."""
    quiet_environment()
    asked = answering.questions(answering.QUESTIONS, questions, follow_ups=False) if questions else []
    files = [measuring.SAMPLE, *sorted((shared / "seeds").glob("*.txt"))]
    with TemporaryDirectory() as folder:
        chosen = settings.load(library=Path(folder), model=model, quantize=quantize, device=device)
        with Workspace(chosen) as workspace:
            if asked:
                workspace.add(files)
            chat, began = workspace.language_model(), time.perf_counter()
            judged = [
                (judge(chat, text, source), holds)
                for text, source, holds in pairs(judgements, shared / "corpora")
                if not limit or time.perf_counter() - began < limit
            ]
            answered = [
                answer(workspace, question) for question in asked if not limit or time.perf_counter() - began < limit
            ]
            state = workspace.model_states()[0]
    name = f"{chat.info.name}, {chat.info.dtype}, {chat.info.device}"
    return Row(name, judged, answered, state.memory, measuring.peak_memory())


def main(
    judgements: Annotated[int, typer.Option(help="How many abstracts are judged.")] = 40,
    questions: Annotated[int, typer.Option(help="How many questions are answered, of a random order.")] = 12,
    models: Annotated[str, typer.Option(help="Names, folders or hub ids, divided by commas.")] = "",
    quantize: Annotated[str, typer.Option(help="Formats, divided by commas.")] = "no,8",
    device: str = "auto",
    seconds: Annotated[float, typer.Option(help="Begin nothing more of a row after so many; 0: all.")] = 0,
    shared: Annotated[Path, typer.Option(help="Folder of the author page and the corpora.")] = measuring.SHARED,
) -> None:
    """Print the table."""
    print("| model, format, device | judged: AUC, right | right | refused, answerable | not | s | weights | peak |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for model in models.split(","):
        for bits in quantize.split(","):
            row = measuring.in_new_process(measure, model, bits, device, shared, judgements, questions, seconds)
            print(row, flush=True)


if __name__ == "__main__":
    measuring.run(main, __doc__)
