"""Answers of the real model to labelled questions over files of one's own.

`python -m benchmarks.answers QUESTIONS.jsonl [FILE...]` adds the files (default: the sample library) to a new library
and scores the questions as `assistant evaluate` does; see `assistant.evaluation`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from assistant.cli.evaluate import ask_all, show_run
from assistant.evaluation import scoring
from assistant.evaluation.scoring import is_right
from benchmarks.collections import open_with

__all__ = ["is_right"]


def main() -> None:
    """Print the table of a run, and with --verbose what is wrong with each wrong answer."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answers", description=__doc__)
    parser.add_argument("questions", type=Path)
    parser.add_argument("files", nargs="*", type=Path, help="papers; default: the sample library")
    parser.add_argument("--type", action="append", default=[], choices=scoring.TYPES, help="only this type")
    parser.add_argument("--verbose", action="store_true", help="show the wrong answers")
    chosen = parser.parse_args()
    asked = scoring.labelled(chosen.questions, chosen.type)
    with open_with(*chosen.files) as workspace:
        print(f"{workspace.library.count()} papers, {workspace.language_model().info}")
        verdicts = list(ask_all(asked, workspace.assistant.ask_after))
    show_run(verdicts, wrong=chosen.verbose)


if __name__ == "__main__":
    main()
