"""Chat models and the formats of their weights side by side: right, refused, seconds, memory.

`python -m benchmarks.formats` asks a random sample of labelled questions (those of `benchmarks.answering`, with an
answer in the library and without) of each model in each format, one after the other, each in a process of its own, and
prints a row for each: answers that are right, questions with an answer that were refused, questions without one that
were, the median of seconds an answer with its quartiles, the weights' memory and the most that the process held.
`--models NAME,NAME --quantize no,8,4 --device cpu` choose what is compared; 4 bits take `pip install
abstract-assistant[quantized]`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from assistant import settings
from assistant.evaluation import scoring
from assistant.wiring import quiet_environment
from assistant.workspace import Workspace
from benchmarks import answering, measuring


@dataclass(frozen=True, slots=True)
class Row:
    """What one model in one format did with each question, and what it took."""

    model: str
    dtype: str
    device: str
    right: list[bool]
    is_answerable: list[bool]
    refused: list[bool]
    seconds: list[float]
    weights: int
    peak_memory: float


def measure(model: str, quantize: Any, device: str, seeds: Path, count: int) -> Row:
    """Ask the questions of one model in one format."""
    quiet_environment()
    asked = answering.questions(answering.QUESTIONS, count, follow_ups=False)
    sample = Path(str(resources.files("assistant") / "sample_library.bib"))
    right, refused, seconds = [], [], []
    with TemporaryDirectory() as folder:
        chosen = settings.load(library=Path(folder), model=model, quantize=quantize, device=device)
        with Workspace(chosen) as workspace:
            workspace.add([sample, *sorted(seeds.glob("*.txt"))])
            workspace.ask("What is the Adam optimiser?").answer()  # so that no question pays for loading
            for question in asked:
                began = time.perf_counter()
                answer = workspace.ask(question.text, []).answer()
                seconds.append(time.perf_counter() - began)
                right.append(not scoring.faults(question, answer))
                refused.append(answer.refused)
            info, chat = workspace.language_model().info, workspace.model_states()[0]
    answerable = [question.line["type"] != "unanswerable" for question in asked]
    peak = measuring.peak_memory()
    return Row(info.name, info.dtype, info.device, right, answerable, refused, seconds, chat.memory, peak)


def shown(row: Row) -> str:
    """Return a row of the table."""
    with_answer = [
        refused for refused, is_answerable in zip(row.refused, row.is_answerable, strict=True) if is_answerable
    ]
    without = [
        refused for refused, is_answerable in zip(row.refused, row.is_answerable, strict=True) if not is_answerable
    ]
    middle, low, high = answering.quartiles(row.seconds)
    return (
        f"| {row.model}, {row.dtype}, {row.device} | {sum(row.right)} of {len(row.right)} | {sum(with_answer)} of "
        f"{len(with_answer)} | {sum(without)} of {len(without)} | {middle:.1f} [{low:.1f}, {high:.1f}] | "
        f"{row.weights / 1e9:.1f} | {row.peak_memory / 1e3:.1f} |"
    )


def main(
    questions: Annotated[int, typer.Option(help="How many, of a random order; 0 for all.")] = 12,
    models: Annotated[str, typer.Option(help="Names, folders or hub ids, divided by commas.")] = "",
    quantize: Annotated[str, typer.Option(help="Formats, divided by commas.")] = "no,8",
    device: str = "auto",
    seeds: Annotated[Path, typer.Option(help="Folder of the author page.")] = measuring.SHARED / "seeds",
) -> None:
    """Print the table."""
    print("| model, format, device | right | refused, with an answer | refused, without | s | weights, GB | peak, GB |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for model in models.split(","):
        for bits in quantize.split(","):
            print(shown(measuring.in_new_process(measure, model, bits, device, seeds, questions)), flush=True)


if __name__ == "__main__":
    measuring.run(main, __doc__)
