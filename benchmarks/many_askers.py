"""Seconds that people wait who ask at the same moment: to the first word and to the end of the answer.

`python -m benchmarks.many_askers` has the real model answer questions of fact over the sample library, all asked at
once, and a count that is asked among them. `--interleaved` has the same done without a queue, call by call.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import typer

from assistant.answering import ModelQueue
from assistant.evaluation import question_files
from assistant.types import AnswerFinished, EvidenceFound, TextProduced
from assistant.workspace import Workspace
from benchmarks import measuring

COUNT = "How many papers are there?"


@dataclass(slots=True)
class Asker:
    """One person's wait, in seconds from the moment at which all ask; `first_word` is None where nothing is written."""

    question: str
    evidence: float = 0.0
    first_word: float | None = None
    end: float = 0.0


class NoQueue(ModelQueue):
    """Lets everybody have the model at once: their calls take turns."""

    def place(self, _ticket: object) -> None:
        """Let nobody wait."""


def ask_at_once(workspace: Workspace, questions: Sequence[str]) -> list[Asker]:
    """Ask every question in a thread of its own, a hundredth of a second apart; print each wait as it ends."""
    askers = [Asker(question) for question in questions]
    began = time.monotonic()

    def follow(asker: Asker) -> None:
        for event in workspace.ask(asker.question):
            now = time.monotonic() - began
            match event:
                case EvidenceFound():
                    asker.evidence = now
                case TextProduced():
                    asker.first_word = asker.first_word or now
                case AnswerFinished(answer):
                    asker.end = now
                    first = f"{asker.first_word:6.1f}" if asker.first_word else "     -"
                    remark = "  (refused)" if answer.refused else ""
                    print(f"{asker.evidence:8.1f} {first} {now:6.1f}  {asker.question}{remark}", flush=True)

    threads = [threading.Thread(target=follow, args=(asker,)) for asker in askers]
    for thread in threads:
        thread.start()
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    return askers


def main(
    askers: Annotated[int, typer.Option(help="How many ask for prose.")] = 10,
    interleaved: Annotated[bool, typer.Option(help="Ask without a queue, too.")] = False,
) -> None:
    """Print the wait of each asker, then medians and the longest."""
    facts = [
        question.text for question in question_files.read(measuring.SAMPLE_QUESTIONS) if question.line["type"] == "fact"
    ]
    with measuring.library_with() as workspace:
        print(workspace.language_model().info, flush=True)
        with_queue = workspace.assistant
        for way, assistant in [
            ("whole answers in turn", with_queue),
            ("calls interleaved", replace(with_queue, queue=NoQueue())),
        ][: 1 + interleaved]:
            workspace.assistant = assistant
            workspace.ask("What does BERT propose?").answer()
            print(f"\n{way}\n{'evidence':>8} {'first':>6} {'end':>6}", flush=True)
            *prose, _count = ask_at_once(workspace, [*facts[:askers], COUNT])
            for label, waits in (
                ("first word", [asker.first_word for asker in prose if asker.first_word]),
                ("end", [asker.end for asker in prose]),
            ):
                print(f"{label}: median {np.median(waits):.1f}, shortest {min(waits):.1f}, longest {max(waits):.1f} s")


if __name__ == "__main__":
    measuring.run(main, __doc__)
